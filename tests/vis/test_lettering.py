from pathlib import Path

import pytest

from reidkit.vis.lettering import Lettering


def test_text_that_fits_is_whole_and_another_is_cut_in_its_middle() -> None:
    letters = Lettering(12)
    text = "0002_c1s1_000451_03.jpg"
    assert letters.shorten(text, letters.width(text)) == text
    cut = letters.shorten(text, 80)
    start, _, end = cut.partition("…")
    assert text.startswith(start)
    assert text.endswith(end)
    assert min(len(start), len(end)) >= 3
    assert letters.width(cut) <= 80


@pytest.mark.parametrize("width", [-5, 0, 1])
def test_one_letter_is_always_left(width: int) -> None:
    assert Lettering(12).shorten("W" * 10_000, width).startswith("W")
    assert Lettering(12).shorten("", width) == ""


def test_letters_that_the_font_lacks_are_replaced() -> None:
    assert Lettering(12).shorten("Žofie 王", 500) == "Zofie ?"


def test_line_is_higher_than_its_letters() -> None:
    letters = Lettering(20)
    left, top, right, bottom = letters.font.getbbox("Ag")
    assert letters.line > bottom - top
    assert letters.width("Ag") >= right - left


def test_font_file_that_is_missing_is_an_error_only_when_it_is_needed() -> None:
    letters = Lettering(12, Path("absent.ttf"))
    with pytest.raises(OSError, match=r"cannot open resource|absent"):
        _ = letters.font
