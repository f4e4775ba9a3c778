from collections import Counter

import pytest
import torch

from reidkit.compat.checkpoints.torchreid import recognise
from reidkit.compat.checkpoints.torchreid_networks import NETWORKS
from reidkit.models.zoo import MODELS
from tests.golden.torchreid.networks import NETWORKS as STORED
from tests.golden.torchreid.networks import shapes_only

OUR_NAMES = {"nasnsetmobile": "nasnet_mobile"}


def without_classifier(name: str) -> dict[str, torch.Tensor]:
    return {key: value for key, value in shapes_only(name).items() if not key.startswith("classifier")}


def test_every_network_of_torchreid_has_a_row_and_a_model():
    assert set(NETWORKS) == set(STORED)
    assert len(NETWORKS) == 49
    assert {network.architecture or name for name, network in NETWORKS.items()} <= set(MODELS)


@pytest.mark.parametrize("name", STORED)
def test_state_dict_is_recognised_from_its_tensors_alone(name: str):
    foreign = recognise(shapes_only(name), {})
    assert foreign.architecture == OUR_NAMES.get(name, name)
    assert foreign.source == "torchreid"
    expected = (160, 64) if name == "hacnn" else (256, 128)
    assert (foreign.preprocessing.height, foreign.preprocessing.width) == expected


@pytest.mark.parametrize("name", STORED)
def test_no_other_network_fits(name: str):
    tensors = shapes_only(name)
    assert [other for other, network in NETWORKS.items() if network.fits(tensors)] == [name]


@pytest.mark.parametrize("name", STORED)
def test_names_are_given_once(name: str):
    tensors = shapes_only(name)
    foreign = recognise(tensors, {})
    assert max(Counter(map(foreign.our_key, tensors)).values()) == 1


@pytest.mark.parametrize("name", STORED)
def test_hint_stands_in_for_a_classifier(name: str):
    tensors = without_classifier(name)
    assert recognise(tensors, {}) is None
    for hint in (name, OUR_NAMES.get(name, name)):
        assert recognise(tensors, {"architecture": hint}).architecture == OUR_NAMES.get(name, name)


def test_hint_of_another_network_does_not_fit():
    assert recognise(shapes_only("resnet50"), {"architecture": "resnet101"}) is None
    assert recognise(shapes_only("resnet50"), {"architecture": "vit"}) is None


def test_hint_of_another_source_is_respected():
    assert recognise(shapes_only("resnet50"), {"source": "fastreid"}) is None
    assert recognise(shapes_only("resnet50"), {"source": "torchreid"}).architecture == "resnet50"


def test_foreign_files_are_not_torchreids():
    assert recognise({}, {}) is None
    assert recognise({"classifier.weight": torch.empty(751, 2048)}, {}) is None
    torchvision = {**without_classifier("resnet50"), "fc.weight": torch.empty(1000, 2048)}
    assert recognise(torchvision, {}) is None
