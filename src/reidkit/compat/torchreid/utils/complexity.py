"""Torchreid's count of parameters and operations."""

from torch import nn

from reidkit.compat.torchreid.models import TorchreidModel
from reidkit.core.errors import CatalogError
from reidkit.models.complexity import measure_complexity


def compute_model_complexity(
    model: nn.Module,
    input_size: tuple[int, int, int, int],
    verbose: bool = False,
    only_conv_linear: bool = True,
) -> tuple[int, int]:
    """Return parameters without the classifier, and multiplications with addition, of one image.

    Args:
        model: Of `build_model`.
        input_size: (1, 3, height, width).
        verbose: Whether to print both.
        only_conv_linear: Only True is known here.

    Raises:
        CatalogError: another model, several images, or only_conv_linear false.

    Differs:
        A module used several times counts once for its parameters; Torchreid counts 4.5 million for HACNN,
        which has 2.9.
    """
    if not isinstance(model, TorchreidModel) or input_size[:2] != (1, 3) or not only_conv_linear:
        raise CatalogError(
            f"Complexity is not known, got {type(model).__name__} and {input_size}. Expected a model of "
            f"build_model, (1, 3, height, width), and only_conv_linear."
        )
    found = measure_complexity(model.network, (input_size[2], input_size[3]))
    if verbose:
        print(f"params={found.parameters:,}  mult-adds={found.mult_adds:,}")  # noqa: T201 - Torchreid prints
    return found.parameters, found.mult_adds


def count_num_param(model: nn.Module) -> int:
    """Return the parameters of a model without its classifier."""
    return sum(item.numel() for name, item in model.named_parameters() if "classifier" not in name.split("."))
