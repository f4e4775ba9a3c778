"""The files of CUHK03 and the cache, for the tests of its reader."""

import pytest

from tests.data.readers.person.cuhk03_files import (
    LABELS,
    NAMES,
    PEOPLE,
    POSITIONS,
    PROTOCOL_FILE,
    TEST_SETS,
    write_archive,
    write_protocol,
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "reidkit"


@pytest.fixture
def release(tmp_path):
    """The tree that people have: the archive in a folder of its own, the protocol files above it."""
    root = tmp_path / "cuhk03"
    write_archive(root / "cuhk03_release" / "cuhk-03.mat", PEOPLE, TEST_SETS)
    write_protocol(root / PROTOCOL_FILE, NAMES, LABELS, **POSITIONS)
    write_protocol(root / PROTOCOL_FILE.replace("detected", "labeled"), NAMES, LABELS, **POSITIONS)
    return root
