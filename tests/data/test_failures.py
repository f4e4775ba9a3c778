import pytest

from reidkit.core.errors import CatalogError
from reidkit.data.failures import check_policy


def test_known_policies_pass():
    for policy in ("error", "skip"):
        check_policy(policy)


def test_unknown_policy_is_refused():
    with pytest.raises(
        CatalogError,
        match=r"Policy for unreadable images is unknown, got 'Skip'. Expected one of: error, skip",
    ):
        check_policy("Skip")
