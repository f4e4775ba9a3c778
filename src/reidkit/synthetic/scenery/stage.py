"""The geometry of one camera's background: where the ground lies and how large things are on it."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.person.patterns import smooth_noise
from reidkit.synthetic.seeding import Random

Paint = tuple[float, float, float]

PLATE_SIZE = (480, 1600)
"""(height, width) in pixels of the whole view of a camera, of which every picture shows a part."""

_MIDDLE_ROW = 345
_MIDDLE_SCALE = 118.0
_FOCAL_PIXELS = 900.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the ground lies in a camera's view.

    Args:
        horizon: Row of the horizon in pixels; negative where the camera looks down steeply.
        camera_metres: Height of the camera above the ground.
        wall_row: Row in which the back wall meets the ground.
    """

    horizon: float
    camera_metres: float
    wall_row: float

    def pixels_per_metre(self, row: float) -> float:
        """Return the size of a metre at the depth where the ground is seen in ``row``."""
        return (row - self.horizon) / self.camera_metres

    def standing_rows(self) -> tuple[float, float]:
        """Return the farthest and the nearest row in which people stand."""
        reach = 0.22 * (_MIDDLE_ROW - self.horizon)
        return max(_MIDDLE_ROW - reach, self.wall_row + 12), min(_MIDDLE_ROW + reach, PLATE_SIZE[0] - 45)


def lay_ground(elevation_degrees: float, wall_distance: float) -> Ground:
    """Return the ground of a camera.

    Args:
        elevation_degrees: How far the camera looks down.
        wall_distance: How far the back wall is behind the people, as a factor on their distance, above 1.
    """
    camera_metres = 1.0 + 7.0 * float(np.tan(np.radians(max(elevation_degrees, 0.0))))
    horizon = _MIDDLE_ROW - camera_metres * _MIDDLE_SCALE
    return Ground(horizon, camera_metres, horizon + camera_metres * _MIDDLE_SCALE / wall_distance)


@dataclass(slots=True)
class Stage:
    """A background while it is painted.

    Args:
        ground: Geometry.
        random: Source of all choices.
        is_night: Whether windows are lit and walls are dark.
    """

    ground: Ground
    random: Random
    is_night: bool = False
    image: Image.Image = field(default_factory=lambda: Image.new("RGB", (PLATE_SIZE[1], PLATE_SIZE[0])))

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """A pencil for the picture."""
        return ImageDraw.Draw(self.image, "RGBA")

    def ground_places(self) -> tuple[Floats, Floats, Floats, int]:
        """Return the places on the ground of every pixel below the wall.

        Returns:
            Metres across (h, w), metres ahead (h, 1), metres per pixel (h, 1), and the first row.
        """
        first = int(np.clip(self.ground.wall_row, 0, PLATE_SIZE[0] - 1))
        rows = np.arange(first, PLATE_SIZE[0], dtype=np.float32)[:, None]
        scale = np.maximum((rows - self.ground.horizon) / self.ground.camera_metres, 4.0)
        columns = np.arange(PLATE_SIZE[1], dtype=np.float32)[None] - PLATE_SIZE[1] / 2
        return columns / scale, _FOCAL_PIXELS / scale, 1 / scale, first

    def wall_places(self) -> tuple[Floats, Floats, float]:
        """Return the places on the wall of every pixel above the ground.

        Returns:
            Metres across (1, w), metres above the ground (h, 1), and pixels per metre.
        """
        last = int(np.clip(self.ground.wall_row, 1, PLATE_SIZE[0]))
        scale = self.ground.pixels_per_metre(self.ground.wall_row)
        columns = np.arange(PLATE_SIZE[1], dtype=np.float32)[None] - PLATE_SIZE[1] / 2
        rows = np.arange(last, dtype=np.float32)[:, None]
        return columns / scale, (self.ground.wall_row - rows) / scale, scale

    def paste(self, colours: Floats, top: int) -> None:
        """Put (h, w, 3) colours in [0, 255] into the picture."""
        pixels = np.clip(colours, 0, 255).astype(np.uint8)
        self.image.paste(Image.fromarray(pixels), (0, top))

    def column(self, metres: float, row: float) -> float:
        """Return the pixel column of a place on the ground."""
        return PLATE_SIZE[1] / 2 + metres * self.ground.pixels_per_metre(row)


def mottle(x: Floats, y: Floats, strength: float) -> Floats:
    """Return blotches around 1; x and y are in units of about five blotches."""
    x, y = np.broadcast_arrays(x, y)
    fine = smooth_noise(x * 3.1 + 0.3, y * 3.1)
    return np.asarray(1 + strength * (0.6 * smooth_noise(x, y) + 0.5 * fine), np.float32)


def line(position: Floats, width: float, pixel: Floats) -> Floats:
    """Return how much of a pixel a line at 0 covers, in [0, 1].

    Args:
        position: Metres from the line.
        width: Width of the line in metres.
        pixel: Metres per pixel.
    """
    return np.asarray(np.clip((width / 2 - np.abs(position)) / pixel + 0.5, 0, 1), np.float32)


def joints(position: Floats, period: float, width: float, pixel: Floats) -> Floats:
    """Return how much of a pixel is covered by lines that repeat every ``period`` metres."""
    distance = (position / period - np.round(position / period)) * period
    # Lines finer than a pixel fade instead of flickering.
    return np.asarray(line(distance, width, pixel) * np.clip(0.35 * period / pixel, 0, 1), np.float32)


def vary(random: Random, colour: Paint, spread: float = 14.0) -> Paint:
    """Return a colour near the given one."""
    red, green, blue = np.clip(
        np.array(colour) + random.normal(0, spread, 3) * 0.5 + random.normal(0, spread * 0.7), 4, 250
    )
    return float(red), float(green), float(blue)


def solid(colour: Paint, opacity: int = 255) -> tuple[int, int, int, int]:
    """Return a colour for Pillow."""
    red, green, blue = (int(min(max(value, 0), 255)) for value in colour)
    return red, green, blue, opacity


def darker(colour: Paint, factor: float) -> Paint:
    """Return a colour times a factor."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
