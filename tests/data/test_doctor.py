import json
from dataclasses import replace
from pathlib import Path

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Protocol, Sample, SplitCounts
from reidkit.data.doctor import examine
from reidkit.data.histogram import HistogramBar
from reidkit.data.readers import read_dataset
from reidkit.synthetic import synthesize
from tests.data.photos import photo, write_photo

DROP = Protocol("market1501", same_camera="drop")
KEEP = Protocol("no-camera", same_camera="keep")


@pytest.fixture
def splits(tmp_path):
    for folder, names, count in (("train", ("ann", "bob"), 3), ("test", ("cid", "dan"), 2)):
        for name in names:
            for number in range(count):
                path = tmp_path / "zoo" / folder / name / f"{number}.png"
                write_photo(path, seed=1000 * len(folder) + 10 * ord(name[0]) + number)
    return read_dataset("folder", tmp_path / "zoo")


def found(splits, protocol=KEEP, **options):
    return {finding.code: finding for finding in examine(splits, protocol, **options).findings}


def test_sound_data_has_notes_alone(splits):
    report = examine(splits, KEEP, needs=("train", "evaluation"))
    assert {finding.level for finding in report.findings} == {"note"}
    report.raise_on_error()
    assert report.summary == {
        "train": SplitCounts(2, 6),
        "query": SplitCounts(2, 4),
        "gallery": SplitCounts(2, 4),
    }
    codes = {finding.code: finding.message for finding in report.findings}
    assert codes["labels"] == "2 training identities, mapped to 0..1 in sorted order."
    assert (
        codes["images-per-identity"] == "Images per training identity: least 3, median 3, mean 3.0, most 3."
    )
    assert codes["readable-images"] == "10 image files were read without a fault."
    assert (report.name, report.root, report.protocol) == ("zoo", str(splits.root), "no-camera")
    json.dumps(report.as_json())
    assert len(report.as_text().splitlines()) == 5 + len(report.findings)


def test_notes_of_the_reader_are_findings(splits):
    notes = [finding.message for finding in examine(splits, KEEP).findings if finding.code == "reader"]
    assert tuple(notes) == splits.notes
    assert len(notes) >= 2


def test_findings_are_sorted_by_level(splits):
    broken = replace(splits, train=splits.query + splits.train)
    levels = [finding.level for finding in examine(broken, KEEP).findings]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert set(levels) == {"error", "warning", "note"}


@pytest.mark.parametrize(("needs", "level"), [((), "note"), (("evaluation",), "note"), (("train",), "error")])
def test_no_train_images_matter_where_they_are_needed(splits, needs, level):
    assert found(replace(splits, train=()), needs=needs)["no-train-images"].level == level


@pytest.mark.parametrize(("needs", "level"), [((), "note"), (("train",), "note"), (("evaluation",), "error")])
def test_no_test_images_matter_where_they_are_needed(splits, needs, level):
    assert found(replace(splits, query=(), gallery=()), needs=needs)["no-evaluation-images"].level == level


def test_no_images_at_all_is_an_error(splits):
    empty = replace(splits, train=(), query=(), gallery=())
    assert found(empty)["no-evaluation-images"].level == "error"


@pytest.mark.parametrize(("empty", "other"), [("query", "gallery"), ("gallery", "query")])
def test_half_an_evaluation_is_an_error(splits, empty, other):
    finding = found(replace(splits, **{empty: ()}))[f"empty-{empty}"]
    assert finding.level == "error"
    assert finding.message.startswith(f"The {empty} is empty, but the {other} has 4 images.")


@pytest.mark.parametrize(("needs", "level"), [((), "warning"), (("train",), "error")])
def test_one_training_identity_is_too_few(splits, needs, level):
    finding = found(replace(splits, train=splits.train[:3]), needs=needs)["one-train-identity"]
    assert finding.level == level
    assert "one identity ('ann')" in finding.message


def test_identities_of_a_single_training_image_are_noted(splits):
    finding = found(replace(splits, train=splits.train[:4]))["single-image-identities"]
    assert finding.level == "note"
    assert finding.message.startswith("1 of 2 training identities have a single image (e.g. 'bob')")


