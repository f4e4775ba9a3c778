"""Patterns and logos on cloth, as masks over surface coordinates."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reidkit.synthetic.person.mesh import Floats

Mask = NDArray[np.bool_]
Level = NDArray[np.uint8]


def _noise_texture(size: int = 128) -> Floats:
    """Return a tileable (size, size) smooth noise with mean 0 and about unit spread."""
    random = np.random.Generator(np.random.PCG64(20190501))
    spectrum = np.fft.rfft2(random.standard_normal((size, size)))
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]) * size
    spectrum *= np.where(frequency > 0, 1 / (1 + (frequency / 5) ** 1.6), 0)
    noise = np.fft.irfft2(spectrum, (size, size))
    return np.asarray(noise / noise.std(), np.float32)


_NOISE = _noise_texture()


def _fold_texture(size: int = 128) -> Floats:
    """Return a tileable relief of folded cloth lit from the upper left, mean 0 and about unit spread."""
    row, column = np.mgrid[:size, :size]
    warp = (_NOISE * size * 0.035).astype(int)
    bent = _NOISE[(row + warp) % size, (column * 2 + warp) % size]
    height = np.abs(bent) ** 0.8 + 0.5 * _NOISE
    slope = np.roll(height, 2, axis=0) - np.roll(height, -2, axis=0)
    slope += 0.6 * (np.roll(height, 2, axis=1) - np.roll(height, -2, axis=1))
    slope = slope.clip(-3 * slope.std(), 3 * slope.std())
    return np.asarray(slope / slope.std(), np.float32)


_FOLDS = _fold_texture()


def fold_relief(x: Floats, y: Floats) -> Floats:
    """Return the relief of folded cloth, mean 0 and about unit spread; it repeats as `smooth_noise` does."""
    size = len(_FOLDS)
    column = (x * size).astype(np.int32) & (size - 1)
    row = (y * size).astype(np.int32) & (size - 1)
    return np.asarray(_FOLDS[row, column])


def smooth_noise(x: Floats, y: Floats) -> Floats:
    """Return smooth noise of mean 0 and about unit spread; it repeats over every unit of x and y.

    Args:
        x: (N,) place; a unit spans about five bumps.
        y: (N,) place.
    """
    size = len(_NOISE)
    column = (x * size).astype(np.int32) & (size - 1)
    row = (y * size).astype(np.int32) & (size - 1)
    return np.asarray(_NOISE[row, column])


def creases(u: Floats, v: Floats, folds: float, strength: float, across: float, along: float) -> Floats:
    """Return the relief of folds around 1; the scales say how many bumps lie across and along, in fives."""
    return np.asarray(1 + strength * fold_relief(u * across + folds, v * along + 0.37 * folds), np.float32)


def pattern_level(pattern: str, u: Floats, v: Floats, girth: float, length: float) -> Level:
    """Return which colour of a pattern shows: 0 the base, 1 the second, 2 the mix of both.

    Args:
        pattern: Name of the pattern, ``"plain"`` for none.
        u: (N,) around the surface, a whole turn is 1.
        v: (N,) along the surface, the whole length is 1.
        girth: Metres around the surface.
        length: Metres along the surface.
    """
    if pattern in ("plain", "none"):
        return np.zeros(len(u), np.uint8)
    return _PATTERNS[pattern](u, v, girth, length)


def _stripes(position: Floats, period: float, share: float) -> Mask:
    phase = position / period
    return np.asarray(phase - np.floor(phase) < share)


def _turns(girth: float, width: float) -> int:
    """Return how many repeats of about ``width`` metres fit around, so that the seam does not show."""
    return max(2, round(girth / width))


def _bands(u: Floats, v: Floats, girth: float, length: float) -> Level:
    return _stripes(v * length, 0.085, 0.45).astype(np.uint8)


def _pinstripes(u: Floats, v: Floats, girth: float, length: float) -> Level:
    return _stripes(u * _turns(girth, 0.062), 1.0, 0.34).astype(np.uint8)


def _checks(u: Floats, v: Floats, girth: float, length: float) -> Level:
    across = _stripes(u * _turns(girth, 0.10), 1.0, 0.5)
    along = _stripes(v * length, 0.10, 0.5)
    return np.where(across & along, 1, np.where(across | along, 2, 0)).astype(np.uint8)


def _dots(u: Floats, v: Floats, girth: float, length: float) -> Level:
    row = v * length / 0.062
    line = np.floor(row)
    column = u * _turns(girth, 0.072) + 0.5 * (line % 2)
    inside = (column - np.floor(column) - 0.5) ** 2 + (row - line - 0.5) ** 2 < 0.085
    return np.asarray(inside, np.uint8)


def _blocks(u: Floats, v: Floats, girth: float, length: float) -> Level:
    return (v * length < 0.30 * min(length, 0.75) + 0.02).astype(np.uint8)


def _camouflage(u: Floats, v: Floats, girth: float, length: float) -> Level:
    noise = smooth_noise(u * 1.0 + 0.3, v * length * 0.9)
    return np.where(noise > 0.65, 1, np.where(noise < -0.55, 2, 0)).astype(np.uint8)


_PATTERNS: dict[str, Callable[[Floats, Floats, float, float], Level]] = {
    "bands": _bands,
    "pinstripes": _pinstripes,
    "checks": _checks,
    "dots": _dots,
    "blocks": _blocks,
    "camouflage": _camouflage,
}


def logo_mask(logo: str, x: Floats, y: Floats) -> Mask:
    """Return where a logo of unit radius shows.

    Args:
        logo: Name of the shape.
        x: (N,) to the right of its centre, in radii.
        y: (N,) below its centre, in radii.
    """
    return _LOGOS[logo](x, y)


def _star(x: Floats, y: Floats) -> Mask:
    angle = np.arctan2(x, -y)
    spike = np.abs((angle / (2 * np.pi) * 5 + 0.5) % 1.0 - 0.5) * 2
    return np.asarray(np.hypot(x, y) < 1.1 - 0.65 * spike)


def _heart(x: Floats, y: Floats) -> Mask:
    down = y + 0.15
    return np.asarray(x * x + (1.15 * -down - 0.75 * np.sqrt(np.abs(x))) ** 2 < 0.80)


def _letters(x: Floats, y: Floats) -> Mask:
    inside = (np.abs(x) < 1.5) & (np.abs(y) < 0.48)
    cell = (x + 1.5) / 0.6
    place = cell - np.floor(cell)
    bar = (np.abs(y) < 0.14) & ((np.floor(cell).astype(np.int32) & 1) == 0)
    return np.asarray(inside & ((place < 0.38) | (bar & (place < 0.8))))


_LOGOS: dict[str, Callable[[Floats, Floats], Mask]] = {
    "disc": lambda x, y: x * x + y * y < 1,
    "ring": lambda x, y: np.abs(np.hypot(x, y) - 0.8) < 0.27,
    "square": lambda x, y: np.maximum(np.abs(x), np.abs(y)) < 0.85,
    "triangle": lambda x, y: (y < 0.75) & (np.abs(x) < (y + 1.0) * 0.58),
    "cross": lambda x, y: (np.minimum(np.abs(x), np.abs(y)) < 0.28) & (np.maximum(np.abs(x), np.abs(y)) < 1),
    "bar": lambda x, y: (np.abs(x) < 1.6) & (np.abs(y) < 0.36),
    "letters": _letters,
    "star": _star,
    "heart": _heart,
}
LOGOS = tuple(_LOGOS)
