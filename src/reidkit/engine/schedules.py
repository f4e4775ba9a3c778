"""Learning-rate schedules, by name, and the warm-up before them.

A schedule is a function of time in epochs, counted from 0, fractions included, to a factor of the learning
rate. `scheduled_factor` says which time it sees, and puts delay and warm-up before it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from reidkit.core.errors import CatalogError

Factor = Callable[[float], float]
"""Learning-rate factor at a time, counted in epochs from 0, fractions included."""

Pace = Literal["iteration", "epoch"]
"""Whether a factor moves with every iteration or stays the same through an epoch."""

WarmupForm = Literal["linear", "exponential", "constant"]
"""How a warm-up rises; see `Warmup`."""


def constant(*, total_epochs: float) -> Factor:
    """Keep the learning rate."""
    del total_epochs
    return lambda epoch: 1.0


def step(*, total_epochs: float, step_epochs: int, gamma: float = 0.1) -> Factor:
    """Multiply by gamma each ``step_epochs`` epochs.

    Raises:
        CatalogError: step_epochs is below 1.
    """
    del total_epochs
    if step_epochs < 1:
        raise CatalogError(f"Schedule step_epochs is too small, got {step_epochs}. Expected at least 1.")
    return lambda epoch: gamma ** (math.floor(epoch) // step_epochs)


def multi_step(*, total_epochs: float, milestones: Sequence[int], gamma: float = 0.1) -> Factor:
    """Multiply by gamma at the start of each of these epochs, counted from 0.

    Raises:
        CatalogError: milestones not ascending, or one that the run never reaches.
    """
    ordered = sorted(set(milestones))
    if list(milestones) != ordered or not ordered or ordered[0] < 1 or ordered[-1] >= total_epochs:
        raise CatalogError(
            f"Schedule milestones are wrong, got {list(milestones)}. Expected ascending epochs between 1 and "
            f"{math.ceil(total_epochs) - 1}, the schedule having {total_epochs:g} epochs."
        )
    return lambda epoch: gamma ** sum(epoch >= milestone for milestone in ordered)


def cosine(*, total_epochs: float, final_factor: float = 0.0) -> Factor:
    """Fall along half a cosine from 1 to ``final_factor`` over the whole epochs there are.

    Raises:
        CatalogError: final_factor is not in [0, 1].

    Reference:
        Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, section 3.
    """
    if not 0 <= final_factor <= 1:
        raise CatalogError(f"Schedule final_factor is out of range, got {final_factor}. Expected [0, 1].")
    length = math.floor(total_epochs) or total_epochs
    return lambda epoch: (
        final_factor + (1 - final_factor) * (1 + math.cos(math.pi * min(epoch / length, 1))) / 2
    )


SCHEDULES: dict[str, Callable[..., Factor]] = {
    "constant": constant,
    "step": step,
    "multi_step": multi_step,
    "cosine": cosine,
}


@dataclass(frozen=True)
class Warmup:
    """The rise before a schedule.

    Args:
        epochs: Length; 0 for none.
        start_factor: Factor at its start.
        form: "linear" rises to 1; "exponential" too, by equal factors in equal times; "constant" stays at
            ``start_factor``.
        pace: Whether it moves with every iteration or every epoch.
        target: What it rises to: the "schedule", which it multiplies, or the "peak", the full learning rate,
            which the schedule takes over only afterwards.
    """

    epochs: float = 0
    start_factor: float = 0.1
    form: WarmupForm = "linear"
    pace: Pace = "iteration"
    target: Literal["schedule", "peak"] = "schedule"

    def factor(self, time: float) -> float:
        """Return the factor at a time in epochs."""
        if time >= self.epochs:
            return 1.0
        progress = time / self.epochs
        if self.form == "exponential":
            return float(self.start_factor ** (1 - progress))
        if self.form == "constant":
            return self.start_factor
        return self.start_factor + (1 - self.start_factor) * progress


def scheduled_factor(
    build: Callable[[float], Factor],
    *,
    total_epochs: float,
    warmup: Warmup,
    pace: Pace = "iteration",
    first_epoch: int = 0,
    delay_epochs: float = 0,
    counts_from: Literal["start", "warmup"] = "start",
) -> Factor:
    """Return the factor by time since the start of training.

    Args:
        build: From the epochs that a schedule has to the schedule.
        total_epochs: Of the run.
        warmup: What comes first.
        pace: Whether the schedule moves with every iteration or every epoch.
        first_epoch: Number of the first epoch, 0 or 1, for what moves by epoch.
        delay_epochs: How long the schedule stays at its first value.
        counts_from: Whether the schedule counts from the "start" of training, or from the end of the
            "warmup" where that comes after the delay. By epoch it counts the epoch in which that falls as
            its first one.

    Raises:
        CatalogError: the schedule refuses its epochs.
    """
    offset = max(delay_epochs, warmup.epochs if counts_from == "warmup" else 0)
    schedule = build(total_epochs - offset)
    start = math.floor(offset) if pace == "epoch" else offset

    def clock(time: float, pace: Pace) -> float:
        return math.floor(time) + first_epoch if pace == "epoch" else time

    def factor(time: float) -> float:
        scheduled = schedule(max(clock(time, pace) - start, 0))
        warm_time = clock(time, warmup.pace)
        if warm_time >= warmup.epochs:
            return scheduled
        return warmup.factor(warm_time) * (scheduled if warmup.target == "schedule" else 1.0)

    return factor
