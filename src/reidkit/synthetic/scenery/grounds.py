"""Grounds of the backgrounds: paving, asphalt, grass, tiles, seen in perspective."""

import numpy as np

from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.scenery.stage import Paint, Stage, joints, line, mottle, vary


def _flat(colour: Paint, x: Floats) -> Floats:
    return np.broadcast_to(np.array(colour, np.float32), (*x.shape, 3)).copy()


def _blend(base: Floats, colour: Paint, share: Floats) -> Floats:
    return np.asarray(base + (np.array(colour, np.float32) - base) * share[..., None], np.float32)


def paint_slabs(stage: Stage, colour: Paint, size: float = 0.6) -> None:
    """Pave with square slabs, each of a slightly different grey."""
    x, z, pixel, top = stage.ground_places()
    shift = 0.5 * size * (np.floor(z / size) % 2)
    cell = np.sin(np.floor((x + shift) / size) * 12.9 + np.floor(z / size) * 78.2) * 43758.5
    tone = 0.93 + 0.12 * (cell - np.floor(cell))
    gaps = np.maximum(joints(x + shift, size, 0.03, pixel), joints(z, size, 0.03, pixel * 1.4))
    shade = tone * mottle(x * 0.11, z * 0.11, 0.07) * (1 - 0.4 * gaps)
    stage.paste(_flat(colour, x) * shade[..., None], top)


def paint_kerb(stage: Stage, road: Paint, kerb_at: float) -> None:
    """Lay a road behind the pavement, from the wall up to ``kerb_at`` of the way to the people."""
    x, z, pixel, top = stage.ground_places()
    far, near = float(z[0, 0]), float(z[-1, 0])
    edge = far + (near - far) * kerb_at
    pixels = np.asarray(stage.image, np.float32)[top:].copy()
    tar = _flat(road, x) * mottle(x * 0.2, z * 0.2, 0.10)[..., None]
    dashes = line(z - (far + edge) / 2, 0.14, pixel) * ((x * 0.4) % 1 < 0.5)
    tar = _blend(tar, (225, 225, 215), dashes * 0.8)
    behind = np.broadcast_to(z > edge, x.shape)
    pixels[behind] = tar[behind]
    pixels = _blend(pixels, (165, 165, 160), np.broadcast_to(line(z - edge, 0.22, pixel), x.shape))
    stage.paste(pixels, top)


def paint_asphalt(stage: Stage, colour: Paint, *, zebra: bool = False, bays: bool = False) -> None:
    """Lay asphalt, with the stripes of a crossing or of parking bays."""
    x, z, pixel, top = stage.ground_places()
    base = _flat(colour, x) * mottle(x * 0.23, z * 0.23, 0.12)[..., None]
    grain = stage.random.standard_normal(x.shape, dtype=np.float32)
    base *= (1 + 0.06 * grain)[..., None]
    white = (226.0, 226.0, 220.0)
    if zebra:
        stripes = np.clip((np.abs((x / 1.1) % 1 - 0.5) - 0.25) * 1.1 / pixel + 0.5, 0, 1)
        middle = 0.5 * float(z[0, 0] + z[-1, 0])
        base = _blend(base, white, stripes * (np.abs(z - middle) < 0.30 * float(z[0, 0] - z[-1, 0])) * 0.85)
    if bays:
        base = _blend(base, white, joints(x + 0.25 * z, 2.6, 0.11, pixel) * 0.8)
    stage.paste(base, top)


def paint_grass(stage: Stage, colour: Paint, path: Paint) -> None:
    """Grow a lawn with a path of gravel across it."""
    x, z, _, top = stage.ground_places()
    random = stage.random
    blades = random.standard_normal(x.shape, dtype=np.float32)
    base = _flat(colour, x) * (mottle(x * 0.25, z * 0.25, 0.16) * (1 + 0.10 * blades))[..., None]
    middle = float(z[-1, 0]) + (0.35 + 0.3 * random.random()) * float(z[0, 0] - z[-1, 0])
    bend = 0.5 * np.sin(x * 0.35 + 6 * random.random()) + 0.15 * np.sin(x * 1.9)
    width = 1.5 + random.random()
    on_path = np.clip((width - np.abs(z - middle - bend)) / 0.25, 0, 1)
    gravel = _flat(path, x) * (1 + 0.09 * random.standard_normal(x.shape, dtype=np.float32))[..., None]
    base += (gravel - base) * on_path[..., None]
    stage.paste(base, top)


def paint_tiles(stage: Stage, first: Paint, second: Paint, size: float, gloss: float) -> None:
    """Lay a polished floor of two tiles, which mirrors the wall a little."""
    x, z, pixel, top = stage.ground_places()
    odd = (np.floor(x / size) + np.floor(z / size)) % 2
    base = _flat(first, x) + (np.array(second, np.float32) - np.array(first, np.float32)) * odd[..., None]
    gaps = np.maximum(joints(x, size, 0.02, pixel), joints(z, size, 0.02, pixel * 1.4))
    base *= (mottle(x * 0.1, z * 0.1, 0.04) * (1 - 0.25 * gaps))[..., None]
    wall = np.asarray(stage.image, np.float32)[:top]
    if len(wall) > 8:
        depth = min(len(wall), len(base))
        mirror = wall[::-1][:depth]
        share = gloss * np.linspace(1, 0.1, depth, dtype=np.float32)[:, None, None]
        base[:depth] += (mirror - base[:depth]) * share
    stage.paste(base, top)


def paint_platform(stage: Stage, colour: Paint, mark: Paint, mark_at: float) -> None:
    """Pour a platform of concrete with a marked edge and a row of studs."""
    x, z, pixel, top = stage.ground_places()
    shade = mottle(x * 0.14, z * 0.14, 0.08) * (1 - 0.3 * joints(x, 2.4, 0.03, pixel))
    base = np.asarray(_flat(colour, x) * shade[..., None], np.float32)
    place = float(z[0, 0]) + (float(z[-1, 0]) - float(z[0, 0])) * mark_at
    base = _blend(base, mark, np.broadcast_to(line(z - place, 0.28, pixel), x.shape))
    studs = line(z - place + 0.55, 0.35, pixel) * (0.42 + 0.28 * joints(x, 0.18, 0.09, pixel))
    base = _blend(base, vary(stage.random, (190, 175, 110)), studs)
    stage.paste(base, top)


def paint_concrete(stage: Stage, colour: Paint) -> None:
    """Pour concrete with stains, cracks and wide joints."""
    x, z, pixel, top = stage.ground_places()
    gaps = np.maximum(joints(x, 3.0, 0.04, pixel), joints(z, 3.0, 0.04, pixel * 1.4))
    stains = np.asarray(mottle(x * 0.16 + 0.4, z * 0.16, 0.16) * (1 - 0.35 * gaps), np.float32)
    stage.paste(_flat(colour, x) * stains[..., None], top)
