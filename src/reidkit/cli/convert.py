"""``reidkit convert``: checkpoints of other libraries become models of reidkit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from reidkit.compat.checkpoints.convert import Conversion


def convert(
    file: Annotated[Path, typer.Argument(help="A .pth, .pth.tar, .pt or .safetensors file.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write. (default: FILE.safetensors)")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Whose it is: torchreid, fastreid, strong_baseline, transreid, layumi, plain."),
    ] = None,
    architecture: Annotated[
        str | None,
        typer.Option(
            help="Its network, where the file does not tell: resnet50, timm/NAME, torchvision/NAME.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="Size that you want, height x width: 256x128. (default: that of its training)"),
    ] = None,
    trained_size: Annotated[
        str | None, typer.Option(help="Size of its training, where the file does not tell.")
    ] = None,
    last_stride: Annotated[
        int | None, typer.Option(min=1, max=2, help="Stride of the last stage of a ResNet.")
    ] = None,
    aggregation: Annotated[
        str | None, typer.Option(help="How FastReID pooled: average, max, gem, average_max, clipped_average.")
    ] = None,
    keep_classifier: Annotated[
        bool, typer.Option("--keep-classifier", help="Keep the classifier, to train on.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file to write.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the file holds.")] = False,
) -> None:
    """Read a checkpoint of another library and write a self-describing model.safetensors.

    Nothing of the file is executed. Every tensor is accounted for, or nothing is written.
    """
    from reidkit.cli.screen import make_console
    from reidkit.compat.checkpoints.convert import convert_checkpoint
    from reidkit.models.checkpoint import save_model

    target = out or file.with_name(f"{file.name.partition('.')[0]}.safetensors")
    if not dry_run:
        _check_target(file, target, overwrite)
    hints: dict[str, Any] = {
        "source": source,
        "architecture": architecture,
        "image_size": _image_size(trained_size),
        "last_stride": last_stride,
        "aggregation": aggregation,
    }
    given = {name: value for name, value in hints.items() if value is not None}
    conversion = convert_checkpoint(
        file, hints=given, image_size=_image_size(size), keep_classifier=keep_classifier
    )
    console = make_console()
    for line in _describe(conversion):
        console.print(line, markup=False, soft_wrap=True)
    if dry_run:
        console.print("dry run: nothing was written")
        return
    save_model(target, conversion.model, conversion.card)
    console.print(f"wrote {target}", markup=False, soft_wrap=True)
    console.print(f"next: reidkit compare A.jpg B.jpg --model {target}", markup=False, soft_wrap=True)


def _check_target(file: Path, target: Path, overwrite: bool) -> None:
    if target.absolute() == file.absolute():
        raise typer.BadParameter(f"'{target}' is the file to read; name another with --out")
    if target.exists() and not overwrite:
        raise typer.BadParameter(f"'{target}' is there already; name another with --out, or pass --overwrite")


def _image_size(text: str | None) -> tuple[int, int] | None:
    from reidkit.cli.models import parse_size

    return None if text is None else parse_size(text)


def _describe(conversion: "Conversion") -> list[str]:
    card, foreign, file = conversion.card, conversion.foreign, conversion.file
    sizes = card.preprocessing
    arguments = ", ".join(f"{name}={value}" for name, value in card.arguments.items())
    lines = [
        f"{file.path.name}: {foreign.source}, {len(file.tensors)} tensors, sha256 {file.sha256[:16]}...",
        f"  network      {card.architecture}({arguments})",
        f"  input        {sizes.height}x{sizes.width}, {sizes.interpolation}, mean {sizes.mean}, "
        f"std {sizes.std}",
        f"  descriptor   {card.descriptor_dim} numbers",
    ]
    if card.num_identities is not None:
        lines.append(f"  classifier   kept, {card.num_identities} identities")
    if conversion.left_out:
        lines.append(f"  left out     {', '.join(conversion.left_out)}")
    if conversion.resized:
        lines.append(f"  resized      {', '.join(conversion.resized)}")
    facts = ", ".join(f"{name} {value}" for name, value in file.facts.items())
    if facts:
        lines.append(f"  it says      {facts}")
    return [*lines, *(f"  note: {note}" for note in foreign.notes)]
