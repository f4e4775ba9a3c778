import re

import pytest
import torch

from reidkit.core.errors import CatalogError
from reidkit.models.model import ReidModel
from reidkit.models.zoo import MODELS, build_model
from tests.golden.torchreid.networks import NETWORKS


def test_catalog_keys_are_the_published_names():
    # Torchreid's 49, one of which is misspelt there, FastReID's MGN, TransReID, and three ways to build others.
    published = {*NETWORKS} - {"nasnsetmobile"} | {"nasnet_mobile", "mgn", "transreid"}
    published |= {"timm", "torchvision", "pipeline"}
    assert len(published) == 54
    assert set(MODELS) == published


@pytest.mark.parametrize("key", [key for key in MODELS if key.startswith("osnet")])
def test_width_in_the_key_is_the_width_of_the_network(key: str):
    width = float(re.search(r"x(\d_\d+)$", key)[1].replace("_", "."))
    assert build_model(key).backbone.num_channels == 512 * width


def test_unknown_model_names_the_nearest():
    with pytest.raises(
        CatalogError, match=r"^Unknown model 'osnet_1x0'\. Did you mean 'osnet_x1_0'\? Known: densenet121, "
    ):
        build_model("osnet_1x0")


def test_unknown_argument_names_the_nearest():
    with pytest.raises(
        CatalogError,
        match=r"^Model 'osnet_x0_25' has no argument 'fusoin'\. Did you mean 'fusion'\? It takes: ",
    ):
        build_model("osnet_x0_25", arguments={"fusoin": "addition"})


@pytest.mark.parametrize("name", ["width", "num_identities", "image_size"])
def test_arguments_that_are_not_the_users_are_refused(name: str):
    with pytest.raises(CatalogError, match=rf"^Model 'osnet_x0_25' has no argument '{name}'\."):
        build_model("osnet_x0_25", arguments={name: 1})


def test_missing_argument_is_named():
    with pytest.raises(CatalogError, match=r"^Model 'timm' needs the argument 'backbone'\.$"):
        build_model("timm")


def test_own_builder_is_found_by_its_path():
    model = build_model("reidkit.models.osnet:osnet", num_identities=3, arguments={"width": 0.25})
    assert isinstance(model, ReidModel)
    assert model.head.classifier.out_features == 3


def test_own_builder_that_gives_no_model_is_refused():
    with pytest.raises(CatalogError, match=r"ReidModel"):
        build_model("tests.models.test_zoo:build_nothing")


def build_nothing(*, num_identities: int | None, image_size: tuple[int, int]) -> torch.nn.Module:
    """What a user might write who returns a plain module."""
    return torch.nn.Identity()
