"""``reidkit evaluate``: judge a trained model on any data sets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reidkit.core.types import DistanceName, Temporal

if TYPE_CHECKING:
    from rich.console import Console

    from reidkit.core.types import DatasetSplits, Protocol
    from reidkit.data.failures import UnreadablePolicy
    from reidkit.deploy.embedder import Embedder
    from reidkit.engine.evaluate import Evaluation
    from reidkit.engine.post_processing import PostProcessing


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")],
    data: Annotated[
        list[str],
        typer.Argument(help="Folder (or manifest) of each data set; READER=FOLDER names its reader."),
    ],
    reader: Annotated[
        str, typer.Option(help="How to read those without a reader of their own; see 'reidkit datasets'.")
    ] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="market1501 or no-camera. (default: each data set's own)")
    ] = None,
    distance: Annotated[
        DistanceName | None, typer.Option(help="Between descriptors. (default: the model's own)")
    ] = None,
    flip: Annotated[bool, typer.Option(help="Average over each image and its mirror image.")] = False,
    temporal: Annotated[
        Temporal | None,
        typer.Option(help="How frames become one tracklet. (default: as the model learned, else average)"),
    ] = None,
    expand: Annotated[
        str | None,
        typer.Option(help="Query expansion: average, alpha, transductive or database, or as alpha(m=3)."),
    ] = None,
    rerank: Annotated[
        str | None, typer.Option(help="Re-ranking: k_reciprocal or graph, or as k_reciprocal(k1=25,k2=6).")
    ] = None,
    local: Annotated[
        str | None, typer.Option(help="Sort the nearest again by feature maps: dsr or max_matching.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Nearest images of a query that --local sorts.")] = 100,
    local_weight: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the local distance; not to be tuned on this data.")
    ] = 0.5,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for scores.json, report.html and rank lists; one below it per data set.",
        ),
    ] = None,
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Leave damaged images out instead of stopping.")
    ] = False,
    ignore_cameras: Annotated[
        bool, typer.Option("--ignore-cameras", help="Tell a model that was taught cameras none of them.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Images per step.")] = 128,
) -> None:
    """Embed query and gallery with a model, rank, and print the scores with their protocol."""
    from reidkit.cli.data_options import parse_method, parse_reader_options
    from reidkit.cli.reporting import write_evaluation
    from reidkit.cli.screen import describe_protocol, describe_verification, make_console, score_table
    from reidkit.data.mixing import unique_names
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.devices import choose_device
    from reidkit.deploy.embedder import find_model, load
    from reidkit.engine.evaluate import choose_protocol
    from reidkit.engine.post_processing import PostProcessing

    console = make_console()
    expansion, expand_arguments = parse_method(expand)
    reranking, rerank_arguments = parse_method(rerank)
    after = PostProcessing(expansion, reranking, expand_arguments, rerank_arguments, local, top, local_weight)
    after.check()
    embedder = load(find_model(model), device=str(choose_device(device)), batch_size=batch_size)
    options = parse_reader_options(option)
    # All are read before the first is judged: a misspelt folder shows at once, not after an hour.
    sets = [
        read_dataset(name, root, **options) for name, root in (split_reader(text, reader) for text in data)
    ]
    found: dict[str, Evaluation] = {}
    for name, splits in zip(unique_names(sets), sets, strict=True):
        chosen = choose_protocol(
            splits,
            name=protocol,
            distance=distance or embedder.card.distance,
            flip=flip,
            temporal=temporal or ("attention" if embedder.card.has_frame_attention else None),
        )
        found[name] = judge(
            embedder,
            splits,
            chosen,
            "skip" if skip_unreadable else "error",
            console,
            after,
            ignores_cameras=ignore_cameras,
        )
    scores = {name: evaluation.scores for name, evaluation in found.items()}
    console.print(score_table(scores, title=f"Scores of {model}", first="data set"))
    for line in dict.fromkeys(describe_protocol(score) for score in scores.values()):
        console.print(line, soft_wrap=True)
    for name, evaluation in found.items():
        for line in describe_verification(evaluation):
            console.print(line if len(found) == 1 else f"{name}: {line}", markup=False, soft_wrap=True)
    if out is not None:
        for (name, evaluation), splits in zip(found.items(), sets, strict=True):
            place = out if len(found) == 1 else out / name
            write_evaluation(place, str(model), splits, evaluation, embedder.card)
            console.print(f"wrote {place}", soft_wrap=True)


def split_reader(text: str, default: str) -> tuple[str, Path]:
    """Return reader and folder of ``READER=FOLDER``, or of a folder alone."""
    from reidkit.data.readers import READERS

    name, equals, root = text.partition("=")
    return (name, Path(root)) if equals and (name in READERS or ":" in name) else (default, Path(text))


def judge(
    embedder: "Embedder",
    splits: "DatasetSplits",
    protocol: "Protocol",
    unreadable: "UnreadablePolicy",
    console: "Console",
    after: "PostProcessing | None" = None,
    *,
    ignores_cameras: bool = False,
) -> "Evaluation":
    """Examine a data set, embed it and rank it, showing how far it is."""
    from reidkit.core.progress import progress_bar
    from reidkit.data.doctor import examine
    from reidkit.engine.evaluate import evaluate as run_evaluation
    from reidkit.engine.post_processing import NOTHING_AFTER

    with progress_bar(console, "reading images") as on_progress:
        report = examine(splits, protocol, needs=["evaluation"], unreadable=unreadable, report=on_progress)
    console.print(report.as_text(levels=("warning", "note")), markup=False, soft_wrap=True)
    report.raise_on_error()
    after = after or NOTHING_AFTER
    estimate = after.describe_size(len(splits.query), len(splits.gallery), embedder.card.descriptor_dim)
    if estimate:
        console.print(estimate, soft_wrap=True)
    with progress_bar(console, "embedding") as on_progress:
        evaluation = run_evaluation(
            embedder.model,
            splits,
            embedder.card.preprocessing,
            protocol,
            device=embedder.device,
            batch_size=embedder.batch_size,
            unreadable=unreadable,
            after=after,
            ignores_cameras=ignores_cameras,
            report=on_progress,
        )
    if evaluation.cameras is not None:
        known, unknown = evaluation.cameras["known"], evaluation.cameras["unknown"]
        console.print(
            f"{splits.name}: the model knows the {embedder.model.side_information.replace('_', ' and ')} of "
            f"{known} of {known + unknown} images; the mean of all stands in for the others",
            markup=False,
            soft_wrap=True,
        )
    for failure in evaluation.failures:
        console.print(f"left out: {failure.reason}", markup=False, soft_wrap=True)
    return evaluation
