import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.attribute.market1501_attribute import read_market1501_attribute
from reidkit.data.readers.person.market1501 import read_market1501
from tests.data.readers.attribute.trees import ATTRIBUTE


@pytest.fixture
def market(tmp_path, jpeg):
    return ATTRIBUTE["market1501_attribute"].write(tmp_path / "Market-1501-v15.09.15", jpeg)


def test_market_attribute_adds_attributes_and_changes_nothing_else(market):
    splits, base = read_market1501_attribute(market), read_market1501(market)
    for samples, plain in zip(splits.by_split().values(), base.by_split().values(), strict=True):
        facts = [(s.frames, s.identity, s.camera) for s in samples]
        assert facts == [(s.frames, s.identity, s.camera) for s in plain]
    assert splits.published_counts == base.published_counts
    assert splits.name == "market1501_attribute"


def test_market_attribute_train_and_test_have_their_own_tables(market):
    splits = read_market1501_attribute(market)
    assert [dict(s.attributes) for s in splits.train] == [
        {"age": 2, "hat": 1, "upred": 2},
        {"age": 4, "hat": 1, "upred": 1},
    ]
    assert [dict(s.attributes) for s in splits.query] == [{"age": 3, "hat": 2, "upred": 1}]


def test_market_background_has_no_attributes_and_is_noted(market):
    splits = read_market1501_attribute(market)
    assert [(s.identity, len(s.attributes)) for s in splits.gallery] == [(0, 0), (1, 3)]
    assert splits.notes == (
        "bounding_box_test/: 1 junk image of identity -1 left out.",
        "market_attribute.mat: 1 identity of the test images not in it, without attributes: 0.",
    )


@pytest.mark.parametrize("place", [".", "Market-1501_Attribute"])
def test_market_attribute_file_may_lie_elsewhere(market, place):
    (market / place).mkdir(exist_ok=True)
    (market / "attribute" / "market_attribute.mat").rename(market / place / "market_attribute.mat")
    assert read_market1501_attribute(market).train[0].attributes["age"] == 2


def test_market_without_the_attribute_file_says_so(market):
    (market / "attribute" / "market_attribute.mat").unlink()
    with pytest.raises(DatasetError, match=r"but not market_attribute\.mat"):
        read_market1501_attribute(market)


def test_market_attribute_page_of_html_is_called_one(market):
    (market / "attribute" / "market_attribute.mat").write_text("<!doctype html><html>GitHub</html>")
    with pytest.raises(DatasetError, match="MATLAB file of Market-1501-attribute is an HTML page"):
        read_market1501_attribute(market)
