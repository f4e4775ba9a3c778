"""What a model costs: parameters, multiply-adds, descriptor size."""

import copy
import statistics
import time
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from reidkit.models.model import ReidModel, is_classifier


@dataclass(frozen=True, slots=True)
class Complexity:
    """Cost of embedding one image.

    Args:
        parameters: Learned numbers that embedding needs: the classifier is left out, a module that is
            used several times (OSNet's gate) counts once.
        mult_adds: Multiply-adds of convolutions and matrix products, as often as they run.
        descriptor_dim: Numbers per descriptor.
    """

    parameters: int
    mult_adds: int
    descriptor_dim: int


def measure_complexity(model: ReidModel, image_size: tuple[int, int] = (256, 128)) -> Complexity:
    """Count what one image of (height, width) costs; nothing is computed, shapes suffice.

    Differs:
        The counter of Torchreid adds the parameters of a shared module once per use, and lists
        2,193,616 for osnet_x1_0 where the paper's 2.2M are 2,169,508.
    """
    shapes_only = copy.deepcopy(model).to("meta").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        shapes_only(torch.empty(1, 3, *image_size, device="meta"))
    parameters = sum(
        parameter.numel() for name, parameter in model.named_parameters() if not is_classifier(name)
    )
    return Complexity(parameters, counter.get_total_flops() // 2, model.descriptor_dim)


def measure_latency(model: ReidModel, image_size: tuple[int, int] = (256, 128), *, repeats: int = 5) -> float:
    """Return the milliseconds that one image takes on this machine: the median of some runs after a first.

    Args:
        model: Moved nowhere; timed on the device it is on.
        image_size: (height, width).
        repeats: Runs that count.
    """
    device = next(model.parameters()).device
    image = torch.zeros(1, 3, *image_size, device=device)
    times = []
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for _ in range(repeats + 1):
            start = time.perf_counter()
            model(image).sum().item()  # waits for a device that works on its own
            times.append(1000 * (time.perf_counter() - start))
    model.train(was_training)
    return statistics.median(times[1:])
