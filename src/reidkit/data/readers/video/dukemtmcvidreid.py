"""DukeMTMC-VideoReID: people on a campus, eight cameras; withdrawn by its authors in 2019."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root, skipped_notes
from reidkit.data.readers.listing import describe_content, describe_kinds, list_folder
from reidkit.data.readers.video.tracklets import in_temporal_order
from reidkit.data.wording import examples, quantity

DUKEMTMCVIDREID = Benchmark(
    name="dukemtmcvidreid",
    title="DukeMTMC-VideoReID",
    kind="person",
    reference=(
        "Wu, Lin, Dong, Yan, Ouyang, Yang, Exploit the Unknown Gradually: One-Shot Video-Based Person "
        "Re-Identification by Stepwise Learning, CVPR 2018"
    ),
    how_to_obtain=(
        "How to obtain it: it was withdrawn with DukeMTMC in 2019 and is no longer given out; whoever still "
        "holds it gives the folder with train, query and gallery; reidkit downloads no images of people."
    ),
    terms="Withdrawn: the people shown never agreed; only to repeat old results, without commercial use.",
    counts={
        "train": SplitCounts(identities=702, images=2196, cameras=8),
        "query": SplitCounts(identities=702, images=702, cameras=8),
        # 702 people and 408 distractors.
        "gallery": SplitCounts(identities=1110, images=2636, cameras=8),
    },
    is_video=True,
    is_withdrawn=True,
)

_LAYOUT = Layout(
    title=DUKEMTMCVIDREID.title,
    alternatives=(("train/", "query/", "gallery/"),),
    name_hint="dukemtmcvid",
    how_to_obtain=DUKEMTMCVIDREID.how_to_obtain,
)
_FRAME = re.compile(r"(?P<identity>[0-9]{4})_?C(?P<camera>[0-9])_?F[0-9]+_?X[0-9]+\.jpg")
_FORM = "<identity>_C<camera>_F<frame>_X<time>.jpg"


def read_dukemtmcvidreid(root: Path) -> DatasetSplits:
    """Read DukeMTMC-VideoReID in place: ``<split>/<identity>/<tracklet>/`` holds the frames of a tracklet.

    Frame names have either form, ``0001_C6_F0099_X30823.jpg`` or ``0001C6F0099X30823.jpg``. Identities and
    cameras are integers, as in the names. Every frame that is there is used, in the order of the frame
    numbers, whatever numbers are missing.

    Args:
        root: The folder that holds ``train/``, ``query/`` and ``gallery/``; or one of these; or a folder up
            to two levels above.

    Raises:
        DatasetError: the folders are not found, one holds no tracklet, or a tracklet mixes identities or
            cameras.
    """
    folder, notes = find_root(_LAYOUT, root)
    train, train_notes = _read_split(folder / "train")
    query, query_notes = _read_split(folder / "query")
    gallery, gallery_notes = _read_split(folder / "gallery")
    return DUKEMTMCVIDREID.splits(
        folder,
        train=train,
        query=query,
        gallery=gallery,
        notes=(*notes, *train_notes, *query_notes, *gallery_notes),
    )


def _read_split(folder: Path) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    samples: list[Sample] = []
    misnamed: list[Path] = []
    empty: list[str] = []
    for tracklet in _tracklet_folders(folder):
        content = list_folder(tracklet)
        frames = [image for image in content.images if _FRAME.fullmatch(image.name)]
        misnamed += [image for image in content.images if not _FRAME.fullmatch(image.name)]
        if frames:
            samples.append(_tracklet(tracklet, frames))
        else:
            empty.append(tracklet.relative_to(folder).as_posix())
    if not samples:
        raise DatasetError(
            f"{_LAYOUT.title} has no tracklet in {folder}, got {describe_content(list_folder(folder))}; "
            f"among its images {describe_kinds(misnamed)}. Expected {folder.name}/<identity>/<tracklet>/ "
            f"with frames named {_FORM}. Unpack the archive again."
        )
    notes = skipped_notes(folder, misnamed, f"not named {_FORM}")
    if empty:
        notes += (f"{folder.name}/: {quantity(len(empty), 'folder')} without frames: {examples(empty)}.",)
    return tuple(samples), notes


def _tracklet_folders(folder: Path) -> Iterator[Path]:
    for person in list_folder(folder).folders:
        yield from list_folder(person).folders


def _tracklet(folder: Path, frames: Sequence[Path]) -> Sample:
    """Return the sample of a folder, whose frames must agree with each other and with its place.

    Raises:
        DatasetError: they do not.
    """
    matches = [match for frame in frames if (match := _FRAME.fullmatch(frame.name))]
    named = {(int(match["identity"]), int(match["camera"])) for match in matches}
    if len(named) > 1 or {match["identity"] for match in matches} != {folder.parent.name}:
        raise DatasetError(
            f"Tracklet of {_LAYOUT.title} is not of one person and camera, got "
            f"{examples([frame.name for frame in frames], 3)} in {folder}. Expected identity "
            f"{folder.parent.name} and one camera in every name. Unpack the archive again."
        )
    identity, camera = named.pop()
    return Sample(in_temporal_order(frames), identity, camera)
