"""Samples whose label may be wrong, by what a model finds near them. Each is a question for a person."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reidkit.core.checks import check_same_length, encode_labels
from reidkit.core.errors import ShapeError
from reidkit.core.types import DistanceName
from reidkit.metrics.labels import Labels
from reidkit.metrics.neighbours import Gaps, find_neighbours


@dataclass(frozen=True, slots=True)
class LabelFault:
    """One sample that looks like another identity than its own.

    Args:
        row: Of the sample.
        nearest_other: Row of the nearest sample of another identity.
        other_gap: How far that one is: 1 - cosine, or the squared Euclidean distance.
        nearest_own: Row of the nearest other sample of its own identity.
        own_gap: How far that one is.
        num_votes: How many of its nearest samples belong to the identity of ``nearest_other``.
        num_asked: How many nearest samples were asked.
    """

    row: int
    nearest_other: int
    other_gap: float
    nearest_own: int
    own_gap: float
    num_votes: int
    num_asked: int


def find_label_faults(
    descriptors: Tensor,
    labels: Labels,
    distance: DistanceName,
    *,
    num_neighbours: int = 5,
    most: int = 50,
) -> list[LabelFault]:
    """Return the samples that lie among another identity and far from their own, the surest first.

    A sample is named where most of its nearest neighbours agree on one other identity and all others of its
    own identity are farther than the nearest of that one. They are ordered by the votes, then by how many
    times farther its own identity is. Identities of one sample are left out: nothing speaks for them.

    Args:
        descriptors: (N, D) float.
        labels: Of the N samples; only the identities count.
        distance: Of the model.
        num_neighbours: How many nearest samples vote.
        most: Length of the list.

    Raises:
        ShapeError: shapes or types do not fit, or ``num_neighbours`` is below 1.
        EvaluationError: descriptors are not finite.
    """
    if num_neighbours < 1:
        raise ShapeError(f"Number of neighbours is out of range, got {num_neighbours}. Expected at least 1.")
    gaps = Gaps(descriptors, distance)
    check_same_length("Labels", labels.identities, len(gaps))
    if len(gaps) < 2:
        return []
    identities = encode_labels(labels.identities)[0].tolist()
    groups = _rows_by_identity(identities)
    near = find_neighbours(gaps, num_neighbours + 1)
    faults = []
    for row, (rows, values) in enumerate(zip(near.rows.tolist(), near.gaps.tolist(), strict=True)):
        own = [other for other in groups[identities[row]] if other != row]
        found = [(other, gap) for other, gap in zip(rows, values, strict=True) if other != row]
        found = found[:num_neighbours]
        if not own:
            continue
        identity, votes = Counter(identities[other] for other, _ in found).most_common(1)[0]
        if identity == identities[row] or 2 * votes <= len(found):
            continue
        other, other_gap = next(item for item in found if identities[item[0]] == identity)
        pairs = gaps.of_pairs(torch.full((len(own),), row), torch.tensor(own))
        place = int(pairs.argmin())
        own_gap = float(pairs[place])
        if own_gap > other_gap:
            faults.append(LabelFault(row, other, other_gap, own[place], own_gap, votes, len(found)))
    faults.sort(key=lambda fault: (-fault.num_votes / fault.num_asked, fault.other_gap / fault.own_gap))
    return faults[:most]


def _rows_by_identity(identities: Sequence[int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for row, identity in enumerate(identities):
        groups.setdefault(identity, []).append(row)
    return groups
