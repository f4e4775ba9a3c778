"""OpenVINO files: made from ONNX with the card inside, run by OpenVINO."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reidkit.core.errors import CatalogError
from reidkit.core.extras import import_extra
from reidkit.deploy.artefact import FACTS_KEY, check_file, network_input, read_metadata, unreadable
from reidkit.deploy.devices import Precision, check_precision
from reidkit.models.checkpoint import CARD_KEY

KIND = "the .xml of an OpenVINO model, with its .bin beside it,"
DEVICES = {"auto": "CPU", "cpu": "CPU", "gpu": "GPU", "npu": "NPU"}
SECTION = "reidkit"
"""Part of the model's rt_info that holds the texts, by key."""


class OpenvinoRuntime:
    """Runs an OpenVINO file of reidkit.

    Args:
        path: The ``.xml``; its weights are in the ``.bin`` beside it.
        device: "auto" is the CPU; "gpu" and "npu" are Intel's.
        precision: "half" leaves the precision to the device, which is bfloat16 or float16 where it has it.

    Raises:
        WeightsError: a file is missing, damaged or has no card.
        CatalogError: the device is not there, or the precision is unknown.
        MissingExtraError: OpenVINO is not installed.
    """

    name = "OpenVINO"

    def __init__(self, path: Path, *, device: str = "auto", precision: Precision = "float32") -> None:
        check_precision(precision, runtime=self.name)
        openvino = import_extra("openvino", extra="openvino", purpose="An OpenVINO file")
        check_file(path, kind=KIND)
        check_file(path.with_suffix(".bin"), kind=KIND)
        core = openvino.Core()
        kind = choose_device(device, core.available_devices)
        try:
            model = core.read_model(path)
        except RuntimeError as error:
            raise unreadable(path, error, kind=KIND) from error
        self.card, self.facts = read_metadata(path, _read_texts(model))
        # Left to itself it rounds to bfloat16 on a CPU that can: 1e-3 off, and not what was asked for.
        hints = {} if precision == "half" else {"INFERENCE_PRECISION_HINT": "f32"}
        self.compiled = core.compile_model(model, kind, hints)
        self.batch_limit = self.facts.batch_limit

    def run(self, pixels: Tensor) -> Tensor:
        """Return the descriptors (N, D), float32 on the CPU, of pixels (N, 3, H, W), uint8 RGB, resized."""
        inputs = network_input(pixels, self.facts, self.card.preprocessing)
        # A request of its own for each call: threads may call at once, and the output is nobody else's.
        request = self.compiled.create_infer_request()
        return torch.from_numpy(request.infer([inputs.numpy()])[self.compiled.output(0)].copy())


def choose_device(device: str, available: list[str]) -> str:
    """Return OpenVINO's name of a device.

    Raises:
        CatalogError: it is not there.
    """
    kind = DEVICES.get(device.partition(":")[0])
    if kind is None or not any(name.partition(".")[0] == kind for name in available):
        raise CatalogError(
            f"Device '{device}' is not there: OpenVINO has {', '.join(available)}. Use auto or cpu."
        )
    return kind


def write_openvino(path: Path, onnx_file: Path, metadata: Mapping[str, str]) -> None:
    """Write an OpenVINO model made of an ONNX file, with float32 weights.

    Args:
        path: The ``.xml``; the weights go into the ``.bin`` beside it.
        onnx_file: What it is made of.
        metadata: Texts to put inside.

    Raises:
        MissingExtraError: OpenVINO is not installed.
    """
    openvino = import_extra("openvino", extra="openvino", purpose="Export to OpenVINO")
    model = openvino.convert_model(onnx_file)
    for key, text in metadata.items():
        model.set_rt_info(text, [SECTION, key])
    openvino.save_model(model, path, compress_to_fp16=False)


def _read_texts(model: Any) -> dict[str, str]:  # noqa: ANN401 - openvino.Model, which may not be installed
    keys = [key for key in (CARD_KEY, FACTS_KEY) if model.has_rt_info([SECTION, key])]
    return {key: str(model.get_rt_info([SECTION, key]).value) for key in keys}
