"""One picture: a person at one moment before one camera, as that camera records it."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from reidkit.synthetic.camera import Camera
from reidkit.synthetic.degrade import add_noise, blur, compress, expose
from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Solid, View
from reidkit.synthetic.person.render import Placement, build_person, render_person
from reidkit.synthetic.scenery.occlusion import occlude
from reidkit.synthetic.scenery.passers_by import paste_passer_by
from reidkit.synthetic.scenery.scene import Scene, build_scene
from reidkit.synthetic.scenery.stage import PLATE_SIZE
from reidkit.synthetic.seeding import Random, Stream, random_for
from reidkit.synthetic.walk import Moment

# The figure is drawn at twice the sensor's resolution and reduced, for smooth edges.
_FINE = 2
# Share of the picture's height that a person fills in a box without error.
_FILL = 0.92
_FOOT_MARGIN = 0.035


@dataclass(frozen=True, slots=True)
class Accidents:
    """What happens to one picture.

    Args:
        box: (3,) logarithm of the box's scale, and its shift right and down, as shares of the height.
        light: Factor on the exposure.
        is_occluded: Whether something stands before the person.
        has_passer_by: Whether somebody walks behind the person.
        things: Seed that picks what stands in the way and who walks behind.
        shift: Moves them to the right, in widths of the picture.
    """

    box: tuple[float, float, float] = (0.0, 0.0, 0.0)
    light: float = 1.0
    is_occluded: bool = False
    has_passer_by: bool = False
    things: int = 0
    shift: float = 0.0


# Which way a box is cut: enlargement, shift right and shift down, as shares of the height.
_CUTS = ((0.30, 0.0, 0.13), (0.28, 0.0, -0.16), (0.18, 0.11, 0.0), (0.18, -0.11, 0.0))


def draw_accidents(random: Random, difficulty: Difficulty, *, is_occluded: bool | None = None) -> Accidents:
    """Return what happens to one picture.

    Args:
        random: Source of all choices.
        difficulty: Probabilities and spreads.
        is_occluded: Decides the occlusion, and then no box is cut; None leaves both to chance.
    """
    gauss, share = random.standard_normal(4).clip(-2.5, 2.5), random.random(4)
    scale, right, down = (float(value) for value in gauss[:3] * difficulty.box_error)
    if is_occluded is None and share[0] < difficulty.cut_probability:
        larger, more_right, more_down = _CUTS[int(share[1] * len(_CUTS))]
        scale, right, down = scale + larger, right + more_right, down + more_down
    return Accidents(
        box=(scale, right * 0.6, down * 0.6),
        light=float(np.exp(difficulty.light_drift * gauss[3])),
        is_occluded=bool(share[2] < difficulty.occlusion_probability) if is_occluded is None else is_occluded,
        has_passer_by=bool(share[3] < difficulty.passer_by_probability),
        things=int(random.integers(2**31)),
    )


def draw_picture(
    identity: Identity,
    camera: Camera,
    moment: Moment,
    accidents: Accidents,
    random: Random,
    size: tuple[int, int] = (256, 128),
) -> Image.Image:
    """Return one picture of a person.

    Args:
        identity: Who it is.
        camera: Who records it.
        moment: Where and how the person walks.
        accidents: What happens to the picture.
        random: Source of noise and other small things.
        size: (height, width) in pixels.

    Returns:
        RGB picture of ``size``.
    """
    sensor = (max(16, round(size[0] * camera.resolution)), max(8, round(size[1] * camera.resolution)))
    view = View(moment.yaw_degrees, camera.elevation_degrees, camera.distance_metres, camera.light)
    person = build_person(identity, moment.pose, view)
    place = _frame_person(person, accidents.box, (sensor[0] * _FINE, sensor[1] * _FINE))
    pixels = render_person(identity, person, place, sunlight=camera.sunlight, folds=float(random.random()))
    figure = Image.fromarray(pixels).convert("RGBa").reduce(_FINE).convert("RGBA")
    # A generator of their own, so that the same things can appear in all frames of a tracklet.
    things = random_for(accidents.things, Stream.THINGS)
    picture = _cut_background(camera, moment, place, sensor)
    if accidents.has_passer_by:
        _add_passer_by(picture, camera, moment, place, things, accidents.shift)
    picture = _cast_shadow(picture, figure, place, camera)
    picture.paste(figure, (0, 0), figure)
    if accidents.is_occluded:
        picture = occlude(picture, things, accidents.shift)
    picture = blur(picture, camera, random)
    picture = expose(picture, camera, accidents.light)
    picture = add_noise(picture, camera.noise, random)
    picture = compress(picture, camera.jpeg_quality)
    if picture.size != (size[1], size[0]):
        picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return picture


def _frame_person(person: Solid, box: tuple[float, float, float], size: tuple[int, int]) -> Placement:
    """Put a person into the picture as a detector's box would, with its errors."""
    height, width = size
    x, y = person.points.T
    left, right, low = float(x.min()), float(x.max()), float(y.min())
    tall, wide = float(y.max()) - low, right - left
    scale = _FILL * height / tall * float(np.exp(box[0]))
    # Boxes are resized to one aspect ratio, so slim ones become wider and broad ones slimmer.
    stretch = float(np.clip(0.80 * width / (wide * scale), 0.90, 1.12))
    across = scale * stretch
    middle = (left + right) / 2
    bottom = height * (1 - _FOOT_MARGIN + 0.5 * (float(np.exp(box[0])) - 1)) + box[2] * height
    return Placement(
        (width / 2 - middle * across + box[1] * height, bottom + low * scale), (across, scale), size
    )


