import shutil

import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import CatalogError, DatasetError, MissingExtraError
from reidkit.core.types import SplitCounts
from reidkit.data.readers import matlab
from reidkit.data.readers.person.cuhk03 import read_cuhk03
from tests.data.readers.person.cuhk03_files import (
    LABELS,
    NAMES,
    PEOPLE,
    POSITIONS,
    PROTOCOL_FILE,
    TEST_SETS,
    pixels,
    write_archive,
    write_protocol,
)

HTML = b"\n<!DOCTYPE html>\n<html><head><title>GitHub</title></head></html>"


def facts(samples):
    return [(sample.path.name, sample.identity, sample.camera) for sample in samples]


def test_new_protocol_gives_identities_of_the_file_and_views(release, cache):
    splits = read_cuhk03(release)
    assert facts(splits.train) == [
        ("1_002_1_01.png", 2, 1),
        ("1_002_2_07.png", 2, 2),
        ("2_001_1_05.png", 844, 1),
        ("2_001_2_10.png", 844, 2),
    ]
    assert facts(splits.query) == [("1_001_1_01.png", 1, 1), ("1_003_1_01.png", 3, 1)]
    assert facts(splits.gallery) == [
        ("1_001_1_02.png", 1, 1),
        ("1_001_2_06.png", 1, 2),
        ("1_003_2_06.png", 3, 2),
    ]
    assert splits.protocol == "market1501"
    assert splits.root == release / "cuhk03_release"


@pytest.mark.parametrize("version", ["detected", "labeled"])
def test_images_are_those_of_the_archive(release, cache, version):
    splits = read_cuhk03(release, version=version)
    for sample, (pair, person, number) in zip(
        splits.train, [(1, 2, 1), (1, 2, 7), (2, 1, 5), (2, 1, 10)], strict=True
    ):
        assert sample.path.is_relative_to(cache)
        with Image.open(sample.path) as image:
            assert image.mode == "RGB"
            assert np.array_equal(np.asarray(image), pixels(pair, person, number, version))


def test_published_counts_are_those_of_the_new_protocol(release, cache):
    query = SplitCounts(700, 1400, 2)
    assert read_cuhk03(release).published_counts == {
        "train": SplitCounts(767, 7365, 2),
        "query": query,
        "gallery": SplitCounts(700, 5332, 2),
    }
    assert read_cuhk03(release, version="labeled").published_counts == {
        "train": SplitCounts(767, 7368, 2),
        "query": query,
        "gallery": SplitCounts(700, 5328, 2),
    }


def test_classic_protocol_tests_the_people_of_its_split(release, cache):
    first = read_cuhk03(release, protocol="classic")
    assert {sample.identity for sample in first.train} == {10002, 10003}
    assert facts(first.query) == [
        ("1_001_1_01.png", 10001, 1),
        ("1_001_1_02.png", 10001, 1),
        ("1_001_2_06.png", 10001, 2),
        ("2_001_1_05.png", 20001, 1),
        ("2_001_2_10.png", 20001, 2),
    ]
    assert first.gallery == first.query
    last = read_cuhk03(release, protocol="classic", split=19)
    assert {sample.identity for sample in last.query} == {10002, 10003}
    assert {sample.identity for sample in last.train} == {10001, 20001}
    assert last.published_counts == {}
    assert "Classic protocol, split 19 of 20" in last.notes[-1]
    assert last.protocol == "cuhk03-single-shot"


def test_classic_protocol_needs_no_protocol_file(release, cache):
    (release / PROTOCOL_FILE).unlink()
    assert len(read_cuhk03(release, protocol="classic").train) == 4


def test_protocol_file_beside_the_archive_counts(release, cache):
    (release / PROTOCOL_FILE).rename(release / "cuhk03_release" / PROTOCOL_FILE)
    assert len(read_cuhk03(release).train) == 4


@pytest.mark.parametrize("given", [".", "..", "cuhk03_release"])
def test_release_is_found_from_around_it(release, cache, given):
    assert read_cuhk03(release / given).root == release / "cuhk03_release"


# What is wrong with the files.


