"""MOTChallenge ground truth: tracked pedestrians become identities, cut out of the full frames in place."""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.readers.dividing import choose
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.listing import list_folder
from reidkit.data.readers.own.mot_sequence import GROUND_TRUTH, MotSequence, TrackBox, read_mot_sequence
from reidkit.data.readers.row_faults import RowFaults
from reidkit.data.readers.tested_fraction import check_test_fraction, count_tested
from reidkit.data.wording import examples, quantity

_LAYOUT = Layout(
    title="MOTChallenge",
    alternatives=(("gt/gt.txt",),),
    how_to_obtain=(
        "Give the folder that holds one folder per sequence, each with gt/gt.txt, img1/ and seqinfo.ini."
    ),
)
# MOT17 has every sequence three times: the same frames and tracks beside three sets of detections.
_DETECTOR = re.compile(r"(?P<sequence>.+)-(?:DPM|FRCNN|SDP)")
_DIVISIONS = ("identity", "sequence")


@dataclass(frozen=True, slots=True)
class _Rules:
    """Which boxes become samples."""

    every: int
    min_visibility: float
    min_height: int
    min_width: int

    def reason_against(self, box: TrackBox, size: tuple[int, int] | None) -> str:
        """Return why a box is left out, or an empty text."""
        if not box.is_considered:
            return "not considered"
        if not box.is_pedestrian:
            return "of another class"
        if box.visibility < self.min_visibility:
            return f"visible by less than {self.min_visibility:g}"
        left, top, right, bottom = box.box
        if size is not None:
            left, top = max(left, 0), max(top, 0)
            right, bottom = min(right, size[1]), min(bottom, size[0])
        if bottom - top < self.min_height or right - left < self.min_width:
            return f"smaller than {self.min_height} x {self.min_width} pixels in the frame"
        return "in frames between" if (box.frame - 1) % self.every else ""


@dataclass(frozen=True, slots=True)
class _Seen:
    sample: Sample
    sequence: str


