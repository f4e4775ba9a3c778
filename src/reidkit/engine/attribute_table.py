"""The attributes of samples as numbers that a loss can learn."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from reidkit.core.catalog import near_name
from reidkit.core.errors import DatasetError
from reidkit.core.side_information import DOMAIN
from reidkit.core.types import Sample

MOST_VALUES = 200
"""An attribute with more values is no class to learn, but a time or a number."""


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """What is known of each sample.

    Args:
        columns: Name of each question, such as "hat", or "colour=red" for one of several values.
        values: (N, A) answers 0 or 1, NaN where they are unknown.
    """

    columns: tuple[str, ...]
    values: Tensor

    @property
    def positive_shares(self) -> list[float]:
        """Share of 1 among the known answers of each column."""
        shares: list[float] = self.values.nanmean(0).tolist()
        return shares


def attribute_table(samples: Sequence[Sample], names: Sequence[str] = ()) -> AttributeTable:
    """Return the attributes of samples as a table of yes and no.

    Args:
        samples: Each with attributes; what one lacks is unknown.
        names: Attributes to take; empty for all.

    Raises:
        DatasetError: no attributes, an unknown one, or one of too many values.
    """
    known = dict.fromkeys(name for sample in samples for name in sample.attributes if name != DOMAIN)
    wrong = [name for name in names if name not in known]
    if wrong or not known:
        problem = f"no attribute '{wrong[0]}'" if wrong else "none"
        hint = near_name(wrong[0], known) if wrong else ""
        raise DatasetError(
            f"Training samples lack attributes to learn, got {problem}.{hint} Expected some of: "
            f"{', '.join(sorted(known)) or 'a data set with attributes, such as market1501_attribute'}."
        )
    columns: list[str] = []
    answers: list[list[float]] = []
    for name in sorted(names or known):
        given = [sample.attributes.get(name) for sample in samples]
        for column, value in _questions(name, given):
            columns.append(column)
            answers.append([math.nan if item is None else float(item == value) for item in given])
    return AttributeTable(tuple(columns), torch.tensor(answers).T.contiguous())


def _questions(name: str, given: Sequence[Any]) -> list[tuple[str, Hashable]]:
    """Return (column, the value that is a yes) for each question that an attribute makes."""
    values = dict.fromkeys(item for item in given if item is not None)
    if set(values) <= {0, 1}:
        return [(name, 1)]
    if len(values) > MOST_VALUES:
        raise DatasetError(
            f"Attribute '{name}' is no class to learn, got {len(values)} values. Expected at most "
            f"{MOST_VALUES}. Name the attributes to learn: losses.N.arguments.attributes."
        )
    return [(f"{name}={value}", value) for value in sorted(values, key=str)]
