"""``reidkit serve``: a gallery over HTTP, with a page for the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reidkit.cli.model_option import ModelOption, open_model

if TYPE_CHECKING:
    from rich.console import Console

    from reidkit.serve.settings import ServiceSettings


def serve(
    gallery: Annotated[
        str, typer.Option("--gallery", "-g", help="Folder or address of a gallery of this model.")
    ],
    model: ModelOption = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="REIDKIT_TOKEN", help="What callers must show. (default: none on this machine, else made)"
        ),
    ] = None,
    images: Annotated[
        list[Path] | None, typer.Option(help="Folder from which pictures may be shown; may be repeated.")
    ] = None,
    uploads: Annotated[
        Path | None, typer.Option(help="Folder in which added images are kept. (default: they are not)")
    ] = None,
    reports: Annotated[
        list[Path] | None, typer.Option(help="Folder to look for reports in; may be repeated.")
    ] = None,
    max_megabytes: Annotated[float, typer.Option(help="Of one request.")] = 20,
    max_megapixels: Annotated[float, typer.Option(help="Of one image.")] = 40,
    max_images: Annotated[int, typer.Option(help="Per request.")] = 64,
    max_waiting: Annotated[int, typer.Option(help="Requests at one time; more are refused (429).")] = 32,
    timeout: Annotated[float, typer.Option(help="Seconds for one request.")] = 30,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Serve a model and a gallery over HTTP, with a page for the browser."""
    from reidkit.cli.screen import make_console
    from reidkit.core.extras import import_extra

    for module in ("fastapi", "uvicorn", "python_multipart", "prometheus_client"):
        import_extra(module, extra="serve", purpose="The service")
    from reidkit.serve.settings import ServiceSettings

    settings = ServiceSettings(
        token=token,
        roots=tuple(images or ()),
        reports=tuple(reports or ()),
        uploads=uploads,
        max_bytes=int(max_megabytes * 2**20),
        max_pixels=int(max_megapixels * 1e6),
        max_images=max_images,
        timeout_seconds=timeout,
        max_waiting=max_waiting,
    )
    start_service(gallery, model, settings, host=host, port=port, device=device, console=make_console())


def start_service(
    gallery: str,
    model: Path | None,
    settings: "ServiceSettings",
    *,
    host: str,
    port: int,
    device: str,
    console: "Console",
) -> None:
    """Open model and gallery, say where the page is, and serve until a signal."""
    from reidkit import __version__
    from reidkit.gallery.gallery import Gallery
    from reidkit.serve.app import create_app
    from reidkit.serve.server import address_of, run_server, settle_access

    embedder = open_model(model, device)
    opened = Gallery(gallery, model=embedder.fingerprint)
    settings = settle_access(settings, host)
    app = create_app(embedder, opened, settings, version=__version__)
    console.print(f"serving {gallery}; open {address_of(settings, host, port)}", soft_wrap=True, markup=False)
    console.print("Stop with Ctrl-C.")
    run_server(app, host, port)
