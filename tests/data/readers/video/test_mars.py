import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.video.mars import read_mars
from tests.data.readers.video.trees import MARS_TEST, VIDEO


@pytest.fixture
def mars(tmp_path, jpeg):
    return VIDEO["mars"].write(tmp_path / "data" / "mars", jpeg)


def rewrite_rows(mars, part, rows):
    rows = np.array(rows, np.int32)
    scipy.io.savemat(mars / "info" / f"tracks_{part}_info.mat", {f"track_{part}_info": rows})


def rewrite_queries(mars, rows):
    scipy.io.savemat(mars / "info" / "query_IDX.mat", {"query_IDX": np.array([rows])})


def facts(samples):
    return [(sample.identity, sample.camera, [frame.name for frame in sample.frames]) for sample in samples]


def test_rows_are_counted_from_1_and_include_both_ends(mars):
    assert facts(read_mars(mars).train) == [
        (1, 1, ["0001C1T0001F001.jpg", "0001C1T0001F002.jpg"]),
        (1, 2, ["0001C2T0001F001.jpg", "0001C2T0001F002.jpg", "0001C2T0001F003.jpg"]),
        (3, 1, ["0003C1T0001F001.jpg", "0003C1T0001F002.jpg"]),
    ]


def test_frames_lie_in_the_folder_of_their_identity(mars):
    splits = read_mars(mars)
    assert splits.train[2].path == mars / "bbox_train" / "0003" / "0003C1T0001F001.jpg"
    assert splits.query[0].path == mars / "bbox_test" / "0002" / "0002C1T0001F001.jpg"


def test_distractors_stay_and_junk_and_queries_are_left_out_of_the_gallery(mars):
    splits = read_mars(mars)
    assert [(sample.identity, sample.camera) for sample in splits.query] == [(2, 1)]
    assert [(sample.identity, sample.camera) for sample in splits.gallery] == [(0, 1), (2, 2), (6, 3)]
    assert splits.notes[0] == "bbox_test/: 1 junk tracklet of identity -1 left out."
    assert splits.notes[1].startswith("The gallery leaves the queries out")
    assert splits.published_counts == {
        "train": SplitCounts(625, 8298, 6),
        "query": SplitCounts(626, 1980, 6),
        "gallery": SplitCounts(621, 9330, 6),
    }


def test_queries_join_the_gallery_as_in_the_authors_evaluation(mars):
    splits = read_mars(mars, queries_in_gallery=True)
    assert [sample.identity for sample in splits.gallery] == [0, 2, 2, 6]
    assert splits.query[0] in splits.gallery
    assert splits.published_counts["gallery"] == SplitCounts(635, 9330 + 1980, 6)
    assert splits.published_counts["query"] == SplitCounts(626, 1980, 6)


def test_junk_is_left_out_even_as_a_query_and_needs_no_file(mars):
    rewrite_queries(mars, [1, 3])
    for image in (mars / "bbox_test" / "00-1").iterdir():
        image.unlink()
    assert [sample.identity for sample in read_mars(mars).query] == [2]


def test_queries_keep_the_order_of_the_test(mars):
    rewrite_queries(mars, [5, 3])
    assert [sample.identity for sample in read_mars(mars).query] == [2, 6]


def test_frames_are_sorted_by_number(mars):
    names = mars / "info" / "test_name.txt"
    names.write_text(names.read_text().replace("0006C3T0001F001", "0006C3T0001F1000"))
    (mars / "bbox_test/0006/0006C3T0001F001.jpg").rename(mars / "bbox_test/0006/0006C3T0001F1000.jpg")
    assert facts(read_mars(mars).gallery)[-1] == (6, 3, ["0006C3T0001F002.jpg", "0006C3T0001F1000.jpg"])


def test_missing_frames_are_counted_and_named(mars):
    (mars / "bbox_test/0002/0002C2T0001F002.jpg").unlink()
    with pytest.raises(
        DatasetError,
        match=r"MARS is incomplete, got 1 frame of 7 missing under .*bbox_test: 0002C2T0001F002\.jpg\.",
    ):
        read_mars(mars)


