"""Recognising FastReID's checkpoints; that they give its descriptors is in `tests/golden/test_fastreid_golden.py`."""

import re

import pytest
import torch

from reidkit.compat.checkpoints.fastreid import recognise
from reidkit.core.errors import WeightsError
from tests.golden.test_fastreid_golden import SHAPES


def tensors(name: str) -> dict[str, torch.Tensor]:
    return {key: torch.empty(shape, device="meta") for key, shape in SHAPES[name]}


def old_names(given: dict[str, torch.Tensor], neck: str) -> dict[str, torch.Tensor]:
    """Return the names that version 0.1.1 wrote."""
    old = {"pixel_mean": torch.empty(1, 3, 1, 1), "pixel_std": torch.empty(1, 3, 1, 1)}
    for key, value in given.items():
        key = key.replace("heads.bottleneck.0.", f"heads.{neck}.")
        old[key.replace("heads.weight", "heads.classifier.weight")] = value
    return old


@pytest.mark.parametrize("neck", ["bnneck", "bnneck.0"])
def test_names_of_the_released_files_are_known(neck: str):
    now, old = tensors("sbs_R50"), old_names(tensors("sbs_R50"), neck)
    assert f"heads.{neck}.running_mean" in old
    assert "heads.classifier.weight" in old
    found, current = recognise(old, {}), recognise(now, {})
    assert found is not None
    assert current is not None
    assert found.arguments == current.arguments
    assert found.rename(old).keys() == current.rename(now).keys()


def test_released_mgn_names_its_classifiers_otherwise():
    now = tensors("mgn_R50-ibn")
    old = {re.sub(r"_head\.weight", "_head.classifier.weight", key): value for key, value in now.items()}
    assert old.keys() != now.keys()
    found = recognise(old, {})
    assert found is not None
    assert found.rename(old).keys() == found.rename(now).keys()


def test_a_stray_counter_of_an_older_neck_is_left_out():
    given = tensors("bagtricks_R50") | {"heads.bnneck.num_batches_tracked": torch.empty((), device="meta")}
    found = recognise(given, {})
    assert found is not None
    assert found.our_key("heads.bnneck.num_batches_tracked") is None
    assert len(found.rename(given)) == len(given) - 1


def test_a_stray_power_is_left_out_where_hints_say_that_maps_are_averaged():
    found = recognise(tensors("sbs_R50"), {"aggregation": "average"})
    assert found is not None
    assert found.arguments["aggregation"] == "average"
    assert found.our_key("heads.pool_layer.p") is None


@pytest.mark.parametrize(
    ("name", "aggregation", "is_learned", "size"),
    [
        ("bagtricks_R50", "average", None, (256, 128)),
        ("AGW_R50", "gem", False, (256, 128)),
        ("sbs_R50", "gem", True, (384, 128)),
        ("sbs_S50", "gem", True, (384, 128)),
    ],
)
def test_pooling_and_size_are_those_of_the_recipe(
    name: str, aggregation: str, is_learned: bool | None, size: tuple[int, int]
):
    found = recognise(tensors(name), {})
    assert found is not None
    assert found.arguments["aggregation"] == aggregation
    assert found.arguments.get("aggregation_arguments", {}).get("is_learned") is is_learned
    assert (found.preprocessing.height, found.preprocessing.width) == size
    assert found.preprocessing.interpolation == "bicubic"


def test_what_was_guessed_is_noted_and_hints_silence_it():
    hints = {"aggregation": "gem", "last_stride": 2, "image_size": (320, 160)}
    guessed, told = recognise(tensors("AGW_S50"), {}), recognise(tensors("AGW_S50"), hints)
    assert guessed is not None
    assert told is not None
    assert len(guessed.notes) == 3
    assert told.notes == ()
    assert told.arguments["aggregation"] == "gem"
    assert told.arguments["backbone_arguments"] == {"depth": 50, "last_stride": 2}
    assert (told.preprocessing.height, told.preprocessing.width) == (320, 160)


