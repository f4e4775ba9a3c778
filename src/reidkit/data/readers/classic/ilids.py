"""QMUL i-LIDS: 119 people in an airport hall, two to eight images each, cameras unknown."""

import re
from collections.abc import Hashable
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.halves import choose_half, own_split_note
from reidkit.data.readers.classic.listed_splits import SPLITS_FILE, split_as_listed, unread_file_note
from reidkit.data.readers.dividing import check_split, seeded_order
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming, read_named_folder
from reidkit.data.wording import label_examples, quantity

ILIDS = Benchmark(
    name="ilids",
    title="QMUL i-LIDS",
    kind="person",
    reference="Zheng, Gong, Xiang, Associating Groups of People, BMVC 2009",
    how_to_obtain=(
        "How to obtain it: get i-LIDS_Pedestrian.tgz from the computer vision group of Queen Mary University "
        "of London, unpack it, and give the folder with Persons; reidkit downloads no images of people."
    ),
    terms=(
        "Published for research; the footage is of the i-LIDS data of the British Home Office, so ask before "
        "any other use."
    ),
    # How many images the 59 people of the train split have differs from split to split.
    counts={
        "query": SplitCounts(identities=60, images=60),
        "gallery": SplitCounts(identities=60, images=60),
    },
    protocol="no-camera",
    num_splits=10,
)

_LAYOUT = Layout(
    title=ILIDS.title,
    alternatives=(("Persons/",),),
    name_hint="ilids",
    how_to_obtain=ILIDS.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})(?P<image>[0-9]{3})\.jpg"), form="<identity><image>.jpg"
)


def read_ilids(
    root: Path, *, split: int = 0, seed: int = 0, splits_file: str | Path | None = None
) -> DatasetSplits:
    """Read QMUL i-LIDS: 59 people to learn from with all of their images, 60 to search.

    Of each of the 60, one random image is searched and another one is in the gallery. Identities are the
    first four digits of the names. The last three digits count the images of a person and say nothing of
    the camera: cameras are unknown, and nothing is left out of the gallery. (Torchreid takes them for
    cameras, which changes nothing here, since one person's two images differ in them.)

    Args:
        root: The folder with ``Persons/``, ``Persons/`` itself, or a folder up to two levels above.
        split: 0 to 9.
        seed: Another seed gives other splits.
        splits_file: Torchreid's ``splits.json``, in the folder or up to two levels above, or an absolute
            path; takes the splits from there, whatever the seed.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the data is not found or not of this form, somebody has a single image, or the splits
            file does not fit.
    """
    check_split(split, ILIDS.num_splits)
    found, notes = find_root(_LAYOUT, root)
    folder = found / "Persons"
    samples, image_notes = read_named_folder(_LAYOUT, folder, _NAMING)
    notes += image_notes
    if splits_file is not None:
        return split_as_listed(ILIDS, folder, samples, split=split, splits_file=splits_file, notes=notes)
    images: dict[Hashable, list[Sample]] = {}
    for sample in samples:
        images.setdefault(sample.identity, []).append(sample)
    _check_images(folder, images)
    learned = choose_half(ILIDS, images, split, seed)
    pairs = [
        _choose_pair(own, seed=f"{ILIDS.name}:{seed}:{split}")
        for identity, own in images.items()
        if identity not in learned
    ]
    return ILIDS.splits(
        folder,
        train=tuple(sample for sample in samples if sample.identity in learned),
        query=tuple(query for query, _ in pairs),
        gallery=tuple(gallery for _, gallery in pairs),
        notes=(
            *notes,
            own_split_note(ILIDS, split, seed, len(learned), len(images)),
            *unread_file_note(folder, SPLITS_FILE),
        ),
        split=split,
    )


def _choose_pair(samples: list[Sample], *, seed: str) -> tuple[Sample, Sample]:
    by_name = {sample.path.name: sample for sample in samples}
    query, gallery = seeded_order(by_name, seed=seed)[:2]
    return by_name[query], by_name[gallery]


def _check_images(folder: Path, images: dict[Hashable, list[Sample]]) -> None:
    single = [identity for identity, own in images.items() if len(own) < 2]
    if single or len(images) < 2:
        raise DatasetError(
            f"{ILIDS.title} cannot be divided, got {quantity(len(images), 'identity', 'identities')} in "
            f"{folder}, {len(single)} of them with a single image"
            f"{f' (e.g. {label_examples(single)})' if single else ''}. Expected 119 with at least two images "
            f"each, 476 in all. Unpack the archive again."
        )
