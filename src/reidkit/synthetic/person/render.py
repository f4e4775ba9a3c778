"""From a person, a pose and a view to coloured pixels with their places, without background."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidkit.synthetic.person.bags import bag_tubes
from reidkit.synthetic.person.dyes import dye_table
from reidkit.synthetic.person.figure import body_tubes
from reidkit.synthetic.person.head import head_tubes
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats, Solid, View, build_solid, rasterize
from reidkit.synthetic.person.paint import paint
from reidkit.synthetic.person.pose import Pose, place_joints

# Light in [0, 1] in 1024 steps to a pixel of a display.
_DISPLAY = np.round(255 * np.linspace(0, 1, 1024) ** (1 / 2.2)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a figure is put in a picture.

    Args:
        foot: (x, y) pixel of the point on the ground under the figure.
        scale: (x, y) pixels per metre.
        size: (height, width) of the picture in pixels.
    """

    foot: tuple[float, float]
    scale: tuple[float, float]
    size: tuple[int, int]


def build_person(identity: Identity, pose: Pose, view: View) -> Solid:
    """Return a dressed person in a pose, as seen from a view."""
    joints = place_joints(identity.body, pose)
    tubes = body_tubes(identity, joints) + head_tubes(identity, joints, pose) + bag_tubes(identity, joints)
    return build_solid(tubes, view)


def render_person(
    identity: Identity, person: Solid, place: Placement, *, sunlight: float, folds: float
) -> NDArray[np.uint8]:
    """Return a (height, width, 4) RGBA picture of a person alone.

    Args:
        identity: Who it is.
        person: The same person built for a pose and a view.
        place: Where to put the figure.
        sunlight: Share of the light that comes from the lamp or sun, in [0, 1].
        folds: Any number; it picks how the folds of the cloth fall.
    """
    points = np.empty_like(person.points)
    points[:, 0] = place.foot[0] + person.points[:, 0] * place.scale[0]
    points[:, 1] = place.foot[1] - person.points[:, 1] * place.scale[1]
    fragments = rasterize(person, points, place.size)
    coat = paint(identity, fragments, folds)
    light = coat.relief * (
        fragments.key * np.float32(1.25 * sunlight) + fragments.sky * np.float32(1 - 0.72 * sunlight)
    )
    colour: Floats = dye_table(identity).take(coat.dye, axis=0)
    colour *= np.float32(1023) * light[:, None]
    level = np.clip(colour, 0, 1023).astype(np.intp)
    pixels = np.full((len(level), 4), 255, np.uint8)
    pixels[:, :3] = _DISPLAY.take(level)
    picture = np.zeros(place.size, np.uint32)
    # Four bytes at once; the order of the bytes within them does not matter.
    picture[fragments.rows, fragments.columns] = pixels.view(np.uint32)[:, 0]
    return picture.view(np.uint8).reshape(*place.size, 4)
