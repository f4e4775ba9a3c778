"""What the doctor found as one HTML page: counts, findings, histogram, and the pictures they speak of."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidkit.core.types import Box, DatasetSplits, Sample, SplitCounts
from reidkit.data.duplicates import Duplicate, Kind
from reidkit.data.findings import LEVELS, DoctorReport
from reidkit.data.histogram import HistogramBar
from reidkit.data.odd_pictures import Oddity
from reidkit.data.wording import printable
from reidkit.vis.html_page import write_page
from reidkit.vis.pictures import common_aspect, data_uri, read_picture, shrink
from reidkit.vis.rank_list import text_of
from reidkit.vis.words import count

TEMPLATE = "check_page.html.jinja"
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 240, 288
"""Pixels; about twice what a page shows, for sharp screens."""

MOST_PAIRS = 12
MOST_ODD = 12
MOST_DAMAGED = 200
MOST_IDENTITIES = 4
MOST_IMAGES = 8
"""Shown of each kind; the page says how many more there are."""

DUPLICATE_WORDS: Mapping[Kind, tuple[str, str]] = {
    "across-splits": (
        "In train, and in query or gallery",
        "Left a query or gallery image, right the training image that shows the same.",
    ),
    "two-identities": ("One picture, two identities", "One of the two labels is wrong, or one file is."),
    "query-in-gallery": (
        "Queries that lie in the gallery",
        "Left the query, right its copy in the gallery: it is always found, and proves nothing.",
    ),
    "within-split": ("Copies within a split", "Equal to the last pixel. They only weigh more than others."),
}
ODD_WORDS: Mapping[Oddity, tuple[str, str]] = {
    "tiny": ("Tiny", "Too few pixels to recognise anybody."),
    "flat": ("Nothing to be seen", "One colour, or nearly black."),
    "odd-shape": ("Odd shapes", "Far wider or narrower than the others; a model sees them squeezed."),
}


@dataclass(frozen=True)
class Tile:
    """One picture with its lines of text; ``image`` is a data URI, None where the file cannot be read."""

    image: str | None
    width: int
    height: int
    lines: tuple[str, ...]
    file: str


@dataclass(frozen=True)
class PairGroup:
    """The duplicates of one kind: some of them, how many there are in all, and how many are shown above."""

    title: str
    meaning: str
    total: int
    num_above: int
    pairs: tuple[tuple[Tile, Tile, str], ...]


@dataclass(frozen=True)
class TileGroup:
    """Pictures under one heading: some of them, and how many there are in all."""

    title: str
    meaning: str
    total: int
    tiles: tuple[Tile, ...]


def write_check_page(path: Path, report: DoctorReport, splits: DatasetSplits) -> None:
    """Write what the doctor found as one HTML file that needs no network and no other file.

    The same findings and files give the same bytes. All text of a user is escaped, and the page forbids
    itself scripts and anything from outside. Only the pictures that are shown are read.

    Args:
        path: Of the HTML file; replaced whole, or left as it was.
        report: What `reidkit.data.doctor.examine` returned.
        splits: What it examined.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    pictures = _Pictures()
    duplicates = _duplicate_groups(report.duplicates, pictures)
    odd = _odd_groups(report, splits, pictures)
    shown_split, identities = _identity_groups(splits, pictures)
    content = {
        "title": f"Data set {printable(report.name)}",
        "facts": {
            "Folder": printable(report.root),
            "Judged by protocol": report.protocol,
            "Found": ", ".join(count(len(report.of_level(level)), level) for level in LEVELS),
        },
        "counts": [_count_row(split, counts, report.published) for split, counts in report.summary.items()],
        "has_published": bool(report.published),
        "findings": report.findings,
        "histograms": _histograms(report.histograms),
        "duplicates": duplicates,
        "damaged": [
            (printable(failure.path), printable(failure.reason)) for failure in report.failures[:MOST_DAMAGED]
        ],
        "num_damaged": len(report.failures),
        "odd": odd,
        "shown_split": shown_split,
        "identities": identities,
        "aspect": f"{pictures.aspect():.3f}",
    }
    write_page(path, TEMPLATE, content)


def _count_row(
    split: str, counts: SplitCounts, published: Mapping[str, SplitCounts]
) -> tuple[str, list[tuple[str, str, bool]]]:
    """Return the split, and per column (found, published, whether they differ)."""
    expected = published.get(split)
    cells = []
    for name in ("identities", "images", "cameras"):
        found = getattr(counts, name)
        other = None if expected is None else getattr(expected, name)
        differs = other is not None and other != found
        cells.append(
            (
                "unknown" if found is None else f"{found:,}",
                "" if other is None else f"{other:,}",
                differs,
            )
        )
    return split, cells


def _histograms(histograms: Mapping[str, tuple[HistogramBar, ...]]) -> list[dict[str, Any]]:
    """Return the histograms as bars with their share of the highest one; equal ones once."""
    splits = defaultdict(list)
    for split, bars in histograms.items():
        if bars:
            splits[bars].append(split)
    return [
        {
            "title": " and ".join(names),
            "bars": [
                (bar.label, bar.identities, f"{bar.identities / max(bar.identities for bar in bars):.4f}")
                for bar in bars
            ],
        }
        for bars, names in splits.items()
    ]


