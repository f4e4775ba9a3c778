"""Turn tubes (swept ellipses) into visible picture points with surface coordinates and light."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


class Tube(NamedTuple):
    """An ellipse swept along a path; every part of a figure is one.

    Args:
        surface: Number of the surface, which decides how the tube is painted.
        stations: (K, 5) float, from the top of the part down: x, y, z of the centre, radius to the side,
            radius to the front; metres, in the frame of the body (x to its left, y up, z ahead).
        front: (3,) direction that counts as the front of the ellipse (surface coordinate u = 0).
        is_round: Whether the path and the radii are smoothed between the stations.
        squareness: 1 is an ellipse, smaller is nearer to a rectangle.
        bias: Metres added to the depth when hidden parts are sorted; positive draws over neighbours.
        is_fine: Whether the tube gets the finer of the two grids.
        shade: Light that reaches the inner side (towards the middle of the body), 1 is all.
    """

    surface: int
    stations: Floats
    front: tuple[float, float, float] = (0.0, 0.0, 1.0)
    is_round: bool = True
    squareness: float = 1.0
    bias: float = 0.0
    is_fine: bool = False
    shade: float = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """How the camera sees a figure.

    Args:
        yaw_degrees: 0 looks into the camera, 90 walks to the right of the picture, 180 away from it.
        elevation_degrees: How far the camera looks down.
        distance_metres: From the camera to the figure; small distances enlarge what is near.
        light: (3,) unit vector towards the light, in the frame of the camera (right, up, towards it).
    """

    yaw_degrees: float
    elevation_degrees: float
    distance_metres: float
    light: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Fragments:
    """The visible points of a figure, one row per pixel.

    Args:
        rows: (N,) pixel rows.
        columns: (N,) pixel columns.
        surface: (N,) surface numbers.
        u: (N,) around the tube, in [-0.5, 0.5]: 0 front, 0.25 left, -0.25 right, 0.5 and -0.5 back.
        v: (N,) along the tube, 0 at the first station, 1 at the last.
        key: (N,) light from the lamp or sun, in [0, 1].
        sky: (N,) light from all around, in [0, 1].
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    surface: Integers
    u: Floats
    v: Floats
    key: Floats
    sky: Floats


class Solid(NamedTuple):
    """Tubes as seen by a camera, before the size of the picture is known.

    Args:
        points: (N, 2) metres to the right of and above the point on the ground under the figure.
        depth: (N,) metres towards the camera, with the bias of the tube.
        attributes: (N, 5) the depth again, u, v, key, sky.
        quads: (Q, 4) rows of ``points``.
        surface: (Q,) surface numbers.
        tube: (Q,) ascending numbers of the tubes.
    """

    points: Floats
    depth: Floats
    attributes: Floats
    quads: Integers
    surface: Integers
    tube: Integers


# Rings along a tube and segments around it, coarse and fine.
GRIDS = ((11, 9), (15, 15))


@lru_cache(maxsize=64)
def _station_weights(stations: int, rings: int, is_round: bool) -> Floats:
    """Return (rings, stations) weights that interpolate the stations, by Catmull-Rom where round."""
    position = np.linspace(0, stations - 1, rings)
    first = np.minimum(position.astype(int), stations - 2)
    t = position - first
    if is_round:
        weights = (
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        )
    else:
        weights = (0 * t, 1 - t, t, 0 * t)
    matrix = np.zeros((rings, stations), np.float32)
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        np.add.at(matrix, (np.arange(rings), np.clip(first + offset, 0, stations - 1)), weight)
    return matrix


@lru_cache(maxsize=8)
def _quad_corners(rings: int, segments: int) -> Integers:
    """Return (Q, 4) vertex numbers of one tube, whose seam column is doubled."""
    number = np.arange(rings * (segments + 1), dtype=np.int32).reshape(rings, segments + 1)
    corners = (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1])
    return np.stack([corner.ravel() for corner in corners], axis=1)


