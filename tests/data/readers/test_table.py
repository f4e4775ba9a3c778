import sys
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reidkit.core.errors import DatasetError, MissingExtraError
from reidkit.data.readers.table import read_table


def csv_file(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "m.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_csv_rows_count_from_the_heading_and_skip_empty_ones(tmp_path):
    table = read_table(csv_file(tmp_path, "path, identity\na.jpg,1\n\n , \nb.jpg, 2 \n"))
    assert table.columns == ("path", "identity")
    assert table.rows == ((2, ("a.jpg", "1")), (5, ("b.jpg", "2")))
    assert table.faults == ()


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_separator_is_that_of_the_heading(tmp_path, mark):
    table = read_table(csv_file(tmp_path, f"path{mark}box\na.jpg{mark}1 2 3 4\n"))
    assert table.rows == ((2, ("a.jpg", "1 2 3 4")),)


def test_csv_of_windows_and_excel_is_read(tmp_path):
    table = read_table(csv_file(tmp_path, 'path,identity\r\n"a,b.jpg","J""o"\r\n', encoding="utf-8-sig"))
    assert table.columns == ("path", "identity")
    assert table.rows == ((2, ("a,b.jpg", 'J"o')),)


def test_csv_row_of_another_length_is_a_fault(tmp_path):
    table = read_table(csv_file(tmp_path, "path,identity\na.jpg\nb.jpg,2,3\nc.jpg,4\n"))
    assert table.faults == ("row 2 has 1 values for 2 columns", "row 3 has 3 values for 2 columns")
    assert table.rows == ((4, ("c.jpg", "4")),)


def test_csv_without_any_row_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="is empty, got 0 rows"):
        read_table(csv_file(tmp_path, ""))


def test_csv_that_is_not_text_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"is not UTF-8 text, got byte 0xe9.*Save it as 'CSV UTF-8'"):
        read_table(csv_file(tmp_path, "path,identity\né", encoding="latin-1"))


def test_csv_with_an_open_quote_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read: unexpected end of data"):
        read_table(csv_file(tmp_path, 'path,identity\n"a.jpg,1\n'))


def test_missing_csv_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"cannot be read: .*No such file"):
        read_table(tmp_path / "absent.csv")


def test_equal_headings_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="has a column twice, got 'path'"):
        read_table(csv_file(tmp_path, "path,path,,\na,b,,\n"))


def test_parquet_values_become_their_text(tmp_path):
    path = tmp_path / "m.parquet"
    columns = {
        "path": ["a.jpg", "b.jpg"],
        "identity": [7, 10],
        "camera": pa.array([1, None]),
        "score": [0.5, float("nan")],
        "box": [[1, 2, 3, 4], None],
        "seen": [True, False],
        "day": [datetime(2024, 5, 1, 12), None],
        "kind": pa.array(["cat", "cat"]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), path)
    table = read_table(path)
    assert table.columns == tuple(columns)
    assert table.rows == (
        (2, ("a.jpg", "7", "1", "0.5", "1 2 3 4", "True", "2024-05-01 12:00:00", "cat")),
        (3, ("b.jpg", "10", "", "", "", "False", "", "cat")),
    )


def test_parquet_of_bytes_is_refused(tmp_path):
    pq.write_table(pa.table({"path": ["a.jpg"], "image": [b"\xff\xd8"]}), tmp_path / "m.parquet")
    with pytest.raises(DatasetError, match="holds bytes in its column 'image'"):
        read_table(tmp_path / "m.parquet")


@pytest.mark.parametrize("content", [b"", b"path,identity\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_damaged_parquet_is_refused(tmp_path, content):
    path = tmp_path / "m.parquet"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"cannot be read: .*Expected a Parquet file"):
        read_table(path)


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    class NoPyarrow:
        def find_spec(self, name, path=None, target=None):
            if name == "pyarrow":
                raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")

    monkeypatch.setattr(sys, "meta_path", [NoPyarrow(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "pyarrow")
    monkeypatch.delitem(sys.modules, "pyarrow.parquet")
    with pytest.raises(
        MissingExtraError, match=r"Reading a Parquet manifest needs .* pip install 'reidkit\[parquet\]'"
    ):
        read_table(tmp_path / "m.parquet")
