import re

import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.lists import check_listed_images, match_lines

LINE = re.compile(r"(?P<image>\S+) (?P<identity>[0-9]+)")


def read(path, **options):
    return [line["image"] for line in match_lines("Zoo", path, LINE, "<image> <identity>", **options)]


@pytest.fixture
def write_list(tmp_path):
    def write(content):
        path = tmp_path / "list.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_lines_are_read_with_any_line_end_blank_lines_and_byte_order_mark(write_list):
    assert read(write_list("\ufeffa.jpg 1\r\n\r\n  b.jpg 2  \n\n")) == ["a.jpg", "b.jpg"]


def test_heading_is_skipped_only_at_the_beginning_and_only_where_allowed(write_list):
    assert read(write_list("52712\nname item\na.jpg 1\n"), heading_lines=2) == ["a.jpg"]
    assert read(write_list("a.jpg 1\n"), heading_lines=2) == ["a.jpg"]
    with pytest.raises(DatasetError, match="got 'name item' in line 2 of"):
        read(write_list("52712\nname item\na.jpg 1\n"), heading_lines=1)
    with pytest.raises(DatasetError, match="got 'name item' in line 2 of"):
        read(write_list("a.jpg 1\nname item\n"), heading_lines=2)


def test_line_of_another_form_is_named_by_its_number(write_list):
    with pytest.raises(DatasetError, match=r"got 'b.jpg two' in line 3 of .*Expected '<image> <identity>'"):
        read(write_list("a.jpg 1\n\nb.jpg two\n"))


def test_page_of_html_is_refused(write_list):
    with pytest.raises(DatasetError, match="got '<!DOCTYPE html>' in line 1"):
        read(write_list("<!DOCTYPE html>\n<html></html>\n"))


@pytest.mark.parametrize("content", ["", "\n\n", "heading\n"])
def test_empty_list_is_refused(write_list, content):
    with pytest.raises(DatasetError, match="List of Zoo is empty, got no line in"):
        read(write_list(content), heading_lines=1)


def test_letter_that_ends_lines_elsewhere_does_not_end_one_here(write_list):
    lines = match_lines("Zoo", write_list("a\x85b 1\n"), re.compile(r".+"), "<image>")
    assert [line[0] for line in lines] == ["a\x85b 1"]


def test_bytes_that_are_no_utf8_do_no_harm(write_list):
    assert read(write_list(b"a\xff.jpg 1\n")) == ["a\ufffd.jpg"]


def test_list_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"cannot be read, got .*absent.txt \(No such file"):
        read(tmp_path / "absent.txt")


@pytest.mark.parametrize("content", ["a.jpg two", "", None])
def test_messages_end_with_the_fix_of_the_reader(tmp_path, write_list, content):
    path = tmp_path / "absent.txt" if content is None else write_list(content)
    with pytest.raises(DatasetError, match=r"Expected .*'<image> <identity>'\. Ask Zoo\.$"):
        read(path, fix="Ask Zoo.")


def test_absent_images_are_counted_and_five_are_named(tmp_path, write_files):
    write_files(tmp_path, "0.jpg")
    images = [tmp_path / f"{number}.jpg" for number in range(8)]
    check_listed_images("Zoo", tmp_path / "list.txt", images[:1])
    with pytest.raises(
        DatasetError,
        match=r"Zoo is not complete, got list.txt with 8 images of which 7 .*5\.jpg and 2 more\.",
    ):
        check_listed_images("Zoo", tmp_path / "list.txt", images)
