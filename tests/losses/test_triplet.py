import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor

from reidkit.core.errors import CatalogError
from reidkit.losses.triplet import BatchHardTriplet

BATCHES = {
    "balanced": [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3],
    "uneven": [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3],
    "singletons": [0, 0, 0, 1, 2, 3, 3, 4, 5, 5, 5, 5, 6, 7, 8, 9],
    "pair and strangers": [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
    "unsorted labels": [7, 3, 900, 7, -2, 3, 900, -2, 7, 7, 3, 3, -2, 900, 900, -2],
}


def naive_triplet(features: list[list[float]], identities: list[int], margin: float | None) -> float:
    """Loop over the anchors as equation 5 of the paper does, those with a positive and a negative."""
    losses = []
    for anchor, row in enumerate(features):
        distances = [math.dist(row, other) for other in features]
        positives = [
            distance
            for other, distance in enumerate(distances)
            if identities[other] == identities[anchor] and other != anchor
        ]
        negatives = [
            distance for other, distance in enumerate(distances) if identities[other] != identities[anchor]
        ]
        if positives and negatives:
            gap = max(positives) - min(negatives)
            losses.append(math.log1p(math.exp(gap)) if margin is None else max(0.0, gap + margin))
    return sum(losses) / len(losses) if losses else 0.0


def draw_features(*, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(16, 8, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("margin", [0.0, 0.3, 5.0, None])
def test_triplet_equals_a_loop_over_anchors(batch: str, margin: float | None):
    features, identities = draw_features(), BATCHES[batch]
    actual = BatchHardTriplet(margin=margin)(features, torch.tensor(identities))
    assert float(actual) == pytest.approx(naive_triplet(features.tolist(), identities, margin), rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(1, 8), st.sampled_from([0.0, 0.3, None]))
def test_triplet_of_small_batches_with_ties_equals_a_loop(
    data: st.DataObject, size: int, margin: float | None
):
    row = st.lists(st.integers(-2, 2), min_size=2, max_size=2)
    features = data.draw(st.lists(row, min_size=size, max_size=size))
    identities = data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    actual = BatchHardTriplet(margin=margin)(torch.tensor(features).double(), torch.tensor(identities))
    assert float(actual) == pytest.approx(naive_triplet(features, identities, margin), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("margin", [0.3, 5.0, None])
def test_triplet_equals_pytorch_metric_learning(batch: str, margin: float | None):
    identities = torch.tensor(BATCHES[batch])
    distance = LpDistance(normalize_embeddings=False)
    peer = TripletMarginLoss(
        margin=margin or 0.0, smooth_loss=margin is None, distance=distance, reducer=MeanReducer()
    )
    ours, theirs = (draw_features().requires_grad_() for _ in range(2))
    loss = BatchHardTriplet(margin=margin)(ours, identities)
    expected = peer(theirs, identities, BatchHardMiner(distance=distance)(theirs, identities))
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    loss.backward()
    expected.backward()
    assert float(ours.grad.abs().max()) > 1e-3
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-6, atol=1e-9)


def test_triplet_hand_worked_example():
    # On a line: a at 0 and 3, b at 1 and 7. Farthest positive less nearest negative of each:
    # 0: 3 - 1 = 2    3: 3 - 2 = 1    1: 6 - 1 = 5    7: 6 - 4 = 2
    features = torch.tensor([[0.0], [3.0], [1.0], [7.0]])
    identities = torch.tensor([0, 0, 1, 1])
    assert float(BatchHardTriplet(margin=0.0)(features, identities)) == (2 + 1 + 5 + 2) / 4
    assert float(BatchHardTriplet(margin=0.5)(features, identities)) == (2.5 + 1.5 + 5.5 + 2.5) / 4
    soft = sum(math.log(1 + math.exp(gap)) for gap in (2, 1, 5, 2)) / 4
    assert float(BatchHardTriplet(margin=None)(features, identities)) == pytest.approx(soft, rel=1e-6)


def test_triplet_mean_counts_anchors_that_are_satisfied():
    # The lone violation of a batch weighs one over the anchors, not one over the violations.
    features = torch.tensor([[0.0], [1.0], [1.5], [100.0], [101.0]])
    identities = torch.tensor([0, 0, 1, 2, 2])
    # 0: 1 - 1.5 < 0; 1: 1 - 0.5 = 0.5; 1.5 is alone; 100 and 101: far.
    assert float(BatchHardTriplet(margin=0.0)(features, identities)) == 0.5 / 4


def test_triplet_singleton_is_no_anchor_but_a_negative():
    features = torch.tensor([[0.0], [2.0], [3.0]])
    identities = torch.tensor([0, 0, 1])
    # 0: 2 - 3 = -1; 2: 2 - 1 = 1; 3 is alone. Were it an anchor, the mean would be over three.
    assert float(BatchHardTriplet(margin=1.0)(features, identities)) == (0 + 2) / 2


@pytest.mark.parametrize(
    "identities", [[5, 5, 5, 5], [0, 1, 2, 3], [0]], ids=["one identity", "all alone", "one sample"]
)
@pytest.mark.parametrize("margin", [0.3, None])
def test_triplet_without_anchor_is_zero_with_zero_gradient(identities: list[int], margin: float | None):
    features = draw_features()[: len(identities)].clone().requires_grad_()
    loss = BatchHardTriplet(margin=margin)(features, torch.tensor(identities))
    assert float(loss.detach()) == 0
    loss.backward()
    assert features.grad.tolist() == [[0.0] * 8] * len(identities)


def test_triplet_of_coinciding_samples_is_the_margin():
    features, identities = torch.ones(6, 4), torch.tensor([0, 0, 0, 1, 1, 1])
    assert float(BatchHardTriplet(margin=0.3)(features, identities)) == pytest.approx(0.3)
    assert float(BatchHardTriplet(margin=None)(features, identities)) == pytest.approx(math.log(2))


def test_triplet_of_near_samples_far_from_the_origin_does_not_cancel():
    # |a|^2 + |b|^2 - 2ab would lose a distance of 0.01 at length 1000 in float32 altogether.
    features = torch.tensor([[1000.0, 0.0], [1000.0, 0.01], [1000.0, 0.03], [1000.0, 0.04]])
    loss = BatchHardTriplet(margin=0.1)(features, torch.tensor([0, 0, 1, 1]))
    # Gaps 0.01 - 0.03, 0.01 - 0.02, 0.01 - 0.02, 0.01 - 0.03.
    assert float(loss) == pytest.approx(0.1 - 0.015, rel=1e-4)


def test_triplet_under_bf16_autocast_equals_float32_of_the_same_features():
    features, identities = draw_features(dtype=torch.bfloat16), torch.tensor(BATCHES["balanced"])
    expected = BatchHardTriplet()(features.float(), identities)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        actual = BatchHardTriplet()(features, identities)
    assert float(actual) == float(expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_triplet_of_half_precision_features_equals_float32_of_them(dtype: torch.dtype):
    # Without autocast, as when a whole model is cast: torch.cdist knows no half precision.
    features, identities = draw_features(dtype=dtype), torch.tensor(BATCHES["balanced"])
    expected = BatchHardTriplet()(features.float(), identities)
    actual = BatchHardTriplet()(features, identities)
    assert float(actual) == pytest.approx(float(expected), rel=1e-2)


@pytest.mark.parametrize("margin", [-0.1, -5.0])
def test_triplet_negative_margin_is_refused(margin: float):
    message = rf"^Triplet margin is negative, got {margin}\. Expected at least 0, or null\.$"
    with pytest.raises(CatalogError, match=message):
        BatchHardTriplet(margin=margin)


def test_triplet_margin_not_a_number_is_refused():
    with pytest.raises(CatalogError, match=r"^Triplet margin .* got nan"):
        BatchHardTriplet(margin=float("nan"))


def test_triplet_distance_is_euclidean_of_raw_features():
    # Twice the features are twice the distances: nothing is normalised, nothing is squared.
    features, identities = draw_features(), torch.tensor(BATCHES["balanced"])
    one, two = (float(BatchHardTriplet(margin=0.0)(scale * features, identities)) for scale in (1, 2))
    assert two == pytest.approx(2 * one, rel=1e-12)
    assert one > 0
    assert np.isfinite(one)
