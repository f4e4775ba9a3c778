"""Partial-REID: 60 people, five images of a part of the body and five of the whole each."""

from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.occluded.query_and_gallery import read_query_and_gallery

PARTIAL_REID = Benchmark(
    name="partial_reid",
    title="Partial-REID",
    kind="person",
    reference="Zheng, Li, Xiang, Liao, Lai, Gong, Partial Person Re-Identification, ICCV 2015",
    how_to_obtain=(
        "How to obtain it: get Partial-REID_Dataset.rar from the Intelligence Science and System Lab of Sun "
        "Yat-sen University (Wei-Shi Zheng), unpack it, and give the folder with partial_body_images and "
        "whole_body_images; reidkit downloads no images of people."
    ),
    terms="Published for research; ask its authors before any other use.",
    counts={
        "query": SplitCounts(identities=60, images=300),
        "gallery": SplitCounts(identities=60, images=300),
    },
    protocol="no-camera",
)


def read_partial_reid(root: Path, *, occluded_queries: bool = False) -> DatasetSplits:
    """Read Partial-REID: parts of people are searched among whole ones; there is nothing to learn from.

    Identities are the numbers that the file names begin with; cameras are unknown.

    Args:
        root: The folder with ``partial_body_images/`` and ``whole_body_images/``, one of these, or a folder
            up to two levels above.
        occluded_queries: Whether the queries are the images of ``occluded_body_images/``, which show what
            hides the person too, and not those cut down to what is seen of the person.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    queries = "occluded_body_images" if occluded_queries else "partial_body_images"
    counts = dict(PARTIAL_REID.counts)
    notes: tuple[str, ...] = ()
    if occluded_queries:
        del counts["query"]
        notes = (f"Queries are the images of {queries}/: compare scores with those of the same ones only.",)
    return read_query_and_gallery(
        PARTIAL_REID,
        root,
        ((queries, "whole_body_images"),),
        name_hint="partialreid",
        notes=notes,
        counts=counts,
    )
