"""Open and close layers, as Torchreid does for two-stepped transfer."""

from collections.abc import Sequence

from torch import nn

from reidkit.compat.torchreid.models import TorchreidModel
from reidkit.compat.torchreid.optim import find_layers


def open_all_layers(model: nn.Module) -> None:
    """Put a model into training mode and let all of it learn.

    Differs:
        What the network itself keeps fixed, such as the shift of a neck, stays fixed.
    """
    inner = model.module if isinstance(model, nn.DataParallel) else model
    fixed = inner.fixed if isinstance(inner, TorchreidModel) else ()
    model.train()
    for name, item in inner.named_parameters():
        item.requires_grad_(name not in fixed)


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
    open_all_layers(model)
    wanted = {id(item) for layer in layers for item in layer.parameters()}
    model.eval()
    for item in model.parameters():
        if id(item) not in wanted:
            item.requires_grad_(False)
    # The outermost module decides what is returned; its parts stay as they are.
    model.training = True
    if isinstance(model, nn.DataParallel):
        model.module.training = True
    for layer in layers:
        layer.train()


def set_bn_to_eval(m: nn.Module) -> None:
    """Stop the running statistics of a batch normalisation; for ``model.apply``."""
    if isinstance(m, nn.modules.batchnorm._BatchNorm):
        m.eval()
