import pytest
import torch
from torch import Tensor

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.models.transreid import TransReID, shuffle_patches
from reidkit.models.zoo import build_model

SMALL = {"width": 64, "depth": 3, "num_heads": 4}


def build(size: tuple[int, int] = (64, 32), **arguments: object) -> TransReID:
    torch.manual_seed(0)
    model = build_model("transreid", num_identities=5, image_size=size, arguments=SMALL | arguments)
    assert isinstance(model, TransReID)
    return model.eval()


def images(size: tuple[int, int] = (64, 32), count: int = 2) -> Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(1))


def test_patches_are_dealt_out_as_in_the_original():
    # 128 patches turned by 4: 4, 68, 5, 69, ... counted from 0; 5, 69, 6, 70, ... with the class token.
    dealt = shuffle_patches(torch.arange(128.0).reshape(1, 128, 1), 4).flatten().tolist()
    assert dealt[:6] == [4, 68, 5, 69, 6, 70]
    assert sorted(dealt) == list(range(128))
    odd = shuffle_patches(torch.arange(5.0).reshape(1, 5, 1), 2).flatten().tolist()
    assert odd == [2, 0, 3, 1, 4, 0]  # turned 2 3 4 0 1, the last but one again, then dealt out


def test_the_descriptor_is_the_global_token_and_a_quarter_of_each_group():
    model = build()
    with torch.no_grad():
        network = model.backbone.network
        tokens = network._pos_embed(network.patch_embed(images()))
        for block in network.blocks:
            tokens = block(tokens)
        last, norm = model.global_branch
        expected = [norm(last(tokens))[:, 0]]
        order = shuffle_patches(torch.arange(8.0).reshape(1, 8, 1), 4).flatten().long()
        for group in range(4):
            chosen = [0, *(1 + order[2 * group : 2 * group + 2]).tolist()]
            block, norm = model.local_branch
            expected.append(norm(block(tokens[:, chosen]))[:, 0] / 4)
        torch.testing.assert_close(model(images()), torch.cat(expected, dim=1))
    assert model.descriptor_dim == 5 * 64


def test_each_branch_has_features_and_logits():
    outputs = build().training_outputs(images())
    assert [features.shape for features in outputs.features] == [(2, 64)] * 5
    assert [logits.shape for logits in outputs.logits] == [(2, 5)] * 5
    plain = build(has_jigsaw=False)
    assert len(plain.training_outputs(images()).logits) == 1
    assert plain.descriptor_dim == 64


def test_cameras_change_descriptors_and_unknown_ones_get_the_mean():
    model = build(cameras=["a", 7], camera_strength=3.0)
    with torch.no_grad():
        model.camera_embedding.table.normal_()
        first, second = model(images(), ["a", "a"]), model(images(), ["a", 7])
        assert torch.equal(first[0], second[0])
        assert not torch.allclose(first[1], second[1])
        assert torch.equal(model(images(), [7, 7]), model(images(), ["7", "7"]))  # labels are names
        unknown = model(images())
        assert torch.equal(unknown, model(images(), [None, "elsewhere"]))
        model.camera_embedding.table.copy_(model.camera_embedding.table.mean(0, keepdim=True).expand(2, -1))
        torch.testing.assert_close(model(images(), ["a", 7]), unknown)


def test_a_camera_of_another_data_set_is_another_camera():
    find = build(cameras=["city/1", "city/2"]).camera_embedding.find
    assert [find(label) for label in ("city/2", "2", 2, "town/2", "3", ("city", 1))] == [
        1,
        1,
        1,
        None,
        None,
        0,
    ]
    find = build(cameras=["city/1", "town/1"]).camera_embedding.find
    assert [find(label) for label in ("city/1", "town/1", "1")] == [0, 1, None]
    find = build(cameras=[1, 2]).camera_embedding.find  # of nobody in particular
    assert [find(label) for label in ("city/2", 2, "3", "city/3")] == [1, 1, None, None]
    find = build(cameras=["city/1/front"], side_information="camera_view").camera_embedding.find
    assert [find(label) for label in ("1/front", "city/1/front", "town/1/front", "front")] == [
        0,
        0,
        None,
        None,
    ]


def test_patches_may_overlap():
    model = build(patch_stride=12)
    assert model.backbone.grid == (5, 2)
    assert model.feature_map(images()).shape == (2, 64, 5, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shift": 8}, r"shift or patches are out of range, got shift 8 and 8 patches"),
        ({"depth": 1}, r"depth is too small, got 1\. Expected at least 2"),
        ({"patch_stride": 17}, r"patch_stride is out of range, got 17"),
    ],
)
def test_choices_out_of_range_are_refused(arguments: dict[str, object], message: str):
    with pytest.raises(CatalogError, match=message):
        build(**arguments)


def test_another_image_size_is_refused():
    with pytest.raises(ShapeError, match=r"another size, got \(32, 32\)\. Expected \(64, 32\)"):
        build()(images((32, 32)))


def test_the_global_branch_counts_half():
    weights = build().training_outputs(images()).branch_weights
    assert weights == (0.5, 0.125, 0.125, 0.125, 0.125)
    assert build(has_jigsaw=False).training_outputs(images()).branch_weights == ()
