"""Samples from folders of images whose file names say who and from which camera."""

import re
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.types import Sample
from reidkit.data.readers.finding import Layout, match_names
from reidkit.data.wording import quantity


@dataclass(frozen=True, slots=True)
class Naming:
    """How the file names of a data set are built.

    Args:
        pattern: Of the whole file name, with the groups ``identity`` and, where names tell it, ``camera``;
            both hold digits and become integers.
        form: The same as a person writes it: ``"<identity>_c<camera>_<frame>.jpg"``.
        junk: Identities that count neither as right nor as wrong and are left out of every split.
    """

    pattern: re.Pattern[str]
    form: str
    junk: frozenset[int] = frozenset()


def read_named_folder(
    layout: Layout, folder: Path, naming: Naming
) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """Return the samples right in a folder, sorted by file name, and notes about what was left out.

    Raises:
        DatasetError: no file has such a name.
    """
    named = match_names(layout, folder, naming.pattern, naming.form)
    samples = tuple(
        Sample((image,), int(match["identity"]), _camera(match))
        for image, match in named.images
        if int(match["identity"]) not in naming.junk
    )
    num_junk = len(named.images) - len(samples)
    if not num_junk:
        return samples, named.notes
    identities = ", ".join(str(identity) for identity in sorted(naming.junk))
    note = f"{folder.name}/: {quantity(num_junk, 'junk image')} of identity {identities} left out."
    return samples, (*named.notes, note)


def _camera(match: re.Match[str]) -> int | None:
    text = match.groupdict().get("camera")
    return None if text is None else int(text)
