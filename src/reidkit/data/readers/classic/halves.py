"""Random halves of the people that two cameras saw: one half is learned from, the other searched across."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.listed_splits import SPLITS_FILE, unread_file_note
from reidkit.data.readers.dividing import check_split, choose
from reidkit.data.readers.finding import Layout
from reidkit.data.readers.naming import Naming, read_named_folder
from reidkit.data.wording import quantity


@dataclass(frozen=True, slots=True)
class TwoCameras:
    """All images of a data set of two cameras, and notes about what was left out.

    Args:
        folder: The data; above all images.
        samples: Of both cameras, sorted by file.
        notes: What the reader wants a person to know.
        cameras: The first is that of the queries.
    """

    folder: Path
    samples: tuple[Sample, ...]
    notes: tuple[str, ...]
    cameras: tuple[str | int, str | int] = ("a", "b")


def read_camera_folders(
    layout: Layout, folder: Path, naming: Naming, notes: tuple[str, ...] = ()
) -> TwoCameras:
    """Read ``cam_a/`` and ``cam_b/``, whose images belong to cameras ``"a"`` and ``"b"``.

    Raises:
        DatasetError: one of them holds no image with a name of the expected form.
    """
    samples: tuple[Sample, ...] = ()
    for camera in ("a", "b"):
        found, found_notes = read_named_folder(layout, folder / f"cam_{camera}", naming)
        samples += tuple(replace(sample, camera=camera) for sample in found)
        notes += found_notes
    return TwoCameras(folder, samples, notes)


def split_in_halves(
    benchmark: Benchmark,
    data: TwoCameras,
    *,
    split: int,
    seed: int,
    both_directions: bool = False,
    distractors: tuple[Sample, ...] = (),
    unread: str = SPLITS_FILE,
) -> DatasetSplits:
    """Return one random split in two halves, the smaller one to learn from.

    Identities that only one camera saw can be neither searched nor found, and are left out.

    Args:
        benchmark: The data set.
        data: The images to divide.
        split: Which one, counted from 0.
        seed: Another seed gives other halves.
        both_directions: Whether each half serves twice: an even split searches the first camera's images
            among the second's, and the odd one after it the second's among the first's.
        distractors: Join every gallery.
        unread: Name of the splits file that a person could have meant, for a note where it is there.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: fewer than two identities were seen by both cameras.
    """
    check_split(split, benchmark.num_splits)
    asked, searched = data.cameras[::-1] if both_directions and split % 2 else data.cameras
    paired, notes = pair_identities(benchmark, data)
    learned = choose_half(benchmark, paired, split // 2 if both_directions else split, seed)
    tested = paired - learned
    return benchmark.splits(
        data.folder,
        train=tuple(sample for sample in data.samples if sample.identity in learned),
        query=images_of(data.samples, tested, asked),
        gallery=images_of(data.samples, tested, searched) + distractors,
        notes=(
            *data.notes,
            *notes,
            own_split_note(benchmark, split, seed, len(learned), len(paired)),
            f"Camera {asked} is searched in camera {searched}.",
            *unread_file_note(data.folder, unread),
        ),
        split=split,
    )


def images_of(
    samples: Sequence[Sample], identities: Collection[Hashable], camera: str | int
) -> tuple[Sample, ...]:
    """Return the images of these identities from one camera."""
    return tuple(s for s in samples if s.camera == camera and s.identity in identities)


def pair_identities(benchmark: Benchmark, data: TwoCameras) -> tuple[set[Hashable], tuple[str, ...]]:
    """Return the identities that both cameras saw, and a note where others are left out.

    Raises:
        DatasetError: there are fewer than two.
    """
    first, second = (
        {sample.identity for sample in data.samples if sample.camera == camera} for camera in data.cameras
    )
    paired, alone = first & second, first ^ second
    if len(paired) < 2:
        raise DatasetError(
            f"{benchmark.title} cannot be divided, got {quantity(len(paired), 'identity', 'identities')} "
            f"that both cameras saw in {data.folder}. Expected at least 2. Unpack the archive again."
        )
    if not alone:
        return paired, ()
    note = f"{quantity(len(alone), 'identity', 'identities')} left out, seen by one camera only."
    return paired, (note,)


def choose_half(
    benchmark: Benchmark, identities: Collection[Hashable], number: int, seed: int
) -> set[Hashable]:
    """Return the identities to learn from: half of them, rounded down, fixed by number and seed."""
    return choose(identities, len(identities) // 2, seed=f"{benchmark.name}:{seed}:{number}")


def own_split_note(benchmark: Benchmark, split: int, seed: int, learned: int, total: int) -> str:
    """Return which split this is, and what its scores may be compared with."""
    return (
        f"Split {split} of 0 to {benchmark.num_splits - 1} (seed={seed}): {learned} of {total} identities "
        f"are learned from. These random splits are our own, not those of a published file: scores are "
        f"comparable in the mean over all {benchmark.num_splits} only."
    )
