"""Round an ONNX file to 8-bit integers, with the ranges that real images give."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reidkit.core.errors import DatasetError, ImageError
from reidkit.core.extras import import_extra
from reidkit.data.images import read_image, resize
from reidkit.deploy.artefact import INPUT_NAME, ArtefactFacts, network_input
from reidkit.models.checkpoint import ModelCard

NUM_IMAGES = 256
"""Images that ranges are measured on; more change them little."""
ROUNDED = ("Conv", "Gemm", "MatMul", "Add", "Relu", "MaxPool", "Concat")
"""Operations whose inputs are rounded. The last ones, which scale a descriptor to unit length, are not."""


def quantize_onnx(
    source: Path, target: Path, images: Sequence[Path], card: ModelCard, facts: ArtefactFacts
) -> None:
    """Write an ONNX file whose convolutions and products are of 8-bit integers.

    Weights get a scale per channel; activations one per tensor, from the extremes that ``images`` give.

    Args:
        source: The float32 file.
        target: The file to write; it carries no texts yet.
        images: To measure ranges on; see `choose_readable`.
        card: The preprocessing.
        facts: What the input is.

    Raises:
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    import_extra("onnx", extra="onnx", purpose="Rounding to int8")
    import_extra("onnxruntime", extra="onnx", purpose="Rounding to int8")
    quantization: Any = import_extra("onnxruntime.quantization", extra="onnx", purpose="Rounding to int8")
    preparation: Any = import_extra(
        "onnxruntime.quantization.shape_inference", extra="onnx", purpose="Rounding to int8"
    )
    prepared = target.with_name(f"{target.stem}-prepared.onnx")
    preparation.quant_pre_process(source, prepared, skip_symbolic_shape=True)
    quantization.quantize_static(
        prepared,
        target,
        _Calibration(images, card, facts),
        quant_format=quantization.QuantFormat.QDQ,
        op_types_to_quantize=list(ROUNDED),
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    prepared.unlink()


def choose_readable(images: Sequence[Path], limit: int = NUM_IMAGES) -> list[Path]:
    """Return those that can be read of at most ``limit`` images, evenly over all of them.

    Raises:
        DatasetError: fewer than two can be read.
    """
    chosen = (
        [images[number * len(images) // limit] for number in range(limit)] if len(images) > limit else images
    )
    readable = [path for path in chosen if _can_be_read(path)]
    if len(readable) < 2:
        raise DatasetError(
            f"Too few images to calibrate with, got {len(readable)} that can be read of {len(chosen)}. "
            f"Expected some dozens at least. Name a folder of typical images: --calibrate DIR."
        )
    return readable


def _can_be_read(path: Path) -> bool:
    try:
        read_image(path)
    except ImageError:
        return False  # ranges need many images, not all of them
    return True


class _Calibration:
    """Gives ONNX Runtime one input after the other."""

    def __init__(self, images: Sequence[Path], card: ModelCard, facts: ArtefactFacts) -> None:
        self.rest = iter(images)
        self.card = card
        self.facts = facts

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        path = next(self.rest, None)
        if path is None:
            return None
        pixels = resize(read_image(path), self.card.preprocessing)[None]
        return {INPUT_NAME: network_input(pixels, self.facts, self.card.preprocessing).numpy()}
