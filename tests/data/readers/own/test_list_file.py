import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.readers.own.list_file import read_list_file


@pytest.fixture
def root(tmp_path, write_files):
    return write_files(tmp_path / "zoo", "a.jpg", "b.jpg", "sub/c d.jpg", "sub/e,f.jpg", content=b"")


@pytest.fixture
def write_list(root):
    def write(name, *lines, encoding="utf-8"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


def facts(samples):
    return [(sample.path.name, sample.identity, sample.camera) for sample in samples]


def test_list_lines_become_samples_in_their_order(root, write_list):
    write_list("train.txt", "b.jpg 0012 c2", "", "a.jpg 0012", "a.jpg  7\t")
    splits = read_list_file(root)
    assert facts(splits.train) == [("b.jpg", "0012", "c2"), ("a.jpg", "0012", None), ("a.jpg", "7", None)]
    assert splits.train[0].frames == (root / "b.jpg",)
    assert (splits.query, splits.gallery) == ((), ())
    assert (splits.name, splits.root, splits.protocol) == ("zoo", root, "no-camera")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("sub/c d.jpg\tann\t1", "c d.jpg"),
        ("sub/e,f.jpg\tann\t1", "e,f.jpg"),
        ("sub/c d.jpg,ann,1", "c d.jpg"),
        ("sub/c d.jpg , ann , 1 ", "c d.jpg"),
        ('"sub/e,f.jpg", ann, 1', "e,f.jpg"),
        ("a.jpg   ann 1", "a.jpg"),
    ],
)
def test_list_takes_tabs_commas_and_spaces(root, write_list, line, name):
    write_list("train.txt", line, line)
    assert facts(read_list_file(root).train) == [(name, "ann", "1")] * 2


def test_list_first_line_decides_unless_the_separator_is_given(root, write_list):
    write_list("train.txt", "sub/e,f.jpg ann 1")
    with pytest.raises(DatasetError, match=r"train\.txt row 1: file 'sub/e' does not exist"):
        read_list_file(root)
    assert facts(read_list_file(root, separator="space").train) == [("e,f.jpg", "ann", "1")]


def test_list_written_on_windows_is_read(root, write_list):
    write_list("train.txt", "a.jpg 1 2\r", "b.jpg 1 2\r", "", encoding="utf-8-sig")
    assert facts(read_list_file(root).train) == [("a.jpg", "1", "2"), ("b.jpg", "1", "2")]


def test_list_of_test_images_is_searched_leave_one_out(root, write_list):
    write_list("test.txt", "a.jpg 1 1", "b.jpg 1")
    splits = read_list_file(root)
    assert splits.query == splits.gallery
    assert splits.protocol == "market1501"
    assert splits.notes == ("Cameras: unknown in 1 of 2 lines that are tested.",)


def test_lists_are_named_by_options_and_others_are_not_read(root, write_list):
    write_list("train.txt", "gone.jpg 1")
    write_list("lists/q.csv", "c d.jpg,1,1")
    write_list("lists/g.csv", "e,f.jpg\t1\t2")
    splits = read_list_file(root, query="lists/q.csv", gallery="lists/g.csv", images="sub")
    assert splits.train == ()
    assert facts(splits.query) == [("c d.jpg", "1", "1")]
    assert facts(splits.gallery) == [("e,f.jpg", "1", "2")]


def test_list_that_is_named_and_not_there_is_refused_with_the_nearest(root, write_list):
    write_list("list_train.txt", "a.jpg 1")
    with pytest.raises(DatasetError, match=r"Should 'list_train\.txt' be named 'lists_train\.txt'\?"):
        read_list_file(root, train="lists_train.txt")
    with pytest.raises(DatasetError, match=r"List of images not found under .*Expected: train\.txt; or"):
        read_list_file(root)


def test_lists_that_contradict_are_refused(root, write_list):
    for name in ("query.txt", "test.txt"):
        write_list(name, "a.jpg 1 1")
    with pytest.raises(DatasetError, match=r"not clear, got test=test\.txt and query=query\.txt"):
        read_list_file(root)
    with pytest.raises(DatasetError, match=r"incomplete, got query=query\.txt without gallery"):
        read_list_file(root, query="query.txt")


def test_list_faults_of_all_lists_are_collected_with_their_rows(root, write_list):
    write_list("train.txt", "a.jpg 1", "", "gone.jpg 1", "sub/c d.jpg 1 2")
    write_list("test.txt", "a.jpg,,3", ",1,3", "b.jpg,1,2,3", f"{'x' * 5000},1")
    with pytest.raises(DatasetError) as caught:  # noqa: PT011 - the whole text follows
        read_list_file(root)
    assert str(caught.value) == (
        f"Data set {root} has 6 faults: test.txt row 1: empty identity; test.txt row 2: empty path; "
        f"test.txt row 3: 4 parts instead of 2 or 3 in 'b.jpg,1,2,3'; test.txt row 4: file '{'x' * 5000}' "
        f"does not exist; train.txt row 3: file 'gone.jpg' does not exist; and 1 more. Expected lines "
        f"'path identity' or 'path identity camera' without a heading; a path with spaces needs tabs or "
        f"commas behind it. Paths are relative to {root}."
    )


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_list_without_lines_is_refused(root, content):
    (root / "train.txt").write_bytes(content)
    with pytest.raises(DatasetError, match=r"has 1 fault: train\.txt has no line"):
        read_list_file(root)


def test_list_that_is_no_text_is_refused(root):
    (root / "train.txt").write_bytes(b"a.jpg \xff\xfe")
    with pytest.raises(DatasetError, match=r"train\.txt is not UTF-8 text, got byte 0xff"):
        read_list_file(root)


def test_list_of_one_endless_part_is_a_fault(root, write_list):
    write_list("train.txt", "x" * 200_000 + ",1")
    with pytest.raises(DatasetError, match="1 parts instead of 2 or 3"):
        read_list_file(root)


def test_list_options_of_wrong_values_are_refused(root, write_list):
    write_list("train.txt", "a.jpg 1")
    with pytest.raises(CatalogError, match=r"separator is unknown, got 'tabs'.*Did you mean 'tab'\?"):
        read_list_file(root, separator="tabs")
    with pytest.raises(
        CatalogError, match=r"train names no list, got 3\. Expected a file such as 'train\.txt'"
    ):
        read_list_file(root, train=3)
    with pytest.raises(DatasetError, match="images=gone, which is no folder"):
        read_list_file(root, images="gone")
