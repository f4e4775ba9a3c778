import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.video.dukemtmcvidreid import read_dukemtmcvidreid
from tests.data.readers.video.trees import VIDEO


@pytest.fixture
def duke(tmp_path, jpeg):
    return VIDEO["dukemtmcvidreid"].write(tmp_path / "dukemtmc-vidreid" / "DukeMTMC-VideoReID", jpeg)


def facts(samples):
    return [(sample.identity, sample.camera, [frame.name for frame in sample.frames]) for sample in samples]


def test_each_leaf_folder_is_a_tracklet(duke):
    splits = read_dukemtmcvidreid(duke)
    assert facts(splits.train) == [
        (1, 5, ["0001_C5_F0001_X30823.jpg"]),
        (1, 6, ["0001_C6_F0001_X30823.jpg", "0001_C6_F0002_X30831.jpg"]),
    ]
    assert [(sample.identity, sample.camera) for sample in splits.gallery] == [(5, 3), (7140, 2)]


def test_names_of_both_forms_are_read(duke):
    assert facts(read_dukemtmcvidreid(duke).query) == [(5, 2, ["0005C2F0002X46985.jpg"])]


def test_no_frame_is_lost_where_numbers_are_missing(duke, write_files):
    # 4 frames, numbered from 2, with gaps: whoever counts F0001 to F0004 loses two of them.
    names = [f"0007_C1_F{frame:04d}_X{9000 + 8 * frame}.jpg" for frame in (2, 3, 7, 10000)]
    write_files(duke / "train/0007/0001", *names[::-1])
    assert facts(read_dukemtmcvidreid(duke).train)[-1] == (7, 1, names)


def test_frames_are_sorted_by_frame_number_before_time(duke, write_files):
    write_files(duke / "train/0007/0001", "0007_C1_F0001_X200.jpg", "0007_C1_F0002_X90.jpg")
    assert facts(read_dukemtmcvidreid(duke).train)[-1][2] == [
        "0007_C1_F0001_X200.jpg",
        "0007_C1_F0002_X90.jpg",
    ]


def test_published_counts_and_that_it_was_withdrawn(duke):
    splits = read_dukemtmcvidreid(duke)
    assert splits.published_counts == {
        "train": SplitCounts(702, 2196, 8),
        "query": SplitCounts(702, 702, 8),
        "gallery": SplitCounts(1110, 2636, 8),
    }
    assert splits.notes == ("DukeMTMC-VideoReID was withdrawn by its authors; do not use it for new work.",)


@pytest.mark.parametrize("name", ["0001_C5_F0009_X1.jpg", "0002_C6_F0009_X1.jpg"])
def test_tracklet_that_mixes_cameras_or_people_is_refused(duke, write_files, name):
    write_files(duke / "train/0001/2197", name)
    with pytest.raises(DatasetError, match=r"not of one person and camera, got .* in .*0001/2197\."):
        read_dukemtmcvidreid(duke)


def test_tracklet_in_the_folder_of_somebody_else_is_refused(duke, write_files):
    write_files(duke / "gallery/0006/0001", "0005_C3_F0001_X1.jpg")
    with pytest.raises(DatasetError, match="Expected identity 0006 and one camera in every name"):
        read_dukemtmcvidreid(duke)


def test_odd_names_and_empty_folders_are_left_out_with_notes(duke, write_files):
    write_files(duke / "train/0001/2197", "thumb.jpg")
    (duke / "query/0005/0099").mkdir()
    splits = read_dukemtmcvidreid(duke)
    assert len(splits.train[1].frames) == 2
    assert splits.notes[:2] == (
        "train/: 1 file left out, not named <identity>_C<camera>_F<frame>_X<time>.jpg: 0001/2197/thumb.jpg.",
        "query/: 1 folder without frames: 0005/0099.",
    )


def test_split_of_other_names_is_refused(duke):
    for image in (duke / "query").rglob("0*.jpg"):
        image.rename(image.with_name("0005_c2_f0046985.jpg"))
    with pytest.raises(
        DatasetError,
        match=r"no tracklet in .*query, got 0005/; among its images 1 '\.jpg' such as 0005_c2_f0046985",
    ):
        read_dukemtmcvidreid(duke)


def test_images_without_folders_of_people_are_refused(tmp_path, write_files):
    for folder in ("train", "query", "gallery"):
        write_files(tmp_path / folder, "0001_C6_F0001_X30823.jpg")
    with pytest.raises(DatasetError, match=r"no tracklet in .*train, got 0001_C6_F0001_X30823\.jpg; "):
        read_dukemtmcvidreid(tmp_path)


def test_duke_is_found_beside_another_data_set_of_these_folders(duke, write_files):
    for folder in ("train", "query", "gallery"):
        write_files(duke.parents[1] / "own" / "pictures" / folder / "a", "1.jpg")
    assert read_dukemtmcvidreid(duke.parents[1]).root == duke
