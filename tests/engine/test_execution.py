"""Switches that make training faster, and what happens where they do not work."""

import pytest
import torch

from reidkit.engine.execution import Execution
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model


@pytest.fixture
def model() -> ReidModel:
    return build_model(
        "pipeline", num_identities=5, image_size=(64, 32), arguments={"backbone_arguments": {"depth": 18}}
    ).eval()


def test_channels_last_gives_the_same_outputs(model: ReidModel):
    images = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    expected = model.training_outputs(images).features[0]
    execution = Execution(model, has_channels_last=True)
    torch.testing.assert_close(execution(images).features[0], expected, rtol=1e-4, atol=1e-5)
    assert execution.has_channels_last


def test_compiler_that_fails_is_left_out_with_one_warning(model: ReidModel, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise RuntimeError("no compiler here\nat all")

    monkeypatch.setattr(torch, "compile", lambda _: refuse)
    execution = Execution(model, is_compiled=True, has_channels_last=True)
    images = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    with pytest.warns(RuntimeWarning, match=r"^training\.compile does not work .*: no compiler here$"):
        outputs = execution(images)
    assert execution.has_channels_last  # the other wish stays
    assert torch.equal(execution(images).features[0], outputs.features[0])  # and no second warning


def test_compiled_function_is_what_runs(model: ReidModel, monkeypatch: pytest.MonkeyPatch):
    calls = []
    monkeypatch.setattr(torch, "compile", lambda function: lambda *a: calls.append(1) or function(*a))
    execution = Execution(model, is_compiled=True)
    execution(torch.zeros(2, 3, 64, 32))
    execution(torch.zeros(2, 3, 64, 32))
    assert len(calls) == 2


def test_error_of_the_model_itself_stays_an_error(model: ReidModel, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(model, "training_outputs", fail)
    with (
        pytest.warns(RuntimeWarning, match=r"training\.channels_last does not work here"),
        pytest.raises(RuntimeError, match="out of memory"),
    ):
        Execution(model, has_channels_last=True)(torch.zeros(2, 3, 64, 32))
