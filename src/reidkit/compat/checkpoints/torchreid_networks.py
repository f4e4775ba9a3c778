"""The 49 networks of Torchreid 1.4, by what tells their state dicts apart."""

from dataclasses import dataclass

from reidkit.compat.checkpoints import torchreid_names as names
from reidkit.compat.checkpoints.foreign import Tensors

Marks = dict[str, tuple[int, ...] | None]


@dataclass(frozen=True)
class Network:
    """One network of Torchreid.

    Args:
        rewrites: How its tensors are called here.
        marks: Tensors that it has; None for any shape, where the shape depends on the identities.
        absent: Tensors that it lacks, unlike another network with the same marks.
        architecture: Our key of it; empty where it is Torchreid's.
        image_size: (height, width) that Torchreid feeds it.
    """

    rewrites: names.Rewrites
    marks: Marks
    absent: tuple[str, ...] = ()
    architecture: str = ""
    image_size: tuple[int, int] = (256, 128)

    def fits(self, tensors: Tensors, *, with_classifier: bool = True) -> bool:
        """Say whether the tensors are those of this network, judged with or without its classifier."""
        for key, shape in self.marks.items():
            if key.startswith("classifier") and not with_classifier:
                continue
            if key not in tensors or shape not in (None, tuple(tensors[key].shape)):
                return False
        return not any(key in tensors for key in self.absent)


_STEM: Marks = {"conv1.weight": (64, 3, 7, 7)}
_SE_STEM: Marks = {"layer0.conv1.weight": (64, 3, 7, 7)}
_BLOCK = "layer1.0.conv2.weight"
_PLAIN_BLOCK, _BLOCK_32X4D, _BLOCK_32X8D = (64, 64, 3, 3), (128, 4, 3, 3), (256, 8, 3, 3)
# Last block of stage 3 by depth, and the block that only a deeper network has.
_DEPTH_50: Marks = {"layer3.5.bn3.weight": (1024,)}
_DEPTH_101: Marks = {"layer3.22.bn3.weight": (1024,)}
_OVER_50, _OVER_101 = "layer3.6.bn3.weight", "layer3.23.bn3.weight"
_EMBEDDING = "fc.0.weight"
_NOT_PLAIN = (
    _EMBEDDING,
    "conv5.layers.0.weight",
    "fc_fusion.0.weight",
    "layer1.0.bn1.IN.weight",
    "layer1.2.IN.weight",
)


