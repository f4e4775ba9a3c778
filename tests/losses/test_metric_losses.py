"""The losses of pairs and triplets against loops and against pytorch-metric-learning."""

import math
from collections.abc import Callable

import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import (
    CircleLoss,
    GeneralizedLiftedStructureLoss,
    MultiSimilarityLoss,
    SupConLoss,
)
from pytorch_metric_learning.miners import MultiSimilarityMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.losses.contrastive import Contrastive
from reidkit.losses.lifted_structure import LiftedStructure
from reidkit.losses.multi_similarity import MultiSimilarity
from reidkit.losses.pairwise_circle import PairwiseCircle
from reidkit.losses.pairwise_cos_face import PairwiseCosFace
from reidkit.losses.supervised_contrastive import SupervisedContrastive
from reidkit.losses.triplet import BatchHardTriplet
from reidkit.losses.weighted_triplet import WeightedTriplet

BATCHES = {
    "balanced": [0, 0, 0, 1, 1, 1, 2, 2, 2],
    "uneven": [0, 0, 0, 0, 0, 1, 1, 2, 3],
}
LOSSES = [
    WeightedTriplet,
    PairwiseCircle,
    PairwiseCosFace,
    Contrastive,
    LiftedStructure,
    SupervisedContrastive,
    MultiSimilarity,
]


