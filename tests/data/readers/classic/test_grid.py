import pytest

from reidkit.core.errors import DatasetError, MissingExtraError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.classic.grid import read_grid
from tests.data.readers.classic.trees import write_partitions

PEOPLE = (1, 2, 3, 250)
PARTITIONS = [[1, 2], [3, 250], *([[2, 250]] * 7), [1, 250]]


@pytest.fixture
def grid(tmp_path, write_files):
    root = tmp_path / "grid" / "underground_reid"
    write_files(root / "probe", *(f"{p:04d}_5_25004_107_32_106_221.jpeg" for p in PEOPLE), content=b"")
    write_files(root / "gallery", *(f"{p:04d}_6_25023_116_134_128_330.jpeg" for p in PEOPLE), content=b"")
    write_files(root / "gallery", *(f"0000_{c}_25698_125_93_99_252.jpeg" for c in (1, 8)), content=b"")
    write_partitions(root, PARTITIONS)
    return root


def rows(samples):
    return [(sample.identity, sample.camera) for sample in samples]


@pytest.mark.parametrize("split", [0, 1, 9])
def test_grid_partitions_are_those_of_the_authors(grid, split):
    splits = read_grid(grid, split=split)
    learned = PARTITIONS[split]
    tested = [person for person in PEOPLE if person not in learned]
    assert rows(splits.train) == [(p, 5) for p in learned] + [(p, 6) for p in learned]
    assert rows(splits.query) == [(p, 5) for p in tested]
    assert rows(splits.gallery) == [(0, 1), (0, 8)] + [(p, 6) for p in tested]
    assert {sample.path.parent.name for sample in splits.query} == {"probe"}
    assert {sample.path.parent.name for sample in splits.gallery} == {"gallery"}


def test_grid_others_are_never_learned_from(grid):
    for split in range(10):
        splits = read_grid(grid, split=split)
        assert 0 not in {sample.identity for sample in (*splits.train, *splits.query)}
        assert sum(sample.identity == 0 for sample in splits.gallery) == 2


def test_grid_published_counts_are_125_people_and_775_others(grid):
    assert read_grid(grid).published_counts == {
        "train": SplitCounts(125, 2 * 125),
        "query": SplitCounts(125, 125),
        "gallery": SplitCounts(125 + 1, 125 + 775),
    }


def test_grid_without_its_partitions_says_so(grid):
    (grid / "features_and_partitions.mat").unlink()
    with pytest.raises(
        DatasetError, match=r"holds probe/ and gallery/, but not features_and_partitions\.mat\."
    ):
        read_grid(grid)


def test_grid_people_of_the_partition_without_an_image_are_refused(grid):
    write_partitions(grid, [[1, 77, 99]] * 10)
    with pytest.raises(
        DatasetError, match=r"GRID lacks people of its partition, got 2 of 3 .*probe \(e\.g\. 77, 99\)"
    ):
        read_grid(grid)


@pytest.mark.parametrize("learned", [[], [0, 1]])
def test_grid_partition_of_nobody_or_of_the_others_is_refused(grid, learned):
    write_partitions(grid, [learned] * 10)
    with pytest.raises(DatasetError, match="Partition 3 of GRID has a wrong form, got"):
        read_grid(grid, split=3)


def test_grid_html_page_instead_of_the_partitions_is_refused(grid):
    (grid / "features_and_partitions.mat").write_bytes(b"<!DOCTYPE html><html><body>404</body></html>" * 9)
    with pytest.raises(DatasetError, match=r"GRID is an HTML page, got .*features_and_partitions\.mat"):
        read_grid(grid)


@pytest.mark.parametrize("length", [0, 100, 128, 200, 400, 1000])
def test_grid_partitions_that_were_cut_off_are_refused(grid, length):
    path = grid / "features_and_partitions.mat"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(
        DatasetError, match=r"features_and_partitions\.mat.*Unpack underground_reid\.zip again"
    ):
        read_grid(grid, split=9)


@pytest.mark.parametrize("content", [{"other": [1, 2]}, {"trainIdxAll": [1, 2]}, {"trainIdxAll": "text"}])
def test_grid_another_mat_file_is_refused(grid, content):
    from scipy.io import savemat

    savemat(grid / "features_and_partitions.mat", content)
    with pytest.raises(
        DatasetError,
        match=r"of GRID (lacks|have another form).* got .*Expected trainIdxAll.* Unpack underground",
    ):
        read_grid(grid)


def test_grid_with_fewer_partitions_is_refused(grid):
    write_partitions(grid, PARTITIONS[:3])
    assert read_grid(grid, split=2).train
    with pytest.raises(DatasetError, match=r"Partitions of GRID have another form, got .*IndexError"):
        read_grid(grid, split=3)


def test_grid_without_scipy_names_the_command(grid, monkeypatch):
    def import_nothing(name):
        raise ModuleNotFoundError(f"No module named '{name}'", name="scipy")

    monkeypatch.setattr("reidkit.core.extras.importlib.import_module", import_nothing)
    with pytest.raises(MissingExtraError, match=r"'scipy', which is not installed.*reidkit\[mat\]"):
        read_grid(grid)
