"""A small fixed crowd of other pedestrians, who walk behind people or get in their way."""

from functools import lru_cache

from PIL import Image

from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.person.mesh import View
from reidkit.synthetic.person.people import Crowd
from reidkit.synthetic.person.pose import Pose
from reidkit.synthetic.person.render import Placement, build_person, render_person
from reidkit.synthetic.person.wardrobe import draw_identity
from reidkit.synthetic.seeding import Random, Stream, random_for

CROWD_SIZE = 24
_HEIGHT = 300


@lru_cache(maxsize=CROWD_SIZE)
def _sprite(number: int) -> Image.Image:
    """Return one passer-by as an RGBA picture that fits tightly."""
    random = random_for(0, Stream.PERSON, Crowd.PASSERS_BY, number)
    identity = draw_identity(random, Difficulty().drab_clothes)
    pose = Pose(phase=float(random.random()), stride=float(random.uniform(0.6, 1.1)))
    view = View(number * 360 / CROWD_SIZE, float(random.uniform(4, 20)), 7.0, (-0.4, 0.7, 0.59))
    person = build_person(identity, pose, view)
    low, high = person.points.min(axis=0), person.points.max(axis=0)
    scale = 2 * _HEIGHT / float(high[1] - low[1])
    width = int(float(high[0] - low[0]) * scale) + 8
    place = Placement(
        (4 - float(low[0]) * scale, 2 * _HEIGHT + float(low[1]) * scale), (scale, scale), (2 * _HEIGHT, width)
    )
    pixels = render_person(identity, person, place, sunlight=0.5, folds=float(random.random()))
    # Premultiplied while it shrinks, so that no dark rim appears.
    return Image.fromarray(pixels).convert("RGBa").reduce(2).convert("RGBA")


def paste_passer_by(
    picture: Image.Image, random: Random, *, foot: tuple[float, float], height: float
) -> None:
    """Put a passer-by into an RGB picture, in place.

    Args:
        picture: Where to paint.
        random: Picks who it is.
        foot: (x, y) pixel between the feet.
        height: Height of the passer-by in pixels.
    """
    sprite = _sprite(int(random.integers(CROWD_SIZE)))
    if random.random() < 0.5:
        sprite = sprite.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    width = max(2, round(sprite.width * height / sprite.height))
    small = sprite.resize((width, max(2, round(height))), Image.Resampling.BILINEAR)
    picture.paste(small, (round(foot[0] - width / 2), round(foot[1] - height)), small)
