"""Losses of logits and cosines against stored outputs of FastReID 1.3, which ran in float32."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from reidkit.losses.arc_face import ArcFace
from reidkit.losses.circle_softmax import CircleSoftmax
from reidkit.losses.cos_face import CosFace
from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.focal import Focal

STORED = np.load(Path(__file__).parent / "fastreid/classification.npz")
LAYERS = {"CosSoftmax": CosFace, "ArcSoftmax": ArcFace, "CircleSoftmax": CircleSoftmax}


def test_stored_outputs_are_all_there():
    assert len(STORED.files) == 3 + 3 * 2 * 3 + 2 * 6 + 2 + 3 * 2


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("scale", "margin"), [(64, 0.35), (30, 0.5)])
def test_margin_loss_equals_fastreid_with_gradient(layer: str, scale: int, margin: float):
    features, weight = (torch.from_numpy(STORED[f"softmax/{key}"]).double() for key in ("features", "weight"))
    identities = torch.from_numpy(STORED["softmax/labels"])
    features.requires_grad_()
    cosines = F.linear(F.normalize(features), F.normalize(weight))
    key = f"softmax/{layer}/s{scale}_m{margin}/labels"
    loss = LAYERS[layer](scale=scale, margin=margin, label_smoothing=0.1, smoothed_over="others")
    logits = scale * loss.shift(cosines, identities)
    np.testing.assert_allclose(logits.detach().numpy(), STORED[f"{key}/logits"], rtol=1e-5, atol=3e-5)
    value = loss(cosines, identities)
    assert float(value.detach()) == pytest.approx(float(STORED[f"{key}/ce0.1"]), rel=1e-6)
    value.backward()
    expected = STORED[f"{key}/grad_features"]
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(features.grad.numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("logits", ["normal", "confident"])
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_adaptive_smoothing_equals_fastreid_with_gradient(logits: str, share: float):
    values = torch.from_numpy(STORED[f"adaptive/{logits}/logits"]).double().requires_grad_()
    identities = torch.from_numpy(STORED[f"adaptive/{logits}/labels"])
    loss = CrossEntropy(label_smoothing=share, smoothed_over="others", is_adaptive=True)(values, identities)
    # FastReID divides by the samples whose loss is not exactly 0 in float32.
    single = F.cross_entropy(values.detach().float(), identities, reduction="none")
    assert int((single != 0).sum()) == {"normal": 16, "confident": 4}[logits]
    key = f"adaptive/{logits}/eps-1_alpha{share}"
    counted = 16 if logits == "normal" else _counted_by_fastreid(values.detach().float(), identities, share)
    assert float(loss.detach()) == pytest.approx(float(STORED[f"{key}/loss"]) * counted / 16, rel=1e-5)
    loss.backward()
    expected = STORED[f"{key}/grad"] * counted / 16
    np.testing.assert_allclose(values.grad.numpy(), expected, rtol=1e-4, atol=1e-6)


def _counted_by_fastreid(logits: torch.Tensor, identities: torch.Tensor, share: float) -> int:
    single = [
        CrossEntropy(label_smoothing=share, smoothed_over="others", is_adaptive=True)(row[None], one[None])
        for row, one in zip(logits, identities, strict=True)
    ]
    return int(np.count_nonzero([float(value) for value in single]))


@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (1.0, 2.0), (0.25, 0.0)])
def test_focal_equals_fastreid(alpha: float, gamma: float):
    values, identities = (torch.from_numpy(STORED[f"focal/{key}"]) for key in ("logits", "labels"))
    key = f"focal/alpha{alpha}_gamma{gamma}"
    loss: nn.Module = Focal(alpha=alpha, gamma=gamma)
    assert float(loss(values.double(), identities)) == pytest.approx(float(STORED[f"{key}/mean"]), rel=1e-6)
    for row in range(16):
        single = float(loss(values[[row]].double(), identities[[row]]))
        assert single == pytest.approx(float(STORED[f"{key}/none"][row]), rel=1e-5, abs=1e-7)
