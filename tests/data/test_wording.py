import pytest

from reidkit.data.wording import examples, label_examples, quantity


@pytest.mark.parametrize(("count", "expected"), [(0, "0 files"), (1, "1 file"), (12936, "12936 files")])
def test_quantity_has_the_right_number(count, expected):
    assert quantity(count, "file") == expected


def test_quantity_takes_an_irregular_plural():
    assert quantity(2, "identity", "identities") == "2 identities"


def test_examples_can_always_be_printed():
    # A file name that is not UTF-8 comes from the file system with lone surrogates, which cannot be printed.
    examples(["na\udcefve.jpg"]).encode("utf-8")


def test_examples_end_without_a_rest():
    assert examples(["a", "b"], 2) == "a, b"
    assert examples([]) == ""


def test_label_examples_keep_text_and_number_apart():
    assert label_examples(["1", 1, None, ("a", 2)], 3) == "'1', 1, None and 1 more"
