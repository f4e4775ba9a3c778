"""Network and losses of a FastReID configuration."""

import re
from typing import Any

from reidkit.compat.fastreid_configs.defaults import DEFAULTS
from reidkit.compat.fastreid_configs.reading import Config

NON_LOCAL = {"50x": [0, 2, 3, 0], "101x": [0, 2, 9, 0]}
"""Non-local blocks of each stage, by depth; FastReID puts none into other depths."""

AGGREGATIONS: dict[str, dict[str, Any]] = {
    "GlobalAvgPool": {"aggregation": "average"},
    "FastGlobalAvgPool": {"aggregation": "average"},
    "GlobalMaxPool": {"aggregation": "max"},
    "AdaptiveAvgMaxPool": {"aggregation": "average_max"},
    "ClipGlobalAvgPool": {"aggregation": "clipped_average"},
    "GeneralizedMeanPooling": {
        "aggregation": "gem",
        "aggregation_arguments": {"power": 3.0, "is_learned": False},
    },
    "GeneralizedMeanPoolingP": {
        "aggregation": "gem",
        "aggregation_arguments": {"power": 3.0, "is_learned": True},
    },
}

CLASSIFIERS = {
    "Linear": "cross_entropy",
    "CosSoftmax": "cos_face",
    "ArcSoftmax": "arc_face",
    "CircleSoftmax": "circle_softmax",
}
"""The loss that holds the rule of each classification layer; the layer itself gives logits or cosines."""

OSNETS: dict[str, dict[str, Any]] = {
    "x1_0": {"width": 1.0},
    "x0_75": {"width": 0.75},
    "x0_5": {"width": 0.5},
    "x0_25": {"width": 0.25},
    "ibn_x1_0": {"width": 1.0, "instance_norm": "ibn"},
}

SIZED = {
    "build_regnet_backbone": "regnet",
    "build_effnet_backbone": "efficientnet",
    "build_repvgg_backbone": "repvgg",
}


def model_section(config: Config) -> dict[str, Any]:
    """Return the section ``model``.

    Raises:
        RecipeError: a network that is not known here.
    """
    architecture = config["MODEL.META_ARCHITECTURE"]
    head = _head(config)
    pooling = _aggregation(config)
    is_pretrained = {"is_pretrained": True} if config["MODEL.BACKBONE.PRETRAIN"] else {}
    backbone, arguments = _backbone(config, keeps_non_local=architecture == "Baseline")
    if architecture == "Baseline":
        content: dict[str, Any] = {"backbone": backbone, "backbone_arguments": arguments, **pooling, **head}
        return {"name": "pipeline", "arguments": content | is_pretrained}
    if architecture != "MGN" or backbone != "resnet":
        raise config.fail("MODEL.META_ARCHITECTURE", "Baseline, or MGN with build_resnet_backbone")
    taken = {key: value for key, value in arguments.items() if key != "last_stride"}
    of_head = head["head_arguments"]
    return {"name": "mgn", "arguments": {**taken, **pooling, **of_head, **is_pretrained}}


def loss_section(config: Config) -> list[dict[str, Any]]:
    """Return the section ``losses``.

    Raises:
        RecipeError: a loss that is not known here; FastReID leaves it out without a word.
    """
    makers = {
        "CrossEntropyLoss": _classification,
        "FocalLoss": _focal,
        "TripletLoss": _triplet,
        "CircleLoss": _pairwise("CIRCLE", "pairwise_circle"),
        "Cosface": _pairwise("COSFACE", "pairwise_cos_face"),
    }
    terms = []
    for name in config["MODEL.LOSSES.NAME"]:
        if name not in makers:
            raise config.fail("MODEL.LOSSES.NAME", f"only names among {', '.join(makers)}")
        terms.append(makers[name](config))
    # What belongs to no loss of the list counts for nothing.
    config.read |= {key for key in DEFAULTS if key.startswith("MODEL.LOSSES.")}
    return terms


