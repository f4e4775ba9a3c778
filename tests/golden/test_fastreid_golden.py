"""FastReID 1.3's recipes and backbones: their checkpoints are recognised and give the same descriptors.

The stored facts (keys, shapes, features) come from running the public FastReID 1.3 on torch 2.15. The weights are
drawn by a recipe; see `tests/golden/weights.py`.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reidkit.compat.checkpoints.convert import convert_tensors
from reidkit.compat.checkpoints.fastreid import recognise
from reidkit.compat.checkpoints.foreign import ForeignModel
from reidkit.compat.checkpoints.reading import ForeignFile
from reidkit.core.types import Preprocessing
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model
from tests.golden.weights import draw_fastreid_state_dict

STORED = Path(__file__).parent / "fastreid"
STATE_DICTS = json.loads(gzip.decompress((STORED / "state_dicts.json.gz").read_bytes()))
SHAPES: dict[str, list[tuple[str, list[int]]]] = STATE_DICTS["recipes"] | STATE_DICTS["others"]
FEATURES = np.load(STORED / "features.npz")

# What the tensors do not tell: AGW_S50 has the keys of bagtricks_S50, and a stride has no tensor.
HINTS: dict[str, dict[str, Any]] = {
    "AGW_S50": {"aggregation": "gem"},
    "R50_laststride2": {"last_stride": 2},
    "S50_laststride2": {"last_stride": 2},
}
SLOW = {"S101", "R101-ibn-se", "resnext101_ibn", "repvgg_B1g2", "vit_base_stride12"}
EVERY = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in SHAPES]


def recognised(name: str, tensors: dict[str, torch.Tensor]) -> ForeignModel:
    found = recognise(tensors, HINTS.get(name, {}))
    assert found is not None
    return found


def built(found: ForeignModel, num_identities: int | None = None) -> ReidModel:
    size = (found.preprocessing.height, found.preprocessing.width)
    return build_model(
        found.architecture, num_identities=num_identities, image_size=size, arguments=found.arguments
    )


def test_stored_facts_are_those_of_14_recipes_and_26_backbones():
    assert len(STATE_DICTS["recipes"]) == 14
    assert len(STATE_DICTS["others"]) == 26
    assert len(SHAPES) == 40
    assert set(STATE_DICTS["others"]) > SLOW
    assert len(FEATURES.files) == 40 * 6


@pytest.mark.parametrize("name", SHAPES)
def test_every_tensor_has_a_place_of_its_shape(name: str):
    with torch.device("meta"):
        theirs = {key: torch.empty(shape) for key, shape in SHAPES[name]}
        found = recognised(name, theirs)
        ours = built(found, num_identities=751).state_dict()
    renamed = found.rename(theirs)
    assert len(renamed) == len(theirs)  # none left out, no two of one name
    assert {key: value.shape for key, value in renamed.items()} == {
        key: value.shape for key, value in ours.items()
    }


@pytest.mark.parametrize("name", EVERY)
def test_descriptors_equal_fastreids(name: str):
    tensors = draw_fastreid_state_dict(SHAPES[name])
    file = ForeignFile(Path(f"{name}.pth"), "", tensors, {})
    conversion = convert_tensors(file, hints=HINTS.get(name, {}))  # every tensor, or it raises
    model = conversion.model
    images = blocks_of_colour(conversion.card.preprocessing)
    tolerance = 1e-4
    if name == "mobilenetv3_Large":
        # These weights amplify rounding: float32 and float64 of one network differ by 3e-4. Ours is computed
        # in float64, so that the outcome does not hang on the order of sums; theirs was stored in float32.
        model, images, tolerance = model.double(), images.double(), 4e-4
    with torch.no_grad():
        features = model(images).double().numpy()
    part, largest = FEATURES[f"{name}/part"], float(FEATURES[f"{name}/largest"])
    assert features.shape == (2, int(FEATURES[f"{name}/dim"]))
    assert np.abs(features[:, ::8] - part).max() <= tolerance * largest
    assert np.abs(features).max() == pytest.approx(largest, rel=tolerance)
    norm = np.linalg.norm(features, axis=1)
    np.testing.assert_allclose(norm, FEATURES[f"{name}/norm"], rtol=tolerance)
    directions = np.random.Generator(np.random.PCG64(7)).standard_normal((features.shape[1], 4))
    projected = features @ directions
    assert np.abs(projected - FEATURES[f"{name}/projected"]).max() <= tolerance * norm.max()


def blocks_of_colour(preprocessing: Preprocessing) -> torch.Tensor:
    """Return 2 images of random squares of 32 pixels, standardised; the pixels run from 0 to 255."""
    generator = np.random.Generator(np.random.PCG64(1))
    squares = generator.uniform(0, 255, (2, 3, preprocessing.height // 32, preprocessing.width // 32))
    pixels = torch.from_numpy(np.kron(squares, np.ones((32, 32))).astype(np.float32)) / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    return (pixels - mean) / std


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "mgn_R50-ibn"])
def test_the_last_map_has_fastreids_shape(name: str):
    with torch.device("meta"):
        found = recognised(name, {key: torch.empty(shape) for key, shape in SHAPES[name]})
        size = (found.preprocessing.height, found.preprocessing.width)
        maps = built(found).eval().feature_map(torch.empty(2, 3, *size))
    assert list(maps.shape) == FEATURES[f"{name}/map"].tolist()


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("R18", 11.18),
        ("R34-ibn", 21.29),
        ("bagtricks_R50", 23.51),
        ("R101-ibn-se", 47.24),
        ("bagtricks_S50", 25.43),
        ("S101", 46.23),
        ("resnext50", 22.98),
        ("resnext101_ibn", 42.13),
        ("osnet_x1_0", 1.906),
        ("osnet_x0_25", 0.135),
        ("mobilenetv2_1.0x", 2.22),
        ("mobilenetv3_Large", 4.20),
        ("mobilenetv3_Small", 1.52),
        ("shufflenetv2_1.0x", 1.26),
        ("regnetx_800", 6.59),
        ("regnety_800", 5.49),
        ("effnet_b0", 4.01),
        ("repvgg_A0", 7.83),
        ("bagtricks_vit", 85.8),
    ],
)
def test_backbones_have_as_many_parameters_as_fastreids(name: str, millions: float):
    with torch.device("meta"):
        model = built(recognised(name, {key: torch.empty(shape) for key, shape in SHAPES[name]}))
    count = sum(item.numel() for item in model.backbone.parameters()) / 1e6
    assert count == pytest.approx(millions, rel=5e-3)


@pytest.mark.parametrize(
    ("name", "millions"),
    [("bagtricks_R50", 25.05), ("AGW_R50", 25.08), ("sbs_R101-ibn", 44.11), ("mgn_R50-ibn", 70.35)],
)
def test_whole_models_have_as_many_parameters_as_fastreids(name: str, millions: float):
    with torch.device("meta"):
        found = recognised(name, {key: torch.empty(shape) for key, shape in SHAPES[name]})
        model = built(found, num_identities=751)
    assert sum(item.numel() for item in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.006)
