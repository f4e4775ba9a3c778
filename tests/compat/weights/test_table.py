"""Every row of the table of published weights keeps what the others promise."""

import re

import pytest
import timm
import torch
from torchvision.models import get_model, get_model_weights

from reidkit.compat.checkpoints.plain import ZOO
from reidkit.compat.checkpoints.sources import recognise
from reidkit.compat.weights.table import ROWS, WEIGHTS, Weights, find_weights
from reidkit.core.errors import CatalogError
from tests.golden.test_fastreid_golden import SHAPES
from tests.golden.torchreid.networks import shapes_only

HINTS = {"source", "architecture", "image_size", "last_stride", "aggregation"}
RECIPES = {"bot": "bagtricks", "agw": "AGW", "sbs": "sbs", "mgn": "mgn"}


def tensors_of(row: Weights) -> dict[str, torch.Tensor]:
    """Return tensors such as the file of a row holds."""
    source, _, stem = row.name.partition("/")
    if source == "torchreid":
        return shapes_only(stem)
    with torch.device("meta"):
        if source == "torchvision":
            return dict(get_model(stem).state_dict())
        _, recipe, backbone = stem.split("_")
        return {key: torch.empty(shape) for key, shape in SHAPES[f"{RECIPES[recipe]}_{backbone}"]}


def test_names_are_unique():
    assert len(ROWS) == len(WEIGHTS) == 129
    assert len({row.url for row in ROWS}) == 129


def test_a_row_says_all():
    for row in ROWS:
        assert row.url.startswith("https://")
        assert row.licence
        assert row.terms
        assert row.source
        assert row.file_name.endswith(".pth")
        assert re.fullmatch(r"[0-9a-f]{8,64}|", row.sha256)
        assert row.hints.keys() <= HINTS


# Of torchvision those that the catalog has, and one of the others; tests of `plain` do more of them.
RECOGNISED = [
    row
    for row in ROWS
    if row.source != "torchvision" or ZOO.fullmatch(row.architecture) or row.architecture == "swin_t"
]


@pytest.mark.parametrize("row", RECOGNISED, ids=lambda row: row.name)
def test_the_hints_of_a_row_are_understood(row: Weights):
    found = recognise(tensors_of(row), row.hints)
    assert found.source == row.hints["source"]
    size = (found.preprocessing.height, found.preprocessing.width)
    assert size == row.hints.get("image_size", (256, 128))
    if "aggregation" in row.hints:
        assert found.arguments["aggregation"] == row.hints["aggregation"]
    assert found.rename(tensors_of(row))


def test_files_of_torchvision_are_those_it_names_itself():
    rows = [row for row in ROWS if row.source == "torchvision"]
    assert len(rows) == 78
    for row in rows:
        assert row.url == get_model_weights(row.name.partition("/")[2]).IMAGENET1K_V1.url
        assert row.sha256 in row.file_name


def test_any_tag_of_timm_has_a_row():
    row = find_weights("timm/resnet18.a1_in1k")
    assert (row.kind, row.url) == ("timm hub", "https://huggingface.co/timm/resnet18.a1_in1k")
    assert row.licence == timm.get_pretrained_cfg("resnet18.a1_in1k").license
    assert row.terms


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torchvision/resnet5", "Unknown weights 'torchvision/resnet5'.*Did you mean 'torchvision/resnet"),
        ("timm/resnet1800", "timm has none"),
        ("timm/resnet18.no_such_tag", "timm has none"),
    ],
)
def test_unknown_names_are_refused(name: str, message: str):
    with pytest.raises(CatalogError, match=message):
        find_weights(name)