def test_html_page_instead_of_the_archive_is_called_so(release, cache):
    (release / "cuhk03_release" / "cuhk-03.mat").write_bytes(HTML)
    with pytest.raises(DatasetError, match=r"CUHK03 is an HTML page, got .*cuhk-03\.mat\. .*Ask the authors"):
        read_cuhk03(release)
    assert not cache.exists()


def test_html_page_instead_of_the_protocol_is_called_so(release, cache):
    (release / PROTOCOL_FILE).write_bytes(HTML)
    with pytest.raises(
        DatasetError, match=r"CUHK03 is an HTML page, got .*config_detected\.mat\. .*person-re-ranking"
    ):
        read_cuhk03(release)


def test_truncated_archive_is_refused(release, cache):
    path = release / "cuhk03_release" / "cuhk-03.mat"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DatasetError, match=r"CUHK03 is damaged, got .*cuhk-03\.mat \(.*truncated"):
        read_cuhk03(release)


@pytest.mark.parametrize("length", [200, 600])
def test_truncated_protocol_is_refused(release, cache, length):
    path = release / PROTOCOL_FILE
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(
        DatasetError, match=r"CUHK03 is damaged, got .*config_detected\.mat .*person-re-ranking"
    ):
        read_cuhk03(release)


def test_archive_without_the_version_is_refused(release, cache):
    write_archive(release / "cuhk03_release" / "cuhk-03.mat", PEOPLE, TEST_SETS, versions=("labeled",))
    with pytest.raises(DatasetError, match=r"lacks 'detected', got .* with labeled, testsets"):
        read_cuhk03(release)


def test_archive_of_images_in_another_form_is_refused(release, cache, monkeypatch):
    monkeypatch.setattr(
        "tests.data.readers.person.cuhk03_files.pixels", lambda *_: np.zeros((8, 4, 3), np.float32)
    )
    write_archive(release / "cuhk03_release" / "cuhk-03.mat", PEOPLE, TEST_SETS)
    with pytest.raises(DatasetError, match=r"another form, got float32 of shape \(3, 4, 8\)"):
        read_cuhk03(release)


def test_missing_protocol_file_is_named(release, cache):
    (release / PROTOCOL_FILE).unlink()
    with pytest.raises(
        DatasetError, match=r"no new protocol, got .* without cuhk03_new_protocol_config_detect"
    ):
        read_cuhk03(release)
    assert not cache.exists()


def test_protocol_of_other_images_is_refused(release, cache):
    names = [*NAMES[:-1], "5_049_2_10.png"]
    write_protocol(release / PROTOCOL_FILE, names, LABELS, **POSITIONS)
    with pytest.raises(DatasetError, match=r"got 1 image of .* does not hold: 5_049_2_10\.png"):
        read_cuhk03(release)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_idx": [4, 10]}, "got position 10. Expected 1 to 9"),
        ({"query_idx": [0]}, "got position 0. Expected 1 to 9"),
    ],
)
def test_protocol_with_positions_out_of_range_is_refused(release, cache, change, message):
    write_protocol(release / PROTOCOL_FILE, NAMES, LABELS, **{**POSITIONS, **change})
    with pytest.raises(DatasetError, match=message):
        read_cuhk03(release)


def test_protocol_whose_parts_do_not_fit_is_refused(release, cache):
    write_protocol(release / PROTOCOL_FILE, NAMES, LABELS[:-1], **POSITIONS)
    with pytest.raises(DatasetError, match="got 9 files and 8 labels"):
        read_cuhk03(release)
    write_protocol(release / PROTOCOL_FILE, ["../../x.png", *NAMES[1:]], LABELS, **POSITIONS)
    with pytest.raises(DatasetError, match=r"another form, got '\.\./\.\./x\.png'"):
        read_cuhk03(release)
    write_protocol(release / PROTOCOL_FILE, NAMES, LABELS, train_idx=[1])
    with pytest.raises(DatasetError, match="lacks 'query_idx', 'gallery_idx', got"):
        read_cuhk03(release)


def test_archive_without_images_is_refused(release, cache):
    write_archive(release / "cuhk03_release" / "cuhk-03.mat", (((), ()),), TEST_SETS)
    with pytest.raises(DatasetError, match=r"CUHK03 has no detected images, got 0\."):
        read_cuhk03(release, protocol="classic")


