import pytest

from reidkit.core.errors import CatalogError
from reidkit.data.readers.vehicle.sizes import find_size


def test_size_is_found():
    assert find_size({"small": 1, "large": 2}, "large") == 2


@pytest.mark.parametrize("size", ["huge", "", 800])
def test_unknown_size_is_refused_with_those_that_there_are(size):
    with pytest.raises(
        CatalogError, match=f"size is unknown, got {size!r}. Expected small, medium or large."
    ):
        find_size({"small": 1, "medium": 2, "large": 3}, size)
