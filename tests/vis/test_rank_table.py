"""Rank lists as data: rows by hand, the same order as the rank lists, three formats, read back."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.core.errors import CatalogError, DatasetError, ShapeError
from reidkit.core.types import Sample
from reidkit.metrics.labels import labels_of
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.rank_lists import rank_lists
from reidkit.vis.rank_table import rank_rows, read_rank_rows, write_rank_rows

MARKET = PROTOCOLS["market1501"]


def sample(name: str, identity: str, camera: str | None) -> Sample:
    return Sample((Path(name),), identity, camera)


QUERIES = [sample("q0.jpg", "ann", "c1")]
GALLERY = [
    sample("far.jpg", "ann", "c2"),
    sample("same_camera.jpg", "ann", "c1"),
    sample("other.jpg", "bob", None),
    sample("beyond.jpg", "ann", "c1"),
]


def toy_rows(length: int = 10):
    # 1 - cosine: far 0.4, same_camera 0, other 0.2, beyond 1
    gallery = torch.tensor([[0.6, 0.8], [1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    return rank_rows(torch.tensor([[1.0, 0.0]]), gallery, QUERIES, GALLERY, MARKET, length=length)


def test_rows_by_hand():
    rows = toy_rows()
    assert [(row.rank, row.gallery_path, row.answer) for row in rows] == [
        (0, "same_camera.jpg", "ignored"),
        (1, "other.jpg", "wrong"),
        (2, "far.jpg", "right"),
        (0, "beyond.jpg", "ignored"),
    ]
    assert [row.distance for row in rows] == pytest.approx([0, 0.2, 0.4, 1], abs=1e-6)
    assert [row.gallery_camera for row in rows] == ["c1", "", "c2", "c1"]


class ReadyDistances:
    """Distances that are no longer those of descriptors."""

    shape = (1, 4)

    def keys(self, rows: slice) -> np.ndarray:
        return np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)[rows]

    def row_slices(self):
        return iter([slice(0, 1)])


def test_ready_distances_give_the_order():
    gallery = torch.tensor([[0.6, 0.8], [1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    rows = rank_rows(torch.tensor([[1.0, 0.0]]), gallery, QUERIES, GALLERY, MARKET, blocks=ReadyDistances())
    assert [(row.gallery, row.rank) for row in rows] == [(0, 1), (1, 0), (2, 2), (3, 0)]
    assert [row.distance for row in rows] == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=1e-6)


def test_the_list_ends_with_the_last_that_counts():
    assert [row.answer for row in toy_rows(length=1)] == ["ignored", "wrong"]


def test_what_counts_is_what_the_rank_lists_show():
    generator = torch.Generator().manual_seed(3)
    queries = [sample(f"q{n}", f"{n % 4}", f"c{n % 3}") for n in range(9)]
    gallery = [sample(f"g{n}", f"{n % 5}", f"c{n % 2}") for n in range(40)]
    near = torch.randint(0, 3, (9, 3), generator=generator) + 1.0  # many ties
    far = torch.randint(0, 3, (40, 3), generator=generator) + 1.0
    lists = rank_lists(range(9), near, far, labels_of(queries), labels_of(gallery), MARKET, length=7)
    rows = rank_rows(near, far, queries, gallery, MARKET, length=7)
    for number, expected in enumerate(lists):
        found = [row for row in rows if row.query == number and row.answer != "ignored"]
        assert [row.gallery for row in found] == expected.gallery.tolist()
        assert [row.answer == "right" for row in found] == expected.is_match.tolist()
        assert [row.rank for row in found] == list(range(1, 8))


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_formats_hold_the_same(tmp_path: Path, suffix: str):
    path = tmp_path / f"rankings{suffix}"
    write_rank_rows(path, toy_rows())
    if suffix == ".csv":
        assert read_rank_rows(path) == toy_rows()
    elif suffix == ".json":
        assert json.loads(path.read_text())["rows"][1]["gallery_path"] == "other.jpg"
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        assert parquet.read_table(path).column("answer").to_pylist() == [row.answer for row in toy_rows()]


def test_faults_are_named(tmp_path: Path):
    with pytest.raises(CatalogError, match=r"Format of a table is unknown, got '.xls'. Known: .csv"):
        write_rank_rows(tmp_path / "a.xls", [])
    with pytest.raises(ShapeError, match="Length of a rank list is out of range, got 0"):
        toy_rows(length=0)
    with pytest.raises(DatasetError, match="Rank lists cannot be read"):
        read_rank_rows(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match="Rank lists cannot be read"):
        read_rank_rows(tmp_path / "other.csv")
