import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.decoding import decode_image
from reidkit.data.readers.own.motchallenge import read_motchallenge

SIZE = "[Sequence]\nname=x\nimDir=img1\nframeRate=30\nseqLength=3\nimWidth=40\nimHeight=30\nimExt=.jpg\n"


@pytest.fixture
def sequence(tmp_path, write_files):
    def write(name, *rows, frames=(1, 2, 3), information=SIZE, above="mot"):
        folder = tmp_path / above / name
        write_files(folder / "img1", *(f"{frame:06d}.jpg" for frame in frames), content=b"")
        write_files(folder / "gt", "gt.txt", content="\n".join(rows).encode())
        if information:
            (folder / "seqinfo.ini").write_text(information)
        return folder

    return write


def facts(samples):
    return [(sample.identity, sample.attributes["frame"], sample.camera) for sample in samples]


def test_mot_rows_become_boxes_in_full_frames(sequence):
    folder = sequence("MOT-02", "2,7,11,6,10,20,1,1,0.75", "1,7,1,1,40,30,1,1,1")
    splits = read_motchallenge(folder.parent, every=1, test_fraction=0)
    first, second = splits.train
    assert (first.identity, first.camera) == ("MOT-02_7", "MOT-02")
    assert first.frames == (folder / "img1" / "000001.jpg",)
    # Pixels count from 1 there: a box from (1, 1) with the size of the frame is the whole frame.
    assert (first.box, second.box) == ((0, 0, 40, 30), (10, 5, 20, 25))
    assert second.attributes == {"frame": 2, "visibility": 0.75}
    assert (splits.name, splits.root, splits.protocol) == ("mot", folder.parent, "no-camera")


def test_mot_box_cuts_out_the_pixels_of_the_person(sequence):
    folder = sequence("MOT-02", "1,1,4,3,5,6,1,1,1", information="")
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[2:8, 3:8] = 255  # rows 3 to 8 and columns 4 to 8, counted from 1
    Image.fromarray(pixels).save(folder / "img1" / "000001.jpg", format="PNG")
    (sample,) = read_motchallenge(folder.parent).train
    cut = np.asarray(decode_image(sample.path, box=sample.box))
    assert cut.shape == (6, 5, 3)
    assert cut.min() == 255


def test_mot_only_visible_pedestrians_that_are_considered_count(sequence):
    sequence(
        "MOT-02",
        "1,1,1,1,9,9,1,1,0.5",
        "1,2,1,1,9,9,0,1,1",
        "1,3,1,1,9,9,1,7,1",
        "1,4,1,1,9,9,1,1,0.49",
        "1,5,38,1,9,9,1,1,1",
        "1,6,-4,1,9,9,1,1,1",
        "2,1,1,1,9,9,1,1,1",
        "3,1,1,1,9,9,1,1,1",
    )
    root = sequence("MOT-03", "1,1,1,1,9,9,1,1,1").parent
    splits = read_motchallenge(root, every=2, min_visibility=0.5, min_width=4, test_sequences=["MOT-03"])
    # Track 5 has 3 columns inside of 40, track 6 has 4 from column 1 on.
    assert facts(splits.train) == [
        ("MOT-02_1", 1, "MOT-02"),
        ("MOT-02_1", 3, "MOT-02"),
        ("MOT-02_6", 1, "MOT-02"),
    ]
    assert splits.notes[0] == (
        "Left out of 9 boxes: 1 in frames between; 1 not considered; 1 of another class; "
        "1 smaller than 1 x 4 pixels in the frame; 1 visible by less than 0.5."
    )


def test_mot_box_outside_of_the_frame_is_left_out(sequence):
    root = sequence("MOT-02", "1,1,41,1,9,9,1,1,1", "1,2,40,30,9,9,1,1,1").parent
    assert facts(read_motchallenge(root).train) == [("MOT-02_2", 1, "MOT-02")]


def test_mot_every_counts_from_the_first_frame(sequence):
    rows = [f"{frame},1,1,1,9,9,1,1,1" for frame in range(1, 24)]
    root = sequence("MOT-02", *rows, frames=range(1, 24)).parent
    assert [sample.attributes["frame"] for sample in read_motchallenge(root).train] == [1, 11, 21]
    assert len(read_motchallenge(root, every=1).train) == 23


def test_mot_rows_of_ten_numbers_are_pedestrians_in_full_view(sequence):
    root = sequence("PETS09-S2L1", "1,1,1,1,9,9,1,-1,-1,-1", "1,2,1,1,9,9,0,-1,-1,-1", information="").parent
    splits = read_motchallenge(root)
    assert facts(splits.train) == [("PETS09-S2L1_1", 1, "PETS09-S2L1")]
    assert splits.train[0].attributes["visibility"] == 1


