import csv

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.readers.manifest import read_manifest

IMAGES = [f"{name}.jpg" for name in "abcdefgh"]


@pytest.fixture
def folder(tmp_path, write_files):
    return write_files(tmp_path / "zoo", *IMAGES, content=b"")


@pytest.fixture
def manifest(folder):
    def write(*lines):
        path = folder / "manifest.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_manifest_rows_become_samples(manifest, folder):
    splits = read_manifest(
        manifest(
            "path,identity,camera,split,box,view,age",
            "a.jpg,ann,1,train,,left,",
            "b.jpg,ann,,train,0 0 2.5 4,,3",
            'c.jpg,cid,2,query,"1,2,3,4",,',
            "d.jpg,cid,3,gallery,,,",
        )
    )
    first, second = splits.train
    assert first.frames == (folder / "a.jpg",)
    assert (first.identity, first.camera, first.box, first.attributes) == ("ann", "1", None, {"view": "left"})
    assert (second.camera, second.box, second.attributes) == (None, (0.0, 0.0, 2.5, 4.0), {"age": "3"})
    assert [(sample.identity, sample.camera, sample.box) for sample in splits.query] == [
        ("cid", "2", (1, 2, 3, 4))
    ]
    assert [sample.path.name for sample in splits.gallery] == ["d.jpg"]
    assert splits.protocol == "market1501"
    assert splits.name == "zoo"
    assert splits.root == folder / "manifest.csv"


def test_manifest_is_found_in_its_folder_or_given(manifest, folder):
    path = manifest("path,identity,split", "a.jpg,1,train")
    assert read_manifest(folder) == read_manifest(path)
    other = path.rename(folder / "birds.csv")
    assert read_manifest(other).name == "birds"


def test_manifest_paths_may_be_absolute_or_nested(manifest, folder, write_files):
    write_files(folder.parent, "x.jpg", "zoo/sub/y.jpg")
    splits = read_manifest(
        manifest(
            "path,identity,split", f"{folder.parent}/x.jpg,1,train", "sub/y.jpg,1,train", "../x.jpg,2,train"
        )
    )
    assert len(splits.train) == 3


def test_manifest_test_rows_are_searched_leave_one_out(manifest):
    splits = read_manifest(manifest("path,identity,split", "a.jpg,1,test", "b.jpg,1,TEST", "c.jpg,2,Train"))
    assert splits.query == splits.gallery
    assert (len(splits.query), len(splits.train)) == (2, 1)
    assert splits.protocol == "no-camera"


def test_manifest_understands_headings_of_older_tools_and_any_case(manifest):
    splits = read_manifest(manifest("Path,pid,camid,Split", "a.jpg,7,3,train"))
    assert (splits.train[0].identity, splits.train[0].camera) == ("7", "3")


def test_manifest_some_unknown_cameras_are_counted(manifest):
    splits = read_manifest(
        manifest("path,identity,camera,split", "a.jpg,1,,query", "b.jpg,1,2,gallery", "c.jpg,1,,train")
    )
    assert "Cameras: unknown in 1 of 2 rows that are tested." in splits.notes
    assert splits.protocol == "market1501"


def test_manifest_tracklet_rows_form_one_sample_in_row_order(manifest):
    splits = read_manifest(
        manifest(
            "path,identity,camera,split,tracklet,time",
            "b.jpg,1,1,train,t,10",
            "c.jpg,1,1,train,u,20",
            "a.jpg,1,1,train,t,30",
            "d.jpg,1,2,train,t,40",
            "e.jpg,2,1,train,t,50",
            "f.jpg,1,1,train,,60",
            "g.jpg,1,1,train,,70",
            "h.jpg,1,1,query,t,80",
        )
    )
    frames = [[frame.stem for frame in sample.frames] for sample in splits.train]
    assert frames == [["b", "a"], ["c"], ["d"], ["e"], ["f"], ["g"]]
    assert splits.train[0].attributes == {"tracklet": "t", "time": "10"}
    assert len(splits.query) == 1


def test_manifest_tracklet_with_two_boxes_is_refused(manifest):
    path = manifest(
        "path,identity,split,tracklet,box",
        "a.jpg,1,train,t,0 0 1 1",
        "b.jpg,1,train,t,0 0 1 1",
        "c.jpg,1,train,t,0 0 2 2",
    )
    with pytest.raises(
        DatasetError, match=r"has 1 fault .*row 4: tracklet 't' has another box than in row 2"
    ):
        read_manifest(path)