@lru_cache(maxsize=8)
def _circle(segments: int) -> tuple[Floats, Floats, Floats]:
    """Return u, sine and cosine around a tube; it starts at the back, so that the seam lies there."""
    u = np.linspace(-0.5, 0.5, segments + 1, dtype=np.float32)
    return u, np.sin(2 * np.pi * u), np.cos(2 * np.pi * u)


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return np.asarray(vectors / np.maximum(length, 1e-6)[..., None], np.float32)


def _cross(first: Floats, second: Floats) -> Floats:
    """Cross product over the last axis; np.cross costs several times as much on small arrays."""
    out = np.empty(np.broadcast_shapes(first.shape, second.shape), np.float32)
    a0, a1, a2 = first[..., 0], first[..., 1], first[..., 2]
    b0, b1, b2 = second[..., 0], second[..., 1], second[..., 2]
    out[..., 0] = a1 * b2 - a2 * b1
    out[..., 1] = a2 * b0 - a0 * b2
    out[..., 2] = a0 * b1 - a1 * b0
    return out


def _sweep(tubes: list[Tube], rings: int, segments: int) -> tuple[Floats, Floats]:
    """Return (T, rings, segments + 1, 3) points and unit normals in the frame of the body."""
    path = np.stack([_station_weights(len(t.stations), rings, t.is_round) @ t.stations for t in tubes])
    centre, radius = path[..., :3], np.maximum(path[..., 3:], 0)
    upward = np.empty_like(centre)
    upward[:, 1:-1] = centre[:, :-2] - centre[:, 2:]
    upward[:, 0] = centre[:, 0] - centre[:, 1]
    upward[:, -1] = centre[:, -2] - centre[:, -1]
    upward = _unit(upward)
    hint = np.array([t.front for t in tubes], np.float32)[:, None]
    side = _unit(_cross(upward, hint))
    front = _cross(side, upward)
    _, sine, cosine = _circle(segments)
    power = np.array([t.squareness for t in tubes], np.float32)[:, None, None]
    across = np.sign(sine) * np.abs(sine) ** power * radius[..., :1]
    ahead = np.sign(cosine) * np.abs(cosine) ** power * radius[..., 1:]
    points = centre[:, :, None] + across[..., None] * side[:, :, None] + ahead[..., None] * front[:, :, None]
    around = np.empty_like(points)
    around[:, :, 1:-1] = points[:, :, 2:] - points[:, :, :-2]
    around[:, :, 0] = around[:, :, -1] = points[:, :, 1] - points[:, :, -2]
    along = np.empty_like(points)
    along[:, 1:-1] = points[:, :-2] - points[:, 2:]
    along[:, 0] = points[:, 0] - points[:, 1]
    along[:, -1] = points[:, -2] - points[:, -1]
    return points, _unit(_cross(around, along))


def _camera_axes(view: View) -> Floats:
    """Return (3, 3), whose rows are the right, up and towards directions of the camera."""
    yaw, elevation = np.radians(view.yaw_degrees), np.radians(view.elevation_degrees)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    sine, cosine = np.sin(elevation), np.cos(elevation)
    nod = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return np.asarray(nod @ turn, np.float32)


def build_solid(tubes: list[Tube], view: View) -> Solid:
    """Sweep the tubes, turn them to the camera and light them.

    Args:
        tubes: Parts of one figure; at least one.
        view: From where it is seen.
    """
    axes = _camera_axes(view)
    points, attributes, quads, surfaces, numbers = [], [], [], [], []
    count = drawn = 0
    for is_fine, (rings, segments) in zip((False, True), GRIDS, strict=True):
        group = [tube for tube in tubes if tube.is_fine is is_fine]
        if not group:
            continue
        body, normals = _sweep(group, rings, segments)
        seen, turned = body @ axes.T, normals @ axes.T
        bias = np.array([tube.bias for tube in group], np.float32)
        points.append(_project(seen, view.distance_metres).reshape(-1, 2))
        values = _light(group, body, normals, turned, view, segments)
        values[..., 0] = seen[..., 2] + bias[:, None, None]
        attributes.append(values.reshape(-1, 5))
        corners = _quad_corners(rings, segments)
        offset = count + np.arange(len(group), dtype=np.int32) * (rings * (segments + 1))
        quads.append((corners + offset[:, None, None]).reshape(-1, 4))
        surfaces.append(np.repeat(np.array([t.surface for t in group], np.int32), len(corners)))
        count += len(group) * rings * (segments + 1)
        numbers.append(np.repeat(np.arange(drawn, drawn + len(group), dtype=np.int32), len(corners)))
        drawn += len(group)
    values = np.concatenate(attributes)
    return Solid(
        np.concatenate(points),
        values[:, 0].copy(),
        values,
        np.concatenate(quads),
        np.concatenate(surfaces),
        np.concatenate(numbers),
    )


