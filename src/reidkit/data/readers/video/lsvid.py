"""LS-VID: people on a campus by day and night, fifteen cameras indoors and outdoors."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

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
from reidkit.data.wording import examples

LSVID = Benchmark(
    name="lsvid",
    title="LS-VID",
    kind="person",
    reference=(
        "Li, Wang, Tian, Gao, Zhang, Global-Local Temporal Representations for Video Person "
        "Re-Identification, ICCV 2019"
    ),
    how_to_obtain=(
        "How to obtain it: sign the release agreement of its authors (Jianing Li and others, Peking "
        "University), unpack what they send, and give the folder with list_sequence; reidkit downloads no "
        "images of people."
    ),
    terms="For research only, under the release agreement that its authors have you sign.",
    counts={"train": SplitCounts(identities=842, images=2831)},
    is_video=True,
)

_PLACES = (("list_sequence", "test/data/info_test.mat"), ("info/list_sequence", "info/data/info_test.mat"))
_LAYOUT = Layout(
    title=LSVID.title,
    alternatives=tuple(
        (f"{lists}/", f"{lists}/list_seq_train.txt", f"{lists}/list_seq_test.txt", info)
        for lists, info in _PLACES
    ),
    name_hint="lsvid",
    how_to_obtain=LSVID.how_to_obtain,
)
_LINE = re.compile(r"(?P<start>\S+)\s+(?P<identity>[0-9]+)")
_FRAME = re.compile(r"[^_]+_[^_]+_(?P<camera>[0-9]+)_[^_]+\.[^.]+")


def read_lsvid(root: Path, *, queries_in_gallery: bool = False) -> DatasetSplits:
    """Read LS-VID by its lists of tracklets.

    A line of ``list_seq_train.txt`` and ``list_seq_test.txt`` is one tracklet: how the paths of its frames
    begin, a space, the identity. ``query`` in ``info_test.mat`` holds the lines of the test that are
    queries, counted from 1. Identities are integers, as in the lists; cameras are integers, the third of
    the four parts of a frame's name. The validation split is not read.

    The archive is given out on request only: this layout is the one that published code reads, with the
    lists beside the frames or below ``info/``.

    Args:
        root: The folder that holds ``list_sequence/``; or that; or a folder up to two levels above.
        queries_in_gallery: Whether the gallery holds the queries too; by default it holds the other
            tracklets of the test.

    Raises:
        DatasetError: the lists are not found, damaged or do not belong together, or a tracklet has no
            frames or mixes cameras.
        MissingExtraError: h5py or SciPy is not installed.
    """
    folder, notes = find_root(_LAYOUT, root)
    lists, info = next(
        (folder / lists, folder / info) for lists, info in _PLACES if (folder / lists).is_dir()
    )
    train = _read_tracklets(folder, lists / "list_seq_train.txt")
    test = _read_tracklets(folder, lists / "list_seq_test.txt")
    wanted = read_whole_numbers(LSVID.title, info, "query")
    query, gallery = take_queries(
        test,
        check_positions(LSVID.title, f"the queries of {info.name} are", wanted, len(test)),
        queries_in_gallery=queries_in_gallery,
    )
    notes = (*notes, note_on_queries(queries_in_gallery))
    return LSVID.splits(folder, train=train, query=query, gallery=gallery, notes=notes)


def _read_tracklets(folder: Path, path: Path) -> tuple[Sample, ...]:
    lines = [
        (line["start"], int(line["identity"]))
        for line in match_lines(LSVID.title, path, _LINE, "<path> <identity>")
    ]
    images: dict[Path, Mapping[str, Path]] = {}
    absent: list[str] = []
    samples: list[Sample] = []
    for start, identity in lines:
        place = folder / PurePosixPath(start.lstrip("/"))
        if place.parent not in images:
            found = list_folder(place.parent).images if place.parent.is_dir() else ()
            images[place.parent] = {image.name: image for image in found}
        frames = [image for name, image in images[place.parent].items() if _belongs(name, _last_part(start))]
        if frames:
            samples.append(Sample(in_temporal_order(frames), identity, _camera(path, start, frames)))
        else:
            absent.append(start)
    check_present(LSVID.title, absent, len(lines), "tracklet", folder)
    return tuple(samples)


def _last_part(start: str) -> str:
    """Return how the file names begin: nothing where the path ends in a folder."""
    return start.rpartition("/")[2]


def _belongs(name: str, start: str) -> bool:
    """Say whether a frame is of the tracklet whose names begin so, and not of ``..._10`` for ``..._1``."""
    rest = name[len(start) :]
    return name.startswith(start) and not (start[-1:].isdigit() and rest[:1].isdigit())


def _camera(path: Path, start: str, frames: list[Path]) -> int:
    matches = [_FRAME.fullmatch(frame.name) for frame in frames]
    cameras = {int(match["camera"]) if match else None for match in matches}
    camera = cameras.pop()
    if cameras or camera is None:
        raise DatasetError(
            f"Tracklet of {LSVID.title} is not of one camera, got "
            f"{examples([frame.name for frame in frames], 3)} for {start} of {path}. Expected names of four "
            f"parts, the third of which is one camera. Unpack the archive again."
        )
    return camera
