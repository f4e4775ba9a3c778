"""The section of a recipe about what a network takes over from other networks."""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator
from torch import nn

from reidkit.core.catalog import find
from reidkit.engine.component import Component, Section
from reidkit.engine.model_section import ModelSection
from reidkit.losses.transfers import TRANSFERS


class TransferTerm(Component):
    """One loss between two networks, and its weight beside the losses of the recipe."""

    kind = "transfer"
    catalog = TRANSFERS
    offered = ("student_channels", "teacher_channels", "margins")

    weight: float = Field(1.0, gt=0)

    @property
    def consumes(self) -> str:
        """Whether the loss takes "logits", "features" or "maps"."""
        return str(find(self.kind, self.name, TRANSFERS).consumes)  # type: ignore[attr-defined]

    def build_transfer(self, **offered: Any) -> nn.Module:  # noqa: ANN401 - as the loss takes it
        """Build the loss; one of maps is told their channels and margins."""
        transfer: nn.Module = self.build(**offered)
        return transfer


class DistillationSection(Section):
    """From whom a network learns beside its labels, and what.

    ``teachers`` are checkpoints of trained networks, which stay as they are. ``peers`` are networks that
    learn from the start beside the model, by the same losses, each from all others: deep mutual learning.
    ``terms`` are what is taken over; each is the mean over all teachers and peers.
    """

    teachers: tuple[Path, ...] = ()
    peers: tuple[ModelSection, ...] = ()
    terms: tuple[TransferTerm, ...] = ()

    @property
    def is_used(self) -> bool:
        """Whether there is anybody to learn from."""
        return bool(self.teachers or self.peers)

    def consumes(self, kind: str) -> bool:
        """Say whether any term takes "logits", "features" or "maps"."""
        return any(term.consumes == kind for term in self.terms)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        faults = []
        if self.is_used and not self.terms:
            faults.append(f"terms: the list is empty. Expected at least one of: {', '.join(TRANSFERS)}.")
        if self.terms and not self.is_used:
            faults.append("terms are given without anybody to learn from. Expected teachers or peers.")
        names = [term.name for term in self.terms]
        faults += [
            f"terms: '{name}' is listed twice; merge the two terms."
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        if self.peers and self.consumes("maps"):
            faults.append(
                "terms: feature maps are taken over from networks that stay as they are, got peers. Expected "
                "teachers only."
            )
        if faults:
            raise ValueError("\n".join(faults))
        return self
