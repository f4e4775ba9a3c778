"""CUB-200-2011: birds of 200 species, of which the second half is searched for."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root, skipped_notes
from reidkit.data.readers.listing import list_folder, list_tree
from reidkit.data.readers.retrieval.class_halves import divide_classes

_TEST = SplitCounts(identities=100, images=5924)

CUB200 = Benchmark(
    name="cub200",
    title="CUB-200-2011",
    kind="animal",
    reference=(
        "Wah, Branson, Welinder, Perona, Belongie, The Caltech-UCSD Birds-200-2011 Dataset, California "
        "Institute of Technology, technical report CNS-TR-2011-001, 2011"
    ),
    how_to_obtain=(
        "How to obtain it: get CUB_200_2011.tgz from its page at data.caltech.edu, unpack it, and give the "
        "folder; reidkit downloads no data sets."
    ),
    terms="For non-commercial research and teaching; the photographers keep the rights in their images.",
    counts={"train": SplitCounts(identities=100, images=5864), "query": _TEST, "gallery": _TEST},
    protocol="no-camera",
)

_LAYOUT = Layout(
    title=CUB200.title,
    alternatives=(("images/", "images.txt"), ("images/001.Black_footed_Albatross/",)),
    name_hint="cub",
    how_to_obtain=CUB200.how_to_obtain,
)
_CLASS_FOLDER = re.compile(r"(?P<number>[0-9]{3})\.(?P<name>.+)")
_LAST_TRAIN_CLASS = 100


def read_cub200(root: Path) -> DatasetSplits:
    """Read the CUB-200-2011 archive in place, divided as deep metric learning does.

    The identity is the species, 1 to 200, as in the names of the class folders; the attribute ``name`` is
    its name there. Species 1 to 100 are learned from. The others are judged leave-one-out: every image is
    searched among all the others. Images are read whole, without the boxes of the archive; its own division
    into train and test images, which share the species, is not used. Cameras are unknown.

    Args:
        root: The folder that holds ``images/`` with a folder per species; or ``images/`` itself; or a folder
            up to two levels above.

    Raises:
        DatasetError: the folders are not found, or one half of the species has no image.
    """
    folder, notes = find_root(_LAYOUT, root)
    top = list_folder(folder / "images")
    others = [*top.images, *top.others]
    classes: dict[int, list[Sample]] = {}
    for below in top.folders:
        match = _CLASS_FOLDER.fullmatch(below.name)
        content = list_tree(below)
        others += content.others if match else (*content.images, *content.others)
        if match:
            number, attributes = int(match["number"]), {"name": match["name"]}
            samples = [Sample((image,), number, attributes=attributes) for image in content.images]
            classes.setdefault(number, []).extend(samples)
    train, test = divide_classes(CUB200.title, folder, classes, _LAST_TRAIN_CLASS)
    notes += skipped_notes(folder / "images", others, "no images in a folder named <class>.<name>")
    return CUB200.splits(folder, train=train, query=test, gallery=test, notes=notes)