def read_motchallenge(
    root: Path,
    *,
    every: int = 10,
    min_visibility: float = 0.3,
    min_height: int = 1,
    min_width: int = 1,
    cameras: Mapping[str, Hashable] | None = None,
    shared_tracks: bool = False,
    divide_by: Literal["identity", "sequence"] = "identity",
    test_fraction: float = 0.5,
    seed: int = 0,
    test_sequences: Sequence[str] | None = None,
) -> DatasetSplits:
    """Read the tracks of ``<sequence>/gt/gt.txt`` as identities; boxes are cut out of ``img1/`` when read.

    A row is ``frame, track, left, top, width, height, flag, class, visibility``. Only rows of class 1
    (pedestrian) with a flag that is not 0 count. Rows of ten numbers, as of 2015, have neither class nor
    visibility: all are pedestrians in full view. Where ``seqinfo.ini`` is there, its ``imDir`` names the
    folder of the frames, and its size tells how much of a box is inside. Each sample is one box in one
    frame, with the attributes ``frame`` and ``visibility``; nothing is written.

    The identity is ``<sequence>_<track>``, the camera the name of the sequence. MOT17 has each sequence
    three times, once for each detector; the first of these is read and the others are named in the notes.

    The identities of the test side are searched leave-one-out. A person who was tracked by one camera only
    cannot be searched across cameras: the protocol is ``no-camera``, unless somebody on the test side was
    seen by several. Its scores are high, since frames of one track look alike; they do not compare with
    those of a data set across cameras.

    Args:
        root: The folder that holds the folders of the sequences, or one just above, or one sequence.
        every: Take frame 1 and every so many frames from there: neighbouring frames show the same picture.
        min_visibility: Leave out boxes of which less is visible, in [0, 1].
        min_height: Leave out boxes of which fewer rows of pixels are inside the frame.
        min_width: The same for columns.
        cameras: Camera by name of the sequence, for cameras with several sequences; a sequence that is
            not named is its own camera.
        shared_tracks: Whether a number of a track means the same individual in all sequences, as where
            several cameras were labelled together; the identity is then the number alone.
        divide_by: "identity" chooses by ``seed`` which identities are tested, "sequence" which sequences.
        test_fraction: Part of the identities, or sequences, to test, in [0, 1]; between 0 and 1 both sides
            get at least one if there are two.
        seed: Which.
        test_sequences: Names of the sequences to test, instead of a choice by ``seed``.

    Raises:
        CatalogError: an option of a wrong value, a sequence that is not there, or a division by sequence
            with ``shared_tracks``, which would test who was learned from.
        DatasetError: no sequence found, sequences in several folders, frames that are missing, rows with
            faults (all are collected, five are shown, counted from 1), or no box that counts.
    """
    rules = _check_rules(every, min_visibility, min_height, min_width)
    _check_division(divide_by, test_fraction, shared_tracks, test_sequences)
    folder, places, notes = _find_sequences(root)
    names = [place.name for place in places]
    _check_names("cameras", cameras or (), names)
    _check_names("test_sequences", test_sequences or (), names)
    faults = RowFaults()
    sequences = [read_mot_sequence(place, faults) for place in places]
    left_out: Counter[str] = Counter()
    seen = [
        _Seen(sample, sequence.name)
        for sequence in sequences
        for sample in _samples(sequence, rules, cameras or {}, shared_tracks, left_out, faults)
    ]
    faults.refuse(f"Ground truth in {folder}")
    reasons = "; ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
    if not seen:
        raise DatasetError(
            f"MOTChallenge has no box that counts, got {quantity(len(sequences), 'sequence')} in {folder}"
            f"{f' with boxes left out: {reasons}' if reasons else ' without a box'}. Expected pedestrians. "
            f"Ask for less by every, min_visibility, min_height and min_width."
        )
    if reasons:
        notes += (f"Left out of {sum(left_out.values()) + len(seen)} boxes: {reasons}.",)
    by_sequence = divide_by == "sequence" or test_sequences is not None
    groups = [one.sequence if by_sequence else one.sample.identity for one in seen]
    tested, note = _choose_tested(groups, by_sequence, test_sequences, test_fraction, seed)
    test = tuple(one.sample for one, group in zip(seen, groups, strict=True) if group in tested)
    train = tuple(one.sample for one, group in zip(seen, groups, strict=True) if group not in tested)
    return DatasetSplits(
        name=folder.name,
        root=folder,
        train=train,
        query=test,
        gallery=test,
        protocol="market1501" if _crosses_cameras(test) else "no-camera",
        notes=(*notes, note),
    )


def _check_rules(every: int, min_visibility: float, min_height: int, min_width: int) -> _Rules:
    for name, value in (("every", every), ("min_height", min_height), ("min_width", min_width)):
        if not isinstance(value, int) or value < 1:
            raise CatalogError(f"{name} is out of range, got {value!r}. Expected a whole number from 1 on.")
    if not isinstance(min_visibility, int | float) or not 0 <= min_visibility <= 1:
        raise CatalogError(f"min_visibility is out of range, got {min_visibility!r}. Expected 0 to 1.")
    return _Rules(every, min_visibility, min_height, min_width)


def _check_division(
    divide_by: str, test_fraction: float, shared_tracks: bool, test_sequences: Sequence[str] | None
) -> None:
    check_test_fraction(test_fraction)
    if divide_by not in _DIVISIONS:
        raise CatalogError(f"divide_by is unknown, got {divide_by!r}. Expected {' or '.join(_DIVISIONS)}.")
    if isinstance(test_sequences, str):
        raise CatalogError(
            f"test_sequences is one text, got {test_sequences!r}. Expected a list such as [{test_sequences}]."
        )
    if shared_tracks and (divide_by == "sequence" or test_sequences is not None):
        raise CatalogError(
            "Division by sequence does not go with shared_tracks, got both. Expected identities that are "
            "tested not to be learned from. Leave divide_by and test_sequences out."
        )


