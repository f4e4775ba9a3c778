import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.row_faults import RowFaults, fault_of_path


def test_no_fault_refuses_nothing():
    RowFaults().refuse("List")


def test_faults_read_in_the_order_of_files_and_rows_and_are_counted():
    faults = RowFaults()
    faults.add(10, "late", file="b.txt")
    faults.add(9, "second", file="b.txt")
    faults.add(9, "again", file="b.txt")
    faults.add(20, "first", file="a.txt")
    faults.add_other("whole file")
    faults.add(11, "not shown", file="b.txt")
    with pytest.raises(DatasetError) as caught:  # noqa: PT011 - the whole text follows
        faults.refuse("List", remark="rows from 1", rule="Expected none.")
    assert str(caught.value) == (
        "List has 6 faults (rows from 1): whole file; a.txt row 20: first; b.txt row 9: second; "
        "b.txt row 9: again; b.txt row 10: late; and 1 more. Expected none."
    )


def test_row_without_a_file_is_named_alone():
    faults = RowFaults()
    faults.add(2, "empty")
    with pytest.raises(DatasetError, match=r"^List has 1 fault: row 2: empty\.$"):
        faults.refuse("List")


def test_path_that_no_file_system_takes_is_a_fault(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert fault_of_path("a.jpg", tmp_path / "a.jpg") == ""
    assert fault_of_path("", tmp_path) == "empty path"
    for written in ("b.jpg", "x" * 5000, "zero\0byte"):
        assert fault_of_path(written, tmp_path / written) == f"file '{written}' does not exist"
