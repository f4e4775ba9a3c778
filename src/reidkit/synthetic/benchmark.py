"""Write the synthetic benchmark: folders, manifests and its description, whole or not at all."""

import csv
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from reidkit.core.catalog import near_name
from reidkit.core.errors import DatasetError
from reidkit.core.files import write_json
from reidkit.core.types import ReportProgress, SplitCounts
from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.drawing import JPEG_QUALITY, count_processors, draw_all
from reidkit.synthetic.person.identity import list_attributes
from reidkit.synthetic.plan import ALL_PARTS, Order, Plan, Shot, plan_benchmark

FORMAT_VERSION = 1

_SMALLEST = (64, 32)


@dataclass(frozen=True, slots=True)
class BenchmarkSummary:
    """What `synthesize` wrote.

    Args:
        root: Folder of the benchmark.
        images: Number of picture files.
        counts: Counts by part and split; for tracklets, ``images`` counts tracklets. Distractors are one
            identity of the gallery.
    """

    root: Path
    images: int
    counts: Mapping[str, Mapping[str, SplitCounts]]


def synthesize(
    out: Path,
    *,
    identities: int = 200,
    cameras: int = 6,
    seed: int = 0,
    images_per_camera: int = 4,
    size: tuple[int, int] = (256, 128),
    difficulty: Difficulty | None = None,
    parts: Collection[str] = ("images",),
    workers: int | None = None,
    report: ReportProgress | None = None,
    overwrite: bool = False,
) -> BenchmarkSummary:
    """Draw a benchmark of pedestrians who never existed, in the folder layout of reidkit.

    The same arguments give the same bytes, whatever ``workers`` is; another version of NumPy or Pillow may
    change last bits. More identities or cameras leave the pictures of the others as they are. The folder
    appears when all is written; whoever is killed before leaves only a hidden unfinished folder beside it,
    which the next call removes.

    With more than one worker, a script must call this below ``if __name__ == "__main__":``.

    Layout: ``train``, ``query`` and ``gallery`` hold ``<identity>/<identity>_c<camera>_<index>.jpg``; people
    who are never queried share the folder ``gallery/distractors``. The other parts repeat this in folders of
    their own (``second_city/train/...``); tracklets are folders of frames. Every part has a ``manifest.csv``
    with a row per picture: path, identity, camera, split, view (yaw in degrees: 0 faces the camera, 90 walks
    to the right of the picture), time (seconds), then one column per attribute. ``benchmark.json`` holds
    the arguments, the counts, and a description of every camera.

    Args:
        out: Folder to write; it may not exist.
        identities: People who are trained on or searched, half of them each; at least 4.
        cameras: Cameras of the first city; at least 1, and only from 2 on a query has a match elsewhere.
        seed: Seed of all choices, not negative.
        images_per_camera: Pictures of each person by each camera; at least 2.
        size: (height, width) of the pictures in pixels; at least (64, 32).
        difficulty: How hard it is; None takes the defaults.
        parts: Any of ``ALL_PARTS``: images (the main part), tracklets, occluded, partial, second_city.
        workers: Processes; None takes one per processor, 1 draws in this process.
        report: Called with (pictures done, pictures in all).
        overwrite: Whether an older synthetic benchmark at ``out`` is replaced, at the very end.

    Returns:
        The counts of what was written.

    Raises:
        DatasetError: a wrong argument, something at ``out`` that may not be replaced, or a dead worker.
    """
    out = Path(out).absolute()
    _check_arguments(identities, cameras, seed, images_per_camera, size, parts, workers)
    _check_place(out, overwrite=overwrite)
    order = Order(
        identities,
        cameras,
        images_per_camera,
        seed,
        (size[0], size[1]),
        Difficulty() if difficulty is None else difficulty,
        tuple(part for part in ALL_PARTS if part in parts),
    )
    plan = plan_benchmark(order)
    counts = count_splits(plan.shots)
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _beside(out, "unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir()
        processes = count_processors() if workers is None else workers
        draw_all(plan, order, unfinished, workers=processes, report=report)
        _write_manifests(plan, unfinished)
        write_json(unfinished / "benchmark.json", _describe(plan, order, counts))
        _put_in_place(unfinished, out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return BenchmarkSummary(out, len(plan.shots), counts)


def _check_arguments(
    identities: int, cameras: int, seed: int, images_per_camera: int, size: tuple[int, int],
    parts: Collection[str], workers: int | None,
) -> None:  # fmt: skip
    least = (
        ("identities", identities, 4, "Two people to train on and two to search are the least."),
        ("cameras", cameras, 1, "Take 2 or more, so that a query has a match in another camera."),
        ("images_per_camera", images_per_camera, 2, "One picture becomes the query, the others the gallery."),
        ("seed", seed, 0, "Take 0 for the usual benchmark."),
        ("workers", 1 if workers is None else workers, 1, "Leave it out for one per processor."),
    )
    for name, value, low, hint in least:
        if value < low:
            raise DatasetError(f"Argument '{name}' is too small, got {value}. Expected {low} or more. {hint}")
    if len(size) != 2 or size[0] < _SMALLEST[0] or size[1] < _SMALLEST[1]:
        raise DatasetError(
            f"Argument 'size' is too small, got {tuple(size)}. Expected (height, width) of at least "
            f"{_SMALLEST}. Take (256, 128), and resize when training."
        )
    if isinstance(parts, str) or not parts:
        raise DatasetError(
            f"Argument 'parts' names no parts, got {parts!r}. Expected a list of {', '.join(ALL_PARTS)}. "
            f"Leave it out for the main part."
        )
    for part in parts:
        if part not in ALL_PARTS:
            raise DatasetError(
                f"Argument 'parts' has an unknown part, got '{part}'. Expected {', '.join(ALL_PARTS)}."
                f"{near_name(part, ALL_PARTS)}"
            )


def _check_place(out: Path, *, overwrite: bool) -> None:
    """Refuse a place that is taken, and undo a replacement that was killed half-way."""
    replaced = _beside(out, "replaced")
    if replaced.exists() and not out.exists():
        replaced.rename(out)
    shutil.rmtree(replaced, ignore_errors=True)
    if not os.path.lexists(out):
        return
    if not overwrite:
        raise DatasetError(
            f"Folder '{out}' exists already, got overwrite=False. Expected a new folder. "
            f"Choose another folder, or pass overwrite=True to replace the benchmark in it."
        )
    if not (out / "benchmark.json").is_file():
        raise DatasetError(
            f"Folder '{out}' is no synthetic benchmark, got no benchmark.json in it. Expected a folder "
            f"written by synthesize, since all in it would be deleted. Choose another folder."
        )


def _beside(out: Path, state: str) -> Path:
    return out.with_name(f".{out.name}.{state}")


def _put_in_place(unfinished: Path, out: Path) -> None:
    if out.exists():
        replaced = _beside(out, "replaced")
        out.rename(replaced)
        unfinished.rename(out)
        shutil.rmtree(replaced)
    else:
        unfinished.rename(out)


def count_splits(shots: Collection[Shot]) -> dict[str, dict[str, SplitCounts]]:
    """Return the counts by part and split; a tracklet counts once."""
    samples: dict[tuple[str, str], set[tuple[str, int, str]]] = {}
    for shot in shots:
        sample = (shot.label, shot.camera[1], shot.tracklet or shot.path)
        samples.setdefault((shot.part, shot.split), set()).add(sample)
    counts: dict[str, dict[str, SplitCounts]] = {}
    for (part, split), found in samples.items():
        labels, numbers = {label for label, _, _ in found}, {number for _, number, _ in found}
        counts.setdefault(part, {})[split] = SplitCounts(len(labels), len(found), len(numbers))
    return counts


def _write_manifests(plan: Plan, root: Path) -> None:
    for part in ALL_PARTS:
        shots = [shot for shot in plan.shots if shot.part == part]
        if shots:
            folder = root if part == "images" else root / part
            with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
                _write_rows(plan, shots, stream)


def _write_rows(plan: Plan, shots: list[Shot], stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    first = shots[0]
    prefix = "" if first.part == "images" else f"{first.part}/"
    extra = ["tracklet"] if first.tracklet else []
    names = list(list_attributes(plan.people[first.person]))
    writer.writerow(["path", "identity", "camera", "split", "view", "time", *extra, *names])
    for shot in shots:
        writer.writerow([
            shot.path.removeprefix(prefix), shot.label, shot.camera[1], shot.split,
            f"{shot.moment.yaw_degrees:.1f}", f"{shot.moment.time_seconds:.2f}",
            *([shot.tracklet] if extra else []), *list_attributes(plan.people[shot.person]).values(),
        ])  # fmt: skip


def _describe(plan: Plan, order: Order, counts: Mapping[str, Mapping[str, SplitCounts]]) -> dict[str, Any]:
    """Return everything that is needed to draw the benchmark again, and what it holds."""
    return {
        "format_version": FORMAT_VERSION,
        **asdict(order),
        "jpeg_quality": JPEG_QUALITY,
        "counts": {
            part: {split: asdict(found) for split, found in splits.items()} for part, splits in counts.items()
        },
        "camera_descriptions": [asdict(camera) for camera in plan.cameras.values()],
    }
