"""What a model may be told about an image beside its pixels: the camera, the view, or both, as a label."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Literal

from reidkit.core.types import Sample

SideInformation = Literal["camera", "view", "camera_view"]
"""The camera of an image, its attribute ``view``, or both together."""

DOMAIN = "domain"
"""Attribute of a sample of several data sets: the name of its own; its camera is then (name, camera)."""


def side_label(value: Hashable) -> str:
    """Return a camera as the text that a model knows it by; the parts of a tuple are joined by a slash.

    Example:
        >>> side_label(3), side_label(("city", 3))
        ('3', 'city/3')
    """
    return "/".join(map(side_label, value)) if isinstance(value, tuple | list) else str(value)


def side_labels(samples: Iterable[Sample], kind: SideInformation, data_set: str) -> list[str | None]:
    """Return what a model is told about each sample; None where it is unknown.

    Args:
        samples: Of one data set, or of several mixed.
        kind: What it is told.
        data_set: Name of the data set, which stands before each label: camera 1 of another one is another
            camera. Samples of several data sets know their own.

    Example:
        >>> from pathlib import Path
        >>> sample = Sample((Path("a.jpg"),), "ann", camera=3, attributes={"view": "front"})
        >>> side_labels([sample], "camera_view", "city")
        ['city/3/front']
    """
    return [_label(sample, kind, data_set) for sample in samples]


def known_labels(samples: Sequence[Sample], kind: SideInformation, data_set: str) -> list[str]:
    """Return the labels that occur in samples, each once, numbers in their order."""
    found = {label for label in side_labels(samples, kind, data_set) if label is not None}
    return sorted(found, key=_natural)


def _label(sample: Sample, kind: SideInformation, data_set: str) -> str | None:
    camera = sample.camera
    if DOMAIN in sample.attributes:
        data_set = sample.attributes[DOMAIN]
        camera = camera[1] if isinstance(camera, tuple) else camera
    parts: dict[SideInformation, tuple[Hashable | None, ...]] = {
        "camera": (camera,),
        "view": (sample.attributes.get("view"),),
        "camera_view": (camera, sample.attributes.get("view")),
    }
    chosen = parts[kind]
    return None if None in chosen else side_label((data_set, *chosen))


def _natural(label: str) -> list[tuple[bool, int, str]]:
    """Put camera 10 after camera 9."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in label.split("/")]
