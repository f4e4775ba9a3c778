"""Examine a data set before hours go into it: what is missing, wrong, or will make its scores misleading."""

import statistics
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, get_args

from reidkit.core.errors import CatalogError
from reidkit.core.types import DatasetSplits, Protocol, ReportProgress, Sample, SplitCounts
from reidkit.data.camera_checks import check_cameras
from reidkit.data.duplicate_checks import check_duplicates
from reidkit.data.duplicates import find_duplicates
from reidkit.data.failures import UnreadablePolicy, check_policy
from reidkit.data.file_checks import Decode, FileCheck, read_files
from reidkit.data.findings import LEVELS, DoctorReport, Finding, count_images, count_split
from reidkit.data.histogram import make_histogram
from reidkit.data.label_checks import check_labels
from reidkit.data.odd_pictures import find_odd_pictures
from reidkit.data.picture_checks import check_pictures
from reidkit.data.query_checks import check_queries
from reidkit.data.wording import examples, label_examples, printable, quantity

Need = Literal["train", "evaluation"]

__all__ = ["DoctorReport", "Finding", "Need", "examine"]


_LEAVE_OUT = (
    " Or leave such images out: data.unreadable=skip in a recipe, --skip-unreadable in 'reidkit evaluate'."
)


def examine(
    splits: DatasetSplits,
    protocol: Protocol,
    *,
    decode: Decode = "sample",
    needs: Collection[Need] = (),
    unreadable: UnreadablePolicy = "error",
    report: ReportProgress | None = None,
) -> DoctorReport:
    """Examine a data set.

    The levels, and why: an image that is both learned from and judged by is an error, no score then means
    anything. Identities in both are a warning: closed sets of animals are split so on purpose, and some
    data sets number their people anew in every split; only a person knows which it is. A missing part is
    an error where it is needed, and otherwise a note. The same picture in two files is a warning: a few of
    them spoil a few queries, and published data sets have some.

    Only what is read is looked at and compared, each file once; nothing but numbers is kept of it.

    Args:
        splits: What a reader returned.
        protocol: How it will be evaluated.
        decode: Which image files to read: "none", a fixed "sample" of 200, or "all".
        needs: What the data is for: "train", "evaluation", both, or nothing in particular.
        unreadable: Policy of the coming run: with "skip", files that cannot be read are a warning.
        report: Called with (files read, files to read).

    Raises:
        CatalogError: ``decode``, ``needs`` or ``unreadable`` is none of its words.
    """
    check_policy(unreadable)
    if decode not in get_args(Decode) or not set(needs) <= set(get_args(Need)):
        raise CatalogError(
            f"Examination is not clear, got decode={decode!r} and needs={tuple(needs)!r}. Expected decode to "
            f"be one of {', '.join(get_args(Decode))}, and needs none but {', '.join(get_args(Need))}."
        )
    summary = {split: count_split(samples) for split, samples in splits.by_split().items()}
    support = splits.query_support if protocol.pooling == "query" else ()
    files = read_files(
        (sample for samples in (*splits.by_split().values(), support) for sample in samples),
        decode=decode,
        report=report,
    )
    duplicates, odd_pictures = find_duplicates(splits, files, protocol), find_odd_pictures(files)
    findings = [
        *_check_train(splits.train, "train" in needs),
        *_check_evaluation(splits, protocol, "evaluation" in needs),
        *_check_overlap(splits),
        *_check_conflicts(splits),
        *check_labels(splits),
        *check_cameras(splits),
        *_check_files(files, unreadable),
        *check_duplicates(duplicates, files),
        *check_pictures(odd_pictures, files),
        *_check_published(splits, summary),
        *(Finding("note", "reader", note) for note in splits.notes),
    ]
    return DoctorReport(
        name=splits.name,
        root=str(splits.root),
        protocol=protocol.name,
        summary=summary,
        findings=tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))),
        published=dict(splits.published_counts),
        histograms={
            split: make_histogram(count_images(samples).values())
            for split, samples in splits.by_split().items()
            if samples
        },
        duplicates=duplicates,
        failures=files.failures,
        odd_pictures=odd_pictures,
    )


def _check_train(train: Sequence[Sample], is_needed: bool) -> Iterator[Finding]:
    if not train:
        yield Finding(
            "error" if is_needed else "note",
            "no-train-images",
            "There are no training images: this data can be evaluated, but nothing can be learned from it.",
        )
        return
    counts = count_images(train)
    if len(counts) < 2:
        yield Finding(
            "error" if is_needed else "warning",
            "one-train-identity",
            f"The train split has one identity ({label_examples(counts)}). Expected at least 2: with one "
            f"there is nothing to tell apart. Add identities.",
        )
    single = [identity for identity, count in counts.items() if count == 1]
    if single:
        yield Finding(
            "note",
            "single-image-identities",
            f"{len(single)} of {len(counts)} training identities have a single image "
            f"(e.g. {label_examples(single)}): they are never pulled together, only pushed away from others.",
        )
    yield Finding(
        "note",
        "labels",
        f"{quantity(len(counts), 'training identity', 'training identities')}, mapped to "
        f"0..{len(counts) - 1} in sorted order.",
    )
    numbers = sorted(counts.values())
    yield Finding(
        "note",
        "images-per-identity",
        f"Images per training identity: least {numbers[0]}, median {statistics.median(numbers):g}, "
        f"mean {statistics.fmean(numbers):.1f}, most {numbers[-1]}.",
    )


