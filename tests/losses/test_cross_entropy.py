import math

import numpy as np
import pytest
import torch

from reidkit.core.errors import CatalogError
from reidkit.losses.cross_entropy import CrossEntropy


def naive_cross_entropy(logits: np.ndarray, identities: np.ndarray, smoothing: float) -> float:
    """Sum over the classes of -target * log(probability), from the definition, averaged over the batch."""
    total = 0.0
    num_classes = logits.shape[1]
    for row, identity in zip(logits, identities, strict=True):
        probabilities = np.exp(row - row.max()) / np.exp(row - row.max()).sum()
        for column in range(num_classes):
            target = smoothing / num_classes + (1 - smoothing if column == identity else 0)
            total -= target * np.log(probabilities[column])
    return total / len(logits)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 0.99])
def test_cross_entropy_equals_the_definition(smoothing: float):
    random = np.random.default_rng(0)
    logits, identities = 3 * random.standard_normal((12, 7)), random.integers(0, 7, 12)
    actual = CrossEntropy(label_smoothing=smoothing)(torch.from_numpy(logits), torch.from_numpy(identities))
    assert float(actual) == pytest.approx(naive_cross_entropy(logits, identities, smoothing), rel=1e-12)


def test_cross_entropy_of_equal_logits_is_the_logarithm_of_the_number_of_classes():
    for smoothing in (0.0, 0.1):
        loss = CrossEntropy(label_smoothing=smoothing)(torch.zeros(3, 8), torch.tensor([0, 1, 7]))
        assert float(loss) == pytest.approx(math.log(8), rel=1e-6)


def test_cross_entropy_gradient_is_probability_less_target_over_the_batch():
    logits = torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0]], requires_grad=True)
    CrossEntropy()(logits, torch.tensor([0, 1])).backward()
    # Probabilities (1/4, 3/4) and (1/2, 1/2); targets (1, 0) and (0, 1); a batch of 2.
    expected = torch.tensor([[-3 / 4, 3 / 4], [1 / 2, -1 / 2]]) / 2
    torch.testing.assert_close(logits.grad, expected)


def test_cross_entropy_with_smoothing_cannot_reach_zero():
    # Its minimum is the entropy of the target: 0.925 once and 0.025 three times for 0.1 and 4 classes.
    target = np.array([0.925, 0.025, 0.025, 0.025])
    bound = -(target * np.log(target)).sum()
    logits = torch.from_numpy(np.log(target))[None]
    loss = CrossEntropy(label_smoothing=0.1)
    assert float(loss(logits, torch.tensor([0]))) == pytest.approx(bound, rel=1e-12)
    for scale in (0.5, 0.9, 1.1, 2.0, 100.0):
        assert float(loss(scale * logits, torch.tensor([0]))) > bound


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, 1.5, float("nan")])
def test_cross_entropy_smoothing_out_of_range_is_refused(smoothing: float):
    with pytest.raises(
        CatalogError, match=rf"^label_smoothing is out of range, got {smoothing}\. Expected \[0, 1\)"
    ):
        CrossEntropy(label_smoothing=smoothing)


@pytest.mark.parametrize("over", ["all", "others"])
@pytest.mark.parametrize("is_adaptive", [False, True])
def test_cross_entropy_of_every_smoothing_equals_a_loop(over: str, is_adaptive: bool):
    random = np.random.default_rng(0)
    logits, identities = 2 * random.standard_normal((9, 5)), random.integers(0, 5, 9)
    total = 0.0
    for row, identity in zip(logits, identities, strict=True):
        probabilities = np.exp(row) / np.exp(row).sum()
        share = 0.3 * probabilities[identity] if is_adaptive else 0.3
        for column in range(5):
            is_own = column == identity
            if over == "all":
                target = share / 5 + (1 - share if is_own else 0)
            else:
                target = 1 - share if is_own else share / 4
            total -= target * np.log(probabilities[column])
    loss = CrossEntropy(label_smoothing=0.3, smoothed_over=over, is_adaptive=is_adaptive)
    actual = loss(torch.from_numpy(logits), torch.from_numpy(identities))
    assert float(actual) == pytest.approx(total / 9, rel=1e-12)


def test_cross_entropy_of_one_identity_is_zero_with_others_to_smooth_over():
    loss = CrossEntropy(label_smoothing=0.1, smoothed_over="others")
    assert float(loss(torch.ones(2, 1), torch.tensor([0, 0]))) == 0


def test_cross_entropy_unknown_smoothing_is_refused():
    message = r"^smoothed_over is unknown, got 'wrong'\. Expected 'all' or 'others'\.$"
    with pytest.raises(CatalogError, match=message):
        CrossEntropy(smoothed_over="wrong")
