"""What teachers pass on: hand arithmetic, naive loops, and what holds for every transfer."""

import math

import pytest
import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.losses.feature_overhaul import FeatureOverhaul, negative_means, partial_squared_distance
from reidkit.losses.kl_divergence import KlDivergence, SymmetricKl
from reidkit.losses.logit_difference import LogitDifference
from reidkit.losses.similarity_transfer import SimilarityTransfer
from reidkit.losses.transfers import TRANSFERS

OF_VECTORS = sorted(key for key, loss in TRANSFERS.items() if loss.consumes != "maps")
EVERY = pytest.mark.parametrize("key", OF_VECTORS)


def draw(seed: int, columns: int = 6, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(8, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(
        dtype
    )


def test_catalog_is_covered():
    assert len(TRANSFERS) == 5
    assert OF_VECTORS == ["kl_divergence", "logit_difference", "similarity_transfer", "symmetric_kl"]
    assert {loss.consumes for loss in TRANSFERS.values()} == {"logits", "features", "maps"}


@EVERY
def test_transfer_is_0_for_equals_and_positive_for_others(key: str):
    loss = TRANSFERS[key]()
    assert float(loss(draw(0), draw(0))) == pytest.approx(0, abs=1e-12)
    assert float(loss(draw(0), draw(1))) > 1e-3


@EVERY
def test_transfer_gives_the_teacher_no_gradient(key: str):
    student, teacher = draw(0).requires_grad_(), draw(1).requires_grad_()
    TRANSFERS[key]()(student, teacher).backward()
    assert bool(student.grad.any())
    assert teacher.grad is None


@EVERY
def test_transfer_gradient_equals_finite_differences(key: str):
    teacher, loss = draw(1), TRANSFERS[key]()
    assert torch.autograd.gradcheck(lambda item: loss(item, teacher), (draw(0).requires_grad_(),))


@EVERY
@pytest.mark.parametrize("level", [0.0, 1.0, 1e4])
def test_transfer_gradient_is_finite_where_samples_coincide(key: str, level: float):
    student = torch.full((8, 6), level).requires_grad_()
    loss = TRANSFERS[key]()(student, draw(1, dtype=torch.float32))
    loss.backward()
    assert bool(loss.isfinite())
    assert bool(student.grad.isfinite().all())


@EVERY
def test_transfer_does_not_depend_on_batch_order(key: str):
    order, loss = torch.randperm(8, generator=torch.Generator().manual_seed(3)), TRANSFERS[key]()
    torch.testing.assert_close(loss(draw(0)[order], draw(1)[order]), loss(draw(0), draw(1)))


@EVERY
@pytest.mark.parametrize("shapes", [((8, 6), (7, 6)), ((8,), (8,)), ((0, 6), (0, 6))])
def test_transfer_refuses_what_does_not_fit(key: str, shapes: tuple[tuple[int, ...], ...]):
    with pytest.raises(ShapeError, match=r"of student and teacher do not fit, got \("):
        TRANSFERS[key]()(*(torch.zeros(shape) for shape in shapes))


def test_logit_difference_by_hand():
    student, teacher = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[0.0, 4.0], [0.0, -1.0]])
    assert float(LogitDifference()(student, teacher)) == 1.0


def test_logits_of_another_width_are_refused():
    with pytest.raises(ShapeError, match=r"Logits of student and teacher do not fit"):
        LogitDifference()(torch.zeros(8, 6), torch.zeros(8, 5))


def test_divergence_by_hand():
    # p = (3/4, 1/4) of the teacher, q = (1/2, 1/2) of the student.
    student, teacher = torch.zeros(1, 2, dtype=torch.float64), torch.tensor([[math.log(3), 0.0]]).double()
    one = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    other = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert float(KlDivergence()(student, teacher)) == pytest.approx(one, rel=1e-6)
    assert float(SymmetricKl(temperature=1)(student, teacher)) == pytest.approx((one + other) / 2, rel=1e-6)


def test_divergence_differs_from_cross_entropy_by_the_entropy_of_the_teacher():
    student, teacher = draw(0), draw(1)
    given = teacher.softmax(1)
    cross = nn.functional.cross_entropy(student, given)
    entropy = -(given * given.log()).sum(1).mean()
    torch.testing.assert_close(KlDivergence()(student, teacher), cross - entropy)


def test_divergence_times_the_squared_temperature_nears_half_the_variance_of_the_difference():
    student, teacher = draw(0), draw(1)
    limit = (student - teacher).var(1, unbiased=False).mean() / 2
    torch.testing.assert_close(KlDivergence(temperature=1e4)(student, teacher), limit, rtol=1e-3, atol=0)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
@pytest.mark.parametrize("loss", [KlDivergence, SymmetricKl])
def test_temperature_out_of_range_is_refused(loss: type[nn.Module], temperature: float):
    with pytest.raises(CatalogError, match="temperature is out of range"):
        loss(temperature=temperature)