def test_missing_test_set_is_named(release, cache):
    write_archive(release / "cuhk03_release" / "cuhk-03.mat", PEOPLE, TEST_SETS[:2])
    assert read_cuhk03(release, protocol="classic", split=1).query
    with pytest.raises(DatasetError, match="no split 2, got 2 test sets"):
        read_cuhk03(release, protocol="classic", split=2)


@pytest.mark.parametrize("package", ["h5py", "scipy"])
def test_missing_extra_names_the_command(release, cache, monkeypatch, package):
    original = matlab.import_extra

    def without(module, **words):
        name = "not_installed_package" if module.startswith(package) else module
        return original(name, **words)

    monkeypatch.setattr(matlab, "import_extra", without)
    with pytest.raises(MissingExtraError, match=r"Reading cuhk.*\.mat of CUHK03 .*reidkit\[mat\]"):
        read_cuhk03(release)


# Options.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "labelled"}, "version is unknown, got 'labelled'. Expected one of detected, labeled"),
        ({"protocol": "old"}, "protocol is unknown, got 'old'. Expected one of new, classic"),
        ({"split": 1}, "split is unknown, got 1. Expected 0: the new protocol has one split"),
        ({"split": 20, "protocol": "classic"}, "split is unknown, got 20. Expected 0 to 19"),
        ({"split": -1, "protocol": "classic"}, "split is unknown, got -1. Expected 0 to 19"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(tmp_path, options, message):
    with pytest.raises(CatalogError, match=message):
        read_cuhk03(tmp_path / "absent", **options)


# The re-pack CUHK03-NP.


@pytest.fixture
def repack(tmp_path, write_files):
    root = tmp_path / "cuhk03-np"
    for version, number in (("detected", 1), ("labeled", 2)):
        write_files(root / version / "bounding_box_train", f"0003_c1_{number}.png", f"0003_c2_{number}0.png")
        write_files(root / version / "query", "0001_c1_1.png")
        write_files(root / version / "bounding_box_test", "0001_c2_7.png")
    return root


def test_repack_is_read_in_place(repack, cache):
    splits = read_cuhk03(repack)
    assert facts(splits.train) == [("0003_c1_1.png", 3, 1), ("0003_c2_10.png", 3, 2)]
    assert splits.root == repack / "detected"
    assert splits.notes == ("CUHK03-NP, the detected images.",)
    labeled = read_cuhk03(repack, version="labeled")
    assert [sample.path.name for sample in labeled.train] == ["0003_c1_2.png", "0003_c2_20.png"]
    assert labeled.published_counts["train"].images == 7368
    assert not cache.exists()


def test_repack_is_found_from_one_of_its_folders(repack):
    assert read_cuhk03(repack / "detected").root == repack / "detected"
    assert read_cuhk03(repack / "labeled" / "query", version="labeled").root == repack / "labeled"


def test_repack_of_the_other_version_is_refused(repack):
    with pytest.raises(DatasetError, match=r"got .*/labeled for version='detected'.* Give version='labeled'"):
        read_cuhk03(repack / "labeled")


def test_repack_under_a_name_of_its_own_is_read(repack, tmp_path):
    (repack / "labeled").rename(tmp_path / "cuhk03_np_labeled")
    assert len(read_cuhk03(tmp_path / "cuhk03_np_labeled", version="labeled").train) == 2
    with pytest.raises(DatasetError, match="Give version='labeled'"):
        read_cuhk03(tmp_path / "cuhk03_np_labeled")


def test_repack_is_read_before_the_archive(repack, release, cache):
    shutil.copy(release / "cuhk03_release" / "cuhk-03.mat", repack)
    assert read_cuhk03(repack).notes == ("CUHK03-NP, the detected images.",)
    assert len(read_cuhk03(repack, protocol="classic").query) == 5


def test_repack_has_no_classic_protocol(repack):
    with pytest.raises(DatasetError, match=r"CUHK03 not found under .* Expected: cuhk-03\.mat"):
        read_cuhk03(repack, protocol="classic")
