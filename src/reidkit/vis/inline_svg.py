"""Turn a matplotlib figure into SVG that may stand inside an HTML page, several in one page."""

import io
import re
import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

from reidkit.core.extras import import_extra

INK = "#1c2128"
MUTED = "#59636e"
LINE = "#d8dee4"
SERIES = ("#0b62a8", "#d9730d", "#1a7f64", "#a8327d", "#6b5bd2", "#7a6a00")

COLOUR_VARIABLES: Mapping[str, str] = {
    INK: "--ink",
    MUTED: "--muted",
    LINE: "--line",
    **{colour: f"--series-{number}" for number, colour in enumerate(SERIES, start=1)},
}
"""Colours that a page may set by a CSS variable, such as for its dark scheme."""

# What would differ from machine to machine (a user's matplotlibrc) is set to matplotlib's own defaults
# first; hashsalt makes the names of markers and clip paths repeatable.
_STYLE: Mapping[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "reidkit",
    "font.size": 11,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 2,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def import_matplotlib() -> ModuleType:
    """Import matplotlib with what draws SVG; pyplot and its global figures are not touched.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    matplotlib = import_extra("matplotlib", extra="report", purpose="The report")
    for module in ("matplotlib.figure", "matplotlib.style", "matplotlib.ticker"):
        import_extra(module, extra="report", purpose="The report")
    return matplotlib


class Chart:
    """A figure with one pair of axes, drawn under one style; use it in a ``with`` block.

    Args:
        name: Letters, digits and dashes; ids inside the SVG start with it, so it must be the only one of
            its name in a page.
        description: What it shows, for those who cannot see it.
        width: In CSS pixels; the SVG shrinks where there is less room.
        height: In CSS pixels.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(self, name: str, description: str, *, width: int = 400, height: int = 270) -> None:
        self._name = name
        self._description = description
        self._size = width / 72, height / 72  # SVG files of matplotlib have 72 units per inch
        self._matplotlib = import_matplotlib()

    def __enter__(self) -> "Chart":
        self._context = self._matplotlib.rc_context()
        self._context.__enter__()
        self._matplotlib.rcdefaults()
        self._matplotlib.rcParams.update(_STYLE)
        self.figure = self._matplotlib.figure.Figure(figsize=self._size)
        self.figure.patch.set_visible(False)
        self.axes = self.figure.add_subplot()
        self.axes.patch.set_visible(False)
        return self

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(*error)

    def show_percent(self, axis: Any, *, decimals: int = 0) -> None:  # noqa: ANN401 - matplotlib is untyped
        """Label an axis of shares in percent."""
        axis.set_major_formatter(
            self._matplotlib.ticker.PercentFormatter(xmax=1, decimals=decimals, symbol=" %")
        )

    def show_whole_numbers(self, axis: Any) -> None:  # noqa: ANN401 - matplotlib is untyped
        """Put ticks at whole numbers only."""
        axis.set_major_locator(
            self._matplotlib.ticker.MaxNLocator(nbins=7, integer=True, steps=(1, 2, 5, 10))
        )

    def add_legend(self, handles: list[Any], names: list[str], *, length: int = 44) -> None:
        """Name the curves below the axes, in any text of up to ``length`` letters each."""
        shown = [printable_name(name, length) for name in names]
        num_columns = 2 if max(map(len, shown)) <= 24 else 1
        # Numbers first, since matplotlib would drop a name that starts with an underscore.
        legend = self.figure.legend(
            handles, list(map(str, range(len(shown)))), loc="outside lower center", ncols=num_columns
        )
        for entry, name in zip(legend.get_texts(), shown, strict=True):
            entry.set_text(name)

    def svg(self) -> str:
        """Return the chart as an ``<svg>`` element, the same bytes for the same content."""
        stream = io.StringIO()
        with warnings.catch_warnings():
            # The browser draws the letters, in a font of its own.
            warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
            self.figure.savefig(stream, format="svg", metadata={"Date": None})
        return _to_inline(stream.getvalue(), self._name, self._description)


def printable_name(name: str, length: int = 44) -> str:
    """Return a name in one line, cut in its middle."""
    clean = _printable(name)
    half = (length - 1) // 2
    return clean if len(clean) <= length else f"{clean[:half]}…{clean[-half:]}"


def _printable(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _to_inline(document: str, name: str, description: str) -> str:
    """Strip an SVG file to what an HTML page needs.

    A file names its schemas, carries a style sheet that would govern the whole page, numbers all of its
    parts, and chooses fonts. Only ids that are pointed at stay, under the name of the chart.
    """
    root = ElementTree.fromstring(document)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', document))
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        if element.tag != "text":
            element.text = None
        element.attrib = _clean_attributes(element.attrib, used, name)
    root.attrib = {
        "class": "chart",
        "role": "img",
        "aria-label": _printable(description),
        "viewBox": root.attrib["viewBox"],
        "stroke-linejoin": "round",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _clean_attributes(attributes: dict[str, str], used: set[str], name: str) -> dict[str, str]:
    cleaned = {}
    for key, value in attributes.items():
        key = key.rpartition("}")[2]
        if key == "id":
            if value not in used:
                continue
            value = f"{name}-{value}"
        elif key == "href":
            value = f"#{name}-{value.removeprefix('#')}"
        elif key == "clip-path":
            value = value.replace("url(#", f"url(#{name}-")
        elif key == "transform" and value.startswith("rotate(-0 "):
            continue
        elif key == "style":
            value = _clean_style(value)
        cleaned[key] = _shorter_numbers(value)
    return cleaned


def _clean_style(style: str) -> str:
    """Leave the font to the page, and let it set the colours."""
    rules = [rule.strip() for rule in style.split(";")]
    kept = "; ".join(rule for rule in rules if not rule.startswith("font-family"))
    for colour, variable in COLOUR_VARIABLES.items():
        kept = kept.replace(colour, f"var({variable}, {colour})")
    return kept


def _shorter_numbers(value: str) -> str:
    """Round to a hundredth of a pixel, and keep a path in one line."""
    rounded = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), value)
    return " ".join(rounded.split())