def test_manifest_without_split_divides_the_identities(manifest):
    path = manifest("path,identity", *(f"{name},{number // 2}" for number, name in enumerate(IMAGES)))
    splits = read_manifest(path)
    trained = {sample.identity for sample in splits.train}
    tested = {sample.identity for sample in splits.query}
    assert len(trained) == len(tested) == 2
    assert trained | tested == {"0", "1", "2", "3"}
    assert not trained & tested
    assert splits.query == splits.gallery
    assert any("2 of 4 identities are tested" in note and "seed=0" in note for note in splits.notes)


def test_manifest_division_does_not_depend_on_the_order_of_rows(manifest):
    rows = [f"{name},{number // 2}" for number, name in enumerate(IMAGES)]
    tested = {sample.identity for sample in read_manifest(manifest("path,identity", *rows)).query}
    assert {
        sample.identity for sample in read_manifest(manifest("path,identity", *rows[::-1])).query
    } == tested


def test_manifest_division_is_the_same_everywhere(manifest):
    # By sha256sum, "0:0" to "0:3" begin with ac72, ef13, 9328 and 76d3: the two least are those of 3 and 2.
    path = manifest("path,identity", *(f"{name},{number // 2}" for number, name in enumerate(IMAGES)))
    assert {sample.identity for sample in read_manifest(path).query} == {"2", "3"}


def test_manifest_division_follows_the_seed(manifest):
    path = manifest("path,identity", *(f"{name},{number}" for number, name in enumerate(IMAGES)))
    sides = {
        frozenset(sample.identity for sample in read_manifest(path, seed=seed).query) for seed in range(10)
    }
    assert len(sides) > 1


@pytest.mark.parametrize(("fraction", "tested"), [(0, 0), (0.01, 1), (0.25, 2), (0.99, 7), (1, 8)])
def test_manifest_division_follows_the_fraction(manifest, fraction, tested):
    path = manifest("path,identity", *(f"{name},{number}" for number, name in enumerate(IMAGES)))
    splits = read_manifest(path, test_fraction=fraction)
    assert (len(splits.query), len(splits.train)) == (tested, 8 - tested)


@pytest.mark.parametrize("fraction", [-0.1, 1.5, float("nan")])
def test_manifest_fraction_out_of_range_is_refused(manifest, fraction):
    with pytest.raises(CatalogError, match="test_fraction is out of range, got"):
        read_manifest(manifest("path,identity", "a.jpg,1"), test_fraction=fraction)


def test_manifest_attribute_that_nearly_is_a_known_column_is_noted(manifest):
    splits = read_manifest(manifest("path,identity,cameras,hat", "a.jpg,1,7,red"))
    assert "Column 'cameras' is kept as an attribute. If it is 'camera', rename it so." in splits.notes
    assert not any("hat" in note for note in splits.notes)


def test_manifest_column_without_heading_is_ignored(manifest):
    splits = read_manifest(manifest(",path,identity,split", "0,a.jpg,1,train"))
    assert splits.train[0].attributes == {}


def test_manifest_faults_are_collected_and_counted(manifest):
    path = manifest(
        "path,identity,split,box",
        "a.jpg,,train,",
        "gone.jpg,1,train,",
        "b.jpg,1,galery,",
        "c.jpg,1,train,5 5 5 9",
        ",1,train,",
        "d.jpg,1,train,1 2 3",
        "e.jpg,1,,",
        "f.jpg,1",
    )
    with pytest.raises(DatasetError) as caught:  # noqa: PT011 - the whole text follows
        read_manifest(path)
    assert str(caught.value) == (
        f"Manifest {path} has 8 faults (its heading is row 1): row 9 has 2 values for 4 columns; "
        f"row 2: empty identity; row 3: file 'gone.jpg' does not exist; "
        f"row 4: unknown split 'galery', expected train, query, gallery, test (Did you mean 'gallery'?); "
        f"row 5: bad box '5 5 5 9', expected 'left top right bottom' with left < right, top < bottom; "
        f"and 3 more."
    )


@pytest.mark.parametrize(
    "box", ["1 2 3", "1 2 3 4 5", "a b c d", "0 0 nan 4", "0 0 inf 4", "4 0 2 4", "0 4 2 4", "1;2;3;4"]
)
def test_manifest_bad_box_is_refused(manifest, box):
    with pytest.raises(DatasetError, match=rf"row 2: bad box '{box}'"):
        read_manifest(manifest("path,identity,box", f"a.jpg,1,{box}"))


