"""One camera: from where it looks, in which light, and what it does to the picture."""

from dataclasses import dataclass

import numpy as np

from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.seeding import Stream, random_for

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class City:
    """What the cameras of one city have in common; ranges are (low, high).

    Args:
        styles: Backgrounds, keys of `reidkit.synthetic.scenery.scene.STYLES`.
        elevation_degrees: How far cameras look down.
        sunlight: Light from the lamp or sun; the rest comes from all around.
        exposure: Factor on all light, before the spread between cameras.
        tint: Usual white balance as gains of red, green and blue.
        saturation: Factor on the saturation.
        loss: Factor on noise, blur, compression and loss of resolution.
    """

    styles: tuple[str, ...]
    elevation_degrees: tuple[float, float]
    sunlight: tuple[float, float]
    exposure: tuple[float, float]
    tint: Triple
    saturation: float
    loss: float


CITIES: tuple[City, ...] = (
    City(
        styles=("street", "corridor", "park", "shops", "station", "plaza"),
        elevation_degrees=(2.0, 20.0),
        sunlight=(0.25, 0.85),
        exposure=(0.9, 1.1),
        tint=(1.0, 1.0, 1.0),
        saturation=1.0,
        loss=1.0,
    ),
    City(
        styles=("night_street", "garage", "crossing", "mall", "market"),
        elevation_degrees=(16.0, 34.0),
        sunlight=(0.45, 0.95),
        exposure=(0.42, 0.68),
        tint=(1.18, 1.0, 0.72),
        saturation=0.8,
        loss=1.35,
    ),
)


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera, with everything that it does to a picture.

    Args:
        number: Number in file names, from 1.
        city: Row of ``CITIES``.
        style: Background.
        scene_seed: Seed of the background.
        wall_distance: How far the back wall is behind the people, as a factor on their distance.
        yaw_degrees: Usual walking direction; 0 walks towards the camera, 90 to the right of the picture.
        yaw_spread_degrees: Standard deviation of the walking direction.
        elevation_degrees: How far the camera looks down.
        distance_metres: From the camera to the people.
        light: (3,) unit vector towards the lamp or sun: right, up, towards the camera.
        sunlight: Share of the light that comes from there, in [0, 1].
        exposure: Factor on all light.
        gamma: Exponent on the picture; above 1 darkens the middle tones.
        contrast: Factor around middle grey.
        gains: White balance of red, green and blue.
        saturation: Factor on the saturation.
        defocus: Blur radius as a share of the picture's height.
        motion_blur: Longest motion blur as a share of the picture's height.
        resolution: Lines of the sensor per line of the picture, in (0, 1].
        noise: Standard deviation of the sensor noise as a share of white.
        jpeg_quality: Quality of the camera's own compression, 1 to 95.
    """

    number: int
    city: int
    style: str
    scene_seed: int
    wall_distance: float
    yaw_degrees: float
    yaw_spread_degrees: float
    elevation_degrees: float
    distance_metres: float
    light: Triple
    sunlight: float
    exposure: float
    gamma: float
    contrast: float
    gains: Triple
    saturation: float
    defocus: float
    motion_blur: float
    resolution: float
    noise: float
    jpeg_quality: int


# Successive cameras step by the golden ratio, which spreads any number of them evenly.
_GOLDEN = 0.618033988749895


def draw_camera(seed: int, number: int, *, city: int = 0, difficulty: Difficulty | None = None) -> Camera:
    """Return a camera; it depends on nothing but the arguments.

    Args:
        seed: Seed of the benchmark.
        number: Number of the camera, from 1.
        city: 0 for the first city, 1 for the second one.
        difficulty: How much cameras differ and spoil their pictures; None takes the defaults.
    """
    hard = Difficulty() if difficulty is None else difficulty
    place = CITIES[city]
    start = random_for(seed, Stream.CAMERA, city)
    order, offsets = start.permutation(len(place.styles)), start.random(4)

    def spread(row: int) -> float:
        """Return an even spread over [0, 1) for successive cameras; rows are independent."""
        return float((offsets[row] + number * (_GOLDEN, 0.7548777, 0.5698403, 0.8191725)[row]) % 1)

    random = random_for(seed, Stream.CAMERA, city, number)
    # All numbers are drawn whatever the difficulty is, so that one number of it changes one thing.
    gauss = random.standard_normal(8).clip(-2, 2)
    share = random.random(8)
    turn = 360 * (spread(0) * hard.viewpoint_difference)
    azimuth, height = 2 * np.pi * share[0], np.radians(30 + 35 * share[1])
    light = (np.cos(height) * np.sin(azimuth), np.sin(height), np.cos(height) * np.cos(azimuth))
    low, high = place.elevation_degrees
    darkness, brightness = place.exposure
    worst = place.loss
    return Camera(
        number=number,
        city=city,
        style=place.styles[int(order[number % len(order)])],
        scene_seed=int(random.integers(2**31)),
        wall_distance=round(1.45 + 0.6 * float(share[2]), 3),
        yaw_degrees=round(turn % 360, 2),
        yaw_spread_degrees=hard.viewpoint_spread_degrees,
        elevation_degrees=round((low + (high - low) * spread(1)) * hard.elevation, 2),
        distance_metres=round(4.5 + 6 * float(share[3]), 2),
        light=(round(float(light[0]), 4), round(float(light[1]), 4), round(float(light[2]), 4)),
        sunlight=round(place.sunlight[0] + (place.sunlight[1] - place.sunlight[0]) * float(share[4]), 3),
        exposure=round(
            (darkness + (brightness - darkness) * float(share[5]))
            * float(np.exp(0.22 * hard.light_change * (2 * spread(2) - 1 + 0.3 * gauss[0]))), 4
        ),
        gamma=round(float(np.exp(0.28 * hard.light_change * gauss[1])), 4),
        contrast=round(float(np.clip(1 - 0.30 * hard.light_change * (share[6] - 0.25), 0.3, 1.5)), 4),
        gains=_gains(place.tint, gauss[2:5], hard.colour_cast),
        saturation=round(place.saturation * (1 - hard.saturation_loss * float(share[7])), 4),
        defocus=round(worst * hard.defocus / 1000 * spread(3), 6),
        motion_blur=round(worst * hard.motion_blur / 1000, 6),
        resolution=round(max(0.1, 1 - min(0.9, worst * hard.resolution_loss) * spread(3 if city else 2)), 4),
        noise=round(worst * hard.noise * (0.25 + 0.75 * spread(0)), 5),
        jpeg_quality=round(92 - min(82, worst * 62 * hard.compression) * spread(1)),
    )  # fmt: skip


def _gains(tint: Triple, gauss: np.ndarray, cast: float) -> Triple:
    """Return channel gains whose logarithms have the spread ``cast`` and whose mean is 1."""
    gains = np.array(tint) * np.exp(cast * gauss * np.array([1.0, 0.55, 1.0]))
    gains /= gains @ np.array([0.30, 0.59, 0.11])
    return round(float(gains[0]), 4), round(float(gains[1]), 4), round(float(gains[2]), 4)
