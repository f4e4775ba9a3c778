import copy

import pytest
import timm.optim
import torch

from reidkit.engine.joint_optimizer import JointOptimizer
from reidkit.engine.optimizers import OPTIMIZERS


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_lowers_a_quadratic(name: str):
    assert len(OPTIMIZERS) == 7
    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = OPTIMIZERS[name]([weights], learning_rate=0.05, weight_decay=0.0)
    before = float(weights.detach().square().sum())
    for _ in range(100):
        optimizer.zero_grad()
        weights.square().sum().backward()
        optimizer.step()
    assert float(weights.detach().square().sum()) < 0.1 * before


def test_amsgrad_is_the_variant_and_adam_is_not():
    weights = [torch.nn.Parameter(torch.zeros(1))]
    assert OPTIMIZERS["amsgrad"](weights, learning_rate=1, weight_decay=0).defaults["amsgrad"]
    assert not OPTIMIZERS["adam"](weights, learning_rate=1, weight_decay=0).defaults["amsgrad"]


def walk(optimizer: torch.optim.Optimizer, weights: list[torch.nn.Parameter]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        for item in weights:
            item.grad = torch.randn(item.shape, generator=generator)
        optimizer.step()
    return [item.detach().clone() for item in weights]


def draw_weights() -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((4, 3), (5,))]


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_lamb_is_timms_without_its_clipping(weight_decay: float):
    ours, theirs = draw_weights(), draw_weights()
    walked = walk(OPTIMIZERS["lamb"](ours, learning_rate=0.01, weight_decay=weight_decay), ours)
    oracle = timm.optim.Lamb(
        theirs, lr=0.01, weight_decay=weight_decay, max_grad_norm=None, always_adapt=True
    )
    for left, right in zip(walked, walk(oracle, theirs), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-6)


def test_lamb_moves_a_tensor_of_zeros():
    weights = torch.nn.Parameter(torch.zeros(2))
    optimizer = OPTIMIZERS["lamb"]([weights], learning_rate=0.1, weight_decay=0.0)
    weights.grad = torch.tensor([1.0, -1.0])
    assert optimizer.step(lambda: 3.0) == 3.0
    torch.testing.assert_close(weights.detach(), torch.tensor([-0.1, 0.1]), rtol=1e-4, atol=0)


def test_joint_optimizer_steps_as_its_parts_do_and_goes_on_from_its_state():
    def build(weights: list[torch.nn.Parameter]) -> list[torch.optim.Optimizer]:
        adam = OPTIMIZERS["adam"](weights[:1], learning_rate=0.01, weight_decay=0.0)
        return [adam, OPTIMIZERS["sgd"](weights[1:], learning_rate=0.1, weight_decay=0.0)]

    apart, together, resumed = draw_weights(), draw_weights(), draw_weights()
    first, second = build(apart)
    joint = JointOptimizer(build(together))
    for group, rate in zip(joint.param_groups, (0.02, 0.2), strict=True):
        group["lr"] = rate
    first.param_groups[0]["lr"], second.param_groups[0]["lr"] = 0.02, 0.2
    generator = torch.Generator().manual_seed(1)  # as in walk
    for _ in range(5):
        for item in apart:
            item.grad = torch.randn(item.shape, generator=generator)
        first.step()
        second.step()
    for left, right in zip(walk(joint, together), apart, strict=True):
        assert torch.equal(left, right)

    again = JointOptimizer(build(resumed))
    again.load_state_dict(copy.deepcopy(joint.state_dict()))
    for item, value in zip(resumed, together, strict=True):
        item.data.copy_(value.data)
    assert [group["lr"] for group in again.param_groups] == [0.02, 0.2]
    assert len(again.state) == 2
    for left, right in zip(walk(again, resumed), walk(joint, together), strict=True):
        assert torch.equal(left, right)