@pytest.mark.parametrize("box", ["-3 -2 3 4", "0,0,1,1", " 0  0\t1 1 ", "0.5, 0.5, 1e2, 3"])
def test_manifest_good_box_is_read(manifest, box):
    assert (
        read_manifest(manifest("path,identity,box,split", f'a.jpg,1,"{box}",train')).train[0].box is not None
    )


def test_manifest_missing_column_is_named_with_the_nearest(manifest):
    with pytest.raises(
        DatasetError, match=r"has no column 'identity', got 'path', 'identityy'.*Did you mean 'identityy'\?"
    ):
        read_manifest(manifest("path,identityy", "a.jpg,1"))
    with pytest.raises(DatasetError, match="has no column 'path' and no column 'identity', got 'a'"):
        read_manifest(manifest("a", "1"))


def test_manifest_two_columns_of_one_meaning_are_refused(manifest):
    with pytest.raises(DatasetError, match="has two columns for 'identity', got 'pid' and 'identity'"):
        read_manifest(manifest("path,pid,identity", "a.jpg,1,1"))


def test_manifest_test_beside_query_is_refused(manifest):
    with pytest.raises(DatasetError, match="split 'test' beside 'query' or 'gallery'"):
        read_manifest(manifest("path,identity,split", "a.jpg,1,test", "b.jpg,1,query"))


def test_manifest_without_rows_is_refused(manifest):
    with pytest.raises(DatasetError, match="no row below the heading"):
        read_manifest(manifest("path,identity"))


def test_manifest_that_does_not_exist_is_refused(folder):
    with pytest.raises(
        DatasetError, match=r"Manifest not found under .*zoo\. Expected manifest\.csv or manifest\.par"
    ):
        read_manifest(folder)
    with pytest.raises(
        DatasetError, match=r"absent\.csv, which does not exist\. .*Found in .*zoo: a\.jpg, b\.jpg"
    ):
        read_manifest(folder / "absent.csv")
    (folder / "birds.csv").write_text("path,identity\n")
    with pytest.raises(DatasetError, match=r"Did you mean root='.*zoo/birds\.csv'\?"):
        read_manifest(folder)


def test_manifest_beside_another_is_refused(manifest, folder):
    manifest("path,identity", "a.jpg,1")
    (folder / "manifest.parquet").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"not clear, got manifest\.csv and manifest\.parquet"):
        read_manifest(folder)


def test_manifest_with_a_path_that_no_file_system_takes_is_refused(manifest):
    with pytest.raises(DatasetError, match=r"row 2: file 'x+' does not exist"):
        read_manifest(manifest("path,identity", f"{'x' * 5000},1"))


TIMED = (
    "path,identity,camera,time",
    "a.jpg,ann,1,2023-05-01",
    "b.jpg,ann,2,2024-05-01 10:00",
    "c.jpg,bob,1,2024-06-01",
    "d.jpg,cid,,2023-06-01",
    "e.jpg,bob,2,2024-07-01",
)


def names(samples):
    return "".join(sample.path.stem for sample in samples)


def test_manifest_is_divided_by_time(manifest):
    splits = read_manifest(manifest(*TIMED), train_before="2024-01-01")
    assert (names(splits.train), names(splits.query), names(splits.gallery)) == ("ad", "bce", "bce")
    assert splits.protocol == "market1501"
    assert splits.notes == (
        "Divided by time: 2 samples before 2024-01-01 to learn from, 3 from then on to test. "
        "1 of 2 tested identities were learned from as well.",
    )


def test_manifest_queries_are_divided_from_the_gallery_by_time(manifest):
    path = manifest(*TIMED)
    times = {"train_before": "2023-05-02", "query_before": "2024-06-01"}
    splits = read_manifest(path, **times)
    assert (names(splits.train), names(splits.query), names(splits.gallery)) == ("a", "bd", "ce")
    assert splits.notes[0] == "Cameras: unknown in 1 of 4 rows that are tested."
    assert splits.notes[-1] == "Divided by time: 2 queries before 2024-06-01, 2 gallery samples from then on."
    splits = read_manifest(path, train_before="2023-05-02", gallery_before="2024-06-01")
    assert (names(splits.train), names(splits.query), names(splits.gallery)) == ("a", "ce", "bd")
    assert splits.notes[-1] == "Divided by time: 2 gallery samples before 2024-06-01, 2 queries from then on."


