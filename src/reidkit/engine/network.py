"""Run one network on one batch of training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from reidkit.core.errors import TrainingError
from reidkit.core.types import TrainingOutputs
from reidkit.engine.processes import Processes
from reidkit.engine.stage_maps import StageEnd, recorded_maps
from reidkit.models.model import ReidModel


@dataclass(frozen=True)
class NetworkOutputs:
    """What a network says of a batch.

    Args:
        training: Features and logits by branch.
        maps: Of the ends of its stages (B, C, h, w), before their activation, where they were asked for.
    """

    training: TrainingOutputs
    maps: tuple[Tensor, ...] = ()


def told_cameras(model: ReidModel, side_labels: Sequence[str | None], indices: Tensor) -> list[str | None]:
    """Return what a network is told about each image of a batch.

    A network that does not ask is told nothing, and the indices are not read from the device.

    Args:
        model: The network.
        side_labels: Of every sample; see `reidkit.core.side_information.side_labels`.
        indices: (B,) int64, the samples of the batch.
    """
    return [side_labels[index] for index in indices.tolist()] if model.uses_cameras else []


def network_inputs(model: ReidModel, images: Tensor, cameras: Sequence[str | None]) -> tuple[Any, ...]:
    """Return what a network takes: standardised images, and what it is told about them where it asks."""
    return (images, cameras) if model.uses_cameras else (images,)


def run_network(
    model: ReidModel,
    images: Tensor,
    cameras: Sequence[str | None],
    *,
    run: Callable[..., TrainingOutputs] | None = None,
    ends: tuple[StageEnd, ...] = (),
) -> NetworkOutputs:
    """Return what a network says of standardised images (B, 3, H, W).

    Args:
        model: The network.
        images: Standardised as it wants.
        cameras: What it is told about each image, where it asks.
        run: Runs it; None for its ``training_outputs``.
        ends: Of the stages whose maps are wanted too; none records none.

    Raises:
        TrainingError: the network does not run each of its stages once.
    """
    run = run or model.training_outputs
    inputs = network_inputs(model, images, cameras)
    if not ends:
        return NetworkOutputs(run(*inputs))
    with recorded_maps(ends) as maps:
        outputs = run(*inputs)
    if len(maps) != len(ends):
        raise TrainingError(
            f"Feature maps of the stages are not known, got {len(maps)} maps of {len(ends)} stages of "
            f"{type(model).__name__}. Expected one each. Choose another transfer: similarity_transfer."
        )
    return NetworkOutputs(outputs, tuple(maps))


def of_all_processes(outputs: NetworkOutputs, processes: Processes) -> NetworkOutputs:
    """Return what the networks of all processes say of their parts of a batch, with gradients.

    Args:
        outputs: Of this process.
        processes: Those that train together.
    """
    if processes.is_alone:
        return outputs

    def gathered(values: Sequence[Tensor]) -> tuple[Tensor, ...]:
        return tuple(processes.gather(value.float()) for value in values)

    own = outputs.training
    training = replace(
        own,
        features=gathered(own.features),
        logits=gathered(own.logits),
        descriptors=None if own.descriptors is None else processes.gather(own.descriptors.float()),
    )
    return NetworkOutputs(training, gathered(outputs.maps))
