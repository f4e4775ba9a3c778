import pytest
import torch

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.models.temporal import AttentionPooling, pool_frames

FRAMES = torch.tensor([[1.0, 6.0], [3.0, 2.0], [5.0, -1.0], [-2.0, -4.0]])


def test_frames_are_pooled_as_by_hand():
    assert pool_frames(FRAMES, [2, 1, 1]).tolist() == [[2, 4], [5, -1], [-2, -4]]
    assert pool_frames(FRAMES, [2, 2], "max").tolist() == [[3, 6], [5, -1]]
    assert pool_frames(FRAMES[:0], []).shape == (0, 2)


@pytest.mark.parametrize("lengths", [[2, 1], [4, 0], [5, -1]])
def test_lengths_that_do_not_fit_are_refused(lengths: list[int]):
    with pytest.raises(ShapeError, match="Lengths of tracklets do not fit their frames"):
        pool_frames(FRAMES, lengths)


def test_an_unknown_way_is_refused():
    with pytest.raises(CatalogError, match=r"unknown, got 'median'. Expected one of: \('average', 'max'\)"):
        pool_frames(FRAMES, [4], "median")


def test_attention_starts_as_the_average():
    frames = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(AttentionPooling(8)(frames), frames.mean(1))


def test_attention_is_the_weighted_mean_of_a_naive_loop():
    generator = torch.Generator().manual_seed(1)
    frames = torch.randn(3, 5, 8, generator=generator)
    pooling = AttentionPooling(8)
    with torch.no_grad():
        pooling.score.weight.copy_(torch.randn(1, 8, generator=generator))
    lengths = [5, 1, 3]
    is_there = torch.arange(5)[None] < torch.tensor(lengths)[:, None]
    given = frames.masked_fill(~is_there[:, :, None], float("nan"))  # what stands there does not matter
    pooled = pooling(given, is_there)
    weight = pooling.score.weight[0].detach()
    for row, length in enumerate(lengths):
        factors = [float((frames[row, t] @ weight).exp()) for t in range(length)]
        expected = sum(factor * frames[row, t] for t, factor in enumerate(factors)) / sum(factors)
        torch.testing.assert_close(pooled[row], expected)


def test_attention_learns():
    frames = torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(2), requires_grad=True)
    pooling = AttentionPooling(8)
    pooling(frames).square().sum().backward()
    assert pooling.score.weight.grad is not None
    assert pooling.score.weight.grad.abs().sum() > 0
    assert frames.grad is not None
    assert bool((frames.grad != 0).all())