class _Pictures:
    """Read pictures for the page, each once."""

    def __init__(self) -> None:
        self._read: dict[tuple[Path, Box | None], tuple[str | None, int, int]] = {}
        self._aspects: list[float] = []

    def tile(self, sample: Sample, *lines: str) -> Tile:
        """Return the first frame of a sample as a tile."""
        key = sample.path, sample.box
        if key not in self._read:
            picture = read_picture(sample)
            self._read[key] = None, 0, 0
            if picture is not None:
                self._aspects.append(common_aspect([picture]))
                small = shrink(picture, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
                self._read[key] = data_uri(small), small.width, small.height
        return Tile(*self._read[key], lines, printable(sample.path))

    def aspect(self) -> float:
        """Return width over height of the middle picture."""
        aspects = sorted(self._aspects)
        return aspects[len(aspects) // 2] if aspects else common_aspect([])


def _place(sample: Sample, split: str) -> tuple[str, ...]:
    camera = () if sample.camera is None else (f"camera {text_of(sample.camera)}",)
    return (split, f"identity {text_of(sample.identity)}", *camera, printable(sample.path.name))


def _duplicate_groups(duplicates: Sequence[Duplicate], pictures: _Pictures) -> list[PairGroup]:
    """Return the kinds of duplicates, worst first; a pair that is of several kinds is shown once."""
    groups = []
    shown: set[frozenset[tuple[Path, Box | None]]] = set()
    for kind, (title, meaning) in DUPLICATE_WORDS.items():
        found = [duplicate for duplicate in duplicates if duplicate.kind == kind]
        pairs: list[tuple[Tile, Tile, str]] = []
        num_above = 0
        for duplicate in found:
            files = frozenset((item.path, item.box) for item in (duplicate.first, duplicate.second))
            if files in shown:
                num_above += 1
            elif len(pairs) < MOST_PAIRS:
                shown.add(files)
                pairs.append(_pair(duplicate, pictures))
        if found:
            groups.append(PairGroup(title, meaning, len(found), num_above, tuple(pairs)))
    return groups


def _pair(duplicate: Duplicate, pictures: _Pictures) -> tuple[Tile, Tile, str]:
    return (
        pictures.tile(duplicate.first, *_place(duplicate.first, duplicate.splits[0])),
        pictures.tile(duplicate.second, *_place(duplicate.second, duplicate.splits[1])),
        "equal pixels" if duplicate.is_identical else f"nearly equal: {duplicate.bits} of 256 bits differ",
    )


def _odd_groups(report: DoctorReport, splits: DatasetSplits, pictures: _Pictures) -> list[TileGroup]:
    shown = {kind: [odd for odd in report.odd_pictures if odd.kind == kind][:MOST_ODD] for kind in ODD_WORDS}
    wanted = {odd.picture for group in shown.values() for odd in group}
    owners: dict[tuple[Path, Box | None], tuple[Sample, str]] = {}
    for split, samples in splits.by_split().items() if wanted else ():
        for sample in samples:
            for frame in sample.frames:
                if (frame, sample.box) in wanted:
                    one = Sample((frame,), sample.identity, sample.camera, sample.box)
                    owners.setdefault((frame, sample.box), (one, split))
    groups = []
    for kind, (title, meaning) in ODD_WORDS.items():
        tiles = tuple(
            pictures.tile(
                owners[odd.picture][0], f"{odd.width} x {odd.height}", *_place(*owners[odd.picture])
            )
            for odd in shown[kind]
        )
        if tiles:
            total = sum(odd.kind == kind for odd in report.odd_pictures)
            groups.append(TileGroup(title, meaning, total, tiles))
    return groups


def _identity_groups(
    splits: DatasetSplits, pictures: _Pictures
) -> tuple[str, list[tuple[str, list[TileGroup]]]]:
    """Return the split that is shown, and its identities of fewest and of most images."""
    split = "train" if splits.train else "gallery"
    images: dict[Hashable, list[Sample]] = defaultdict(list)
    for sample in splits.by_split()[split]:
        if sample.frames:
            images[sample.identity].append(sample)
    order = sorted(images, key=lambda identity: len(images[identity]))  # equal ones as they come
    fewest = order[:MOST_IDENTITIES]
    most = [identity for identity in reversed(order) if identity not in fewest][:MOST_IDENTITIES]
    return split, [
        (title, [_identity_group(identity, images[identity], pictures) for identity in chosen])
        for title, chosen in (("Fewest images", fewest), ("Most images", most))
        if chosen
    ]


def _identity_group(identity: Hashable, samples: Sequence[Sample], pictures: _Pictures) -> TileGroup:
    # Spread over all of them: neighbours are often frames of one walk.
    step = max(1, len(samples) / MOST_IMAGES)
    chosen = [samples[int(place * step)] for place in range(min(MOST_IMAGES, len(samples)))]
    tiles = tuple(
        pictures.tile(sample, *(() if sample.camera is None else (f"camera {text_of(sample.camera)}",)))
        for sample in chosen
    )
    return TileGroup(text_of(identity), "", len(samples), tiles)