def _osnet(width: int, *, is_ibn: bool = False) -> Network:
    marks: Marks = {
        "conv5.conv.weight": (width, width, 1, 1),
        "conv2.0.conv2a.conv1.weight": (width // 8, width // 8, 1, 1),
    }
    if is_ibn:
        return Network(names.OSNET, marks | {"conv2.0.IN.weight": (width // 2,)})
    return Network(names.OSNET, marks, absent=("conv2.0.IN.weight",))


def _osnet_ain(width: int) -> Network:
    inner = (width // 8, width // 8, 1, 1)
    marks: Marks = {"conv5.conv.weight": (width, width, 1, 1), "conv2.0.conv2.0.layers.0.conv1.weight": inner}
    return Network(names.OSNET_AIN, marks)


NETWORKS: dict[str, Network] = {
    "resnet18": Network(
        names.RESNET, _STEM | {"layer4.1.bn2.weight": (512,)}, ("layer1.2.conv1.weight", _EMBEDDING)
    ),
    "resnet34": Network(
        names.RESNET, _STEM | {"layer3.5.bn2.weight": (256,)}, ("layer1.0.bn3.weight", _EMBEDDING)
    ),
    "resnet50": Network(names.RESNET, _STEM | {_BLOCK: _PLAIN_BLOCK} | _DEPTH_50, (_OVER_50, *_NOT_PLAIN)),
    "resnet101": Network(names.RESNET, _STEM | {_BLOCK: _PLAIN_BLOCK} | _DEPTH_101, (_OVER_101, *_NOT_PLAIN)),
    "resnet152": Network(
        names.RESNET,
        _STEM | {_BLOCK: _PLAIN_BLOCK, "layer3.35.bn3.weight": (1024,)},
        ("layer3.36.bn3.weight", *_NOT_PLAIN),
    ),
    "resnext50_32x4d": Network(
        names.RESNET, _STEM | {_BLOCK: _BLOCK_32X4D} | _DEPTH_50, (_OVER_50, *_NOT_PLAIN)
    ),
    "resnext101_32x8d": Network(
        names.RESNET, _STEM | {_BLOCK: _BLOCK_32X8D} | _DEPTH_101, (_OVER_101, *_NOT_PLAIN)
    ),
    "resnet50_fc512": Network(
        names.RESNET,
        _STEM | {_BLOCK: _PLAIN_BLOCK, _EMBEDDING: (512, 2048)} | _DEPTH_50,
        (_OVER_50, *_NOT_PLAIN[1:]),
    ),
    "se_resnet50": Network(names.TIMM, _SE_STEM | {_BLOCK: _PLAIN_BLOCK} | _DEPTH_50, (_OVER_50, _EMBEDDING)),
    "se_resnet50_fc512": Network(
        names.TIMM, _SE_STEM | {_BLOCK: _PLAIN_BLOCK, _EMBEDDING: (512, 2048)} | _DEPTH_50, (_OVER_50,)
    ),
    "se_resnet101": Network(
        names.TIMM, _SE_STEM | {_BLOCK: _PLAIN_BLOCK} | _DEPTH_101, (_OVER_101, _EMBEDDING)
    ),
    "se_resnext50_32x4d": Network(
        names.TIMM, _SE_STEM | {_BLOCK: _BLOCK_32X4D} | _DEPTH_50, (_OVER_50, _EMBEDDING)
    ),
    "se_resnext101_32x4d": Network(
        names.TIMM, _SE_STEM | {_BLOCK: _BLOCK_32X4D} | _DEPTH_101, (_OVER_101, _EMBEDDING)
    ),
    "densenet121": Network(names.PLAIN, {"features.norm5.weight": (1024,)}, (_EMBEDDING,)),
    "densenet169": Network(names.PLAIN, {"features.norm5.weight": (1664,)}, (_EMBEDDING,)),
    "densenet201": Network(names.PLAIN, {"features.norm5.weight": (1920,)}, (_EMBEDDING,)),
    "densenet161": Network(names.PLAIN, {"features.norm5.weight": (2208,)}, (_EMBEDDING,)),
    "densenet121_fc512": Network(names.PLAIN, {"features.norm5.weight": (1024,), _EMBEDDING: (512, 1024)}),
    "inceptionresnetv2": Network(names.TIMM, {"conv2d_1a.conv.weight": (32, 3, 3, 3)}),
    "inceptionv4": Network(names.TIMM, {"features.0.conv.weight": (32, 3, 3, 3)}),
    "xception": Network(names.TIMM, {"conv4.pointwise.weight": (2048, 1536, 1, 1)}),
    "resnet50_ibn_a": Network(
        names.RESNET, _STEM | {"layer1.0.bn1.IN.weight": (32,)} | _DEPTH_50, (_OVER_50, _EMBEDDING)
    ),
    "resnet50_ibn_b": Network(
        names.RESNET, _STEM | {"layer1.2.IN.weight": (256,)} | _DEPTH_50, (_OVER_50, _EMBEDDING)
    ),
    "nasnsetmobile": Network(
        names.NASNET,
        {"cell_stem_0.conv_1x1.conv.weight": (11, 32, 1, 1)},
        architecture="nasnet_mobile",
    ),
    "mobilenetv2_x1_0": Network(names.MOBILENET, {"conv9.conv.weight": (1280, 320, 1, 1)}),
    "mobilenetv2_x1_4": Network(names.MOBILENET, {"conv9.conv.weight": (1792, 448, 1, 1)}),
    "shufflenet": Network(names.SHUFFLENET, {"conv1.0.weight": (24, 3, 3, 3), "stage2.0.bn3.weight": (216,)}),
    "squeezenet1_0": Network(
        names.PLAIN,
        {"features.0.weight": (96, 3, 7, 7), "features.12.squeeze.weight": (64, 512, 1, 1)},
        (_EMBEDDING,),
    ),
    "squeezenet1_0_fc512": Network(names.PLAIN, {"features.0.weight": (96, 3, 7, 7), _EMBEDDING: (512, 512)}),
    "squeezenet1_1": Network(
        names.PLAIN,
        {"features.0.weight": (64, 3, 3, 3), "features.12.squeeze.weight": (64, 512, 1, 1)},
        (_EMBEDDING,),
    ),
    "shufflenet_v2_x0_5": Network(names.PLAIN, {"conv5.0.weight": (1024, 192, 1, 1)}),
    "shufflenet_v2_x1_0": Network(names.PLAIN, {"conv5.0.weight": (1024, 464, 1, 1)}),
    "shufflenet_v2_x1_5": Network(names.PLAIN, {"conv5.0.weight": (1024, 704, 1, 1)}),
    "shufflenet_v2_x2_0": Network(names.PLAIN, {"conv5.0.weight": (2048, 976, 1, 1)}),
    "mudeep": Network(names.MUDEEP, {"block5.a1": (1, 256, 1, 1)}),
    "resnet50mid": Network(names.RESNET_MID, _STEM | {"fc_fusion.0.weight": (1024, 4096)}),
    "hacnn": Network(names.HACNN, {"ha1.hard_attn.fc.weight": (8, 128)}, image_size=(160, 64)),
    "pcb_p6": Network(
        names.PCB,
        _STEM | {"conv5.layers.0.weight": (256, 2048, 1, 1), "classifier.5.weight": None},
        ("classifier.6.weight",),
    ),
    "pcb_p4": Network(
        names.PCB,
        _STEM | {"conv5.layers.0.weight": (256, 2048, 1, 1), "classifier.3.weight": None},
        ("classifier.4.weight",),
    ),
    "mlfn": Network(names.MLFN, {"fc_s.0.weight": (1024, 512, 1, 1)}),
    "osnet_x1_0": _osnet(512),
    "osnet_x0_75": _osnet(384),
    "osnet_x0_5": _osnet(256),
    "osnet_x0_25": _osnet(128),
    "osnet_ibn_x1_0": _osnet(512, is_ibn=True),
    "osnet_ain_x1_0": _osnet_ain(512),
    "osnet_ain_x0_75": _osnet_ain(384),
    "osnet_ain_x0_5": _osnet_ain(256),
    "osnet_ain_x0_25": _osnet_ain(128),
}
