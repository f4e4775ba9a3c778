import json
from pathlib import Path

import pytest

from reidkit.core.errors import MissingExtraError
from reidkit.core.extras import import_extra


def write_package(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text)


def test_extra_installed_is_the_module():
    assert import_extra("json", extra="train", purpose="Training") is json


def test_extra_missing_names_purpose_package_and_command():
    with pytest.raises(
        MissingExtraError,
        match=r"^Training needs the package 'no_such_package_here', which is not installed\. "
        r"Run: pip install 'reidkit\[train\]'\.$",
    ):
        import_extra("no_such_package_here", extra="train", purpose="Training")


def test_extra_missing_submodule_path_names_the_package():
    with pytest.raises(MissingExtraError, match=r"needs the package 'no_such_package_here',"):
        import_extra("no_such_package_here.pyplot", extra="report", purpose="A report")


def test_extra_missing_shows_no_second_traceback():
    with pytest.raises(MissingExtraError, match=r"not installed") as caught:
        import_extra("no_such_package_here", extra="train", purpose="Training")
    assert caught.value.__suppress_context__


def test_extra_that_lacks_its_own_dependency_stays_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(tmp_path)
    write_package(tmp_path, "extra_lacking", "import its_own_dependency\n")
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'its_own_dependency'"):
        import_extra("extra_lacking", extra="train", purpose="Training")


def test_extra_whose_import_fails_stays_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(tmp_path)
    write_package(tmp_path, "extra_broken", "raise ImportError('libbroken.so: cannot open')\n")
    with pytest.raises(ImportError, match=r"^libbroken\.so: cannot open$"):
        import_extra("extra_broken", extra="train", purpose="Training")


def test_extra_installed_without_the_wanted_submodule_stays_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(tmp_path)
    write_package(tmp_path, "extra_old", "")
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'extra_old\.pyplot'"):
        import_extra("extra_old.pyplot", extra="report", purpose="A report")