def test_width_of_non_local_blocks_is_read_from_the_file():
    given = {
        key: torch.empty(512, *value.shape[1:], device="meta")
        if re.search(r"NL_.*\.g\.weight", key)
        else value
        for key, value in tensors("AGW_R50").items()
    }
    found = recognise(given, {})
    assert found is not None
    assert found.arguments["backbone_arguments"]["non_local"] == [0, 2, 3, 0]
    assert found.arguments["backbone_arguments"]["non_local_width"] == 512
    now = recognise(tensors("AGW_R50"), {})
    assert now is not None
    assert now.arguments["backbone_arguments"]["non_local_width"] == 1


def test_small_vit_has_its_queries_scaled():
    given = tensors("vit_small")
    width = 768
    given["backbone.blocks.0.attn.qkv.weight"] = torch.ones(3 * width, width)
    found = recognise(given, {})
    assert found is not None
    weight = found.rename(given)["backbone.network.blocks.0.attn.qkv.weight"]
    assert torch.allclose(weight[:width], torch.tensor(8.0).rsqrt())
    assert torch.equal(weight[width:], torch.ones(2 * width, width))


@pytest.mark.parametrize(
    "keys",
    [
        ["conv1.conv.weight", "classifier.weight"],  # Torchreid
        ["base.conv1.weight", "bottleneck.weight", "classifier.weight"],  # reid-strong-baseline
        ["conv1.weight", "layer1.0.conv1.weight", "fc.weight"],  # torchvision
        ["heads.weight"],
        [],
    ],
)
def test_files_of_others_are_left_to_others(keys: list[str]):
    assert recognise({key: torch.empty(4, 4) for key in keys}, {}) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"backbone.conv9.weight": torch.empty(1), "heads.weight": torch.empty(1)},
            r"^The backbone of this FastReID checkpoint is not known\. Expected one of: resnet, resnext",
        ),
        (
            {"backbone.layer1.0.conv2.weight": torch.empty(64, 64, 3, 3), "heads.weight": torch.empty(1)},
            r"^The ResNet of this FastReID checkpoint has \(1, 0, 0, 0\) blocks\. Expected one of: \(2, 2, 2, 2",
        ),
        (
            {
                "backbone.layer1.0.conv2.conv.weight": torch.empty(1, 1, 3, 3),
                "heads.weight": torch.empty(1),
            },
            r"^The ResNeSt of this FastReID checkpoint has an unknown size, got 1\. Expected one of: 16, 33",
        ),
    ],
)
def test_unknown_networks_of_fastreid_are_refused(given: dict[str, torch.Tensor], message: str):
    with pytest.raises(WeightsError, match=message):
        recognise(given, {})


def test_positions_of_a_vit_that_fit_no_step_are_refused():
    with pytest.raises(
        WeightsError, match=r"has 128 patches, which images of \(384, 128\) do not give\. Expected"
    ):
        recognise(tensors("bagtricks_vit"), {"image_size": (384, 128)})


def test_hints_may_be_text():
    told = recognise(tensors("R50_laststride2"), {"last_stride": "2", "image_size": "384x128"})
    assert told is not None
    assert told.arguments["backbone_arguments"]["last_stride"] == 2
    assert (told.preprocessing.height, told.preprocessing.width) == (384, 128)


@pytest.mark.parametrize("hints", [{"last_stride": "one"}, {"image_size": "384"}, {"image_size": 384}])
def test_hints_without_sense_are_refused(hints: dict[str, object]):
    with pytest.raises(WeightsError, match=r"^Hints for a FastReID checkpoint cannot be read, got \{"):
        recognise(tensors("R18"), hints)


def test_hints_may_say_that_the_file_is_somebody_elses():
    assert recognise(tensors("R18"), {"source": "torchreid"}) is None
    assert recognise(tensors("R18"), {"source": "fastreid"}) is not None
