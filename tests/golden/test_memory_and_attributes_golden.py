"""The memory of pairs and the loss of attributes against stored outputs of FastReID 1.3."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.losses.attribute_classification import weighted_binary_cross_entropy
from reidkit.losses.cross_batch_memory import CrossBatchMemory

STORED = np.load(Path(__file__).parent / "fastreid/memory_and_attributes.npz")


def stored(name: str) -> torch.Tensor:
    """Return a stored array, float64 where it is floating."""
    value = torch.from_numpy(STORED[name])
    return value.double() if value.is_floating_point() else value


def test_stored_outputs_are_all_there():
    assert len(STORED.files) == 10


def test_attribute_losses_equal_fastreid():
    logits, targets, shares = stored("logits"), stored("targets"), stored("shares")
    plain = weighted_binary_cross_entropy(logits, targets)
    assert float(plain) == pytest.approx(float(STORED["unweighted"]), rel=1e-7)
    weighted = weighted_binary_cross_entropy(logits, targets, shares)
    assert float(weighted) == pytest.approx(float(STORED["weighted"]), rel=1e-7)


def test_memory_equals_fastreid_in_the_first_batch_and_its_rule_put_right_in_the_others():
    # Its queue of 32 holds the batch and the 24 before; ours of 24 holds what was there before the batch.
    loss = CrossBatchMemory(feature_dim=16, size=24).double()
    loss.remember(stored("queue").T[8:], stored("queue_identities")[0, 8:])
    values = []
    for features, identities in zip(stored("features"), stored("identities"), strict=True):
        values.append(float(loss(features, identities)))
        loss.remember(features, identities)
    assert values[0] == pytest.approx(float(STORED["memory"][0]), rel=1e-7)
    # From then on it takes other columns for the sample itself, whose cosine of 1 then is a positive.
    assert values[1:] == pytest.approx([34.327001, 34.924864], rel=1e-6)
    assert STORED["memory"][1:] == pytest.approx([33.218533, 33.583168], rel=1e-6)
