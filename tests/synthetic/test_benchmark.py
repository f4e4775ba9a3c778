"""What `synthesize` leaves on disk: layout, manifests, description, and nothing half done."""

import csv
import json
import re
import subprocess
import sys
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.synthetic import ALL_PARTS, Difficulty, draw_identity, list_attributes, synthesize

TINY = {"identities": 4, "cameras": 2, "images_per_camera": 2, "size": (64, 32), "workers": 1}
SPLITS = {
    "images": {"train", "query", "gallery"},
    "tracklets": {"train", "query", "gallery"},
    "occluded": {"query", "gallery"},
    "partial": {"query", "gallery"},
    "second_city": {"train", "query", "gallery"},
}


def folder_of(root: Path, part: str) -> Path:
    return root if part == "images" else root / part


def digests(root: Path) -> dict[str, str]:
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("part", ALL_PARTS)
def test_manifest_lists_exactly_the_files_of_its_part(summary, read_manifest, part):
    folder = folder_of(summary.root, part)
    found = {
        path.relative_to(folder).as_posix()
        for split in SPLITS[part]
        for path in (folder / split).rglob("*.jpg")
    }
    listed = [row["path"] for row in read_manifest(part)]
    assert len(listed) >= 16
    assert sorted(listed) == sorted(found)
    assert {row["split"] for row in read_manifest(part)} == SPLITS[part]


@pytest.mark.parametrize("part", ALL_PARTS)
def test_manifest_agrees_with_folders_and_file_names(read_manifest, part):
    for row in read_manifest(part):
        split, folder, *_ = row["path"].split("/")
        assert (split, folder) == (row["split"], row["identity"])
        assert re.search(r"_c(\d+)[_.]", row["path"])[1] == row["camera"]
        assert 0 <= float(row["view"]) < 360
        assert float(row["time"]) >= 0


def test_manifest_holds_every_attribute_and_it_is_constant_per_person(read_manifest):
    columns = {"path", "identity", "camera", "split", "view", "time"}
    people: dict[str, set[tuple[str, ...]]] = {}
    for row in read_manifest("images"):
        labels = {key: value for key, value in row.items() if key not in columns}
        assert len(labels) > 25
        assert all(labels.values())
        if row["identity"] != "distractors":
            people.setdefault(row["identity"], set()).add(tuple(labels.values()))
    assert len(people) == 8
    assert all(len(found) == 1 for found in people.values())


def test_counts_are_those_on_disk(summary, read_manifest):
    assert set(summary.counts) == set(ALL_PARTS)
    for part, splits in summary.counts.items():
        rows = read_manifest(part)
        for split, counts in splits.items():
            mine = [row for row in rows if row["split"] == split]
            samples = {row.get("tracklet") or row["path"] for row in mine}
            assert counts == SplitCounts(
                len({row["identity"] for row in mine}), len(samples), len({row["camera"] for row in mine})
            )
    assert summary.images == len(list(summary.root.rglob("*.jpg")))


def test_main_part_has_the_ordered_size(summary):
    counts = summary.counts["images"]
    assert counts["train"] == SplitCounts(identities=4, images=4 * 2 * 2, cameras=2)
    assert counts["query"] == SplitCounts(identities=4, images=4 * 2, cameras=2)
    distractors = 2 * 2 * 2
    assert counts["gallery"] == SplitCounts(identities=5, images=4 * 2 + distractors, cameras=2)


def test_description_is_enough_to_draw_it_again(summary, tmp_path):
    described = json.loads((summary.root / "benchmark.json").read_text(encoding="utf-8"))
    assert described["format_version"] == 1
    assert described["counts"]["images"]["train"] == asdict(summary.counts["images"]["train"])
    assert len([camera for camera in described["camera_descriptions"] if camera["city"] == 0]) == 2
    synthesize(
        tmp_path / "again", workers=1, parts=["images"], size=tuple(described["size"]),
        difficulty=Difficulty(**described["difficulty"]),
        **{key: described[key] for key in ("identities", "cameras", "images_per_camera", "seed")},
    )  # fmt: skip
    again = {name: digest for name, digest in digests(tmp_path / "again").items() if name != "benchmark.json"}
    assert len(again) > 40
    assert again.items() <= digests(summary.root).items()


