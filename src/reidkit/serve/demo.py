"""A gallery to try the service on: people of a data set, some left out, so that there are strangers."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, ReportProgress, Sample
from reidkit.data.decoding import decode_image
from reidkit.deploy.embedder import Embedder
from reidkit.gallery.gallery import Gallery, create_gallery_of_model
from reidkit.gallery.records import Template

STRANGERS = 5
"""Every so many individuals are left out of the gallery."""

JUNK = ("distractors",)
CHUNK = 256
DAY = datetime(2026, 1, 5, tzinfo=UTC)
MOST_IN_A_FRAME = 5


@dataclass(frozen=True)
class Demo:
    """What a demo was made of.

    Args:
        gallery: Filled.
        known: An image of somebody who is in the gallery, seen by another camera where there is one.
        stranger: An image of somebody who is not.
        frame: Several individuals in one picture, to pick one of.
    """

    gallery: Gallery
    known: Path
    stranger: Path
    frame: Path


def build_demo(
    embedder: Embedder, splits: DatasetSplits, out: Path, *, report: ReportProgress | None = None
) -> Demo:
    """Make the gallery of a demo, or take up the one of before.

    Args:
        embedder: The model; each model gets a gallery of its own.
        splits: Whose gallery images are kept and whose queries are suggested.
        out: Folder of the demo.
        report: Called with progress.

    Raises:
        DatasetError: the data holds too few individuals for a gallery and a stranger.
    """
    people = sorted({str(sample.identity) for sample in splits.query} - set(JUNK))
    if len(people) < 2:
        raise DatasetError(
            f"Data set '{splits.name}' is too small for a demo, got {len(people)} individuals in its "
            f"queries. Expected at least 2."
        )
    strangers = set(people[STRANGERS - 1 :: STRANGERS]) or {people[-1]}
    kept = [
        sample
        for sample in splits.gallery
        if str(sample.identity) not in strangers and str(sample.identity) not in JUNK
    ]
    gallery = _open(embedder, out / f"gallery-{embedder.fingerprint}")
    known = [sample for sample in splits.query if str(sample.identity) not in strangers]
    unknown = [sample for sample in splits.query if str(sample.identity) in strangers]
    if gallery.stats().templates < len(kept):
        _fill(gallery, embedder, kept, report)
    frame = out / "frame.jpg"
    _draw_frame([*known[:: max(1, len(known) // 4)][:4], unknown[0]], frame)
    return Demo(gallery, known[0].path, unknown[0].path, frame)


def _open(embedder: Embedder, place: Path) -> Gallery:
    if place.is_dir():
        return Gallery(place, model=embedder.fingerprint)
    return create_gallery_of_model(place, fingerprint=embedder.fingerprint, card=embedder.card)


def _fill(
    gallery: Gallery, embedder: Embedder, samples: Sequence[Sample], report: ReportProgress | None
) -> None:
    for start in range(0, len(samples), CHUNK):
        part = samples[start : start + CHUNK]
        rows = embedder.embed([sample.path for sample in part], unreadable="skip")
        is_good = np.isfinite(rows[:, 0])
        templates = [_template(sample) for sample, good in zip(part, is_good.tolist(), strict=True) if good]
        gallery.add(templates, rows[is_good])
        if report is not None:
            report(min(start + CHUNK, len(samples)), len(samples))


def _template(sample: Sample) -> Template:
    path = sample.path.resolve()
    return Template(
        str(sample.identity),
        hashlib.sha256(str(path).encode()).hexdigest()[:24],
        camera=None if sample.camera is None else str(sample.camera),
        time=_time_of(sample),
        source=str(path),
    )


def _time_of(sample: Sample) -> datetime | None:
    """Return when a drawn image was "taken": the benchmark counts seconds of one day."""
    seconds = sample.attributes.get("time")
    return None if seconds is None else DAY + timedelta(seconds=float(seconds))


def _draw_frame(samples: Sequence[Sample], path: Path) -> None:
    """Put some individuals side by side into one picture."""
    crops = [decode_image(sample.path) for sample in samples[:MOST_IN_A_FRAME]]
    height = max(crop.height for crop in crops)
    width = sum(crop.width for crop in crops)
    gap = height // 4
    frame = Image.new("RGB", (width + gap * (len(crops) + 1), height + 2 * gap), (120, 124, 128))
    left = gap
    for crop in crops:
        frame.paste(crop, (left, gap + height - crop.height))
        left += crop.width + gap
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.save(path, quality=92)
