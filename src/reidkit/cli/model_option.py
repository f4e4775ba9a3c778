"""Which model a command uses: named, from the environment, or the one of the quickstart."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reidkit.deploy.embedder import Embedder

QUICKSTART_MODEL = Path("runs/quickstart/model.safetensors")

ModelOption = Annotated[
    Path | None,
    typer.Option(
        "--model",
        "-m",
        envvar="REIDKIT_MODEL",
        help=f"A model.safetensors, or the folder of a run. (default: {QUICKSTART_MODEL})",
    ),
]


def open_model(model: Path | None, device: str) -> "Embedder":
    """Load the model of a command.

    Raises:
        WeightsError: there is none, or it cannot be loaded.
    """
    from reidkit.deploy.embedder import load

    return load(model_path(model), device=device)


def model_path(model: Path | None) -> Path:
    """Return the model file of a command.

    Raises:
        WeightsError: there is none.
    """
    from reidkit.core.errors import WeightsError
    from reidkit.deploy.embedder import find_model

    if model is None and not QUICKSTART_MODEL.is_file():
        raise WeightsError(
            f"No model named, and {QUICKSTART_MODEL} is not there (looked in {Path.cwd()}). Expected a "
            f"model.safetensors. Name one with --model FILE or the variable REIDKIT_MODEL, or make one: "
            f"reidkit quickstart."
        )
    return find_model(model or QUICKSTART_MODEL)
