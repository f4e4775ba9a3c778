import dataclasses

import torch

from reidkit.compat.checkpoints.foreign import ForeignModel
from reidkit.core.types import Preprocessing

FOREIGN = ForeignModel(
    source="lab",
    architecture="osnet_x0_25",
    arguments={},
    preprocessing=Preprocessing(),
    renames=((r"conv(\d)\.(.*)", r"stage\1.\2"), (r"conv.*", "never")),
    dropped=(r"classifier\..*",),
)


def test_the_first_pattern_that_matches_the_whole_key_counts():
    assert FOREIGN.our_key("conv2.weight") == "stage2.weight"
    assert FOREIGN.our_key("my.conv2.weight") == "my.conv2.weight"
    assert FOREIGN.our_key("classifier.weight") is None


def test_renaming_leaves_out_what_is_dropped():
    tensors = {"conv1.weight": torch.ones(2), "classifier.bias": torch.ones(1)}
    assert list(FOREIGN.rename(tensors)) == ["stage1.weight"]


def test_rewrites_apply_in_turn_after_the_renames():
    foreign = dataclasses.replace(FOREIGN, rewrites=((r"stage(\d)", r"stages.\1"), (r"\.bn\.", ".norm.")))
    assert foreign.our_key("conv2.bn.weight") == "stages.2.norm.weight"
    assert foreign.our_key("my.bn.weight") == "my.norm.weight"
