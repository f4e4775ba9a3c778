"""The objective: a weighted sum of named losses over all branches of a model."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reidkit.core.errors import TrainingError
from reidkit.core.types import TrainingOutputs
from reidkit.models.model import ReidModel


@dataclass(frozen=True)
class ObjectiveValue:
    """The scalar to minimise, and its unweighted terms by name of the loss."""

    total: Tensor
    terms: dict[str, Tensor]


class Objective(nn.Module):
    """Sum of weight times loss, each over all branches that a model gives it.

    Branches count alike, or by the shares that the model gives them.

    Args:
        names: Name of each loss, for logs and messages; all different.
        losses: Modules with ``consumes`` "features", "logits" or "cosines"; the last two are what the
            classifier gives.
        weights: One factor per loss.
    """

    def __init__(self, names: Sequence[str], losses: Sequence[nn.Module], weights: Sequence[float]) -> None:
        super().__init__()
        self.names = tuple(names)
        self.losses = nn.ModuleList(losses)
        self.weights = tuple(weights)

    @property
    def needs_classifier(self) -> bool:
        """Whether any loss takes logits or cosines."""
        return any(loss.consumes != "features" for loss in self.losses)

    def forward(
        self, outputs: TrainingOutputs, identities: Tensor, attributes: Tensor | None = None
    ) -> ObjectiveValue:
        """Return the objective in float32, whatever precision the model ran in.

        In training mode, losses with a memory remember the features afterwards.

        Args:
            outputs: What the model gives.
            identities: (B,) training labels.
            attributes: (B, A) of 0, 1 or NaN for unknown, for losses of attributes.

        Raises:
            TrainingError: the model gives nothing that a loss takes, or nobody gave attributes.
        """
        terms = {}
        for name, loss in zip(self.names, self.losses, strict=True):
            branches = outputs.features if loss.consumes == "features" else outputs.logits
            if not branches:
                raise TrainingError(f"Loss '{name}' takes {loss.consumes}, but the model gives none.")
            targets = attributes if learns_attributes(loss) else identities
            if targets is None:
                raise TrainingError(
                    f"Loss '{name}' takes attributes, got none. Expected a data set with them."
                )
            values = [loss(branch.float(), targets) for branch in branches]
            shares = outputs.branch_weights or (1 / len(values),) * len(values)
            parts = [share * value for share, value in zip(shares, values, strict=True)]
            terms[name] = sum(parts[1:], start=parts[0])
            remember: Any = getattr(loss, "remember", None)
            if self.training and remember is not None:
                remember(branches[0].detach().float(), identities)
        weighted = [weight * term for weight, term in zip(self.weights, terms.values(), strict=True)]
        return ObjectiveValue(total=sum(weighted[1:], start=weighted[0]), terms=terms)


def learns_attributes(loss: object) -> bool:
    """Say whether a loss, or its class, learns attributes in place of identities."""
    return getattr(loss, "targets", "identities") == "attributes"


def single_feature_dim(model: ReidModel, image_size: tuple[int, int]) -> int:
    """Return the dimension of the one branch of features of a model, found by trying a copy of it.

    Raises:
        TrainingError: the model gives several branches, or none.
    """
    trial = copy.deepcopy(model).eval()
    device = next(model.parameters()).device
    with torch.no_grad():
        features = trial.training_outputs(torch.zeros(2, 3, *image_size, device=device)).features
    if len(features) != 1:
        raise TrainingError(
            f"Losses that keep vectors of their own do not fit the model, got {len(features)} branches of "
            f"features. Expected one. Choose a loss without, or a model with one branch."
        )
    return features[0].shape[1]


def classifier_faults(model: nn.Module, losses: Mapping[str, object]) -> list[str]:
    """Return one message for each loss by name that the classifier of a model does not fit."""
    has_cosines = any(getattr(module, "gives_cosines", False) for module in model.modules())
    given, unfit = ("cosines", "logits") if has_cosines else ("logits", "cosines")
    wanted = "Expected a loss that scales them" if has_cosines else "Expected a cosine classifier"
    return [
        f"losses: '{name}' takes {unfit}, but the classifier of the model gives {given}. {wanted}."
        for name, loss in losses.items()
        if getattr(loss, "consumes", None) == unfit
    ]