def test_mot_identities_are_divided_by_the_seed(sequence):
    root = sequence("A", *(f"{frame},{track},1,1,9,9,1,1,1" for track in range(6) for frame in (1, 2))).parent
    splits = read_motchallenge(root, every=1, test_fraction=0.34)
    trained, tested = ({sample.identity for sample in side} for side in (splits.train, splits.query))
    assert (len(trained), len(tested)) == (4, 2)
    assert not trained & tested
    assert splits.query == splits.gallery
    assert len(splits.query) == 4
    others = {
        frozenset(s.identity for s in read_motchallenge(root, every=1, seed=seed).query) for seed in range(8)
    }
    assert len(others) > 1


def test_mot_sequences_are_divided_by_the_seed_or_by_name(sequence):
    for name in "ABCD":
        root = sequence(name, "1,1,1,1,9,9,1,1,1", "1,2,1,1,9,9,1,1,1").parent
    splits = read_motchallenge(root, divide_by="sequence", test_fraction=0.25)
    assert len({sample.camera for sample in splits.query}) == 1
    assert len({sample.camera for sample in splits.train}) == 3
    splits = read_motchallenge(root, test_sequences=["B", "D"])
    assert {sample.camera for sample in splits.query} == {"B", "D"}
    assert "Tested of 4 sequences: B, D." in splits.notes


def test_mot_cameras_and_shared_tracks(sequence):
    for name in ("gate-1", "gate-2", "yard"):
        root = sequence(name, "1,1,1,1,9,9,1,1,1", "1,2,1,1,9,9,1,1,1").parent
    cameras = {"gate-1": 5, "gate-2": 5}
    apart = read_motchallenge(root, cameras=cameras, test_fraction=1)
    assert {sample.camera for sample in apart.query} == {5, "yard"}
    assert (len({sample.identity for sample in apart.query}), apart.protocol) == (6, "no-camera")
    shared = read_motchallenge(root, cameras=cameras, shared_tracks=True, test_fraction=1)
    assert {sample.identity for sample in shared.query} == {"1", "2"}
    assert shared.protocol == "market1501"
    one = read_motchallenge(root, cameras={**cameras, "yard": 5}, shared_tracks=True, test_fraction=1)
    assert one.protocol == "no-camera"


def test_mot_copies_for_other_detectors_are_read_once(sequence):
    for name in ("MOT17-02-DPM", "MOT17-02-FRCNN", "MOT17-02-SDP", "MOT17-04-SDP"):
        root = sequence(name, "1,1,1,1,9,9,1,1,1").parent
    splits = read_motchallenge(root, test_fraction=0)
    assert [sample.identity for sample in splits.train] == ["MOT17-02-DPM_1", "MOT17-04-SDP_1"]
    assert "2 sequences left out, the same frames and tracks" in splits.notes[0]
    assert splits.notes[0].endswith("MOT17-02-FRCNN, MOT17-02-SDP.")


def test_mot_is_found_below_and_one_sequence_is_enough(sequence, tmp_path, write_files):
    folder = sequence("MOT-02", "1,1,1,1,9,9,1,1,1", above="MOT17/train")
    write_files(tmp_path / "MOT17" / "test" / "MOT-01" / "img1", "000001.jpg", content=b"")
    below = read_motchallenge(tmp_path / "MOT17")
    assert below.root == folder.parent
    assert "found below" in below.notes[0]
    assert read_motchallenge(folder).train == below.train
    (tmp_path / "MOT17" / "test" / "MOT-01").rename(folder.parent / "MOT-01")
    assert "1 sequence left out, without gt/gt.txt: MOT-01." in read_motchallenge(folder.parent).notes


def test_mot_in_several_folders_is_refused(sequence, tmp_path):
    for above in ("all/train", "all/val"):
        sequence("A", "1,1,1,1,9,9,1,1,1", above=above)
    with pytest.raises(DatasetError, match=r"got sequences in 2 folders of .*all: train, val\. Expected one"):
        read_motchallenge(tmp_path / "all")


def test_mot_folder_of_frames_is_named_by_the_information(sequence):
    folder = sequence("A", "1,1,1,1,9,9,1,1,1", information="[Sequence]\nimDir = frames\n")
    with pytest.raises(DatasetError, match=r"Sequence A has no frames, got no folder .*A/frames\..*img1/"):
        read_motchallenge(folder.parent)
    (folder / "img1").rename(folder / "frames")
    assert read_motchallenge(folder.parent).train[0].path == folder / "frames" / "000001.jpg"
    for image in (folder / "frames").iterdir():
        image.rename(image.with_name(f"frame_{image.name}"))
    with pytest.raises(DatasetError, match="got 0 images named by a number"):
        read_motchallenge(folder.parent)


