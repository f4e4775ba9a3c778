"""Losses and distances against stored outputs of Torchreid 1.4.0 and FastReID 1.3."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.core.distance import pairwise_distance
from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.triplet import BatchHardTriplet

HERE = Path(__file__).parent
TORCHREID = np.load(HERE / "torchreid/losses.npz")
FASTREID = np.load(HERE / "fastreid/losses.npz")


def run(loss: torch.nn.Module, values: np.ndarray, identities: np.ndarray) -> tuple[float, np.ndarray]:
    """Return a loss and its gradient."""
    leaf = torch.from_numpy(values).requires_grad_()
    result = loss(leaf, torch.from_numpy(identities))
    result.backward()
    return float(result.detach()), leaf.grad.numpy()


def test_stored_outputs_are_all_there():
    assert len(TORCHREID.files) == 14
    assert len(FASTREID.files) == 26


def test_cross_entropy_equals_torchreid():
    value, _ = run(CrossEntropy(), TORCHREID["logits"], TORCHREID["labels"])
    assert value == pytest.approx(float(TORCHREID["ce"]), rel=1e-6)


def test_cross_entropy_with_smoothing_equals_torchreid_with_gradient():
    value, gradient = run(CrossEntropy(label_smoothing=0.1), TORCHREID["logits"], TORCHREID["labels"])
    assert value == pytest.approx(float(TORCHREID["ce_ls"]), rel=1e-6)
    np.testing.assert_allclose(gradient, TORCHREID["ce_ls_grad"], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("margin", ["0", "0.3", "5"])
def test_triplet_equals_torchreid(margin: str):
    value, _ = run(BatchHardTriplet(margin=float(margin)), TORCHREID["feats"], TORCHREID["labels"])
    assert value == pytest.approx(float(TORCHREID[f"triplet_{margin}"]), rel=1e-6)


def test_triplet_gradient_equals_torchreid():
    _, gradient = run(BatchHardTriplet(margin=0.3), TORCHREID["feats"], TORCHREID["labels"])
    expected = TORCHREID["triplet_0.3_grad"]
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("logits", "num_nonzero"), [("normal", 16), ("confident", 4)])
def test_cross_entropy_equals_fastreid_times_its_share_of_nonzero_losses(logits: str, num_nonzero: int):
    # Without smoothing FastReID divides by the samples whose loss is not exactly 0 in float32; we divide by
    # all 16, as the definition does.
    stored = {key: FASTREID[f"cross_entropy/{logits}/{key}"] for key in ("logits", "labels")}
    single = [run(CrossEntropy(), stored["logits"][[row]], stored["labels"][[row]])[0] for row in range(16)]
    assert np.count_nonzero(single) == num_nonzero
    value, gradient = run(CrossEntropy(), stored["logits"], stored["labels"])
    share = num_nonzero / 16
    theirs = float(FASTREID[f"cross_entropy/{logits}/eps0/loss"])
    assert value == pytest.approx(share * theirs, rel=1e-5)
    expected = share * FASTREID[f"cross_entropy/{logits}/eps0/grad"]
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("logits", ["normal", "confident"])
def test_cross_entropy_with_smoothing_equals_fastreid_once_its_share_is_converted(logits: str):
    # FastReID gives e to the C - 1 wrong classes; the paper and we give it to all C. Ours at e * C / (C - 1)
    # is FastReID's at e: a wrong class gets e / (C - 1), the right one 1 - e.
    stored = {key: FASTREID[f"cross_entropy/{logits}/{key}"] for key in ("logits", "labels")}
    expected = float(FASTREID[f"cross_entropy/{logits}/eps0.1/loss"])
    value, gradient = run(CrossEntropy(label_smoothing=0.1 * 10 / 9), stored["logits"], stored["labels"])
    assert value == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(
        gradient, FASTREID[f"cross_entropy/{logits}/eps0.1/grad"], rtol=1e-4, atol=1e-7
    )
    unconverted, _ = run(CrossEntropy(label_smoothing=0.1), stored["logits"], stored["labels"])
    assert abs(unconverted - expected) > 1e-3


@pytest.mark.parametrize("features", ["balanced", "clustered"])
@pytest.mark.parametrize(("variant", "margin"), [("hard_margin0.3_euclid", 0.3), ("hard_soft_euclid", None)])
def test_triplet_equals_fastreid(features: str, variant: str, margin: float | None):
    stored = {key: FASTREID[f"triplet/{features}/{key}"] for key in ("features", "labels")}
    value, gradient = run(BatchHardTriplet(margin=margin), stored["features"], stored["labels"])
    expected = float(FASTREID[f"triplet/{features}/{variant}/loss_f64"])
    assert value == pytest.approx(expected, rel=1e-5, abs=1e-7)
    if features == "clustered":
        np.testing.assert_allclose(
            gradient, FASTREID[f"triplet/{features}/{variant}/grad"], rtol=1e-3, atol=1e-6
        )


def test_distances_equal_torchreid():
    a, b = (torch.from_numpy(TORCHREID[key]) for key in "ab")
    cosine = pairwise_distance(a, b, distance="cosine").numpy()
    np.testing.assert_allclose(cosine, TORCHREID["dist_cosine"], rtol=0, atol=1e-6)
    # Torchreid's "euclidean" is squared.
    euclidean = pairwise_distance(a, b, distance="euclidean").numpy()
    np.testing.assert_allclose(euclidean**2, TORCHREID["dist_euclidean"], rtol=1e-5)
