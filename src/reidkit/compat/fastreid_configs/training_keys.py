"""Optimizer, schedule, run and test of a FastReID configuration."""

from typing import Any

from reidkit.compat.fastreid_configs.data_keys import count_images
from reidkit.compat.fastreid_configs.reading import Config

OPTIMIZERS = {
    "Adam": "adam",
    "AdamW": "adamw",
    "SGD": "sgd",
    "RMSprop": "rmsprop",
    "RAdam": "radam",
    "Lamb": "lamb",
}


def optim_section(config: Config) -> dict[str, Any]:
    """Return the section ``optim``.

    Raises:
        RecipeError: an unknown optimizer.
    """
    name = config["SOLVER.OPT"]
    if name not in OPTIMIZERS:
        raise config.fail("SOLVER.OPT", f"one of {', '.join(OPTIMIZERS)}")
    section: dict[str, Any] = {"name": OPTIMIZERS[name]}
    momentum, nesterov = config["SOLVER.MOMENTUM"], config["SOLVER.NESTEROV"]
    if name == "SGD":
        section["arguments"] = {"momentum": momentum} | ({"use_nesterov": True} if nesterov else {})
    decay = config["SOLVER.WEIGHT_DECAY"]
    section |= {"learning_rate": config["SOLVER.BASE_LR"], "weight_decay": decay}
    others = {
        "head_factor": ("HEADS_LR_FACTOR", 1),
        "bias_factor": ("BIAS_LR_FACTOR", 1),
        "bias_weight_decay": ("WEIGHT_DECAY_BIAS", decay),
        "norm_weight_decay": ("WEIGHT_DECAY_NORM", decay),
    }
    for ours, (theirs, usual) in others.items():
        value = config[f"SOLVER.{theirs}"]
        if value != usual:
            section[ours] = value
    return section


def schedule_section(config: Config) -> dict[str, Any]:
    """Return the section ``schedule``: what FastReID does, whose epochs count from the end of the warm-up.

    Raises:
        RecipeError: an unknown schedule.
    """
    name = config["SOLVER.SCHED"]
    steps, gamma = list(config["SOLVER.STEPS"]), config["SOLVER.GAMMA"]
    lowest = config["SOLVER.ETA_MIN_LR"]
    if name == "MultiStepLR":
        arguments: dict[str, Any] = {"milestones": steps} | ({} if gamma == 0.1 else {"gamma": gamma})
        section: dict[str, Any] = {"name": "multi_step", "arguments": arguments}
    elif name == "CosineAnnealingLR":
        factor = float(f"{lowest / config['SOLVER.BASE_LR']:.6g}")
        section = {"name": "cosine", "arguments": {"final_factor": factor}}
    else:
        raise config.fail("SOLVER.SCHED", "MultiStepLR or CosineAnnealingLR")
    delay = config["SOLVER.DELAY_EPOCHS"]
    section |= {"by": "epoch"} | ({"delay_epochs": delay} if delay else {})
    section["counts_from"] = "warmup"
    method = {"linear": "linear", "constant": "constant", "exp": "exponential"}.get(
        config["SOLVER.WARMUP_METHOD"]
    )
    if method is None:
        raise config.fail("SOLVER.WARMUP_METHOD", "linear, constant or exp")
    if config["SOLVER.WARMUP_ITERS"]:
        section |= {} if method == "linear" else {"warmup": method}
        section["warmup_iterations"] = config["SOLVER.WARMUP_ITERS"]
        section["warmup_factor"] = config["SOLVER.WARMUP_FACTOR"]
    return section


def training_section(config: Config) -> dict[str, Any]:
    """Return the section ``training``."""
    epochs = config["SOLVER.MAX_EPOCH"]
    section: dict[str, Any] = {"epochs": epochs}
    if config["SOLVER.AMP.ENABLED"]:
        section["precision"] = "16-mixed"
    if config["MODEL.DEVICE"] == "cpu":
        section["device"] = "cpu"
    frozen = _frozen_epochs(config)
    if frozen:
        section["freeze_backbone_epochs"] = min(frozen, epochs - 1)
    if config.section("SOLVER.CLIP_GRADIENTS"):
        if config["SOLVER.CLIP_GRADIENTS.CLIP_TYPE"] != "norm":
            raise config.fail("SOLVER.CLIP_GRADIENTS.CLIP_TYPE", "norm")
        if config["SOLVER.CLIP_GRADIENTS.NORM_TYPE"] != 2:
            raise config.fail("SOLVER.CLIP_GRADIENTS.NORM_TYPE", "2")
        section["gradient_clip_norm"] = config["SOLVER.CLIP_GRADIENTS.CLIP_VALUE"]
    return section


def evaluation_section(config: Config) -> dict[str, Any]:
    """Return the section ``evaluation``."""
    section: dict[str, Any] = {
        "every_epochs": config["TEST.EVAL_PERIOD"],
        "distance": config["TEST.METRIC"],
        "batch_size": config["TEST.IMS_PER_BATCH"],
    }
    if config.section("TEST.FLIP"):
        section["flip"] = True
    if config.section("TEST.AQE"):
        section["expand"] = "transductive"
        section["expand_arguments"] = {
            "k": config["TEST.AQE.QE_K"],
            "alpha": config["TEST.AQE.ALPHA"],
            "rounds": config["TEST.AQE.QE_TIME"],
        }
    if config.section("TEST.RERANK"):
        section["rerank"] = "k_reciprocal"
        section["rerank_arguments"] = {
            "variant": "fastreid",
            "k1": config["TEST.RERANK.K1"],
            "k2": config["TEST.RERANK.K2"],
            "distance_weight": config["TEST.RERANK.LAMBDA"],
        }
    return section


def _frozen_epochs(config: Config) -> int:
    """Return for how many whole epochs the backbone is frozen; FastReID counts iterations."""
    layers, iterations = list(config["MODEL.FREEZE_LAYERS"]), int(config["SOLVER.FREEZE_ITERS"])
    if not layers or not iterations:
        return 0
    if "backbone" not in layers:
        raise config.fail("MODEL.FREEZE_LAYERS", "a list with 'backbone', or none")
    images = count_images(config)
    if images is None:
        raise config.fail("SOLVER.FREEZE_ITERS", "0: nobody published how many images these data sets have")
    return max(1, round(iterations / (images // int(config["SOLVER.IMS_PER_BATCH"]))))
