"""Partial-iLIDS: 119 people of QMUL i-LIDS, one image cut down to a part of the body and one whole each."""

from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.occluded.query_and_gallery import read_query_and_gallery

PARTIAL_ILIDS = Benchmark(
    name="partial_ilids",
    title="Partial-iLIDS",
    kind="person",
    reference="Zheng, Li, Xiang, Liao, Lai, Gong, Partial Person Re-Identification, ICCV 2015",
    how_to_obtain=(
        "How to obtain it: follow the link to the partial data sets in the project PartialReID of FastReID, "
        "unpack them, and give the folder with query and gallery (or Probe and Gallery); reidkit downloads "
        "no images of people."
    ),
    terms=(
        "Published for research; the footage is of the i-LIDS data of the British Home Office, so ask before "
        "any other use."
    ),
    counts={
        "query": SplitCounts(identities=119, images=119),
        "gallery": SplitCounts(identities=119, images=119),
    },
    protocol="no-camera",
)

# As FastReID, the authors of deep spatial feature reconstruction, and PVPM name the two folders.
_FOLDERS = (("query", "gallery"), ("Probe", "Gallery"), ("partial_body_images", "whole_body_images"))


def read_partial_ilids(root: Path) -> DatasetSplits:
    """Read Partial-iLIDS: parts of people are searched among whole ones; there is nothing to learn from.

    Identities are the numbers that the file names begin with; cameras are unknown.

    Args:
        root: The folder with ``query/`` and ``gallery/``, or ``Probe/`` and ``Gallery/``, one of these, or a
            folder up to two levels above.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    return read_query_and_gallery(PARTIAL_ILIDS, root, _FOLDERS, name_hint="partialilids")
