"""The catalog of re-rankings."""

from collections.abc import Callable

from torch import Tensor

from reidkit.core.catalog import build
from reidkit.core.types import DistanceName, ReportProgress
from reidkit.metrics.reranking.graph import graph
from reidkit.metrics.reranking.k_reciprocal import k_reciprocal
from reidkit.metrics.reranking.reranked import RerankedDistances

RERANKERS: dict[str, Callable[..., RerankedDistances]] = {
    "k_reciprocal": k_reciprocal,
    "graph": graph,
}
"""By name: a function of query and gallery descriptors."""


def rerank(
    name: str,
    query: Tensor,
    gallery: Tensor,
    distance: DistanceName,
    *,
    report: ReportProgress | None = None,
    **arguments: object,
) -> RerankedDistances:
    """Re-rank by a method of the catalog.

    Args:
        name: Key of the catalog.
        query: (Q, D) float, raw.
        gallery: (G, D) float.
        distance: Of the protocol, for methods that know several.
        report: Called with (rows done, rows in all).
        **arguments: Further values of the method.

    Raises:
        CatalogError: an unknown method or argument, or a value out of range.
        ShapeError: descriptors do not fit.
        EvaluationError: a descriptor is not finite.
    """
    given: dict[str, object] = {"query": query, "gallery": gallery, "report": report}
    if name == "k_reciprocal":
        given["distance"] = distance
    result: RerankedDistances = build("re-ranking", name, RERANKERS, arguments, **given)
    return result
