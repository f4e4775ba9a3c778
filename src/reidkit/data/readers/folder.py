"""A folder of your own: one folder per identity below ``train``, ``test``, or ``query`` and ``gallery``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.readers.finding import Layout, find_root, skipped_notes
from reidkit.data.readers.listing import IMAGE_SUFFIXES, describe_kinds, list_folder, list_tree
from reidkit.data.wording import examples, quantity

CAMERA_PATTERN = r"(?:^|[_.-])c([0-9]+)(?=$|[_.-]|s[0-9])"
"""``c<digits>`` between the start, ``_``, ``-`` or ``.`` and the end, ``_``, ``-``, ``.`` or ``s<digit>``."""

_LAYOUT = Layout(
    title="Image folder",
    alternatives=(("train/",), ("test/",), ("query/", "gallery/")),
    how_to_obtain=(
        "Put the images of each identity into a folder of its own, train/<identity>/ to learn from and "
        "test/<identity>/ to judge by; or describe them in a manifest and use the reader 'manifest'."
    ),
)


@dataclass(frozen=True, slots=True)
class _Image:
    path: Path
    identity: str


def read_folder(root: Path, *, camera_pattern: str | None = CAMERA_PATTERN) -> DatasetSplits:
    """Read ``train/<identity>/*`` and either ``test/<identity>/*`` or ``query/`` + ``gallery/<identity>/*``.

    ``train/`` may be absent (data that is only judged), and so may the others (data that is only learned
    from). The name of a folder is the identity, as text. Folders below an identity are searched too, and
    their images belong to it. Hidden files, ``Thumbs.db`` and ``__MACOSX`` are ignored; other files that
    are no images are counted in the notes.

    ``test/`` is judged leave-one-out: query and gallery are both all of its images. The protocol leaves
    out the query itself and, where cameras are known, the images of its identity from its own camera.

    Cameras come from the file name alone, never from the folders above it. The rule: ``c<number>`` that
    stands between the start of the name or ``_``, ``-``, ``.`` and the end or ``_``, ``-``, ``.``, ``s``
    with a digit, so ``0002_c1s1_000451_03.jpg`` is from camera 1 and ``c3_0001.jpg`` from camera 3; the
    first such part counts. Where only some of the files have it (one photo happens to be ``img_c4.jpg``),
    cameras count as unknown for all. The notes say what was found.

    Args:
        root: The folder that holds them, one of them, or the folder just above.
        camera_pattern: Regular expression searched in the file name, its one group is the camera; it is a
            number if it is one in every name. None: no cameras, whatever the names look like.

    Raises:
        CatalogError: ``camera_pattern`` is no regular expression, or has not exactly one group.
        DatasetError: no such folders, ``test/`` beside ``query/`` or ``gallery/``, only one of these two,
            or a folder without images.
    """
    pattern = _compile(camera_pattern)
    folder, notes = find_root(_LAYOUT, root, levels_down=1)
    present = {
        name: folder / name for name in ("train", "test", "query", "gallery") if (folder / name).is_dir()
    }
    _check_layout(folder, set(present))
    samples, split_notes = read_split_folders(present, pattern)
    notes += split_notes
    if "test" in samples:
        notes += ("test/ is judged leave-one-out: every image is searched among all the others.",)
    test = samples.get("test", ())
    return DatasetSplits(
        name=folder.name,
        root=folder,
        train=samples.get("train", ()),
        query=samples.get("query", test),
        gallery=samples.get("gallery", test),
        protocol="market1501" if has_cameras(samples) else "no-camera",
        notes=notes,
    )


def read_split_folders(
    folders: Mapping[str, Path], pattern: re.Pattern[str] | None
) -> tuple[dict[str, tuple[Sample, ...]], tuple[str, ...]]:
    """Return the samples of each split folder, and notes on what was found.

    Args:
        folders: By the name that the caller gives each.
        pattern: Finds the camera in a file name; cameras are known for all files of all folders or for none.

    Raises:
        DatasetError: a folder without images.
    """
    found: dict[str, tuple[_Image, ...]] = {}
    notes: tuple[str, ...] = ()
    for name, folder in folders.items():
        found[name], split_notes = _read_split(folder)
        notes += split_notes
    cameras, camera_note = _find_cameras(
        [image.path for images in found.values() for image in images], pattern
    )
    samples = {
        name: tuple(Sample((image.path,), image.identity, cameras.get(image.path)) for image in images)
        for name, images in found.items()
    }
    return samples, (*notes, camera_note)


def has_cameras(samples: Mapping[str, Sequence[Sample]]) -> bool:
    """Say whether the cameras of some samples are known."""
    return any(sample.camera is not None for split in samples.values() for sample in split)


def _compile(camera_pattern: str | None) -> re.Pattern[str] | None:
    if camera_pattern is None:
        return None
    try:
        pattern = re.compile(camera_pattern)
    except re.error as error:
        raise CatalogError(
            f"camera_pattern is no regular expression, got '{camera_pattern}' ({error}). "
            f"Expected one such as '_cam([0-9]+)_'."
        ) from error
    if pattern.groups != 1:
        raise CatalogError(
            f"camera_pattern has {quantity(pattern.groups, 'group')}, got '{camera_pattern}'. "
            f"Expected exactly one, around the camera, such as '_cam([0-9]+)_'."
        )
    return pattern


def _check_layout(folder: Path, present: set[str]) -> None:
    halves = present & {"query", "gallery"}
    if "test" in present and halves:
        raise DatasetError(
            f"Image folder is not clear, got test/ and {' and '.join(sorted(f'{half}/' for half in halves))} "
            f"in {folder}. Expected test/, or query/ and gallery/. Move one of them elsewhere."
        )
    if len(halves) == 1:
        half = halves.pop()
        other = "gallery" if half == "query" else "query"
        raise DatasetError(
            f"Image folder is incomplete, got {half}/ without {other}/ in {folder}. Expected both. "
            f"Add {other}/, or rename {half}/ to test/ to search every image among all the others."
        )


def _read_split(folder: Path) -> tuple[tuple[_Image, ...], tuple[str, ...]]:
    top = list_folder(folder)
    images: list[_Image] = []
    others: list[Path] = list(top.others)
    empty: list[str] = []
    for identity in top.folders:
        content = list_tree(identity)
        images.extend(_Image(path, identity.name) for path in content.images)
        others.extend(content.others)
        if not content.images:
            empty.append(identity.name)
    if not images:
        raise DatasetError(
            f"Split {folder.name}/ is empty, got 0 images in {folder} with its "
            f"{quantity(len(top.folders), 'identity folder')}, and {describe_kinds((*top.images, *others))}. "
            f"Expected {folder.name}/<identity>/ with files of {', '.join(sorted(IMAGE_SUFFIXES))}. "
            f"Put the images of each identity into a folder of its own, or remove {folder.name}/."
        )
    notes = skipped_notes(folder, others, "no images")
    notes += skipped_notes(folder, top.images, "in no identity folder")
    if empty:
        notes += (f"{folder.name}/: {quantity(len(empty), 'identity folder')} empty: {examples(empty)}.",)
    return tuple(images), notes


def _find_cameras(paths: list[Path], pattern: re.Pattern[str] | None) -> tuple[dict[Path, int | str], str]:
    """Return the camera of each file, for all of them or for none, and a note about it."""
    if pattern is None:
        return {}, "Cameras: not looked for."
    matches = ((path, pattern.search(path.name)) for path in paths)
    texts = {path: match[1] for path, match in matches if match is not None and match[1]}
    if not texts:
        return {}, "Cameras: unknown, no file name has a part such as 'c1' that names one."
    if len(texts) < len(paths):
        without = [path.name for path in paths if path not in texts]
        return {}, (
            f"Cameras: unknown, since only {len(texts)} of {len(paths)} file names have one "
            f"(e.g. {examples([path.name for path in texts], 1)}), and others have none "
            f"(e.g. {examples(without, 1)}). Name all files alike, or give camera_pattern."
        )
    are_numbers = all(text.isascii() and text.isdigit() for text in texts.values())
    cameras: dict[Path, int | str] = {
        path: int(text) if are_numbers else text for path, text in texts.items()
    }
    names = [
        str(camera)
        for camera in sorted(set(cameras.values()), key=lambda camera: (str(type(camera)), camera))
    ]
    return cameras, (
        f"Cameras: all {len(paths)} file names have one; "
        f"{quantity(len(names), 'camera')}: {examples(names, 10)}."
    )