def test_no_valid_query_is_an_error(splits):
    one_camera = tuple(replace(sample, camera=1) for sample in splits.query)
    report = examine(replace(splits, query=one_camera, gallery=one_camera), DROP)
    with pytest.raises(
        DatasetError, match=r"^0 of 4 queries can be scored\. 4 have gallery images only from"
    ):
        report.raise_on_error()


def test_image_in_train_and_test_is_an_error(splits):
    finding = found(replace(splits, train=(*splits.train, splits.query[0])))["test-image-in-train"]
    assert finding.level == "error"
    assert finding.message.startswith(
        f"1 image both in train and in query or gallery (e.g. {splits.query[0].path})"
    )


def test_other_box_of_a_training_image_is_another_image(splits):
    boxed = replace(splits.query[0], box=(0, 0, 2, 2))
    assert "test-image-in-train" not in found(replace(splits, train=(*splits.train, boxed)))


def test_frame_of_a_tracklet_in_train_and_test_is_an_error(splits):
    tracklet = Sample((splits.query[0].path, splits.train[0].path), "eve")
    assert "test-image-in-train" in found(replace(splits, gallery=(*splits.gallery, tracklet)))


def test_identity_in_train_and_test_is_a_warning(splits):
    train = (*splits.train, Sample((splits.train[0].path,), "cid"))
    finding = found(replace(splits, train=train))["test-identity-in-train"]
    assert finding.level == "warning"
    assert finding.message.startswith("1 of 2 tested identities are in train too (e.g. 'cid').")


def test_image_of_two_identities_is_a_warning(splits):
    train = (*splits.train, Sample((splits.train[0].path,), "zoe"))
    finding = found(replace(splits, train=train))["image-of-two-identities"]
    assert finding.level == "warning"
    assert str(splits.train[0].path) in finding.message


@pytest.mark.parametrize(("unreadable", "level"), [("error", "error"), ("skip", "warning")])
def test_unreadable_images_are_counted_and_named(splits, unreadable, level):
    for sample in splits.train:
        sample.path.write_bytes(b"")
    finding = found(splits, decode="all", unreadable=unreadable)["unreadable-images"]
    assert finding.level == level
    assert finding.message.startswith(
        f"6 of 10 image files that were tried cannot be used. Image {splits.train[0].path}"
    )
    assert finding.message.count("is empty, got 0 bytes") == 5
    assert "And 1 more." in finding.message
    assert ("data.unreadable=skip" in finding.message) == (unreadable == "error")


def test_no_file_is_opened_unasked(splits):
    for sample in splits.train:
        sample.path.write_bytes(b"")
    assert not {"unreadable-images", "readable-images"} & set(found(splits, decode="none"))


def test_progress_is_reported(splits):
    calls = []
    examine(splits, KEEP, report=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (10, 10)


def test_counts_that_differ_from_the_published_are_a_warning(splits):
    published = {"train": SplitCounts(2, 7, 3), "query": SplitCounts(2, 4), "gallery": SplitCounts(3, 4)}
    report = examine(replace(splits, published_counts=published), KEEP)
    messages = [finding.message for finding in report.of_level("warning")]
    assert messages == [
        "zoo: the train split is not the published one, 7 images expected, 6 found; "
        "3 cameras expected, 0 found. Scores are not comparable with published ones.",
        "zoo: the gallery split is not the published one, 3 identities expected, 2 found. "
        "Scores are not comparable with published ones.",
    ]


def test_identities_of_any_type_are_examined():
    def samples(*identities):
        return tuple(Sample((Path(f"{n}.jpg"),), identity) for n, identity in enumerate(identities))

    splits = DatasetSplits(
        name="mixed",
        root=Path("/data"),
        train=samples(1, "1", ("a", 2), None),
        query=samples("1", 1, ("a", 2), None),
        gallery=samples(1, "1", ("a", 2), 5.0),
        protocol="no-camera",
    )
    assert "test-identity-in-train" in found(splits, decode="none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decode": "some"}, "Examination is not clear, got decode='some'"),
        ({"needs": ("test",)}, r"and needs=\('test',\)\. .*none but train, evaluation"),
        ({"unreadable": "ignore"}, "Policy for unreadable images is unknown, got 'ignore'"),
    ],
)
def test_unclear_examination_is_refused(splits, options, message):
    with pytest.raises(CatalogError, match=message):
        examine(splits, KEEP, **options)


