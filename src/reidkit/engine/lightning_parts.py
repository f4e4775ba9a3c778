"""What the engine takes from lightning; where that is not installed, importing this says how to get it."""

from typing import TYPE_CHECKING

from reidkit.core.extras import import_extra

if TYPE_CHECKING:
    from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
    from lightning.pytorch import Callback, LightningModule, Trainer
    from lightning.pytorch.callbacks import Checkpoint
    from lightning.pytorch.loggers import TensorBoardLogger
    from lightning.pytorch.plugins import TorchCheckpointIO
    from lightning.pytorch.strategies import DDPStrategy
else:
    _pytorch = import_extra("lightning.pytorch", extra="train", purpose="Training")
    Callback, LightningModule, Trainer = _pytorch.Callback, _pytorch.LightningModule, _pytorch.Trainer
    Checkpoint = _pytorch.callbacks.Checkpoint
    TensorBoardLogger = _pytorch.loggers.TensorBoardLogger
    TorchCheckpointIO = _pytorch.plugins.TorchCheckpointIO
    _torchrun = import_extra(
        "lightning.fabric.plugins.environments.torchelastic", extra="train", purpose="Training"
    )
    TorchElasticEnvironment = _torchrun.TorchElasticEnvironment
    DDPStrategy = _pytorch.strategies.DDPStrategy

__all__ = [
    "Callback",
    "Checkpoint",
    "DDPStrategy",
    "LightningModule",
    "TensorBoardLogger",
    "TorchCheckpointIO",
    "TorchElasticEnvironment",
    "Trainer",
]
