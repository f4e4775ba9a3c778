"""Images that come in with a request: opened with care, kept where the service may keep them."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from fastapi import UploadFile
from PIL import Image

from reidkit.core.errors import ImageError
from reidkit.core.files import replace_file
from reidkit.core.types import Box
from reidkit.data.decoding import to_rgb
from reidkit.serve.problems import Problem
from reidkit.serve.settings import ServiceSettings

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
"""Pillow reads many more, some by programs of others."""


@dataclass(frozen=True)
class Upload:
    """One image of a request.

    Args:
        name: Of the file, for messages.
        content: Of the file.
        box: Part that counts; None for all of it.
    """

    name: str
    content: bytes
    box: Box | None = None

    @property
    def template_id(self) -> str:
        """A name that equal images with equal boxes share."""
        digest = hashlib.sha256(self.content)
        if self.box is not None:
            digest.update(repr(self.box).encode())
        return digest.hexdigest()[:24]

    def picture(self, max_pixels: int) -> Image.Image:
        """Decode it, cut to its box.

        Raises:
            ImageError: it is no image of a known format, is damaged, or its box misses it.
            Problem: it has too many pixels; no pixel is decoded then.
        """
        return to_rgb(open_image(self.content, self.name, max_pixels), box=self.box, name=self.name)


async def read_uploads(
    files: list[UploadFile], settings: ServiceSettings, box: Box | None = None
) -> list[Upload]:
    """Take the images of a request.

    Raises:
        Problem: there are more than allowed.
    """
    if len(files) > settings.max_images:
        raise Problem(413, f"{len(files)} images at once. Expected at most {settings.max_images}.")
    return [Upload(f"Image '{file.filename or 'upload'}'", await file.read(), box) for file in files]


def open_image(content: bytes, name: str, max_pixels: int) -> Image.Image:
    """Open an image without decoding it.

    Raises:
        ImageError: it is no image of a known format.
        Problem: it has too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own bound follows
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        raise Problem(413, f"{name} has too many pixels. Expected at most {max_pixels}.") from None
    except Exception as error:  # Pillow's parsers raise whatever a damaged file trips them over
        raise ImageError(
            f"{name} is no image that can be read, got {len(content)} bytes. Expected one of "
            f"{', '.join(FORMATS)}."
        ) from error
    if image.width * image.height > max_pixels:
        raise Problem(
            413,
            f"{name} has too many pixels, got {image.width} x {image.height}. Expected at most {max_pixels}.",
        )
    return image


def parse_box(text: str | None) -> Box | None:
    """Return the box that a text names: left, top, right, bottom.

    Raises:
        Problem: it is none.

    Example:
        >>> parse_box("0, 0, 64.5, 128")
        (0.0, 0.0, 64.5, 128.0)
    """
    if not text:
        return None
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        raise Problem(
            422, f"Box is not understood, got '{text}'. Expected left,top,right,bottom in pixels."
        ) from None
    return left, top, right, bottom


def keep_upload(upload: Upload, picture: Image.Image, folder: Path) -> Path:
    """Write an image into the folder of uploads, under a name of our own, and return the file."""
    path = folder.resolve() / f"{upload.template_id}.jpg"
    with replace_file(path) as unfinished:
        picture.save(unfinished, quality=92)
    return path


def thumbnail(path: Path, height: int, max_pixels: int) -> bytes:
    """Return a picture as JPEG, no higher than asked for.

    Raises:
        ImageError: it cannot be read.
        Problem: it has too many pixels.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImageError(f"Image {path} cannot be read: {error.strerror}.") from error
    picture = to_rgb(open_image(content, f"Image {path}", max_pixels), name=f"Image {path}")
    if picture.height > height:
        width = max(1, round(picture.width * height / picture.height))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
