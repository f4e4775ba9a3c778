"""One descriptor for all that a camera saw of an identity: multi-query and multi-shot judgement."""

import torch
from torch import Tensor

from reidkit.core.checks import check_same_length
from reidkit.core.distance import normalize
from reidkit.metrics.labels import Labels


def pool_by_camera(descriptors: Tensor, labels: Labels) -> tuple[Tensor, list[int]]:
    """Take the mean over the unit descriptors of each identity and camera.

    A sample whose camera is unknown stays by itself: nobody knows whom it was seen with.

    Args:
        descriptors: (N, D) float.
        labels: Of the N samples.

    Returns:
        (M, D) means, scaled to unit length again, and for each the row of the first sample of its group.

    Raises:
        ShapeError: another number of labels.
    """
    check_same_length("Labels", labels.identities, len(descriptors))
    groups: dict[object, int] = {}
    first: list[int] = []
    places = []
    for row, (identity, camera) in enumerate(zip(labels.identities, labels.camera_list(), strict=True)):
        key = (identity, camera) if camera is not None else ("unknown camera", row, None)
        place = groups.setdefault(key, len(first))
        if place == len(first):
            first.append(row)
        places.append(place)
    sums = torch.zeros(len(first), descriptors.shape[1], dtype=descriptors.dtype, device=descriptors.device)
    sums.index_add_(0, torch.tensor(places, device=descriptors.device), normalize(descriptors))
    return normalize(sums), first