def _backbone(config: Config, *, keeps_non_local: bool) -> tuple[str, dict[str, Any]]:
    name, depth = config["MODEL.BACKBONE.NAME"], str(config["MODEL.BACKBONE.DEPTH"])
    stride = {"last_stride": config["MODEL.BACKBONE.LAST_STRIDE"]}
    config.read |= {"MODEL.BACKBONE.FEAT_DIM", "MODEL.BACKBONE.NORM"}
    for key in ("WITH_IBN", "WITH_NL", "WITH_SE"):
        config.read.add(f"MODEL.BACKBONE.{key}")
    if name in ("build_resnet_backbone", "build_resnext_backbone"):
        return _residual(config, name, depth, stride, keeps_non_local=keeps_non_local)
    if name == "build_resnest_backbone":
        # Its last stage is widened by dilation where it keeps its resolution.
        dilation = {"last_dilation": 2} if stride["last_stride"] == 1 else {}
        return "resnest", {"depth": _number(config, depth), **stride, **dilation}
    if name in SIZED:
        return SIZED[name], {"size": _size(depth), **stride}
    return _light(config, name, depth)


def _light(config: Config, name: str, depth: str) -> tuple[str, dict[str, Any]]:
    if name == "build_osnet_backbone":
        if depth not in OSNETS:
            raise config.fail("MODEL.BACKBONE.DEPTH", f"one of {', '.join(OSNETS)}")
        return "osnet", OSNETS[depth]
    if name in ("build_mobilenetv2_backbone", "build_shufflenetv2_backbone"):
        ours = "mobilenet_v2" if "mobile" in name else "shufflenet_v2"
        return ours, {"width": float(depth.removesuffix("x"))}
    if name == "build_mobilenetv3_backbone":
        return "mobilenet_v3", {"size": depth}
    if name == "build_vit_backbone" and depth == "base":
        return _transformer(config)
    raise config.fail("MODEL.BACKBONE.NAME", "a backbone of FastReID 1.3, a ViT of DEPTH base")


def _residual(
    config: Config, name: str, depth: str, stride: dict[str, Any], *, keeps_non_local: bool
) -> tuple[str, dict[str, Any]]:
    arguments: dict[str, Any] = {"depth": _number(config, depth), **stride}
    if name == "build_resnet_backbone":
        arguments["stem_pool"] = "ceil"
    if config["MODEL.BACKBONE.WITH_IBN"]:
        arguments["instance_norm"] = "a"
    if config["MODEL.BACKBONE.WITH_SE"]:
        arguments["squeeze_excitation"] = True
    if config["MODEL.BACKBONE.WITH_NL"] and keeps_non_local and depth in NON_LOCAL:
        arguments["non_local"] = NON_LOCAL[depth]
    return name.removeprefix("build_").removesuffix("_backbone"), arguments


def _transformer(config: Config) -> tuple[str, dict[str, Any]]:
    """Return timm's ViT-B/16, whose weights can be had; those of FastReID lie on a private path."""
    strides = list(config["MODEL.BACKBONE.STRIDE_SIZE"])
    if strides != [16, 16]:
        raise config.fail("MODEL.BACKBONE.STRIDE_SIZE", "[16, 16]")
    return "timm", {"name": "vit_base_patch16_224.augreg_in21k_ft_in1k"}