def _project(seen: Floats, distance: float) -> Floats:
    scale = distance / np.maximum(distance - seen[..., 2:], 0.2 * distance)
    return np.asarray(seen[..., :2] * scale, np.float32)


def _light(
    group: list[Tube], body: Floats, normals: Floats, turned: Floats, view: View, segments: int
) -> Floats:
    """Return (T, rings, segments + 1, 5): room for the depth, u, v, and the two kinds of light."""
    out = np.empty((*body.shape[:3], 5), np.float32)
    out[..., 1] = _circle(segments)[0]
    out[..., 2] = np.linspace(0, 1, body.shape[1], dtype=np.float32)[:, None]
    lambert = turned @ np.array(view.light, np.float32)
    # Wrapped diffuse light: cloth and skin pass some light around the edge.
    key = np.clip((lambert + 0.25) / 1.25, 0, 1)
    sky = 0.62 + 0.38 * normals[..., 1]
    shade = np.array([tube.shade for tube in group], np.float32)[:, None, None]
    inward = np.clip(-normals[..., 0] * np.sign(body[..., 0]), 0, 1)
    open_air = 1 - (1 - shade) * inward
    out[..., 3] = key * open_air
    out[..., 4] = sky * open_air
    return out


def rasterize(solid: Solid, points: Floats, size: tuple[int, int]) -> Fragments:
    """Find what every pixel shows: each tube is drawn from far to near, then the nearest tube wins.

    Args:
        solid: What to draw.
        points: (N, 2) its vertices in pixels, x to the right and y down.
        size: (height, width) of the picture in pixels.
    """
    corners = points[solid.quads.T]  # (4, Q, 2)
    first, second = corners[2] - corners[0], corners[3] - corners[1]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    visible = np.flatnonzero(area > 1e-3)
    # Tube by tube, and within a tube from far to near.
    a, b, c, d = solid.depth[solid.quads[visible].T]
    visible = visible[np.lexsort((a + b + c + d, solid.tube[visible]))]
    corners = corners[:, visible]
    planes = _Planes(solid, corners, first[visible], second[visible], area[visible], visible)
    outlines = corners.transpose(1, 0, 2).reshape(-1, 8)
    starts = np.flatnonzero(np.diff(solid.tube[visible], prepend=-1))
    boxes = _pixel_boxes(corners, starts, size)
    nearest = np.full(size, -np.inf, np.float32)
    shown = np.zeros(size, np.int32)
    for start, stop, box in zip(starts.tolist(), [*starts[1:].tolist(), len(visible)], boxes, strict=True):
        left, top, right, bottom = box
        if right <= left or bottom <= top:
            continue
        numbers = _draw_quads(outlines[start:stop], start + 1, box)
        near = planes.depth(numbers, left, top)
        wins = near > nearest[top:bottom, left:right]
        np.copyto(nearest[top:bottom, left:right], near, where=wins)
        np.copyto(shown[top:bottom, left:right], numbers, where=wins)
    rows, columns = np.nonzero(shown > 0)
    numbers = shown[rows, columns]
    u, v, key, sky = planes.attributes(numbers, rows, columns)
    return Fragments(rows, columns, solid.surface[visible][numbers - 1], u, v, key, sky)


