"""TensorRT files: built from ONNX on the machine that runs them, with the card in front of the engine.

An engine has no room for texts. The file starts with eight letters, the length of a JSON text in eight
bytes (little endian), and that text; the engine follows.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.core.extras import import_extra
from reidkit.deploy.artefact import INPUT_NAME, OUTPUT_NAME, check_file, network_input, read_metadata
from reidkit.deploy.devices import Precision, check_precision, choose_device

MAGIC = b"REIDKTRT"
KIND = "a TensorRT engine"
LARGEST_TEXT = 64 * 2**20


class TensorrtRuntime:
    """Runs a TensorRT file of reidkit; an engine is a program, so take it only from who you trust.

    Args:
        path: The file, built for this kind of GPU and this version of TensorRT.
        device: "auto" or a CUDA device.
        precision: "float32" only.

    Raises:
        WeightsError: the file is missing, damaged, has no card, or was built for another GPU or version.
        CatalogError: there is no CUDA device, or half precision is asked for.
        MissingExtraError: TensorRT is not installed.
    """

    name = "TensorRT"

    def __init__(self, path: Path, *, device: str = "auto", precision: Precision = "float32") -> None:
        check_precision(precision, runtime=self.name, can_be_half=False)
        check_file(path, kind=KIND)
        texts, engine_bytes = read_engine_file(path)
        self.card, self.facts = read_metadata(path, texts)
        self.batch_limit = self.facts.batch_limit
        tensorrt = import_tensorrt("An .engine file")
        self.device = choose_device(device)
        if self.device.type != "cuda":
            raise CatalogError(f"TensorRT runs on CUDA, got device '{device}'. Expected auto or cuda.")
        engine = tensorrt.Runtime(tensorrt.Logger(tensorrt.Logger.ERROR)).deserialize_cuda_engine(
            engine_bytes
        )
        if engine is None:
            raise WeightsError(
                f"Engine {path} cannot be used here: it was built for another GPU or another TensorRT than "
                f"{tensorrt.__version__}. Export it again on this machine."
            )
        self.engine = engine
        self.context = engine.create_execution_context()

    def run(self, pixels: Tensor) -> Tensor:
        """Return the descriptors (N, D), float32 on the CPU, of pixels (N, 3, H, W), uint8 RGB, resized."""
        inputs = network_input(pixels.to(self.device), self.facts, self.card.preprocessing).contiguous()
        descriptors = torch.empty(len(inputs), self.card.descriptor_dim, device=self.device)
        self.context.set_input_shape(INPUT_NAME, tuple(inputs.shape))
        self.context.set_tensor_address(INPUT_NAME, inputs.data_ptr())
        self.context.set_tensor_address(OUTPUT_NAME, descriptors.data_ptr())
        stream = torch.cuda.current_stream(self.device)
        self.context.execute_async_v3(stream.cuda_stream)
        stream.synchronize()
        return descriptors.cpu()


def import_tensorrt(purpose: str) -> Any:  # noqa: ANN401 - a module that is not installed everywhere
    """Import TensorRT.

    Args:
        purpose: What needs it, as the subject of a sentence.

    Raises:
        MissingExtraError: it is not installed.
    """
    return import_extra("tensorrt", extra="tensorrt", purpose=purpose)


def write_tensorrt(
    path: Path, onnx_file: Path, metadata: Mapping[str, str], *, shape: tuple[int, ...], batch_limit: int
) -> None:
    """Build an engine from an ONNX file, on this machine's GPU, in float32.

    Args:
        path: The file to write.
        onnx_file: What it is built from.
        metadata: Texts to put in front.
        shape: Of the input without its batch.
        batch_limit: Images per call at most.

    Raises:
        MissingExtraError: TensorRT is not installed.
        WeightsError: TensorRT cannot build it.
    """
    tensorrt = import_tensorrt("Export to TensorRT")
    logger = tensorrt.Logger(tensorrt.Logger.ERROR)
    builder = tensorrt.Builder(logger)
    network = builder.create_network(0)
    parser = tensorrt.OnnxParser(network, logger)
    if not parser.parse(onnx_file.read_bytes()):
        reasons = "; ".join(str(parser.get_error(number)) for number in range(parser.num_errors))
        raise WeightsError(f"TensorRT cannot read the network: {reasons[:600]}. Use another format.")
    profile = builder.create_optimization_profile()
    middle = (min(8, batch_limit), *shape)
    profile.set_shape(INPUT_NAME, (1, *shape), middle, (batch_limit, *shape))
    config = builder.create_builder_config()
    config.add_optimization_profile(profile)
    config.clear_flag(tensorrt.BuilderFlag.TF32)  # rounds to 10 bits, which parity would tell
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise WeightsError("TensorRT built no engine; its log above says why. Use another format.")
    write_engine_file(path, metadata, bytes(engine))


def write_engine_file(path: Path, metadata: Mapping[str, str], engine: bytes) -> None:
    """Write texts and an engine as one file."""
    text = json.dumps(dict(metadata)).encode()
    with path.open("wb") as stream:
        stream.write(MAGIC + len(text).to_bytes(8, "little") + text + engine)


def read_engine_file(path: Path) -> tuple[dict[str, str], bytes]:
    """Return the texts and the engine of a file.

    Raises:
        WeightsError: the file is no TensorRT file of reidkit.
    """
    with path.open("rb") as stream:
        start = stream.read(len(MAGIC) + 8)
        length = int.from_bytes(start[len(MAGIC) :], "little")
        text = stream.read(min(length, LARGEST_TEXT))
        engine = stream.read()
    try:
        if not start.startswith(MAGIC) or len(text) != length or not engine:
            raise ValueError("it does not start as such a file does, or ends early")
        content = json.loads(text)
        return {str(key): str(value) for key, value in content.items()}, engine
    except (ValueError, AttributeError) as error:
        raise WeightsError(
            f"File {path} is no TensorRT file of reidkit: {error}. Expected one that reidkit exported. "
            f"Make one: reidkit export MODEL --format tensorrt."
        ) from error
