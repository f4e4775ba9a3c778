import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.retrieval.sop import read_sop
from tests.data.readers.retrieval.trees import RETRIEVAL


@pytest.fixture
def sop(tmp_path, jpeg):
    return RETRIEVAL["sop"].write(tmp_path / "Stanford_Online_Products", jpeg)


def test_sop_identity_is_the_product_and_not_its_category(sop):
    splits = read_sop(sop)
    assert [(s.identity, dict(s.attributes)) for s in splits.train] == [(1, {"category": "bicycle"})] * 2
    assert [(s.identity, dict(s.attributes)) for s in splits.query] == [(11319, {"category": "toaster"})] * 2
    assert splits.gallery == splits.query


def test_sop_published_counts_add_up(sop):
    counts = read_sop(sop).published_counts
    assert counts["train"] == SplitCounts(11318, 59551)
    assert counts["query"] == counts["gallery"] == SplitCounts(11316, 60502)
    assert counts["train"].images + counts["query"].images == 120053
    assert counts["train"].identities + counts["query"].identities == 22634


def test_sop_absent_image_is_named(sop):
    (sop / "toaster_final" / "400568583264_1.JPG").unlink()
    with pytest.raises(
        DatasetError, match=r"got Ebay_test.txt with 2 images of which 1 .*400568583264_1\.JPG"
    ):
        read_sop(sop)


def test_sop_missing_list_is_named(sop):
    (sop / "Ebay_test.txt").unlink()
    with pytest.raises(DatasetError, match=r"holds Ebay_train.txt, but not Ebay_test.txt"):
        read_sop(sop)
