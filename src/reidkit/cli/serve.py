"""``reidkit serve``: a gallery over HTTP, with a page for the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reidkit.cli.model_option import ModelOption, open_model

if TYPE_CHECKING:
    from rich.console import Console

    from reidkit.deploy.embedder import Embedder
    from reidkit.gallery.gallery import Gallery
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
    require_service()
    from reidkit.cli.screen import make_console
    from reidkit.gallery.gallery import Gallery
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
    embedder = open_model(model, device)
    opened = Gallery(gallery, model=embedder.fingerprint)
    serve_gallery(embedder, opened, settings, host=host, port=port, console=make_console())


def require_service() -> None:
    """Refuse to go on without the packages of the service.

    Raises:
        MissingExtraError: one of them is not installed; the message says how to install it.
    """
    from reidkit.core.extras import import_extra

    for module in ("lancedb", "fastapi", "uvicorn", "python_multipart", "prometheus_client"):
        import_extra(module, extra="serve", purpose="The service")


def serve_gallery(
    embedder: "Embedder",
    gallery: "Gallery",
    settings: "ServiceSettings",
    *,
    host: str,
    port: int,
    console: "Console",
    is_opened: bool = False,
) -> None:
    """Say where the page is, and serve until a signal."""
    import threading
    import webbrowser

    from reidkit import __version__
    from reidkit.serve.app import create_app
    from reidkit.serve.server import address_of, run_server, settle_access

    settings = settle_access(settings, host)
    app = create_app(embedder, gallery, settings, version=__version__)
    address = address_of(settings, host, port)
    console.print(f"serving {gallery.store.uri}; open {address}", soft_wrap=True, markup=False)
    console.print("Stop with Ctrl-C.")
    if is_opened:
        timer = threading.Timer(1.0, webbrowser.open, [address])  # when the service listens
        timer.daemon = True
        timer.start()
    run_server(app, host, port)
