"""What the doctor found: records, and how they read as text and as JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample, SplitCounts
from reidkit.data.duplicates import Duplicate
from reidkit.data.failures import ReadFailure
from reidkit.data.histogram import HistogramBar, draw_histograms
from reidkit.data.odd_pictures import OddPicture
from reidkit.data.wording import printable

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor found.

    Args:
        level: "error": going on makes no sense; "warning": scores or training may suffer; "note": good to
            know.
        code: Stable short name, such as ``"no-valid-query"``.
        message: What, with counts and examples, and what to do about it.
    """

    level: Level
    code: str
    message: str


@dataclass(frozen=True)
class DoctorReport:
    """Everything the doctor found about one data set.

    Args:
        name: Of the data set.
        root: Where it lies.
        protocol: Name of the evaluation protocol it was examined for.
        summary: Counts per split: the fingerprint of the data, to store with every score.
        findings: Errors first, then warnings, then notes.
        published: Counts per split as published, for the splits of which they are known.
        histograms: Per split that has images: how many identities have how many.
        duplicates: Files that show the same picture; complete, where the findings give examples.
        failures: Files that cannot be used, sorted by path.
        odd_pictures: Tiny ones, ones that show nothing, and odd shapes.
    """

    name: str
    root: str
    protocol: str
    summary: Mapping[str, SplitCounts]
    findings: tuple[Finding, ...]
    published: Mapping[str, SplitCounts] = field(default_factory=dict)
    histograms: Mapping[str, tuple[HistogramBar, ...]] = field(default_factory=dict)
    duplicates: tuple[Duplicate, ...] = ()
    failures: tuple[ReadFailure, ...] = ()
    odd_pictures: tuple[OddPicture, ...] = ()

    def of_level(self, level: Level) -> tuple[Finding, ...]:
        """Return the findings of one level, in order."""
        return tuple(finding for finding in self.findings if finding.level == level)

    def raise_on_error(self) -> None:
        """Refuse the data set if there is an error.

        Raises:
            DatasetError: at least one finding is an error; the message lists all of them.
        """
        errors = self.of_level("error")
        if len(errors) == 1:
            raise DatasetError(errors[0].message)
        if errors:
            listed = "\n".join(f"- {finding.message}" for finding in errors)
            raise DatasetError(f"Data set '{self.name}' has {len(errors)} errors:\n{listed}")

    def as_text(self, *, levels: Sequence[Level] = LEVELS, histogram: bool = False) -> str:
        """Return the table of counts and the findings of some levels, one per line, for a terminal.

        Args:
            levels: Which findings.
            histogram: Whether to draw the histograms of images per identity below.
        """
        rows = [("split", "identities", "images", "cameras")]
        for split, counts in self.summary.items():
            cameras = "unknown" if counts.cameras is None else str(counts.cameras)
            rows.append((split, str(counts.identities), str(counts.images), cameras))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [f"{self.name} ({self.root}), protocol {self.protocol}"]
        for first, *numbers in rows:
            cells = [text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True)]
            lines.append("  ".join([first.ljust(widths[0]), *cells]))
        lines += [
            f"{finding.level}: {finding.message}" for finding in self.findings if finding.level in levels
        ]
        if histogram:
            lines += draw_histograms(self.histograms)
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the report as what ``json.dumps`` takes."""
        return {
            "name": self.name,
            "root": self.root,
            "protocol": self.protocol,
            "summary": {split: asdict(counts) for split, counts in self.summary.items()},
            "findings": [asdict(finding) for finding in self.findings],
            "published": {split: asdict(counts) for split, counts in self.published.items()},
            "images_per_identity": {
                split: [asdict(bar) for bar in bars] for split, bars in self.histograms.items()
            },
            "duplicates": [
                {
                    "kind": duplicate.kind,
                    "files": [
                        {"split": split, **_describe(sample)}
                        for split, sample in zip(
                            duplicate.splits, (duplicate.first, duplicate.second), strict=True
                        )
                    ],
                    "differing_bits": duplicate.bits,
                    "is_identical": duplicate.is_identical,
                }
                for duplicate in self.duplicates
            ],
            "unreadable": [
                {"path": printable(failure.path), "reason": printable(failure.reason)}
                for failure in self.failures
            ],
            "odd_images": [
                {
                    "kind": odd.kind,
                    "path": printable(odd.picture.path),
                    "box": odd.picture.box,
                    "width": odd.width,
                    "height": odd.height,
                }
                for odd in self.odd_pictures
            ],
        }


def _describe(sample: Sample) -> dict[str, Any]:
    """Return what JSON can hold of an image; identities that are neither text nor numbers become text."""
    identity, camera = (
        value if value is None or isinstance(value, str | int) else str(value)
        for value in (sample.identity, sample.camera)
    )
    return {
        "path": printable(sample.path),
        "box": sample.box,
        "identity": identity,
        "camera": camera,
    }


def count_split(samples: Iterable[Sample]) -> SplitCounts:
    """Count the identities, images (or tracklets) and cameras of a split.

    ``cameras`` is None where no sample has one.

    Example:
        >>> count_split([Sample((), "a", camera=1), Sample((), "a", camera=2)])
        SplitCounts(identities=1, images=2, cameras=2)
    """
    identities, cameras, images = set(), set(), 0
    for sample in samples:
        images += 1
        identities.add(sample.identity)
        cameras.add(sample.camera)
    cameras.discard(None)
    return SplitCounts(len(identities), images, len(cameras) or None)


def count_images(samples: Iterable[Sample]) -> Counter[Any]:
    """Return how many images (or tracklets) each identity has."""
    return Counter(sample.identity for sample in samples)
