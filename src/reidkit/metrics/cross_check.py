"""How often a rule for "same" and "new" is wrong on individuals that it was not chosen by."""

from collections.abc import Hashable, Sequence

import numpy as np
from torch import Tensor

from reidkit.core.types import CrossCheck, Protocol
from reidkit.metrics.calibration import choose_distances
from reidkit.metrics.labels import Labels
from reidkit.metrics.roc import roc_of_pairs, wilson_interval
from reidkit.metrics.verification import PairDistances, pair_distances


def cross_check(
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    *,
    accept_rate: float = 0.01,
    reject_rate: float = 0.01,
    seed: int = 0,
) -> CrossCheck | None:
    """Split the individuals into two halves and judge the pairs of each by the rule of the other.

    Pairs across the halves belong to neither. A bin that a distance of the rule cuts counts as wrong.

    Args:
        query_descriptors: (Q, D) float.
        gallery_descriptors: (G, D) float.
        query: Labels of the queries.
        gallery: Labels of the gallery.
        protocol: Says which pairs count.
        accept_rate: As for `reidkit.metrics.calibration.calibrate`.
        reject_rate: As there.
        seed: Of the split.

    Returns:
        Rates over both halves; none where a half has no pairs of one kind.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: descriptors are not finite, or a rate is no share.
    """
    people = list(dict.fromkeys([*query.identities, *gallery.identities]))
    order = np.random.default_rng(seed).permutation(len(people))
    halves = []
    for part in np.array_split(order, 2):
        members = {people[number] for number in part.tolist()}
        own_query, own_gallery = _rows_of(query, members), _rows_of(gallery, members)
        if not own_query or not own_gallery:
            return None
        pairs = pair_distances(
            query_descriptors[own_query],
            gallery_descriptors[own_gallery],
            _take(query, own_query),
            _take(gallery, own_gallery),
            protocol,
        )
        if not pairs.genuine.sum() or not pairs.impostor.sum():
            return None
        halves.append(pairs)
    wrong = np.zeros(2, np.int64)
    for chosen_by, judged in (halves, halves[::-1]):
        curve = roc_of_pairs(chosen_by)
        accept, reject = choose_distances(curve, accept_rate, reject_rate)
        wrong += _count_wrong(judged, float(curve.thresholds[accept]), float(curve.thresholds[reject]))
    num_genuine = sum(int(half.genuine.sum()) for half in halves)
    num_impostor = sum(int(half.impostor.sum()) for half in halves)
    accepts, rejects = float(wrong[0]) / num_impostor, float(wrong[1]) / num_genuine
    return CrossCheck(
        false_accept_rate=accepts,
        false_accept_interval=wilson_interval(accepts, num_impostor),
        false_reject_rate=rejects,
        false_reject_interval=wilson_interval(rejects, num_genuine),
        num_genuine=num_genuine,
        num_impostor=num_impostor,
    )


def _rows_of(labels: Labels, members: set[Hashable]) -> list[int]:
    return [row for row, identity in enumerate(labels.identities) if identity in members]


def _take(labels: Labels, rows: Sequence[int]) -> Labels:
    cameras, keys = labels.camera_list(), labels.key_list()
    return Labels(
        [labels.identities[row] for row in rows], [cameras[row] for row in rows], [keys[row] for row in rows]
    )


def _count_wrong(pairs: PairDistances, accept: float, reject: float) -> tuple[int, int]:
    """Return how many impostors are called the same, and how many genuine pairs new."""
    rounding = 1e-9 * float(pairs.edges[-1])
    is_accepted = pairs.edges[:-1] < accept - rounding
    is_rejected = pairs.edges[1:] > reject + rounding
    return int(pairs.impostor[is_accepted].sum()), int(pairs.genuine[is_rejected].sum())