def draw_features(seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(9, 5, generator=generator, dtype=torch.float64).to(dtype)


def cosine(one: list[float], other: list[float]) -> float:
    inner = sum(a * b for a, b in zip(one, other, strict=True))
    return inner / (math.hypot(*one) * math.hypot(*other))


def anchors_of(features: Tensor, identities: list[int], alike: Callable[[list[float], list[float]], float]):
    """Return the values to the positives and to the negatives of each sample."""
    rows = features.tolist()
    return [
        (
            [alike(row, rows[j]) for j in range(len(rows)) if j != i and identities[j] == identities[i]],
            [alike(row, rows[j]) for j in range(len(rows)) if identities[j] != identities[i]],
        )
        for i, row in enumerate(rows)
    ]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def naive_weighted(features: Tensor, identities: list[int]) -> float:
    losses = []
    for positives, negatives in anchors_of(features, identities, math.dist):
        if positives and negatives:
            pull, push = [math.exp(d) for d in positives], [math.exp(-d) for d in negatives]
            near = sum(w * d for w, d in zip(pull, positives, strict=True)) / sum(pull)
            far = sum(w * d for w, d in zip(push, negatives, strict=True)) / sum(push)
            losses.append(math.log1p(math.exp(near - far)))
    return mean(losses)


def naive_circle(features: Tensor, identities: list[int]) -> float:
    losses = []
    for positives, negatives in anchors_of(features, identities, cosine):
        if positives and negatives:
            pull = sum(math.exp(-128 * max(1.25 - s, 0) * (s - 0.75)) for s in positives)
            push = sum(math.exp(128 * max(s + 0.25, 0) * (s - 0.25)) for s in negatives)
            losses.append(math.log(1 + pull * push))
    return mean(losses)


def naive_cos_face(features: Tensor, identities: list[int]) -> float:
    losses = []
    for positives, negatives in anchors_of(features, identities, cosine):
        if positives and negatives:
            pull = sum(math.exp(-128 * s) for s in positives)
            push = sum(math.exp(128 * (s + 0.25)) for s in negatives)
            losses.append(math.log(1 + pull * push))
    return mean(losses)


def naive_contrastive(features: Tensor, identities: list[int]) -> float:
    unit = features / features.norm(dim=1, keepdim=True)
    losses = []
    for positives, negatives in anchors_of(unit, identities, math.dist):
        losses += [d**2 / 2 for d in positives] + [max(1 - d, 0) ** 2 / 2 for d in negatives]
    return mean(losses)


def naive_lifted(features: Tensor, identities: list[int]) -> float:
    losses = []
    for positives, negatives in anchors_of(features, identities, math.dist):
        if positives and negatives:
            pull = math.log(sum(math.exp(d) for d in positives))
            losses.append(max(pull + math.log(sum(math.exp(1 - d) for d in negatives)), 0))
    return mean(losses)


def naive_supervised(features: Tensor, identities: list[int]) -> float:
    losses = []
    for positives, negatives in anchors_of(features, identities, cosine):
        if positives:
            total = sum(math.exp(s / 0.1) for s in positives + negatives)
            losses.append(-mean([math.log(math.exp(s / 0.1) / total) for s in positives]))
    return mean(losses)


def naive_multi(features: Tensor, identities: list[int]) -> float:
    losses = []
    for positives, negatives in anchors_of(features, identities, cosine):
        hard = [s for s in positives if negatives and s < max(negatives) + 0.1]
        near = [s for s in negatives if positives and s > min(positives) - 0.1]
        pull = math.log(1 + sum(math.exp(-2 * (s - 0.5)) for s in hard)) / 2
        losses.append(pull + math.log(1 + sum(math.exp(50 * (s - 0.5)) for s in near)) / 50)
    return mean(losses)


NAIVE = {
    WeightedTriplet: naive_weighted,
    PairwiseCircle: naive_circle,
    PairwiseCosFace: naive_cos_face,
    Contrastive: naive_contrastive,
    LiftedStructure: naive_lifted,
    SupervisedContrastive: naive_supervised,
    MultiSimilarity: naive_multi,
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("seed", range(3))
def test_loss_equals_a_loop_over_samples(loss: type[nn.Module], batch: str, seed: int):
    features, identities = draw_features(seed), BATCHES[batch]
    expected = NAIVE[loss](features, identities)
    assert expected > 0
    assert float(loss()(features, torch.tensor(identities))) == pytest.approx(expected, rel=1e-9)


PLAIN = LpDistance(normalize_embeddings=False)


@pytest.mark.parametrize(
    ("ours", "peer", "miner"),
    [
        (PairwiseCircle(), CircleLoss(m=0.25, gamma=128, reducer=MeanReducer()), None),
        (
            LiftedStructure(),
            GeneralizedLiftedStructureLoss(neg_margin=1, pos_margin=0, distance=PLAIN, reducer=MeanReducer()),
            None,
        ),
        (SupervisedContrastive(), SupConLoss(temperature=0.1, reducer=MeanReducer()), None),
        (
            MultiSimilarity(),
            MultiSimilarityLoss(alpha=2, beta=50, base=0.5, reducer=MeanReducer()),
            MultiSimilarityMiner(0.1),
        ),
    ],
    ids=["circle", "lifted", "supervised", "multi"],
)
def test_loss_equals_pytorch_metric_learning(ours: nn.Module, peer: nn.Module, miner: nn.Module | None):
    one, other = (draw_features().requires_grad_() for _ in range(2))
    identities = torch.tensor(BATCHES["balanced"])
    loss = ours(one, identities)
    expected = peer(other, identities, miner(other, identities)) if miner else peer(other, identities)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    loss.backward()
    expected.backward()
    if not isinstance(ours, PairwiseCircle):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-6, atol=1e-9)


def test_pairwise_circle_gradient_keeps_the_weights_still():
    # Angles 0, 60 and 90 degrees, the first two of one identity; scale 2 keeps every share away from 0.
    features = torch.tensor([[1.0, 0.0], [0.5, math.sqrt(3) / 2], [0.0, 1.0]], dtype=torch.float64)
    identities = torch.tensor([0, 0, 1])
    loss = PairwiseCircle(scale=2.0)
    positive, negative = loss.weigh(cosines := torch.tensor([[0.5]], dtype=torch.float64).requires_grad_())
    assert (float(positive.detach()), float(negative.detach())) == (0.75 * 0.25, 0.75 * 0.25)
    (slope,) = torch.autograd.grad(positive.sum(), cosines)
    assert float(slope) == -0.75  # a moving weight would add s - 1 + m = -0.25
    assert float(loss(features, identities)) > 0


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("identities", [[0], [0, 1, 2]], ids=["one sample", "all alone"])
def test_loss_without_pairs_to_learn_from_is_finite_with_its_gradient(
    loss: type[nn.Module], identities: list[int]
):
    features = draw_features()[: len(identities)].clone().requires_grad_()
    value = loss()(features, torch.tensor(identities))
    value.backward()
    assert bool(features.grad.isfinite().all())
    if loss is not Contrastive or len(identities) == 1:
        assert float(value.detach()) == 0
        assert not bool(features.grad.any())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_loss_of_half_precision_features_is_computed_in_float32(loss: type[nn.Module], dtype: torch.dtype):
    features, identities = draw_features(dtype=dtype), torch.tensor(BATCHES["balanced"])
    expected = loss()(features.float(), identities)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        actual = loss()(features, identities)
    assert float(actual) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("loss", [PairwiseCircle, PairwiseCosFace, SupervisedContrastive, MultiSimilarity])
def test_loss_of_cosines_does_not_know_the_length_of_features(loss: type[nn.Module]):
    features, identities = draw_features(), torch.tensor(BATCHES["balanced"])
    one, other = (float(loss()(scale * features, identities)) for scale in (1, 7))
    assert other == pytest.approx(one, rel=1e-9)


@pytest.mark.parametrize("loss", [BatchHardTriplet, WeightedTriplet, Contrastive, LiftedStructure])
def test_normalised_distances_do_not_know_the_length_of_features(loss: type[nn.Module]):
    features, identities = draw_features(), torch.tensor(BATCHES["balanced"])
    for distance in ("normalised_euclidean", "normalised_squared"):
        one, other = (float(loss(distance=distance)(scale * features, identities)) for scale in (1, 7))
        assert other == pytest.approx(one, rel=1e-9)


@pytest.mark.parametrize("loss", [BatchHardTriplet, WeightedTriplet, Contrastive, LiftedStructure])
def test_unknown_distance_is_refused(loss: type[nn.Module]):
    message = (
        r"^Feature distance is unknown, got 'cosine'\. Expected one of: \('euclidean', 'normalised_euclid"
    )
    with pytest.raises(CatalogError, match=message):
        loss(distance="cosine")


@pytest.mark.parametrize(
    ("loss", "arguments", "message"),
    [
        (WeightedTriplet, {"margin": -1.0}, r"^Triplet margin is negative, got -1\.0\. Expected at least 0"),
        (
            PairwiseCircle,
            {"margin": 1.0},
            r"^PairwiseCircle margin is out of range, got 1\.0\. Expected \[0, 1",
        ),
        (
            PairwiseCosFace,
            {"scale": 0.0},
            r"^PairwiseCosFace scale is out of range, got 0\.0\. Expected above",
        ),
        (Contrastive, {"margin": 0.0}, r"^Contrastive margin is out of range, got 0\.0\. Expected above 0"),
        (LiftedStructure, {"margin": -1.0}, r"^LiftedStructure margin is negative, got -1\.0\. Expected at"),
        (
            SupervisedContrastive,
            {"temperature": 0.0},
            r"temperature is out of range, got 0\.0\. Expected above",
        ),
        (
            MultiSimilarity,
            {"beta": 0.0},
            r"^MultiSimilarity beta is out of range, got 0\.0\. Expected above 0",
        ),
        (
            MultiSimilarity,
            {"epsilon": -0.1},
            r"^MultiSimilarity epsilon is negative, got -0\.1\. Expected at",
        ),
    ],
)
def test_argument_out_of_range_is_refused(loss: type[nn.Module], arguments: dict[str, float], message: str):
    with pytest.raises(CatalogError, match=message):
        loss(**arguments)
