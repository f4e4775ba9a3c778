"""Decode one image file to upright 8-bit RGB, or say which file cannot be read and why. No torch here."""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from reidkit.core.errors import ImageError
from reidkit.core.types import Box

_ORIENTATION_TAG = 0x0112
# EXIF orientation 1 is upright; the others say how the camera was held.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHITE = (255, 255, 255, 255)


def decode_image(source: str | Path | bytes, *, box: Box | None = None) -> Image.Image:
    """Decode a file, or the bytes of one, to an upright RGB image.

    The first frame counts where a file has several. The rules of `to_rgb` hold.

    Args:
        source: Path of an image file, or its content.
        box: Part to cut out, as in `cut_out`.

    Raises:
        ImageError: no such file, an empty, damaged or truncated file, no image, an image of too many
            pixels (Pillow's limit against decompression bombs), or a box that misses it.
    """
    name = "Image of bytes" if isinstance(source, bytes) else f"Image {source}"
    content = source if isinstance(source, bytes) else _read_bytes(Path(source), name)
    if not content:
        raise ImageError(f"{name} is empty, got 0 bytes. Expected an image. Copy it again, or remove it.")
    try:
        image = Image.open(io.BytesIO(content))
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is no image, got {_recognize(content)}. Expected JPEG, PNG or another image format. "
            f"Fetch it again, or remove it."
        ) from error
    except Exception as error:  # Pillow's parsers raise whatever a damaged file trips them over
        raise ImageError(_damaged(name, error)) from error
    return to_rgb(image, box=box, name=name)


def to_rgb(image: Image.Image, *, box: Box | None = None, name: str = "Image") -> Image.Image:
    """Return an upright RGB image of 8 bits per channel: the given one if it is so, else a new one.

    The EXIF orientation is applied. Palettes and CMYK are converted; a grey value is repeated. 16-bit grey
    values are divided by 257, so 65535 is white. Transparent pixels are laid on white.

    Args:
        image: Any Pillow image.
        box: Part to cut out of the upright image, as in `cut_out`.
        name: The image in messages.

    Raises:
        ImageError: damaged or truncated pixels; a box that misses the image; pixels that are floating or
            beyond 16 bits, so that their scale is unknown.
    """
    try:
        image.load()
    except Exception as error:  # see `decode_image`
        raise ImageError(_damaged(name, error)) from error
    upright = _turn_upright(image)
    part = upright if box is None else cut_out(upright, box, name=name)
    if part.mode == "I" or part.mode.startswith("I;16"):
        return _scale_16_bits(part, name).convert("RGB")
    if part.mode == "F":
        raise ImageError(
            f"{name} has floating pixels, got mode 'F'. Expected integers, whose scale is known. "
            f"Save it with 8 or 16 bits."
        )
    if part.has_transparency_data:
        layer = part.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, _WHITE), layer).convert("RGB")
    return part if part.mode == "RGB" else part.convert("RGB")


def cut_out(image: Image.Image, box: Box, *, name: str = "Image") -> Image.Image:
    """Return the part of an image inside a box, clipped to the image.

    Raises:
        ImageError: the box misses the image.
    """
    return image.crop(clip_box(box, image.height, image.width, name=name))


def clip_box(box: Box, height: int, width: int, *, name: str = "Image") -> tuple[int, int, int, int]:
    """Round a box to whole pixels (half goes up) and clip it to an image.

    Args:
        box: (left, top, right, bottom) in pixels, right and bottom exclusive; may reach beyond the image.
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        name: The image in messages.

    Raises:
        ImageError: the box is not finite, or holds no pixel of the image.
    """
    if all(math.isfinite(edge) for edge in box):
        left, top, right, bottom = (math.floor(edge + 0.5) for edge in box)
        clipped = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if clipped[0] < clipped[2] and clipped[1] < clipped[3]:
            return clipped
    raise ImageError(
        f"{name} has nothing inside its box, got box {tuple(box)} in {width} x {height} pixels (width x "
        f"height). Expected (left, top, right, bottom) that meets the image. Correct or remove the box."
    )


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ImageError(
            f"{name} cannot be read: {reason}. Expected an image file. Check the path."
        ) from error


def _damaged(name: str, error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"{name} has too many pixels: {error} Expected a photo. Make it smaller, or cut it into parts."
    return (
        f"{name} is damaged: {type(error).__name__}: {str(error).rstrip('.')}. Expected a whole image file. "
        f"Copy it again, or remove it."
    )


def _recognize(content: bytes) -> str:
    """Say what a file is that is no image."""
    start = content[:64].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "an HTML page, perhaps of a failed download"
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer instead of the file (run: git lfs pull)"
    return f"{len(content)} bytes of no known image format"


def _turn_upright(image: Image.Image) -> Image.Image:
    try:
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - damaged EXIF data, whatever it raises, leaves the pixels readable
        return image
    return image if turn is None else image.transpose(turn)


def _scale_16_bits(image: Image.Image, name: str) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    lowest, highest = int(values.min()), int(values.max())
    if lowest < 0 or highest > 65535:
        raise ImageError(
            f"{name} has pixels beyond 16 bits, got {lowest} to {highest}. Expected 0 to 65535. "
            f"Save it with 8 or 16 bits."
        )
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))
