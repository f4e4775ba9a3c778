import pytest
import torch
from torch import nn

from reidkit.core.errors import DatasetError, TrainingError
from reidkit.engine.idle_parameters import has_idle_parameters
from reidkit.engine.objective import Objective
from reidkit.engine.processes import ALONE, Processes, find_processes
from reidkit.engine.synchronized_norm import SynchronizedNorm, synchronize_norms
from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.triplet import BatchHardTriplet
from reidkit.models.zoo import build_model

FIRST_OF_FOUR = {"RANK": "2", "WORLD_SIZE": "4", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}


def test_torchrun_tells_who_takes_part():
    processes = find_processes(FIRST_OF_FOUR)
    assert processes == Processes(rank=2, count=4, local_rank=0, local_count=2)
    assert processes.num_machines == 2
    assert not processes.is_first
    assert not processes.is_alone


def test_without_torchrun_a_process_is_alone():
    assert find_processes({}) is ALONE
    assert find_processes({"WORLD_SIZE": "1"}) is ALONE


def test_what_torchrun_tells_must_be_whole():
    partial = {name: value for name, value in FIRST_OF_FOUR.items() if name != "LOCAL_RANK"}
    with pytest.raises(TrainingError, match="LOCAL_RANK is missing, got WORLD_SIZE 4"):
        find_processes(partial)


def test_a_process_alone_talks_to_nobody():
    values = torch.ones(2, 3, requires_grad=True)
    with ALONE.connected("cpu"):
        assert not torch.distributed.is_initialized()
    assert ALONE.gather(values) is values
    assert ALONE.sum(values) is values
    assert ALONE.gather_objects(5) == [5]
    assert ALONE.gather_uneven(values)[0] is values
    assert ALONE.any(True)
    assert not ALONE.any(False)
    assert ALONE.together(lambda: 7) == 7
    with pytest.raises(DatasetError, match="empty"):
        ALONE.together(fail)


def fail() -> None:
    raise DatasetError("empty")


def test_devices_that_several_processes_cannot_use_are_refused():
    with (
        pytest.raises(TrainingError, match="cannot train on mps, got 4"),
        find_processes(FIRST_OF_FOUR).connected("mps"),
    ):
        pass


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with (
        pytest.raises(TrainingError, match="too many, got 2 on a machine with 1 GPUs"),
        find_processes(FIRST_OF_FOUR).connected("cuda"),
    ):
        pass


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm1d(4), nn.BatchNorm1d(4, affine=False), nn.BatchNorm1d(4, momentum=None)]
)
def test_synchronized_norm_of_one_process_is_the_plain_one(norm: nn.BatchNorm1d):
    plain = nn.Sequential(nn.BatchNorm1d(4, affine=norm.affine, momentum=norm.momentum))
    ours = nn.Sequential(norm)
    synchronize_norms(ours, ALONE)
    assert isinstance(ours[0], SynchronizedNorm)
    for seed in range(3):
        values = torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(seed), requires_grad=True)
        same = values.detach().clone().requires_grad_()
        results = ours(values), plain(same)
        assert torch.allclose(*results, atol=1e-6)
        for result in results:
            result.square().mul(torch.arange(6.0)[:, None, None]).sum().backward()
        assert torch.allclose(values.grad, same.grad, atol=1e-5)
    theirs = plain.state_dict()
    assert ours.state_dict().keys() == theirs.keys()
    assert all(torch.allclose(value, theirs[name], atol=1e-6) for name, value in ours.state_dict().items())
    assert torch.allclose(ours.eval()(values), plain.eval()(values), atol=1e-6)


def test_norms_of_a_network_are_all_synchronized_and_its_weights_stay():
    model = build_model("osnet_x0_25", num_identities=4, image_size=(64, 32))
    weights = {name: id(item) for name, item in model.named_parameters()}
    count = sum(isinstance(item, nn.BatchNorm1d | nn.BatchNorm2d) for item in model.modules())
    assert count > 50
    synchronize_norms(model, ALONE)
    assert sum(isinstance(item, SynchronizedNorm) for item in model.modules()) == count
    assert {name: id(item) for name, item in model.named_parameters()} == weights


def test_norm_that_nobody_knows_is_refused():
    class Odd(nn.BatchNorm2d):
        pass

    with pytest.raises(TrainingError, match=r"'0' cannot be synchronized .* got Odd.*synchronize_norms"):
        synchronize_norms(nn.Sequential(Odd(3)), ALONE)


def test_parameters_that_no_loss_reaches_are_found():
    model = build_model("osnet_x0_25", num_identities=4, image_size=(64, 32))
    both = Objective(["a", "b"], [CrossEntropy(), BatchHardTriplet()], [1.0, 1.0])
    features = Objective(["b"], [BatchHardTriplet()], [1.0])
    assert not has_idle_parameters(model, both, (64, 32))
    assert has_idle_parameters(model, features, (64, 32))
