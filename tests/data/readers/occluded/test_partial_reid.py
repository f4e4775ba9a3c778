import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.query_checks import find_unmatched
from reidkit.data.readers.occluded.partial_reid import read_partial_reid
from reidkit.metrics.protocols import find_protocol


@pytest.fixture
def partial_reid(tmp_path, write_files):
    root = tmp_path / "Partial-REID_Dataset"
    for folder in ("partial_body_images", "occluded_body_images", "whole_body_images"):
        names = [f"{person:03d}_{image:03d}.jpg" for person in (1, 60) for image in range(1, 6)]
        write_files(root / folder, *names, content=b"")
    return root


def test_partial_reid_searches_parts_among_the_whole(partial_reid):
    splits = read_partial_reid(partial_reid)
    assert {sample.path.parent.name for sample in splits.query} == {"partial_body_images"}
    assert {sample.path.parent.name for sample in splits.gallery} == {"whole_body_images"}
    assert [sample.identity for sample in splits.query] == [1] * 5 + [60] * 5
    assert (splits.train, len(splits.gallery), splits.notes) == ((), 10, ())


def test_partial_reid_count_of_the_images_drops_no_match(partial_reid):
    """Taken for a camera, the 2 of 001_002 would drop the whole image 001_002: here all five count."""
    splits = read_partial_reid(partial_reid)
    only = tuple(sample for sample in splits.gallery if sample.path.name == "001_002.jpg")
    query = tuple(sample for sample in splits.query if sample.path.name == "001_002.jpg")
    assert find_unmatched(query, only, find_protocol(splits.protocol)).unmatched == 0


def test_partial_reid_searches_the_occluded_where_asked_for(partial_reid):
    splits = read_partial_reid(partial_reid, occluded_queries=True)
    assert {sample.path.parent.name for sample in splits.query} == {"occluded_body_images"}
    assert {sample.path.parent.name for sample in splits.gallery} == {"whole_body_images"}
    assert set(splits.published_counts) == {"gallery"}
    assert splits.notes == (
        "Queries are the images of occluded_body_images/: compare scores with those of the same ones only.",
    )


def test_partial_reid_published_counts(partial_reid):
    counts = read_partial_reid(partial_reid).published_counts
    assert counts == {"query": SplitCounts(60, 5 * 60), "gallery": SplitCounts(60, 5 * 60)}


@pytest.mark.parametrize(("options", "absent"), [({}, "partial"), ({"occluded_queries": True}, "occluded")])
def test_partial_reid_without_its_queries_says_so(partial_reid, options, absent):
    (partial_reid / f"{absent}_body_images").rename(partial_reid / "elsewhere")
    with pytest.raises(DatasetError, match=f"holds whole_body_images/, but not {absent}_body_images/"):
        read_partial_reid(partial_reid, **options)


def test_partial_reid_is_found_beside_occluded_reid(partial_reid, write_files):
    for folder in ("occluded_body_images", "whole_body_images"):
        write_files(partial_reid.parent / "Occluded_REID" / folder, "001/001_01.tif", content=b"")
    assert read_partial_reid(partial_reid.parent, occluded_queries=True).root == partial_reid
