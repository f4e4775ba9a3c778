import pytest
import torch
from torch import nn

from reidkit.core.errors import ShapeError
from reidkit.models.heads import EmbeddingHead
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation


def make_model(num_identities: int | None = None) -> ReidModel:
    return PipelineModel(nn.Identity(), AverageAggregation(), EmbeddingHead(3, num_identities))


def test_model_of_no_network_gives_the_mean_colour():
    images = torch.zeros(2, 3, 4, 2)
    images[0, 1] = 1.0
    images[1, 2, 0, 0] = 8.0
    assert make_model()(images).tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert torch.equal(make_model().feature_map(images), images)


def test_model_descriptor_dim_is_the_heads():
    assert make_model().descriptor_dim == 3
    wider = PipelineModel(nn.Identity(), AverageAggregation(), EmbeddingHead(3, embedding_dim=7))
    assert wider.descriptor_dim == 7


def test_model_takes_every_floating_type():
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        assert make_model()(torch.ones(1, 3, 2, 2, dtype=dtype)).dtype == dtype


def test_model_refuses_bytes_as_images():
    with pytest.raises(
        ShapeError, match=r"^Images have a wrong form, got torch\.uint8 of shape \(1, 3, 2, 2\)\."
    ):
        make_model()(torch.ones(1, 3, 2, 2, dtype=torch.uint8))


def test_model_weights_keep_the_names_of_the_three_stages():
    model = PipelineModel(nn.Conv2d(3, 4, 1), AverageAggregation(), EmbeddingHead(4, 2, neck="batch_norm"))
    assert {name.partition(".")[0] for name in model.state_dict()} == {"backbone", "head"}
    assert "head.classifier.weight" in model.state_dict()
