from pathlib import Path

import pytest

from reidkit.core.types import Sample
from reidkit.data.file_checks import SAMPLE_SIZE, find_unreadable


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
    monkeypatch.setattr("reidkit.data.file_checks._try_file", lambda file, boxes: tried.append(file))
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
