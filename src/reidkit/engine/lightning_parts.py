"""What the engine takes from lightning; where that is not installed, importing this says how to get it."""

from typing import TYPE_CHECKING

from reidkit.core.extras import import_extra

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
    from lightning.pytorch.callbacks import Checkpoint
    from lightning.pytorch.loggers import TensorBoardLogger
else:
    _pytorch = import_extra("lightning.pytorch", extra="train", purpose="Training")
    Callback, LightningModule, Trainer = _pytorch.Callback, _pytorch.LightningModule, _pytorch.Trainer
    Checkpoint = _pytorch.callbacks.Checkpoint
    TensorBoardLogger = _pytorch.loggers.TensorBoardLogger

__all__ = ["Callback", "Checkpoint", "LightningModule", "TensorBoardLogger", "Trainer"]