def _scene_of(camera: Camera) -> Scene:
    return build_scene(camera.style, camera.elevation_degrees, camera.wall_distance, camera.scene_seed)


def _stand(camera: Camera, moment: Moment, place: Placement) -> tuple[Scene, float, float]:
    """Return the camera's view, the row in it where the person stands, and its pixels per sensor pixel."""
    scene = _scene_of(camera)
    far, near = scene.ground.standing_rows()
    row = far + (near - far) * moment.depth
    return scene, row, scene.ground.pixels_per_metre(row) / place.scale[1] * _FINE


def _cut_background(camera: Camera, moment: Moment, place: Placement, sensor: tuple[int, int]) -> Image.Image:
    """Cut the part of the camera's view around the person, in the sensor's resolution."""
    scene, row, zoom = _stand(camera, moment, place)
    wide, tall = sensor[1] * zoom, sensor[0] * zoom
    left = max(0.0, min(moment.column - place.foot[0] / _FINE * zoom, PLATE_SIZE[1] - wide))
    top = max(0.0, min(row - place.foot[1] / _FINE * zoom, PLATE_SIZE[0] - tall))
    box = (left, top, min(left + wide, PLATE_SIZE[1]), min(top + tall, PLATE_SIZE[0]))
    return scene.plate.resize((sensor[1], sensor[0]), Image.Resampling.BILINEAR, box=box)


def _add_passer_by(
    picture: Image.Image, camera: Camera, moment: Moment, place: Placement, things: Random, shift: float
) -> None:
    """Let somebody walk behind the person, near a side of the picture."""
    scene, row, zoom = _stand(camera, moment, place)
    share = float(things.uniform(0.62, 0.88))
    behind = scene.ground.horizon + (row - scene.ground.horizon) * share
    height = 1.72 * scene.ground.pixels_per_metre(behind) / zoom
    beside = float(things.uniform(-0.02, 0.22))
    x = picture.width * ((beside if things.random() < 0.5 else 1 - beside) + share * shift)
    paste_passer_by(picture, things, foot=(x, place.foot[1] / _FINE - (row - behind) / zoom), height=height)


def _cast_shadow(picture: Image.Image, figure: Image.Image, place: Placement, camera: Camera) -> Image.Image:
    """Darken the ground where the person keeps the light off."""
    right, above, ahead = camera.light
    down = np.sin(np.radians(camera.elevation_degrees))
    # What the lamp throws, and what is missing of the light from all around, close to the feet.
    for across, up, strength in (
        (-right / above, ahead / above * down, 0.60 * camera.sunlight),
        (0.0, 0.05 + 0.15 * down, 0.55 * (1 - camera.sunlight)),
    ):
        mask = _lay_down(figure, place.foot[1] / _FINE, across, float(up))
        picture.paste((12, 12, 16), (0, 0), mask.point([round(value * strength) for value in range(256)]))
    return picture


def _lay_down(figure: Image.Image, foot_row: float, across: float, up: float) -> Image.Image:
    """Return the soft outline of a figure laid on the ground.

    Args:
        figure: RGBA, standing on ``foot_row``.
        foot_row: Row of the ground under the figure.
        across: How far to the right a point goes, per pixel that it is above the ground.
        up: How far up it goes; negative falls towards the camera.
    """
    # A figure cannot be laid on an edge, so level cameras see a thin shadow instead of none.
    up = float(np.copysign(max(abs(up), 0.06), up))
    source = (1.0, across / up, -across / up * foot_row, 0.0, 1 / up, foot_row - foot_row / up)
    mask = figure.getchannel("A").transform(
        figure.size, Image.Transform.AFFINE, source, Image.Resampling.BILINEAR
    )
    return mask.filter(ImageFilter.BoxBlur(max(0.8, figure.height * 0.006)))
