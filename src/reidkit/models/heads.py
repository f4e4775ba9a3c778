"""Heads: from a pooled vector to the descriptor that is searched and the logits that train it."""

from typing import Literal, get_args

from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.core.types import TrainingOutputs
from reidkit.models.blocks import initialize

NeckName = Literal["none", "batch_norm"]


class EmbeddingHead(nn.Module):
    """Optional embedding layer -> features -> optional neck -> descriptor -> classifier.

    Args:
        in_channels: Dimension C of the pooled vector.
        num_identities: Columns of the classifier; None leaves it out, since embedding never needs it.
        embedding_dim: Dimension of a layer Linear -> BatchNorm -> ReLU; None leaves it out.
        neck: "batch_norm" puts a batch normalisation with its shift frozen at 0 between the features
            (metric losses) and the descriptor (classifier, search); "none" makes them the same.

    Reference:
        The neck: Luo, Gu, Liao, Lai, Jiang, "Bag of Tricks and A Strong Baseline for Deep Person
        Re-Identification", CVPR workshops 2019, section 3.6.
    """

    def __init__(
        self,
        in_channels: int,
        num_identities: int | None = None,
        *,
        embedding_dim: int | None = None,
        neck: NeckName = "none",
    ) -> None:
        super().__init__()
        if neck not in get_args(NeckName):
            raise CatalogError(f"Head neck is unknown, got '{neck}'. Expected one of: {get_args(NeckName)}.")
        for name, value in (("num_identities", num_identities), ("embedding_dim", embedding_dim)):
            if value is not None and value < 1:
                raise CatalogError(f"Head {name} is too small, got {value}. Expected at least 1, or null.")
        self.descriptor_dim = embedding_dim or in_channels
        self.embedding = (
            nn.Sequential(
                nn.Linear(in_channels, embedding_dim), nn.BatchNorm1d(embedding_dim), nn.ReLU(inplace=True)
            )
            if embedding_dim
            else nn.Identity()
        )
        self.neck = nn.Identity() if neck == "none" else nn.BatchNorm1d(self.descriptor_dim)
        self.classifier = (
            nn.Linear(self.descriptor_dim, num_identities, bias=neck == "none") if num_identities else None
        )
        initialize(self)
        if neck == "batch_norm":
            self.neck.bias.requires_grad_(False)
            if self.classifier is not None:
                nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, pooled: Tensor) -> Tensor:
        """Return the descriptors (B, D) of pooled vectors (B, C)."""
        descriptors: Tensor = self.neck(self.embedding(pooled))
        return descriptors

    def training_outputs(self, pooled: Tensor) -> TrainingOutputs:
        """Return one branch: features before the neck, and logits where there is a classifier."""
        features = self.embedding(pooled)
        descriptors = self.neck(features)
        logits = () if self.classifier is None else (self.classifier(descriptors),)
        return TrainingOutputs(features=(features,), logits=logits)
