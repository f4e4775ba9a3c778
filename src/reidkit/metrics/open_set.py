"""Open-set identification: who is it, if it is anyone in the gallery at all?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics.blocks import DescriptorBlocks
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import QueryMatches, make_index
from reidkit.metrics.roc import RateAt, check_rate, wilson_interval

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NearestDistances:
    """What a search returns first, for each query.

    Args:
        genuine: (Q,) distance of the nearest image of the query's individual; infinite where there is none.
        impostor: (Q,) distance of the nearest image of anyone else; infinite where there is none.
    """

    genuine: Numbers
    impostor: Numbers


def nearest_distances(
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
) -> NearestDistances:
    """Find the nearest right and the nearest wrong image of each query, a block of queries at a time.

    Args:
        query_descriptors: (Q, D) float.
        gallery_descriptors: (G, D) float.
        query: Labels of the queries.
        gallery: Labels of the gallery.
        protocol: Says which rows are right and which do not count.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: descriptors are not finite.
    """
    blocks = DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    index = make_index(query, gallery, protocol, blocks.shape)
    nearest = np.full((2, len(query)), np.inf)
    for rows in blocks.row_slices():
        for number, distances in enumerate(blocks.distances(rows), start=rows.start):
            nearest[:, number] = nearest_of_row(distances.copy(), index.matches(number))
    return NearestDistances(nearest[0], nearest[1])


def nearest_of_row(distances: NDArray[np.floating], matches: QueryMatches) -> tuple[float, float]:
    """Return the nearest right and the nearest wrong distance of one query.

    Args:
        distances: (G,) of the query; changed.
        matches: The right and the ignored rows.
    """
    genuine = float(distances[matches.positives].min(initial=np.inf))
    distances[matches.positives] = np.inf
    distances[matches.ignored] = np.inf
    return genuine, float(distances.min(initial=np.inf))


def identify_at(
    nearest: NearestDistances, false_positive_rates: tuple[float, ...] = (0.1, 0.01)
) -> list[RateAt]:
    """Return the detection and identification rate (DIR, rank 1) at each false positive rate (FPIR).

    Each query is searched twice. With its individual in the gallery the answer is right where the nearest
    image is of that individual and within the threshold. With all images of the individual taken out, any
    image within the threshold is a false positive. A query without a match is searched in the second way
    only. The false positive rate belongs to a gallery of this size: a larger one has more of them.

    Args:
        nearest: Of all queries.
        false_positive_rates: What is allowed. A rate below one over the number of searches asks for none.

    Raises:
        ShapeError: the two lists differ in length.
        EvaluationError: no query has a match, or none an image of anyone else; or a rate is no share.

    Reference:
        Grother, Ngan, "Face Recognition Vendor Test", NIST IR 8009, 2014, section 3 (FPIR and FNIR; DIR is
        1 - FNIR at rank 1).

    Differs:
        An image of someone else at exactly the distance of the right one counts as wrong.
    """
    if nearest.genuine.shape != nearest.impostor.shape or nearest.genuine.ndim != 1:
        raise ShapeError(
            f"Nearest distances do not fit, got {nearest.genuine.shape} and {nearest.impostor.shape}. "
            f"Expected (Q,) of both."
        )
    has_mate = np.isfinite(nearest.genuine)
    strangers = np.sort(nearest.impostor[np.isfinite(nearest.impostor)])
    if not has_mate.any() or not len(strangers):
        raise EvaluationError(
            f"Open-set identification needs searches of both kinds, got {int(has_mate.sum())} queries with a "
            f"match and {len(strangers)} with an image of anyone else. Expected at least one of each."
        )
    is_first = nearest.genuine < nearest.impostor
    identified = np.sort(nearest.genuine[has_mate & is_first])
    num_mated, found = int(has_mate.sum()), []
    for target in false_positive_rates:
        check_rate(target)
        threshold = _largest_threshold(strangers, target)
        measured = np.searchsorted(strangers, threshold, side="right") / len(strangers)
        rate = float(np.searchsorted(identified, threshold, side="right") / num_mated)
        low, high = wilson_interval(rate, num_mated)
        found.append(RateAt(target, float(measured), threshold, rate, low, high))
    return found


def _largest_threshold(strangers: Numbers, rate: float) -> float:
    """Return the largest distance that at most this share of the ascending distances reach."""
    allowed = int(np.floor(rate * len(strangers) * (1 + 1e-12)))
    if allowed >= len(strangers):
        return float(strangers[-1])
    return float(np.nextafter(strangers[allowed], -np.inf))
