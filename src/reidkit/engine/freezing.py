"""Keep parts of a model as they are in the first epochs."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from torch import nn

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.models.model import ReidModel


class Freezing:
    """Opens only some modules of a model in the first epochs, and all of it later.

    A closed module keeps its running statistics too. What a model freezes itself, such as the shift of a
    neck, stays frozen.

    Args:
        model: In training.
        epochs: How many epochs parts stay closed; 0 for none.
        open_layers: Names of the modules that train from the start, with all below them; empty for all but
            the backbone.

    Raises:
        CatalogError: a name that is no module of the model.

    Reference:
        Two-stepped transfer: Geng, Wang, Xiang, Tian, "Deep Transfer Learning for Person Re-identification",
        2016, arXiv:1611.05244.
    """

    def __init__(self, model: ReidModel, epochs: int, open_layers: Sequence[str] = ()) -> None:
        check_layers(model, open_layers)
        self.model = model
        self.epochs = epochs
        self.open_layers = tuple(open_layers)
        self._trainable = {id(item) for item in model.parameters() if item.requires_grad}

    def start_epoch(self, epoch: int) -> None:
        """Put the model into the mode of an epoch, counted from 0."""
        set_open(self.model, self._trainable, is_open=True)
        if epoch >= self.epochs:
            return
        if not self.open_layers:
            set_open(self.model.backbone, self._trainable, is_open=False)
            return
        set_open(self.model, self._trainable, is_open=False)
        for name in self.open_layers:
            set_open(self.model.get_submodule(name), self._trainable, is_open=True)


def set_open(module: nn.Module, trainable: AbstractSet[int], *, is_open: bool) -> None:
    """Let a module with all below it train, or keep it as it is, its running statistics too.

    Args:
        module: To open or close.
        trainable: ``id`` of the parameters that may train at all; others stay as they are.
        is_open: Which of the two.
    """
    module.train(is_open)
    for parameter in module.parameters():
        if id(parameter) in trainable:
            parameter.requires_grad_(is_open)


def check_layers(model: nn.Module, names: Sequence[str]) -> None:
    """Refuse names that are no modules of a model.

    Raises:
        CatalogError: names the wrong ones and what there is.
    """
    known = [name for name, _ in model.named_modules() if name]
    wrong = [name for name in names if name not in known]
    if wrong:
        children = [name for name, _ in model.named_children()]
        raise CatalogError(
            f"training.open_layers names no module of the model, got '{wrong[0]}'."
            f"{near_name(wrong[0], known)} Expected names of modules, such as {', '.join(children)}."
        )
