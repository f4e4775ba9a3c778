"""Tracklets from two cameras, one per person and camera: ``<camera>/<person>/*.png``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.finding import Layout
from reidkit.data.readers.listing import describe_content, list_folder
from reidkit.data.readers.video.tracklets import in_temporal_order
from reidkit.data.wording import examples, quantity


@dataclass(frozen=True, slots=True)
class TrackletPairs:
    """The people whom both cameras saw.

    Args:
        first: By identity, ascending: the tracklet from the camera of the queries.
        second: By identity, ascending: the tracklet from the other camera, of the same people.
        notes: What was left out.
    """

    first: Mapping[int, Sample]
    second: Mapping[int, Sample]
    notes: tuple[str, ...] = ()


Halves = tuple[tuple[Sample, ...], tuple[Sample, ...], tuple[Sample, ...]]
"""Train, query, gallery."""


def read_camera(
    layout: Layout, folder: Path, camera: int | str, person: re.Pattern[str]
) -> tuple[dict[int, Sample], tuple[str, ...]]:
    """Return the tracklet of each person of one camera, by identity ascending, and notes.

    Args:
        layout: Whose title messages use.
        folder: Holds one folder per person; every image in that is a frame.
        camera: Of all tracklets.
        person: Matches the name of a person's folder; its group ``identity`` holds digits.

    Raises:
        DatasetError: no person's folder holds an image.
    """
    content = list_folder(folder)
    found: dict[int, Sample] = {}
    odd: list[str] = []
    empty: list[str] = []
    for path in content.folders:
        match = person.fullmatch(path.name)
        if match is None:
            odd.append(path.name)
        elif frames := list_folder(path).images:
            identity = int(match["identity"])
            found[identity] = Sample(in_temporal_order(frames), identity, camera)
        else:
            empty.append(path.name)
    if not found:
        raise DatasetError(
            f"{layout.title} has no tracklet in {folder}, got {describe_content(content)}. Expected one "
            f"folder of frames per person. Unpack the archive again."
        )
    notes: tuple[str, ...] = ()
    if odd:
        notes += (f"{folder.name}/: {quantity(len(odd), 'folder')} left out, no person's: {examples(odd)}.",)
    if empty:
        notes += (
            f"{folder.name}/: {quantity(len(empty), 'folder')} left out, without images: {examples(empty)}.",
        )
    return dict(sorted(found.items())), notes


def split_pairs(pairs: TrackletPairs, train: Sequence[int], test: Sequence[int]) -> Halves:
    """Return train (both cameras), query (the first camera) and gallery (the second), by identity.

    Args:
        pairs: The tracklets.
        train: Identities to learn from.
        test: Identities to search.
    """
    return (
        tuple(camera[identity] for identity in sorted(train) for camera in (pairs.first, pairs.second)),
        tuple(pairs.first[identity] for identity in sorted(test)),
        tuple(pairs.second[identity] for identity in sorted(test)),
    )
