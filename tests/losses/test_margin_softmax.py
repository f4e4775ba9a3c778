"""The losses of cosines: norm_softmax, cos_face, arc_face, sphere_face and circle_softmax."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import ArcFaceLoss, CosFaceLoss, NormalizedSoftmaxLoss
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.errors import CatalogError
from reidkit.losses.arc_face import ArcFace
from reidkit.losses.circle_softmax import CircleSoftmax
from reidkit.losses.cos_face import CosFace
from reidkit.losses.norm_softmax import NormSoftmax
from reidkit.losses.sphere_face import SphereFace

IDENTITIES = torch.tensor([0, 1, 2, 3, 4, 0, 1, 2])


def own_logit(loss: NormSoftmax, cosines: Tensor) -> Tensor:
    """Return what becomes of the cosine of the identity."""
    values = torch.stack([cosines, torch.zeros_like(cosines)], dim=1)
    return loss.shift(values, torch.zeros(len(cosines), dtype=torch.int64))[:, 0]


@pytest.mark.parametrize(
    ("ours", "peer"),
    [
        (NormSoftmax(scale=20), NormalizedSoftmaxLoss(5, 8, temperature=0.05)),
        (CosFace(scale=64, margin=0.35), CosFaceLoss(5, 8, margin=0.35, scale=64)),
        (ArcFace(scale=64, margin=0.5), ArcFaceLoss(5, 8, margin=math.degrees(0.5), scale=64)),
    ],
    ids=["norm", "cos", "arc"],
)
def test_loss_of_cosines_equals_pytorch_metric_learning(ours: nn.Module, peer: nn.Module):
    features = F.normalize(torch.randn(8, 8, generator=torch.Generator().manual_seed(0)).double())
    peer = peer.double()
    weight = peer.W.detach()
    features[0] = -F.normalize(weight[:, 0], dim=0)  # opposite: angle and margin are beyond pi together
    cosines = F.linear(features, F.normalize(weight.T))
    expected = peer(features, IDENTITIES)
    assert float(ours(cosines, IDENTITIES)) == pytest.approx(float(expected.detach()), rel=1e-6)


@pytest.mark.parametrize(
    "loss",
    [CosFace(), ArcFace(), ArcFace(margin=1.5), *(SphereFace(margin=margin) for margin in (1, 2, 3, 4, 5))],
    ids=lambda loss: f"{type(loss).__name__}{loss.margin}",
)
def test_own_logit_rises_with_the_cosine_over_the_whole_range(loss: NormSoftmax):
    cosines = torch.linspace(-1, 1, 2001, dtype=torch.float64)
    logits = own_logit(loss, cosines)
    assert bool((logits.diff() > -1e-9).all())
    assert bool((logits <= cosines + 1e-12).all())


def test_arc_face_widens_the_angle():
    cosines = torch.tensor([0.9, 0.3, -0.5], dtype=torch.float64)
    torch.testing.assert_close(own_logit(ArcFace(margin=0.4), cosines), (cosines.acos() + 0.4).cos())


def test_sphere_face_hand_worked_example():
    # Angles 30, 90 and 150 degrees, doubled: cos 60 = 1/2; k is 1 from 90: -cos 180 - 2 = -1, -cos 300 - 2.
    cosines = torch.tensor([math.sqrt(3) / 2, 0.0, -math.sqrt(3) / 2], dtype=torch.float64)
    expected = torch.tensor([0.5, -1.0, -2.5], dtype=torch.float64)
    torch.testing.assert_close(own_logit(SphereFace(margin=2), cosines), expected)


@pytest.mark.parametrize("loss", [ArcFace(), SphereFace(), CosFace(), CircleSoftmax(), NormSoftmax()])
@pytest.mark.parametrize("cosine", [1.0, 1.0000002, -1.0, -1.0000002])
def test_loss_at_the_ends_of_the_range_is_finite_with_its_gradient(loss: nn.Module, cosine: float):
    values = torch.tensor([[cosine, 0.2]], requires_grad=True)
    result = loss(values, torch.tensor([0]))
    result.backward()
    assert bool(result.isfinite())
    assert bool(values.grad.isfinite().all())


def test_angle_without_a_clamp_is_not_a_number():
    # What FastReID computes one rounding step beyond 1.
    assert math.isnan(float((torch.tensor(1.0000002).acos() + 0.5).cos()))


def test_circle_softmax_hand_worked_example():
    cosines = torch.tensor([[0.5, 0.4, -0.6]], dtype=torch.float64, requires_grad=True)
    loss = CircleSoftmax(scale=2.0, margin=0.25)
    shifted = loss.shift(cosines, torch.tensor([0]))
    # (1.25 - 0.5)(0.5 - 0.75), (0.4 + 0.25)(0.4 - 0.25), and 0 below -0.25.
    assert shifted.detach().tolist()[0] == pytest.approx([-0.1875, 0.0975, 0.0])
    loss(cosines, torch.tensor([0])).backward()
    share = (2 * shifted.detach()).softmax(1)[0]
    expected = [2 * 0.75 * (float(share[0]) - 1), 2 * 0.65 * float(share[1]), 0.0]
    assert cosines.grad.tolist()[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("loss", "margin", "rule"),
    [
        (CosFace, -0.1, r"\[0, 2\)"),
        (ArcFace, 28.6, r"\[0, pi / 2\), in radians"),
        (ArcFace, float("nan"), r"\[0, pi / 2\)"),
        (SphereFace, 0, "a whole number from 1"),
        (SphereFace, 1.5, "a whole number from 1"),
        (CircleSoftmax, 1.0, r"\[0, 1\)"),
    ],
)
def test_margin_out_of_range_is_refused(loss: type[nn.Module], margin: float, rule: str):
    message = rf"^{loss.__name__} margin is out of range, got {margin}\. Expected {rule}"
    with pytest.raises(CatalogError, match=message):
        loss(margin=margin)


@pytest.mark.parametrize("loss", [NormSoftmax, CosFace, ArcFace, SphereFace, CircleSoftmax])
def test_scale_out_of_range_is_refused(loss: type[nn.Module]):
    with pytest.raises(
        CatalogError, match=rf"^{loss.__name__} scale is out of range, got 0\. Expected above 0"
    ):
        loss(scale=0)
