"""What is done between the model and the ranking: query expansion, then re-ranking."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from reidkit.core.catalog import find
from reidkit.core.types import Protocol, ReportProgress
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks
from reidkit.metrics.expansion import EXPANSIONS, describe_expansion, expand
from reidkit.metrics.reranking.catalog import RERANKERS, rerank
from reidkit.metrics.reranking.k_reciprocal import estimate_bytes


@dataclass(frozen=True)
class PostProcessing:
    """Methods by name, with values that differ from their own; None leaves one out.

    Args:
        expand: Key of `reidkit.metrics.expansion.EXPANSIONS`.
        rerank: Key of `reidkit.metrics.reranking.catalog.RERANKERS`.
        expand_arguments: For the expansion.
        rerank_arguments: For the re-ranking.
    """

    expand: str | None = None
    rerank: str | None = None
    expand_arguments: Mapping[str, Any] = field(default_factory=dict)
    rerank_arguments: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse unknown names before anything long begins.

        Raises:
            CatalogError: there is no such method.
        """
        if self.expand is not None:
            find("expansion", self.expand, EXPANSIONS)
        if self.rerank is not None:
            find("re-ranking", self.rerank, RERANKERS)

    def describe_size(self, num_queries: int, num_gallery: int, dim: int) -> str:
        """Say about how much memory re-ranking will take; empty where none is wanted.

        Args:
            num_queries: Q.
            num_gallery: G.
            dim: Numbers per descriptor.
        """
        if not self.rerank:
            return ""
        megabytes = estimate_bytes(num_queries, num_gallery, dim) / 1e6
        dense = 4e-6 * (num_queries + num_gallery) ** 2
        return (
            f"re-ranking of {num_queries + num_gallery:,} images: about {megabytes:,.0f} MB beside the "
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


NOTHING_AFTER = PostProcessing()
"""Descriptors and distances are ranked as the model gives them."""
