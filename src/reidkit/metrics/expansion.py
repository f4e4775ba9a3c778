"""Query expansion and database augmentation: descriptors move towards their neighbours before the ranking."""

import inspect
from collections.abc import Callable

import torch
from torch import Tensor

from reidkit.core.catalog import build, find
from reidkit.core.errors import CatalogError
from reidkit.core.types import DistanceName
from reidkit.metrics.neighbours import GapName, Gaps, Neighbours, find_neighbours, join_sides

STEP_ROWS = 1024
"""Rows whose neighbours' descriptors are gathered in one step."""


def average_expansion(
    query: Tensor, gallery: Tensor, *, distance: GapName = "cosine", m: int = 5
) -> tuple[Tensor, Tensor]:
    """Replace each query by the mean of itself and its m nearest gallery images.

    Args:
        query: (Q, D) float, raw.
        gallery: (G, D) float, of the same dtype and device.
        distance: That nearness is judged by.
        m: Gallery images per query; at most all.

    Returns:
        The new queries, and the gallery as it was.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: a descriptor is not finite.
        CatalogError: m is below 1.

    Reference:
        He, Liao, Liu, Liu, Cheng, Mei, "FastReID: A Pytorch Toolbox for General Instance Re-identification",
        2020, equation 7.
    """
    _check(m)
    near = _near_gallery(query, gallery, distance, m)
    weights = torch.ones_like(near.gaps)
    return (query + _sum_neighbours(gallery, near.rows, weights)) / (near.rows.shape[1] + 1), gallery


def alpha_expansion(
    query: Tensor, gallery: Tensor, *, m: int = 5, alpha: float = 3.0
) -> tuple[Tensor, Tensor]:
    """Add to each query its m nearest gallery images, the less alike the less.

    Args:
        query: (Q, D) float, raw.
        gallery: (G, D) float, of the same dtype and device.
        m: Gallery images per query; at most all.
        alpha: Power of the cosine that an image is weighted by; 0 weighs all alike.

    Returns:
        The new queries, of unit length, and the gallery in unit length.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: a descriptor is not finite.
        CatalogError: m is below 1, or alpha below 0.

    Reference:
        Radenovic, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation", TPAMI 2018,
        section 3.4.
    """
    _check(m, alpha)
    gaps = Gaps(join_sides(query, gallery), "cosine")
    count = len(query)
    near = find_neighbours(gaps, m, rows=slice(0, count), columns=slice(count, None))
    sums = gaps.rows[:count] + _sum_neighbours(gaps.rows[count:], near.rows, _similarity(near) ** alpha)
    return torch.nn.functional.normalize(sums, dim=1), gaps.rows[count:]


def transductive_expansion(
    query: Tensor, gallery: Tensor, *, k: int = 5, alpha: float = 3.0, rounds: int = 1
) -> tuple[Tensor, Tensor]:
    """Replace queries and gallery images alike by the weighted mean of their k nearest among all of them.

    What FastReID runs as query expansion. Queries are expanded with each other, so the score is that of a
    closed set and not of single searches.

    Args:
        query: (Q, D) float, raw.
        gallery: (G, D) float, of the same dtype and device.
        k: Images per mean, the image itself among them.
        alpha: Power of the cosine that an image is weighted by.
        rounds: How often.

    Returns:
        New queries and new gallery.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: a descriptor is not finite.
        CatalogError: k or rounds is below 1, or alpha below 0.

    Differs:
        A negative cosine weighs nothing; FastReID raises it to the power too.
    """
    _check(k, alpha)
    if rounds < 1:
        raise CatalogError(f"Number of rounds is too small, got {rounds}. Expected at least 1.")
    both = join_sides(query, gallery)
    for _ in range(rounds):
        near = find_neighbours(Gaps(both, "cosine"), k)
        both = _sum_neighbours(both, near.rows, _similarity(near) ** alpha) / near.rows.shape[1]
    return both[: len(query)], both[len(query) :]


