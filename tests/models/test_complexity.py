import copy

import torch
from torch import Tensor, nn

from reidkit.models.complexity import measure_complexity
from reidkit.models.heads import EmbeddingHead
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation
from reidkit.models.zoo import build_model


class Toy(nn.Module):
    """A 3 x 3 convolution to four channels, then one 1 x 1 convolution that is used three times."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.shared = nn.Conv2d(4, 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.first(images)
        for _ in range(3):
            maps = self.shared(maps)
        return maps


def make_toy(num_identities: int | None = None) -> ReidModel:
    return PipelineModel(Toy(), AverageAggregation(), EmbeddingHead(4, num_identities, embedding_dim=6))


def test_cost_of_a_toy_equals_hand_arithmetic():
    cost = measure_complexity(make_toy(), (16, 8))
    # first: 3 * 4 * 9; shared, once: 4 * 4 + 4; embedding: 4 * 6 + 6 and the norm's 6 + 6.
    assert cost.parameters == 108 + 20 + 30 + 12
    # On maps of 8 x 4: first 108 each, shared three times 16 each; embedding 24.
    assert cost.mult_adds == 32 * (108 + 3 * 16) + 24
    assert cost.descriptor_dim == 6


def test_cost_leaves_out_the_classifier():
    assert measure_complexity(make_toy(751), (16, 8)) == measure_complexity(make_toy(), (16, 8))


def test_cost_grows_with_the_image():
    small, large = (measure_complexity(make_toy(), size) for size in ((16, 8), (32, 16)))
    assert large.parameters == small.parameters
    assert large.mult_adds - 24 == 4 * (small.mult_adds - 24)


def test_cost_of_attention_equals_hand_arithmetic():
    # timm's test_vit at 64 x 32: 8 patches of 16 x 16 and a class token, 64 channels, 6 blocks, an MLP of 3.
    model = build_model("timm", image_size=(64, 32), arguments={"backbone": "test_vit", "neck": "none"})
    tokens, channels = 9, 64
    projections = tokens * channels * (3 * channels + channels)
    products = 2 * tokens * tokens * channels
    mlp = 2 * tokens * channels * 3 * channels
    patches = 8 * (3 * 16 * 16) * channels
    assert measure_complexity(model, (64, 32)).mult_adds == patches + 6 * (projections + products + mlp)


def test_measuring_leaves_the_model_as_it_was():
    model = make_toy(5).train()
    before = copy.deepcopy(model.state_dict())
    measure_complexity(model, (16, 8))
    assert model.training
    assert all(item.device == torch.device("cpu") for item in model.parameters())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert model.training_outputs(torch.zeros(2, 3, 16, 8)).logits[0].shape == (2, 5)
