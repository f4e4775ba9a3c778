"""``reidkit quickstart``: draw, train, judge, report, in minutes on a CPU."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from reidkit.core.types import ReportProgress
    from reidkit.engine.train import TrainingResult
    from reidkit.metrics.scores import RetrievalScores


def quickstart(
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder.")] = Path("runs/quickstart"),
    data: Annotated[Path, typer.Option(help="Where the synthetic benchmark lies, or is drawn.")] = Path(
        "data/synthetic"
    ),
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Changes of the recipe, such as training.epochs=5.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Train anew if a run is there.")] = False,
) -> None:
    """Draw the synthetic benchmark, train OSNet x0.25 on it, judge it, and write a report.

    What is there already is taken up: a benchmark that was drawn, a run that was begun.
    """
    from reidkit.cli.reporting import write_run_report
    from reidkit.cli.screen import describe_protocol, make_console, score_table
    from reidkit.core.progress import progress_bar
    from reidkit.engine.recipe_files import load_recipe
    from reidkit.engine.run_folder import RunFolder
    from reidkit.engine.train import train
    from reidkit.synthetic import synthesize

    console = make_console()
    recipe = load_recipe("quickstart", [f"data.root={data}", *(overrides or [])])
    if (data / "benchmark.json").is_file():
        console.print(f"Taking the benchmark that lies in {data}.", soft_wrap=True)
    else:
        with progress_bar(console, f"drawing the synthetic benchmark into {data}") as report:
            synthesize(data, report=report)
    is_begun = RunFolder(out).recipe.is_file() and not overwrite
    if is_begun:
        console.print(f"Going on with the run in {out}; --overwrite trains anew.", soft_wrap=True)
    result = train(recipe, out, resume=is_begun, overwrite=overwrite, console=console)
    with progress_bar(console, "judging two baselines") as report:
        baselines = judge_baselines(result, report)
    write_run_report(result, baselines)
    scores = {"OSNet x0.25, trained": result.evaluation.scores, **baselines}
    console.print(score_table(scores, title="Synthetic pedestrians, test identities never seen in training"))
    console.print(describe_protocol(result.evaluation.scores), soft_wrap=True)
    show_next_steps(result, console)


def judge_baselines(result: "TrainingResult", report: "ReportProgress") -> "dict[str, RetrievalScores]":
    """Judge the model as it was before training, and the colours alone, under the same protocol."""
    from reidkit.engine.evaluate import evaluate
    from reidkit.engine.train import build_recipe_model
    from reidkit.models.colour_histogram import ColourHistogram

    preprocessing = result.card.preprocessing
    baselines = {
        "the same, untrained": build_recipe_model(result.recipe, result.splits),
        "colour histogram": ColourHistogram(preprocessing),
    }
    protocol = result.evaluation.scores.protocol
    return {
        name: evaluate(model, result.splits, preprocessing, protocol, report=report).scores
        for name, model in baselines.items()
    }


def show_next_steps(result: "TrainingResult", console: "Console") -> None:
    """Say where the results are, and what to type next."""
    folder = result.folder
    query = result.splits.query[0]
    match = next(sample for sample in result.splits.gallery if sample.identity == query.identity)
    console.print(
        f"\nLook at {folder.report} in a browser; the pictures are in {folder.rank_lists}.", soft_wrap=True
    )
    console.print("Then try:")
    program = program_name()
    for command in (
        f"compare {from_here(query.path)} {from_here(match.path)} --model {folder.path}",
        f"embed {from_here(result.splits.root / 'query')} --model {folder.path} --out descriptors.npz",
        f"demo --run {from_here(folder.path)} --data {from_here(result.splits.root)}   # a page to search in",
        "train quickstart data.root=PHOTOS   # with PHOTOS/train/<who>/*.jpg and PHOTOS/test/<who>/*.jpg",
    ):
        console.print(f"  {program} {command}", soft_wrap=True, markup=False)


def program_name() -> str:
    """Return what to type for this program: its name, or its path where the shell would not find it."""
    import shutil
    import sys

    program = Path(sys.argv[0])
    if program.name != "reidkit":
        return "python -m reidkit"
    found = shutil.which("reidkit")
    if found is not None and Path(found).resolve() == program.resolve():
        return "reidkit"
    return str(from_here(program))


def from_here(path: Path) -> Path:
    """Return a path as a person would type it: from the working folder, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
