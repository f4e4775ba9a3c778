"""PRID 2011, tracklets: people whom both cameras saw for long enough."""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.dividing import check_split, choose
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.video.two_cameras import TrackletPairs, read_camera, split_pairs
from reidkit.data.wording import examples, quantity

PRID2011_VIDEO = Benchmark(
    name="prid2011_video",
    title="PRID 2011 (multi-shot)",
    kind="person",
    reference=(
        "Hirzer, Beleznai, Roth, Bischof, Person Re-Identification by Descriptive and Discriminative "
        "Classification, SCIA 2011; protocol: Wang, Gong, Zhu, Wang, Person Re-Identification by Video "
        "Ranking, ECCV 2014"
    ),
    how_to_obtain=(
        "How to obtain it: get prid_2011.zip from the Institute of Computer Graphics and Vision of TU Graz, "
        "unpack it, and give the folder with multi_shot; put splits_prid2011.json beside it where you have "
        "it; reidkit downloads no images of people."
    ),
    terms="Published for research; ask its authors before any other use.",
    counts={
        "train": SplitCounts(identities=89, images=178, cameras=2),
        "query": SplitCounts(identities=89, images=89, cameras=1),
        "gallery": SplitCounts(identities=89, images=89, cameras=1),
    },
    num_splits=10,
    is_video=True,
)

_LAYOUT = Layout(
    title=PRID2011_VIDEO.title,
    # The first entry also lets the folder multi_shot itself be given.
    alternatives=(("multi_shot/", "multi_shot/cam_a/", "multi_shot/cam_b/"),),
    name_hint="prid",
    how_to_obtain=PRID2011_VIDEO.how_to_obtain,
)
_PERSON = re.compile(r"person_(?P<identity>[0-9]+)")
_LAST_OF_BOTH = 200
_LEAST_FRAMES = 27
_SPLITS_FILE = "splits_prid2011.json"
_LEVELS_ABOVE = 2


def read_prid2011_video(
    root: Path, *, split: int = 0, seed: int = 0, least_frames: int = _LEAST_FRAMES
) -> DatasetSplits:
    """Read one of ten splits of PRID 2011: 89 people of ``cam_a`` are searched in ``cam_b``, 89 learned from.

    The splits are those of ``splits_prid2011.json`` where it lies in the folder or up to two levels above
    it: a list of ``{"train": ["person_0001", ...], "test": [...]}``. Else they are random halves of our
    own: scores are comparable in the mean over all ten only. Identities are the numbers of the folders
    ``person_<identity>``, cameras are ``"a"`` and ``"b"``; frames are sorted by their number.

    Args:
        root: The folder that holds ``multi_shot/``; or that; or a folder up to two levels above.
        split: 0 to 9.
        seed: Another seed gives other halves of our own.
        least_frames: How many frames a person must have in both cameras for splits of our own. 27 leave the
            178 people of the usual protocol. People above number 200 never count: there the same number
            is somebody else in each camera.

    Raises:
        CatalogError: ``split`` does not exist, or ``least_frames`` is below 1.
        DatasetError: the data is not found, nobody is left, or the file of splits is damaged or names
            people who are not there.
    """
    check_split(split, PRID2011_VIDEO.num_splits)
    if least_frames < 1:
        raise CatalogError(f"least_frames is too small, got {least_frames}. Expected at least 1.")
    folder, notes = find_root(_LAYOUT, root)
    pairs = _read_pairs(folder / "multi_shot")
    splits_file = _find_splits_file(folder)
    if splits_file is None:
        learned, tested, note = _divide(pairs, split, seed, least_frames)
    else:
        learned, tested = _read_listed(splits_file, split, pairs.first.keys())
        note = f"Split {split} is the one of {splits_file}."
    train, query, gallery = split_pairs(pairs, learned, tested)
    is_usual = splits_file is not None or least_frames == _LEAST_FRAMES
    return PRID2011_VIDEO.splits(
        folder,
        train=train,
        query=query,
        gallery=gallery,
        notes=(*notes, *pairs.notes, note),
        split=split,
        counts=PRID2011_VIDEO.counts if is_usual else {},
    )


