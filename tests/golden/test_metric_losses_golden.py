"""Losses of features against stored outputs of FastReID 1.3 in float64.

Where ours differ on purpose, a loop with FastReID's rule gives the stored value and the same loop with ours
gives ours, so that the difference is that rule and nothing else.
"""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.losses.pairwise_circle import PairwiseCircle
from reidkit.losses.pairwise_cos_face import PairwiseCosFace
from reidkit.losses.triplet import BatchHardTriplet
from reidkit.losses.weighted_triplet import WeightedTriplet

STORED = np.load(Path(__file__).parent / "fastreid/metric.npz")
PAIRWISE = {"circle_pairwise": PairwiseCircle, "cosface_pairwise": PairwiseCosFace}
DISTANCES = {"euclid": "euclidean", "normfeat": "normalised_squared"}


def read(batch: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features and identities."""
    return (
        torch.from_numpy(STORED[f"{batch}/features"]).double(),
        torch.from_numpy(STORED[f"{batch}/labels"]),
    )


def distances_of(features: torch.Tensor, distance: str) -> list[list[float]]:
    if distance == "normfeat":
        unit = features / features.norm(dim=1, keepdim=True)
        return [[2 - 2 * float(one @ other) for other in unit] for one in unit]
    return [[max(math.dist(one, other), 1e-6) for other in features.tolist()] for one in features.tolist()]


def gaps_of(rows: list[list[float]], identities: list[int], *, is_fastreid: bool) -> list[float]:
    """Return weighted positive less weighted negative distance of each anchor, by either rule."""
    gaps = []
    for anchor, row in enumerate(rows):
        columns = range(len(row))
        positives = [
            row[other]
            for other in columns
            if identities[other] == identities[anchor] and (is_fastreid or other != anchor)
        ]
        negatives = [row[other] for other in columns if identities[other] != identities[anchor]]
        if not positives or not negatives:
            continue
        tiny = 1e-6 if is_fastreid else 0.0
        highest = max(positives)
        lowest = 0.0 if is_fastreid else min(negatives)  # what FastReID takes to be the greatest of -d
        pull = [math.exp(value - highest) for value in positives]
        push = [math.exp(lowest - value) for value in negatives]
        near = sum(a * b for a, b in zip(pull, positives, strict=True)) / (sum(pull) + tiny)
        far = sum(a * b for a, b in zip(push, negatives, strict=True)) / (sum(push) + tiny)
        gaps.append(near - far)
    return gaps


def test_stored_outputs_are_all_there():
    assert len(STORED.files) == 50


@pytest.mark.parametrize("batch", ["balanced", "unbalanced", "clustered", "large"])
@pytest.mark.parametrize("margin", [0.3, None])
@pytest.mark.parametrize("distance", ["euclid", "normfeat"])
def test_weighted_triplet_differs_from_fastreid_by_its_weights_alone(
    batch: str, margin: float | None, distance: str
):
    features, identities = read(batch)
    rows = distances_of(features, distance)
    theirs, ours = (
        np.mean(
            [
                math.log1p(math.exp(gap)) if margin is None else max(gap + margin, 0)
                for gap in gaps_of(rows, identities.tolist(), is_fastreid=is_fastreid)
            ]
        )
        for is_fastreid in (True, False)
    )
    variant = "soft" if margin is None else "margin0.3"
    stored = float(STORED[f"triplet/{batch}/weighted_{variant}_{distance}/loss_f64"])
    assert theirs == pytest.approx(stored, rel=1e-6, abs=1e-9)
    loss = WeightedTriplet(margin=margin, distance=DISTANCES[distance])(features, identities)
    assert float(loss) == pytest.approx(ours, rel=1e-9, abs=1e-12)


def test_weighted_triplet_of_fastreid_collapses_where_ours_does_not():
    # Features of 2048 dimensions: nothing is pushed, so its loss is the whole distance to the positives.
    features, identities = read("large")
    features.requires_grad_()
    loss = WeightedTriplet(margin=0.3)(features, identities)
    assert float(STORED["triplet/large/weighted_margin0.3_euclid/loss_f64"]) == pytest.approx(
        64.6005, abs=1e-3
    )
    assert 0.3 < float(loss.detach()) < 3
    loss.backward()
    assert bool((features.grad.abs().amax(1) > 0).all())


@pytest.mark.parametrize("batch", ["balanced", "clustered", "large"])
@pytest.mark.parametrize("margin", [0.3, None])
def test_triplet_of_normalised_features_equals_fastreid(batch: str, margin: float | None):
    features, identities = read(batch)
    variant = "soft" if margin is None else "margin0.3"
    stored = float(STORED[f"triplet/{batch}/hard_{variant}_normfeat/loss_f64"])
    loss = BatchHardTriplet(margin=margin, distance="normalised_squared")(features, identities)
    assert float(loss) == pytest.approx(stored, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("kind", PAIRWISE)
@pytest.mark.parametrize("batch", ["balanced", "unbalanced", "clustered"])
@pytest.mark.parametrize(("margin", "scale"), [(0.25, 128), (0.35, 64)])
def test_pairwise_loss_equals_fastreid_once_its_mean_is_converted(
    kind: str, batch: str, margin: float, scale: int
):
    features, identities = read(batch)
    features.requires_grad_()
    loss = PAIRWISE[kind](margin=margin, scale=scale)(features, identities)
    # The samples of 7 and 9 are alone; FastReID counts them with a loss of 0.
    anchors = 14 if batch == "unbalanced" else len(features)
    key = f"{kind}/{batch}/m{margin}_g{scale}"
    stored = float(STORED[f"{key}/loss_f64"]) * len(features) / anchors
    assert float(loss.detach()) == pytest.approx(stored, rel=1e-6)
    if batch == "clustered":
        loss.backward()
        np.testing.assert_allclose(features.grad.numpy(), STORED[f"{key}/grad"], rtol=1e-3, atol=1e-5)
