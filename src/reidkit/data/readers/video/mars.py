"""MARS: the people of Market-1501 as tracklets of a detector and a tracker, with all their errors."""

import re
from collections.abc import Sequence
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.listing import list_folder
from reidkit.data.readers.lists import match_lines
from reidkit.data.readers.matlab_values import read_whole_numbers
from reidkit.data.readers.video.tracklets import (
    check_positions,
    check_present,
    in_temporal_order,
    note_on_queries,
    take_queries,
)
from reidkit.data.wording import examples, quantity

MARS = Benchmark(
    name="mars",
    title="MARS",
    kind="person",
    reference=(
        "Zheng, Bie, Sun, Wang, Su, Wang, Tian, MARS: A Video Benchmark for Large-Scale Person "
        "Re-Identification, ECCV 2016"
    ),
    how_to_obtain=(
        "How to obtain it: ask for bbox_train.zip and bbox_test.zip on the project page of its authors "
        "(Liang Zheng and others), unpack both into one folder, and put info/ of their repository "
        "MARS-evaluation beside them; reidkit downloads no images of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    counts={
        "train": SplitCounts(identities=625, images=8298, cameras=6),
        "query": SplitCounts(identities=626, images=1980, cameras=6),
        # 620 people and the distractors, identity 0. Published lists say 622: they count junk, too.
        "gallery": SplitCounts(identities=621, images=9330, cameras=6),
    },
    is_video=True,
    protocol="mars",
)
_GALLERY_WITH_QUERIES = SplitCounts(identities=635, images=11310, cameras=6)

_INFO_FOLDERS = ("info", "MARS-evaluation/info", "MARS-evaluation-master/info")
_LAYOUT = Layout(
    title=MARS.title,
    alternatives=tuple(("bbox_train/", "bbox_test/", f"{info}/") for info in _INFO_FOLDERS),
    name_hint="mars",
    how_to_obtain=MARS.how_to_obtain,
)
_FRAME = re.compile(r"(?P<identity>[0-9]{4}|00-1)C(?P<camera>[0-9])T[0-9]+F[0-9]+\.jpg")
_FORM = "<identity>C<camera>T<tracklet>F<frame>.jpg"
_FIX = "Take info/ of the repository MARS-evaluation again."
_JUNK = -1


def read_mars(root: Path, *, queries_in_gallery: bool = False) -> DatasetSplits:
    """Read MARS in place, by the lists of its authors.

    A row of ``tracks_train_info.mat`` and ``tracks_test_info.mat`` is one tracklet: first and last line of
    ``train_name.txt`` or ``test_name.txt``, counted from 1, identity, camera. Identities and cameras are
    integers, as there. Tracklets of identity -1 (junk) are left out of every split; those of identity 0
    (false detections and people without a label) stay in the gallery, where they can only be wrong.

    Args:
        root: The folder that holds ``bbox_train/``, ``bbox_test/`` and ``info/``; or one of these; or a
            folder up to two levels above.
        queries_in_gallery: Whether the gallery holds the 1980 queries too, as in the authors' own
            evaluation. By default it holds the other 9330 tracklets, as in Torchreid: then 140 queries
            have no match, since their only ones are queries.

    Raises:
        DatasetError: the folders are not found, the lists are damaged or do not belong together, or frames
            that they name are missing.
        MissingExtraError: SciPy is not installed.
    """
    folder, notes = find_root(_LAYOUT, root)
    info = next(folder / name for name in _INFO_FOLDERS if (folder / name).is_dir())
    train = _read_tracklets(folder / "bbox_train", info, "train")
    test = _read_tracklets(folder / "bbox_test", info, "test")
    wanted = read_whole_numbers(MARS.title, info / "query_IDX.mat", "query_IDX", fix=_FIX)
    query, gallery = take_queries(
        test,
        check_positions(MARS.title, "the queries of query_IDX.mat are", wanted, len(test)),
        queries_in_gallery=queries_in_gallery,
    )
    counts = dict(MARS.counts)
    if queries_in_gallery:
        counts["gallery"] = _GALLERY_WITH_QUERIES
    return MARS.splits(
        folder,
        train=tuple(sample for sample in train if sample is not None),
        query=query,
        gallery=gallery,
        notes=(
            *notes,
            *_junk_notes("bbox_train", train),
            *_junk_notes("bbox_test", test),
            note_on_queries(queries_in_gallery),
        ),
        counts=counts,
    )


def _read_tracklets(folder: Path, info: Path, part: str) -> list[Sample | None]:
    """Return one sample per row of the list, None for junk."""
    lines = match_lines(MARS.title, info / f"{part}_name.txt", _FRAME, _FORM, fix=_FIX)
    names = [line[0] for line in lines]
    path = info / f"tracks_{part}_info.mat"
    rows = read_whole_numbers(MARS.title, path, f"track_{part}_info", fix=_FIX)
    if rows.shape[1] != 4:
        raise DatasetError(
            f"{MARS.title} has a wrong list of tracklets, got {rows.shape[1]} columns in {path}. Expected 4: "
            f"first frame, last frame, identity, camera. Get the file again."
        )
    check_positions(MARS.title, f"the frames of {path.name} are", rows[:, :2], len(names), once=False)
    present = _Folders(folder)
    absent: list[str] = []
    tracklets: list[Sample | None] = []
    num_named = 0
    for number, (first, last, identity, camera) in enumerate(rows.tolist(), start=1):
        named = names[first - 1 : last]
        _check_row(path, number, named, identity, camera)
        if identity == _JUNK:
            tracklets.append(None)
            continue
        files = [present.find(name) for name in named]
        num_named += len(named)
        absent += [name for name, file in zip(named, files, strict=True) if file is None]
        frames = in_temporal_order(file for file in files if file is not None)
        tracklets.append(Sample(frames, identity, camera))
    check_present(MARS.title, absent, num_named, "frame", folder)
    return tracklets


class _Folders:
    """The files of every person's folder, each folder listed once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._people = {person.name for person in list_folder(folder).folders}
        self._files: dict[str, dict[str, Path]] = {}

    def find(self, name: str) -> Path | None:
        """Return the file of this name in the folder of its identity, or None."""
        person = name[:4]
        if person not in self._files:
            images = list_folder(self._folder / person).images if person in self._people else ()
            self._files[person] = {image.name: image for image in images}
        return self._files[person].get(name)


def _check_row(path: Path, number: int, names: Sequence[str], identity: int, camera: int) -> None:
    """Refuse a row whose frames are not of one identity and camera, the ones that it names."""
    said = {(match["identity"], match["camera"]) for match in map(_FRAME.fullmatch, names) if match}
    known = {(_JUNK if who == "00-1" else int(who), int(where)) for who, where in said}
    if known != {(identity, camera)}:
        raise DatasetError(
            f"Row {number} of {path} does not fit its frames, got identity {identity}, camera {camera} for "
            f"{examples(list(names), 2) or 'no frame'}. Expected the identity and camera of every name. Get "
            f"the files again: they do not belong together."
        )


def _junk_notes(folder: str, tracklets: Sequence[Sample | None]) -> tuple[str, ...]:
    num_junk = tracklets.count(None)
    if not num_junk:
        return ()
    return (f"{folder}/: {quantity(num_junk, 'junk tracklet')} of identity -1 left out.",)
