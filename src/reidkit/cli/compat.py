"""``reidkit compat``: the commands of an early deep-person-reid, each as the commands it stands for."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from reidkit.compat.deep_person_reid import Plan

_ANY = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

app = typer.Typer(
    name="compat",
    help="Commands of an early deep-person-reid; each prints what it stands for in reidkit, and runs it.",
    no_args_is_help=True,
)


@app.command("train_imgreid_xent", context_settings=_ANY)
def train_imgreid_xent(context: typer.Context) -> None:
    """Train an image model with cross entropy, or judge one with --evaluate."""
    _run("train_imgreid_xent", context.args)


@app.command("train_imgreid_xent_htri", context_settings=_ANY)
def train_imgreid_xent_htri(context: typer.Context) -> None:
    """Train an image model with cross entropy and hard triplets."""
    _run("train_imgreid_xent_htri", context.args)


@app.command("train_vidreid_xent", context_settings=_ANY)
def train_vidreid_xent(context: typer.Context) -> None:
    """Train a video model with cross entropy."""
    _run("train_vidreid_xent", context.args)


@app.command("train_vidreid_xent_htri", context_settings=_ANY)
def train_vidreid_xent_htri(context: typer.Context) -> None:
    """Train a video model with cross entropy and hard triplets."""
    _run("train_vidreid_xent_htri", context.args)


def _run(script: str, arguments: list[str]) -> None:
    from reidkit.compat.deep_person_reid import plan

    chosen = plan(script, arguments)
    for name, why in chosen.ignored.items():
        typer.echo(f"--{name.replace('_', '-')} changes nothing here: {why}")
    typer.echo("This is, in reidkit:")
    for line in chosen.commands():
        typer.echo(f"  {line}")
    _fetch_or_convert(chosen)
    if chosen.recipe is None:
        _evaluate(chosen)
    else:
        _train(chosen)


def _fetch_or_convert(chosen: "Plan") -> None:
    from reidkit.cli.convert import convert
    from reidkit.compat.weights.fetch import fetch_weights

    if chosen.weights is not None and chosen.model_path != chosen.weights:
        convert(chosen.weights, out=chosen.model_path, overwrite=True)
    if chosen.fetched is not None:
        fetch_weights(chosen.fetched)


def _train(chosen: "Plan") -> None:
    import yaml

    from reidkit.cli.train import train
    from reidkit.core.files import write_text

    if chosen.resumes:
        train(out=chosen.save_dir, resume=True)
        return
    assert chosen.recipe is not None  # noqa: S101 - the caller asked
    write_text(chosen.recipe_path, yaml.safe_dump(chosen.recipe, sort_keys=False))
    train(str(chosen.recipe_path), out=chosen.save_dir)


def _evaluate(chosen: "Plan") -> None:
    from reidkit.cli.evaluate import evaluate

    evaluate(
        chosen.model_path,
        [str(chosen.data)],
        reader=chosen.reader,
        option=[f"{key}={value}" for key, value in chosen.options.items()],
        distance="euclidean",
        batch_size=chosen.batch_size,
        out=chosen.save_dir,
    )
    if chosen.draws_ranks:
        folder = chosen.save_dir / "ranked_results"
        count = draw_ranked_results(chosen.save_dir / "rankings.csv", folder)
        typer.echo(f"drew the ranks of {count} queries into {folder}")


def draw_ranked_results(rankings: Path, folder: Path) -> int:
    """Draw the rank list of every query of a ``rankings.csv``, and return how many there are.

    Args:
        rankings: As ``reidkit evaluate --out`` writes it.
        folder: Where to write.
    """
    from dataclasses import replace
    from itertools import groupby

    import numpy as np

    from reidkit.core.types import Sample
    from reidkit.metrics.rank_lists import RankList
    from reidkit.vis.rank_list import write_rank_lists
    from reidkit.vis.rank_table import read_rank_rows

    rows = [row for row in read_rank_rows(rankings) if row.answer != "ignored"]
    gallery: list[Sample] = []
    queries: list[Sample] = []
    lists = []
    for _, group in groupby(rows, key=lambda row: row.query):
        found = list(group)
        places = np.arange(len(gallery), len(gallery) + len(found))
        gallery += [
            replace(row.gallery_sample, identity=row.gallery_identity, camera=row.gallery_camera or None)
            for row in found
        ]
        one = found[0]
        queries.append(
            replace(one.query_sample, identity=one.query_identity, camera=one.query_camera or None)
        )
        distances = np.array([row.distance for row in found])
        is_match = np.array([row.answer == "right" for row in found])
        lists.append(RankList(len(queries) - 1, places, distances, is_match))
    write_rank_lists(lists, queries, gallery, folder)
    return len(lists)
