import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.vehicle.veri776 import read_veri776
from tests.data.readers.vehicle.trees import TRAIN_LABELS, VEHICLE


@pytest.fixture
def veri(tmp_path, jpeg):
    return VEHICLE["veri776"].write(tmp_path / "exp-7_c009" / "VeRi", jpeg)


def facts(samples):
    return [(sample.identity, sample.camera, dict(sample.attributes)) for sample in samples]


def test_veri_gives_three_digit_cameras_and_the_test_folder_as_gallery(veri):
    splits = read_veri776(veri)
    assert [(s.identity, s.camera) for s in splits.train] == [(1, 1), (3, 20)]
    assert [(s.path.parent.name, s.identity, s.camera) for s in splits.query] == [("image_query", 2, 2)]
    assert [(s.path.parent.name, s.identity, s.camera) for s in splits.gallery] == [
        ("image_test", 2, 2),
        ("image_test", 2, 3),
        ("image_test", 5, 17),
    ]


def test_veri_labels_become_words_and_an_unlisted_type_is_left_out(veri):
    assert facts(read_veri776(veri).train) == [
        (1, 1, {"colour": "red", "type": "hatchback"}),
        (3, 20, {"colour": "white"}),
    ]


def test_veri_test_labels_serve_queries_and_gallery_and_the_notes_count_the_unlabelled(veri):
    (veri / "test_label.xml").write_bytes(
        '<?xml version="1.0" encoding="gb2312"?><TestImages Version="车"><Items>'
        '<Item imageName="0002_c002_00030600_0.jpg" colorID="10" typeID="9"/>'
        "</Items></TestImages>".encode("gb2312")
    )
    splits = read_veri776(veri)
    estate = {"colour": "black", "type": "estate"}
    assert facts(splits.query) == [(2, 2, estate)]
    assert facts(splits.gallery) == [(2, 2, estate), (2, 3, {}), (5, 17, {})]
    assert splits.notes == ("test_label.xml: 2 images not in it, without attributes.",)


def test_veri_tracks_are_the_lines_of_their_list(veri):
    assert all("track" not in sample.attributes for sample in read_veri776(veri).gallery)
    (veri / "test_track.txt").write_text(
        "0002_c002_1 0002_c002_00030600_0.jpg\r\n\r\n0002_c003_00084280_0.jpg 0009_c001_00000001_0.jpg \r\n"
    )
    splits = read_veri776(veri)
    tracks = {sample.path.name: sample.attributes.get("track") for sample in splits.gallery}
    assert tracks["0002_c002_00030600_0.jpg"] == 0
    assert sorted(tracks.values(), key=str) == [0, 2, None]
    assert "test_track.txt: 1 image in no track." in splits.notes


def test_veri_list_of_tracks_that_fits_no_image_is_refused(veri):
    (veri / "test_track.txt").write_text("<html>\n")
    with pytest.raises(DatasetError, match=r"^List of tracks of VeRi-776 fits no image, got 1 lines in "):
        read_veri776(veri)


def test_veri_without_labels_has_no_attributes(veri):
    (veri / "train_label.xml").unlink()
    splits = read_veri776(veri)
    assert facts(splits.train) == [(1, 1, {}), (3, 20, {})]
    assert splits.notes == ()


def test_veri_damaged_labels_are_refused(veri):
    (veri / "train_label.xml").write_text(TRAIN_LABELS[:200])
    with pytest.raises(DatasetError, match=r"Label file of VeRi-776 cannot be read, .*Unpack it again"):
        read_veri776(veri)


def test_veri_published_counts(veri):
    assert read_veri776(veri).published_counts == {
        "train": SplitCounts(576, 37778, 20),
        "query": SplitCounts(200, 1678),
        "gallery": SplitCounts(200, 11579),
    }


def test_veri_is_not_taken_for_veri_wild(tmp_path, jpeg):
    VEHICLE["veriwild"].write(tmp_path / "VERI-Wild", jpeg)
    with pytest.raises(DatasetError, match="VeRi-776 not found"):
        read_veri776(tmp_path)
    root = VEHICLE["veri776"].write(tmp_path / "VeRi", jpeg)
    assert read_veri776(tmp_path).root == root
