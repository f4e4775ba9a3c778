import pytest

from reidkit.core.errors import MissingExtraError
from reidkit.vis.html_page import write_page


def test_page_is_filled_and_escaped(tmp_path, monkeypatch):
    monkeypatch.setattr("reidkit.vis.html_page.__file__", str(tmp_path / "html_page.py"))
    (tmp_path / "x.jinja").write_text("{{ count(2, 'query') }} {{ name }} {{ 0.5 | percent }}")
    write_page(tmp_path / "deep" / "x.html", "x.jinja", {"name": "<b>\udce9"})
    assert (tmp_path / "deep" / "x.html").read_text() == "2 queries &lt;b&gt;? 50.0 %"


def test_page_that_cannot_be_filled_leaves_the_old_one(tmp_path, monkeypatch):
    monkeypatch.setattr("reidkit.vis.html_page.__file__", str(tmp_path / "html_page.py"))
    (tmp_path / "x.jinja").write_text("{{ unknown }}")
    (tmp_path / "x.html").write_text("old")
    with pytest.raises(Exception, match="'unknown' is undefined"):
        write_page(tmp_path / "x.html", "x.jinja", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.html", "x.jinja"]
    assert (tmp_path / "x.html").read_text() == "old"


def test_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'reidkit\[report\]'"):
        write_page(tmp_path / "x.html", "x.jinja", {})
