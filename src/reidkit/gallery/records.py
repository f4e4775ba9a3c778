"""What a gallery holds and what it answers: plain frozen records."""

from dataclasses import dataclass
from datetime import datetime

from reidkit.core.thresholds import Verdict
from reidkit.core.types import DistanceName, Threshold


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
    """A template that was found, and how far it is from the query; rank 1 is the nearest."""

    rank: int
    distance: float
    template: Template


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gallery says of one query.

    Args:
        decision: "same" where the nearest hit lies within the strictest threshold, "new" where none lies
            within the loosest, "unsure" between; None where the gallery has no thresholds.
        identity: Of the nearest hit; None where nothing was found.
        threshold: The strictest threshold that the nearest hit lies within, with its error rates.
        hits: Nearest first; equal distances in the order in which the templates were added.
    """

    decision: Verdict | None
    identity: str | None
    threshold: Threshold | None
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class GalleryAbout:
    """What a gallery says about itself.

    Args:
        model: Fingerprint of the model whose descriptors it holds; others are refused.
        descriptor_dim: Numbers per descriptor.
        distance: Between descriptors.
        thresholds: Of the model, by which answers are judged.
        format_version: Of the tables.
    """

    model: str
    descriptor_dim: int
    distance: DistanceName
    thresholds: tuple[Threshold, ...] = ()
    format_version: int = 1


@dataclass(frozen=True, slots=True)
class GalleryStats:
    """How much a gallery holds."""

    templates: int
    identities: int
    cameras: int
    version: int
    megabytes: float
