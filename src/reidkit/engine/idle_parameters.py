"""Whether any parameter of a model stays without a gradient, which distributed training must know."""

import copy

import torch

from reidkit.engine.objective import Objective
from reidkit.models.model import ReidModel


def has_idle_parameters(model: ReidModel, objective: Objective, image_size: tuple[int, int]) -> bool:
    """Try a copy of a model on two black images; return whether no loss reaches some of what learns.

    Args:
        model: As it trains.
        objective: Whose losses take features, logits or both.
        image_size: (height, width).
    """
    trial = copy.deepcopy(model).train()
    cameras = ([None, None],) if model.uses_cameras else ()
    device = next(model.parameters()).device
    outputs = trial.training_outputs(torch.zeros(2, 3, *image_size, device=device), *cameras)
    takes_features = any(loss.consumes == "features" for loss in objective.losses)
    reached = [
        *(outputs.features if takes_features else ()),
        *(outputs.logits if objective.needs_classifier else ()),
    ]
    total = torch.stack([branch.sum() for branch in reached]).sum()
    learned = [item for item in trial.parameters() if item.requires_grad]
    gradients = torch.autograd.grad(total, learned, allow_unused=True)
    return any(gradient is None for gradient in gradients)
