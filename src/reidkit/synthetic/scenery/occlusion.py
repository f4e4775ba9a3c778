"""Things that stand between the camera and a person."""

from collections.abc import Callable

from PIL import Image, ImageDraw

from reidkit.synthetic.scenery.furniture import CAR_PAINTS
from reidkit.synthetic.scenery.passers_by import paste_passer_by
from reidkit.synthetic.scenery.stage import Paint, darker, solid, vary
from reidkit.synthetic.seeding import Random

# Drawn at twice the size and reduced, for smooth edges.
_FINE = 2


def _pole(draw: ImageDraw.ImageDraw, random: Random, height: int, width: int, shift: float) -> None:
    """A lamp post, tree trunk or column from top to bottom."""
    wide = width * float(random.uniform(0.10, 0.26))
    x = width * float(random.uniform(0.25, 0.75)) - wide / 2 + shift
    paint = vary(random, ((72, 74, 78), (96, 74, 54), (168, 164, 156))[int(random.integers(3))], 12)
    for number in range(6):
        shade = (0.75, 0.95, 1.1, 1.0, 0.85, 0.65)[number]
        left = x + wide * number / 6
        draw.rectangle((left, 0, left + wide / 6 + 1, height), fill=solid(darker(paint, shade)))


def _railing(draw: ImageDraw.ImageDraw, random: Random, height: int, width: int, shift: float) -> None:
    """A railing before the legs."""
    top = height * float(random.uniform(0.45, 0.62))
    paint = vary(random, (92, 96, 100), 26)
    bar = max(2.0, width * 0.022)
    gap = width * float(random.uniform(0.09, 0.15))
    x = (shift - gap * float(random.random())) % gap - gap
    while x < width:
        draw.rectangle((x, top, x + bar, height), fill=solid(paint))
        draw.rectangle((x + bar * 0.6, top, x + bar, height), fill=solid(darker(paint, 0.6)))
        x += gap
    for y in (top, top + (height - top) * 0.86):
        draw.rectangle((0, y, width, y + bar * 1.8), fill=solid(darker(paint, 1.1)))
        draw.rectangle((0, y + bar * 1.3, width, y + bar * 1.8), fill=solid(darker(paint, 0.6)))


def _bush(draw: ImageDraw.ImageDraw, random: Random, height: int, width: int, shift: float) -> None:
    """A bush before the legs and the hips."""
    top = height * float(random.uniform(0.50, 0.72))
    leaves = vary(random, (62, 92, 44), 16)
    for number in range(70):
        x = width * float(random.uniform(-0.05, 1.05)) + 0.2 * shift
        depth = number / 70
        y = top + (height - top) * (depth * 0.9 + 0.15 * float(random.random()))
        radius = width * float(random.uniform(0.05, 0.11))
        shade = 0.55 + 0.4 * depth + 0.35 * float(random.random())
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=solid(darker(leaves, shade)))


def _box(draw: ImageDraw.ImageDraw, random: Random, height: int, width: int, shift: float) -> None:
    """A switch box, a counter or a sign before one half of the legs."""
    wide, high = width * float(random.uniform(0.45, 0.75)), height * float(random.uniform(0.28, 0.5))
    x = shift + (-0.1 * width if random.random() < 0.5 else width * 1.1 - wide)
    y = height - high
    paint = vary(
        random, ((120, 126, 122), (60, 84, 112), (176, 150, 60), (150, 60, 52))[int(random.integers(4))], 18
    )
    draw.rectangle((x, y, x + wide, height), fill=solid(paint))
    draw.rectangle((x, y, x + wide, y + high * 0.06), fill=solid(darker(paint, 1.2)))
    draw.rectangle(
        (x + wide * 0.12, y + high * 0.2, x + wide * 0.88, y + high * 0.75),
        outline=solid(darker(paint, 0.6)),
        width=3,
    )


def _car(draw: ImageDraw.ImageDraw, random: Random, height: int, width: int, shift: float) -> None:
    """The bonnet and wing of a parked car."""
    paint: Paint = vary(random, CAR_PAINTS[int(random.integers(len(CAR_PAINTS)))], 10)
    top = height * float(random.uniform(0.56, 0.70))
    flip = random.random() < 0.5

    def at(along: float, down: float) -> tuple[float, float]:
        return (width * (1 - along) if flip else width * along) + shift, top + (height - top) * down

    draw.polygon(
        [at(-0.1, 0.0), at(0.35, 0.02), at(0.85, 0.16), at(1.0, 0.4), at(1.02, 1.0), at(-0.1, 1.0)],
        fill=solid(paint),
    )
    draw.polygon(
        [at(-0.1, 0.0), at(0.35, 0.02), at(0.85, 0.16), at(0.8, 0.24), at(-0.1, 0.10)],
        fill=solid(darker(paint, 1.25)),
    )
    draw.line([at(-0.1, 0.45), at(1.0, 0.5)], fill=solid(darker(paint, 0.6)), width=3)
    x, y = at(0.55, 0.95)
    radius = width * 0.24
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(24, 24, 26, 255))
    draw.ellipse(
        (x - radius * 0.5, y - radius * 0.5, x + radius * 0.5, y + radius * 0.5), fill=(132, 134, 136, 255)
    )


_THINGS: tuple[Callable[[ImageDraw.ImageDraw, Random, int, int, float], None], ...] = (
    _pole,
    _railing,
    _bush,
    _box,
    _car,
)


def occlude(picture: Image.Image, random: Random, shift: float = 0.0) -> Image.Image:
    """Return an RGB picture with a thing or another pedestrian before the person.

    Args:
        picture: RGB, the person in the middle.
        random: Picks what it is and where it stands.
        shift: Moves it to the right, in widths of the picture.
    """
    kind = int(random.integers(len(_THINGS) + 2))
    if kind >= len(_THINGS):
        picture = picture.copy()
        side = 1 if random.random() < 0.5 else -1
        x = picture.width * (0.5 + side * float(random.uniform(0.22, 0.42)) + shift)
        height = picture.height * float(random.uniform(0.95, 1.2))
        paste_passer_by(picture, random, foot=(x, picture.height * 1.02), height=height)
        return picture
    cover = Image.new("RGBA", (picture.width * _FINE, picture.height * _FINE))
    _THINGS[kind](ImageDraw.Draw(cover), random, cover.height, cover.width, shift * cover.width)
    cover = cover.convert("RGBa").reduce(_FINE).convert("RGBA")
    picture = picture.copy()
    picture.paste(cover, (0, 0), cover)
    return picture
