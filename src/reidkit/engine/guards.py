"""Stop a run that has gone wrong, and say by what."""

import torch
from torch import Tensor

from reidkit.core.errors import TrainingError
from reidkit.engine.objective import ObjectiveValue

COLLAPSED_SPREAD = 1e-3
"""Mean distance of the features to their mean, relative to their mean length, below which they are one."""


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

    Args:
        patience: Steps in a row after which the run stops; 0 never stops it.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.steps = 0

    def check(self, features: Tensor, value: ObjectiveValue, *, place: str) -> None:
        """Look at the features (B, D) of one step.

        Raises:
            TrainingError: they have been one point for too long.
        """
        if not self.patience or len(features) < 2:
            return
        values = features.detach().float()
        spread = (values - values.mean(0)).norm(dim=1).mean()
        length = values.norm(dim=1).mean()
        self.steps = self.steps + 1 if bool(spread <= COLLAPSED_SPREAD * length) else 0
        if self.steps >= self.patience:
            terms = ", ".join(f"{name} {float(term.detach()):.3g}" for name, term in value.terms.items())
            raise TrainingError(
                f"Features have collapsed: for {self.steps} steps up to {place} their spread is "
                f"{float(spread / length.clamp_min(1e-12)):.1e} of their length ({terms}). Expected features "
                f"that differ. Lower optim.learning_rate, lengthen schedule.warmup_epochs, or check that "
                f"pretrained weights were loaded."
            )
