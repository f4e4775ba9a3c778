import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import pairwise

from reidkit.core.distance import normalize, pairwise_distance
from reidkit.core.errors import CatalogError, ShapeError

REFERENCES = {"cosine": pairwise.cosine_distances, "euclidean": pairwise.euclidean_distances}


def draw(rows: int, dim: int, *, seed: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(
        dtype
    )


@pytest.mark.parametrize("distance", REFERENCES)
def test_distance_equals_scikit_learn(distance: str):
    query, gallery = draw(7, 33, seed=0), 5 * draw(9, 33, seed=1)
    expected = REFERENCES[distance](query.numpy(), gallery.numpy())
    assert expected.shape == (7, 9)
    actual = pairwise_distance(query, gallery, distance=distance)
    np.testing.assert_allclose(actual.numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("distance", REFERENCES)
def test_distance_in_float32_is_near_float64(distance: str):
    query, gallery = draw(7, 33, seed=2), draw(9, 33, seed=3)
    actual = pairwise_distance(query.float(), gallery.float(), distance=distance)
    assert actual.dtype == torch.float32
    expected = REFERENCES[distance](query.numpy(), gallery.numpy())
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-5, atol=1e-5)


MATRICES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(1, 5)),
    elements=st.floats(-100, 100, allow_subnormal=False),
)


@settings(deadline=None)
@given(MATRICES)
def test_euclidean_distance_equals_the_sum_over_coordinates(values: np.ndarray):
    actual = pairwise_distance(torch.from_numpy(values), torch.from_numpy(values), distance="euclidean")
    expected = [[sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5 for y in values] for x in values]
    # |a|^2 + |b|^2 - 2ab loses what is below sqrt(eps) of the length: 1e-7 of 100 * sqrt(5).
    np.testing.assert_allclose(actual.numpy(), expected, rtol=0, atol=1e-5)


@settings(deadline=None)
@given(MATRICES, st.sampled_from(["cosine", "euclidean"]), st.sampled_from([torch.float32, torch.float64]))
def test_distance_is_never_negative_nor_nan(values: np.ndarray, distance: str, dtype: torch.dtype):
    rows = torch.from_numpy(values).to(dtype)
    actual = pairwise_distance(rows, rows, distance=distance)
    assert bool((actual >= 0).all())


@pytest.mark.parametrize("distance", REFERENCES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_distance_to_itself_is_near_zero(distance: str, dtype: torch.dtype, scale: float):
    rows = (scale * draw(50, 256, seed=4)).to(dtype)
    own = pairwise_distance(rows, rows, distance=distance).diagonal()
    assert bool((own >= 0).all())
    # A rounding error of a few eps in a square of size |row|^2 is one of sqrt(eps) * |row| in the root.
    eps = torch.finfo(dtype).eps
    bound = 64 * eps if distance == "cosine" else 8 * eps**0.5 * float(rows.norm(dim=1).max())
    assert float(own.max()) <= bound


def test_cosine_distance_of_hand_worked_directions():
    query = torch.tensor([[2.0, 0.0]])
    gallery = torch.tensor([[5.0, 0.0], [0.0, 1.0], [-3.0, 0.0], [3.0, 4.0]])
    # cosines 1, 0, -1 and 3 / 5
    torch.testing.assert_close(pairwise_distance(query, gallery), torch.tensor([[0.0, 1.0, 2.0, 0.4]]))


def test_euclidean_distance_of_a_right_triangle_is_five():
    distances = pairwise_distance(
        torch.tensor([[1.0, 1.0]]), torch.tensor([[4.0, 5.0]]), distance="euclidean"
    )
    assert distances.tolist() == [[5.0]]


def test_cosine_distance_to_a_row_of_zeros_is_one():
    assert pairwise_distance(torch.zeros(1, 2), torch.eye(2)).tolist() == [[1.0, 1.0]]


def test_cosine_distance_does_not_exceed_two():
    rows = draw(2000, 64, seed=0, dtype=torch.float32)
    assert float(pairwise_distance(rows, -rows).max()) <= 2


@pytest.mark.parametrize(
    ("query", "gallery"), [((3,), (3, 2)), ((3, 2), (2,)), ((3, 2), (3, 4)), ((1, 3, 2), (3, 2))]
)
def test_distance_of_shapes_that_do_not_fit_is_refused(query: tuple[int, ...], gallery: tuple[int, ...]):
    message = f"got query {query} and gallery {gallery}. Expected (Q, D) and (G, D)."
    with pytest.raises(ShapeError, match=re.escape(message)):
        pairwise_distance(torch.ones(query), torch.ones(gallery))


def test_distance_of_unknown_name_is_refused():
    with pytest.raises(CatalogError, match=r"'cosin'"):
        pairwise_distance(torch.eye(2), torch.eye(2), distance="cosin")


def test_normalize_gives_unit_rows_in_the_same_direction():
    rows = 7 * draw(5, 4, seed=5)
    expected = rows.numpy() / np.sqrt((rows.numpy() ** 2).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(normalize(rows).numpy(), expected, rtol=0, atol=1e-15)


def test_normalize_keeps_a_row_of_zeros():
    assert normalize(torch.tensor([[0.0, 0.0], [0.0, 2.0]])).tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_normalize_does_not_change_its_input():
    rows = torch.tensor([[3.0, 4.0]])
    normalize(rows)
    assert rows.tolist() == [[3.0, 4.0]]


def test_distances_are_those_of_fastreid():
    stored = np.load(Path(__file__).parents[1] / "golden" / "fastreid" / "distances.npz")
    query, gallery = torch.from_numpy(stored["a"]), torch.from_numpy(stored["b"])
    assert stored["cosine"].shape == (6, 9)
    cosine = pairwise_distance(query, gallery, distance="cosine").numpy()
    np.testing.assert_allclose(cosine, stored["cosine"], atol=1e-5)
    # What it calls Euclidean is squared.
    squared = pairwise_distance(query, gallery, distance="euclidean").square().numpy()
    np.testing.assert_allclose(squared, stored["euclidean"], rtol=1e-5, atol=1e-4)
