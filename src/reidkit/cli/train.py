"""``reidkit train``: from a recipe to a run folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from reidkit.engine.recipe import Recipe
    from reidkit.engine.train import TrainingResult


def train(
    recipe: Annotated[
        str | None, typer.Argument(help="Name of a shipped recipe (see 'reidkit recipes') or a YAML file.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="Changes, such as data.root=FOLDER optim.learning_rate=1e-3."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder. (default: runs/<recipe name>)")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, exactly as if it never stopped.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is in --out.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check recipe and data, show what would run, and stop.")
    ] = False,
    with_report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html and pictures at the end.")
    ] = True,
) -> None:
    """Train a model by a recipe, judge it, and leave it in a run folder."""
    from reidkit.cli.reporting import write_run_report
    from reidkit.cli.screen import make_console
    from reidkit.core.extras import import_extra
    from reidkit.engine.processes import find_processes
    from reidkit.engine.recipe_files import load_recipe
    from reidkit.engine.run_folder import RunFolder, read_run_recipe
    from reidkit.engine.train import train as run_training

    is_first = find_processes().is_first
    console = make_console(is_quiet=not is_first)
    if recipe is None and not resume:
        raise typer.BadParameter("name a recipe, or --resume a run with --out FOLDER")
    if with_report and not dry_run:  # said now, not after hours of training
        import_extra("matplotlib", extra="report", purpose="The report (or leave it out with --no-report)")
    if recipe is None:
        if out is None:
            raise typer.BadParameter("name the run to go on with: --resume --out FOLDER")
        chosen = read_run_recipe(RunFolder(out))
    else:
        chosen = load_recipe(recipe, overrides or ())
    folder = out or Path("runs") / chosen.name
    if dry_run:
        show_plan(chosen, folder, console)
        return
    result = run_training(chosen, folder, resume=resume, overwrite=overwrite, console=console)
    show_scores(result, console)
    if with_report and is_first:
        write_run_report(result)
    show_run_files(result, console)


def show_plan(recipe: "Recipe", folder: Path, console: "Console") -> None:
    """Say what a run would do, having checked all that can be checked without training."""
    from reidkit.engine.distillation import build_distillation
    from reidkit.engine.recipe_files import recipe_text
    from reidkit.engine.run_data import read_data
    from reidkit.engine.train import build_recipe_model, make_loader
    from reidkit.models.complexity import measure_complexity

    splits = read_data(recipe, console).splits
    model = build_recipe_model(recipe, splits)
    build_distillation(recipe, model, splits.train, splits.name)  # raises where teachers do not fit
    cost = measure_complexity(model, (recipe.input.height, recipe.input.width))
    steps = len(make_loader(recipe, splits))
    console.print(recipe_text(recipe), markup=False, soft_wrap=True)
    console.print(
        f"Would train {recipe.model.name} ({cost.parameters / 1e6:.2f} M parameters, "
        f"{cost.mult_adds / 1e6:.1f} M multiply-adds per image, descriptors of {cost.descriptor_dim}) for "
        f"{recipe.training.epochs} epochs of {steps} batches into {folder}. Nothing was written.",
        soft_wrap=True,
    )


def show_scores(result: "TrainingResult", console: "Console") -> None:
    """Print the scores, one row per target, and the rules of each."""
    from reidkit.cli.screen import describe_protocol, score_table

    scores = {name: evaluation.scores for name, evaluation in result.by_target.items()}
    if len(scores) == 1:
        console.print(score_table({result.recipe.name: result.evaluation.scores}, title="Scores"))
    else:
        console.print(
            score_table(scores, title=f"Trained on {result.splits.name}, judged on", first="target")
        )
    for line in dict.fromkeys(describe_protocol(score) for score in scores.values()):
        console.print(line, soft_wrap=True)


def show_run_files(result: "TrainingResult", console: "Console") -> None:
    """Say where a run left what."""
    others = [result.folder.scores_on(target) for target in list(result.by_target)[1:]]
    for path in (result.folder.model, result.folder.scores, *others, result.folder.report):
        if path.exists():
            console.print(f"wrote {path}", soft_wrap=True)
