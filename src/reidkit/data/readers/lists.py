"""Text files that list the images of a data set, one per line."""

import re
from collections.abc import Sequence
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.data.wording import examples, quantity


def match_lines(
    title: str,
    path: Path,
    pattern: re.Pattern[str],
    form: str,
    *,
    heading_lines: int = 0,
    fix: str = "Take the file of the original archive.",
) -> tuple[re.Match[str], ...]:
    """Return every line of a list, each matched whole; blank lines and space around a line do not count.

    Args:
        title: Name of the data set in messages.
        path: The list: text in UTF-8 with or without byte order mark. Bytes that are no UTF-8 are replaced,
            so that a comment in another encoding does no harm.
        pattern: Of a whole line.
        form: The pattern as a person writes it: ``"<image> <identity>"``.
        heading_lines: Up to so many lines at the beginning may have another form and are skipped.
        fix: Sentence that ends messages: where the right list is.

    Raises:
        DatasetError: the list cannot be read, holds no such line, or a line of another form, which is
            named by its number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DatasetError(
            f"List of {title} cannot be read, got {path} ({error.strerror}). Expected lines '{form}'. {fix}"
        ) from error
    matches: list[re.Match[str]] = []
    # No splitlines: a replaced or foreign letter must not end a line.
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        match = pattern.fullmatch(stripped)
        if match is not None:
            matches.append(match)
        elif stripped and (matches or number > heading_lines):
            raise DatasetError(
                f"List of {title} has a line of another form, got {stripped[:80]!r} in line {number} of "
                f"{path}. Expected '{form}'. {fix}"
            )
    if not matches:
        raise DatasetError(f"List of {title} is empty, got no line in {path}. Expected lines '{form}'. {fix}")
    return tuple(matches)


def check_listed_images(title: str, path: Path, images: Sequence[Path]) -> None:
    """Refuse a list of images of which some are not there, before anything is learned from a part of them.

    Raises:
        DatasetError: a listed image does not exist; the message counts them and names up to five.
    """
    absent = [str(image) for image in images if not image.is_file()]
    if absent:
        raise DatasetError(
            f"{title} is not complete, got {path.name} with {quantity(len(images), 'image')} of which "
            f"{len(absent)} do not exist: {examples(absent)}. Expected every listed image. "
            f"Unpack the archive again."
        )
