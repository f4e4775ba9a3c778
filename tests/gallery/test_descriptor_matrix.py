import numpy as np
import pytest

from reidkit.core.types import DistanceName
from reidkit.gallery.descriptor_matrix import DescriptorMatrix


def normalized(count: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("appended", [0, 1, 12])
def test_nearest_equals_sorting_all_distances(distance: DistanceName, appended: int):
    rows = normalized(1000, 16, 0)
    rows[500:600] = rows[:100]  # ties
    matrix = DescriptorMatrix(16, distance)
    matrix.fill([rows[:300], rows[300 : 1000 - 10 * appended]])
    for start in range(1000 - 10 * appended, 1000, 10):
        matrix.append(rows[start : start + 10])
    assert len(matrix) == 1000
    is_eligible = np.random.default_rng(1).random(1000) < 0.7
    for query in [*normalized(5, 16, 2), rows[3], rows[520]]:
        wide, wanted = rows.astype(np.float64), query.astype(np.float64)
        if distance == "cosine":
            distances = 1 - (wide * wanted).sum(1)
        else:
            distances = np.sqrt(((wide - wanted) ** 2).sum(1))
        for allowed in (None, is_eligible):
            order = np.argsort(distances, kind="stable")
            order = order if allowed is None else order[allowed[order]]
            found, far = matrix.nearest(query, 50, is_eligible=allowed)
            assert found.tolist() == order[:50].tolist()
            np.testing.assert_allclose(far, distances[order[:50]], atol=1e-12)


def test_fewer_rows_than_asked_for_are_all_returned():
    matrix = DescriptorMatrix(4, "cosine")
    matrix.fill([])
    assert matrix.nearest(np.eye(4, dtype=np.float32)[0], 3)[0].tolist() == []
    matrix.append(np.eye(4, dtype=np.float32))
    assert matrix.nearest(np.eye(4, dtype=np.float32)[2], 10)[0].tolist() == [2, 0, 1, 3]
    nothing = np.zeros(4, bool)
    assert matrix.nearest(np.eye(4, dtype=np.float32)[2], 10, is_eligible=nothing)[0].tolist() == []


def test_filling_again_replaces_what_was_there():
    matrix = DescriptorMatrix(2, "euclidean")
    matrix.fill([np.ones((3, 2), np.float32)])
    matrix.fill([np.zeros((1, 2), np.float32)])
    assert len(matrix) == 1
    assert matrix.rows(np.array([0])).tolist() == [[0, 0]]
