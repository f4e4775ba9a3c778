"""From a configuration file of FastReID to a recipe, every key accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reidkit.compat.fastreid_configs import data_keys, model_keys, training_keys
from reidkit.compat.fastreid_configs.defaults import DEFAULTS
from reidkit.compat.fastreid_configs.reading import Config, read_config
from reidkit.core.errors import RecipeError
from reidkit.core.files import write_text
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import check_recipe

LEFT_OUT = {
    "CUDNN_BENCHMARK": "chosen by torch",
    "OUTPUT_DIR": "given to reidkit train as --out",
    "INPUT.REA.VALUE": "the mean pixel is erased with, as by default there",
    "DATALOADER.NUM_WORKERS": "chosen by machine; training.num_workers sets it",
    "DATALOADER.SET_WEIGHT": "of a sampler that FastReID cannot run",
    "MODEL.WEIGHTS": "a checkpoint of FastReID: reidkit convert reads it",
    "MODEL.QUEUE_SIZE": "of the memory of MoCo alone",
    "MODEL.BACKBONE.PRETRAIN_PATH": "ImageNet weights are fetched by name",
    "MODEL.BACKBONE.ATT_DROP_RATE": "of the transformers of FastReID; that of timm has none",
    "MODEL.BACKBONE.DROP_RATIO": "of the transformers of FastReID; that of timm has none",
    "MODEL.BACKBONE.DROP_PATH_RATIO": "of the transformers of FastReID; that of timm has none",
    "MODEL.BACKBONE.SIE_COE": "of camera embeddings, which FastReID does not build",
    "MODEL.BACKBONE.STRIDE_SIZE": "of transformers alone",
    "SOLVER.CHECKPOINT_PERIOD": "a checkpoint is kept after every epoch",
    "KD.EMA.ENABLED": "of the architecture Distiller: see the recipe section distillation",
    "KD.EMA.MOMENTUM": "of the architecture Distiller: see the recipe section distillation",
    "KD.MODEL_CONFIG": "of the architecture Distiller: see the recipe section distillation",
    "KD.MODEL_WEIGHTS": "of the architecture Distiller: see the recipe section distillation",
    "TEST.PRECISE_BN.ENABLED": "statistics are those of training",
    "TEST.PRECISE_BN.DATASET": "statistics are those of training",
    "TEST.PRECISE_BN.NUM_ITER": "statistics are those of training",
    "TEST.ROC.ENABLED": "the curve is always measured",
}
"""Keys that no recipe needs, and why."""


@dataclass(frozen=True)
class Import:
    """A configuration as a recipe.

    Args:
        recipe: Checked.
        content: What the recipe file holds, without what is at its default.
        left_out: Keys that were given and are not in the recipe, with their values and the reason.
    """

    recipe: Recipe
    content: Mapping[str, Any]
    left_out: Mapping[str, tuple[Any, str]]


def import_config(path: Path, *, name: str | None = None) -> Import:
    """Return the recipe that a configuration file of FastReID stands for.

    Args:
        path: The file; what it inherits from lies where it says.
        name: Of the recipe; None takes that of the file.

    Raises:
        RecipeError: the file cannot be read, holds a key that FastReID does not have, or asks for something
            that is not there.
    """
    config = read_config(path)
    sections = {
        "data": data_keys.data_section(config),
        "input": data_keys.input_section(config),
        "model": model_keys.model_section(config),
        "sampling": data_keys.sampling_section(config),
        "augmentation": data_keys.augmentation_section(config),
        "losses": model_keys.loss_section(config),
        "optim": training_keys.optim_section(config),
        "schedule": training_keys.schedule_section(config),
        "training": training_keys.training_section(config),
        "evaluation": training_keys.evaluation_section(config),
    }
    content = {
        "name": name or path.stem.lower().replace(" ", "_"),
        "about": f"Imported from {path.name} of FastReID.",
        "seed": 0,
        **sections,
    }
    return Import(check_recipe(content, source=str(path)), content, _left_out(config))


def write_recipe(result: Import, out: Path, *, overwrite: bool = False) -> None:
    """Write the recipe as a YAML file, the keys left out as comments above it.

    Raises:
        RecipeError: the file is there already.
    """
    if out.exists() and not overwrite:
        raise RecipeError(f"Recipe {out} is there already. Expected a new file. Pass --overwrite.")
    comments = [f"# {result.content['about']}", f"# reidkit train {out} data.root=FOLDER"]
    if result.left_out:
        comments += ["#", "# Left out of FastReID's keys:"]
        comments += [f"#   {key} {value!r}: {why}" for key, (value, why) in result.left_out.items()]
    body = yaml.safe_dump(dict(result.content), sort_keys=False, allow_unicode=True, width=110)
    write_text(out, "\n".join(comments) + "\n" + body)


def _left_out(config: Config) -> dict[str, tuple[Any, str]]:
    unread = [key for key in DEFAULTS if key not in config.read]
    unknown = [key for key in unread if key not in LEFT_OUT]
    if unknown:  # every key of FastReID is read or has a reason
        raise RecipeError(
            f"Configuration {config.path} has keys that nobody looked at: {', '.join(unknown)}. Expected "
            f"each to be read or left out for a reason. This is a fault of reidkit: please report it."
        )
    return {
        key: (value, LEFT_OUT[key])
        for key in unread
        if (value := config.given.get(key, DEFAULTS[key])) != DEFAULTS[key]
    }
