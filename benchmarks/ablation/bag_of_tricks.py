"""What each trick of a strong baseline brings: additive, each left out, and other losses, several seeds each.

Every configuration is a recipe that differs from its neighbour in one part. Runs that are done are kept in
files and not done again; a run that was killed goes on. Two processes may share a folder if each is given
configurations of its own (--only).
"""

import argparse
import json
import math
import platform
import shutil
import statistics
import time
from datetime import date
from pathlib import Path
from typing import Any

import torch

from reidkit.core.files import write_json
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import check_recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.train import train
from reidkit.synthetic import synthesize

TRICKS = (
    "triplet", "warm_up", "random_erasing", "label_smoothing", "last_stride", "bnneck", "gem",
)  # fmt: skip
"""In the order in which they are added; the first five are the order of the Bag of Tricks paper."""

ALL = frozenset(TRICKS)
SCORES = ("mean_ap", "rank_1")


def configurations() -> dict[str, frozenset[str]]:
    """Return the tricks of every configuration: one more each, then all but one, then other losses."""
    added = {"softmax": frozenset[str]()}
    for count, trick in enumerate(TRICKS, start=1):
        added[f"+ {trick}"] = frozenset(TRICKS[:count])
    # All without the last one added is there already.
    left_out = {f"all - {trick}": ALL - {trick} for trick in TRICKS[:-1]}
    others = {
        "all, circle for triplet": ALL - {"triplet"} | {"circle"},
        "all, circle softmax for softmax": ALL | {"circle_softmax"},
    }
    return added | left_out | others


def comparisons() -> dict[str, dict[str, tuple[str, str]]]:
    """Return for every trick the two configurations whose difference it is, with and without it."""
    steps = ["softmax", *(f"+ {trick}" for trick in TRICKS)]
    last = steps[-1]
    left_out = {trick: (last, f"all - {trick}") for trick in TRICKS[:-1]}
    return {
        "added to those before": {
            trick: (after, before) for trick, before, after in zip(TRICKS, steps[:-1], steps[1:], strict=True)
        },
        "added to all others": {**left_out, TRICKS[-1]: (last, steps[-2])},
        "in place of another": {
            "circle for triplet": ("all, circle for triplet", last),
            "circle softmax for softmax": ("all, circle softmax for softmax", last),
        },
    }


