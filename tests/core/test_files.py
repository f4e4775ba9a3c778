import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reidkit.core.files import replace_file, write_json, write_text

KILLED_IN_THE_BLOCK = """
import os, signal, sys
from pathlib import Path
from reidkit.core.files import replace_file

with replace_file(Path(sys.argv[1])) as unfinished:
    unfinished.write_text("half of the n")
    print("in the block", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replace_puts_the_new_content_in_place_when_the_block_ends(tmp_path: Path):
    path = tmp_path / "card.json"
    path.write_text("old")
    with replace_file(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["card.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot replace a file that is open")
def test_replace_leaves_the_old_file_whole_to_whoever_reads_it(tmp_path: Path):
    path = tmp_path / "card.json"
    path.write_text("old and longer")
    with path.open() as reader:
        write_text(path, "new")
        assert reader.read() == "old and longer"
    assert path.read_text() == "new"


def test_replace_writes_beside_the_place_and_keeps_the_suffix(tmp_path: Path):
    # Beside it, or the rename would cross file systems; with its suffix, since writers go by it.
    with replace_file(tmp_path / "model.safetensors") as unfinished:
        assert unfinished.parent == tmp_path
        assert unfinished.suffix == ".safetensors"
        assert unfinished.name != "model.safetensors"
        unfinished.write_bytes(b"")


def test_replace_makes_the_parent_folders(tmp_path: Path):
    write_text(tmp_path / "runs" / "one" / "log.txt", "text")
    assert (tmp_path / "runs" / "one" / "log.txt").read_text() == "text"


def test_replace_after_an_error_keeps_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "card.json"
    path.write_text("old")

    def fail_half_way() -> None:
        with replace_file(path) as unfinished:
            unfinished.write_text("half of the n")
            raise OSError("disk full")

    with pytest.raises(OSError, match=r"^disk full$"):
        fail_half_way()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["card.json"]


def test_replace_after_an_error_makes_no_file_where_none_was(tmp_path: Path):
    def fail_half_way() -> None:
        with replace_file(tmp_path / "card.json") as unfinished:
            unfinished.write_text("half of the n")
            raise KeyboardInterrupt("stopped")

    with pytest.raises(KeyboardInterrupt, match=r"^stopped$"):
        fail_half_way()
    assert names_in(tmp_path) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_replace_killed_in_the_block_keeps_the_old_file(tmp_path: Path):
    path = tmp_path / "card.json"
    path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_BLOCK, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "in the block\n", done.stderr
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    # Nobody could clean up, but what is left cannot be taken for the file.
    assert [name for name in names_in(tmp_path) if not name.startswith(".")] == ["card.json"]
    write_text(path, "new")
    assert path.read_text() == "new"


def test_write_text_is_utf8(tmp_path: Path):
    write_text(tmp_path / "text.txt", "Zürich 東京\n")
    assert (tmp_path / "text.txt").read_bytes() == "Zürich 東京\n".encode()


def test_write_json_reads_back_equal_and_readable(tmp_path: Path):
    content = {"name": "Zürich", "scores": [0.5, 1, None], "nested": {"yes": True}}
    write_json(tmp_path / "scores.json", content)
    text = (tmp_path / "scores.json").read_text(encoding="utf-8")
    assert json.loads(text) == content
    assert "Zürich" in text
    assert text.endswith("}\n")
    assert text.count("\n") > 5


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_write_json_refuses_what_is_not_json_and_keeps_the_old_file(tmp_path: Path, value: float):
    path = tmp_path / "scores.json"
    write_json(path, {"mean_ap": 0.5})
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        write_json(path, {"mean_ap": value})
    assert json.loads(path.read_text()) == {"mean_ap": 0.5}
    assert names_in(tmp_path) == ["scores.json"]
