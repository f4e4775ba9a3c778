"""What lightning's trainer is told about processes and devices, and how much it may say."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reidkit.engine.checkpointing import CheckpointFiles
from reidkit.engine.idle_parameters import has_idle_parameters
from reidkit.engine.lightning_parts import DDPStrategy, TorchElasticEnvironment
from reidkit.engine.module import TrainingModule
from reidkit.engine.processes import Processes
from reidkit.engine.recipe import Recipe

ACCELERATORS = {"auto": "auto", "cpu": "cpu", "cuda": "gpu", "mps": "mps"}


def placement(
    recipe: Recipe, module: TrainingModule, processes: Processes, files: CheckpointFiles
) -> dict[str, Any]:
    """Return the arguments of a trainer that say where a run trains and who writes its checkpoints.

    Args:
        recipe: Of the run.
        module: That trains.
        processes: Those that train together.
        files: Writes the checkpoints.
    """
    chosen = recipe.training
    settings: dict[str, Any] = {"accelerator": ACCELERATORS[chosen.device], "devices": 1, "plugins": [files]}
    if processes.is_alone:
        return settings
    has_idle = (
        chosen.freeze_backbone_epochs > 0
        or chosen.open_layers_epochs > 0
        or module.distillation is not None
        or has_idle_parameters(module.model, module.objective, (recipe.input.height, recipe.input.width))
    )
    return settings | {
        "devices": processes.local_count,
        "num_nodes": processes.num_machines,
        "strategy": DDPStrategy(find_unused_parameters=has_idle),
        "plugins": [files, TorchElasticEnvironment()],
        "use_distributed_sampler": False,
    }


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Silence what lightning says about itself; what it warns of is either chosen or shown by us."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