def _check_names(option: str, given: Collection[str], names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            raise CatalogError(
                f"{option} names no sequence, got {name!r}.{near_name(str(name), names)} "
                f"Expected of {examples(names)}."
            )


def _find_sequences(root: Path) -> tuple[Path, tuple[Path, ...], tuple[str, ...]]:
    """Return the folder of the sequences, the sequences to read sorted by name, and notes."""
    given = root.expanduser().resolve()
    if given.is_dir() and not _is_sequence(given):
        above = [given] if _sequences_in(given) else list_folder(given).folders
        folders = [folder for folder in above if _sequences_in(folder)]
        if len(folders) > 1:
            raise DatasetError(
                f"MOTChallenge is not clear, got sequences in {len(folders)} folders of {given}: "
                f"{examples([folder.name for folder in folders])}. Expected one. Give it as the root."
            )
        if folders:
            place = [] if folders[0] == given else [f"Read {folders[0]}, found below the given {given}."]
            sequences, copies = _without_copies(_sequences_in(folders[0]))
            return folders[0], sequences, (*place, *copies, *_untold(folders[0]))
    sequence, notes = find_root(_LAYOUT, given, levels_down=0)
    return sequence, (sequence,), notes


def _is_sequence(folder: Path) -> bool:
    return (folder / GROUND_TRUTH).is_file()


def _sequences_in(folder: Path) -> list[Path]:
    return [below for below in list_folder(folder).folders if _is_sequence(below)]


def _without_copies(places: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Drop what MOT17 has again for another detector: its people would be several identities each."""
    first: dict[str, Path] = {}
    for place in places:
        match = _DETECTOR.fullmatch(place.name)
        first.setdefault(match["sequence"] if match else place.name, place)
    copies = [place.name for place in places if place not in first.values()]
    if not copies:
        return tuple(places), ()
    note = (
        f"{quantity(len(copies), 'sequence')} left out, the same frames and tracks as one that was read, "
        f"for another detector: {examples(copies)}."
    )
    return tuple(first.values()), (note,)


def _untold(folder: Path) -> tuple[str, ...]:
    """Return a note about the sequences whose ground truth is not public."""
    names = [
        below.name
        for below in list_folder(folder).folders
        if (below / "img1").is_dir() and not _is_sequence(below)
    ]
    without = f"{quantity(len(names), 'sequence')} left out, without {GROUND_TRUTH.as_posix()}"
    return (f"{without}: {examples(names)}.",) if names else ()


def _samples(
    sequence: MotSequence,
    rules: _Rules,
    cameras: Mapping[str, Hashable],
    shared_tracks: bool,
    left_out: Counter[str],
    faults: RowFaults,
) -> list[Sample]:
    """Return the boxes that count, sorted by track and frame; count the others by reason."""
    samples = []
    for box in sequence.boxes:
        reason = rules.reason_against(box, sequence.size)
        if reason:
            left_out[reason] += 1
            continue
        if box.frame not in sequence.images:
            file = f"{sequence.name}/{GROUND_TRUTH.as_posix()}"
            faults.add(box.row, f"frame {box.frame} has no image", file=file)
            continue
        samples.append(
            Sample(
                frames=(sequence.images[box.frame],),
                identity=str(box.track) if shared_tracks else f"{sequence.name}_{box.track}",
                camera=cameras.get(sequence.name, sequence.name),
                box=box.box,
                attributes={"frame": box.frame, "visibility": box.visibility},
            )
        )
    return samples


def _choose_tested(
    groups: Sequence[Hashable],
    by_sequence: bool,
    test_sequences: Sequence[str] | None,
    test_fraction: float,
    seed: int,
) -> tuple[set[Hashable], str]:
    """Return the identities, or sequences, that are tested, and a note about it."""
    all_groups = set(groups)
    total = (
        quantity(len(all_groups), "sequence")
        if by_sequence
        else quantity(len(all_groups), "identity", "identities")
    )
    if test_sequences is not None:
        return set(test_sequences), f"Tested of {total}: {examples(sorted(test_sequences))}."
    tested = choose(all_groups, count_tested(len(all_groups), test_fraction), seed=seed)
    names = f", {examples(sorted(map(str, tested)))}" if by_sequence else ""
    note = f"{len(tested)} of {total} are tested leave-one-out (test_fraction={test_fraction}, seed={seed})"
    return tested, f"{note}{names}."


def _crosses_cameras(samples: Sequence[Sample]) -> bool:
    seen: dict[Hashable, Hashable] = {}
    return any(seen.setdefault(sample.identity, sample.camera) != sample.camera for sample in samples)
