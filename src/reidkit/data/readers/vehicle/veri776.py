"""VeRi-776: vehicles on the roads of a district, twenty cameras; the archive is read in place."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming, read_named_folder
from reidkit.data.wording import quantity

VERI776 = Benchmark(
    name="veri776",
    title="VeRi-776",
    kind="vehicle",
    reference=(
        "Liu, Liu, Ma, Fu, Large-Scale Vehicle Re-Identification in Urban Surveillance Videos, ICME 2016; "
        "and Liu, Liu, Mei, Ma, A Deep Learning-Based Approach to Progressive Vehicle Re-identification for "
        "Urban Surveillance, ECCV 2016"
    ),
    how_to_obtain=(
        "How to obtain it: ask Xinchen Liu by the address on the project page vehiclereid.github.io/VeRi, "
        "unpack the archive he sends, and give the folder; reidkit downloads no data sets."
    ),
    terms="For research only; do not pass it on or use it commercially.",
    counts={
        "train": SplitCounts(identities=576, images=37778, cameras=20),
        "query": SplitCounts(identities=200, images=1678),
        "gallery": SplitCounts(identities=200, images=11579),
    },
    protocol="veri",
)

_LAYOUT = Layout(
    title=VERI776.title,
    alternatives=(("image_train/", "image_query/", "image_test/"),),
    name_hint="veri",
    how_to_obtain=VERI776.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})_c(?P<camera>[0-9]{3})_[0-9]+_[0-9]+\.jpg"),
    form="<identity>_c<camera>_<frame>_<box>.jpg",
)

_COLOURS = {
    "1": "yellow", "2": "orange", "3": "green", "4": "gray", "5": "red",
    "6": "blue", "7": "white", "8": "golden", "9": "brown", "10": "black",
}  # fmt: skip
_TYPES = {
    "1": "sedan", "2": "suv", "3": "van", "4": "hatchback", "5": "mpv",
    "6": "pickup", "7": "bus", "8": "truck", "9": "estate",
}  # fmt: skip
_TRACKS = "test_track.txt"
_FIELDS = (("colour", "colorID", _COLOURS), ("type", "typeID", _TYPES))


def read_veri776(root: Path) -> DatasetSplits:
    """Read the VeRi-776 archive in place.

    Identities and cameras are integers, as in the file names; cameras are 1 to 20. Where
    ``train_label.xml`` and ``test_label.xml`` lie beside the folders, samples have the attributes
    ``colour`` and ``type`` in words (``"red"``, ``"sedan"``); a number that is not in the authors' lists
    (three vehicles of the first release have type 0) is left out. Where ``test_track.txt`` lies there,
    gallery images have the attribute ``track``, the number of their line in it, which the protocol
    "veri-image-to-track" searches by.

    Args:
        root: The folder that holds ``image_train/``, ``image_query/`` and ``image_test/``; or one of these;
            or a folder up to two levels above.

    Raises:
        DatasetError: the folders are not found, one holds no image with a name of the expected form, or a
            label file or the list of tracks is damaged.
    """
    folder, notes = find_root(_LAYOUT, root)
    train, train_notes = read_named_folder(_LAYOUT, folder / "image_train", _NAMING)
    query, query_notes = read_named_folder(_LAYOUT, folder / "image_query", _NAMING)
    gallery, gallery_notes = read_named_folder(_LAYOUT, folder / "image_test", _NAMING)
    notes = (*notes, *train_notes, *query_notes, *gallery_notes)
    if (folder / "train_label.xml").is_file():
        (train,), label_notes = _add_labels(folder / "train_label.xml", train)
        notes += label_notes
    if (folder / "test_label.xml").is_file():
        # The queries are some of the test images, so one file labels both.
        (query, gallery), label_notes = _add_labels(folder / "test_label.xml", query, gallery)
        notes += label_notes
    if (folder / _TRACKS).is_file():
        gallery, track_notes = _add_tracks(folder / _TRACKS, gallery)
        notes += track_notes
    return VERI776.splits(folder, train=train, query=query, gallery=gallery, notes=notes)


def _add_tracks(path: Path, gallery: tuple[Sample, ...]) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """Give each image the number of the line that lists it; other words of a line do not matter."""
    lines = path.read_text(errors="replace").splitlines()
    tracks = {
        name: number
        for number, line in enumerate(lines)
        for name in line.split()
        if _NAMING.pattern.fullmatch(name)
    }
    listed = [tracks.get(sample.path.name) for sample in gallery]
    if all(track is None for track in listed):
        raise DatasetError(
            f"List of tracks of VeRi-776 fits no image, got {len(lines)} lines in {path}. Expected in each "
            f"line the image names of one track, {_NAMING.form}. Unpack the archive again, or remove the "
            f"file to read the images without tracks."
        )
    absent = listed.count(None)
    notes = (f"{path.name}: {quantity(absent, 'image')} in no track.",) if absent else ()
    return tuple(
        sample if track is None else replace(sample, attributes={**sample.attributes, "track": track})
        for sample, track in zip(gallery, listed, strict=True)
    ), notes


def _add_labels(
    path: Path, *splits: tuple[Sample, ...]
) -> tuple[tuple[tuple[Sample, ...], ...], tuple[str, ...]]:
    labels = _read_labels(path)
    labelled = tuple(
        tuple(replace(sample, attributes=labels.get(sample.path.name, {})) for sample in samples)
        for samples in splits
    )
    absent = sum(sample.path.name not in labels for samples in splits for sample in samples)
    if not absent:
        return labelled, ()
    return labelled, (f"{path.name}: {quantity(absent, 'image')} not in it, without attributes.",)


def _read_labels(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the attributes by file name.

    The files say that they are gb2312, which Python's parser refuses; all that counts in them is ASCII.
    """
    try:
        text = path.read_bytes().decode("gb2312", errors="replace")
        items = list(ElementTree.fromstring(text).iter("Item"))
    except (OSError, ElementTree.ParseError) as error:
        raise DatasetError(
            f"Label file of VeRi-776 cannot be read, got {path} ({error}). Expected the XML of the archive. "
            f"Unpack it again, or remove the file to read the images without attributes."
        ) from error
    return {
        item.get("imageName", ""): {
            name: words[item.get(field, "")] for name, field, words in _FIELDS if item.get(field) in words
        }
        for item in items
    }