def _read_pairs(folder: Path) -> TrackletPairs:
    """Return the tracklets of the people whom both cameras saw."""
    first, first_notes = read_camera(_LAYOUT, folder / "cam_a", "a", _PERSON)
    second, second_notes = read_camera(_LAYOUT, folder / "cam_b", "b", _PERSON)
    both = [identity for identity in first if identity in second and identity <= _LAST_OF_BOTH]

    def of_both(camera: dict[int, Sample]) -> dict[int, Sample]:
        return {identity: camera[identity] for identity in both}

    return TrackletPairs(of_both(first), of_both(second), (*first_notes, *second_notes))


def _divide(
    pairs: TrackletPairs, split: int, seed: int, least_frames: int
) -> tuple[list[int], list[int], str]:
    """Return a random half to learn from, the other to test, and a note."""
    long = [
        identity
        for identity in pairs.first
        if min(len(camera[identity].frames) for camera in (pairs.first, pairs.second)) >= least_frames
    ]
    if len(long) < 2:
        raise DatasetError(
            f"{PRID2011_VIDEO.title} cannot be divided, got {quantity(len(long), 'person', 'people')} with "
            f"at least {least_frames} frames in both cameras. Expected at least 2. Unpack the archive again, "
            f"or lower least_frames."
        )
    learned = choose(long, len(long) // 2, seed=f"{PRID2011_VIDEO.name}:{seed}:{split}")
    note = (
        f"Split {split} (seed={seed}) is our own, since no {_SPLITS_FILE} was found: {len(learned)} of the "
        f"{len(long)} people with at least {least_frames} frames in both cameras are learned from. Scores "
        f"are comparable in the mean over all {PRID2011_VIDEO.num_splits} only."
    )
    return sorted(learned), [identity for identity in long if identity not in learned], note


def _find_splits_file(folder: Path) -> Path | None:
    places = (folder, *folder.parents[:_LEVELS_ABOVE])
    return next((place / _SPLITS_FILE for place in places if (place / _SPLITS_FILE).is_file()), None)


def _read_listed(path: Path, split: int, people: Collection[int]) -> tuple[list[int], list[int]]:
    """Return whom a split of the file learns from and whom it tests."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:  # a page of HTML saved under this name, or other bytes
        raise _wrong_form(path, str(error)) from error
    if not isinstance(content, list) or len(content) != PRID2011_VIDEO.num_splits:
        found = quantity(len(content), "entry", "entries") if isinstance(content, list) else "no list"
        raise _wrong_form(path, found)
    learned, tested = (_people_of(path, content[split], part, people) for part in ("train", "test"))
    shared = sorted(set(learned) & set(tested))
    if shared:
        raise _wrong_form(
            path, f"{examples([str(identity) for identity in shared])} in train and test of split {split}"
        )
    return learned, tested


def _people_of(path: Path, entry: Any, part: str, people: Collection[int]) -> list[int]:  # noqa: ANN401
    names = entry.get(part) if isinstance(entry, dict) else None
    if not isinstance(names, list) or not names:
        raise _wrong_form(path, f"a split without people under '{part}'")
    matches = [_PERSON.fullmatch(str(name)) for name in names]
    absent = [
        str(name)
        for name, match in zip(names, matches, strict=True)
        if match is None or int(match["identity"]) not in people
    ]
    if absent:
        raise DatasetError(
            f"{PRID2011_VIDEO.title} lacks people of its splits, got {len(absent)} of {len(names)} under "
            f"'{part}' of {path} without frames in both cameras: {examples(absent, 3)}. Expected all. Unpack "
            f"the archive again, or move the file away to use splits of our own."
        )
    return sorted({int(match["identity"]) for match in matches if match is not None})


def _wrong_form(path: Path, found: str) -> DatasetError:
    return DatasetError(
        f"Splits of {PRID2011_VIDEO.title} have a wrong form, got {found} in {path}. Expected a list of "
        f'{PRID2011_VIDEO.num_splits} splits {{"train": ["person_0001", ...], "test": [...]}}. Get the file '
        f"again, or move it away to use splits of our own."
    )
