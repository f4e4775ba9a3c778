from pathlib import Path

import pytest

from reidkit.core.cache import cache_folder


def test_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("REIDKIT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "reidkit"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for useless in ("relative/cache", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", useless)
        assert cache_folder() == tmp_path / "home" / ".cache" / "reidkit"


def test_its_own_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("REIDKIT_CACHE", "mine")
    assert cache_folder() == tmp_path / "mine"
