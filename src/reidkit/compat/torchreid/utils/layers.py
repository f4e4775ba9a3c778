"""Open and close layers, as Torchreid does for two-stepped transfer."""

from collections.abc import Sequence

from torch import nn

from reidkit.compat.torchreid.models import TorchreidModel
from reidkit.compat.torchreid.optim import find_layers
from reidkit.engine.freezing import set_open


def open_all_layers(model: nn.Module) -> None:
    """Put a model into training mode and let all of it learn.

    Differs:
        What the network itself keeps fixed, such as the shift of a neck, stays fixed.
    """
    set_open(model, _trainable(model), is_open=True)


def open_specified_layers(model: nn.Module, open_layers: str | Sequence[str]) -> None:
    """Let only some layers learn; all others keep their weights and running statistics.

    Args:
        model: In training; a `DataParallel` is looked into.
        open_layers: Names of layers, by Torchreid's names of its networks or by paths of modules.

    Raises:
        CatalogError: a name is no part of the model.
    """
    names = [open_layers] if isinstance(open_layers, str) else list(open_layers)
    layers = find_layers(model, names)  # before anything is closed
    trainable = _trainable(model)
    set_open(model, trainable, is_open=False)
    for layer in layers:
        set_open(layer, trainable, is_open=True)
    # The outermost module decides what is returned; its parts stay as they are.
    model.training = True
    _without_wrapper(model).training = True


def set_bn_to_eval(m: nn.Module) -> None:
    """Stop the running statistics of a batch normalisation; for ``model.apply``."""
    if isinstance(m, nn.modules.batchnorm._BatchNorm):
        m.eval()


def _trainable(model: nn.Module) -> set[int]:
    """Return the ``id`` of all parameters but those that the network itself keeps fixed."""
    inner = _without_wrapper(model)
    fixed = inner.fixed if isinstance(inner, TorchreidModel) else frozenset[str]()
    return {id(item) for name, item in inner.named_parameters() if name not in fixed}


def _without_wrapper(model: nn.Module) -> nn.Module:
    return model.module if isinstance(model, nn.DataParallel) else model
