import numpy as np

from reidkit.metrics.degenerate import find_degeneracy
from reidkit.metrics.roc import roc_of_distances


def signs(genuine: np.ndarray, impostor: np.ndarray) -> list[str]:
    return find_degeneracy(roc_of_distances(genuine, impostor))


RANDOM = np.random.default_rng(0)
GENUINE, IMPOSTOR = RANDOM.normal(0.6, 0.15, 2000), RANDOM.normal(1, 0.15, 9000)


def test_a_usual_model_has_no_sign():
    assert signs(GENUINE, IMPOSTOR) == []


def test_equal_distances_are_named():
    assert len(signs(np.zeros(9), np.zeros(90))) == 1
    assert "are all equal (about 0)" in signs(np.zeros(9), np.zeros(90))[0]


def test_collapsed_distances_are_named():
    found = signs(1 + 1e-6 * GENUINE, 1 + 1e-6 * IMPOSTOR)
    assert len(found) == 1
    assert "all but collapsed" in found[0]


def test_guessing_and_swapped_labels_are_named():
    guessing = signs(IMPOSTOR[:1000], IMPOSTOR)
    assert len(guessing) == 1
    assert "hardly told apart" in guessing[0]
    swapped = signs(IMPOSTOR, GENUINE)
    assert len(swapped) == 1
    assert "swapped" in swapped[0]


def test_trivially_separable_pairs_are_named():
    found = signs(GENUINE - 5, IMPOSTOR)
    assert len(found) == 1
    assert "All 2000 genuine pairs are nearer than all 9000 impostor pairs" in found[0]
