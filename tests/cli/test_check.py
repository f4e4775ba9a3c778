import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Command
from tests.conftest import draw_dataset


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    """A drawn data set with a training picture in the gallery, and one that is black."""
    root = draw_dataset(tmp_path / "data")
    (root / "gallery/0009/0009_c1_07.png").write_bytes((root / "train/0002/0002_c1_00.png").read_bytes())
    Image.new("RGB", (32, 64)).save(root / "train/0003/0003_c1_09.png")
    return root


def test_text_names_faults_and_draws_the_histogram(reidkit: Command, spoiled: Path):
    result = reidkit("data", "check", spoiled)
    assert result.code == 0, result.err
    assert "warning: 1 query or gallery image can be seen in train too" in result.out
    assert "1 equal to the last pixel" in result.out
    assert "warning: 1 of 80 pictures is of one colour or nearly black" in result.out
    assert "images per identity in train, and how many identities have so many:\n  6  7  ####" in result.out


def test_clean_data_give_no_warning(reidkit: Command, dataset_root: Path):
    assert "warning" not in reidkit("data", "check", dataset_root).out


def test_json_keeps_its_keys_and_has_the_evidence(reidkit: Command, spoiled: Path):
    content = json.loads(reidkit("data", "check", spoiled, "--json").out)
    assert list(content) == [
        "name",
        "root",
        "protocol",
        "summary",
        "findings",
        "published",
        "images_per_identity",
        "duplicates",
        "unreadable",
        "odd_images",
    ]
    first, second = content["duplicates"][0]["files"]
    assert first["path"].endswith("gallery/0009/0009_c1_07.png")
    assert second["path"].endswith("train/0002/0002_c1_00.png")
    assert content["odd_images"][0]["kind"] == "flat"
    assert content["images_per_identity"]["train"][0] == {"least": 6, "most": 6, "identities": 7}


def test_html_writes_a_page_beside_the_text(reidkit: Command, spoiled: Path):
    result = reidkit("data", "check", spoiled, "--html", "deep/check.html")
    assert result.code == 0, result.err
    assert "wrote deep/check.html" in result.out
    page = Path("deep/check.html").read_text()
    assert "0009_c1_07.png" in page
    assert page.count("data:image/jpeg") > 2


def test_html_beside_json_leaves_the_json_alone(reidkit: Command, spoiled: Path):
    result = reidkit("data", "check", spoiled, "--json", "--html", "check.html")
    assert json.loads(result.out)["name"] == "data"
    assert Path("check.html").is_file()


def test_html_is_written_for_data_with_errors_too(reidkit: Command, spoiled: Path):
    (spoiled / "train/0003/0003_c2_09.png").write_bytes(b"<html>")
    result = reidkit("data", "check", spoiled, "--html", "check.html")
    assert result.code == 1
    assert "0003_c2_09.png" in Path("check.html").read_text()


def test_html_into_a_folder_is_refused_before_anything_is_read(reidkit: Command, spoiled: Path):
    Path("pages").mkdir()
    result = reidkit("data", "check", spoiled, "--html", "pages")
    assert result.code == 2
    assert "is a directory" in " ".join(result.err.replace("│", " ").split())


def test_missing_package_is_named_before_anything_is_read(
    reidkit: Command, spoiled: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = reidkit("data", "check", spoiled, "--html", "check.html")
    assert result.code == 2
    assert "pip install 'reidkit[report]'" in " ".join(result.err.split())
    assert "reading" not in result.out
