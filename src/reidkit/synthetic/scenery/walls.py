"""What stands behind the people: facades, shop fronts, trees, tiled walls, trains."""

import numpy as np

from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.person.patterns import smooth_noise
from reidkit.synthetic.scenery.stage import PLATE_SIZE, Paint, Stage, darker, joints, mottle, solid, vary

_SIGNS: tuple[Paint, ...] = (
    (190, 40, 44),
    (30, 92, 160),
    (24, 120, 76),
    (226, 176, 40),
    (92, 48, 120),
    (235, 232, 226),
    (34, 34, 38),
    (220, 110, 40),
)


def _flat(colour: Paint, shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(np.array(colour, np.float32), (*shape, 3)).copy()


def paint_bricks(stage: Stage, colour: Paint) -> None:
    """Lay a wall of bricks."""
    x, y, scale = stage.wall_places()
    pixel = np.full_like(y, 1 / scale)
    odd = np.floor(y / 0.14) % 2
    gaps = np.maximum(joints(y, 0.14, 0.016, pixel), joints(x + 0.15 * odd, 0.30, 0.014, pixel))
    cell = np.sin(np.floor((x + 0.15 * odd) / 0.30) * 37.7 + np.floor(y / 0.14) * 91.3) * 4375.5
    tone = 0.88 + 0.2 * (cell - np.floor(cell))
    shade = tone * mottle(x * 0.12, y * 0.12, 0.05)
    base = _flat(colour, shade.shape) * shade[..., None]
    base += (np.array((176, 170, 160), np.float32) - base) * (0.55 * gaps)[..., None]
    stage.paste(base, 0)


def paint_plaster(stage: Stage, colour: Paint) -> None:
    """Plaster a wall, with a darker base course and stains below the top."""
    x, y, _ = stage.wall_places()
    shade = mottle(x * 0.10, y * 0.10, 0.06) * np.where(y < 0.5, 0.72, 1.0)
    shade *= 1 - 0.10 * np.clip(smooth_noise(x * 0.9 + 0 * y, 0.04 * y + 0 * x), 0, 1)
    stage.paste(_flat(colour, shade.shape) * shade[..., None], 0)


def paint_wall_tiles(stage: Stage, colour: Paint, band: Paint, size: float) -> None:
    """Tile a wall, with a band in another colour at the height of the hip."""
    x, y, scale = stage.wall_places()
    pixel = np.full_like(y, 1 / scale)
    gaps = np.maximum(joints(y, size, 0.012, pixel), joints(x, size, 0.012, pixel))
    base = _flat(colour, gaps.shape)
    base[np.broadcast_to(np.abs(y - 1.15) < size * 0.75, gaps.shape)] = band
    base *= (mottle(x * 0.13, y * 0.13, 0.03) * (1 - 0.25 * gaps))[..., None]
    stage.paste(base, 0)


def paint_trees(stage: Stage, sky: Paint, leaves: Paint) -> None:
    """Grow a row of bushes and trees before the sky."""
    x, y, _ = stage.wall_places()
    base = _flat(sky, np.broadcast_shapes(x.shape, y.shape))
    shift = stage.random.random(3)
    tops = 2.2 + 1.2 * smooth_noise(x[0] * 0.05 + shift[0], 0 * x[0] + 0.3)[None]
    tops = tops + 0.35 * smooth_noise(x[0] * 0.4, 0 * x[0] + shift[1])[None]
    leaf = mottle(x * 0.25 + shift[2], y * 0.25, 0.24) * (0.7 + 0.12 * np.clip(y, 0, 4))
    leaf = leaf * (1 + 0.12 * stage.random.standard_normal(leaf.shape, dtype=np.float32))
    inside = np.clip((tops - y) / 0.15, 0, 1)
    base += (_flat(leaves, leaf.shape) * leaf[..., None] - base) * inside[..., None]
    hedge = np.clip((0.85 - y) / 0.06, 0, 1) * np.ones_like(x)
    green = _flat(darker(leaves, 0.72), leaf.shape) * leaf[..., None]
    base += (green - base) * hedge[..., None]
    stage.paste(base, 0)


def _wall_box(
    stage: Stage, left: float, bottom: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """Return the pixels of a rectangle given in metres on the wall."""
    row = stage.ground.wall_row
    scale = stage.ground.pixels_per_metre(row)
    x = PLATE_SIZE[1] / 2 + left * scale
    return x, row - (bottom + height) * scale, x + width * scale, row - bottom * scale


def _half_width(stage: Stage) -> float:
    return PLATE_SIZE[1] / 2 / stage.ground.pixels_per_metre(stage.ground.wall_row)


def add_windows(
    stage: Stage, *, bottom: float, size: tuple[float, float], gap: float, lit: float = 0.0
) -> None:
    """Set windows into a wall.

    Args:
        stage: The background.
        bottom: Metres from the ground to the sill.
        size: (height, width) of a window in metres.
        gap: Metres between two windows.
        lit: Share of the windows that shine.
    """
    draw, random = stage.draw, stage.random
    frame = vary(random, (205, 203, 198) if random.random() < 0.6 else (70, 66, 62))
    left = -_half_width(stage) - size[1] * random.random()
    while left < _half_width(stage):
        box = _wall_box(stage, left, bottom, size[1], size[0])
        draw.rectangle(box, fill=solid(frame))
        is_lit = random.random() < lit
        glass = vary(
            random, (236, 206, 140) if is_lit else (70, 84, 98) if not stage.is_night else (24, 28, 36), 10
        )
        x0, y0, x1, y1 = box
        inset = max(1.5, (x1 - x0) * 0.05)
        draw.rectangle((x0 + inset, y0 + inset, x1 - inset, y1 - inset), fill=solid(glass))
        if not is_lit:
            sheen = [(x0 + inset, y1 - inset), (x0 + inset, y0 + inset), (x0 + (x1 - x0) * 0.6, y0 + inset)]
            draw.polygon(sheen, fill=solid(darker(glass, 1.25), 130))
        draw.line((x0 + (x1 - x0) / 2, y0, x0 + (x1 - x0) / 2, y1), fill=solid(frame), width=2)
        draw.rectangle((x0 - 2, y1, x1 + 2, y1 + 3), fill=solid(darker(frame, 0.8)))
        left += size[1] + gap


def add_doors(stage: Stage, every: float) -> None:
    """Set doors into a wall, about one per ``every`` metres."""
    draw, random = stage.draw, stage.random
    left = -_half_width(stage) + every * random.random()
    while left < _half_width(stage):
        colour = vary(random, _SIGNS[int(random.integers(len(_SIGNS)))], 18)
        x0, y0, x1, y1 = _wall_box(stage, left, 0.0, 1.05, 2.15)
        draw.rectangle((x0 - 3, y0 - 3, x1 + 3, y1), fill=solid(darker(colour, 0.5)))
        draw.rectangle((x0, y0, x1, y1), fill=solid(darker(colour, 0.8)))
        draw.rectangle(
            (x0 + (x1 - x0) * 0.18, y0 + (y1 - y0) * 0.08, x1 - (x1 - x0) * 0.18, y0 + (y1 - y0) * 0.42),
            fill=solid(darker(colour, 0.45)),
        )
        draw.ellipse((x1 - 8, (y0 + y1) / 2, x1 - 4, (y0 + y1) / 2 + 4), fill=(210, 200, 170, 255))
        left += every * (0.7 + 0.6 * random.random())


def add_posters(stage: Stage, every: float, bottom: float = 0.9) -> None:
    """Hang posters and signs on a wall."""
    draw, random = stage.draw, stage.random
    left = -_half_width(stage) + every * random.random()
    while left < _half_width(stage):
        high, wide = 0.7 + 0.8 * random.random(), 0.5 + 0.9 * random.random()
        x0, y0, x1, y1 = _wall_box(stage, left, bottom + 0.3 * random.random(), wide, high)
        paper = vary(random, _SIGNS[int(random.integers(len(_SIGNS)))], 20)
        draw.rectangle((x0, y0, x1, y1), fill=solid(paper), outline=(60, 60, 60, 255))
        ink = vary(random, _SIGNS[int(random.integers(len(_SIGNS)))], 20)
        split = y0 + (y1 - y0) * (0.3 + 0.4 * random.random())
        draw.rectangle((x0 + 2, y0 + 2, x1 - 2, split), fill=solid(ink))
        for number in range(4):
            y = split + 4 + number * max(3, (y1 - split) / 5)
            draw.line(
                (x0 + 4, y, x1 - 4 - (x1 - x0) * 0.4 * random.random(), y), fill=(50, 50, 50, 200), width=1
            )
        left += every * (0.5 + random.random())


def add_shop_fronts(stage: Stage, *, lit: bool) -> None:
    """Build a row of shops: panes, goods behind them, a sign and an awning."""
    random = stage.random
    left = -_half_width(stage) - 3 * random.random()
    while left < _half_width(stage):
        width = 3.0 + 2.5 * random.random()
        _shop(stage, left, width, lit)
        left += width + 0.35


def _shop(stage: Stage, left: float, width: float, lit: bool) -> None:
    draw, random = stage.draw, stage.random
    sign = vary(random, _SIGNS[int(random.integers(len(_SIGNS)))], 16)
    frame = darker(sign, 0.55)
    x0, y0, x1, y1 = _wall_box(stage, left, 0.0, width, 2.55)
    draw.rectangle((x0, y0, x1, y1), fill=solid(frame))
    inside = vary(random, (214, 196, 160) if lit else (88, 92, 96), 16)
    pane = _wall_box(stage, left + 0.12, 0.4, width - 0.24, 2.0)
    draw.rectangle(pane, fill=solid(inside))
    scale = stage.ground.pixels_per_metre(stage.ground.wall_row)
    for _ in range(int(width * 4)):
        goods = vary(random, _SIGNS[int(random.integers(len(_SIGNS)))], 30)
        wide, high = (0.15 + 0.35 * random.random(2)) * scale
        gx = pane[0] + random.random() * max(1.0, pane[2] - pane[0] - wide)
        gy = pane[3] - high - random.choice([0.0, 0.55, 1.1]) * scale
        draw.rectangle((gx, gy, gx + wide, gy + high), fill=solid(darker(goods, 0.8 if lit else 0.5)))
    panes = max(2, round(width / 1.3))
    for number in range(panes + 1):
        x = pane[0] + (pane[2] - pane[0]) * number / panes
        draw.line((x, pane[1], x, pane[3]), fill=solid(frame), width=4)
    third = (pane[2] - pane[0]) / 3
    draw.polygon(
        [
            (pane[0], pane[3]),
            (pane[0] + third, pane[1]),
            (pane[0] + 2 * third, pane[1]),
            (pane[0] + third, pane[3]),
        ],
        fill=(255, 255, 255, 26),
    )
    board = _wall_box(stage, left, 2.55, width, 0.55)
    draw.rectangle(board, fill=solid(sign))
    letter = 0.22 * scale
    ink = (245, 245, 240, 255) if sum(sign) < 400 else (40, 40, 44, 255)
    x = board[0] + letter
    while x < board[2] - 2 * letter:
        if random.random() < 0.85:
            draw.rectangle((x, board[1] + letter * 0.7, x + letter * 0.55, board[1] + letter * 1.7), fill=ink)
        x += letter
    if random.random() < 0.4:
        awning = [
            (board[0], board[3]),
            (board[2], board[3]),
            (board[2] + 8, board[3] + 0.35 * scale),
            (board[0] - 8, board[3] + 0.35 * scale),
        ]
        draw.polygon(awning, fill=solid(darker(sign, 0.85)))


def paint_train(stage: Stage, body: Paint, stripe: Paint) -> None:
    """Stop a train along the wall row, with windows and doors."""
    draw, random = stage.draw, stage.random
    edge = _half_width(stage)
    draw.rectangle(_wall_box(stage, -edge, -0.1, 2 * edge, 3.4), fill=solid(body))
    draw.rectangle(_wall_box(stage, -edge, 0.55, 2 * edge, 0.28), fill=solid(stripe))
    draw.rectangle(_wall_box(stage, -edge, -0.1, 2 * edge, 0.25), fill=(30, 30, 32, 255))
    left = -edge - 3 * random.random()
    number = 0
    while left < edge:
        if number % 4 == 3:
            door = _wall_box(stage, left, 0.1, 1.3, 2.2)
            draw.rectangle(door, fill=solid(darker(stripe, 0.9)), outline=(40, 40, 40, 255), width=2)
            middle = (door[0] + door[2]) / 2
            draw.line((middle, door[1], middle, door[3]), fill=(30, 30, 30, 255), width=2)
            for box in (
                _wall_box(stage, left + 0.15, 1.1, 0.38, 0.95),
                _wall_box(stage, left + 0.78, 1.1, 0.38, 0.95),
            ):
                draw.rectangle(box, fill=(58, 70, 80, 255))
            left += 1.6
        else:
            glass = vary(random, (62, 76, 88), 8)
            x0, y0, x1, y1 = _wall_box(stage, left, 1.15, 1.45, 0.95)
            draw.rounded_rectangle((x0, y0, x1, y1), 5, fill=solid(glass))
            draw.polygon([(x0, y1), (x0 + 14, y0), (x0 + 44, y0), (x0 + 30, y1)], fill=(255, 255, 255, 34))
            left += 1.75
        number += 1


def paint_columns(stage: Stage, colour: Paint, every: float, width: float, height: float = 6.0) -> None:
    """Stand columns before the wall."""
    draw, random = stage.draw, stage.random
    left = -_half_width(stage) + every * random.random()
    while left < _half_width(stage):
        x0, y0, x1, y1 = _wall_box(stage, left, -0.05, width, height)
        steps = 8
        for number in range(steps):
            shade = 0.72 + 0.36 * np.sin(np.pi * (number + 0.8) / steps)
            a, b = x0 + (x1 - x0) * number / steps, x0 + (x1 - x0) * (number + 1) / steps
            draw.rectangle((a, y0, b, y1), fill=solid(darker(colour, float(shade))))
        left += every


def light_wall(stage: Stage, strength: float) -> None:
    """Darken the wall towards the ground and put a soft shadow at its foot, so that both meet."""
    height, width = PLATE_SIZE
    rows = np.arange(height, dtype=np.float32)[:, None]
    scale = stage.ground.pixels_per_metre(stage.ground.wall_row)
    below = np.clip((rows - stage.ground.wall_row) / (0.5 * scale), 0, 1)
    shadow = np.where(rows >= stage.ground.wall_row, 1 - strength * (1 - below) ** 2, 1.0)
    columns = np.arange(width, dtype=np.float32)[None] / width
    random = stage.random
    drift = 1 + 0.14 * np.sin(2 * np.pi * (columns * (0.6 + random.random()) + random.random()))
    pixels = np.asarray(stage.image, np.float32) * (shadow * drift)[..., None]
    stage.paste(np.asarray(pixels, np.float32), 0)
