"""DeepFashion In-shop Clothes Retrieval: photographs of clothes in a shop, several of each item."""

import re
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.lists import check_listed_images, match_lines

INSHOP = Benchmark(
    name="inshop",
    title="DeepFashion In-shop",
    kind="product",
    reference=(
        "Liu, Luo, Qiu, Wang, Tang, DeepFashion: Powering Robust Clothes Recognition and Retrieval with Rich "
        "Annotations, CVPR 2016"
    ),
    how_to_obtain=(
        "How to obtain it: get the In-shop Clothes Retrieval Benchmark from the DeepFashion page of its "
        "authors (mmlab.ie.cuhk.edu.hk/projects/DeepFashion.html), sign their agreement where they ask for "
        "it, unpack Img/img.zip in Img/, and give the folder; reidkit downloads no images of people."
    ),
    terms="For non-commercial research only, under the agreement of its authors; do not pass it on.",
    counts={
        "train": SplitCounts(identities=3997, images=25882),
        "query": SplitCounts(identities=3985, images=14218),
        "gallery": SplitCounts(identities=3985, images=12612),
    },
    protocol="no-camera",
)

_LISTS = ("Eval/list_eval_partition.txt", "list_eval_partition.txt")
_IMAGES = ("Img", ".")  # what the paths of the list, which start with img/, are relative to
_LAYOUT = Layout(
    title=INSHOP.title,
    alternatives=tuple((name, f"{folder}/") for name in _LISTS for folder in ("Img", "img")),
    name_hint="shop",
    how_to_obtain=INSHOP.how_to_obtain,
)
_LINE = re.compile(r"(?P<image>\S+)\s+id_(?P<identity>[0-9]+)\s+(?P<split>train|query|gallery)")
_FORM = "<image> id_<item> <train, query or gallery>"
_HEADING_LINES = 2  # how many images there are, and the names of the columns


def read_inshop(root: Path) -> DatasetSplits:
    """Read the In-shop Clothes Retrieval archive in place.

    The identity is the item, an integer as in ``id_00000002``. Train, query and gallery are those of
    ``list_eval_partition.txt``. Cameras are unknown.

    Args:
        root: The folder that holds ``Img/`` and ``Eval/list_eval_partition.txt``, which may also lie beside
            ``Img/``; or ``Img/`` itself; or a folder up to two levels above.

    Raises:
        DatasetError: the list or the images are not found, the list has a line of another form or no image
            of a split, or a listed image does not exist.
    """
    folder, notes = find_root(_LAYOUT, root)
    path = next(folder / name for name in _LISTS if (folder / name).is_file())
    lines = match_lines(INSHOP.title, path, _LINE, _FORM, heading_lines=_HEADING_LINES)
    first = lines[0]["image"]
    base = next((folder / name for name in _IMAGES if (folder / name / first).is_file()), folder / _IMAGES[0])
    splits = {
        split: tuple(
            Sample((base / line["image"],), int(line["identity"]))
            for line in sorted(lines, key=lambda line: line["image"])
            if line["split"] == split
        )
        for split in ("train", "query", "gallery")
    }
    empty = [split for split, samples in splits.items() if not samples]
    if empty:
        raise DatasetError(
            f"DeepFashion In-shop is not complete, got no image for {' and '.join(empty)} in {path}. "
            f"Expected images for train, query and gallery. Take the file of the original archive."
        )
    check_listed_images(
        INSHOP.title, path, [sample.path for samples in splits.values() for sample in samples]
    )
    return INSHOP.splits(
        folder, train=splits["train"], query=splits["query"], gallery=splits["gallery"], notes=notes
    )
