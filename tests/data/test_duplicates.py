import json
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from reidkit.core.types import DatasetSplits, Protocol, Sample
from reidkit.data.duplicate_checks import check_duplicates
from reidkit.data.duplicates import find_duplicates
from reidkit.data.file_checks import read_files
from reidkit.data.findings import DoctorReport
from tests.data.photos import photo, write_photo

DROP = Protocol("market1501", same_camera="drop")
KEEP = Protocol("no-camera", same_camera="keep")


@pytest.fixture
def zoo(tmp_path):
    """Return a function that makes splits of (file name, identity, camera) and draws missing files."""

    def make(*, train=(), query=(), gallery=()):
        names = sorted({name for split in (train, query, gallery) for name, *_ in split})
        for seed, name in enumerate(names):
            if not (tmp_path / name).exists():
                write_photo(tmp_path / name, 100 + seed)

        def samples(rows):
            return tuple(Sample((tmp_path / row[0],), *row[1:]) for row in rows)

        return DatasetSplits("zoo", tmp_path, samples(train), samples(query), samples(gallery), "no-camera")

    return make


def duplicates_in(splits, protocol=KEEP):
    samples = [sample for split in splits.by_split().values() for sample in split]
    return find_duplicates(splits, read_files(samples, decode="all"), protocol)


def told(duplicates):
    return [
        (item.kind, item.first.path.name, item.second.path.name, item.splits, item.is_identical)
        for item in duplicates
    ]


CLEAN = {
    "train": [("a.png", "ann"), ("b.png", "ann"), ("c.png", "bob")],
    "query": [("d.png", "cid")],
    "gallery": [("e.png", "cid"), ("f.png", "dan")],
}


def test_different_pictures_are_no_duplicates(zoo):
    assert duplicates_in(zoo(**CLEAN)) == ()


def test_leave_one_out_is_no_duplicate(zoo):
    test = [("a.png", "ann"), ("b.png", "ann")]
    assert duplicates_in(zoo(query=test, gallery=test)) == ()


@pytest.mark.parametrize("number_of_pictures", [0, 1])
def test_too_few_to_compare(zoo, number_of_pictures):
    assert duplicates_in(zoo(train=CLEAN["train"][:number_of_pictures])) == ()


def saved(quality):
    return lambda picture, path: picture.save(path.with_suffix(".jpg"), quality=quality)


@pytest.mark.parametrize(
    "change",
    [
        saved(75),
        saved(40),
        lambda picture, path: picture.resize((48, 64), Image.Resampling.LANCZOS).save(path),
        lambda picture, path: ImageEnhance.Brightness(picture).enhance(1.1).save(path),
    ],
)
def test_training_picture_that_was_saved_again_is_found_in_the_gallery(zoo, tmp_path, change):
    change(photo(100), tmp_path / "again.png")  # photo 100 becomes a.png
    name = next(path.name for path in tmp_path.iterdir())
    splits = zoo(
        train=CLEAN["train"],
        query=CLEAN["query"],
        gallery=[(name, "ann"), ("e.png", "cid"), ("f.png", "dan")],
    )
    assert told(duplicates_in(splits)) == [("across-splits", name, "a.png", ("gallery", "train"), False)]


def test_equal_pixels_are_told_apart_from_nearly_equal_ones(zoo, tmp_path):
    photo(100).save(tmp_path / "copy.bmp")
    splits = zoo(train=CLEAN["train"], query=[*CLEAN["query"], ("copy.bmp", "ann")], gallery=CLEAN["gallery"])
    (duplicate,) = duplicates_in(splits)
    assert told([duplicate]) == [("across-splits", "copy.bmp", "a.png", ("query", "train"), True)]
    assert duplicate.bits == 0


def test_one_file_in_two_splits_is_no_second_file(zoo):
    """That is the finding test-image-in-train."""
    assert (
        duplicates_in(zoo(train=CLEAN["train"], query=[("a.png", "ann")], gallery=[("b.png", "ann")])) == ()
    )


