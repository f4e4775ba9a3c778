import h5py
import pytest
import scipy.io

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.video.lsvid import read_lsvid
from tests.data.readers.video.trees import VIDEO


@pytest.fixture
def lsvid(tmp_path, jpeg):
    return VIDEO["lsvid"].write(tmp_path / "data" / "LS-VID", jpeg)


def write_list(lsvid, part, *lines):
    (lsvid / "list_sequence" / f"list_seq_{part}.txt").write_text("\n".join(lines))


def facts(samples):
    return [(sample.identity, sample.camera, [frame.name for frame in sample.frames]) for sample in samples]


def test_lines_are_tracklets_and_the_third_part_of_a_name_is_the_camera(lsvid):
    assert facts(read_lsvid(lsvid).train) == [
        (0, 1, ["0000_0001_01_0001.jpg", "0000_0001_01_0002.jpg"]),
        (0, 2, ["0000_0010_02_0001.jpg"]),
    ]


def test_queries_are_lines_of_the_test_counted_from_1(lsvid):
    splits = read_lsvid(lsvid)
    assert facts(splits.query) == [(842, 3, ["0842_0002_03_0007.jpg", "0842_0002_03_0008.jpg"])]
    assert facts(splits.gallery) == [(842, 15, ["0842_0001_15_0007.jpg"])]
    assert splits.published_counts == {"train": SplitCounts(842, 2831)}


def test_queries_join_the_gallery_when_asked_for(lsvid):
    assert len(read_lsvid(lsvid, queries_in_gallery=True).gallery) == 2


@pytest.mark.parametrize("start", ["0000_0001_01_", "0000_0001_01", "0000_0001_"])
def test_start_of_a_name_may_end_anywhere(lsvid, start):
    write_list(lsvid, "train", f"tracklet_train/0000/{start} 0")
    assert facts(read_lsvid(lsvid).train) == [(0, 1, ["0000_0001_01_0001.jpg", "0000_0001_01_0002.jpg"])]


def test_tracklet_1_does_not_take_the_frames_of_tracklet_10(lsvid, write_files):
    write_files(lsvid / "tracklet_train/0003", "0003_1_04_1.jpg", "0003_10_05_1.jpg")
    write_list(lsvid, "train", "/tracklet_train/0003/0003_1 3", "tracklet_train/0003/0003_10 3")
    assert facts(read_lsvid(lsvid).train) == [(3, 4, ["0003_1_04_1.jpg"]), (3, 5, ["0003_10_05_1.jpg"])]


def test_frames_are_sorted_by_number(lsvid, write_files):
    write_files(lsvid / "tracklet_train/0000", "0000_0010_02_10.jpg", "0000_0010_02_9.jpg")
    assert facts(read_lsvid(lsvid).train)[1][2] == [
        "0000_0010_02_0001.jpg", "0000_0010_02_9.jpg", "0000_0010_02_10.jpg",
    ]  # fmt: skip


def test_tracklets_without_frames_are_counted_and_named(lsvid):
    write_list(lsvid, "train", "tracklet_train/0000/0000_0001_01_ 0", "tracklet_train/0009/0009_1_ 9")
    with pytest.raises(
        DatasetError,
        match=r"LS-VID is incomplete, got 1 tracklet of 2 missing under .*: tracklet_train/0009/0009_1_\.",
    ):
        read_lsvid(lsvid)


@pytest.mark.parametrize("name", ["0000_0001_02_0003.jpg", "0000_0001_0003.jpg", "0000_0001_x_0003.jpg"])
def test_tracklet_of_two_cameras_or_other_names_is_refused(lsvid, write_files, name):
    write_files(lsvid / "tracklet_train/0000", name)
    write_list(lsvid, "train", "tracklet_train/0000/0000_0001 0")
    with pytest.raises(DatasetError, match=r"not of one camera, got .* for tracklet_train/0000/0000_0001 of"):
        read_lsvid(lsvid)


@pytest.mark.parametrize("line", ["<!DOCTYPE html>", "tracklet_train/0000/0000_0001_01_", "a b 0", "a x"])
def test_line_that_names_no_tracklet_is_refused(lsvid, line):
    write_list(lsvid, "test", "tracklet_test/0842/0842_0001_15_ 842", line)
    with pytest.raises(DatasetError, match=rf"got '{line}' in line 2 of .*list_seq_test\.txt"):
        read_lsvid(lsvid)


def test_empty_list_is_refused(lsvid):
    write_list(lsvid, "train", "")
    with pytest.raises(DatasetError, match=r"List of LS-VID is empty, got no line in .*list_seq_train\.txt"):
        read_lsvid(lsvid)


def test_query_beyond_the_test_is_refused(lsvid):
    with h5py.File(lsvid / "test/data/info_test.mat", "w") as file:
        file["query"] = [[3.0]]
    with pytest.raises(
        DatasetError, match=r"queries of info_test.mat are out of range, got 3. Expected 1 to 2"
    ):
        read_lsvid(lsvid)


def test_queries_in_an_older_matlab_file_are_read_too(lsvid):
    usual = read_lsvid(lsvid)
    scipy.io.savemat(lsvid / "test/data/info_test.mat", {"query": [[2]]})
    assert read_lsvid(lsvid) == usual


def test_lists_below_info_are_found(lsvid):
    usual = read_lsvid(lsvid)
    (lsvid / "info").mkdir()
    (lsvid / "list_sequence").rename(lsvid / "info" / "list_sequence")
    (lsvid / "test" / "data").rename(lsvid / "info" / "data")
    assert read_lsvid(lsvid) == usual


def test_data_is_found_from_above_and_from_its_lists(lsvid):
    assert read_lsvid(lsvid.parent).root == lsvid
    assert read_lsvid(lsvid / "list_sequence").root == lsvid
