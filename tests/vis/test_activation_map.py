"""Activation maps: the formula by hand, every model of the catalog, and the colours."""

import numpy as np
import pytest
import torch
from PIL import Image

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.models.zoo import MODELS, build_model
from reidkit.vis.activation_map import VIRIDIS, activation_map, colour, model_activation, overlay
from reidkit.vis.attention_rollout import find_transformer, roll_out_attention, rollout
from tests.contracts.test_model_contract import CASES, EVERY, Case, built


def test_formula_by_hand():
    maps = torch.tensor([[[[1.0, -2.0], [0.0, 0.0]], [[-2.0, 0.0], [0.0, 2.0]]]])
    # sums of absolute values 3, 2, 0, 2; their length is sqrt(9 + 4 + 4)
    expected = torch.tensor([[[3.0, 2.0], [0.0, 2.0]]]) / 17**0.5
    torch.testing.assert_close(activation_map(maps), expected)


def test_a_map_without_activity_is_zero():
    assert not activation_map(torch.zeros(2, 3, 4, 5)).any()


@pytest.mark.parametrize("maps", [torch.zeros(3, 4, 5), torch.zeros(1, 3, 4, 5, dtype=torch.int64)])
def test_other_forms_are_refused(maps: torch.Tensor):
    with pytest.raises(ShapeError, match="Feature maps have a wrong form"):
        activation_map(maps)


def test_the_cases_of_the_model_contract_are_many():
    assert len(CASES) >= 12
    assert len({case.key for case in CASES} & set(MODELS)) >= 8


@EVERY
def test_every_model_has_a_map_of_unit_length(case: Case):
    model = built(CASES.index(case))
    maps = model_activation(model, case.images(2))
    with torch.no_grad():
        assert maps.shape == (2, *model.feature_map(case.images(1)).shape[-2:])
    assert bool(maps.isfinite().all())
    assert bool((maps >= 0).all())
    torch.testing.assert_close(maps.flatten(1).norm(dim=1), torch.ones(2))


def test_the_mode_of_the_model_is_kept():
    model = build_model("osnet_x0_25", image_size=(64, 32)).train()
    model_activation(model, torch.zeros(1, 3, 64, 32))
    assert model.training


def test_rollout_by_hand():
    first = torch.tensor([[[[0.5, 0.5], [0.0, 1.0]], [[0.5, 0.5], [1.0, 0.0]]]])
    second = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]])
    # means over heads [[.5 .5] [.5 .5]] and [[.5 .5] [1 0]]; half of each is the identity
    expected = torch.tensor([[0.75, 0.25], [0.5, 0.5]]) @ torch.tensor([[0.75, 0.25], [0.25, 0.75]])
    torch.testing.assert_close(rollout([first, second])[0], expected)


def test_rollout_of_a_transformer_sums_to_what_its_patches_hold():
    model = built(next(number for number, case in enumerate(CASES) if case.name == "timm-test_vit"))
    images = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    was_fused = [block.attn.fused_attn for block in find_transformer(model).blocks]
    with torch.no_grad():
        before = model(images)
        shares = roll_out_attention(model, images)
        torch.testing.assert_close(model(images), before)
    assert shares.shape == (2, *model.feature_map(images).shape[-2:])
    # rows of attention sum to 1; what is missing lies with the class token
    assert bool((shares.flatten(1).sum(1) <= 1 + 1e-5).all())
    assert bool((shares.flatten(1).sum(1) > 0.5).all())
    assert [block.attn.fused_attn for block in find_transformer(model).blocks] == was_fused


def test_rollout_of_a_convolutional_network_is_refused():
    with pytest.raises(CatalogError, match="Attention rollout is not possible, got PipelineModel"):
        roll_out_attention(build_model("osnet_x0_25"), torch.zeros(1, 3, 64, 32))


def test_colours_run_from_end_to_end():
    assert colour(np.array([-1.0, 0.0, 1.0, 2.0])).tolist() == [
        list(VIRIDIS[0]),
        list(VIRIDIS[0]),
        list(VIRIDIS[-1]),
        list(VIRIDIS[-1]),
    ]
    # perceptual: lightness only rises
    lightness = colour(np.linspace(0, 1, 50)).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert bool((np.diff(lightness) > 0).all())


def test_overlay_keeps_size_and_marks_the_peak():
    picture = Image.new("RGB", (20, 40), (100, 100, 100))
    laid = overlay(picture, np.array([[0.0, 0.0], [0.0, 1.0]]), opacity=1)
    assert laid.size == (20, 40)
    assert laid.getpixel((19, 39)) == VIRIDIS[-1]
    assert np.abs(np.subtract(laid.getpixel((0, 0)), VIRIDIS[0])).max() < 10  # bicubic overshoots a little
    assert overlay(picture, np.ones((2, 2)), opacity=0).tobytes() == picture.tobytes()


@pytest.mark.parametrize("values", [np.zeros(3), np.array([[np.nan]]), np.zeros((0, 2))])
def test_maps_that_cannot_be_laid_over_are_refused(values: np.ndarray):
    with pytest.raises(ShapeError, match="Activation map has a wrong form"):
        overlay(Image.new("RGB", (4, 4)), values)


def test_opacity_out_of_range_is_refused():
    with pytest.raises(ShapeError, match=r"Opacity is out of range, got 1\.5"):
        overlay(Image.new("RGB", (4, 4)), np.ones((2, 2)), opacity=1.5)
