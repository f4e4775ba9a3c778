"""Occluded-REID: 200 people, five images behind something and five of the whole body each."""

from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.occluded.query_and_gallery import read_query_and_gallery

OCCLUDED_REID = Benchmark(
    name="occluded_reid",
    title="Occluded-REID",
    kind="person",
    reference="Zhuo, Chen, Lai, Wang, Occluded Person Re-Identification, ICME 2018",
    how_to_obtain=(
        "How to obtain it: sign the agreement on the page ICME2018_Occluded-Person-Reidentification_datasets "
        "of its authors (Jiaxuan Zhuo and others), send it to them, unpack Occluded_REID, and give that "
        "folder; reidkit downloads no images of people."
    ),
    terms="For non-commercial purposes only, under an agreement to be signed.",
    counts={
        "query": SplitCounts(identities=200, images=1000),
        "gallery": SplitCounts(identities=200, images=1000),
    },
    protocol="no-camera",
)

# As its authors name the two folders, and as FastReID does.
_FOLDERS = (("occluded_body_images", "whole_body_images"), ("query", "gallery"))


def read_occluded_reid(root: Path) -> DatasetSplits:
    """Read Occluded-REID: hidden people are searched among whole ones; there is nothing to learn from.

    Both forms are understood: one folder per person below ``occluded_body_images/`` and
    ``whole_body_images/``, as its authors give it, and all images right in ``query/`` and ``gallery/``, as
    FastReID has it. Identities are the numbers that the file names begin with; cameras are unknown.

    Args:
        root: The folder with these two, one of them, or a folder up to two levels above.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    return read_query_and_gallery(OCCLUDED_REID, root, _FOLDERS, name_hint="occludedreid")
