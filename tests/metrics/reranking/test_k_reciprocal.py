"""Re-ranking against its definition, written with sets and loops."""

from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, EvaluationError, ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics import neighbours, sparse_rows
from reidkit.metrics.labels import Labels
from reidkit.metrics.ranking import rank_blocks, rank_distances
from reidkit.metrics.reranking import k_reciprocal as module
from reidkit.metrics.reranking.k_reciprocal import estimate_bytes, k_reciprocal


def naive_k_reciprocal(
    query: np.ndarray, gallery: np.ndarray, distance: str, k1: int, k2: int, weight: float
) -> np.ndarray:
    """Return the classic re-ranked distances, with one matrix of all by all and a loop for each step."""
    rows = np.concatenate([query, gallery]).astype(np.float64)
    if distance == "cosine":
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        plain = 1 - unit @ unit.T
    else:
        plain = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    base = plain**4 if distance == "squared-euclidean" else plain**2
    base = base / base.max(axis=1, keepdims=True)
    order = np.argsort(base, axis=1)

    def mutual(row: int, k: int) -> set[int]:
        return {other for other in order[row, : k + 1].tolist() if row in order[other, : k + 1]}

    weights = np.zeros_like(base)
    for row in range(len(rows)):
        own = mutual(row, k1)
        expanded = set(own)
        for other in own:
            more = mutual(other, round(k1 / 2))
            if len(more & own) > 2 / 3 * len(more):
                expanded |= more
        chosen = sorted(expanded)
        weights[row, chosen] = np.exp(-base[row, chosen])
        weights[row] /= weights[row].sum()
    if k2 > 1:
        weights = np.stack([weights[order[row, :k2]].mean(axis=0) for row in range(len(rows))])
    shared = np.minimum(weights[: len(query), None], weights[None, len(query) :]).sum(axis=2)
    return (1 - weight) * (1 - shared / (2 - shared)) + weight * base[: len(query), len(query) :]


def draw(seed: int, num_queries: int = 7, num_gallery: int = 40, dim: int = 6) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(6, dim, generator=generator, dtype=torch.float64)
    numbers = torch.randint(6, (num_queries + num_gallery,), generator=generator)
    rows = centres[numbers] + 0.6 * torch.randn(len(numbers), dim, generator=generator, dtype=torch.float64)
    return rows[:num_queries], rows[num_queries:]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    distance=st.sampled_from(["cosine", "euclidean", "squared-euclidean"]),
    k1=st.integers(1, 30),
    k2=st.integers(1, 9),
    weight=st.sampled_from([0, 0.3, 1]),
    num_gallery=st.integers(1, 40),
)
def test_it_gives_what_its_definition_gives(
    seed: int, distance: str, k1: int, k2: int, weight: float, num_gallery: int
):
    query, gallery = draw(seed, num_gallery=num_gallery)
    found = k_reciprocal(query, gallery, distance=distance, k1=k1, k2=k2, distance_weight=weight)
    expected = naive_k_reciprocal(query.numpy(), gallery.numpy(), distance, k1, k2, weight)
    np.testing.assert_allclose(found.matrix(), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("variant", ["classic", "fastreid"])
@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_small_steps_and_blocks_change_nothing(variant: str, distance: str):
    query, gallery = draw(3)
    options = {"distance": distance, "variant": variant, "k1": 8, "k2": 3}
    whole = k_reciprocal(query, gallery, **options).matrix()
    with (
        mock.patch.object(neighbours, "BLOCK_BYTES", 3 * 47 * 8),
        mock.patch.object(neighbours, "PAIR_BYTES", 5 * 6 * 8),
        mock.patch.object(sparse_rows, "STEP_ENTRIES", 60),
        mock.patch.object(module, "STEP_ROWS", 5),
    ):
        cut = k_reciprocal(query, gallery, **options)
        parts = [cut.keys(slice(0, 2)), cut.keys(slice(2, 7))]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=0, atol=1e-12)


def test_it_ranks_by_blocks_as_by_the_matrix_and_better_than_the_distance():
    query, gallery = draw(5, num_queries=30, num_gallery=120)
    generator = torch.Generator().manual_seed(5)
    torch.randn(6, 6, generator=generator, dtype=torch.float64)
    identities = torch.randint(6, (150,), generator=generator).tolist()
    labels = Labels(identities[:30]), Labels(identities[30:])
    protocol = Protocol(name="own", same_camera="keep", distance="euclidean")
    found = k_reciprocal(query, gallery, distance="euclidean")
    assert found.shape == (30, 120)
    scores = rank_blocks(found, *labels, protocol)
    assert scores.mean_ap == rank_distances(found.matrix(), *labels, protocol).mean_ap
    plain = rank_distances(torch.cdist(query, gallery).numpy(), *labels, protocol)
    assert scores.mean_ap > plain.mean_ap + 0.02


def test_half_precision_is_computed_in_single():
    query, gallery = (rows.half() for rows in draw(1))
    found = k_reciprocal(query, gallery).matrix()
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, k_reciprocal(query.float(), gallery.float()).matrix())


def test_equal_images_are_at_no_distance():
    found = k_reciprocal(torch.ones(2, 3), torch.ones(4, 3), distance="euclidean", k1=9, k2=1).matrix()
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_progress_and_description():
    calls: list[tuple[int, int]] = []
    found = k_reciprocal(*draw(0), report=lambda done, count: calls.append((done, count)))
    assert calls[-1] == (47, 47)
    assert found.description == "k_reciprocal(variant=classic, k1=20, k2=6, distance_weight=0.3)"


def test_estimate_grows_with_the_images_and_is_far_below_the_dense_matrix():
    small, large = estimate_bytes(3_368, 15_913, 512), estimate_bytes(11_659, 82_161, 512)
    assert small < large
    assert small < 4 * 19_281**2
    assert large < 4 * 93_820**2 / 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k1": 0}, r"^Number of neighbours k1 is too small, got 0\. Expected at least 1\.$"),
        ({"k2": 0}, r"^Number of neighbours k2 is too small, got 0"),
        ({"distance_weight": 1.5}, r"^Weight distance_weight is out of range, got 1\.5\. Expected 0 to 1"),
        ({"variant": "best"}, r"^Unknown variant 'best' of k-reciprocal\. Known: classic, fastreid\.$"),
        ({"distance": "manhattan"}, r"^Unknown distance 'manhattan'\. Known: cosine, euclidean, squared"),
    ],
)
def test_values_out_of_range_are_refused(options: dict[str, object], message: str):
    with pytest.raises(CatalogError, match=message):
        k_reciprocal(*draw(0), **options)


def test_descriptors_that_do_not_fit_are_refused():
    query, gallery = draw(0)
    with pytest.raises(ShapeError, match=r"^Query and gallery descriptors differ, got torch\.float64 of dim"):
        k_reciprocal(query, gallery[:, :3])
    with pytest.raises(ShapeError, match=r"^Gallery descriptors have a wrong form"):
        k_reciprocal(query, gallery[:0])
    gallery[4, 0] = torch.nan
    with pytest.raises(EvaluationError, match=r"^Gallery descriptors are not finite in 1 of 40 rows"):
        k_reciprocal(query, gallery)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_what_the_cpu_gives():
    query, gallery = draw(2)
    found = k_reciprocal(query.cuda(), gallery.cuda()).matrix()
    np.testing.assert_allclose(found, k_reciprocal(query, gallery).matrix(), rtol=0, atol=1e-9)
