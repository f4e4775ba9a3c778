"""Heads: from a pooled vector to the descriptor that is searched and the logits that train it."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Literal, get_args

from torch import Tensor, nn
from torch.nn import functional

from reidkit.core.errors import CatalogError
from reidkit.core.types import TrainingOutputs
from reidkit.models.blocks import initialize

NeckName = Literal["none", "batch_norm"]
EmbeddingName = Literal["linear_norm_relu", "linear_norm", "linear"]
MetricFeatures = Literal["pooled", "before_neck", "after_neck"]
DescriptorPlace = Literal["before_neck", "after_neck"]
ClassifierName = Literal["linear", "cosine"]


class CosineClassifier(nn.Linear):
    """Cosines between features (B, D) and one learned direction per identity: (B, C) in [-1, 1].

    Scales and margins are up to the loss.

    Args:
        in_features: Dimension D.
        out_features: Identities C.
    """

    gives_cosines: ClassVar[bool] = True

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return the cosines."""
        return functional.linear(functional.normalize(features), functional.normalize(self.weight))


class EmbeddingHead(nn.Module):
    """Optional embedding layer -> features -> optional neck -> descriptor -> classifier.

    Args:
        in_channels: Dimension C of the pooled vector.
        num_identities: Columns of the classifier; None leaves it out, since embedding never needs it.
        embedding_dim: Dimension of the embedding layer; None leaves it out.
        embedding_layers: What the embedding layer is: "linear_norm_relu" is Linear -> BatchNorm -> ReLU,
            "linear_norm" the same without ReLU, "linear" one linear map without bias.
        dropout: Share of the embedded values that training sets to 0.
        neck: "batch_norm" puts a batch normalisation with its shift frozen at 0 between the features
            (metric losses) and the descriptor (classifier, search); "none" makes them the same.
        metric_features: What metric losses see: the "pooled" vector, before even the embedding layer, or
            what is "before_neck" or "after_neck". The classifier always sees what is behind the neck.
        descriptor: What is searched: the features "after_neck" or "before_neck".
        classifier: "linear" gives inner products, "cosine" plain cosines for losses with a margin.
        has_classifier_bias: Of the linear classifier; None gives it one where there is no neck.

    Raises:
        CatalogError: an unknown choice, or a number out of range.

    Reference:
        The neck: Luo, Gu, Liao, Lai, Jiang, "Bag of Tricks and A Strong Baseline for Deep Person
        Re-Identification", CVPR workshops 2019, section 3.6. The three heads: He et al., "FastReID: A
        Pytorch Toolbox for General Instance Re-identification", 2020, arXiv:2006.02631, section 3.4.
    """

    def __init__(
        self,
        in_channels: int,
        num_identities: int | None = None,
        *,
        embedding_dim: int | None = None,
        embedding_layers: EmbeddingName = "linear_norm_relu",
        dropout: float = 0.0,
        neck: NeckName = "none",
        metric_features: MetricFeatures = "before_neck",
        descriptor: DescriptorPlace = "after_neck",
        classifier: ClassifierName = "linear",
        has_classifier_bias: bool | None = None,
    ) -> None:
        super().__init__()
        _check_choice("neck", neck, get_args(NeckName))
        _check_choice("embedding_layers", embedding_layers, get_args(EmbeddingName))
        _check_choice("metric_features", metric_features, get_args(MetricFeatures))
        _check_choice("descriptor", descriptor, get_args(DescriptorPlace))
        _check_choice("classifier", classifier, get_args(ClassifierName))
        for name, value in (("num_identities", num_identities), ("embedding_dim", embedding_dim)):
            if value is not None and value < 1:
                raise CatalogError(f"Head {name} is too small, got {value}. Expected at least 1, or null.")
        if not 0 <= dropout < 1:
            raise CatalogError(f"Head dropout is out of range, got {dropout}. Expected 0 up to below 1.")
        if classifier == "cosine" and has_classifier_bias:
            raise CatalogError(
                "Head has_classifier_bias does not fit a cosine classifier, got true. Expected null or false."
            )
        self.metric_features = metric_features
        self.descriptor = descriptor
        self.descriptor_dim = embedding_dim or in_channels
        layers = [] if embedding_dim is None else _embedding(in_channels, embedding_dim, embedding_layers)
        layers += [nn.Dropout(dropout)] if dropout else []
        self.embedding = nn.Sequential(*layers) if layers else nn.Identity()
        self.neck = nn.Identity() if neck == "none" else nn.BatchNorm1d(self.descriptor_dim)
        has_bias = neck == "none" if has_classifier_bias is None else has_classifier_bias
        self.classifier: nn.Linear | None = None
        if num_identities and classifier == "cosine":
            self.classifier = CosineClassifier(self.descriptor_dim, num_identities)
        elif num_identities:
            self.classifier = nn.Linear(self.descriptor_dim, num_identities, bias=has_bias)
        initialize(self)
        if neck == "batch_norm":
            self.neck.bias.requires_grad_(False)
            if self.classifier is not None:
                nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, pooled: Tensor) -> Tensor:
        """Return the descriptors (B, D) of pooled vectors (B, C)."""
        features: Tensor = self.embedding(pooled)
        descriptors: Tensor = features if self.descriptor == "before_neck" else self.neck(features)
        return descriptors

    def training_outputs(self, pooled: Tensor) -> TrainingOutputs:
        """Return one branch: features for metric losses, and logits where there is a classifier."""
        features = self.embedding(pooled)
        normalised = self.neck(features)
        logits = () if self.classifier is None else (self.classifier(normalised),)
        places = {"pooled": pooled, "before_neck": features, "after_neck": normalised}
        return TrainingOutputs(
            features=(places[self.metric_features],),
            logits=logits,
            descriptors=features if self.descriptor == "before_neck" else normalised,
        )


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise CatalogError(f"Head {name} is unknown, got '{value}'. Expected one of: {known}.")


def _embedding(in_channels: int, embedding_dim: int, layers: EmbeddingName) -> list[nn.Module]:
    if layers == "linear":
        return [nn.Linear(in_channels, embedding_dim, bias=False)]
    normed: list[nn.Module] = [nn.Linear(in_channels, embedding_dim), nn.BatchNorm1d(embedding_dim)]
    return normed if layers == "linear_norm" else [*normed, nn.ReLU(inplace=True)]


def reduction_head(
    in_channels: int,
    num_identities: int | None = None,
    *,
    embedding_dim: int = 512,
    dropout: float = 0.0,
    neck: NeckName = "none",
    metric_features: MetricFeatures = "before_neck",
    descriptor: DescriptorPlace = "after_neck",
    classifier: ClassifierName = "linear",
) -> EmbeddingHead:
    """Return the reduction head of the FastReID paper: Linear -> BatchNorm -> ReLU -> dropout -> classifier.

    Args:
        in_channels: See `EmbeddingHead`, as all others.
        num_identities: Columns of the classifier.
        embedding_dim: Dimension that the pooled vector is reduced to.
        dropout: Share of the reduced values that training sets to 0.
        neck: What stands before the classifier.
        metric_features: What metric losses see.
        descriptor: What is searched.
        classifier: What the logits are.
    """
    return EmbeddingHead(
        in_channels,
        num_identities,
        embedding_dim=embedding_dim,
        dropout=dropout,
        neck=neck,
        metric_features=metric_features,
        descriptor=descriptor,
        classifier=classifier,
    )


HEADS: dict[str, Callable[..., EmbeddingHead]] = {
    "linear": partial(EmbeddingHead, neck="none"),
    "bnneck": partial(EmbeddingHead, neck="batch_norm"),
    "reduction": reduction_head,
}
