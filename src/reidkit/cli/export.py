"""``reidkit export``: a model for another engine, measured against the model."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from reidkit.deploy.export import Export, ExportFormat

DRAWN_IDENTITIES = 40
"""People of the benchmark that is drawn to measure int8 on, half of them searched."""


def export(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")],
    file_format: Annotated[
        str, typer.Option("--format", "-f", help="onnx, openvino, torchscript, torch-export or tensorrt.")
    ] = "onnx",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write. (default: beside the model)")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Round to 8-bit integers; needs --calibrate. onnx and openvino.")
    ] = False,
    calibrate: Annotated[
        Path | None, typer.Option(help="Folder of typical images that give the ranges for --int8.")
    ] = None,
    with_preprocessing: Annotated[
        bool,
        typer.Option(
            "--with-preprocessing", help="Let the file take uint8 pixels (N, height, width, 3), RGB."
        ),
    ] = False,
    batch_limit: Annotated[
        int | None, typer.Option(min=1, help="Images per call at most. (default: any; 64 for tensorrt)")
    ] = None,
    measure: Annotated[
        Path | None,
        typer.Option(
            help="Data to measure the mAP of --int8 on. (default: a benchmark that is drawn for it)"
        ),
    ] = None,
    reader: Annotated[str, typer.Option(help="Reader of --measure; see reidkit datasets.")] = "folder",
) -> None:
    """Write a model for another engine, if its descriptors stay what they are; else nothing is written."""
    from reidkit.cli.screen import make_console
    from reidkit.deploy.embedder import find_model
    from reidkit.deploy.export import SUFFIXES, check_format, export_model
    from reidkit.deploy.inputs import find_images
    from reidkit.models.checkpoint import load_model

    if int8 != (calibrate is not None):
        raise typer.BadParameter("expected --int8 and --calibrate DIR together")
    source = find_model(model)
    suffix = {str(name): suffix for name, suffix in SUFFIXES.items()}.get(file_format, "")
    target = out or source.with_name(source.stem + ("-int8" if int8 else "") + suffix)
    check_format(target, file_format, is_int8=int8, batch_limit=batch_limit)
    images = find_images(calibrate) if calibrate is not None else None
    network, card = load_model(source)
    console = make_console()
    done = export_model(
        network,
        card,
        target,
        _as_format(file_format),
        with_preprocessing=with_preprocessing,
        calibration_images=images,
        batch_limit=batch_limit,
    )
    console.print(parity_table(done))
    console.print(f"wrote {describe(done)}", soft_wrap=True)
    if int8:
        report_int8(source, done.path, measure, reader, console)


def _as_format(text: str) -> "ExportFormat":
    from reidkit.deploy.export import SUFFIXES

    return next(name for name in SUFFIXES if name == text)


def parity_table(done: "Export") -> "Table":
    """Return the differences from the model as a table, by size of the batch."""
    from rich.table import Table

    table = Table(title="Descriptors of the exported file against those of the model")
    for heading in ("batch", "maximum difference", "minimum cosine"):
        table.add_column(heading, justify="right")
    for row in done.parity:
        table.add_row(str(row.batch), f"{row.max_difference:.1e}", f"{row.min_cosine:.7f}")
    return table


def describe(done: "Export") -> str:
    """Return in words what was written."""
    size = done.path.stat().st_size
    weights = done.path.with_suffix(".bin")
    names = str(done.path)
    if done.path.suffix == ".xml" and weights.is_file():
        size += weights.stat().st_size
        names += f" and {weights.name}"
    takes = "uint8 pixels" if done.facts.input == "pixels" else "standardised float32"
    return f"{names}: {size / 1e6:.1f} MB, {done.facts.precision}, takes {takes}"


def report_int8(source: Path, rounded: Path, measure: Path | None, reader: str, console: "Console") -> None:
    """Print what rounding to 8 bits costs in mAP, on given data or on a drawn benchmark."""
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.embedder import load
    from reidkit.engine.evaluate import choose_protocol, evaluate
    from reidkit.synthetic import synthesize

    with TemporaryDirectory(prefix="reidkit-") as folder:
        drawn = Path(folder) / "drawn"
        if measure is None:
            synthesize(drawn, identities=DRAWN_IDENTITIES, cameras=3, images_per_camera=2, workers=1)
        splits = read_dataset("folder" if measure is None else reader, measure or drawn)
        found = []
        for path in (source, rounded):
            embedder = load(path, device="cpu")
            protocol = choose_protocol(splits, distance=embedder.card.distance)
            evaluation = evaluate(embedder.network, splits, embedder.card.preprocessing, protocol)
            found.append(evaluation.scores.mean_ap)
    name = "the drawn benchmark" if measure is None else splits.name
    console.print(
        f"mAP on {name} ({len(splits.query)} queries, {len(splits.gallery)} gallery images): "
        f"float32 {found[0]:.2%}, int8 {found[1]:.2%}, change {100 * (found[1] - found[0]):+.2f} points",
        soft_wrap=True,
    )
