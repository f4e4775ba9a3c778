"""PA-100K: 100 000 images of people with 26 attributes, and without identities."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.lists import check_listed_images
from reidkit.data.readers.matlab import read_matlab
from reidkit.data.readers.matlab_values import cell_values

# Every image counts as an identity of its own, so there are as many of the one as of the other.
_TEST = SplitCounts(identities=10000, images=10000)

PA100K = Benchmark(
    name="pa100k",
    title="PA-100K",
    kind="person",
    reference=(
        "Liu, Zhao, Tian, Sheng, Shao, Yi, Yan, Wang, HydraPlus-Net: Attentive Deep Features for Pedestrian "
        "Analysis, ICCV 2017"
    ),
    how_to_obtain=(
        "How to obtain it: follow the link on the page of its authors, github.com/xh-liu/HydraPlus-Net, "
        "unpack the archives into one folder with annotation.mat, and give it; reidkit downloads no images "
        "of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    counts={"train": SplitCounts(identities=80000, images=80000), "query": _TEST, "gallery": _TEST},
    protocol="no-camera",
)

_ANNOTATIONS = ("annotation.mat", "annotation/annotation.mat")
# As people unpack them, the deepest first: the archive holds release_data/ in release_data/.
_IMAGES = (
    "data/release_data/release_data",
    "data/release_data",
    "data",
    "release_data/release_data",
    "release_data",
)
_LAYOUT = Layout(
    title=PA100K.title,
    alternatives=tuple(
        (annotation, images) for annotation in _ANNOTATIONS for images in ("release_data/", "data/")
    ),
    name_hint="pa100k",
    how_to_obtain=PA100K.how_to_obtain,
)
_TESTED = {"test": "test", "validation": "val"}
_NAME = re.compile(r"(?P<number>[0-9]+)\.jpg")


def read_pa100k(root: Path, *, tested: str = "test") -> DatasetSplits:
    """Read the PA-100K images and annotations in place.

    The data set is for learning attributes, not for re-identification: who is shown was never published,
    and images of one person are in several of its parts. The identity of a sample is therefore the number
    of its image, ``000001.jpg`` being 1: each image is its own identity and nothing matches anything.
    Attributes can be learned and judged; a retrieval cannot, and an evaluation of one says so.

    Every sample has the 26 attributes of the annotations as numbers, 0 or 1, under the names that they have
    there (``"Female"``, ``"Age18-60"``, ``"Skirt&Dress"``). Cameras are unknown. Query and gallery are both
    all images of the tested part; the other part is left out.

    Args:
        root: The folder that holds ``annotation.mat`` (or ``annotation/annotation.mat``) and the images
            below ``release_data/`` or ``data/``; or a folder up to two levels above.
        tested: Which part is query and gallery: "test" or "validation", 10 000 images each.

    Raises:
        CatalogError: unknown ``tested``.
        DatasetError: the files are not found, the annotations are damaged or of another form, or an image
            of theirs does not exist.
        MissingExtraError: SciPy is not installed.
    """
    if tested not in _TESTED:
        raise CatalogError(f"tested is unknown, got {tested!r}. Expected {' or '.join(_TESTED)}.")
    folder, notes = find_root(_LAYOUT, root)
    path = next(folder / name for name in _ANNOTATIONS if (folder / name).is_file())
    images = next(folder / name for name in _IMAGES if (folder / name).is_dir())
    keys = [f"{part}_{what}" for part in ("train", "val", "test") for what in ("images_name", "label")]
    table = read_matlab(PA100K.title, path, ["attributes", *keys])
    train = _read_part(path, images, table, "train")
    test = _read_part(path, images, table, _TESTED[tested])
    check_listed_images(PA100K.title, path, [sample.path for sample in (*train, *test)])
    notes += (
        "Identities: unknown, each image counts as one of its own. Attributes can be learned and judged, a "
        "retrieval cannot.",
    )
    return PA100K.splits(folder, train=train, query=test, gallery=test, notes=notes)


def _read_part(path: Path, images: Path, table: dict[str, Any], part: str) -> tuple[Sample, ...]:
    try:
        attributes = [str(name) for name in cell_values(table["attributes"])]
        names = [str(name) for name in cell_values(table[f"{part}_images_name"])]
        rows: list[list[int]] = [[int(value) for value in row] for row in table[f"{part}_label"]]
        return _build_samples(images, attributes, names, rows)
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"Annotations of PA-100K have another form, got {path} ({error}). Expected for each image of "
            f"'{part}' a name such as 000001.jpg and one number per attribute. Take the file of the "
            f"original archive."
        ) from error


def _build_samples(
    images: Path, attributes: Sequence[str], names: Sequence[str], rows: Sequence[Sequence[int]]
) -> tuple[Sample, ...]:
    """Return the samples sorted by name.

    Raises:
        ValueError: a name of another form, or not one row per name or one value per attribute.
    """
    samples = []
    for name, row in sorted(zip(names, rows, strict=True)):
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"the image name {name!r}")
        values = dict(zip(attributes, row, strict=True))
        samples.append(Sample((images / name,), int(match["number"]), attributes=values))
    return tuple(samples)
