"""reidkit: find the same individual again in other cameras.

Importing the package loads nothing heavy; each public name loads its module when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reidkit.core.errors import ReidkitError
    from reidkit.core.types import DatasetSplits, Preprocessing, Sample
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.embedder import Embedder, load
    from reidkit.engine.evaluate import evaluate
    from reidkit.engine.recipe_files import load_recipe
    from reidkit.engine.train import train
    from reidkit.models.zoo import build_model

__version__ = "0.1.0"

__all__ = [
    "DatasetSplits",
    "Embedder",
    "Preprocessing",
    "ReidkitError",
    "Sample",
    "build_model",
    "evaluate",
    "load",
    "load_recipe",
    "read_dataset",
    "train",
]

_MODULES = {
    "DatasetSplits": "reidkit.core.types",
    "Embedder": "reidkit.deploy.embedder",
    "Preprocessing": "reidkit.core.types",
    "ReidkitError": "reidkit.core.errors",
    "Sample": "reidkit.core.types",
    "build_model": "reidkit.models.zoo",
    "evaluate": "reidkit.engine.evaluate",
    "load": "reidkit.deploy.embedder",
    "load_recipe": "reidkit.engine.recipe_files",
    "read_dataset": "reidkit.data.readers",
    "train": "reidkit.engine.train",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    """Load a public name when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module 'reidkit' has no attribute '{name}'")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
