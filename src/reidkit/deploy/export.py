"""Export a model to a file that another engine runs, with its card inside, measured against the model."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch.fx import GraphModule

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, ExportError, ReidkitError
from reidkit.core.extras import import_extra
from reidkit.deploy.artefact import ArtefactFacts, write_metadata
from reidkit.deploy.exported_program_runtime import write_exported_program
from reidkit.deploy.graph import Network, example_input, make_graph
from reidkit.deploy.onnx_runtime import replace_metadata, write_onnx
from reidkit.deploy.openvino_runtime import write_openvino
from reidkit.deploy.parity import FLOAT_LIMITS, INT8_LIMITS, ParityRow, check_parity, measure_parity
from reidkit.deploy.quantization import choose_readable, quantize_onnx
from reidkit.deploy.runtimes import RUNTIMES
from reidkit.deploy.tensorrt_runtime import write_tensorrt
from reidkit.deploy.torch_runtime import TorchRuntime
from reidkit.deploy.torchscript_runtime import write_torchscript
from reidkit.models.checkpoint import ModelCard
from reidkit.models.fingerprint import fingerprint
from reidkit.models.model import ReidModel

ExportFormat = Literal["onnx", "openvino", "torchscript", "torch-export", "tensorrt"]

SUFFIXES: dict[ExportFormat, str] = {
    "onnx": ".onnx",
    "openvino": ".xml",
    "torchscript": ".torchscript",
    "torch-export": ".pt2",
    "tensorrt": ".engine",
}
ROUNDED_FORMATS = ("onnx", "openvino")
_ONNX_LIBRARIES = ("onnx", "onnxscript", "onnxruntime")
_LIBRARIES: dict[str, tuple[str, ...]] = {
    "onnx": _ONNX_LIBRARIES,
    "openvino": ("openvino", *_ONNX_LIBRARIES),
    "tensorrt": ("tensorrt", *_ONNX_LIBRARIES),
}
TENSORRT_BATCH = 64
"""An engine is built for a range of sizes; this is its end where none is given."""


@dataclass(frozen=True)
class Export:
    """What was written, and how near it is.

    Args:
        path: The file; an OpenVINO model has its weights in the ``.bin`` beside it.
        facts: That the file carries beside the model card.
        parity: Its descriptors against those of the model, by size of the batch.
    """

    path: Path
    facts: ArtefactFacts
    parity: tuple[ParityRow, ...]


def export_model(
    model: ReidModel,
    card: ModelCard,
    path: Path,
    file_format: ExportFormat,
    *,
    with_preprocessing: bool = False,
    calibration_images: Sequence[Path] | None = None,
    batch_limit: int | None = None,
) -> Export:
    """Write a model in another format, if its descriptors stay what they are; else no file.

    Batch norms are folded into convolutions, and the number of images per call is free. The file carries the
    model card. Its descriptors are of unit length where the distance of the card is cosine.

    Args:
        model: The network; moved to the CPU.
        card: What it is.
        path: The file to write; the suffix must be that of the format, since `reidkit.load` chooses by it.
        file_format: "onnx", "openvino", "torchscript", "torch-export", or "tensorrt", which needs an NVIDIA
            GPU.
        with_preprocessing: Whether the file takes uint8 pixels (N, H, W, 3), RGB, of the right size, and
            standardises them itself.
        calibration_images: Round to 8-bit integers, by the ranges that these give; "onnx" and "openvino".
        batch_limit: Images per call at most; in use, more are split. None for any number, or 64 in TensorRT.

    Raises:
        CatalogError: unknown format, a suffix that does not fit, or int8 where there is none.
        MissingExtraError: a library of the format is not installed.
        ExportError: the network cannot be exported, or the file gives other descriptors.
        DatasetError: too few images to calibrate with.
    """
    is_int8 = calibration_images is not None
    check_format(path, file_format, is_int8=is_int8, batch_limit=batch_limit)
    if file_format == "tensorrt" and batch_limit is None:
        batch_limit = TENSORRT_BATCH
    if calibration_images is not None:
        calibration_images = choose_readable(calibration_images)
    own = TorchRuntime(model, card, device="cpu")
    facts = ArtefactFacts(
        fingerprint=fingerprint(model) + ("-int8" if is_int8 else ""),
        input="pixels" if with_preprocessing else "standardised",
        precision="int8" if is_int8 else "float32",
        batch_limit=batch_limit,
    )
    with folder_beside(path) as folder:
        unfinished = folder / path.name
        with _explained(card.architecture, file_format):
            example = example_input(card, facts.input)
            graph = make_graph(Network(model, card, facts.input).eval(), example)
            _write(file_format, unfinished, graph, card, facts, calibration_images)
        exported = RUNTIMES[path.suffix](unfinished, device="auto", precision="float32")
        parity = measure_parity(own, exported, card.preprocessing)
        limits = INT8_LIMITS if is_int8 else FLOAT_LIMITS
        check_parity(parity, limits, name=f"{card.architecture} as {file_format}")
        del exported  # lets go of the file, which some systems would not move else
        put_in_place(unfinished, path)
    return Export(path, facts, parity)


def check_format(path: Path, file_format: str, *, is_int8: bool, batch_limit: int | None) -> None:
    """Refuse what cannot be exported, before any work.

    Args:
        path: The file to write.
        file_format: See `ExportFormat`.
        is_int8: Whether to round to 8-bit integers.
        batch_limit: Images per call at most, or None.

    Raises:
        CatalogError: unknown format, a suffix that does not fit, int8 where there is none, a limit below 1.
        MissingExtraError: a library of the format is not installed.
    """
    suffixes = {str(name): suffix for name, suffix in SUFFIXES.items()}
    if file_format not in suffixes:
        raise CatalogError(
            f"Unknown format '{file_format}'.{near_name(file_format, suffixes)} Known: {', '.join(suffixes)}."
        )
    if path.suffix != suffixes[file_format]:
        raise CatalogError(
            f"File name does not fit the format, got '{path.name}' for {file_format}. Expected a name ending "
            f"in {suffixes[file_format]}, by which reidkit.load knows it."
        )
    if is_int8 and file_format not in ROUNDED_FORMATS:
        raise CatalogError(
            f"Format {file_format} has no int8 here. Expected one of: {', '.join(ROUNDED_FORMATS)}."
        )
    if batch_limit is not None and batch_limit < 1:
        raise CatalogError(f"batch_limit is out of range, got {batch_limit}. Expected at least 1.")
    for library in _LIBRARIES.get(file_format, ()):
        extra = library if library in _LIBRARIES else "onnx"
        import_extra(library, extra=extra, purpose=f"Export to {file_format}")


def _write(
    file_format: ExportFormat,
    path: Path,
    graph: GraphModule,
    card: ModelCard,
    facts: ArtefactFacts,
    calibration_images: Sequence[Path] | None,
) -> None:
    metadata = write_metadata(card, facts)
    example = example_input(card, facts.input)
    if file_format == "torchscript":
        write_torchscript(path, graph, example, metadata)
        return
    if file_format == "torch-export":
        write_exported_program(path, graph, example, metadata)
        return
    onnx_file = path.with_suffix(".onnx")
    write_onnx(onnx_file, graph, example, metadata)
    if calibration_images is not None:
        whole = path.with_name("float32.onnx")
        onnx_file.replace(whole)
        quantize_onnx(whole, onnx_file, calibration_images, card, facts)
        replace_metadata(onnx_file, metadata)
    if file_format == "openvino":
        write_openvino(path, onnx_file, metadata)
    elif file_format == "tensorrt":
        shape = tuple(example.shape[1:])
        write_tensorrt(
            path, onnx_file, metadata, shape=shape, batch_limit=facts.batch_limit or TENSORRT_BATCH
        )


@contextmanager
def _explained(architecture: str, file_format: str) -> Iterator[None]:
    """Turn what an exporter raises into one error; each library has classes of its own."""
    try:
        yield
    except ReidkitError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ExportError(
            f"Model {architecture} cannot be exported to {file_format}: {type(error).__name__}: "
            f"{reason[:400]}. Expected a network whose path does not depend on its input. Use another "
            f"format, or change it."
        ) from error


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """Yield a folder on the file system of ``path`` that is gone when the block ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.stem[:80]}.", suffix=".unfinished", dir=path.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(unfinished: Path, path: Path) -> None:
    """Move a finished file to its place; with the ``.bin`` beside it, if it has one.

    Whoever is killed meanwhile leaves the old model, the new one, or none: never one with the weights of the
    other.
    """
    weights = unfinished.with_suffix(".bin")
    parts = [weights, unfinished] if weights.is_file() else [unfinished]
    for part in parts:
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
    if len(parts) > 1:
        path.unlink(missing_ok=True)
    for part in parts:
        part.replace(path.with_suffix(part.suffix))
