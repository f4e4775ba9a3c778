"""Which runtime reads which file: chosen by its suffix."""

from collections.abc import Callable, Collection
from pathlib import Path

from reidkit.core.catalog import near_name
from reidkit.core.errors import WeightsError
from reidkit.deploy.artefact import ArtefactFacts
from reidkit.deploy.devices import Precision
from reidkit.deploy.exported_program_runtime import ExportedProgramRuntime
from reidkit.deploy.onnx_runtime import OnnxRuntime
from reidkit.deploy.openvino_runtime import OpenvinoRuntime
from reidkit.deploy.runtime import Runtime
from reidkit.deploy.tensorrt_runtime import TensorrtRuntime
from reidkit.deploy.torch_runtime import TorchRuntime
from reidkit.deploy.torchscript_runtime import TorchscriptRuntime
from reidkit.models.checkpoint import ModelCard, load_model

ArtefactRuntime = (
    OnnxRuntime | OpenvinoRuntime | TorchscriptRuntime | ExportedProgramRuntime | TensorrtRuntime
)

RUNTIMES: dict[str, Callable[..., ArtefactRuntime]] = {
    ".onnx": OnnxRuntime,
    ".xml": OpenvinoRuntime,
    ".torchscript": TorchscriptRuntime,
    ".pt2": ExportedProgramRuntime,
    ".engine": TensorrtRuntime,
}
"""By suffix of an exported file; each takes ``(path, device=, precision=)`` and has a card and facts."""

CHECKPOINT_SUFFIX = ".safetensors"


def open_runtime(
    path: Path, *, device: str, precision: Precision, trusted_modules: Collection[str] = ()
) -> tuple[Runtime, ModelCard, ArtefactFacts | None]:
    """Read a model into the runtime that its suffix names.

    Args:
        path: A checkpoint of reidkit, or a file that it exported.
        device: See `reidkit.load`.
        precision: See `reidkit.load`.
        trusted_modules: See `reidkit.load`.

    Returns:
        The runtime, the model card, and the facts of the export; None for a checkpoint.

    Raises:
        WeightsError: the file is missing, damaged, without a card, or of an unknown suffix.
        MissingExtraError: the library of the runtime is not installed.
        CatalogError: the device is not there, or the runtime does not offer the precision.
    """
    suffix = path.suffix.lower()
    if suffix in RUNTIMES:
        runtime = RUNTIMES[suffix](path, device=device, precision=precision)
        return runtime, runtime.card, runtime.facts
    if suffix == ".bin" and path.with_suffix(".xml").is_file():
        raise WeightsError(
            f"File {path} holds the weights of an OpenVINO model. Expected its description. "
            f"Name {path.with_suffix('.xml')} instead."
        )
    if suffix not in (CHECKPOINT_SUFFIX, ".pth", ".pt", ".tar", ".bin", ".ckpt"):  # those say more below
        known = [CHECKPOINT_SUFFIX, *RUNTIMES]
        raise WeightsError(
            f"Model file has an unknown suffix, got '{path.name}'.{near_name(suffix, known)} "
            f"Expected one of: {', '.join(known)}."
        )
    model, card = load_model(path, trusted_modules=trusted_modules)
    return TorchRuntime(model, card, device=device, precision=precision), card, None
