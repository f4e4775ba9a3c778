"""``reidkit embed``: descriptors of any images, as a file; stopped, it goes on where it was."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reidkit.cli.model_option import ModelOption, model_path

if TYPE_CHECKING:
    from rich.console import Console

    from reidkit.deploy.embed_job import EmbedResult

ENGINES = ("local", "ray")


def embed(
    images: Annotated[
        list[str], typer.Argument(help="Image files, folders to search, or patterns: 'crops/**/*.jpg'.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .npz, .csv or .parquet.")] = Path(
        "descriptors.npz"
    ),
    model: ModelOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    half: Annotated[bool, typer.Option("--half", help="Compute in half precision.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Images per step.")] = 64,
    unreadable: Annotated[
        Literal["error", "skip"],
        typer.Option(help="Images that cannot be read: skip lists them, error stops there."),
    ] = "skip",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew instead of going on with what is there.")
    ] = False,
    engine: Annotated[str, typer.Option(help="local, or ray for a cluster.")] = "local",
    workers: Annotated[int, typer.Option(min=1, help="Processes of --engine ray that embed.")] = 1,
) -> None:
    """Embed images and write one descriptor per image; stopped or killed, the next call goes on.

    What the file has already, with the same model and unchanged images, is not embedded again.
    """
    from reidkit.cli.screen import make_console
    from reidkit.core.progress import progress_bar
    from reidkit.deploy.descriptor_files import check_suffix
    from reidkit.deploy.embed_job import embed_to_file
    from reidkit.deploy.embedder import load
    from reidkit.deploy.inputs import find_images

    if engine not in ENGINES:
        raise typer.BadParameter(f"expected --engine {' or '.join(ENGINES)}, got '{engine}'")
    check_suffix(out)
    paths = find_images(images)
    place = model_path(model)
    console = make_console()
    if engine == "ray":
        from reidkit.deploy.ray_job import embed_on_ray

        options = {"device": device, "precision": "half" if half else "float32", "batch_size": batch_size}
        result = embed_on_ray(
            place, paths, out, workers=workers, options=options, unreadable=unreadable, overwrite=overwrite
        )
    else:
        embedder = load(place, device=device, precision="half" if half else "float32", batch_size=batch_size)
        with progress_bar(console, "embedding") as report:
            result = embed_to_file(
                embedder, paths, out, unreadable=unreadable, overwrite=overwrite, report=report
            )
    print_result(result, out, console)


def print_result(result: "EmbedResult", out: Path, console: "Console") -> None:
    """Print what was embedded, how fast, and what was left out."""
    for failure in result.failures:
        console.print(f"left out: {failure.reason}", markup=False, soft_wrap=True)
    speed = f", {result.num_new / result.seconds:.0f} images/s" if result.num_new and result.seconds else ""
    console.print(
        f"embedded {result.num_new} images in {result.seconds:.1f} s{speed}; "
        f"{result.num_had} were there already",
        soft_wrap=True,
    )
    label = result.label
    console.print(
        f"wrote {out}: {result.num_rows} descriptors of {label.descriptor_dim} numbers, "
        f"{label.distance} distance",
        soft_wrap=True,
    )
