"""GRID: 250 people of an underground station from two views each, among 775 images of others."""

import re
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.dividing import check_split
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.matlab import read_matlab
from reidkit.data.readers.naming import Naming, read_named_folder
from reidkit.data.wording import label_examples

GRID = Benchmark(
    name="grid",
    title="GRID",
    kind="person",
    reference=(
        "Loy, Xiang, Gong, Time-Delayed Correlation Analysis for Multi-Camera Activity Understanding, "
        "IJCV 2010"
    ),
    how_to_obtain=(
        "How to obtain it: get underground_reid.zip from the page of QMUL underground Re-IDentification "
        "(Chen Change Loy), unpack it, and give the folder with features_and_partitions.mat; reidkit "
        "downloads no images of people."
    ),
    terms="Published for academic research; ask its authors before any other use.",
    counts={
        "train": SplitCounts(identities=125, images=250),
        "query": SplitCounts(identities=125, images=125),
        # 125 people and all others, identity 0.
        "gallery": SplitCounts(identities=126, images=900),
    },
    num_splits=10,
)

_PARTITIONS = "features_and_partitions.mat"
_LAYOUT = Layout(
    title=GRID.title,
    alternatives=(("probe/", "gallery/", _PARTITIONS),),
    name_hint="underground",
    how_to_obtain=GRID.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})_(?P<camera>[0-9]+)_[0-9_]+\.jpeg"),
    form="<identity>_<camera>_<numbers>.jpeg",
)
_DISTRACTOR = 0
_FIX = "Unpack underground_reid.zip again."


def read_grid(root: Path, *, split: int = 0) -> DatasetSplits:
    """Read GRID with the partitions of its authors: 125 people to learn from, 125 of ``probe/`` to search.

    Identities and cameras are the first two numbers of the file names. Identity 0 stands for the 775
    images of people who are never searched; they are in the gallery of every split. Reading the partitions
    needs SciPy: ``pip install 'reidkit[mat]'``.

    Args:
        root: The folder with ``probe/``, ``gallery/`` and ``features_and_partitions.mat``, one of the
            folders, or a folder up to two levels above.
        split: 0 to 9.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the data is not found or not of this form.
        MissingExtraError: SciPy is not installed.
    """
    check_split(split, GRID.num_splits)
    folder, notes = find_root(_LAYOUT, root)
    probe, probe_notes = read_named_folder(_LAYOUT, folder / "probe", _NAMING)
    gallery, gallery_notes = read_named_folder(_LAYOUT, folder / "gallery", _NAMING)
    learned = _read_learned(folder / _PARTITIONS, split)
    absent = sorted(learned - {int(str(sample.identity)) for sample in probe})
    if absent:
        raise DatasetError(
            f"{GRID.title} lacks people of its partition, got {len(absent)} of {len(learned)} without an "
            f"image in {folder / 'probe'} (e.g. {label_examples(absent)}). Expected all of them. Unpack the "
            f"archive again."
        )
    return GRID.splits(
        folder,
        train=tuple(sample for sample in (*probe, *gallery) if sample.identity in learned),
        query=tuple(sample for sample in probe if sample.identity not in learned),
        gallery=tuple(sample for sample in gallery if sample.identity not in learned),
        notes=(*notes, *probe_notes, *gallery_notes),
        split=split,
    )


def _read_learned(path: Path, split: int) -> set[int]:
    """Return the identities that a partition learns from.

    ``trainIdxAll`` is a row of cells, one per partition; each holds a struct whose ``personIdx`` are the
    identities (``probeImIdx`` and ``galleryImIdx``, beside it, are rows of the features).
    """
    partitions = read_matlab(GRID.title, path, ["trainIdxAll"], fix=_FIX)["trainIdxAll"].ravel()
    try:
        learned = {int(identity) for identity in partitions[split]["personIdx"].ravel()[0].ravel()}
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise DatasetError(
            f"Partitions of {GRID.title} have another form, got {path} ({type(error).__name__}: {error}). "
            f"Expected trainIdxAll with personIdx for each of {GRID.num_splits} partitions. {_FIX}"
        ) from error
    if not learned or _DISTRACTOR in learned:
        raise DatasetError(
            f"Partition {split} of {GRID.title} has a wrong form, got {len(learned)} people "
            f"(e.g. {label_examples(sorted(learned))}). Expected 125 numbers from 1 to 250. {_FIX}"
        )
    return learned