def _aggregation(config: Config) -> dict[str, Any]:
    name = config["MODEL.HEADS.POOL_LAYER"]
    if name == "Identity" and config["MODEL.BACKBONE.NAME"] == "build_vit_backbone":
        return {"aggregation": "average"}
    if name not in AGGREGATIONS:
        raise config.fail("MODEL.HEADS.POOL_LAYER", f"one of {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[name]


def _head(config: Config) -> dict[str, Any]:
    if config["MODEL.HEADS.NAME"] not in ("EmbeddingHead", "ClasHead"):
        raise config.fail("MODEL.HEADS.NAME", "EmbeddingHead")
    layer = config["MODEL.HEADS.CLS_LAYER"]
    if layer not in CLASSIFIERS:
        raise config.fail("MODEL.HEADS.CLS_LAYER", f"one of {', '.join(CLASSIFIERS)}")
    config.read |= {"MODEL.HEADS.NORM", "MODEL.HEADS.NUM_CLASSES"}  # the data tells the identities
    places = {"before": "before_neck", "after": "after_neck"}
    arguments: dict[str, Any] = {}
    if config["MODEL.HEADS.EMBEDDING_DIM"]:
        arguments["embedding_dim"] = config["MODEL.HEADS.EMBEDDING_DIM"]
    arguments["metric_features"] = places[config["MODEL.HEADS.NECK_FEAT"]]
    arguments["classifier"] = "linear" if layer == "Linear" else "cosine"
    name = "bnneck" if config["MODEL.HEADS.WITH_BNNECK"] else "linear"
    return {"head": name, "head_arguments": arguments}


def _classification(config: Config) -> dict[str, Any]:
    layer = config["MODEL.HEADS.CLS_LAYER"]
    arguments: dict[str, Any] = {}
    if layer != "Linear":
        scale, margin = config["MODEL.HEADS.SCALE"], config["MODEL.HEADS.MARGIN"]
        arguments = {"scale": float(scale), "margin": float(margin)}
    else:
        config.read |= {"MODEL.HEADS.SCALE", "MODEL.HEADS.MARGIN"}
    smoothing = config["MODEL.LOSSES.CE.EPSILON"]
    if smoothing == -1:
        if layer != "Linear":
            raise config.fail("MODEL.LOSSES.CE.EPSILON", "a share of at least 0 with this CLS_LAYER")
        arguments |= {
            "label_smoothing": config["MODEL.LOSSES.CE.ALPHA"],
            "smoothed_over": "others",
            "is_adaptive": True,
        }
    elif smoothing:
        arguments |= {"label_smoothing": smoothing, "smoothed_over": "others"}
    return _term(config, "CE", CLASSIFIERS[layer], arguments)


def _focal(config: Config) -> dict[str, Any]:
    arguments = {
        "gamma": float(config["MODEL.LOSSES.FL.GAMMA"]),
        "alpha": float(config["MODEL.LOSSES.FL.ALPHA"]),
    }
    config.read |= {"MODEL.HEADS.SCALE", "MODEL.HEADS.MARGIN"}
    return _term(config, "FL", "focal", arguments)


def _triplet(config: Config) -> dict[str, Any]:
    name = "batch_hard_triplet" if config["MODEL.LOSSES.TRI.HARD_MINING"] else "weighted_triplet"
    margin = config["MODEL.LOSSES.TRI.MARGIN"]
    arguments: dict[str, Any] = {"margin": margin if margin > 0 else None}
    if config["MODEL.LOSSES.TRI.NORM_FEAT"]:
        arguments["distance"] = "normalised_euclidean"
    return _term(config, "TRI", name, arguments)


def _pairwise(prefix: str, name: str) -> Any:  # noqa: ANN401 - a function like the others
    def make(config: Config) -> dict[str, Any]:
        scale, margin = config[f"MODEL.LOSSES.{prefix}.GAMMA"], config[f"MODEL.LOSSES.{prefix}.MARGIN"]
        return _term(config, prefix, name, {"scale": float(scale), "margin": float(margin)})

    return make


def _term(config: Config, prefix: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    weight = config[f"MODEL.LOSSES.{prefix}.SCALE"]
    term: dict[str, Any] = {"name": name} | ({"arguments": arguments} if arguments else {})
    return term | ({} if weight == 1 else {"weight": float(weight)})


def _number(config: Config, depth: str) -> int:
    match = re.fullmatch(r"(\d+)x?", depth)
    if match is None:
        raise config.fail("MODEL.BACKBONE.DEPTH", "a depth such as 50x")
    return int(match[1])


def _size(depth: str) -> str:
    """Return how we call a size of a backbone: RegNet's 800y is y_008, all others are the same."""
    match = re.fullmatch(r"(\d+)([xy])", depth)
    return depth.lower() if match is None else f"{match[2]}_{int(match[1]) // 100:03d}"
