"""What a gallery holds and what it answers: plain frozen records."""

from dataclasses import dataclass
from datetime import datetime

from reidkit.core.errors import GalleryError
from reidkit.core.thresholds import Verdict
from reidkit.core.types import Calibration, DistanceName, Threshold


@dataclass(frozen=True, slots=True)
class Template:
    """One descriptor of one individual: an image, or a tracklet.

    Args:
        identity: Who it is.
        template_id: Its own name in the gallery; adding one of a known name replaces it.
        camera: Where it was seen; None where unknown.
        time: When it was seen, with a time zone; None where unknown.
        source: Where it comes from, such as the path of the image.
        notes: Whatever a person wants to remember.
        expires_at: When `Gallery.expire` takes it away; None keeps it.
    """

    identity: str
    template_id: str
    camera: str | None = None
    time: datetime | None = None
    source: str | None = None
    notes: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A template that was found, and how far it is from the query; rank 1 is the nearest.

    Args:
        rank: From 1.
        distance: To the query; smaller is more alike.
        template: That was found.
        probability: Of being the same individual, by the calibration; None without one.
        verdict: On this template alone; None where the gallery has neither calibration nor thresholds.
    """

    rank: int
    distance: float
    template: Template
    probability: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gallery says of one query.

    Args:
        decision: By the calibration: "same" where the nearest hit lies within its accept distance, "new"
            where none lies within its reject distance, "unsure" between. Without a calibration the strictest
            and the loosest threshold take their places; None where the gallery has neither.
        identity: Of the nearest hit; None where nothing was found.
        threshold: The strictest threshold that the nearest hit lies within, with its error rates.
        hits: Nearest first; equal distances in the order in which the templates were added.
        probability: That the nearest hit is the same individual, under the prior of the calibration; None
            without a calibration, or without a hit.
    """

    decision: Verdict | None
    identity: str | None
    threshold: Threshold | None
    hits: tuple[Hit, ...]
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class IndexAbout:
    """What is known of the index of a gallery.

    Args:
        num_parts: Into which the descriptors are grouped.
        num_probes: Parts that a search looks into.
        recall: Share of the ten nearest templates that it found, over some templates of the gallery as
            queries, each left out of its own answer.
        num_templates: That were there when it was built. Later ones are searched too, all of them, until the
            store takes them into the index.
    """

    num_parts: int
    num_probes: int
    recall: float
    num_templates: int


@dataclass(frozen=True, slots=True)
class GalleryAbout:
    """What a gallery says about itself.

    Args:
        model: Fingerprint of the model whose descriptors it holds; others are refused.
        descriptor_dim: Numbers per descriptor.
        distance: Between descriptors.
        thresholds: Of the model, by which answers are judged where there is no calibration.
        format_version: Of the tables.
        calibration: Of the model, by which answers are judged.
        index: What is known of its index; None where it has none.
    """

    model: str
    descriptor_dim: int
    distance: DistanceName
    thresholds: tuple[Threshold, ...] = ()
    format_version: int = 1
    calibration: Calibration | None = None
    index: IndexAbout | None = None


@dataclass(frozen=True, slots=True)
class GalleryStats:
    """How much a gallery holds."""

    templates: int
    identities: int
    cameras: int
    version: int
    megabytes: float


def parse_time(text: str) -> datetime:
    """Return the moment that a text in ISO 8601 names.

    Raises:
        GalleryError: it is no time, or has no time zone.

    Example:
        >>> parse_time("2026-01-31T12:00:00Z").hour
        12
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise GalleryError(
            f"Time is not understood, got '{text}'. Expected ISO 8601 with a time zone, such as "
            f"2026-01-31T12:00:00+00:00."
        )
    return moment
