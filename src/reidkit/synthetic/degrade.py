"""What a camera does to a clean picture: blur, light, colour, noise, compression."""

import io

import numpy as np
from PIL import Image, ImageFilter

from reidkit.synthetic.camera import Camera
from reidkit.synthetic.seeding import Random


def blur(picture: Image.Image, camera: Camera, random: Random) -> Image.Image:
    """Return the picture out of focus and moved during exposure."""
    motion = camera.motion_blur * float(random.random()) ** 2 * picture.height
    # One box for both: it costs a fifth of a Gaussian, and noise and compression hide the difference.
    defocus = 1.2 * camera.defocus * picture.height
    across = float(np.hypot(defocus, motion / 2))
    return picture.filter(ImageFilter.BoxBlur((across, defocus))) if across > 0.1 else picture


def expose(picture: Image.Image, camera: Camera, drift: float) -> Image.Image:
    """Return the picture in the camera's exposure, gamma, contrast, white balance and saturation.

    Args:
        picture: RGB.
        camera: Whose light it is.
        drift: Factor on the exposure of this picture.
    """
    luma = (0.299, 0.587, 0.114)
    matrix: list[float] = []
    for channel in range(3):
        row = [(1 - camera.saturation) * weight for weight in luma]
        row[channel] += camera.saturation
        matrix += [*row, 0.0]
    picture = picture.convert("RGB", (*matrix,)) if camera.saturation != 1 else picture
    value = np.linspace(0, 1, 256)
    table = []
    for gain in camera.gains:
        # Gains act on light, which is the pixel to the power of 2.2.
        light = value**2.2 * gain * camera.exposure * drift
        # A soft shoulder keeps white cloth from clipping at once.
        tone = np.where(light > 0.8, 0.8 + 0.2 * np.tanh((light - 0.8) / 0.2 * 0.8), light) ** (1 / 2.2)
        tone = (tone**camera.gamma - 0.45) * camera.contrast + 0.45
        table.append(np.clip(tone * 255, 0, 255))
    return picture.point(np.concatenate(table).round().astype(int).tolist())


def add_noise(picture: Image.Image, sigma: float, random: Random) -> Image.Image:
    """Return the picture with sensor noise, most of it equal in the three channels.

    Args:
        picture: RGB.
        sigma: Standard deviation as a share of white.
        random: Source of the noise.
    """
    if sigma <= 0:
        return picture
    pixels = np.asarray(picture, np.float32)
    height, width = pixels.shape[:2]
    noise = random.standard_normal((height, width, 1), dtype=np.float32) * np.float32(255 * sigma)
    colour = random.integers(-128, 128, (height, width, 3), dtype=np.int8) * np.float32(sigma)
    return Image.fromarray(np.clip(pixels + noise + colour + 0.5, 0, 255).astype(np.uint8))


def compress(picture: Image.Image, quality: int) -> Image.Image:
    """Return the picture after the camera's own compression."""
    if quality >= 92:
        return picture
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    with Image.open(io.BytesIO(buffer.getvalue())) as opened:
        return opened.convert("RGB")
