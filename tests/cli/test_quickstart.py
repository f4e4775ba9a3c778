"""The quickstart as a whole, on few people."""

import json
import shlex
from pathlib import Path

from reidkit.synthetic import synthesize
from tests.cli.conftest import Command

SMALL = (
    "training.epochs=1",
    "schedule.warmup_epochs=0",
    "training.num_workers=0",
    "input.height=64",
    "input.width=32",
)


def test_quickstart_trains_compares_with_baselines_and_says_what_is_next(reidkit: Command):
    synthesize("data/synthetic", identities=20, cameras=2, images_per_camera=2, size=(128, 64), workers=1)
    result = reidkit("quickstart", *SMALL)
    assert result.code == 0, result.err
    assert "Taking the benchmark that lies in data/synthetic" in result.out
    for row in ("OSNet x0.25, trained", "the same, untrained", "colour histogram"):
        assert row in result.out
    for name in ("model.safetensors", "scores.json", "report.html", "history.csv"):
        assert Path("runs/quickstart", name).is_file()
    assert list(Path("runs/quickstart/rank_lists").rglob("*.jpg"))
    assert "the same, untrained" in Path("runs/quickstart/report.html").read_text()

    # What it tells people to type works as it stands.
    lines = result.out.partition("Then try:")[2].strip().splitlines()
    assert len(lines) == 4
    for line in lines[:2]:
        words = shlex.split(line)
        typed = reidkit(*words[next(i for i, word in enumerate(words) if word in ("compare", "embed")) :])
        assert typed.code == 0, typed.err
    assert Path("descriptors.npz").is_file()
    assert " demo --run runs/quickstart --data data/synthetic " in lines[2]

    before = Path("runs/quickstart/model.safetensors").read_bytes()
    again = reidkit("quickstart", *SMALL)
    assert again.code == 0, again.err
    assert "Going on with the run in runs/quickstart" in again.out
    assert Path("runs/quickstart/model.safetensors").read_bytes() == before


def test_quickstart_draws_the_benchmark_where_there_is_none(reidkit: Command, monkeypatch):
    drawn = []

    def draw_few(root, *, report):
        drawn.append(Path(root))
        synthesize(
            root, identities=16, cameras=2, images_per_camera=2, size=(64, 32), workers=1, report=report
        )

    monkeypatch.setattr("reidkit.synthetic.synthesize", draw_few)
    result = reidkit("quickstart", *SMALL, "--data", "people", "--out", "run")
    assert result.code == 0, result.err
    assert drawn == [Path("people")]
    assert json.loads(Path("run/scores.json").read_text())["data"]["name"] == "people"