def _pixel_boxes(corners: Floats, starts: NDArray[np.intp], size: tuple[int, int]) -> list[list[int]]:
    """Return left, top, right and bottom pixel of every tube, inside the picture."""
    a, b, c, d = corners
    low = np.minimum.reduceat(np.minimum(np.minimum(a, b), np.minimum(c, d)), starts, axis=0)
    high = np.maximum.reduceat(np.maximum(np.maximum(a, b), np.maximum(c, d)), starts, axis=0)
    limit = np.array([size[1], size[0]])
    boxes = np.concatenate([np.clip(np.floor(low), 0, limit), np.clip(np.ceil(high) + 1, 0, limit)], axis=1)
    return [[int(value) for value in box] for box in boxes.tolist()]


def _draw_quads(outlines: Floats, first: int, box: list[int]) -> Integers:
    """Return the numbers of the quads in a box of pixels, the later ones over the earlier; 0 is none."""
    left, top, right, bottom = box
    picture = Image.new("I", (right - left, bottom - top))
    polygon = ImageDraw.Draw(picture).polygon
    local = (outlines - np.array([left, top] * 4, np.float32)).tolist()
    for number, outline in enumerate(local, start=first):
        polygon(outline, fill=number)
    return np.asarray(picture)


class _Planes:
    """Depth and attributes over each visible quad as planes, fitted to its two diagonals.

    Quads are numbered from 1; number 0 stands for no quad, which lies infinitely far away.
    """

    def __init__(
        self, solid: Solid, corners: Floats, first: Floats, second: Floats, area: Floats,
        visible: NDArray[np.intp],
    ) -> None:  # fmt: skip
        a, b, c, d = solid.attributes[solid.quads[visible].T]  # (V, 5) each
        scale = 1 / area[:, None]
        along_first, along_second = c - a, d - b
        slope_x = (along_first * second[:, 1:] - along_second * first[:, 1:]) * scale
        slope_y = (along_second * first[:, :1] - along_first * second[:, :1]) * scale
        # A pixel at the rim of a thin quad lies outside it, where a steep plane would run away.
        steepest = np.maximum(np.maximum(a, b), np.maximum(c, d))
        steepest -= np.minimum(np.minimum(a, b), np.minimum(c, d))
        slope_x = np.minimum(np.maximum(slope_x, -steepest), steepest)
        slope_y = np.minimum(np.maximum(slope_y, -steepest), steepest)
        middle = 0.25 * (corners[0] + corners[1] + corners[2] + corners[3])
        base = (a + b + c + d) * 0.25 - slope_x * middle[:, :1] - slope_y * middle[:, 1:]
        self._depth = np.zeros((3, len(visible) + 1), np.float32)
        self._depth[:, 1:] = base[:, 0], slope_x[:, 0], slope_y[:, 0]
        self._depth[0, 0] = -np.inf
        self._rest = np.zeros((len(visible) + 1, 3, 4), np.float32)
        self._rest[1:, 0], self._rest[1:, 1], self._rest[1:, 2] = base[:, 1:], slope_x[:, 1:], slope_y[:, 1:]

    def depth(self, numbers: Integers, left: int, top: int) -> Floats:
        """Return the depth in a box of pixels that shows the given quads."""
        base, slope_x, slope_y = self._depth
        columns = np.arange(left, left + numbers.shape[1], dtype=np.float32)
        rows = np.arange(top, top + numbers.shape[0], dtype=np.float32)[:, None]
        depth = slope_x.take(numbers) * columns
        depth += slope_y.take(numbers) * rows
        depth += base.take(numbers)
        return depth

    def attributes(
        self, numbers: Integers, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Return u, v, key and sky at pixels that show the given quads."""
        table = self._rest.take(numbers, axis=0)  # (N, 3, 4)
        plane = table[:, 1] * columns.astype(np.float32)[:, None]
        plane += table[:, 2] * rows.astype(np.float32)[:, None]
        plane += table[:, 0]
        u, v, key, sky = np.ascontiguousarray(plane.T)
        return np.clip(u, -0.5, 0.5), np.clip(v, 0, 1), np.maximum(key, 0), sky
