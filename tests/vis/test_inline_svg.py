import importlib
import re
import subprocess
import sys
from types import ModuleType
from xml.etree import ElementTree

import matplotlib
import pytest

from reidkit.core.errors import MissingExtraError
from reidkit.vis.inline_svg import COLOUR_VARIABLES, SERIES, Chart


def draw(
    name: str = "chart", *, names: tuple[str, ...] = ("one", "two"), description: str = "A chart"
) -> str:
    with Chart(name, description) as chart:
        handles = [
            chart.axes.plot([1, 2, 3], [number, 2, 3], marker="o", color=SERIES[number])[0]
            for number in range(len(names))
        ]
        chart.add_legend(handles, list(names))
        return chart.svg()


def test_chart_is_one_svg_element_without_foreign_parts() -> None:
    svg = draw()
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    assert "http" not in svg
    assert {element.tag for element in root.iter()} <= {
        "svg",
        "g",
        "path",
        "defs",
        "use",
        "text",
        "clipPath",
        "rect",
    }
    assert len(list(root.iter("text"))) > 5
    assert "font-family" not in svg


def test_chart_shrinks_with_the_page_and_has_a_description() -> None:
    root = ElementTree.fromstring(draw(description='a "quoted" <b>'))
    assert (root.get("viewBox"), root.get("width"), root.get("height")) == ("0 0 400 270", None, None)
    assert (root.get("role"), root.get("aria-label")) == ("img", 'a "quoted" <b>')


def test_ids_belong_to_the_chart_and_every_reference_resolves() -> None:
    found = []
    for name in ("first", "second"):
        svg = draw(name)
        ids = re.findall(r'\bid="([^"]+)"', svg)
        references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
        assert len(ids) == len(set(ids)) >= 2
        assert {a or b for a, b in references} == set(ids)
        assert all(one.startswith(f"{name}-") for one in ids)
        found += ids
    assert len(found) == len(set(found))


def test_page_may_set_the_colours() -> None:
    svg = draw()
    for colour in (SERIES[0], SERIES[1]):
        assert f"var({COLOUR_VARIABLES[colour]}, {colour})" in svg
    assert "#000000" not in svg
    assert "#ffffff" not in svg


def test_same_content_gives_same_bytes_whatever_the_user_has_set() -> None:
    first = draw()
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert draw() == first
        assert matplotlib.rcParams["font.size"] == 30


def test_settings_of_the_user_come_back_after_an_error() -> None:
    before = dict(matplotlib.rcParams)
    with pytest.raises(ValueError, match="interrupted"), Chart("a", "b"):
        raise ValueError("interrupted")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    "name", ["_hidden", "$x^2", "<script>", "中文", "a\nb\x00", 'id="x" #0b62a8', "x" * 300]
)
def test_any_name_can_stand_in_the_legend(name: str) -> None:
    root = ElementTree.fromstring(draw(names=("plain", name)))
    texts = [element.text or "" for element in root.iter("text")]
    shown = name.replace("\n", " ").replace("\x00", " ")
    expected = shown if len(shown) <= 44 else "x" * 21 + "…" + "x" * 21
    assert {"plain", expected} <= set(texts)


def test_missing_matplotlib_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def import_module(name: str, package: str | None = None) -> ModuleType:
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(f"No module named '{name}'", name="matplotlib")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(MissingExtraError, match=r"'matplotlib'.*pip install 'reidkit\[report\]'"):
        Chart("a", "b")


def test_neither_pyplot_nor_torch_is_loaded() -> None:
    code = (
        "import sys; import reidkit.vis.report; before = set(sys.modules)\n"
        "from reidkit.vis.curves import draw_cmc_curves; import numpy\n"
        "draw_cmc_curves({'a': numpy.array([0.5, 1.0])})\n"
        "assert not {'matplotlib', 'jinja2', 'torch'} & before, 'loaded by the import'\n"
        "assert 'matplotlib.figure' in sys.modules\n"
        "assert not {'matplotlib.pyplot', 'torch'} & set(sys.modules), 'loaded by drawing'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
