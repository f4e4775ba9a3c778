import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import TrainingOutputs
from reidkit.models.temporal import AttentionPooling, TrackletPool, pool_frames, pool_training_outputs
from reidkit.models.zoo import build_model

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
    with pytest.raises(
        CatalogError, match=r"unknown, got 'median'. Expected one of: \('average', 'max', 'attention'\)"
    ):
        pool_frames(FRAMES, [4], "median")
    with pytest.raises(CatalogError, match="needs a model that learned to weigh frames"):
        pool_frames(FRAMES, [4], "attention")


def scoring(dim: int, seed: int = 3) -> AttentionPooling:
    pooling = AttentionPooling(dim)
    with torch.no_grad():
        pooling.score.weight.copy_(3 * torch.randn(1, dim, generator=torch.Generator().manual_seed(seed)))
    return pooling


@given(
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=6),
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_frames_in_batches_of_any_size_pool_as_all_at_once(lengths: list[int], batch_size: int, seed: int):
    generator = torch.Generator().manual_seed(seed)
    frames = torch.randn(sum(lengths), 4, generator=generator) * 5
    tracklets = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    order = torch.randperm(len(frames), generator=generator)
    attention = scoring(4, seed)
    for how in ("average", "max", "attention"):
        pool = TrackletPool(len(lengths) + 1, how, attention)
        with torch.no_grad():
            for chosen in order.split(batch_size):
                pool.add(tracklets[chosen], frames[chosen])
            expected = pool_frames(frames, lengths, how, attention)
        torch.testing.assert_close(pool.pooled()[:-1], expected, rtol=1e-4, atol=1e-4)
        assert pool.pooled()[-1].isnan().all()  # nobody saw a frame of it


def test_training_outputs_become_one_example_per_tracklet():
    torch.manual_seed(0)
    outputs = TrainingOutputs(
        (torch.randn(6, 4), torch.randn(6, 2)), (torch.randn(6, 5),), (0.5, 0.5), torch.randn(6, 4)
    )
    plain = pool_training_outputs(outputs, 3)
    torch.testing.assert_close(plain.features[1][1], outputs.features[1][3:].mean(0))
    torch.testing.assert_close(plain.logits[0][0], outputs.logits[0][:3].mean(0))
    assert plain.branch_weights == (0.5, 0.5)
    attention = scoring(4)
    pooled = pool_training_outputs(outputs, 3, attention)
    weights = (outputs.descriptors[:3] @ attention.score.weight[0]).softmax(0)
    torch.testing.assert_close(pooled.features[0][0], weights @ outputs.features[0][:3])
    torch.testing.assert_close(pooled.logits[0][0], weights @ outputs.logits[0][:3])
    torch.testing.assert_close(pooled.descriptors[0], attention(outputs.descriptors[None, :3])[0])
    with pytest.raises(CatalogError, match="without any"):
        pool_training_outputs(TrainingOutputs(outputs.features, ()), 3, attention)


def test_any_model_can_weigh_frames():
    model = build_model("osnet_x0_25", has_frame_attention=True)
    assert model.state_dict()["frame_attention.score.weight"].shape == (1, 512)
    assert build_model("osnet_x0_25").frame_attention is None


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
