"""What holds for every model of the catalog: it can be shipped, and stays the model it was."""

import sys
from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from reidkit.core.types import Preprocessing
from reidkit.deploy.artefact import write_metadata
from reidkit.deploy.export import export_model
from reidkit.deploy.openvino_runtime import OpenvinoRuntime, write_openvino
from reidkit.deploy.parity import BATCHES, FLOAT_LIMITS, check_parity, measure_parity
from reidkit.deploy.torch_runtime import TorchRuntime
from reidkit.models.checkpoint import ModelCard
from reidkit.models.model import ReidModel
from reidkit.models.zoo import MODELS
from tests.contracts.test_model_contract import CASES, Case

# One of each kind of network, among the cheap ones; `make test-slow` exports every row.
QUICK = {"osnet_x0_25-64", "resnet18-64", "squeezenet1_1-64", "transreid-64", "timm-test_vit-64"}
IDS = [f"{case.name}-{case.image_size[0]}" for case in CASES]
EVERY = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[] if name in QUICK else [pytest.mark.slow])
        for case, name in zip(CASES, IDS, strict=True)
    ],
    ids=IDS,
)


def build_with_statistics(case: Case) -> ReidModel:
    """Build a case without a classifier, with statistics of real batches in its norms."""
    model = case.build(None)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        model.train()
        model(case.images(6, seed=1))
    return model.eval()


@EVERY
def test_onnx_and_openvino_give_the_descriptors_of_the_model(case: Case, tmp_path: Path):
    model = build_with_statistics(case)
    card = ModelCard(
        architecture=case.key,
        preprocessing=Preprocessing(height=case.image_size[0], width=case.image_size[1]),
        descriptor_dim=model.descriptor_dim,
    )
    done = export_model(model, card, tmp_path / "model.onnx", "onnx")
    assert [row.batch for row in done.parity] == list(BATCHES) == [1, 2, 7, 32]
    check_no_norm_follows_a_convolution(done.path)
    write_openvino(tmp_path / "model.xml", done.path, write_metadata(card, done.facts))
    openvino = OpenvinoRuntime(tmp_path / "model.xml")
    parity = measure_parity(TorchRuntime(model, card, device="cpu"), openvino, card.preprocessing)
    check_parity(parity, FLOAT_LIMITS, name=case.name)
    for name, rows in (("onnx", done.parity), ("openvino", parity)):
        worst = max(row.max_difference for row in rows), min(row.min_cosine for row in rows)
        sys.stdout.write(f"{case.name} {name}: difference {worst[0]:.1e}, cosine {worst[1]:.7f}\n")


def check_no_norm_follows_a_convolution(path: Path) -> None:
    graph = onnx.load(path).graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    readers = [name for node in graph.node for name in node.input]
    unfolded = [
        node.name
        for node in graph.node
        if node.op_type == "BatchNormalization"
        and made_by.get(node.input[0]) == "Conv"
        and readers.count(node.input[0]) == 1
    ]
    assert unfolded == []


def test_every_row_is_exported():
    assert {case.key for case in CASES} == set(MODELS)
    assert len(MODELS) >= 53
    assert set(IDS) > QUICK
