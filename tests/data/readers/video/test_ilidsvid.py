import shutil

import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.video.ilidsvid import read_ilidsvid
from tests.data.readers.video.trees import VIDEO

SPLITS = "train-test people splits/train_test_splits_ilidsvid.mat"


@pytest.fixture
def ilids(tmp_path, jpeg):
    return VIDEO["ilidsvid"].write(tmp_path / "data" / "ilids-vid", jpeg)


def rewrite_splits(ilids, rows):
    scipy.io.savemat(ilids / SPLITS, {"ls_set": np.array(rows)})


def facts(samples):
    return [(sample.identity, sample.camera) for sample in samples]


def test_first_half_of_the_columns_is_tested_and_the_second_learned_from(ilids):
    # Row 0 is 1 2 3 4: positions among the people 1, 2, 13, 15.
    splits = read_ilidsvid(ilids)
    assert facts(splits.query) == [(1, 1), (2, 1)]
    assert facts(splits.gallery) == [(1, 2), (2, 2)]
    assert facts(splits.train) == [(13, 1), (13, 2), (15, 1), (15, 2)]
    assert splits.protocol == "market1501"


def test_each_split_is_its_row(ilids):
    # Row 1 is 4 1 2 3.
    splits = read_ilidsvid(ilids, split=1)
    assert facts(splits.query) == [(1, 1), (15, 1)]
    assert facts(splits.train) == [(2, 1), (2, 2), (13, 1), (13, 2)]
    for split in range(10):
        parts = read_ilidsvid(ilids, split=split)
        tested, learned = ({s.identity for s in part} for part in (parts.query, parts.train))
        assert tested == {sample.identity for sample in parts.gallery}
        assert tested | learned == {1, 2, 13, 15}
        assert not tested & learned


def test_published_counts_are_those_of_300_people(ilids):
    assert read_ilidsvid(ilids).published_counts == {
        "train": SplitCounts(150, 300, 2),
        "query": SplitCounts(150, 150, 1),
        "gallery": SplitCounts(150, 150, 1),
    }


def test_frames_are_sorted_by_number(ilids, write_files):
    folder = ilids / "i-LIDS-VID/sequences/cam1/person001"
    write_files(folder, "cam1_person001_1000.png", "cam1_person001_99.png")
    assert [frame.name for frame in read_ilidsvid(ilids).query[0].frames] == [
        "cam1_person001_99.png", "cam1_person001_00317.png", "cam1_person001_00318.png",
        "cam1_person001_1000.png",
    ]  # fmt: skip


def test_splits_of_another_number_of_people_are_refused(ilids):
    rewrite_splits(ilids, np.tile(np.arange(1, 301), (10, 1)))
    with pytest.raises(DatasetError, match=r"do not fit the data, got 10 rows of 300 in .* for 4 people"):
        read_ilidsvid(ilids)


def test_splits_of_another_number_of_rows_are_refused(ilids):
    rewrite_splits(ilids, np.tile(np.arange(1, 5), (9, 1)))
    with pytest.raises(DatasetError, match="got 9 rows of 4"):
        read_ilidsvid(ilids)


@pytest.mark.parametrize("row", [[1, 2, 3, 3], [0, 1, 2, 3], [1, 2, 3, 5]])
def test_split_that_does_not_name_everybody_once_is_refused(ilids, row):
    rewrite_splits(ilids, [row] * 10)
    with pytest.raises(DatasetError, match=r"Split 4 of iLIDS-VID has a wrong form, got .*from 1 to 4 once"):
        read_ilidsvid(ilids, split=4)


def test_person_of_one_camera_only_is_refused_since_positions_would_shift(ilids):
    shutil.rmtree(ilids / "i-LIDS-VID/sequences/cam2/person002")
    with pytest.raises(DatasetError, match="incomplete, got 1 person with frames of one camera only: 2"):
        read_ilidsvid(ilids)


def test_folder_that_is_no_persons_is_left_out_with_a_note(ilids, write_files):
    write_files(ilids / "i-LIDS-VID/sequences/cam1/backup", "a.png")
    splits = read_ilidsvid(ilids)
    assert len(splits.train) == 4
    assert splits.notes == ("cam1/: 1 folder left out, no person's: backup.",)


def test_empty_person_is_refused_and_camera_without_people_too(ilids):
    for camera in ("cam1", "cam2"):
        for image in (ilids / "i-LIDS-VID/sequences" / camera / "person013").iterdir():
            image.unlink()
    with pytest.raises(DatasetError, match="for 3 people"):
        read_ilidsvid(ilids)
    shutil.rmtree(ilids / "i-LIDS-VID/sequences/cam2")
    (ilids / "i-LIDS-VID/sequences/cam2").mkdir()
    with pytest.raises(DatasetError, match=r"iLIDS-VID has no tracklet in .*cam2, got nothing"):
        read_ilidsvid(ilids)


def test_web_page_in_place_of_the_splits_is_refused(ilids):
    (ilids / SPLITS).write_text("<html>Sign in</html>")
    with pytest.raises(
        DatasetError, match=r"iLIDS-VID is an HTML page, got .*train_test_splits_ilidsvid\.mat"
    ):
        read_ilidsvid(ilids)


def test_missing_splits_are_named(ilids):
    (ilids / SPLITS).unlink()
    with pytest.raises(
        DatasetError, match=r"holds i-LIDS-VID/ .*but not train-test people splits/train_test"
    ):
        read_ilidsvid(ilids)


def test_data_is_found_in_the_places_where_people_have_it(ilids):
    usual = read_ilidsvid(ilids)
    assert read_ilidsvid(ilids / "i-LIDS-VID").train == usual.train
    assert read_ilidsvid(ilids.parent).root == ilids
    (ilids / "train-test people splits").rename(ilids / "i-LIDS-VID" / "train-test people splits")
    assert read_ilidsvid(ilids / "i-LIDS-VID").train == usual.train
    (ilids / "i-LIDS-VID" / SPLITS).rename(ilids / "i-LIDS-VID" / "train_test_splits_ilidsvid.mat")
    assert read_ilidsvid(ilids).train == usual.train
