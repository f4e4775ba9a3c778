"""What odd pictures mean for training and scores."""

from collections.abc import Iterator, Sequence
from typing import Literal

from reidkit.data.file_checks import FileCheck
from reidkit.data.findings import Finding
from reidkit.data.fingerprints import SMALLEST_SIDE
from reidkit.data.odd_pictures import ODD_SHAPE, Oddity, OddPicture
from reidkit.data.wording import printable, quantity

_EXAMPLES = 3


def check_pictures(odd: Sequence[OddPicture], files: FileCheck) -> Iterator[Finding]:
    """Yield one finding for each kind of odd picture that there is."""
    texts: dict[Oddity, tuple[Literal["warning", "note"], str, str]] = {
        "tiny": ("warning", f"less than {SMALLEST_SIDE} pixels wide or high", "Remove them."),
        "flat": ("warning", "of one colour or nearly black: nobody can be seen", "Remove them."),
        "odd-shape": (
            "note",
            f"more than {ODD_SHAPE} times as wide or as narrow as the middle one",
            "All are stretched to one shape; look at their boxes.",
        ),
    }
    for kind, (level, what, advice) in texts.items():
        found = [picture for picture in odd if picture.kind == kind]
        if found:
            verb = "is" if len(found) == 1 else "are"
            shown = ", ".join(
                f"{printable(item.picture.path)} of {item.width} x {item.height}"
                for item in found[:_EXAMPLES]
            )
            more = f" and {len(found) - _EXAMPLES} more" if len(found) > _EXAMPLES else ""
            yield Finding(
                level,
                "odd-shapes" if kind == "odd-shape" else f"{kind}-images",
                f"{len(found)} of {quantity(len(files.pictures), 'picture')} {verb} {what} "
                f"(e.g. {shown}{more}; width x height). {advice}",
            )