def augment_database(
    query: Tensor, gallery: Tensor, *, k: int = 5, alpha: float = 3.0
) -> tuple[Tensor, Tensor]:
    """Replace each gallery image by the weighted sum of its k nearest gallery images, itself among them.

    It needs no query, so it can be done once, before any search.

    Args:
        query: (Q, D) float, raw.
        gallery: (G, D) float, of the same dtype and device.
        k: Images per sum.
        alpha: Power of the cosine that an image is weighted by.

    Returns:
        The queries and the new gallery, both of unit length.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: a descriptor is not finite.
        CatalogError: k is below 1, or alpha below 0.

    Reference:
        Arandjelovic, Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012,
        section 5 (database-side feature augmentation).
    """
    _check(k, alpha)
    gaps = Gaps(join_sides(query, gallery), "cosine")
    places = slice(len(query), None)
    near = find_neighbours(gaps, k, rows=places, columns=places)
    sums = _sum_neighbours(gaps.rows[places], near.rows, _similarity(near) ** alpha)
    return gaps.rows[: len(query)], torch.nn.functional.normalize(sums, dim=1)


EXPANSIONS: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    "average": average_expansion,
    "alpha": alpha_expansion,
    "transductive": transductive_expansion,
    "database": augment_database,
}
"""By name: a function of query and gallery descriptors that gives new ones."""


def expand(
    name: str, query: Tensor, gallery: Tensor, distance: DistanceName, **arguments: object
) -> tuple[Tensor, Tensor]:
    """Expand by a method of the catalog.

    Args:
        name: Key of the catalog.
        query: (Q, D) float, raw.
        gallery: (G, D) float.
        distance: Of the protocol, for the method that knows several.
        **arguments: Further values of the method.

    Raises:
        CatalogError: an unknown method or argument, or a value out of range.
        ShapeError: descriptors do not fit.
        EvaluationError: a descriptor is not finite.
    """
    given: dict[str, object] = {"query": query, "gallery": gallery}
    if name == "average":
        given["distance"] = distance
    new_query, new_gallery = build("expansion", name, EXPANSIONS, arguments, **given)
    return new_query, new_gallery


def describe_expansion(name: str, **arguments: object) -> str:
    """Return a method with all of its values, as it is stored with the scores.

    Args:
        name: Key of the catalog.
        **arguments: Values of the method; the others are its own.

    Example:
        >>> describe_expansion("alpha", m=3)
        'alpha_expansion(m=3, alpha=3.0)'
    """
    method = find("expansion", name, EXPANSIONS)
    own = {
        key: item.default
        for key, item in inspect.signature(method).parameters.items()
        if item.kind is inspect.Parameter.KEYWORD_ONLY and key != "distance"
    }
    values = ", ".join(f"{key}={value}" for key, value in {**own, **arguments}.items())
    return f"{method.__name__}({values})"


def _near_gallery(query: Tensor, gallery: Tensor, distance: GapName, m: int) -> Neighbours:
    gaps = Gaps(join_sides(query, gallery), distance)
    return find_neighbours(gaps, m, rows=slice(0, len(query)), columns=slice(len(query), None))


def _similarity(near: Neighbours) -> Tensor:
    return (1 - near.gaps).clamp_min(0)


def _sum_neighbours(rows: Tensor, near: Tensor, weights: Tensor) -> Tensor:
    """Return (N, D) weighted sums of the rows of each list (N, k)."""
    weights = weights.to(rows.dtype)
    parts = [
        torch.einsum("bk,bkd->bd", factors, rows[numbers])
        for numbers, factors in zip(
            torch.split(near, STEP_ROWS), torch.split(weights, STEP_ROWS), strict=True
        )
    ]
    return torch.cat(parts)


def _check(count: int, alpha: float = 0.0) -> None:
    if count < 1 or alpha < 0:
        raise CatalogError(
            f"Values of the expansion are out of range, got {count} images and power {alpha:g}. Expected at "
            f"least 1 image and a power of 0 or more."
        )