def test_manifest_test_rows_of_a_split_column_are_divided_by_time(manifest):
    path = manifest(
        "path,identity,split,year",
        "a.jpg,1,train,",
        "b.jpg,2,test,2022",
        "c.jpg,2,test,2023",
        "d.jpg,3,train,2024",
    )
    splits = read_manifest(path, query_before=2023, time_column="year")
    assert (names(splits.train), names(splits.query), names(splits.gallery)) == ("ad", "b", "c")


def test_manifest_identities_divided_by_seed_are_searched_by_time(manifest):
    rows = (f"{name},{number // 4},{number % 4}" for number, name in enumerate(IMAGES))
    splits = read_manifest(manifest("path,identity,time", *rows), query_before=1)
    (tested,) = {sample.identity for sample in splits.query}
    assert {sample.identity for sample in splits.train} == {"0", "1"} - {tested}
    assert (len(splits.query), len(splits.gallery)) == (1, 3)


def test_manifest_tracklet_is_not_torn_by_time(manifest):
    path = manifest("path,identity,tracklet,time", "a.jpg,1,t,1", "b.jpg,1,t,3", "c.jpg,1,u,2", "d.jpg,1,u,4")
    splits = read_manifest(path, train_before=2)
    assert [[frame.stem for frame in sample.frames] for sample in splits.train] == [["a", "b"]]
    assert [[frame.stem for frame in sample.frames] for sample in splits.query] == [["c", "d"]]


def test_manifest_times_that_are_missing_or_bad_are_collected_with_their_rows(manifest):
    path = manifest(
        "path,identity,time", "a.jpg,1,2023-01-01", "b.jpg,1,", "c.jpg,1,May", "d.jpg,1,2024-01-01T00:00Z"
    )
    with pytest.raises(DatasetError) as caught:  # noqa: PT011 - the whole text follows
        read_manifest(path, train_before="2023-06-01", query_before="2023-07-01")
    assert str(caught.value) == (
        f"Manifest {path} has 3 faults (its heading is row 1): row 3: empty time; row 4: bad time 'May', "
        f"expected a day or time like train_before=2023-06-01; row 5: time '2024-01-01T00:00Z' has a time "
        f"zone, unlike train_before=2023-06-01."
    )
    assert read_manifest(path).train  # without a division by time a time is an attribute like others


def test_manifest_without_the_column_of_the_time_is_refused_with_the_nearest(manifest):
    path = manifest("path,identity,timestamp", "a.jpg,1,2023-01-01")
    with pytest.raises(
        DatasetError, match=r"has no column 'time', got .*Did you mean 'timestamp'\? Name it by time_column"
    ):
        read_manifest(path, train_before="2023-06-01")


def test_manifest_that_is_divided_twice_is_refused(manifest):
    path = manifest("path,identity,split,time", "a.jpg,1,query,1", "b.jpg,1,gallery,2")
    with pytest.raises(DatasetError, match="divided twice, got its column 'split' and train_before=2"):
        read_manifest(path, train_before=2)
    with pytest.raises(DatasetError, match="rows of split 'query' or 'gallery' beside query_before"):
        read_manifest(path, query_before=2)
    with pytest.raises(CatalogError, match=r"got query_before=1 and gallery_before=2\. Expected one"):
        read_manifest(path, query_before=1, gallery_before=2)
    with pytest.raises(CatalogError, match="train_before is no moment, got 'soon'"):
        read_manifest(path, train_before="soon")


def test_manifest_moment_outside_of_the_times_is_refused(manifest):
    with pytest.raises(
        DatasetError, match="leaves one side empty, got 5 samples from 2023-05-01 to 2024-07-01"
    ):
        read_manifest(manifest(*TIMED), train_before="2025-01-01")


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "path": st.sampled_from(IMAGES),
            "identity": st.integers(-1, 3),
            "camera": st.none() | st.integers(1, 3),
            "split": st.sampled_from(["train", "query", "gallery"]),
            "tracklet": st.none() | st.sampled_from(["t", "u"]),
            "age": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "hat": st.none() | st.sampled_from(["red", "Üñï", "a,b", 'q"']),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_manifest_of_parquet_and_csv_are_equal(folder, rows):
    columns = list(rows[0])
    with (folder / "m.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(["" if row[name] is None else row[name] for name in columns] for row in rows)
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in columns}), folder / "m.parquet")
    by_csv, by_parquet = read_manifest(folder / "m.csv"), read_manifest(folder / "m.parquet")
    assert by_csv.by_split() == by_parquet.by_split()
    assert by_csv.notes == by_parquet.notes
    assert sum(len(sample.frames) for samples in by_csv.by_split().values() for sample in samples) == len(
        rows
    )