def test_same_picture_of_two_identities_is_found_once(zoo, tmp_path):
    photo(100).save(tmp_path / "z.jpg", quality=80)
    splits = zoo(train=[*CLEAN["train"], ("z.jpg", "eve")])
    (duplicate,) = duplicates_in(splits)
    assert told([duplicate]) == [("two-identities", "a.png", "z.jpg", ("train", "train"), False)]
    assert (duplicate.first.identity, duplicate.second.identity) == ("ann", "eve")


def test_each_of_three_identities_of_one_picture_is_told(zoo, tmp_path):
    for name in "xyz":
        photo(100).save(tmp_path / f"{name}.png")
    splits = zoo(train=[("a.png", "ann"), ("x.png", "xen"), ("y.png", "yan"), ("z.png", "zoe")])
    pairs = [item for item in duplicates_in(splits) if item.kind == "two-identities"]
    assert {path for item in pairs for path in (item.first.path.stem, item.second.path.stem)} == set("axyz")
    assert len(pairs) == 3


def test_unknown_identity_contradicts_none(zoo, tmp_path):
    photo(100).save(tmp_path / "z.jpg", quality=80)
    assert duplicates_in(zoo(train=[*CLEAN["train"], ("z.jpg", None)])) == ()


def test_near_duplicates_of_one_identity_within_a_split_are_frames_of_a_walk(zoo, tmp_path):
    photo(100).save(tmp_path / "z.jpg", quality=80)
    assert duplicates_in(zoo(train=[*CLEAN["train"], ("z.jpg", "ann")])) == ()


def test_copies_within_a_split_are_told_with_the_first_of_them(zoo, tmp_path):
    for name in ("x.png", "y.png"):
        photo(100).save(tmp_path / name)
    splits = zoo(train=[*CLEAN["train"], ("x.png", "ann"), ("y.png", "ann")])
    assert told(duplicates_in(splits)) == [
        ("within-split", "x.png", "a.png", ("train", "train"), True),
        ("within-split", "y.png", "a.png", ("train", "train"), True),
    ]


@pytest.mark.parametrize(
    ("protocol", "query_camera", "gallery_camera", "counts"),
    [
        (KEEP, 1, 1, True),
        (DROP, 1, 2, True),
        (DROP, None, None, True),
        (DROP, None, 1, True),
        (DROP, 1, 1, False),  # left out by the cross-camera rule
    ],
)
def test_copy_of_a_query_in_the_gallery(zoo, tmp_path, protocol, query_camera, gallery_camera, counts):
    photo(100).save(tmp_path / "copy.png")
    splits = zoo(
        query=[("a.png", "ann", query_camera)],
        gallery=[("copy.png", "ann", gallery_camera), ("b.png", "bob", 1)],
    )
    expected = [("query-in-gallery", "a.png", "copy.png", ("query", "gallery"), True)] if counts else []
    assert told(duplicates_in(splits, protocol)) == expected


def test_copies_under_leave_one_out_find_each_other(zoo, tmp_path):
    photo(100).save(tmp_path / "copy.png")
    test = [("a.png", "ann"), ("b.png", "ann"), ("copy.png", "ann")]
    assert told(duplicates_in(zoo(query=test, gallery=test))) == [
        ("query-in-gallery", "a.png", "copy.png", ("query", "gallery"), True),
        ("query-in-gallery", "copy.png", "a.png", ("query", "gallery"), True),
        ("within-split", "copy.png", "a.png", ("query", "query"), True),
    ]


def test_flat_and_black_pictures_are_duplicates_of_nothing(zoo, tmp_path):
    for number, colour in enumerate([0, 0, 3, 255, 255, 128]):
        Image.new("RGB", (60, 80), (colour,) * 3).save(tmp_path / f"{number}.png")
    rows = [(f"{number}.png", f"p{number}") for number in range(6)]
    assert duplicates_in(zoo(train=rows[:3], query=rows[3:], gallery=rows[3:])) == ()


