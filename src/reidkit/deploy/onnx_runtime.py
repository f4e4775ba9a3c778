"""ONNX files: written with the card inside, run by ONNX Runtime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.core.extras import import_extra
from reidkit.deploy.artefact import (
    INPUT_NAME,
    OUTPUT_NAME,
    check_file,
    network_input,
    read_metadata,
    unreadable,
)
from reidkit.deploy.devices import Precision, check_precision

KIND = "an ONNX file"
PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}


class OnnxRuntime:
    """Runs an ONNX file of reidkit.

    Args:
        path: The file.
        device: "auto" takes CUDA where the installed ONNX Runtime has it, else the CPU.
        precision: "float32" only: the file decides.

    Raises:
        WeightsError: the file is missing, damaged or has no card.
        CatalogError: the device is not there, or half precision is asked for.
        MissingExtraError: ONNX Runtime is not installed.
    """

    name = "ONNX Runtime"

    def __init__(self, path: Path, *, device: str = "auto", precision: Precision = "float32") -> None:
        check_precision(precision, runtime=self.name, can_be_half=False)
        onnxruntime = import_extra("onnxruntime", extra="onnx", purpose="An .onnx file")
        check_file(path, kind=KIND)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        try:
            self.session = onnxruntime.InferenceSession(
                path, options, providers=choose_providers(device, onnxruntime.get_available_providers())
            )
        except CatalogError:
            raise
        except Exception as error:  # ONNX Runtime raises classes of its own, without a base
            raise unreadable(path, error, kind=KIND) from error
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.card, self.facts = read_metadata(path, metadata)
        self.batch_limit = self.facts.batch_limit

    def run(self, pixels: Tensor) -> Tensor:
        """Return the descriptors (N, D), float32 on the CPU, of pixels (N, 3, H, W), uint8 RGB, resized."""
        inputs = network_input(pixels, self.facts, self.card.preprocessing)
        return torch.from_numpy(self.session.run(None, {INPUT_NAME: inputs.numpy()})[0])


def choose_providers(device: str, available: list[str]) -> list[str]:
    """Return the execution providers of a device.

    Args:
        device: "auto", "cpu", "cuda", or "cuda:1".
        available: What this build of ONNX Runtime has.

    Raises:
        CatalogError: it has none for the device.
    """
    kind = device.partition(":")[0]
    if kind == "auto":
        kind = "cuda" if PROVIDERS["cuda"] in available else "cpu"
    if PROVIDERS.get(kind) not in available:
        raise CatalogError(
            f"Device '{device}' is not there: this ONNX Runtime has {', '.join(available)}. Use auto or cpu, "
            f"or install onnxruntime-gpu."
        )
    return list(dict.fromkeys([PROVIDERS[kind], PROVIDERS["cpu"]]))


def write_onnx(path: Path, graph: nn.Module, example: Tensor, metadata: Mapping[str, str]) -> None:
    """Write a network as one ONNX file with a dynamic batch.

    Args:
        path: The file.
        graph: With one input and one output; see `reidkit.deploy.graph`.
        example: An input, of at least two images.
        metadata: Texts to put inside.

    Raises:
        MissingExtraError: onnx or onnxscript is not installed.
    """
    import_extra("onnx", extra="onnx", purpose="Export to ONNX")
    import_extra("onnxscript", extra="onnx", purpose="Export to ONNX")
    exported: Any = torch.onnx.export(
        graph,
        (example,),
        dynamo=True,
        verbose=False,
        input_names=[INPUT_NAME],
        output_names=[OUTPUT_NAME],
        dynamic_shapes=({0: "batch"},),
    )
    for node in exported.model.graph:
        node.metadata_props.clear()  # the Python lines that each comes from: half of a small file
    exported.model.metadata_props.update(metadata)
    exported.save(path, external_data=False)


def replace_metadata(path: Path, metadata: Mapping[str, str]) -> None:
    """Put texts into an ONNX file, in place of any that it has."""
    onnx = import_extra("onnx", extra="onnx", purpose="Export to ONNX")
    content = onnx.load(path)
    onnx.helper.set_model_props(content, dict(metadata))
    onnx.save(content, path)
