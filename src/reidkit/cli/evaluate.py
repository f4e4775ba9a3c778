"""``reidkit evaluate``: judge a trained model on any data set."""

from pathlib import Path
from typing import Annotated

import typer

from reidkit.core.types import DistanceName


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")],
    root: Annotated[Path, typer.Argument(help="Folder (or manifest) of the data set.")],
    reader: Annotated[str, typer.Option(help="How to read it: folder, manifest, market1501.")] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="market1501 or no-camera. (default: the data set's own)")
    ] = None,
    distance: Annotated[
        DistanceName | None, typer.Option(help="Between descriptors. (default: the model's own)")
    ] = None,
    flip: Annotated[bool, typer.Option(help="Average over each image and its mirror image.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for scores.json, report.html and rank lists.")
    ] = None,
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Leave damaged images out instead of stopping.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Images per step.")] = 128,
) -> None:
    """Embed query and gallery with a model, rank, and print the scores with their protocol."""
    from reidkit.cli.data_options import parse_reader_options
    from reidkit.cli.reporting import write_evaluation
    from reidkit.cli.screen import describe_protocol, make_console, score_table
    from reidkit.core.progress import progress_bar
    from reidkit.data.doctor import examine
    from reidkit.data.failures import UnreadablePolicy
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.embedder import choose_device, find_model, load
    from reidkit.engine.evaluate import choose_protocol
    from reidkit.engine.evaluate import evaluate as run_evaluation

    console = make_console()
    embedder = load(find_model(model), device=str(choose_device(device)))
    splits = read_dataset(reader, root, **parse_reader_options(option))
    chosen = choose_protocol(
        splits,
        name=protocol,
        distance=distance or embedder.card.distance,
        flip=flip,
    )
    unreadable: UnreadablePolicy = "skip" if skip_unreadable else "error"
    with progress_bar(console, "reading images") as on_progress:
        report = examine(splits, chosen, needs=["evaluation"], unreadable=unreadable, report=on_progress)
    console.print(report.as_text(levels=("warning", "note")), markup=False, soft_wrap=True)
    report.raise_on_error()
    with progress_bar(console, "embedding") as on_progress:
        evaluation = run_evaluation(
            embedder.model,
            splits,
            embedder.card.preprocessing,
            chosen,
            device=embedder.device,
            batch_size=batch_size,
            unreadable=unreadable,
            report=on_progress,
        )
    for failure in evaluation.failures:
        console.print(f"left out: {failure.reason}", markup=False, soft_wrap=True)
    console.print(score_table({str(model): evaluation.scores}, title=f"Scores on {splits.name}"))
    console.print(describe_protocol(evaluation.scores), soft_wrap=True)
    if out is not None:
        write_evaluation(out, str(model), splits, evaluation, embedder.card)
        console.print(f"wrote {out}", soft_wrap=True)