def test_missing_folder_of_a_person_counts_as_missing_frames(mars):
    for image in (mars / "bbox_train" / "0003").iterdir():
        image.unlink()
    (mars / "bbox_train" / "0003").rmdir()
    with pytest.raises(DatasetError, match="MARS is incomplete, got 2 frames of 7 missing"):
        read_mars(mars)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            [1, 2, 2, 1],
            r"Row 1 of .*tracks_train_info\.mat does not fit its frames, got identity 2, camera 1",
        ),
        ([1, 2, 1, 2], "Row 1 of .* got identity 1, camera 2"),
        ([1, 3, 1, 1], "Row 1 of .* got identity 1, camera 1"),  # reaches into the next tracklet
        ([2, 1, 1, 1], "Row 1 of .* for no frame"),
        ([0, 2, 1, 1], r"frames of tracks_train_info.mat are out of range, got 0. Expected 1 to 7"),
        ([1, 8, 1, 1], r"frames of tracks_train_info.mat are out of range, got 8. Expected 1 to 7"),
    ],
)
def test_row_that_does_not_fit_is_refused(mars, row, message):
    rewrite_rows(mars, "train", [row])
    with pytest.raises(DatasetError, match=message):
        read_mars(mars)


def test_list_of_another_width_is_refused(mars):
    rewrite_rows(mars, "test", [[1, 2, 2]])
    with pytest.raises(DatasetError, match=r"wrong list of tracklets, got 3 columns in .*tracks_test_info"):
        read_mars(mars)


@pytest.mark.parametrize("queries", [[0], [6]])
def test_query_that_is_no_row_is_refused(mars, queries):
    rewrite_queries(mars, queries)
    with pytest.raises(DatasetError, match=r"queries of query_IDX.mat are out of range.*Expected 1 to 5"):
        read_mars(mars)


@pytest.mark.parametrize("name", ["train_name.txt", "tracks_test_info.mat", "query_IDX.mat"])
def test_missing_list_is_named(mars, name):
    (mars / "info" / name).unlink()
    with pytest.raises(DatasetError, match=f"MARS cannot be read, got .*{name}"):
        read_mars(mars)


def test_web_pages_in_place_of_lists_are_refused(mars):
    page = "<!DOCTYPE html>\n<html></html>\n"
    (mars / "info" / "query_IDX.mat").write_text(page)
    with pytest.raises(
        DatasetError, match=r"MARS is an HTML page, got .*query_IDX\.mat\. .*MARS-evaluation again"
    ):
        read_mars(mars)
    (mars / "info" / "test_name.txt").write_text(page)
    with pytest.raises(DatasetError, match=r"got '<!DOCTYPE html>' in line 1 of .*test_name\.txt"):
        read_mars(mars)
    (mars / "info" / "test_name.txt").write_text("\n")
    with pytest.raises(DatasetError, match=r"List of MARS is empty, got no line in .*test_name\.txt"):
        read_mars(mars)


def test_lists_with_windows_lines_and_a_mark_in_front_are_read(mars):
    usual = read_mars(mars)
    path = mars / "info" / "test_name.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(MARS_TEST).encode())
    assert read_mars(mars) == usual


@pytest.mark.parametrize("place", ["MARS-evaluation", "MARS-evaluation-master"])
def test_lists_in_the_folder_of_their_repository_are_found(mars, place):
    usual = read_mars(mars)
    (mars / place).mkdir()
    (mars / "info").rename(mars / place / "info")
    assert read_mars(mars) == usual


def test_mars_is_found_from_above_and_from_one_of_its_folders(mars):
    assert read_mars(mars.parents[1]).root == mars
    assert read_mars(mars / "bbox_test").root == mars


def test_mars_without_lists_says_where_to_get_them(mars):
    (mars / "info").rename(mars / "lists")
    with pytest.raises(
        DatasetError, match=r"holds bbox_train/ and bbox_test/, but not info/.*MARS-evaluation beside them"
    ):
        read_mars(mars)
