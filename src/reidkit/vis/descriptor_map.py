"""Descriptors as points of a plane (t-SNE or UMAP), coloured by identity or camera, or as pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reidkit.core.checks import check_same_length
from reidkit.core.errors import CatalogError, EvaluationError
from reidkit.core.extras import import_extra
from reidkit.core.types import DistanceName, Sample
from reidkit.vis.activation_map import colour
from reidkit.vis.lettering import Lettering
from reidkit.vis.pictures import fit, read_picture
from reidkit.vis.rank_list import text_of

MapMethod = Literal["tsne", "umap"]
ColourBy = Literal["identity", "camera", "picture"]
FEWEST = 5
SIDE, MARGIN = 1400, 48
CATEGORICAL = (
    (11, 98, 168), (217, 115, 13), (26, 127, 100), (168, 50, 125), (107, 91, 210), (122, 106, 0),
    (200, 30, 40), (60, 160, 60), (90, 90, 90), (40, 170, 190),
)  # fmt: skip
MOST_NAMED = len(CATEGORICAL)


def place_descriptors(
    descriptors: NDArray[np.floating], distance: DistanceName, *, method: MapMethod = "tsne", seed: int = 0
) -> NDArray[np.float64]:
    """Return a place (N, 2) in [0, 1] for each descriptor, so that near ones lie near each other.

    Distances between far groups mean nothing in such a map.

    Args:
        descriptors: (N, D), finite.
        distance: Of the model.
        method: "tsne" (scikit-learn) or "umap" (umap-learn).
        seed: Equal seeds give equal maps on one machine.

    Raises:
        CatalogError: an unknown method.
        EvaluationError: fewer than 5 descriptors, or one that is not finite.
        MissingExtraError: the package of the method is not installed.
    """
    if method not in get_args(MapMethod):
        raise CatalogError(f"Unknown map '{method}'. Known: {', '.join(get_args(MapMethod))}.")
    if len(descriptors) < FEWEST or not np.isfinite(descriptors).all():
        raise EvaluationError(
            f"Descriptors cannot be mapped, got {len(descriptors)} of which "
            f"{int((~np.isfinite(descriptors)).any(axis=-1).sum())} are not finite. Expected at least "
            f"{FEWEST} finite ones."
        )
    neighbours = min(30, (len(descriptors) - 1) // 3)
    metric = "sqeuclidean" if distance == "squared-euclidean" else distance
    if method == "tsne":
        manifold = import_extra("sklearn.manifold", extra="analysis", purpose="t-SNE")
        reducer = manifold.TSNE(metric=metric, perplexity=neighbours, init="random", random_state=seed)
    else:
        umap = import_extra("umap", extra="analysis", purpose="UMAP")
        reducer = umap.UMAP(metric=metric, n_neighbors=max(2, neighbours), random_state=seed)
    places = np.asarray(reducer.fit_transform(descriptors.astype(np.float32)), np.float64)
    span = np.ptp(places, axis=0)
    unit: NDArray[np.float64] = (places - places.min(axis=0)) / np.where(span > 0, span, 1)
    return unit


def draw_map(
    places: NDArray[np.float64], samples: Sequence[Sample], *, by: ColourBy = "identity"
) -> Image.Image:
    """Draw samples at their places.

    Args:
        places: (N, 2) in [0, 1].
        samples: The N samples, in order.
        by: "identity" or "camera" draws points, in colours with a legend where there are few values;
            "picture" draws thumbnails, later ones over earlier ones.

    Raises:
        CatalogError: an unknown way.
        ShapeError: another number of samples.
    """
    if by not in get_args(ColourBy):
        raise CatalogError(f"Unknown colouring '{by}'. Known: {', '.join(get_args(ColourBy))}.")
    check_same_length("Samples", samples, len(places))
    canvas = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    spots = [
        (round(MARGIN + x * (SIDE - 2 * MARGIN)), round(MARGIN + y * (SIDE - 2 * MARGIN))) for x, y in places
    ]
    if by == "picture":
        for (x, y), sample in zip(spots, samples, strict=True):
            picture = read_picture(sample)
            if picture is not None:
                small = fit(picture, 64, 64)
                canvas.paste(small, (x - small.width // 2, y - small.height // 2))
        return canvas
    values = [text_of(sample.identity if by == "identity" else sample.camera) for sample in samples]
    names = sorted(set(values))
    colours = dict(zip(names, _colours(len(names)), strict=True))
    pen = ImageDraw.Draw(canvas)
    for (x, y), value in zip(spots, values, strict=True):
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), fill=colours[value], outline=(255, 255, 255))
    if len(names) <= MOST_NAMED:
        letters = Lettering(20)
        for number, name in enumerate(names):
            top = 12 + number * 28
            pen.ellipse((12, top, 26, top + 14), fill=colours[name])
            pen.text(
                (34, top - 4), letters.shorten(f"{by} {name}", 300), fill=(28, 33, 40), font=letters.font
            )
    return canvas


def _colours(count: int) -> list[tuple[int, int, int]]:
    if count <= MOST_NAMED:
        return list(CATEGORICAL[:count])
    levels = colour(np.linspace(0, 0.95, count))
    # Neighbours in the alphabet should not look alike.
    order = np.argsort(np.arange(count) * 0.618034 % 1)
    return [tuple(levels[place].tolist()) for place in order]


def as_rows(places: NDArray[np.float64], samples: Sequence[Sample]) -> list[dict[str, str | float | None]]:
    """Return the map as data: path, identity, camera and place of each sample."""
    return [
        {
            "path": str(Path(sample.path)),
            "identity": text_of(sample.identity),
            "camera": None if sample.camera is None else text_of(sample.camera),
            "x": round(float(x), 6),
            "y": round(float(y), 6),
        }
        for (x, y), sample in zip(places, samples, strict=True)
    ]