def test_training_and_test_people_are_disjoint(read_manifest):
    for part in ("images", "tracklets", "second_city"):
        by_split: dict[str, set[str]] = {}
        for row in read_manifest(part):
            by_split.setdefault(row["split"], set()).add(row["identity"])
        assert by_split["query"] <= by_split["gallery"]
        assert not by_split["train"] & by_split["gallery"]


@pytest.mark.parametrize("part", ALL_PARTS)
def test_every_query_has_a_match_in_another_camera(read_manifest, part):
    rows = read_manifest(part)
    gallery = {(row["identity"], row["camera"]) for row in rows if row["split"] == "gallery"}
    queries = [row for row in rows if row["split"] == "query"]
    assert len(queries) >= 4
    for row in queries:
        assert any(who == row["identity"] and where != row["camera"] for who, where in gallery)


def test_second_city_shares_neither_people_nor_cameras(read_manifest):
    first, second = read_manifest("images"), read_manifest("second_city")
    assert not {row["identity"] for row in first} & {row["identity"] for row in second}
    assert not {row["camera"] for row in first} & {row["camera"] for row in second}


def test_images_have_the_ordered_size_and_partial_queries_are_cut(summary, read_manifest):
    for part in ALL_PARTS:
        for row in read_manifest(part):
            with Image.open(folder_of(summary.root, part) / row["path"]) as picture:
                assert picture.mode == "RGB"
                if part == "partial" and row["split"] == "query":
                    assert picture.width * picture.height < 0.7 * 96 * 48
                else:
                    assert picture.size == (48, 96)


def test_tracklets_are_whole_and_walk_on(summary, read_manifest):
    tracklets: dict[str, list[dict[str, str]]] = {}
    for row in read_manifest("tracklets"):
        tracklets.setdefault(row["tracklet"], []).append(row)
    assert len(tracklets) == 2 * 2 * 3
    for name, rows in tracklets.items():
        assert [row["path"].rsplit("/", 1)[1] for row in rows] == [
            f"f{number:03d}.jpg" for number in range(8)
        ]
        assert all(f"/{name}/" in row["path"] for row in rows)
        times = [float(row["time"]) for row in rows]
        assert times == sorted(set(times))
        files = {(summary.root / "tracklets" / row["path"]).read_bytes() for row in rows}
        assert len(files) == 8


def test_files_do_not_depend_on_the_number_of_processes(tmp_path):
    order = {"identities": 12, "cameras": 2, "images_per_camera": 3, "size": (64, 32), "seed": 5}
    one = synthesize(tmp_path / "one", workers=1, **order)
    progress: list[tuple[int, int]] = []
    synthesize(
        tmp_path / "two", workers=2, report=lambda done, total: progress.append((done, total)), **order
    )
    assert one.images >= 64, "fewer pictures are drawn without processes"
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert progress[-1] == (one.images, one.images)
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)


def test_seeds_differ(tmp_path):
    first = synthesize(tmp_path / "first", seed=0, **TINY)
    second = synthesize(tmp_path / "second", seed=1, **TINY)
    pictures = [set(digests(item.root).values()) for item in (first, second)]
    assert not pictures[0] & pictures[1]


def test_more_people_and_cameras_leave_the_first_ones_alone(tmp_path):
    easy = Difficulty(distractors=0)
    small = synthesize(tmp_path / "small", difficulty=easy, **TINY)
    large = synthesize(tmp_path / "large", difficulty=easy, **(TINY | {"identities": 8, "cameras": 3}))
    kept = {name: digest for name, digest in digests(small.root).items() if name.endswith(".jpg")}
    assert len(kept) == 16
    assert kept.items() <= digests(large.root).items()


def test_progress_counts_every_picture(tmp_path):
    seen: list[tuple[int, int]] = []
    found = synthesize(tmp_path / "out", report=lambda done, total: seen.append((done, total)), **TINY)
    assert seen == [(number, found.images) for number in range(1, found.images + 1)]


