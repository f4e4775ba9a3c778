import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.person.cuhksysu import read_cuhksysu


@pytest.fixture
def people(tmp_path, write_files):
    root = tmp_path / "cuhk_sysu"
    write_files(root / "cropped_images", "p10_s3_1.jpg", "p2_s3_1.jpg", "p2_s15_2.jpg", content=b"")
    return root


def test_cuhksysu_is_learned_from_only(people):
    splits = read_cuhksysu(people)
    assert [sample.identity for sample in splits.train] == [10, 2, 2]
    assert {sample.camera for sample in splits.train} == {None}
    assert (splits.query, splits.gallery, splits.protocol) == ((), (), "no-camera")
    assert splits.published_counts == {"train": SplitCounts(11934, 34574, None)}


def test_names_without_a_number_are_read(people, write_files):
    write_files(people / "cropped_images", "p11422_s16929.jpg", content=b"")
    assert {sample.identity for sample in read_cuhksysu(people).train} == {2, 10, 11422}


@pytest.mark.parametrize("given", [".", "..", "cropped_images"])
def test_cuhksysu_is_found_from_around_it(people, given):
    assert read_cuhksysu(people / given).root == people


def test_scenes_that_nobody_cut_are_refused(tmp_path, write_files):
    write_files(tmp_path / "dataset" / "Image" / "SSM", "s1.jpg")
    with pytest.raises(DatasetError, match=r"CUHK-SYSU not found under .* cut the people out"):
        read_cuhksysu(tmp_path)
    write_files(tmp_path / "cropped_images", "s1.jpg")
    with pytest.raises(DatasetError, match="got 0 files named p<identity>_s<scene>"):
        read_cuhksysu(tmp_path)
