from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from reidkit.core.errors import GalleryError
from reidkit.gallery.exchange import export_gallery, import_gallery
from reidkit.gallery.gallery import Gallery, create_gallery
from reidkit.gallery.records import Template


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    made = create_gallery(tmp_path / "g", model="m1", descriptor_dim=4)
    made.add(
        [Template("anna", "a", camera="1", time=datetime(2026, 1, 1, tzinfo=UTC)), Template("ben", "b")],
        np.eye(4, dtype=np.float32)[:2],
    )
    return made


def test_an_export_brings_everything_to_another_gallery(gallery: Gallery, tmp_path: Path):
    assert export_gallery(gallery, tmp_path / "g.parquet") == 2
    other = create_gallery(tmp_path / "other", model="m1", descriptor_dim=4)
    assert import_gallery(other, tmp_path / "g.parquet") == 2
    assert import_gallery(other, tmp_path / "g.parquet") == 2  # again: replaced, not doubled
    assert other.templates() == gallery.templates()
    assert other.search(np.eye(4)[1:2])[0].hits[0].distance == 0
    assert pq.read_table(tmp_path / "g.parquet").num_rows == 2


def test_a_filter_exports_a_part(gallery: Gallery, tmp_path: Path):
    assert export_gallery(gallery, tmp_path / "g.parquet", where="camera = '1'") == 1
    with pytest.raises(GalleryError, match=r"^Nothing to export: .*Nothing was written"):
        export_gallery(gallery, tmp_path / "none.parquet", where="camera = '9'")
    assert not (tmp_path / "none.parquet").exists()


def test_what_is_no_export_is_refused(gallery: Gallery, tmp_path: Path):
    with pytest.raises(GalleryError, match=r"^Export not found, got .*x\.parquet\. Expected a file of"):
        import_gallery(gallery, tmp_path / "x.parquet")
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    with pytest.raises(GalleryError, match=r"cannot be read: .*Expected a Parquet file"):
        import_gallery(gallery, tmp_path / "junk.parquet")
    other = create_gallery(tmp_path / "other", model="m2", descriptor_dim=4)
    export_gallery(gallery, tmp_path / "g.parquet")
    with pytest.raises(GalleryError, match=r"holds descriptors of model m1\. Expected m2"):
        import_gallery(other, tmp_path / "g.parquet")
    pq.write_table(pq.read_table(tmp_path / "g.parquet", columns=["identity"]), tmp_path / "part.parquet")
    with pytest.raises(GalleryError, match=r"is no export of a gallery, lacking \['camera', "):
        import_gallery(gallery, tmp_path / "part.parquet")
