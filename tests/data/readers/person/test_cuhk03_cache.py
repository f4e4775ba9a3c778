import shutil

import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.person import cuhk03_archive, cuhk03_cache
from reidkit.data.readers.person.cuhk03 import read_cuhk03
from tests.data.readers.person.cuhk03_files import NAMES, PEOPLE, TEST_SETS, write_archive


def facts(samples):
    return [(sample.path.name, sample.identity, sample.camera) for sample in samples]


def cached_files(cache):
    return sorted(path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file())


def test_only_the_asked_version_is_written_and_nothing_beside_the_data(release, cache):
    before = sorted(release.rglob("*"))
    read_cuhk03(release)
    key = cuhk03_cache.fingerprint(release / "cuhk03_release" / "cuhk-03.mat")
    assert cached_files(cache) == sorted(
        [f"cuhk03/{key}/detected.json", *(f"cuhk03/{key}/detected/{name}" for name in NAMES)]
    )
    assert sorted(release.rglob("*")) == before


def test_second_read_gives_the_same_and_opens_the_archive_no_more(release, cache, monkeypatch):
    first = read_cuhk03(release)
    times = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    monkeypatch.setattr(cuhk03_cache, "open_archive", lambda path: pytest.fail("opened again"))
    assert read_cuhk03(release) == first
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == times


def test_cache_survives_moving_of_data_and_cache(release, cache, tmp_path, monkeypatch):
    first = read_cuhk03(release)
    moved = shutil.move(release, tmp_path / "elsewhere")
    moved_cache = shutil.move(cache, tmp_path / "other")
    monkeypatch.setattr(cuhk03_cache, "open_archive", lambda path: pytest.fail("opened again"))
    second = read_cuhk03(moved, cache=str(moved_cache))
    assert facts(second.gallery) == facts(first.gallery)
    assert all(sample.path.is_relative_to(tmp_path / "other") for sample in second.gallery)
    assert all(sample.path.is_file() for sample in second.gallery)


def test_cache_holds_no_absolute_path(release, cache, tmp_path):
    read_cuhk03(release)
    assert all(str(tmp_path).encode() not in path.read_bytes() for path in cache.rglob("*") if path.is_file())


def test_cache_of_another_archive_is_another(release, cache):
    read_cuhk03(release)
    write_archive(release / "cuhk03_release" / "cuhk-03.mat", (*PEOPLE, ((1, 6),)), TEST_SETS)
    splits = read_cuhk03(release, protocol="classic")
    assert ("3_001_1_01.png", 30001, 1) in facts(splits.train)
    assert len(list((cache / "cuhk03").iterdir())) == 2


def test_interrupted_writing_is_continued(release, cache, monkeypatch):
    original = cuhk03_archive.Archive.pixels
    written = []

    def stop_at_the_fifth(archive, cell):
        written.append(cell.name)
        if len(written) == 5:
            raise KeyboardInterrupt("stop")
        return original(archive, cell)

    monkeypatch.setattr(cuhk03_archive.Archive, "pixels", stop_at_the_fifth)
    with pytest.raises(KeyboardInterrupt, match="stop"):
        read_cuhk03(release)
    assert [name.rpartition("/")[2] for name in cached_files(cache)] == NAMES[:4]
    written[:] = [""] * 5
    splits = read_cuhk03(release)
    assert len(written) == 5 + 5
    assert len(splits.train) == 4
    assert all(sample.path.is_file() for sample in splits.train)


def test_killed_writing_leaves_nothing_that_counts_as_an_image(release, cache):
    read_cuhk03(release)
    folder = next((cache / "cuhk03").glob("*/detected"))
    (folder / ".1_001_1_01.0a1b2c3d.unfinished.png").write_bytes(b"half")
    (folder.parent / "detected.json").unlink()
    (folder / NAMES[0]).unlink()
    assert read_cuhk03(release).query[0].path.is_file()


def test_deleted_image_is_written_again(release, cache):
    first = read_cuhk03(release)
    first.query[0].path.unlink()
    assert read_cuhk03(release) == first
    assert first.query[0].path.is_file()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"images": 3, "test_sets": []}'])
def test_damaged_index_is_written_anew(release, cache, content):
    first = read_cuhk03(release)
    index = next((cache / "cuhk03").glob("*/detected.json"))
    index.write_bytes(content)
    assert read_cuhk03(release) == first
    assert index.stat().st_size > 100


def test_unwritable_cache_is_named(release, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"cache cannot be written, got .*/file/cuhk03/.*option 'cache'"):
        read_cuhk03(release, cache=tmp_path / "file")


def test_fingerprint_sees_a_change_at_the_end_and_the_length(tmp_path):
    path = tmp_path / "x.mat"
    prints = set()
    for content in (b"", b"a", b"b", b"a" * 200_000, b"a" * 199_999 + b"b", b"a" * 200_001):
        path.write_bytes(content)
        prints.add(cuhk03_cache.fingerprint(path))
    assert len(prints) == 6
    assert all(len(digits) == 16 for digits in prints)
