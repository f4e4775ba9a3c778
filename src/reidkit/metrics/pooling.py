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


def pool_support(descriptors: Tensor, labels: Labels, support: Tensor, support_labels: Labels) -> Tensor:
    """Replace each query by the mean over further images of its identity from its camera.

    The images alone make the mean, as in the original evaluation of Market-1501, whose hand-drawn boxes
    contain the query itself. A query without any, or of unknown camera, stays as it is.

    Args:
        descriptors: (Q, D) float, of the queries.
        labels: Of the queries.
        support: (S, D) float, of the further images.
        support_labels: Of the further images.

    Returns:
        (Q, D) of unit length.

    Raises:
        ShapeError: another number of labels.

    Reference:
        Zheng, Shen, Tian, Wang, Wang, Tian, "Scalable Person Re-identification: A Benchmark", ICCV 2015,
        section 5 (multiple queries).

    Differs:
        The mean is scaled to unit length again; the original ranks by its dot product with unit vectors,
        which orders a gallery alike.
    """
    check_same_length("Query labels", labels.identities, len(descriptors))
    check_same_length("Support labels", support_labels.identities, len(support))
    rows: dict[object, list[int]] = {}
    for row, key in enumerate(zip(support_labels.identities, support_labels.camera_list(), strict=True)):
        rows.setdefault(key, []).append(row)
    pooled = normalize(descriptors)
    for number, (identity, camera) in enumerate(zip(labels.identities, labels.camera_list(), strict=True)):
        own = rows.get((identity, camera)) if camera is not None else None
        if own:
            pooled[number] = normalize(normalize(support[own]).mean(0, keepdim=True))[0]
    return pooled
