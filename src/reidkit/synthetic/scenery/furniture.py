"""Things that stand around in the backgrounds: cars, benches, trees, bins, lamps, machines."""

from collections.abc import Callable

from reidkit.synthetic.scenery.stage import Paint, Stage, darker, solid, vary

CAR_PAINTS: tuple[Paint, ...] = (
    (30, 32, 36),
    (196, 198, 200),
    (120, 122, 126),
    (150, 30, 34),
    (36, 66, 120),
    (230, 230, 226),
    (60, 84, 72),
)


def _shadow(stage: Stage, x: float, row: float, half_width: float) -> None:
    scale = stage.ground.pixels_per_metre(row)
    flat = max(2.0, half_width * scale * 0.16)
    wide = half_width * scale
    stage.draw.ellipse((x - wide, row - flat, x + wide, row + flat), fill=(0, 0, 0, 70))


def add_car(stage: Stage, metres: float, row: float) -> None:
    """Park a car, seen from the side."""
    draw, random = stage.draw, stage.random
    scale, x = stage.ground.pixels_per_metre(row), stage.column(metres, row)
    paint = vary(random, CAR_PAINTS[int(random.integers(len(CAR_PAINTS)))], 12)
    length, high = 4.3 * scale, 1.45 * scale
    _shadow(stage, x, row, 2.2)
    flip = 1 if random.random() < 0.5 else -1

    def at(along: float, up: float) -> tuple[float, float]:
        return x + flip * (along - 0.5) * length, row - 0.14 * high - up * high

    body = [
        at(0.0, 0.15),
        at(0.01, 0.45),
        at(0.20, 0.52),
        at(0.34, 0.92),
        at(0.66, 0.94),
        at(0.84, 0.56),
        at(0.99, 0.48),
        at(1.0, 0.12),
    ]
    draw.polygon(body, fill=solid(paint))
    glass = [at(0.24, 0.54), at(0.355, 0.86), at(0.645, 0.88), at(0.79, 0.56)]
    draw.polygon(glass, fill=(52, 62, 72, 255))
    draw.line((*at(0.5, 0.56), *at(0.5, 0.9)), fill=solid(darker(paint, 0.7)), width=3)
    draw.line((*at(0.02, 0.36), *at(0.98, 0.36)), fill=solid(darker(paint, 0.75)), width=2)
    radius = 0.31 * scale
    for along in (0.2, 0.8):
        cx, cy = at(along, 0.08)
        draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=(22, 22, 24, 255))
        inner = radius * 0.55
        draw.ellipse((cx - inner, cy - inner, cx + inner, cy + inner), fill=(130, 132, 134, 255))


def add_bench(stage: Stage, metres: float, row: float) -> None:
    """Place a bench."""
    draw = stage.draw
    scale, x = stage.ground.pixels_per_metre(row), stage.column(metres, row)
    wood = vary(stage.random, (128, 88, 54))
    _shadow(stage, x, row, 0.9)
    for offset in (-0.65, 0.65):
        leg = x + offset * scale
        draw.rectangle((leg - 3, row - 0.45 * scale, leg + 3, row), fill=(46, 46, 48, 255))
    for up, high in ((0.42, 0.09), (0.62, 0.11), (0.78, 0.11)):
        draw.rectangle(
            (x - 0.85 * scale, row - (up + high) * scale, x + 0.85 * scale, row - up * scale),
            fill=solid(wood),
            outline=solid(darker(wood, 0.6)),
        )


def add_tree(stage: Stage, metres: float, row: float) -> None:
    """Plant a tree; the trunk and the lower leaves show."""
    draw, random = stage.draw, stage.random
    scale, x = stage.ground.pixels_per_metre(row), stage.column(metres, row)
    bark = vary(random, (86, 66, 48), 10)
    wide = (0.11 + 0.08 * random.random()) * scale
    _shadow(stage, x, row, 0.5)
    draw.polygon(
        [
            (x - wide * 1.3, row),
            (x - wide * 0.8, row - 4 * scale),
            (x + wide * 0.8, row - 4 * scale),
            (x + wide * 1.3, row),
        ],
        fill=solid(bark),
    )
    draw.polygon(
        [(x, row), (x, row - 4 * scale), (x + wide * 0.8, row - 4 * scale), (x + wide * 1.3, row)],
        fill=solid(darker(bark, 0.7)),
    )
    leaves = vary(random, (62, 92, 44), 10)
    for _ in range(26):
        cx, cy = x + random.normal(0, 0.8) * scale, row - (3.1 + random.normal(0, 0.35)) * scale
        radius = (0.25 + 0.3 * random.random()) * scale
        draw.ellipse(
            (cx - radius, cy - radius, cx + radius, cy + radius),
            fill=solid(darker(leaves, 0.7 + 0.6 * random.random()), 235),
        )


def add_bin(stage: Stage, metres: float, row: float) -> None:
    """Put up a litter bin."""
    draw = stage.draw
    scale, x = stage.ground.pixels_per_metre(row), stage.column(metres, row)
    paint = vary(stage.random, (52, 86, 64), 20)
    _shadow(stage, x, row, 0.32)
    draw.rounded_rectangle(
        (x - 0.24 * scale, row - 0.85 * scale, x + 0.24 * scale, row), 4, fill=solid(paint)
    )
    draw.rectangle(
        (x - 0.24 * scale, row - 0.70 * scale, x + 0.24 * scale, row - 0.60 * scale),
        fill=solid(darker(paint, 0.4)),
    )
    draw.rectangle(
        (x + 0.08 * scale, row - 0.58 * scale, x + 0.24 * scale, row), fill=solid(darker(paint, 0.75))
    )


