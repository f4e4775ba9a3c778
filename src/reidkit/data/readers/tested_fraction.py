"""How many identities are tested where the data itself does not say."""

from reidkit.core.errors import CatalogError


def check_test_fraction(test_fraction: float) -> None:
    """Refuse what is no part of a whole.

    Raises:
        CatalogError: ``test_fraction`` is no number in [0, 1].
    """
    if not isinstance(test_fraction, int | float) or not 0 <= test_fraction <= 1:
        raise CatalogError(f"test_fraction is out of range, got {test_fraction}. Expected 0 to 1.")


def count_tested(total: int, test_fraction: float) -> int:
    """Return how many of so many identities (or sequences) are tested.

    Between 0 and 1 both sides get at least one, if there are two.

    Example:
        >>> count_tested(10, 0.5), count_tested(10, 0.01), count_tested(10, 0)
        (5, 1, 0)
    """
    count = round(test_fraction * total)
    if 0 < test_fraction < 1 and total > 1:
        return min(max(count, 1), total - 1)
    return count
