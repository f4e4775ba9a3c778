"""The 49 networks of Torchreid 1.4: the same weights, made by a recipe, must give the same features.

The stored facts (keys, shapes, features) come from running the public Torchreid 1.4 on torch 2.15. The
weights are too many to store; each tensor is drawn from a generator seeded by the CRC of its key.
"""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.compat.checkpoints.convert import convert_tensors
from reidkit.compat.checkpoints.reading import ForeignFile
from reidkit.models.complexity import measure_complexity
from tests.golden.torchreid.networks import NETWORKS, features, input_hash, state_dict

TOLERANCE = 1e-4  # of the largest feature

# Torchreid counts a module as often as it runs: OSNet's gates four times, HACNN's local branch too, and
# what a forward pass in evaluation does not reach (PCB's reduction) not at all; of MuDeep it counts the
# classifier, and misses the weights of its fusion. These are the parameters that the state dict has.
COUNTED_OTHERWISE = {
    "osnet_x1_0": 2_169_508,
    "osnet_x0_75": 1_285_754,
    "osnet_x0_5": 630_034,
    "osnet_x0_25": 201_864,
    "osnet_ibn_x1_0": 2_170_532,
    "osnet_ain_x1_0": 2_169_508,
    "osnet_ain_x0_75": 1_285_754,
    "osnet_ain_x0_5": 630_034,
    "osnet_ain_x0_25": 201_864,
    "mudeep": 134_940_304,
    "hacnn": 2_929_112,
    "pcb_p6": 24_032_832,
    "pcb_p4": 24_032_832,
}


def make_images(size: tuple[int, int]) -> torch.Tensor:
    images = np.random.Generator(np.random.PCG64(0)).standard_normal((2, 3, *size)).astype(np.float32)
    assert hashlib.sha256(images.tobytes()).hexdigest() == input_hash(size)
    return torch.from_numpy(images)


def test_stored_facts_are_all_there():
    assert len(NETWORKS) == 49
    assert sum(len(network["tensors"]) for network in NETWORKS.values()) == 25_147


@pytest.mark.parametrize(
    ("name", "hints", "stored"),
    [
        *((name, {"sampling": "centres"} if name == "hacnn" else {}, name) for name in NETWORKS),
        # As torch before 1.3 computed, with which the published weights were trained.
        ("hacnn", {}, "hacnn_align_corners_true"),
    ],
    ids=[*NETWORKS, "hacnn_align_corners_true"],
)
def test_features_and_parameters_equal_torchreid(name: str, hints: dict[str, str], stored: str):
    tensors = state_dict(name)
    file = ForeignFile(Path(f"{name}.pth.tar"), "", tensors, {})
    conversion = convert_tensors(file, hints=hints, keep_classifier=True)  # every tensor, or it raises
    assert conversion.left_out == ()
    assert conversion.card.num_identities == 751
    model = conversion.model
    size = (conversion.card.preprocessing.height, conversion.card.preprocessing.width)
    with torch.no_grad():
        actual = model(make_images(size)).numpy()
    expected = features(stored)
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() <= TOLERANCE * np.abs(expected).max()
    parameters = measure_complexity(model, size).parameters
    assert parameters == COUNTED_OTHERWISE.get(name, NETWORKS[name]["parameters"])