def test_boxes_of_one_file_are_pictures_of_their_own(tmp_path):
    """Two frames of a still camera are nearly equal; the people cut out of them are not."""
    scene = Image.new("RGB", (600, 400), (70, 90, 60))
    for place, seed in enumerate((1, 2)):
        scene.paste(photo(seed), (50 + 200 * place, 100))
    scene.save(tmp_path / "train.png")
    scene.save(tmp_path / "test.png")
    left, right = (50, 100, 146, 228), (250, 100, 346, 228)

    def sample(name, identity, box):
        return (Sample((tmp_path / name,), identity, None, box),)

    def splits(test_box):
        return DatasetSplits(
            "zoo", tmp_path, sample("train.png", 1, left), sample("test.png", 2, test_box), (), "no-camera"
        )

    assert duplicates_in(splits(right)) == ()
    assert [item.kind for item in duplicates_in(splits(left))] == ["across-splits", "two-identities"]


def test_frames_of_tracklets_are_compared(tmp_path):
    frames = tuple(write_photo(tmp_path / f"{number}.png", number) for number in range(4))
    copy = tmp_path / "copy.png"
    photo(2).save(copy)
    splits = DatasetSplits(
        "zoo",
        tmp_path,
        (Sample(frames, "ann"),),
        (Sample((write_photo(tmp_path / "x.png", 9), copy), "bob"),),
        (),
        "no-camera",
    )
    assert told(duplicates_in(splits))[0] == ("across-splits", "copy.png", "2.png", ("query", "train"), True)


def test_unreadable_files_are_left_out(zoo, tmp_path):
    splits = zoo(**CLEAN)
    (tmp_path / "a.png").write_bytes(b"")
    assert duplicates_in(splits) == ()


def test_findings_count_every_kind(zoo, tmp_path):
    photo(100).save(tmp_path / "x.png")
    photo(100).save(tmp_path / "y.jpg", quality=70)
    photo(101).save(tmp_path / "z.png")
    photo(104).save(tmp_path / "q.png")
    splits = zoo(
        train=[*CLEAN["train"], ("z.png", "ann")],
        query=[*CLEAN["query"], ("x.png", "ann")],
        gallery=[*CLEAN["gallery"], ("y.jpg", "eve"), ("q.png", "cid")],
    )
    assert [path.name for path in sorted(tmp_path.iterdir())][:6] == [f"{name}.png" for name in "abcdef"]
    samples = [sample for split in splits.by_split().values() for sample in split]
    files = read_files(samples, decode="all")
    duplicates = find_duplicates(splits, files, KEEP)
    found = {finding.code: finding for finding in check_duplicates(duplicates, files)}
    assert {code: finding.level for code, finding in found.items()} == {
        "near-duplicates-across-splits": "warning",
        "near-duplicates-of-two-identities": "warning",
        "identical-images": "note",
    }
    assert found["near-duplicates-across-splits"].message.startswith(
        f"2 query or gallery images can be seen in train too, in another file: 1 equal to the last pixel, "
        f"1 nearly, 1 under another identity (e.g. {tmp_path / 'x.png'} and {tmp_path / 'a.png'})."
    )
    assert "identities 'ann' and 'eve')" in found["near-duplicates-of-two-identities"].message
    assert found["identical-images"].message.startswith("2 files are equal to another one of the same split")
    report = DoctorReport("zoo", "/data", "no-camera", {}, (), duplicates=duplicates)
    listed = json.loads(json.dumps(report.as_json()))["duplicates"]
    assert listed[0] == {
        "kind": "across-splits",
        "files": [
            {
                "split": "query",
                "path": str(tmp_path / "x.png"),
                "box": None,
                "identity": "ann",
                "camera": None,
            },
            {
                "split": "train",
                "path": str(tmp_path / "a.png"),
                "box": None,
                "identity": "ann",
                "camera": None,
            },
        ],
        "differing_bits": 0,
        "is_identical": True,
    }


def test_findings_say_when_only_a_sample_was_read(tmp_path):
    write_photo(tmp_path / "a.png", 1)
    write_photo(tmp_path / "b.png", 1)
    many = tuple(Sample((Path(f"/gone/{number}.jpg"),), 1) for number in range(300))
    train = Sample((tmp_path / "a.png",), 1), Sample((tmp_path / "b.png",), 1)
    files = read_files((*train, *many), decode="sample")
    splits = DatasetSplits("zoo", tmp_path, (*train, *many), (), (), "no-camera")
    duplicates = find_duplicates(splits, read_files(train, decode="all"), KEEP)
    (finding,) = check_duplicates(duplicates, files)
    assert "among the 200 of 302 files read" in finding.message
