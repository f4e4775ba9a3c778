import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.occluded.occluded_reid import read_occluded_reid


@pytest.fixture
def occluded_reid(tmp_path, write_files):
    root = tmp_path / "Occluded_REID"
    for folder in ("occluded_body_images", "whole_body_images"):
        names = [f"{person:03d}/{person:03d}_{image:02d}.tif" for person in (1, 200) for image in range(1, 6)]
        write_files(root / folder, *names, content=b"")
    return root


def test_occluded_reid_of_its_authors_has_a_folder_per_person(occluded_reid):
    splits = read_occluded_reid(occluded_reid)
    assert [sample.identity for sample in splits.query] == [1] * 5 + [200] * 5
    assert {sample.path.parents[1].name for sample in splits.query} == {"occluded_body_images"}
    assert {sample.path.parents[1].name for sample in splits.gallery} == {"whole_body_images"}
    assert (splits.train, splits.notes, splits.protocol) == ((), (), "no-camera")


def test_occluded_reid_of_fastreid_is_flat(tmp_path, write_files):
    root = tmp_path / "OccludedREID"
    write_files(root, "query/001_01.jpg", "query/200_05.jpg", "gallery/001_01.jpg", content=b"")
    splits = read_occluded_reid(tmp_path)
    assert splits.root == root
    assert [sample.identity for sample in splits.query] == [1, 200]
    assert [sample.identity for sample in splits.gallery] == [1]


def test_occluded_reid_published_counts(occluded_reid):
    counts = read_occluded_reid(occluded_reid).published_counts
    assert counts == {"query": SplitCounts(200, 5 * 200), "gallery": SplitCounts(200, 5 * 200)}


def test_occluded_reid_without_the_whole_images_says_so(occluded_reid):
    (occluded_reid / "whole_body_images").rename(occluded_reid / "whole")
    with pytest.raises(DatasetError, match="holds occluded_body_images/, but not whole_body_images/"):
        read_occluded_reid(occluded_reid)


def test_occluded_reid_is_found_beside_partial_reid(occluded_reid, write_files):
    for folder in ("occluded_body_images", "whole_body_images"):
        write_files(occluded_reid.parent / "Partial_REID" / folder, "001_001.jpg", content=b"")
    assert read_occluded_reid(occluded_reid.parent).root == occluded_reid
