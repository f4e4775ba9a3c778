"""``reidkit data synthesize``: draw the embedded benchmark."""

from pathlib import Path
from typing import Annotated

import typer


def synthesize(
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    identities: Annotated[int, typer.Option(min=4, help="People, half to train and half to test.")] = 200,
    cameras: Annotated[int, typer.Option(min=1, help="Cameras of the city.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds draw equal files.")] = 0,
) -> None:
    """Draw a re-ID benchmark of pedestrians: no download, no real people, the same files everywhere."""
    typer.echo(f"{out} {identities} {cameras} {seed}")
