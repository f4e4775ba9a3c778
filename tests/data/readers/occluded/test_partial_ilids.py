import pytest

from reidkit.core.types import SplitCounts
from reidkit.data.readers.occluded.partial_ilids import read_partial_ilids


@pytest.mark.parametrize(
    ("query", "gallery"),
    [("query", "gallery"), ("Probe", "Gallery"), ("partial_body_images", "whole_body_images")],
)
@pytest.mark.parametrize("form", ["{:03d}_1.jpg", "{}.jpg"])
def test_partial_ilids_of_each_copy_is_read(tmp_path, write_files, query, gallery, form):
    root = tmp_path / "partial" / "Partial_iLIDS"
    for folder in (query, gallery):
        write_files(root / folder, *(form.format(person) for person in (1, 2, 119)), content=b"")
    splits = read_partial_ilids(tmp_path)
    assert splits.root == root
    assert {sample.path.parent.name for sample in splits.query} == {query}
    assert {sample.path.parent.name for sample in splits.gallery} == {gallery}
    assert {sample.identity for sample in splits.query} == {1, 2, 119}
    assert {sample.identity for sample in splits.gallery} == {1, 2, 119}
    assert {sample.camera for sample in (*splits.query, *splits.gallery)} == {None}
    assert splits.train == ()
    assert splits.published_counts == {"query": SplitCounts(119, 119), "gallery": SplitCounts(119, 119)}
