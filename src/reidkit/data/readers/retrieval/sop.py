"""Stanford Online Products: 22634 products of 12 categories, of which the second half is searched for."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.lists import check_listed_images, match_lines

_TEST = SplitCounts(identities=11316, images=60502)

SOP = Benchmark(
    name="sop",
    title="Stanford Online Products",
    kind="product",
    reference=(
        "Oh Song, Xiang, Jegelka, Savarese, Deep Metric Learning via Lifted Structured Feature Embedding, "
        "CVPR 2016"
    ),
    how_to_obtain=(
        "How to obtain it: get Stanford_Online_Products.zip from the project page of its authors at "
        "cvgl.stanford.edu, unpack it, and give the folder; reidkit downloads no data sets."
    ),
    terms="For research; the images come from eBay, and their sellers keep the rights in them.",
    counts={"train": SplitCounts(identities=11318, images=59551), "query": _TEST, "gallery": _TEST},
    protocol="no-camera",
)

_LAYOUT = Layout(
    title=SOP.title,
    alternatives=(("Ebay_train.txt", "Ebay_test.txt"),),
    name_hint="stanfordonlineproducts",
    how_to_obtain=SOP.how_to_obtain,
)
_LINE = re.compile(r"[0-9]+\s+(?P<identity>[0-9]+)\s+[0-9]+\s+(?P<image>(?P<category>[^/\s]+)/\S+)")
_FORM = "<number> <product> <category> <path>"


def read_sop(root: Path) -> DatasetSplits:
    """Read the Stanford Online Products archive in place.

    The identity is the product, 1 to 22634, as in the lists; the attribute ``category`` is the name of its
    folder without ``_final``, such as ``"bicycle"``. The products of ``Ebay_train.txt`` are learned from;
    those of ``Ebay_test.txt`` are judged leave-one-out: every image is searched among all the others.
    Cameras are unknown.

    Args:
        root: The folder that holds ``Ebay_train.txt`` and ``Ebay_test.txt``; or a folder up to two levels
            above.

    Raises:
        DatasetError: the lists are not found, have a line of another form, or name an image that does not
            exist.
    """
    folder, notes = find_root(_LAYOUT, root)
    train = _read_list(folder, "Ebay_train.txt")
    test = _read_list(folder, "Ebay_test.txt")
    return SOP.splits(folder, train=train, query=test, gallery=test, notes=notes)


def _read_list(folder: Path, name: str) -> tuple[Sample, ...]:
    lines = match_lines(SOP.title, folder / name, _LINE, _FORM, heading_lines=1)
    samples = tuple(
        Sample(
            (folder / line["image"],),
            int(line["identity"]),
            attributes={"category": line["category"].removesuffix("_final")},
        )
        for line in sorted(lines, key=lambda line: (int(line["identity"]), line["image"]))
    )
    check_listed_images(SOP.title, folder / name, [sample.path for sample in samples])
    return samples
