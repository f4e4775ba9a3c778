"""P-DukeMTMC-reID: 1299 people of DukeMTMC-reID who were seen both hidden and whole."""

from pathlib import Path

from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.occluded.query_and_gallery import read_identity_images

P_DUKEMTMC = Benchmark(
    name="p_dukemtmc",
    title="P-DukeMTMC-reID",
    kind="person",
    reference="Zhuo, Chen, Lai, Wang, Occluded Person Re-Identification, ICME 2018",
    how_to_obtain=(
        "How to obtain it: there is no source any more, since DukeMTMC was taken back in 2019; who still has "
        "it gives the folder with train and test; reidkit downloads no images of people."
    ),
    terms="Not for new work: DukeMTMC was taken back over the privacy of the people it shows.",
    counts={
        "train": SplitCounts(identities=665, images=12927),
        "query": SplitCounts(identities=634, images=2163),
        "gallery": SplitCounts(identities=634, images=9053),
    },
    protocol="no-camera",
    is_withdrawn=True,
)

_OCCLUDED, _WHOLE = "occluded_body_images", "whole_body_images"
_LAYOUT = Layout(
    title=P_DUKEMTMC.title,
    alternatives=((f"train/{_OCCLUDED}/", f"train/{_WHOLE}/", f"test/{_OCCLUDED}/", f"test/{_WHOLE}/"),),
    name_hint="pduke",
    how_to_obtain=P_DUKEMTMC.how_to_obtain,
)


def read_p_dukemtmc(root: Path) -> DatasetSplits:
    """Read P-DukeMTMC-reID: hidden people of the test part are searched among whole ones.

    To learn from there are both the hidden and the whole ones of the train part. Identities are the numbers
    that the file names begin with; cameras are unknown.

    Args:
        root: The folder with ``train/`` and ``test/``, which hold ``occluded_body_images/`` and
            ``whole_body_images/`` with a folder per person; or a folder up to two levels above.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    folder, notes = find_root(_LAYOUT, root)
    parts: list[tuple[Sample, ...]] = []
    for name in (f"train/{_OCCLUDED}", f"train/{_WHOLE}", f"test/{_OCCLUDED}", f"test/{_WHOLE}"):
        samples, part_notes = read_identity_images(_LAYOUT, folder / name)
        parts.append(samples)
        notes += part_notes
    train_occluded, train_whole, query, gallery = parts
    return P_DUKEMTMC.splits(
        folder, train=train_occluded + train_whole, query=query, gallery=gallery, notes=notes
    )
