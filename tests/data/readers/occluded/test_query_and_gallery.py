import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout
from reidkit.data.readers.occluded.query_and_gallery import read_identity_images, read_query_and_gallery

LAYOUT = Layout(title="Zoo", alternatives=(("query/", "gallery/"),))
ZOO = Benchmark(
    name="zoo",
    title="Zoo",
    kind="animal",
    reference="Keeper, 2000",
    how_to_obtain="How to obtain it: ask.",
    terms="Free.",
    protocol="no-camera",
)


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("001_001.jpg", 1),
        ("12.jpg", 12),
        ("200_05.tif", 200),
        ("7_.png", 7),
        ("0009_c1_f12.JPG", 9),
        ("001_1.5.jpg", None),
        ("a1_1.jpg", None),
        ("-1_1.jpg", None),
        ("1-1.jpg", None),
    ],
)
def test_identity_is_the_number_that_a_name_begins_with(tmp_path, write_files, name, identity):
    write_files(tmp_path, name, "500_1.jpg", content=b"")
    samples, notes = read_identity_images(LAYOUT, tmp_path)
    found = {sample.path.name: sample.identity for sample in samples}
    assert found == ({"500_1.jpg": 500} if identity is None else {"500_1.jpg": 500, name: identity})
    assert {sample.camera for sample in samples} == {None}
    assert len(notes) == (identity is None)


def test_images_below_folders_of_people_are_read_in_the_order_of_their_paths(tmp_path, write_files):
    write_files(tmp_path, "010/010_1.tif", "002/002_2.tif", "002/002_1.tif", "011_1.tif", content=b"")
    samples, notes = read_identity_images(LAYOUT, tmp_path)
    assert [sample.path.relative_to(tmp_path).as_posix() for sample in samples] == [
        *("002/002_1.tif", "002/002_2.tif", "010/010_1.tif", "011_1.tif"),
    ]
    assert notes == ()


def test_folders_between_say_nothing_of_the_identity(tmp_path, write_files):
    write_files(tmp_path / "77", "5/003_1.jpg", content=b"")
    ((sample,), _) = read_identity_images(LAYOUT, tmp_path / "77")
    assert sample.identity == 3


def test_files_left_out_are_counted(tmp_path, write_files):
    write_files(tmp_path, "001/001_1.jpg", "001/me.jpg", "001/list.txt", "001/Thumbs.db", content=b"")
    _, notes = read_identity_images(LAYOUT, tmp_path)
    assert len(notes) == 2
    assert notes[0].endswith("not named <identity>_<image>.jpg (or another image format): 001/me.jpg.")
    assert notes[1].endswith("no images: 001/list.txt.")


def test_folder_without_such_images_is_refused(tmp_path, write_files):
    write_files(tmp_path, "a.jpg", "b.mat", content=b"")
    with pytest.raises(DatasetError, match=r"Zoo has no image in .* among 2 files: 1 '\.jpg' such as a\.jpg"):
        read_identity_images(LAYOUT, tmp_path)


def test_first_pair_of_folders_counts_and_a_half_pair_never(tmp_path, write_files):
    write_files(tmp_path, "probe/1_1.jpg", "query/2_1.jpg", "gallery/2_2.jpg", "test/1_2.jpg", content=b"")
    pairs = (("probe", "train"), ("query", "gallery"), ("probe", "test"))
    splits = read_query_and_gallery(ZOO, tmp_path, pairs, name_hint="zoo", notes=("Hello.",))
    assert [sample.path.name for sample in splits.query] == ["2_1.jpg"]
    assert [sample.path.name for sample in splits.gallery] == ["2_2.jpg"]
    assert splits.train == ()
    assert splits.notes == ("Hello.",)