def test_existing_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"exists already, got overwrite=False\. Expected a new folder\."):
        synthesize(tmp_path / "mine", **TINY)
    with pytest.raises(DatasetError, match=r"is no synthetic benchmark, got no benchmark\.json in it\."):
        synthesize(tmp_path / "mine", overwrite=True, **TINY)
    assert (tmp_path / "mine" / "letter.txt").read_text(encoding="utf-8") == "keep me"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_overwrite_replaces_a_benchmark_at_the_end_only(tmp_path):
    out = tmp_path / "out"
    synthesize(out, seed=0, **TINY)
    before = digests(out)

    def fail(done: int, total: int) -> None:
        assert digests(out) == before
        if done == 5:
            raise KeyboardInterrupt("enough")

    with pytest.raises(KeyboardInterrupt, match="enough"):
        synthesize(out, seed=1, overwrite=True, report=fail, **TINY)
    assert digests(out) == before
    synthesize(out, seed=1, overwrite=True, **TINY)
    assert digests(out) != before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_replacement_killed_between_two_renames_is_undone(tmp_path):
    out = tmp_path / "out"
    synthesize(out, **TINY)
    before = digests(out)
    out.rename(tmp_path / ".out.replaced")
    with pytest.raises(DatasetError, match="exists already"):
        synthesize(out, **TINY)
    assert digests(out) == before


def test_killed_run_leaves_no_folder_and_the_next_one_succeeds(tmp_path):
    out, unfinished = tmp_path / "out", tmp_path / ".out.unfinished"
    code = (
        "import sys; from pathlib import Path; from reidkit.synthetic import synthesize\n"
        "synthesize(Path(sys.argv[1]), identities=300, cameras=4, size=(64, 32), workers=2)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(out)])
    deadline = time.monotonic() + 60
    while not any(unfinished.rglob("*.jpg")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not out.exists()
    # The workers notice that their parent is gone, instead of drawing on or waiting for ever.
    count = -1
    while count != (count := len(list(unfinished.rglob("*.jpg")))):
        assert time.monotonic() < deadline
        time.sleep(0.7)
    found = synthesize(out, **TINY)
    assert len(list(out.rglob("*.jpg"))) == found.images
    assert not unfinished.exists()


def test_script_without_guard_is_told_what_to_do(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path; from reidkit.synthetic import synthesize\n"
        "synthesize(Path(__file__).with_name('out'), identities=16, cameras=2, size=(64, 32), workers=2)",
        encoding="utf-8",
    )
    found = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "Call synthesize below 'if __name__ == \"__main__\":', or pass workers=1." in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"identities": 3}, r"Argument 'identities' is too small, got 3\. Expected 4 or more\. "),
        ({"cameras": 0}, r"Argument 'cameras' is too small, got 0\. Expected 1 or more\. "),
        (
            {"images_per_camera": 1},
            r"Argument 'images_per_camera' is too small, got 1\. Expected 2 or more\. ",
        ),
        ({"seed": -1}, r"Argument 'seed' is too small, got -1\. Expected 0 or more\. "),
        ({"workers": 0}, r"Argument 'workers' is too small, got 0\. Expected 1 or more\. "),
        (
            {"size": (32, 128)},
            r"Argument 'size' is too small, got \(32, 128\)\. Expected \(height, width\) of at",
        ),
        ({"parts": ()}, r"Argument 'parts' names no parts, got \(\)\. Expected a list of images, tracklets"),
        ({"parts": "images"}, r"Argument 'parts' names no parts, got 'images'\. Expected a list of images"),
        (
            {"parts": ["tracklet"]},
            r"unknown part, got 'tracklet'\. Expected images.*Did you mean 'tracklets'\?",
        ),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path, changes, message):
    with pytest.raises(DatasetError, match=message):
        synthesize(tmp_path / "out", **(TINY | changes))
    assert not list(tmp_path.iterdir())


def test_one_camera_is_enough_to_draw(tmp_path):
    found = synthesize(tmp_path / "out", parts=ALL_PARTS, **(TINY | {"cameras": 1}))
    assert found.counts["images"]["query"] == SplitCounts(identities=2, images=2, cameras=1)


def test_manifest_columns_are_the_attributes(summary):
    with (summary.root / "tracklets" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    attributes = list(list_attributes(draw_identity(np.random.default_rng(0))))
    assert header == ["path", "identity", "camera", "split", "view", "time", "tracklet", *attributes]


def test_package_needs_neither_torch_nor_lightning():
    code = "import sys, reidkit.synthetic; print('torch' in sys.modules, 'lightning' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]
