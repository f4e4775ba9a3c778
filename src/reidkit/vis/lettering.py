"""Letters on a picture: what fits is written, what does not is cut in its middle."""

import unicodedata
from functools import cached_property
from pathlib import Path

from PIL import ImageFont


class Lettering:
    """A font of one size, and how texts are made to fit.

    Args:
        size: Height of the letters in pixels.
        font_file: A TrueType font. None takes Pillow's own, which has Latin letters without accents only:
            accents are dropped, other letters become "?".
    """

    def __init__(self, size: int, font_file: Path | None = None) -> None:
        self.size = size
        self._font_file = font_file

    @cached_property
    def font(self) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """The font, read when it is first needed."""
        if self._font_file is None:
            return ImageFont.load_default(self.size)
        return ImageFont.truetype(str(self._font_file), self.size)

    @property
    def line(self) -> int:
        """Height of a line in pixels."""
        return round(self.size * 1.35)

    def width(self, text: str) -> int:
        """Return the width of a text in pixels, rounded up."""
        return -int(-self.font.getlength(text) // 1)

    def shorten(self, text: str, width: int) -> str:
        """Cut a text in its middle until it fits: both ends of a name tell more than its middle.

        One letter is always left.
        """
        whole = text if self._font_file is not None else _plain_letters(text)
        kept = whole
        # No letter is narrower than a pixel, so most of a very long text goes at once.
        keep = min(len(whole), max(1, width))
        while self.font.getlength(kept) > width and keep > 1:
            keep -= 1
            kept = whole[: (keep + 1) // 2] + "…" + whole[len(whole) - keep // 2 :]
        return kept


def _plain_letters(text: str) -> str:
    """Write a text in the letters that Pillow's own font has."""
    apart = unicodedata.normalize("NFKD", text)
    letters = (letter for letter in apart if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in letters)
