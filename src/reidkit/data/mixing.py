"""Several data sets as one training split, in which nobody's identity or camera collides with another's."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reidkit.core.errors import DatasetError
from reidkit.core.side_information import DOMAIN
from reidkit.core.types import DatasetSplits, Sample


def mix_sources(sources: Sequence[DatasetSplits], *, combine_all: bool = False) -> tuple[Sample, ...]:
    """Return the training samples of several data sets as one split.

    The identity of a mixed sample is (data set, identity), its camera (data set, camera), and its attribute
    ``domain`` the data set: nothing is renumbered, so nothing can collide, whatever the numbers. Data sets
    of one name are told apart by a number behind it (``city``, ``city-2``).

    Args:
        sources: In any number; the order is kept.
        combine_all: Whether the test identities are learned from too, as in "combine all" of the field.
            Gallery identities that no query looks for stay out: distractors may be many people under one
            label. An image that is query and gallery comes once.

    Raises:
        DatasetError: a source has nothing to learn from.
    """
    mixed: list[Sample] = []
    for name, source in zip(unique_names(sources), sources, strict=True):
        samples = _with_test_identities(source) if combine_all else source.train
        if not samples:
            raise DatasetError(
                f"Source '{name}' has nothing to learn from, got 0 training images under {source.root}. "
                f"Expected a train split. Leave it out of data.sources, or learn from its test identities "
                f"with data.combine_all=true."
            )
        mixed.extend(_of_domain(sample, name) for sample in samples)
    return tuple(mixed)


def unique_names(sets: Iterable[DatasetSplits]) -> list[str]:
    """Return one name per data set; a name that is taken gets a number behind it.

    Example:
        >>> from pathlib import Path
        >>> city = DatasetSplits("city", Path("a"), (), (), (), "market1501")
        >>> unique_names([city, city])
        ['city', 'city-2']
    """
    names: list[str] = []
    for item in sets:
        name, number = item.name, 2
        while name in names:
            name, number = f"{item.name}-{number}", number + 1
        names.append(name)
    return names


def domain_indices(samples: Iterable[Sample]) -> list[int]:
    """Number the domains of samples, in the order in which they appear; 0 for all where none has one."""
    numbers: dict[object, int] = {}
    return [numbers.setdefault(sample.attributes.get(DOMAIN), len(numbers)) for sample in samples]


def camera_indices(samples: Sequence[Sample]) -> list[int] | None:
    """Number the cameras of samples, in the order in which they appear; -1 is unknown, None all unknown."""
    numbers: dict[object, int] = {}
    if all(sample.camera is None for sample in samples):
        return None
    return [
        -1 if sample.camera is None else numbers.setdefault(sample.camera, len(numbers)) for sample in samples
    ]


def _with_test_identities(source: DatasetSplits) -> tuple[Sample, ...]:
    looked_for = {sample.identity for sample in source.query}
    tested = (*source.query, *(sample for sample in source.gallery if sample.identity in looked_for))
    known = {(sample.frames, sample.box) for sample in source.train}
    samples = list(source.train)
    for sample in tested:
        if (sample.frames, sample.box) not in known:
            known.add((sample.frames, sample.box))
            samples.append(sample)
    return tuple(samples)


def _of_domain(sample: Sample, domain: str) -> Sample:
    return replace(
        sample,
        identity=(domain, sample.identity),
        camera=None if sample.camera is None else (domain, sample.camera),
        attributes={**sample.attributes, DOMAIN: domain},
    )
