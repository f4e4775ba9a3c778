"""``reidkit evaluate``: judge a trained model on any data sets."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reidkit.core.types import DistanceName, Temporal, ViewAverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from reidkit.core.types import DatasetSplits, Protocol
    from reidkit.data.failures import UnreadablePolicy
    from reidkit.deploy.embedder import Embedder
    from reidkit.engine.evaluation import Evaluation
    from reidkit.engine.post_processing import PostProcessing
    from reidkit.models.checkpoint import ModelCard


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")],
    data: Annotated[
        list[str],
        typer.Argument(help="Folder (or manifest) of each data set; READER=FOLDER names its reader."),
    ],
    features: Annotated[
        bool,
        typer.Option("--features", help="The two arguments are descriptors of any model: queries, gallery."),
    ] = False,
    reader: Annotated[
        str, typer.Option(help="How to read those without a reader of their own; see 'reidkit datasets'.")
    ] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Name of one, such as market1501. (default: each data set's own)")
    ] = None,
    distance: Annotated[
        DistanceName | None, typer.Option(help="Between descriptors. (default: the model's own)")
    ] = None,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="Scale descriptors to unit length, whatever the distance.")
    ] = False,
    flip: Annotated[bool, typer.Option(help="Average over each image and its mirror image.")] = False,
    temporal: Annotated[
        Temporal | None,
        typer.Option(help="How frames become one tracklet. (default: as the model learned, else average)"),
    ] = None,
    scales: Annotated[
        str, typer.Option(help="Average over input sizes, each resized from the image: 1,1.25.")
    ] = "1",
    view_average: Annotated[
        ViewAverage, typer.Option(help="Whether views are averaged raw or at unit length.")
    ] = "raw",
    splits: Annotated[
        str | None,
        typer.Option(
            help="Mean and spread over splits: all, 10, 0,3,7 or 0:20:2. A model of each split's own: "
            "'runs/{split}'."
        ),
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
    table: Annotated[
        list[str] | None,
        typer.Option(help="Format of the rank lists beside rankings.csv: json or parquet; may be repeated."),
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
    from reidkit.cli.averaging import SPLIT, Judging, judge_splits, read_splits
    from reidkit.cli.data_options import parse_method, parse_numbers, parse_reader_options
    from reidkit.cli.features import HOW_TO_JUDGE_FEATURES, judge_features
    from reidkit.cli.screen import make_console
    from reidkit.data.mixing import unique_names
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.embedder import find_model, load
    from reidkit.engine.evaluate import choose_protocol
    from reidkit.engine.post_processing import PostProcessing

    console = make_console()
    expansion, expand_arguments = parse_method(expand)
    reranking, rerank_arguments = parse_method(rerank)
    after = PostProcessing(expansion, reranking, expand_arguments, rerank_arguments, local, top, local_weight)
    after.check()
    sizes = parse_numbers(scales)
    tables = suffixes_of(table)
    if features:
        unused = [flip, sizes != (1.0,), temporal, splits, local, option, reader != "folder"]
        if any(unused) or len(data) != 1:
            raise typer.BadParameter(f"--features takes {HOW_TO_JUDGE_FEATURES}")
        judge_features(model, Path(data[0]), protocol, distance, normalize, after, out, console, tables)
        return
    if SPLIT in str(model) and splits is None:
        raise typer.BadParameter(f"{SPLIT} in the path of the model goes with --splits")

    def open_model(split: int) -> "Embedder":
        place = Path(str(model).replace(SPLIT, str(split)))
        return load(find_model(place), device=device, batch_size=batch_size)

    def protocol_of(embedder: "Embedder", data_set: "DatasetSplits") -> "Protocol":
        return choose_protocol(
            data_set,
            name=protocol,
            distance=distance or embedder.card.distance,
            normalization="unit" if normalize else embedder.card.normalization,
            flip=flip,
            scales=sizes,
            view_average=view_average,
            temporal=temporal or ("attention" if embedder.card.has_frame_attention else None),
        )

    options = parse_reader_options(option)
    sources = [parse_source(text, reader, options) for text in data]
    unreadable: UnreadablePolicy = "skip" if skip_unreadable else "error"
    # All are read before the first is judged: a misspelt folder shows at once, not after an hour.
    if splits is not None:
        judging = Judging(str(model), open_model, protocol_of, unreadable, after, ignore_cameras, console)
        dealt = [read_splits(source, splits) for source in sources]
        for name, several in zip(unique_names([parts[0] for parts in dealt]), dealt, strict=True):
            place = out if out is None or len(dealt) == 1 else out / name
            judge_splits(judging, several, place)
        return
    sets = [read_dataset(source.reader, source.root, **source.options) for source in sources]
    embedder = open_model(0)
    found: dict[str, Evaluation] = {}
    for name, data_set in zip(unique_names(sets), sets, strict=True):
        chosen = protocol_of(embedder, data_set)
        found[name] = judge(
            embedder, data_set, chosen, unreadable, console, after, ignores_cameras=ignore_cameras
        )
    show_evaluations(found, str(model), console)
    if out is not None:
        write_evaluations(out, str(model), sets, found, embedder.card, console, tables)


def suffixes_of(tables: "Sequence[str] | None") -> list[str]:
    """Return the suffixes of further rank lists; refuse one that cannot be written, before any work."""
    from reidkit.core.extras import import_extra

    wrong = sorted({*(tables or ())} - {"json", "parquet"})
    if wrong:
        raise typer.BadParameter(f"expected --table json or parquet, got '{wrong[0]}'")
    if "parquet" in (tables or ()):
        import_extra("pyarrow", extra="parquet", purpose="A .parquet file")
    return [f".{name}" for name in tables or ()]


def show_evaluations(found: "Mapping[str, Evaluation]", model: str, console: "Console") -> None:
    """Print the scores of each data set and of each domain in it, the rules, and what pairs tell."""
    from reidkit.cli.screen import (
        describe_camera_pairs,
        describe_protocol,
        describe_uncertainty,
        describe_verification,
        domain_table,
        score_table,
    )
    from reidkit.metrics.domains import mean_over

    scores = {name: evaluation.scores for name, evaluation in found.items()}
    console.print(score_table(scores, title=f"Scores of {model}", first="data set"))
    if len(scores) > 1:
        means = ", ".join(f"{name} {value:.1%}" for name, value in mean_over(scores.values()).items())
        console.print(f"mean over {len(scores)} data sets: {means}", soft_wrap=True)
    for name, evaluation in found.items():
        if evaluation.domains:
            console.print(domain_table(evaluation.domains, title=f"By domain of the query: {name}"))
    for line in dict.fromkeys(describe_protocol(score) for score in scores.values()):
        console.print(line, soft_wrap=True)
    for name, evaluation in found.items():
        lines = [
            describe_uncertainty(evaluation.scores),
            *describe_camera_pairs(evaluation.camera_pairs),
            *describe_verification(evaluation),
        ]
        for line in lines:
            console.print(line if len(found) == 1 else f"{name}: {line}", markup=False, soft_wrap=True)


def write_evaluations(
    out: Path,
    model: str,
    sets: "Sequence[DatasetSplits]",
    found: "Mapping[str, Evaluation]",
    card: "ModelCard",
    console: "Console",
    tables: "Sequence[str]" = (),
) -> None:
    """Write each evaluation into the folder, or several into folders below it and a summary beside them."""
    from reidkit.cli.reporting import write_evaluation
    from reidkit.core.files import write_json
    from reidkit.metrics.domains import domains_json

    for (name, evaluation), splits in zip(found.items(), sets, strict=True):
        place = out if len(found) == 1 else out / name
        write_evaluation(place, model, splits, evaluation, card, tables)
        console.print(f"wrote {place}", soft_wrap=True)
    if len(found) > 1:
        scores = {name: evaluation.scores for name, evaluation in found.items()}
        write_json(out / "scores.json", {"format_version": 1, "name": model, **domains_json(scores)})
        console.print(f"wrote {out / 'scores.json'}", soft_wrap=True)


@dataclass(frozen=True)
class Source:
    """A data set on the command line: reader, folder, options."""

    reader: str
    root: Path
    options: "Mapping[str, Any]"


def parse_source(text: str, default: str, options: "Mapping[str, Any]") -> Source:
    """Read ``READER=FOLDER``, ``READER(key=value)=FOLDER``, or a folder alone.

    Args:
        text: As typed.
        default: The reader of a folder alone.
        options: For every reader; those in brackets come on top.

    Raises:
        typer.BadParameter: brackets of another form.
    """
    from reidkit.cli.data_options import parse_method
    from reidkit.data.readers import READERS

    match = re.fullmatch(r"(?P<reader>[\w.:-]+)(?P<options>\(.*?\))?=(?P<root>.+)", text)
    if match and (match["reader"] in READERS or ":" in match["reader"]):
        _, own = parse_method(f"{match['reader']}{match['options'] or ''}")
        return Source(match["reader"], Path(match["root"]), {**options, **own})
    return Source(default, Path(text), options)


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
    from reidkit.engine.evaluate import evaluate as run_evaluation
    from reidkit.engine.post_processing import NOTHING_AFTER

    examine_before(splits, protocol, unreadable, console)
    after = after or NOTHING_AFTER
    estimate = after.describe_size(len(splits.query), len(splits.gallery), embedder.card.descriptor_dim)
    if estimate:
        console.print(estimate, soft_wrap=True)
    with progress_bar(console, "embedding") as on_progress:
        evaluation = run_evaluation(
            embedder.network,
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


def examine_before(
    splits: "DatasetSplits", protocol: "Protocol", unreadable: "UnreadablePolicy", console: "Console"
) -> None:
    """Have the doctor look at a data set, print what it found, and stop at an error."""
    from reidkit.core.progress import progress_bar
    from reidkit.data.doctor import examine

    with progress_bar(console, "reading images") as on_progress:
        report = examine(splits, protocol, needs=["evaluation"], unreadable=unreadable, report=on_progress)
    console.print(report.as_text(levels=("warning", "note")), markup=False, soft_wrap=True)
    report.raise_on_error()
