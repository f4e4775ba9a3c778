from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidkit.core.types import Sample
from reidkit.data import file_checks
from reidkit.data.file_checks import SAMPLE_SIZE, Picture, read_files
from reidkit.data.fingerprints import FINGERPRINT, fingerprint
from tests.data.photos import photo, write_photo


def find_unreadable(samples, *, decode, report=None):
    files = read_files(samples, decode=decode, report=report)
    return files.tried, files.failures


@pytest.fixture
def samples(tmp_path, write_files):
    names = [f"{number:03d}.jpg" for number in range(SAMPLE_SIZE + 50)]
    write_files(tmp_path, *names)
    return tuple(Sample((tmp_path / name,), 1) for name in names)


def test_all_files_are_tried_and_failures_are_sorted(samples):
    for index in (240, 3, 100):
        samples[index].path.write_bytes(b"x")
    samples[7].path.unlink()
    tried, failures = find_unreadable(samples[::-1], decode="all")
    assert tried == len(samples)
    assert [failure.path.stem for failure in failures] == ["003", "007", "100", "240"]
    assert "is no image" in failures[0].reason
    assert "cannot be read: No such file" in failures[1].reason


def test_sample_is_the_same_at_every_run_and_under_any_order(samples, monkeypatch):
    tried = []
    monkeypatch.setattr(
        "reidkit.data.file_checks._try_file", lambda file, boxes: tried.append(file) or (None, ())
    )
    assert find_unreadable(samples, decode="sample")[0] == SAMPLE_SIZE
    first, tried[:] = set(tried), []
    find_unreadable(samples[::-1], decode="sample")
    assert set(tried) == first
    assert len(first) == SAMPLE_SIZE


def test_sample_of_few_files_is_all_of_them(samples):
    assert find_unreadable(samples[:5], decode="sample")[0] == 5


def test_nothing_is_opened_unasked():
    assert find_unreadable([Sample((Path("gone.jpg"),), 1)], decode="none") == (0, ())


def test_file_of_several_samples_is_read_once_with_all_of_its_boxes(samples):
    path = samples[0].path
    shared = (
        Sample((path,), 1, box=(0, 0, 3, 3)),
        Sample((path,), 2, box=(90, 0, 99, 9)),
        Sample((path,), 3),
    )
    tried, failures = find_unreadable(shared, decode="all")
    assert tried == 1
    assert "nothing inside its box, got box (90, 0, 99, 9)" in failures[0].reason


def test_all_frames_of_a_tracklet_are_tried(samples):
    tracklet = Sample(tuple(sample.path for sample in samples[:4]), 1)
    tracklet.frames[2].write_bytes(b"")
    tried, failures = find_unreadable([tracklet], decode="all")
    assert (tried, [failure.path for failure in failures]) == (4, [tracklet.frames[2]])


def test_progress_is_reported(samples):
    calls = []
    find_unreadable(samples[:3], decode="all", report=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_many_files_are_queued_in_blocks(samples, monkeypatch):
    monkeypatch.setattr("reidkit.data.file_checks._FILES_QUEUED", 7)
    samples[20].path.write_bytes(b"")
    tried, failures = find_unreadable(samples[:30], decode="all")
    assert (tried, len(failures)) == (30, 1)


def test_pictures_are_those_that_samples_show(tmp_path):
    first, second = write_photo(tmp_path / "a.png", 1), write_photo(tmp_path / "b.png", 2)
    boxes = (10, 20, 50, 90), (0, 0, 30, 30)
    files = read_files(
        [
            Sample((second, first), 1),
            Sample((first,), 2, None, boxes[0]),
            Sample((first,), 3, None, boxes[1]),
        ],
        decode="all",
    )
    assert files.pictures == (
        Picture(first, None),
        Picture(first, boxes[1]),
        Picture(first, boxes[0]),
        Picture(second, None),
    )
    shown = photo(1), photo(1).crop(boxes[1]), photo(1).crop(boxes[0]), photo(2)
    expected = np.array([fingerprint(picture) for picture in shown], FINGERPRINT)
    np.testing.assert_array_equal(files.fingerprints, expected)
    assert (files.tried, files.total) == (2, 2)


def test_each_file_is_read_once(tmp_path, monkeypatch):
    path = write_photo(tmp_path / "a.png", 1)
    opened = []
    decode = file_checks.decode_image
    monkeypatch.setattr(file_checks, "decode_image", lambda file: opened.append(file) or decode(file))
    read_files([Sample((path, path), 1), Sample((path,), 1, None, (0, 0, 9, 9))], decode="all")
    assert opened == [path]


def test_files_that_cannot_be_read_have_no_fingerprint(samples):
    samples[0].path.write_bytes(b"")
    files = read_files(samples[:3], decode="all")
    assert [picture.path for picture in files.pictures] == [sample.path for sample in samples[1:3]]
    assert files.fingerprints["width"].tolist() == [6, 6]


def test_only_the_sample_has_fingerprints(samples):
    files = read_files(samples, decode="sample")
    assert (files.tried, files.total) == (SAMPLE_SIZE, len(samples))
    assert len(files.pictures) == len(files.fingerprints) == SAMPLE_SIZE
    nothing = read_files(samples, decode="none")
    assert (nothing.tried, nothing.pictures, len(nothing.fingerprints)) == (0, (), 0)


def test_picture_of_a_turned_photo_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(1, width=40, height=80).save(tmp_path / "turned.jpg", exif=exif)
    files = read_files([Sample((tmp_path / "turned.jpg",), 1)], decode="all")
    assert (files.fingerprints["width"][0], files.fingerprints["height"][0]) == (80, 40)
