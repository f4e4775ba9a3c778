"""A network that is exported in a second: convolutions with norms, one behind a branch, one without."""

import torch
from torch import Tensor, nn

from reidkit.core.types import Preprocessing
from reidkit.models.checkpoint import ModelCard
from reidkit.models.heads import EmbeddingHead
from reidkit.models.model import PipelineModel

BUILDER = "tests.deploy.tiny_model:tiny_model"
PREPROCESSING = Preprocessing(height=32, width=16)


class Branches(nn.Module):
    """Five norms: three behind a convolution alone, one whose convolution feeds two, one behind a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.shared = nn.Conv2d(8, 8, 1)
        self.plain = nn.Conv2d(8, 64, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(8), nn.BatchNorm2d(8, affine=False), nn.BatchNorm2d(8)])
        self.after_sum = nn.BatchNorm2d(8)
        self.last = nn.BatchNorm2d(64)

    def forward(self, images: Tensor) -> Tensor:
        x = torch.relu(self.norms[0](self.first(images)))
        x = torch.relu(self.norms[1](self.depthwise(x)))
        y = self.shared(x)
        x = self.after_sum(self.norms[2](y) + y)
        return self.last(self.plain(x))


def tiny_model(*, num_identities: int | None, image_size: tuple[int, int]) -> PipelineModel:
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return PipelineModel(Branches(), pool, EmbeddingHead(64, num_identities=num_identities))


def tiny_card(**changes: object) -> ModelCard:
    card = ModelCard(
        architecture=BUILDER,
        preprocessing=PREPROCESSING,
        descriptor_dim=64,
        licence="ours",
        recipe={"é": "<&>"},
    )
    return card.model_copy(update=changes)


def trained_tiny_model() -> PipelineModel:
    """Return the model with statistics in its norms, in evaluation mode."""
    torch.manual_seed(0)
    model = tiny_model(num_identities=None, image_size=(32, 16)).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape)
        for _ in range(3):
            model(torch.randn(8, 3, 32, 16))
    return model.eval()
