"""Graph re-ranking against dense matrices."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError
from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels
from reidkit.metrics.ranking import rank_blocks, rank_gallery
from reidkit.metrics.reranking.catalog import RERANKERS, rerank
from reidkit.metrics.reranking.graph import estimate_graph_bytes, graph


def draw(
    seed: int, num_queries: int = 6, num_gallery: int = 30
) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(5, 6, generator=generator, dtype=torch.float64)
    numbers = torch.randint(5, (num_queries + num_gallery,), generator=generator)
    rows = centres[numbers] + 0.7 * torch.randn(len(numbers), 6, generator=generator, dtype=torch.float64)
    return rows[:num_queries], rows[num_queries:], numbers.tolist()


def naive_graph(
    query: torch.Tensor, gallery: torch.Tensor, k1: int, k2: int, weight: float, rounds: int
) -> np.ndarray:
    rows = torch.nn.functional.normalize(torch.cat([query, gallery]), dim=1)
    similarity = rows @ rows.T
    order = similarity.argsort(dim=1, descending=True)
    lists = torch.zeros_like(similarity)
    for row in range(len(rows)):
        lists[row, order[row, :k1]] = 1
    if k2 == 1 or rounds == 0:
        lists = torch.nn.functional.normalize(lists, dim=1)
    for _ in range(rounds if k2 > 1 else 0):
        lists = lists + lists.T
        passed = torch.zeros_like(lists)
        for row in range(len(rows)):
            for other in order[row, :k2].tolist():
                passed[row] += similarity[row, other].clamp_min(0) ** 2 * lists[other]
        lists = torch.nn.functional.normalize(passed, dim=1)
    count = len(query)
    score = (1 - weight) * lists[:count] @ lists[count:].T + weight * similarity[:count, count:]
    return (1 - score).clamp_min(0).numpy()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    k1=st.integers(1, 40),
    k2=st.integers(1, 7),
    weight=st.sampled_from([0, 0.3, 1]),
    rounds=st.integers(0, 3),
)
def test_it_gives_what_dense_matrices_give(seed: int, k1: int, k2: int, weight: float, rounds: int):
    query, gallery, _ = draw(seed)
    found = graph(query, gallery, k1=k1, k2=k2, distance_weight=weight, rounds=rounds)
    expected = naive_graph(query, gallery, k1, k2, weight, rounds)
    np.testing.assert_allclose(found.matrix(), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", RERANKERS)
def test_every_reranking_betters_clustered_descriptors(name: str):
    query, gallery, identities = draw(3, 30, 150)
    labels = Labels(identities[:30]), Labels(identities[30:])
    protocol = Protocol(name="own", same_camera="keep")
    found = rerank(name, query, gallery, "cosine")
    assert found.description.startswith(f"{name}(")
    plain = rank_gallery(query, gallery, *labels, protocol).mean_ap
    assert rank_blocks(found, *labels, protocol).mean_ap > plain + 0.02


def test_bad_values_and_names_are_refused():
    query, gallery, _ = draw(0)
    with pytest.raises(CatalogError, match=r"^Rounds and power of the graph are out of range, got -1 and 2"):
        graph(query, gallery, rounds=-1)
    with pytest.raises(CatalogError, match=r"^Number of neighbours k2 is too small, got 0"):
        graph(query, gallery, k2=0)
    with pytest.raises(
        CatalogError, match=r"^Unknown re-ranking 'k_reciproal'\. Did you mean 'k_reciprocal'"
    ):
        rerank("k_reciproal", query, gallery, "cosine")
    with pytest.raises(CatalogError, match=r"^Re-ranking 'graph' has no argument 'k3'"):
        rerank("graph", query, gallery, "cosine", k3=1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_what_the_cpu_gives():
    query, gallery, _ = draw(2)
    found = graph(query.cuda(), gallery.cuda()).matrix()
    np.testing.assert_allclose(found, graph(query, gallery).matrix(), rtol=0, atol=1e-9)


def test_estimate_has_two_ends_that_hold_what_was_measured():
    few, many = estimate_graph_bytes(3_368, 15_913, 512)
    assert 471 * 2**20 < few < 2 * 471 * 2**20  # measured on descriptors around centres
    assert few < many
    # 6,000 rows of noise: 577 MB measured.
    assert estimate_graph_bytes(1_000, 5_000, 512)[1] > 577 * 2**20
    assert estimate_graph_bytes(10, 90, 8, rounds=0)[0] == estimate_graph_bytes(10, 90, 8, k2=1)[1]