def test_clean_data_sets_have_no_warning(dataset_root, tmp_path):
    """Neither the drawn one nor 40 people of the synthetic benchmark, of whom many are alike."""
    synthesize(tmp_path / "synthetic", identities=40, images_per_camera=2, size=(128, 64), workers=1)
    for root in (dataset_root, tmp_path / "synthetic"):
        report = examine(read_dataset("folder", root), DROP, decode="all", needs=("train", "evaluation"))
        assert [finding for finding in report.findings if finding.level != "note"] == []
        assert (report.duplicates, report.odd_pictures, report.failures) == ((), (), ())


def test_histograms_count_the_identities_of_each_split(splits):
    assert examine(splits, KEEP).histograms == {
        "train": (HistogramBar(3, 3, 2),),
        "query": (HistogramBar(2, 2, 2),),
        "gallery": (HistogramBar(2, 2, 2),),
    }
    assert set(examine(replace(splits, train=()), KEEP).histograms) == {"query", "gallery"}


def test_report_holds_the_published_counts_and_the_failures(splits):
    published = {"train": SplitCounts(2, 6)}
    splits.train[0].path.write_bytes(b"")
    report = examine(replace(splits, published_counts=published), KEEP, decode="all")
    assert report.published == published
    assert [failure.path for failure in report.failures] == [splits.train[0].path]


def test_every_kind_of_fault_is_found_in_one_go(splits):
    """Each check is called with what it needs; their own tests hold what they find."""
    folder = splits.root / "train" / "ann"
    photo(1).save(folder / "4.png")
    photo(1).save(folder / "5.png")
    photo(1).save(splits.root / "train" / "bob" / "6.png")
    photo(1).save(splits.root / "test" / "cid" / "7.jpg")
    photo(2).save(splits.root / "test" / "cid" / "8.png")
    photo(2).save(splits.root / "test" / "cid" / "9.png")
    photo(3).resize((4, 4)).save(folder / "tiny.png")
    photo(3).resize((400, 10)).save(folder / "wide.png")
    photo(4).point(lambda value: 0).save(folder / "black.png")
    write_photo(splits.root / "train" / "Ann" / "1.png", 50)
    write_photo(splits.root / "train" / "unknown" / "1.png", 51)
    codes = found(read_dataset("folder", splits.root), decode="all")
    assert {code for code, finding in codes.items() if finding.level == "warning"} == {
        "near-duplicates-across-splits",
        "near-duplicates-of-two-identities",
        "query-copies-in-gallery",
        "tiny-images",
        "flat-images",
        "alike-identities",
        "junk-identity-in-train",
    }
    assert {"identical-images", "odd-shapes"} <= set(codes)


def test_cameras_are_examined(splits):
    numbered = tuple(replace(sample, camera=number) for number, sample in enumerate(splits.train * 2))
    assert found(replace(splits, train=numbered), decode="none")["cameras-like-frames"].level == "warning"


def test_nothing_is_compared_unasked(splits):
    photo(1).save(splits.root / "train" / "ann" / "1.png")
    photo(1).save(splits.root / "test" / "cid" / "1.png")
    assert "near-duplicates-across-splits" in found(splits, decode="sample")
    report = examine(splits, KEEP, decode="none")
    assert (report.duplicates, report.odd_pictures) == ((), ())


def test_reason_of_any_bytes_can_be_printed(tmp_path, splits):
    strange = Sample((tmp_path / "caf\udce9.jpg",), "ann")
    report = examine(replace(splits, train=(*splits.train, strange)), KEEP)
    report.as_text().encode()
