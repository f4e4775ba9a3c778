"""Tell the networks of timm and torchvision apart by the names and shapes of their tensors."""

import functools
import hashlib
import json
import re
from collections.abc import Iterable
from importlib.resources import files

from reidkit.compat.checkpoints.foreign import Tensors

CLASSIFIERS = re.compile(
    r"(?:(?:head\.)?(?:fc|classifier|linear|l|proj|fc2|head\.l|head_dist\.l|classifier\.(?:linear|4)|fc\.fc2)|"
    r"head|head_dist|aux_head|head_dist\.linear|heads?(?:_dist)?\.\d|heads\.head|last_linear|classif|classifier\.\d)"
    r"\.(?:weight|bias)|(?:AuxLogits|aux\d)\..*"
)
"""Names of tensors that may belong to a classifier, of whatever network: they do not count."""

OF_ONE_SIZE = re.compile(r"pos_emb|position|rel_pos|relative|attn_mask|rope|attention_bias|coords")
"""In the names of tensors whose shape depends on the size of the images: their shapes do not count."""


def fingerprint(tensors: Tensors) -> str:
    """Return 12 digits by which a network is known, with its classifier or without."""
    lines = sorted(_lines(tensors))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _lines(tensors: Tensors) -> Iterable[str]:
    for key, value in tensors.items():
        if CLASSIFIERS.fullmatch(key) or key.endswith("num_batches_tracked"):
            continue
        shape = "" if OF_ONE_SIZE.search(key) else "x".join(map(str, value.shape))
        yield f"{key} {shape}"


@functools.cache
def known_networks() -> dict[str, list[str]]:
    """Return the names of networks by fingerprint: ``timm/NAME`` and ``torchvision/NAME``."""
    table = files("reidkit.compat.checkpoints").joinpath("networks.json").read_text(encoding="utf-8")
    content: dict[str, list[str]] = json.loads(table)
    return content
