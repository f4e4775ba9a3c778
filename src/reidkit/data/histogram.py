"""How many identities have how many images: counted in bars, drawn with letters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST_SINGLE_BARS = 10
BAR_LENGTH = 40


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """One bar.

    Args:
        least: Fewest images that an identity of this bar has.
        most: Most images.
        identities: How many identities have so many.
    """

    least: int
    most: int
    identities: int

    @property
    def label(self) -> str:
        """The range in words, such as "3" or "5-8"."""
        return str(self.least) if self.least == self.most else f"{self.least}-{self.most}"


def make_histogram(counts: Iterable[int]) -> tuple[HistogramBar, ...]:
    """Count in bars without gaps: one per number while that takes ten at most, else 1, 2, 3-4, 5-8, 9-16...

    Args:
        counts: Images of each identity, each 1 or more.

    Example:
        >>> [(bar.label, bar.identities) for bar in make_histogram([2, 2, 4])]
        [('2', 2), ('3', 0), ('4', 1)]
        >>> [(bar.label, bar.identities) for bar in make_histogram([1, 3, 4, 30])]
        [('1', 1), ('2', 0), ('3-4', 2), ('5-8', 0), ('9-16', 0), ('17-32', 1)]
    """
    numbers = sorted(counts)
    if not numbers:
        return ()
    if numbers[-1] - numbers[0] < MOST_SINGLE_BARS:
        limits = [(number, number) for number in range(numbers[0], numbers[-1] + 1)]
    else:
        powers = range(_power(numbers[0]), _power(numbers[-1]) + 1)
        limits = [(2**power // 2 + 1 if power else 1, 2**power) for power in powers]
    return tuple(
        HistogramBar(least, most, sum(least <= number <= most for number in numbers))
        for least, most in limits
    )


def _power(number: int) -> int:
    """Return the least power of two that is not below a number, as its exponent."""
    return (number - 1).bit_length()


def draw_histograms(histograms: Mapping[str, Sequence[HistogramBar]]) -> list[str]:
    """Draw the histogram of each split for a terminal; equal ones once; letters of ASCII only."""
    splits: dict[tuple[HistogramBar, ...], list[str]] = {}
    for split, bars in histograms.items():
        if bars:
            splits.setdefault(tuple(bars), []).append(split)
    lines = []
    for bars, names in splits.items():
        lines.append(f"images per identity in {' and '.join(names)}, and how many identities have so many:")
        label_width = max(len(bar.label) for bar in bars)
        number_width = max(len(str(bar.identities)) for bar in bars)
        highest = max(bar.identities for bar in bars)
        for bar in bars:
            length = -(-bar.identities * BAR_LENGTH // highest)
            line = f"  {bar.label:>{label_width}}  {bar.identities:>{number_width}}  {'#' * length}"
            lines.append(line.rstrip())
    return lines
