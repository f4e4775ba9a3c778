import pytest

from reidkit.core.errors import CatalogError
from reidkit.data.readers.tested_fraction import check_test_fraction, count_tested


@pytest.mark.parametrize(
    ("total", "fraction", "tested"),
    [(8, 0, 0), (8, 0.01, 1), (8, 0.25, 2), (8, 0.99, 7), (8, 1, 8), (1, 0.4, 0), (1, 0.6, 1), (0, 0.5, 0)],
)
def test_both_sides_get_one_if_there_are_two(total, fraction, tested):
    assert count_tested(total, fraction) == tested


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan"), "0.5", None])
def test_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(CatalogError, match="test_fraction is out of range, got"):
        check_test_fraction(fraction)
