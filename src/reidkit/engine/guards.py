"""Stop a run that has gone wrong, and say by what."""

import torch
from torch import Tensor

from reidkit.core.errors import TrainingError
from reidkit.engine.objective import Objective, ObjectiveValue, learns_attributes

COLLAPSED_SPREAD = 1e-3
"""Mean distance of the features to their mean, relative to their mean length, below which they are one."""

COLLAPSED_LOSS = 0.01
"""Relative difference of a metric loss to its value for features in one point, below which it is stuck."""


def check_finite(value: ObjectiveValue, *, place: str) -> None:
    """Refuse an objective that is NaN or infinite.

    Args:
        value: Of this step.
        place: Where the run is, for the message: "step 190 (epoch 3), learning rate 0.00035".

    Raises:
        TrainingError: names the losses that are not finite.
    """
    if bool(value.total.isfinite()):
        return
    terms = {name: float(term.detach()) for name, term in value.terms.items()}
    wrong = [f"'{name}' = {term}" for name, term in terms.items() if not torch.tensor(term).isfinite()]
    raise TrainingError(
        f"Loss {', '.join(wrong) or 'sum'} is not finite at {place}. Expected finite losses. Lower "
        f"optim.learning_rate, lengthen schedule.warmup_epochs, set training.gradient_clip_norm, or use "
        f"training.precision=bf16-mixed instead of 16-mixed."
    )


class CollapseMonitor:
    """Notices when all features lie in one point, where metric losses have no gradient left.

    Either sign counts: the features hardly differ for their length, or every loss of features has the value
    that it has where they do not differ at all (the margin, for a triplet loss), which also shows when the
    features have shrunk to nothing.

    Args:
        objective: Whose losses of features are watched.
        patience: Steps in a row after which the run stops; 0 never stops it.
    """

    def __init__(self, objective: Objective, patience: int) -> None:
        self.objective = objective
        self.patience = patience
        self.steps = 0

    @torch.no_grad()
    def check(self, features: Tensor, identities: Tensor, value: ObjectiveValue, *, place: str) -> None:
        """Look at the features (B, D) of one step.

        Raises:
            TrainingError: they have been one point for too long.
        """
        if not self.patience or len(features) < 2:
            return
        values = features.detach().float()
        spread = float((values - values.mean(0)).norm(dim=1).mean())
        length = float(values.norm(dim=1).mean())
        is_one_point = spread <= COLLAPSED_SPREAD * length or self._is_stuck(values, identities, value)
        self.steps = self.steps + 1 if is_one_point else 0
        if self.steps >= self.patience:
            terms = ", ".join(f"{name} {float(term):.3g}" for name, term in value.terms.items())
            raise TrainingError(
                f"Features have collapsed: for {self.steps} steps up to {place} they lie in one point, with "
                f"a spread of {spread:.1e} at a length of {length:.1e} ({terms}). Expected features that "
                f"differ. Lower optim.learning_rate, lengthen schedule.warmup_epochs, use the soft margin "
                f"(margin: null), or check that pretrained weights were loaded."
            )

    def _is_stuck(self, features: Tensor, identities: Tensor, value: ObjectiveValue) -> bool:
        watched = [
            (float(value.terms[name]), float(loss(torch.zeros_like(features), identities)))
            for name, loss in zip(self.objective.names, self.objective.losses, strict=True)
            if loss.consumes == "features" and not learns_attributes(loss)
        ]
        return bool(watched) and all(
            abs(now - collapsed) <= COLLAPSED_LOSS * abs(collapsed) for now, collapsed in watched
        )
