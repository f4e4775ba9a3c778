"""``reidkit demo``: the page of the service on a gallery of drawn people."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    run: Annotated[
        Path, typer.Option(help="Run whose model is used; trained first where there is none.")
    ] = Path("runs/quickstart"),
    data: Annotated[Path, typer.Option(help="Data set whose people are kept.")] = Path("data/synthetic"),
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the gallery and of added images.")
    ] = Path("runs/demo"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8000,
    is_opened: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    is_served: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Start the service, or only make the gallery.")
    ] = True,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Make a gallery of the synthetic benchmark with the quickstart's model, and open the page on it."""
    from reidkit.cli.model_option import open_model
    from reidkit.cli.quickstart import from_here, quickstart
    from reidkit.cli.screen import make_console
    from reidkit.cli.serve import require_service, serve_gallery
    from reidkit.core.progress import progress_bar
    from reidkit.data.readers import read_dataset

    require_service()
    from reidkit.serve.demo import build_demo
    from reidkit.serve.settings import ServiceSettings

    console = make_console()
    if not (run / "model.safetensors").is_file():
        console.print(f"{run} holds no finished model, so the quickstart comes first.", soft_wrap=True)
        quickstart(out=run, data=data)
    embedder = open_model(run / "model.safetensors", device)
    manifest = data / "manifest.csv"  # it tells the times too
    splits = read_dataset("manifest", manifest) if manifest.is_file() else read_dataset("folder", data)
    with progress_bar(console, "filling the gallery") as report:
        made = build_demo(embedder, splits, out, report=report)
    counted = made.gallery.stats()
    console.print(
        f"\n{counted.templates} pictures of {counted.identities} people in {made.gallery.store.uri}.\n"
        f"Try these on the page: drop the file, or paste a picture.\n"
        f"  {from_here(made.known.resolve())}   somebody who is in the gallery\n"
        f"  {from_here(made.stranger.resolve())}   a stranger\n"
        f"  {from_here(made.frame.resolve())}   several people: draw a box around one",
        soft_wrap=True,
        markup=False,
    )
    if not is_served:
        return
    settings = ServiceSettings(roots=(data,), uploads=out / "uploads", reports=(run.parent,))
    serve_gallery(
        embedder, made.gallery, settings, host="127.0.0.1", port=port, console=console, is_opened=is_opened
    )
