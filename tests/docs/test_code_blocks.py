"""The code in README and docs runs: a reader who types it gets what the text says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from reidkit.engine.train import train
from reidkit.synthetic import synthesize
from tests.engine.recipes import small_recipe

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SKIP = "<!-- takes minutes -->"
# What a page may show without this test running it: installing, building, and looking.
NOT_OURS = ("make ", "pip install", "git clone", "cd ", "python3 -m venv", "tensorboard ")


def blocks_of(page: Path) -> list[tuple[str, str, bool]]:
    """Return (language, code, whether it runs) of each fenced block."""
    found = re.findall(r"(<!-- [^>]* -->\n)?```(\w*)\n(.*?)```", page.read_text(), re.DOTALL)
    return [(language, code, comment.strip() != SKIP) for comment, language, code in found]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as it is after the quickstart, in small: drawn data, a trained model, two photos."""
    place = tmp_path_factory.mktemp("workplace")
    # Enough people for the batches of the shipped recipes.
    synthesize(place / "data" / "synthetic", identities=40, cameras=3, images_per_camera=2, workers=1)
    recipe = small_recipe(place / "data" / "synthetic", training={"epochs": 1})
    train(recipe, place / "runs" / "quickstart")
    photos = sorted((place / "data" / "synthetic" / "query").rglob("*.jpg"))[:2]
    for name, photo in zip(("a.jpg", "b.jpg"), photos, strict=True):
        (place / name).write_bytes(photo.read_bytes())
    return place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_of_a_page_runs(page: Path, workplace: Path):
    python = ""
    for language, code, runs in blocks_of(page):
        if runs and language == "python":
            python += code + "\n"  # a block may go on from the ones before it
            run = subprocess.run(
                [sys.executable, "-c", python], cwd=workplace, capture_output=True, text=True, check=False
            )
            assert run.returncode == 0, run.stderr
        if runs and language == "bash":
            for line in code.strip().splitlines():
                run_shell_line(line, workplace)


def run_shell_line(line: str, workplace: Path) -> None:
    """Run one line of a shell block, if it is a command of ours."""
    if not line or line.startswith(("#", *NOT_OURS)):
        return
    words = shlex.split(line, comments=True)
    settings = [word for word in words if re.match(r"[A-Z]+=", word)]
    words = [word for word in words if word not in settings]
    assert words[0] == "reidkit", f"the test cannot run: {line}"
    run = subprocess.run(
        ["env", *settings, sys.executable, "-m", *words],
        cwd=workplace,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{line}\n{run.stdout}\n{run.stderr}"


def test_the_pages_hold_code():
    blocks = [block for page in PAGES for block in blocks_of(page)]
    assert len(PAGES) >= 8
    assert sum(language == "python" for language, _, _ in blocks) >= 4
    assert sum(language == "bash" for language, _, _ in blocks) >= 6
    assert sum(not runs for _, _, runs in blocks) <= 3


def test_links_between_pages_lead_somewhere():
    links = [
        (page, target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        if not target.startswith(("http", "mailto"))
    ]
    assert len(links) >= 5
    assert [(page, target) for page, target in links if not (page.parent / target).exists()] == []
