import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.retrieval.cub200 import read_cub200
from tests.data.readers.retrieval.trees import RETRIEVAL


@pytest.fixture
def cub(tmp_path, jpeg):
    return RETRIEVAL["cub200"].write(tmp_path / "CUB_200_2011", jpeg)


def test_cub_learns_from_the_first_hundred_species_and_searches_the_others_leave_one_out(cub):
    splits = read_cub200(cub)
    assert [s.identity for s in splits.train] == [1, 100]
    assert [s.identity for s in splits.query] == [101, 101, 200]
    assert splits.gallery == splits.query
    assert splits.protocol == "no-camera"
    assert splits.query[0].attributes == {"name": "White_Pelican"}


def test_cub_published_counts(cub):
    test = SplitCounts(100, 5924)
    counts = {"train": SplitCounts(100, 5864), "query": test, "gallery": test}
    assert read_cub200(cub).published_counts == counts


def test_cub_other_files_are_counted(cub, write_files):
    write_files(cub / "images", "stray.jpg", "new/bird.jpg", "101.White_Pelican/notes.txt")
    splits = read_cub200(cub)
    assert len(splits.query) == 3
    assert splits.notes == (
        "images/: 3 files left out, no images in a folder named <class>.<name>: stray.jpg, "
        "101.White_Pelican/notes.txt, new/bird.jpg.",
    )


def test_cub_is_found_without_its_list_and_from_its_images(cub):
    (cub / "images.txt").unlink()
    assert read_cub200(cub).root == cub
    assert read_cub200(cub / "images").root == cub


def test_cub_with_one_half_only_is_refused(tmp_path, write_files):
    write_files(tmp_path, "images/001.Black_footed_Albatross/1.jpg")
    with pytest.raises(DatasetError, match="got 1 images of the classes up to 100 and 0 of the later ones"):
        read_cub200(tmp_path)
