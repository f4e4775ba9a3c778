"""What is done between the model and the ranking: expansion, then re-ranking, then local matching."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from reidkit.core.catalog import argument_faults, find, near_name
from reidkit.core.errors import CatalogError
from reidkit.core.types import Protocol, ReportProgress
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks
from reidkit.metrics.expansion import EXPANSIONS, describe_expansion, expand
from reidkit.metrics.local_matching import LOCAL_MATCHERS
from reidkit.metrics.reranking.catalog import RERANKERS, rerank
from reidkit.metrics.reranking.graph import estimate_graph_bytes
from reidkit.metrics.reranking.k_reciprocal import estimate_bytes

GIVEN = {
    "expansion": ("query", "gallery", "distance"),
    "re-ranking": ("query", "gallery", "distance", "report"),
}
"""What reidkit gives to a method that takes it."""


@dataclass(frozen=True)
class PostProcessing:
    """Methods by name, with values that differ from their own; None leaves one out.

    Args:
        expand: Key of `reidkit.metrics.expansion.EXPANSIONS`.
        rerank: Key of `reidkit.metrics.reranking.catalog.RERANKERS`.
        expand_arguments: For the expansion.
        rerank_arguments: For the re-ranking.
        local: Key of `reidkit.metrics.local_matching.LOCAL_MATCHERS`.
        local_top: Nearest candidates of a query that are sorted by feature maps too.
        local_weight: Share of the local distance, 0 to 1; chosen beforehand, never on the test set.
    """

    expand: str | None = None
    rerank: str | None = None
    expand_arguments: Mapping[str, Any] = field(default_factory=dict)
    rerank_arguments: Mapping[str, Any] = field(default_factory=dict)
    local: str | None = None
    local_top: int = 100
    local_weight: float = 0.5

    def check(self) -> None:
        """Refuse unknown names and arguments before anything long begins.

        Raises:
            CatalogError: there is no such method, it takes no such argument, or a value is out of range.
        """
        _check_method("expansion", self.expand, EXPANSIONS, self.expand_arguments)
        _check_method("re-ranking", self.rerank, RERANKERS, self.rerank_arguments)
        if self.local is not None and self.local not in LOCAL_MATCHERS:
            raise CatalogError(
                f"Unknown local matching '{self.local}'.{near_name(self.local, LOCAL_MATCHERS)} "
                f"Known: {', '.join(LOCAL_MATCHERS)}."
            )
        if self.local_top < 1 or not 0 <= self.local_weight <= 1:
            raise CatalogError(
                f"Values of local matching are out of range, got {self.local_top} candidates and weight "
                f"{self.local_weight:g}. Expected at least 1 candidate and a weight from 0 to 1."
            )

    def describe_local(self) -> str:
        """Return the local matching with its values, as it is stored with the scores."""
        return f"{self.local}(top={self.local_top}, weight={self.local_weight:g})"

    def describe_size(self, num_queries: int, num_gallery: int, dim: int) -> str:
        """Say about how much memory re-ranking will take; empty where none is wanted.

        Args:
            num_queries: Q.
            num_gallery: G.
            dim: Numbers per descriptor.
        """
        if not self.rerank:
            return ""
        sizes = {key: self.rerank_arguments[key] for key in ("k1", "k2") if key in self.rerank_arguments}
        dense = 4e-6 * (num_queries + num_gallery) ** 2
        if self.rerank == "graph":
            sizes |= {key: self.rerank_arguments[key] for key in ("rounds",) if key in self.rerank_arguments}
            few, many = estimate_graph_bytes(num_queries, num_gallery, dim, **sizes)
            size = f"about {few / 1e6:,.0f} MB, and up to {many / 1e6:,.0f} MB where neighbours share none,"
        else:
            size = f"about {estimate_bytes(num_queries, num_gallery, dim, **sizes) / 1e6:,.0f} MB"
        return (
            f"re-ranking of {num_queries + num_gallery:,} images: {size} beside the "
            f"descriptors (a matrix of all by all would be {dense:,.0f} MB)"
        )

    def apply(
        self, query: Tensor, gallery: Tensor, protocol: Protocol, *, report: ReportProgress | None = None
    ) -> tuple[KeyBlocks | None, Protocol]:
        """Return what the gallery is to be ranked by, and the protocol that names it.

        Args:
            query: (Q, D) float, raw.
            gallery: (G, D) float.
            protocol: Whose distance counts.
            report: Called with (rows done, rows in all) while neighbours are searched.

        Returns:
            None where nothing is done.

        Raises:
            CatalogError: an unknown method or argument, or a value out of range.
            ShapeError: descriptors do not fit.
            EvaluationError: a descriptor is not finite.
        """
        blocks: KeyBlocks | None = None
        done: list[str] = []
        if self.expand:
            query, gallery = expand(self.expand, query, gallery, protocol.distance, **self.expand_arguments)
            blocks = DescriptorBlocks(query, gallery, protocol.distance)
            done.append(describe_expansion(self.expand, **self.expand_arguments))
        if self.rerank:
            reranked = rerank(
                self.rerank, query, gallery, protocol.distance, report=report, **self.rerank_arguments
            )
            blocks = reranked
            done.append(reranked.description)
        return blocks, replace(protocol, post_processing=(*protocol.post_processing, *done))


def _check_method(
    kind: str, name: str | None, catalog: Mapping[str, Callable[..., Any]], arguments: Mapping[str, Any]
) -> None:
    if name is None:
        if arguments:
            raise CatalogError(
                f"Arguments without {kind}, got {', '.join(arguments)}. Expected the name of a method too."
            )
        return
    faults = argument_faults(kind, name, find(kind, name, catalog), arguments, offered=GIVEN[kind])
    if faults:
        raise CatalogError(" ".join(faults))


NOTHING_AFTER = PostProcessing()
"""Descriptors and distances are ranked as the model gives them."""
