import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.person.market1501 import read_market1501

TRAIN = ("0002_c1s1_000451_03.jpg", "0002_c2s1_000301_01.jpg", "0007_c3s3_077419_03.jpg")
QUERY = ("0001_c1s1_001051_00.jpg",)
GALLERY = (
    "-1_c1s1_000401_03.jpg",
    "-1_c3s2_000401_00.jpg",
    "0000_c1s1_000151_01.jpg",
    "0001_c2s1_000301_00.jpg",
    "0001_c6s4_108527_02.jpg.jpg",
)


@pytest.fixture
def market(tmp_path, write_files):
    root = tmp_path / "exp-7_c9" / "market1501" / "Market-1501-v15.09.15"
    write_files(root / "bounding_box_train", *TRAIN, "Thumbs.db", content=b"")
    write_files(root / "query", *QUERY, content=b"")
    write_files(root / "bounding_box_test", *GALLERY, "Thumbs.db", content=b"")
    write_files(root / "gt_bbox", "0001_c1s1_001051_00.jpg", content=b"")
    write_files(root, "readme.txt", content=b"")
    return root


def test_market_gives_identity_and_camera_of_each_name(market):
    splits = read_market1501(market)
    assert [(sample.identity, sample.camera) for sample in splits.train] == [(2, 1), (2, 2), (7, 3)]
    assert [(sample.path.name, sample.identity, sample.camera) for sample in splits.query] == [
        (QUERY[0], 1, 1)
    ]
    assert splits.protocol == "market1501"
    assert splits.name == "market1501"
    assert splits.root == market


def test_market_gives_the_hand_drawn_boxes_of_each_querys_camera(market, write_files):
    other = ("0001_c2s1_000301_00.jpg", "0002_c1s1_000451_00.jpg")  # another camera, another person
    write_files(market / "gt_bbox", "0001_c1s1_001076_00.jpg", *other, "readme.txt", content=b"")
    support = read_market1501(market).query_support
    assert [sample.path.name for sample in support] == ["0001_c1s1_001051_00.jpg", "0001_c1s1_001076_00.jpg"]
    assert {(sample.identity, sample.camera) for sample in support} == {(1, 1)}


def test_market_leaves_junk_out_and_keeps_distractors(market):
    splits = read_market1501(market)
    assert [(sample.identity, sample.camera) for sample in splits.gallery] == [(0, 1), (1, 2), (1, 6)]
    assert splits.notes == ("bounding_box_test/: 2 junk images of identity -1 left out.",)


def test_market_junk_is_left_out_of_every_split(market, write_files):
    write_files(market / "query", "-1_c1s1_000001_00.jpg")
    write_files(market / "bounding_box_train", "-1_c1s1_000001_00.jpg")
    splits = read_market1501(market)
    assert {sample.identity for sample in (*splits.train, *splits.query, *splits.gallery)} == {0, 1, 2, 7}


def test_market_two_digit_camera_is_not_mistaken(market, write_files):
    write_files(market / "query", "0003_c12s1_000001_00.jpg")
    splits = read_market1501(market)
    assert len(splits.query) == 1
    assert "1 file left out, not named <identity>_c<camera>s" in splits.notes[0]


def test_market_published_counts_are_those_of_the_paper(market):
    assert read_market1501(market).published_counts == {
        "train": SplitCounts(751, 12936, 6),
        "query": SplitCounts(750, 3368, 6),
        "gallery": SplitCounts(751, 15913, 6),
    }


@pytest.mark.parametrize("level", [1, 2])
def test_market_is_found_below(market, level):
    splits = read_market1501(market.parents[level - 1])
    assert splits.root == market
    assert "found below" in splits.notes[0]


def test_market_is_found_beside_a_like_named_data_set(market, write_files):
    other = market.parents[1] / "DukeMTMC-reID"
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        write_files(other / folder, "0005_c2_f0046985.jpg", content=b"")
    assert read_market1501(market.parents[1]).root == market


def test_market_is_found_from_one_of_its_folders(market):
    assert read_market1501(market / "query").root == market


def test_market_of_another_data_set_is_refused(tmp_path, write_files):
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        write_files(tmp_path / folder, "0005_c2_f0046985.jpg", content=b"")
    with pytest.raises(
        DatasetError, match=r"got 0 files named .* among 1 file: 1 '\.jpg' such as 0005_c2_f0046985"
    ):
        read_market1501(tmp_path)


def test_market_not_found_says_where_to_get_it(tmp_path):
    with pytest.raises(
        DatasetError,
        match=r"Market-1501 not found under .* Expected: bounding_box_train/, query/ and bounding_box_test/\."
        r" Found: nothing\. How to obtain it: .*Market-1501-v15\.09\.15\.zip",
    ):
        read_market1501(tmp_path)


def test_market_distractors_join_the_gallery(market, write_files):
    write_files(market / "images", "0000_c4s1_000001_00.jpg", "distractor_17.jpg", content=b"")
    splits = read_market1501(market, distractors_500k=True)
    assert [(sample.identity, sample.camera) for sample in splits.gallery[-2:]] == [(0, 4), (0, None)]
    assert len(splits.gallery) == 5
    assert "gallery" not in splits.published_counts
    assert splits.notes[-1] == "images/: 2 distractors in the gallery, as identity 0."


def test_market_distractors_are_not_read_unasked(market, write_files):
    write_files(market / "images", "distractor_17.jpg", content=b"")
    assert len(read_market1501(market).gallery) == 3


def test_market_without_distractors_is_refused_when_asked_for(market):
    with pytest.raises(
        DatasetError, match="holds bounding_box_train/, query/ and bounding_box_test/, but not images/"
    ):
        read_market1501(market, distractors_500k=True)
    (market / "images").mkdir()
    with pytest.raises(DatasetError, match="no distractors"):
        read_market1501(market, distractors_500k=True)


def test_market_missing_split_is_named(market):
    (market / "query" / QUERY[0]).unlink()
    (market / "query").rmdir()
    with pytest.raises(
        DatasetError, match="holds bounding_box_train/ and bounding_box_test/, but not query/"
    ):
        read_market1501(market)