def _check_evaluation(splits: DatasetSplits, protocol: Protocol, is_needed: bool) -> Iterator[Finding]:
    empty = [name for name in ("query", "gallery") if not splits.by_split()[name]]
    if len(empty) == 2:
        yield Finding(
            "error" if is_needed or not splits.train else "note",
            "no-evaluation-images",
            "There are no query and no gallery images: this data cannot be evaluated.",
        )
    elif empty:
        other = "gallery" if empty == ["query"] else "query"
        yield Finding(
            "error",
            f"empty-{empty[0]}",
            f"The {empty[0]} is empty, but the {other} has {len(splits.by_split()[other])} images. Expected "
            f"images in both. Add {empty[0]} images, or make the {other} a test split, which is searched "
            f"leave-one-out.",
        )
    else:
        yield from check_queries(splits.query, splits.gallery, protocol, splits.query_support)


def _check_overlap(splits: DatasetSplits) -> Iterator[Finding]:
    tested = (*splits.query, *splits.gallery)
    pictures = {(frame, sample.box) for sample in splits.train for frame in sample.frames}
    shared = sorted(
        {frame for sample in tested for frame in sample.frames if (frame, sample.box) in pictures}
    )
    if shared:
        yield Finding(
            "error",
            "test-image-in-train",
            f"{quantity(len(shared), 'image')} both in train and in query or gallery "
            f"(e.g. {examples([str(path) for path in shared], 3)}). Expected none: what was learned by heart "
            f"measures nothing. Remove them from one side.",
        )
    known = {sample.identity for sample in splits.train}
    tested_identities = {sample.identity for sample in tested}
    both = sorted(known & tested_identities, key=lambda identity: (str(type(identity)), str(identity)))
    if both:
        yield Finding(
            "warning",
            "test-identity-in-train",
            f"{len(both)} of {len(tested_identities)} tested identities are in train too "
            f"(e.g. {label_examples(both)}). If these are the same individuals, the scores say how well "
            f"known ones are recognised, and nothing about new ones; if the splits only name different "
            f"individuals alike, all is well.",
        )


def _check_conflicts(splits: DatasetSplits) -> Iterator[Finding]:
    owner: dict[object, object] = {}
    conflicts = set()
    for samples in (splits.train, splits.query, splits.gallery):
        for sample in samples:
            for frame in sample.frames:
                if owner.setdefault((frame, sample.box), sample.identity) != sample.identity:
                    conflicts.add(frame)
    if conflicts:
        yield Finding(
            "warning",
            "image-of-two-identities",
            f"{quantity(len(conflicts), 'image')} of more than one identity "
            f"(e.g. {examples([str(path) for path in sorted(conflicts)], 3)}). Expected one identity each. "
            f"Correct the labels, or give the boxes of the individuals.",
        )


def _check_files(files: FileCheck, unreadable: UnreadablePolicy) -> Iterator[Finding]:
    if files.failures:
        reasons = " ".join(printable(failure.reason) for failure in files.failures[:5])
        more = f" And {len(files.failures) - 5} more." if len(files.failures) > 5 else ""
        yield Finding(
            "error" if unreadable == "error" else "warning",
            "unreadable-images",
            f"{len(files.failures)} of {files.tried} image files that were tried cannot be used. "
            f"{reasons}{more}" + (_LEAVE_OUT if unreadable == "error" else ""),
        )
    elif files.tried:
        yield Finding("note", "readable-images", f"{files.tried} image files were read without a fault.")


def _check_published(splits: DatasetSplits, summary: dict[str, SplitCounts]) -> Iterator[Finding]:
    for split, published in splits.published_counts.items():
        found = summary[split]
        pairs = [
            ("identities", published.identities, found.identities),
            ("images", published.images, found.images),
            ("cameras", published.cameras, found.cameras),
        ]
        differing = [
            f"{expected} {noun} expected, {actual or 0} found"
            for noun, expected, actual in pairs
            if expected is not None and expected != actual
        ]
        if differing:
            yield Finding(
                "warning",
                "counts-differ",
                f"{splits.name}: the {split} split is not the published one, {'; '.join(differing)}. "
                f"Scores are not comparable with published ones.",
            )