def recipe_of(tricks: frozenset[str], seed: int, data: Path, epochs: int, size: tuple[int, int]) -> Recipe:
    """Return the recipe of a configuration."""
    augmentation: list[dict[str, Any]] = [
        {"name": "flip"},
        {"name": "pad_crop", "arguments": {"padding": max(2, size[1] // 12)}},
    ]
    if "random_erasing" in tricks:
        augmentation.append({"name": "random_erasing", "arguments": {"probability": 0.5}})
    smoothing = 0.1 if "label_smoothing" in tricks else 0.0
    classify = "circle_softmax" if "circle_softmax" in tricks else "cross_entropy"
    margins = {"scale": 64.0, "margin": 0.35} if "circle_softmax" in tricks else {}
    losses: list[dict[str, Any]] = [
        {"name": classify, "arguments": {"label_smoothing": smoothing, **margins}}
    ]
    if "triplet" in tricks:
        losses.append({"name": "batch_hard_triplet", "arguments": {"margin": None}})
    if "circle" in tricks:
        losses.append({"name": "pairwise_circle", "arguments": {"scale": 64.0, "margin": 0.25}})
    classifier = "cosine" if "circle_softmax" in tricks else "linear"
    return check_recipe(
        {
            "name": "ablation",
            "seed": seed,
            "data": {"reader": "folder", "root": str(data)},
            "input": {"height": size[0], "width": size[1]},
            "model": {
                "name": "pipeline",
                "arguments": {
                    "backbone": "resnet",
                    "backbone_arguments": {"depth": 18, "last_stride": 1 if "last_stride" in tricks else 2},
                    "aggregation": "gem" if "gem" in tricks else "average",
                    "head": "bnneck" if "bnneck" in tricks else "linear",
                    "head_arguments": {"classifier": classifier},
                },
            },
            "sampling": {"arguments": {"identities_per_batch": 8, "images_per_identity": 4}},
            "augmentation": augmentation,
            "losses": losses,
            "optim": {"name": "adam", "learning_rate": 7.0e-4, "weight_decay": 5.0e-4},
            "schedule": {
                "name": "cosine",
                "warmup_epochs": epochs / 10 if "warm_up" in tricks else 0,
                "warmup_factor": 0.01,
            },
            "training": {
                "epochs": epochs,
                "device": "cpu",
                "precision": "bf16-mixed",  # faster on processors that have it
                "num_workers": 0,
                # A configuration that collapses is a result too, not the end of the benchmark.
                "collapse_steps": 0,
            },
            "evaluation": {"every_epochs": 0, "distance": "cosine"},
        },
        source="ablation",
    )


def measure(recipe: Recipe, place: Path) -> dict[str, float]:
    """Train and judge one configuration with one seed, and return its scores."""
    start = time.perf_counter()
    process = time.process_time()
    is_begun = RunFolder(place).recipe.is_file()
    scores = train(recipe, place, resume=is_begun).evaluation.scores
    result = {
        "mean_ap": round(float(scores.mean_ap), 4),
        "rank_1": round(float(scores.rank(1)), 4),
        "mean_inp": round(float(scores.mean_inp), 4),
        "wall_seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - process, 1),
    }
    if is_begun:  # the seconds are those of the rest alone
        result["was_resumed"] = True
    return result


def summarize(results: dict[str, dict[int, dict[str, float]]]) -> dict[str, Any]:
    """Return mean and spread of every configuration, and the paired differences that a trick makes."""
    rows = {
        name: {score: _mean_and_spread([run[score] for run in runs.values()]) for score in SCORES}
        for name, runs in results.items()
    }
    gains = {}
    for kind, pairs in comparisons().items():
        gains[kind] = {
            trick: {
                score: _mean_and_spread(
                    [results[new][seed][score] - results[old][seed][score] for seed in results[new]]
                )
                for score in SCORES
            }
            for trick, (new, old) in pairs.items()
            if new in results and old in results and set(results[new]) == set(results[old])
        }
    return {"scores": rows, "paired_gain_over": gains}


def _mean_and_spread(values: list[float]) -> dict[str, Any]:
    deviation = statistics.stdev(values) if len(values) > 1 else math.nan
    return {
        "mean": round(statistics.fmean(values), 4),
        "deviation": None if math.isnan(deviation) else round(deviation, 4),
        "by_seed": [round(value, 4) for value in values],
    }


def as_text(summary: dict[str, Any]) -> str:
    """Return the two tables of the documentation, in percent."""

    def cell(value: dict[str, Any], sign: str = "") -> str:
        deviation = "" if value["deviation"] is None else f" ± {100 * value['deviation']:.1f}"
        return f"{100 * value['mean']:{sign}.1f}{deviation}"

    lines = ["| configuration | mAP | Rank-1 |", "|---|--:|--:|"]
    lines += [
        f"| {name} | {cell(row['mean_ap'])} | {cell(row['rank_1'])} |"
        for name, row in summary["scores"].items()
    ]
    for kind, gains in summary["paired_gain_over"].items():
        lines += ["", f"| {kind} | mAP | Rank-1 |", "|---|--:|--:|"]
        lines += [
            f"| {trick} | {cell(gain['mean_ap'], '+')} | {cell(gain['rank_1'], '+')} |"
            for trick, gain in gains.items()
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure what is not measured yet, and print the table of all that is."""
    known = configurations()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"), help="where results are kept")
    parser.add_argument("--only", nargs="+", choices=known, default=list(known), help="configurations")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--identities", type=int, default=200, help="half of them are trained on")
    parser.add_argument("--cameras", type=int, default=6)
    parser.add_argument("--images-per-camera", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--size", type=int, nargs=2, default=(64, 32), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--table", action="store_true", help="print tables instead of JSON")
    wanted = parser.parse_args()
    size = (wanted.size[0], wanted.size[1])
    about = {
        "identities": wanted.identities, "cameras": wanted.cameras,
        "images_per_camera": wanted.images_per_camera, "epochs": wanted.epochs, "size": list(size),
    }  # fmt: skip
    data = wanted.out / "data"
    if not data.is_dir():
        synthesize(
            data,
            identities=wanted.identities,
            cameras=wanted.cameras,
            images_per_camera=wanted.images_per_camera,
            size=(128, 64),
            workers=1,
        )
    results: dict[str, dict[int, dict[str, float]]] = {}
    for seed in range(wanted.seeds):
        for name in wanted.only:
            tricks = known[name]
            label = f"{name.replace('+ ', 'with_').replace(' - ', '_without_')}_{seed}"
            place = wanted.out / label.replace(",", "").replace(" ", "_")
            kept = place.with_suffix(".json")
            if not kept.is_file():
                measured = measure(recipe_of(tricks, seed, data, wanted.epochs, size), place)
                write_json(kept, {"configuration": name, "seed": seed, **about, **measured})
                shutil.rmtree(place)
            content = json.loads(kept.read_text(encoding="utf-8"))
            differing = [key for key, value in about.items() if content[key] != value]
            if differing:
                raise SystemExit(f"{kept} was measured with another {differing[0]}. Take another --out.")
            results.setdefault(name, {})[seed] = content
    # In the order of the catalog, whatever the order of the arguments.
    summary = summarize({name: results[name] for name in known if name in results})
    machine = {"torch": torch.__version__, "machine": platform.machine(), "threads": torch.get_num_threads()}
    if wanted.table:
        print(as_text(summary))
    else:
        print(json.dumps({**about, "date": date.today().isoformat(), **machine, **summary}, indent=1))


if __name__ == "__main__":
    main()
