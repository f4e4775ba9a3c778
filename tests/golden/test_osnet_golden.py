"""OSNet against Torchreid 1.4: the same weights, made by a recipe, must give the same features.

The stored facts (keys, shapes, features) come from running the public Torchreid 1.4 on torch 2.15. The
weights are too many to store; each tensor is drawn from a generator seeded by the CRC of its key.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.models.zoo import MODELS, build_model
from tests.golden.torchreid.keys import our_key
from tests.golden.weights import draw_tensor

STORED = Path(__file__).parent / "torchreid"
STATE_DICTS = json.loads((STORED / "osnet_state_dicts.json").read_text())
FEATURES = np.load(STORED / "osnet_features.npz")


def test_stored_facts_cover_every_osnet_of_the_catalog():
    assert set(STATE_DICTS) == {name for name in MODELS if name.startswith("osnet")}
    assert len(STATE_DICTS) == 9


@pytest.mark.parametrize("name", STATE_DICTS)
def test_keys_and_shapes_correspond_one_to_one(name: str):
    theirs = {our_key(key, is_ain="_ain_" in name): tuple(shape) for key, shape in STATE_DICTS[name]}
    ours = {
        key: tuple(value.shape) for key, value in build_model(name, num_identities=751).state_dict().items()
    }
    assert len(theirs) == len(STATE_DICTS[name]) > 500
    assert theirs == ours


@pytest.mark.parametrize("name", STATE_DICTS)
def test_features_equal_torchreid(name: str):
    images = np.random.Generator(np.random.PCG64(0)).standard_normal((2, 3, 256, 128)).astype(np.float32)
    assert hashlib.sha256(images.tobytes()).hexdigest() == str(FEATURES["input_sha256"])
    model = build_model(name, num_identities=751).eval()
    model.load_state_dict(
        {our_key(key, is_ain="_ain_" in name): draw_tensor(key, shape) for key, shape in STATE_DICTS[name]}
    )
    with torch.no_grad():
        features = model(torch.from_numpy(images)).numpy()
    expected = FEATURES[name]
    assert features.shape == expected.shape == (2, 512)
    assert np.abs(features - expected).max() <= 1e-4 * np.abs(expected).max()
