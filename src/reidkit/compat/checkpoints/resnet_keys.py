"""How the ResNets of other libraries call their tensors, for all that keep torchvision's names in part."""

from collections.abc import Iterable

from reidkit.models.backbones.resnet import BLOCKS_OF_STAGES

Renames = tuple[tuple[str, str], ...]


def resnet_depth(keys: Iterable[str], prefix: str) -> int | None:
    """Return the depth of a ResNet by its blocks, or None where it is none.

    Args:
        keys: Of the state dict.
        prefix: Before ``conv1.weight``.
    """
    known = set(keys)
    if not {f"{prefix}conv1.weight", f"{prefix}layer1.0.conv1.weight"} <= known:
        return None
    counted = tuple(
        sum(f"{prefix}layer{stage}.{block}.conv1.weight" in known for block in range(64))
        for stage in range(1, 5)
    )
    has_three = f"{prefix}layer1.0.conv3.weight" in known
    return next(
        (
            depth
            for depth, blocks in BLOCKS_OF_STAGES.items()
            if blocks == counted and (depth >= 50) == has_three
        ),
        None,
    )


def has_half_instance_norm(keys: Iterable[str], prefix: str) -> bool:
    """Say whether the norms of the first stage are half instance normalisation, as in IBN-a."""
    return f"{prefix}layer1.0.bn1.IN.weight" in set(keys)


def resnet_renames(prefix: str) -> Renames:
    """Return the renames from a ResNet behind a prefix to the backbone of a pipeline."""
    dotted = prefix.replace(".", r"\.")
    return (
        (rf"{dotted}(layer\d+\.\d+\.bn1)\.IN\.(.*)", r"backbone.\1.instance.\2"),
        (rf"{dotted}(layer\d+\.\d+\.bn1)\.BN\.(.*)", r"backbone.\1.batch.\2"),
        (rf"{dotted}((?:conv1|bn1|layer\d+)\..*)", r"backbone.\1"),
    )
