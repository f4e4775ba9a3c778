"""CUHK03: 1467 people before five pairs of cameras, cut out by hand or by a detector."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from reidkit.core.cache import cache_folder
from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.dividing import check_split
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.market_folders import MARKET_FOLDERS, read_market_folders
from reidkit.data.readers.naming import Naming
from reidkit.data.readers.person.cuhk03_archive import IMAGE_NAME, Protocol, read_protocol
from reidkit.data.readers.person.cuhk03_cache import CachedImages, cache_images
from reidkit.data.wording import examples, quantity

Version = Literal["detected", "labeled"]
ProtocolName = Literal["new", "classic"]

NUM_CLASSIC_SPLITS = 20

_QUERY = SplitCounts(identities=700, images=1400, cameras=2)
_COUNTS: dict[Version, dict[str, SplitCounts]] = {
    "detected": {
        "train": SplitCounts(identities=767, images=7365, cameras=2),
        "query": _QUERY,
        "gallery": SplitCounts(identities=700, images=5332, cameras=2),
    },
    "labeled": {
        "train": SplitCounts(identities=767, images=7368, cameras=2),
        "query": _QUERY,
        "gallery": SplitCounts(identities=700, images=5328, cameras=2),
    },
}

CUHK03 = Benchmark(
    name="cuhk03",
    title="CUHK03",
    kind="person",
    reference=(
        "Li, Zhao, Xiao, Wang, DeepReID: Deep Filter Pairing Neural Network for Person Re-identification, "
        "CVPR 2014; new protocol by Zhong, Zheng, Cao, Li, Re-ranking Person Re-identification with "
        "k-reciprocal Encoding, CVPR 2017"
    ),
    how_to_obtain=(
        "How to obtain it: ask its authors (Xiaogang Wang's group, Chinese University of Hong Kong) for "
        "cuhk03_release.zip, unpack it, and put cuhk03_new_protocol_config_detected.mat and "
        "cuhk03_new_protocol_config_labeled.mat of the repository zhunzhong07/person-re-ranking beside; or "
        "take CUHK03-NP of the same repository; reidkit downloads no images of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    counts=_COUNTS["detected"],
)

_ARCHIVE = "cuhk-03.mat"
_PEOPLE_PER_PAIR = 10_000
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})_c(?P<camera>[12])_[0-9]+\.png"),
    form="<identity>_c<camera>_<number>.png",
)


@dataclass(frozen=True, slots=True)
class _Named:
    """An image of the archive by what its name says."""

    path: Path
    person: tuple[int, int]
    view: int

    def sample(self, identity: int) -> Sample:
        return Sample((self.path,), identity, self.view)


def read_cuhk03(
    root: Path,
    *,
    version: Version = "detected",
    protocol: ProtocolName = "new",
    split: int = 0,
    cache: Path | str | None = None,
) -> DatasetSplits:
    """Read CUHK03 from the files of its authors, or from the re-pack CUHK03-NP in place.

    The files of the authors are ``cuhk-03.mat`` and, for the new protocol, the file
    ``cuhk03_new_protocol_config_<version>.mat`` beside it or in the folder above. The images in
    ``cuhk-03.mat`` are written once as PNG into a cache folder, only those of the version asked for; that
    takes a minute or two, and continues where it was interrupted. Where the folder holds both, CUHK03-NP
    is read.

    A camera is the view, 1 or 2, of one of five pairs of cameras. Which pair it is does not matter to the
    evaluation, since every person belongs to one pair; but camera 1 is not one camera.

    - "new": 767 people to learn from, 700 to judge by. Identities are the integers of the protocol file,
      or of the file names of CUHK03-NP.
    - "classic": 100 people to judge by in each of 20 splits, all others to learn from. Query and gallery
      are both all images of these 100. Person 17 of pair 3 is identity 30017. The published scores are
      means over the 20 splits, and look in a gallery with one image of each person, drawn at random:
      the protocol "cuhk03-single-shot", which draws it for each query.

    Args:
        root: The folder that holds ``detected/`` and ``labeled/`` of CUHK03-NP, or one of these two; or the
            folder that holds ``cuhk-03.mat``; or a folder up to two levels above.
        version: "detected" (cut out by a detector, as in use) or "labeled" (cut out by hand).
        protocol: "new" or "classic".
        split: 0 to 19, with the classic protocol only.
        cache: Folder for the PNG files, instead of `reidkit.core.cache.cache_folder`.

    Raises:
        CatalogError: ``version`` or ``protocol`` is none of its words, or ``split`` does not exist.
        DatasetError: nothing fits; a file is missing, damaged or a saved web page; the files do not fit each
            other; or the cache cannot be written.
        MissingExtraError: a ``.mat`` file without the extra "mat" installed.
    """
    _check_options(version, protocol, split)
    folder, notes = find_root(_layout(version, protocol), root)
    has_repack = (folder / version / "query").is_dir() or not (folder / _ARCHIVE).is_file()
    if protocol == "new" and has_repack:
        return _read_repack(folder, version, notes)
    # Before the images: whoever lacks the file should hear of it now, not after minutes of writing.
    new_protocol = _read_new_protocol(folder, version) if protocol == "new" else None
    cached = cache_images(
        folder / _ARCHIVE, version, cache_folder() if cache is None else Path(cache).expanduser().resolve()
    )
    notes += (f"Images of {_ARCHIVE}, the {version} ones, lie as PNG in {cached.folder}.",)
    if new_protocol is None:
        return _divide_classic(folder, cached, split, notes)
    return _divide_new(folder, cached, new_protocol, version, notes)


def _check_options(version: Version, protocol: ProtocolName, split: int) -> None:
    if version not in get_args(Version):
        raise CatalogError(f"version is unknown, got '{version}'. Expected one of detected, labeled.")
    if protocol not in get_args(ProtocolName):
        raise CatalogError(f"protocol is unknown, got '{protocol}'. Expected one of new, classic.")
    if protocol == "new" and split != 0:
        raise CatalogError(
            f"split is unknown, got {split}. Expected 0: the new protocol has one split. Leave it out, or "
            f"give protocol='classic'."
        )
    check_split(split, NUM_CLASSIC_SPLITS)


def _layout(version: Version, protocol: ProtocolName) -> Layout:
    repacks = (tuple(f"{version}/{entry}" for entry in MARKET_FOLDERS), MARKET_FOLDERS)
    return Layout(
        title=CUHK03.title,
        alternatives=(*(repacks if protocol == "new" else ()), (_ARCHIVE,)),
        name_hint="cuhk03",
        how_to_obtain=CUHK03.how_to_obtain,
    )


def _read_repack(folder: Path, version: Version, notes: tuple[str, ...]) -> DatasetSplits:
    images = folder / version if (folder / version).is_dir() else folder
    other = "labeled" if version == "detected" else "detected"
    if images == folder and other in folder.name.lower():
        raise DatasetError(
            f"CUHK03 version is not the one asked for, got {folder} for version='{version}'. Expected its "
            f"folder. Give version='{other}', or the folder of the {version} images."
        )
    found = read_market_folders(_layout(version, "new"), images, _NAMING)
    return CUHK03.splits(
        images,
        train=found.train,
        query=found.query,
        gallery=found.gallery,
        notes=(*notes, f"CUHK03-NP, the {version} images.", *found.notes),
        counts=_COUNTS[version],
    )


def _divide_new(
    folder: Path, cached: CachedImages, protocol: Protocol, version: Version, notes: tuple[str, ...]
) -> DatasetSplits:
    positions = (protocol.train, protocol.query, protocol.gallery)
    absent = sorted({protocol.names[position] for split in positions for position in split} - cached.names)
    if absent:
        raise DatasetError(
            f"CUHK03 files do not fit each other, got {quantity(len(absent), 'image')} of the new protocol "
            f"that {_ARCHIVE} does not hold: {examples(absent)}. Expected one version. Get both again."
        )
    train, query, gallery = (
        tuple(
            _named(cached.folder / protocol.names[position]).sample(protocol.identities[position])
            for position in sorted(split, key=lambda position: protocol.names[position])
        )
        for split in positions
    )
    return CUHK03.splits(
        folder, train=train, query=query, gallery=gallery, notes=notes, counts=_COUNTS[version]
    )


def _read_new_protocol(folder: Path, version: Version) -> Protocol:
    name = f"cuhk03_new_protocol_config_{version}.mat"
    for candidate in (folder / name, folder.parent / name):
        if candidate.is_file():
            return read_protocol(candidate)
    raise DatasetError(
        f"CUHK03 has no new protocol, got {folder} without {name}, there and in the folder above. Expected "
        f"the file of Zhong and others, repository zhunzhong07/person-re-ranking, folder "
        f"evaluation/data/CUHK03. Put it beside {_ARCHIVE}, or give protocol='classic'."
    )


def _divide_classic(folder: Path, cached: CachedImages, split: int, notes: tuple[str, ...]) -> DatasetSplits:
    if split >= len(cached.test_sets):
        raise DatasetError(
            f"CUHK03 has no split {split}, got {quantity(len(cached.test_sets), 'test set')} in "
            f"{folder / _ARCHIVE}. Expected {NUM_CLASSIC_SPLITS}. Ask the authors for the file again."
        )
    tested = cached.test_sets[split]
    train: list[Sample] = []
    test: list[Sample] = []
    for name in sorted(cached.names):
        image = _named(cached.folder / name)
        pair, person = image.person
        (test if image.person in tested else train).append(image.sample(pair * _PEOPLE_PER_PAIR + person))
    notes += (
        f"Classic protocol, split {split} of {NUM_CLASSIC_SPLITS}: published scores are means over all of "
        f"them, with one random gallery image of each person; the protocol cuhk03-single-shot draws it ten "
        f"times for each query.",
    )
    return CUHK03.splits(
        folder,
        train=tuple(train),
        query=tuple(test),
        gallery=tuple(test),
        notes=notes,
        counts={},
        protocol="cuhk03-single-shot",
        split=split,
        num_splits=NUM_CLASSIC_SPLITS,
    )


def _named(path: Path) -> _Named:
    match = IMAGE_NAME.fullmatch(path.name)
    if match is None:  # both .mat files were checked for it; a damaged index of the cache was not
        raise DatasetError(
            f"CUHK03 cache is damaged, got the image {path}. Expected '<pair>_<person>_<view>_<number>.png'. "
            f"Delete the folder {path.parent.parent}."
        )
    return _Named(path, (int(match["pair"]), int(match["person"])), int(match["view"]))