def test_mot_faults_are_collected_over_sequences_with_their_rows(sequence):
    sequence(
        "A", "1,1,1,1,9,9,1,1", "x", "", "1.5,1,1,1,9,9,1,1,1", "0,1,1,1,9,9,1,1,1", "1,1,1,1,0,9,1,1,1",
        "1,4,1,1,9,9,1,1,1", "1,4,1,1,9,9,1,1,1", "1,5,nan,1,9,9,1,1,1",
    )  # fmt: skip
    root = sequence("B", "11,1,1,1,9,9,1,1,1", "12,1,1,1,9,9,1,1,1").parent
    with pytest.raises(DatasetError) as caught:  # noqa: PT011 - the whole text follows
        read_motchallenge(root)
    assert str(caught.value) == (
        f"Ground truth in {root} has 8 faults: "
        "A/gt/gt.txt row 1: '1,1,1,1,9,9,1,1' is not 9 numbers separated by commas; "
        "A/gt/gt.txt row 2: 'x' is not 9 numbers separated by commas; "
        "A/gt/gt.txt row 4: frame 1.5 is no whole number; "
        "A/gt/gt.txt row 5: frame 0 and a box of 9 x 9 pixels, expected a frame from 1 on and a box that is "
        "not empty; "
        "A/gt/gt.txt row 6: frame 1 and a box of 0 x 9 pixels, expected a frame from 1 on and a box that is "
        "not empty; and 3 more."
    )


def test_mot_frame_without_an_image_is_a_fault_only_where_it_is_needed(sequence):
    root = sequence("A", "1,1,1,1,9,9,1,1,1", "5,1,1,1,9,9,1,1,1").parent
    assert len(read_motchallenge(root).train) == 1
    with pytest.raises(DatasetError, match=r"has 1 fault: A/gt/gt\.txt row 2: frame 5 has no image\."):
        read_motchallenge(root, every=1)


def test_mot_same_track_twice_in_a_frame_is_a_fault(sequence):
    root = sequence("A", "1,4,1,1,9,9,1,1,1", "1,4,2,1,9,9,1,1,1").parent
    with pytest.raises(DatasetError, match="row 2: track 4 is in frame 1 twice, see row 1"):
        read_motchallenge(root)


def test_mot_without_any_box_that_counts_is_refused(sequence):
    root = sequence("A", "1,4,1,1,9,9,0,1,1").parent
    with pytest.raises(
        DatasetError, match=r"no box that counts, got 1 sequence .* left out: 1 not considered"
    ):
        read_motchallenge(root)


@pytest.mark.parametrize("information", ["name=x\n", "[Sequence]\nimWidth=forty\nimHeight=30\n"])
def test_mot_damaged_information_is_refused(sequence, information):
    root = sequence("A", "1,4,1,1,9,9,1,1,1", information=information).parent
    with pytest.raises(DatasetError, match=r"seqinfo\.ini, got"):
        read_motchallenge(root)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "every is out of range, got 0"),
        ({"every": "two"}, "every is out of range, got 'two'"),
        ({"min_height": 0.5}, "min_height is out of range, got 0.5"),
        ({"min_visibility": 1.5}, "min_visibility is out of range, got 1.5"),
        ({"test_fraction": -1}, "test_fraction is out of range, got -1"),
        ({"test_fraction": "half"}, "test_fraction is out of range, got half"),
        ({"divide_by": "camera"}, "divide_by is unknown, got 'camera'. Expected identity or sequence"),
        ({"test_sequences": "A"}, r"test_sequences is one text, got 'A'. Expected a list such as \[A\]"),
        ({"test_sequences": ["MOT-20"]}, r"names no sequence, got 'MOT-20'. Did you mean 'MOT-02'\?"),
        ({"cameras": {"MOT-3": 1}}, "cameras names no sequence, got 'MOT-3'"),
        ({"shared_tracks": True, "divide_by": "sequence"}, "does not go with shared_tracks"),
    ],
)
def test_mot_options_of_wrong_values_are_refused(sequence, options, message):
    root = sequence("MOT-02", "1,4,1,1,9,9,1,1,1").parent
    with pytest.raises(CatalogError, match=message):
        read_motchallenge(root, **options)
