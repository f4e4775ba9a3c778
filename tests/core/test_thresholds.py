import pytest

from reidkit.core.thresholds import judge_by_thresholds
from reidkit.core.types import Threshold

STRICT, LOOSE = Threshold(0.1, 0.001, 0.6), Threshold(0.4, 0.01, 0.9)


@pytest.mark.parametrize(
    ("distance", "verdict", "threshold"),
    [(0.1, "same", STRICT), (0.1001, "unsure", LOOSE), (0.4, "unsure", LOOSE), (0.41, "new", None)],
)
def test_a_threshold_holds_its_own_distance(distance: float, verdict: str, threshold: Threshold | None):
    for thresholds in ([STRICT, LOOSE], [LOOSE, STRICT]):
        assert judge_by_thresholds(distance, thresholds) == (verdict, threshold)


def test_no_thresholds_give_no_verdict():
    assert judge_by_thresholds(0.1, []) == (None, None)
