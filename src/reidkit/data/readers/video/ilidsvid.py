"""iLIDS-VID: 300 people in an airport hall, one tracklet each from two cameras."""

import re
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.dividing import check_split
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.matlab_values import read_whole_numbers
from reidkit.data.readers.video.two_cameras import TrackletPairs, read_camera, split_pairs
from reidkit.data.wording import examples, quantity

ILIDSVID = Benchmark(
    name="ilidsvid",
    title="iLIDS-VID",
    kind="person",
    reference="Wang, Gong, Zhu, Wang, Person Re-Identification by Video Ranking, ECCV 2014",
    how_to_obtain=(
        "How to obtain it: get iLIDS-VID.tar from the page of its authors (Xiatian Zhu and others, Queen "
        "Mary University of London), unpack it, and give the folder with i-LIDS-VID and 'train-test people "
        "splits'; reidkit downloads no images of people."
    ),
    terms="For academic research only; the footage belongs to the i-LIDS data of the UK Home Office.",
    counts={
        "train": SplitCounts(identities=150, images=300, cameras=2),
        "query": SplitCounts(identities=150, images=150, cameras=1),
        "gallery": SplitCounts(identities=150, images=150, cameras=1),
    },
    num_splits=10,
    is_video=True,
)

_SPLITS_FILE = "train_test_splits_ilidsvid.mat"
_SPLITS_PLACES = (f"train-test people splits/{_SPLITS_FILE}", _SPLITS_FILE)
_SEQUENCES_PLACES = ("i-LIDS-VID/sequences", "sequences")
_LAYOUT = Layout(
    title=ILIDSVID.title,
    # The entry i-LIDS-VID/ also lets that folder itself be given.
    alternatives=tuple(
        (*folders, splits)
        for folders in (("i-LIDS-VID/", "i-LIDS-VID/sequences/"), ("sequences/",))
        for splits in _SPLITS_PLACES
    ),
    name_hint="ilids",
    how_to_obtain=ILIDSVID.how_to_obtain,
)
_PERSON = re.compile(r"person(?P<identity>[0-9]+)")


def read_ilidsvid(root: Path, *, split: int = 0) -> DatasetSplits:
    """Read one of the ten published splits of iLIDS-VID: people of camera 1 are searched in camera 2.

    A row of ``ls_set`` in ``train_test_splits_ilidsvid.mat`` is one split: positions, counted from 1, in
    the people sorted by number. Those in the first half of the columns are tested, the others learned
    from. Identities are the numbers of the folders ``person<identity>``, cameras are 1 and 2; frames are
    sorted by their number.

    Args:
        root: The folder that holds ``i-LIDS-VID/`` and ``train-test people splits/``; or the former; or a
            folder up to two levels above.
        split: 0 to 9.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the data is not found or incomplete, or the splits do not fit it.
        MissingExtraError: SciPy is not installed.
    """
    check_split(split, ILIDSVID.num_splits)
    folder, notes = find_root(_LAYOUT, root)
    sequences = next(folder / place for place in _SEQUENCES_PLACES if (folder / place).is_dir())
    splits_file = next(folder / place for place in _SPLITS_PLACES if (folder / place).is_file())
    pairs = _read_pairs(sequences)
    train, query, gallery = split_pairs(pairs, *_read_split(splits_file, split, list(pairs.first)))
    notes = (*notes, *pairs.notes)
    return ILIDSVID.splits(folder, train=train, query=query, gallery=gallery, notes=notes, split=split)


def _read_pairs(sequences: Path) -> TrackletPairs:
    first, first_notes = read_camera(_LAYOUT, sequences / "cam1", 1, _PERSON)
    second, second_notes = read_camera(_LAYOUT, sequences / "cam2", 2, _PERSON)
    alone = sorted(first.keys() ^ second.keys())
    if alone:  # positions in the splits count everybody: nobody may be left out
        raise DatasetError(
            f"{ILIDSVID.title} is incomplete, got {quantity(len(alone), 'person', 'people')} with frames of "
            f"one camera only: {examples([str(identity) for identity in alone])}. Expected both for "
            f"everybody. Unpack the archive again."
        )
    return TrackletPairs(first, second, (*first_notes, *second_notes))


def _read_split(path: Path, split: int, people: list[int]) -> tuple[list[int], list[int]]:
    """Return whom to learn from and whom to test."""
    rows = read_whole_numbers(ILIDSVID.title, path, "ls_set")
    if rows.shape != (ILIDSVID.num_splits, len(people)):
        raise DatasetError(
            f"Splits of {ILIDSVID.title} do not fit the data, got {rows.shape[0]} rows of {rows.shape[1]} in "
            f"{path} for {len(people)} people. Expected {ILIDSVID.num_splits} rows with one column per "
            f"person. Unpack the archive again."
        )
    positions = rows[split].tolist()
    if sorted(positions) != list(range(1, len(people) + 1)):
        raise DatasetError(
            f"Split {split} of {ILIDSVID.title} has a wrong form, got {examples(list(map(str, positions)))} "
            f"in {path}. Expected every number from 1 to {len(people)} once. Unpack the archive again."
        )
    ordered = [people[position - 1] for position in positions]
    half = len(ordered) // 2
    return ordered[half:], ordered[:half]