def test_similarity_transfer_equals_a_naive_loop():
    student, teacher = draw(0), draw(1, columns=3)

    def shares(features: Tensor, row: int) -> list[float]:
        cosines = [float(nn.functional.cosine_similarity(features[row], other, dim=0)) for other in features]
        kernels = [(1 + cosine) / 2 for column, cosine in enumerate(cosines) if column != row]
        return [kernel / sum(kernels) for kernel in kernels]

    expected = 0.0
    for row in range(8):
        pairs = zip(shares(teacher, row), shares(student, row), strict=True)
        expected += sum(given * math.log(given / own) for given, own in pairs) / 8
    assert float(SimilarityTransfer()(student, teacher)) == pytest.approx(expected, rel=1e-9)


def test_similarity_transfer_knows_no_length():
    student, teacher = draw(0), draw(1)
    torch.testing.assert_close(
        SimilarityTransfer()(5 * student, 0.1 * teacher), SimilarityTransfer()(student, teacher)
    )


def test_similarity_transfer_is_finite_for_opposite_features():
    student = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]).requires_grad_()
    loss = SimilarityTransfer()(student, student.detach().flip(0))
    loss.backward()
    assert bool(loss.isfinite())
    assert bool(student.grad.isfinite().all())


@pytest.mark.parametrize("count", [1, 2])
def test_similarity_transfer_of_fewer_than_three_is_0(count: int):
    student = draw(0)[:count].requires_grad_()
    loss = SimilarityTransfer()(student, draw(1)[:count])
    loss.backward()
    assert float(loss.detach()) == 0


def test_negative_means_equal_drawn_means():
    scale, shift = torch.tensor([1.0, 0.5, -0.8]), torch.tensor([0.0, 0.2, -0.5])
    generator = torch.Generator().manual_seed(0)
    values = shift + scale * torch.randn(400_000, 3, generator=generator)
    drawn = torch.stack([column[column < 0].mean() for column in values.T])
    torch.testing.assert_close(negative_means(scale, shift), drawn, rtol=0.01, atol=0)


def test_negative_mean_of_a_dead_channel_is_finite():
    assert bool(negative_means(torch.zeros(2), torch.tensor([1.0, -1.0])).isfinite().all())


def test_partial_distance_asks_nothing_where_a_relu_sees_no_difference():
    margin = torch.full((1, 1, 1), -1.0)
    student = torch.tensor([-5.0, 2.0, 2.0, -0.5]).reshape(1, 1, 1, 4)
    teacher = torch.tensor([-0.2, -3.0, 1.0, -3.0]).reshape(1, 1, 1, 4)
    # The first is below a negative target: 0. The others: (2 + 1)^2, (2 - 1)^2, (-0.5 + 1)^2.
    assert float(partial_squared_distance(student, teacher, margin)) == 9 + 1 + 0.25


def test_overhaul_weighs_stages_and_learns_its_connectors():
    loss = FeatureOverhaul(
        student_channels=[2, 3], teacher_channels=[4, 5], margins=[torch.full((4,), -1.0), torch.full((5,), -1.0)],
        scale=1.0,
    ).double()  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    maps = [
        torch.randn(2, channels, size, 3, generator=generator, dtype=torch.float64)
        for channels, size in ((2, 4), (3, 2), (4, 4), (5, 2))
    ]
    value = loss(maps[:2], maps[2:])
    parts = [
        partial_squared_distance(connector(own), given, torch.full((1, 1, 1), -1.0).double())
        for connector, own, given in zip(loss.connectors, maps[:2], maps[2:], strict=True)
    ]
    torch.testing.assert_close(value, (parts[0] / 2 + parts[1]) / 2)
    value.backward()
    assert all(bool(item.grad.isfinite().all()) for item in loss.parameters())
    assert all(bool(connector[0].weight.grad.any()) for connector in loss.connectors)
    assert not [name for name in loss.state_dict() if "margin" in name]


def test_overhaul_refuses_what_does_not_fit():
    margins = [torch.zeros(4)]
    with pytest.raises(CatalogError, match="stages do not fit, got 2 of the student"):
        FeatureOverhaul(student_channels=[2, 2], teacher_channels=[4], margins=margins)
    with pytest.raises(CatalogError, match="scale is out of range"):
        FeatureOverhaul(student_channels=[2], teacher_channels=[4], margins=margins, scale=0)
    loss = FeatureOverhaul(student_channels=[2], teacher_channels=[4], margins=margins)
    with pytest.raises(ShapeError, match="Maps have a wrong count, got 0 and 1"):
        loss([], [torch.zeros(1, 4, 2, 2)])
    with pytest.raises(ShapeError, match="Maps of student and teacher do not fit"):
        loss([torch.zeros(2, 2, 2, 2)], [torch.zeros(2, 4, 3, 2)])