def add_lamp(stage: Stage, metres: float, row: float) -> None:
    """Put up a lamp post with a glow at night."""
    draw = stage.draw
    scale, x = stage.ground.pixels_per_metre(row), stage.column(metres, row)
    _shadow(stage, x, row, 0.2)
    draw.rectangle((x - 0.05 * scale, row - 4.2 * scale, x + 0.05 * scale, row), fill=(58, 60, 62, 255))
    draw.rectangle((x - 0.09 * scale, row - 0.7 * scale, x + 0.09 * scale, row), fill=(48, 50, 52, 255))
    if stage.is_night:
        for radius, opacity in ((1.6, 18), (1.1, 26), (0.7, 40), (0.35, 120)):
            reach = radius * scale
            cy = row - 3.4 * scale
            draw.ellipse((x - reach, cy - reach, x + reach, cy + reach), fill=(255, 214, 150, opacity))


def add_planter(stage: Stage, metres: float, row: float) -> None:
    """Place a tub with a bush in it."""
    draw, random = stage.draw, stage.random
    scale, x = stage.ground.pixels_per_metre(row), stage.column(metres, row)
    tub = vary(random, (150, 140, 128), 16)
    _shadow(stage, x, row, 0.55)
    leaves = vary(random, (56, 96, 48), 12)
    for _ in range(22):
        cx, cy = x + random.normal(0, 0.22) * scale, row - (0.75 + random.normal(0, 0.16)) * scale
        radius = (0.10 + 0.10 * random.random()) * scale
        draw.ellipse(
            (cx - radius, cy - radius, cx + radius, cy + radius),
            fill=solid(darker(leaves, 0.7 + 0.6 * random.random())),
        )
    draw.polygon(
        [
            (x - 0.5 * scale, row - 0.5 * scale),
            (x + 0.5 * scale, row - 0.5 * scale),
            (x + 0.42 * scale, row),
            (x - 0.42 * scale, row),
        ],
        fill=solid(tub),
    )


def add_bollards(stage: Stage, metres: float, row: float) -> None:
    """Put up three bollards in a row."""
    draw = stage.draw
    scale = stage.ground.pixels_per_metre(row)
    for number in range(3):
        x = stage.column(metres + 1.1 * number, row)
        _shadow(stage, x, row, 0.15)
        draw.rounded_rectangle(
            (x - 0.08 * scale, row - 0.9 * scale, x + 0.08 * scale, row), 4, fill=(70, 72, 76, 255)
        )
        draw.rectangle(
            (x - 0.08 * scale, row - 0.78 * scale, x + 0.08 * scale, row - 0.68 * scale),
            fill=(220, 220, 215, 255),
        )


def add_machine(stage: Stage, metres: float, row: float) -> None:
    """Place a vending or ticket machine."""
    draw, random = stage.draw, stage.random
    scale, x = stage.ground.pixels_per_metre(row), stage.column(metres, row)
    paint = vary(random, CAR_PAINTS[int(random.integers(len(CAR_PAINTS)))], 24)
    _shadow(stage, x, row, 0.6)
    draw.rectangle(
        (x - 0.5 * scale, row - 1.85 * scale, x + 0.5 * scale, row),
        fill=solid(paint),
        outline=solid(darker(paint, 0.6)),
    )
    screen = (150, 200, 220, 255) if random.random() < 0.5 else (60, 70, 84, 255)
    draw.rectangle((x - 0.38 * scale, row - 1.65 * scale, x + 0.2 * scale, row - 0.85 * scale), fill=screen)
    for number in range(4):
        y = row - (1.6 - 0.18 * number) * scale
        draw.rectangle((x + 0.28 * scale, y, x + 0.42 * scale, y + 0.09 * scale), fill=(220, 214, 200, 255))
    draw.rectangle(
        (x - 0.35 * scale, row - 0.55 * scale, x + 0.35 * scale, row - 0.3 * scale),
        fill=solid(darker(paint, 0.4)),
    )


def add_crates(stage: Stage, metres: float, row: float) -> None:
    """Stack boxes, as before a market stall."""
    draw, random = stage.draw, stage.random
    scale = stage.ground.pixels_per_metre(row)
    for number in range(4):
        wood = vary(random, (168, 132, 86), 20)
        x = stage.column(metres + 0.55 * (number % 3), row)
        up = 0.38 * scale if number == 3 else 0.0
        draw.rectangle(
            (x - 0.26 * scale, row - 0.38 * scale - up, x + 0.26 * scale, row - up),
            fill=solid(wood),
            outline=solid(darker(wood, 0.6)),
            width=2,
        )
        fruit = vary(random, ((190, 60, 40), (220, 160, 40), (90, 140, 50))[int(random.integers(3))], 16)
        for k in range(4):
            cx = x + (k - 1.5) * 0.11 * scale
            draw.ellipse(
                (cx - 0.07 * scale, row - 0.46 * scale - up, cx + 0.07 * scale, row - 0.32 * scale - up),
                fill=solid(fruit),
            )


Item = Callable[[Stage, float, float], None]


def furnish(stage: Stage, items: tuple[Item, ...], count: int) -> None:
    """Place things at random, from the back to the front, most of them behind where people walk.

    Args:
        stage: The background.
        items: Kinds of things.
        count: How many things.
    """
    farthest, nearest = stage.ground.standing_rows()
    far, near = stage.ground.wall_row + 4, farthest + 0.3 * (nearest - farthest)
    rows = sorted(far + (near - far) * float(value) ** 1.6 for value in stage.random.random(count))
    for row in rows:
        half = 800 / stage.ground.pixels_per_metre(row)
        item = items[int(stage.random.integers(len(items)))]
        item(stage, float(stage.random.uniform(-half, half)), row)
