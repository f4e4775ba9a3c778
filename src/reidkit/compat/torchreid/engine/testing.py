"""What an engine of Torchreid's makes of descriptors: scores, and pictures of rank lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from reidkit.compat.torchreid.data.dataset import Item, samples_of
from reidkit.compat.torchreid.metrics import protocol_of
from reidkit.core.distance import normalize
from reidkit.core.types import Protocol
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks
from reidkit.metrics.labels import Labels
from reidkit.metrics.rank_lists import rank_lists
from reidkit.metrics.ranking import rank_blocks
from reidkit.metrics.reranking.k_reciprocal import k_reciprocal
from reidkit.metrics.scores import RetrievalScores
from reidkit.vis.rank_list import write_rank_lists

Collected = tuple[Tensor, list[int], list[int]]
"""Descriptors (N, D), identities and cameras."""


@dataclass(frozen=True)
class TestResult:
    """A test, and what it was computed from.

    Args:
        scores: With one row per query.
        query: Descriptors (Q, D).
        gallery: Descriptors (G, D).
        labels: Of queries and gallery.
        protocol: How the ranking was judged.
        blocks: What the gallery was ranked by.
    """

    __test__ = False  # no test of pytest's

    scores: RetrievalScores
    query: Tensor
    gallery: Tensor
    labels: tuple[Labels, Labels]
    protocol: Protocol
    blocks: KeyBlocks


def judge(
    query: Collected,
    gallery: Collected,
    *,
    dist_metric: str,
    normalize_feature: bool,
    use_metric_cuhk03: bool,
    rerank: bool,
) -> TestResult:
    """Rank the gallery for each query, exactly and without a matrix of all distances.

    Raises:
        CatalogError: an unknown distance.
        EvaluationError: no query has a match, or descriptors are not finite.
    """
    protocol = protocol_of(use_metric_cuhk03, dist_metric)
    sides = [normalize(side[0]) if normalize_feature else side[0] for side in (query, gallery)]
    labels = Labels(query[1], query[2]), Labels(gallery[1], gallery[2])
    blocks: KeyBlocks = DescriptorBlocks(sides[0], sides[1], protocol.distance)
    if rerank:
        # What Torchreid calls Euclidean is the squared distance.
        distance = "cosine" if protocol.distance == "cosine" else "squared-euclidean"
        blocks = k_reciprocal(sides[0], sides[1], distance=distance)  # type: ignore[arg-type]
    scores = rank_blocks(blocks, *labels, protocol)
    return TestResult(scores, sides[0], sides[1], labels, protocol, blocks)


def write_pictures(
    result: TestResult, query: Sequence[Item], gallery: Sequence[Item], folder: Path, length: int
) -> list[Path]:
    """Draw the rank list of every query into a folder."""
    queries, images = samples_of(query), samples_of(gallery)
    lists = rank_lists(
        range(len(queries)),
        result.query,
        result.gallery,
        *result.labels,
        result.protocol,
        length=length,
        blocks=result.blocks,
    )
    return write_rank_lists(lists, queries, images, folder)
