"""A gallery as one Parquet file, to move it or to look at it with other tools."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from reidkit.core.errors import GalleryError
from reidkit.core.extras import import_extra
from reidkit.core.files import replace_file
from reidkit.gallery.gallery import Gallery
from reidkit.gallery.records import Template
from reidkit.gallery.snapshot import FIELDS
from reidkit.gallery.store import COLUMNS

ABOUT_KEY = b"reidkit_gallery"
ROWS_AT_A_TIME = 8192


def export_gallery(gallery: Gallery, path: Path, *, where: str | None = None) -> int:
    """Write templates and descriptors to a Parquet file, whole or not at all; return how many.

    Args:
        gallery: To read.
        path: File to write; replaced if it exists.
        where: Only the templates of a filter.

    Raises:
        GalleryError: the filter is not understood.
    """
    arrow = import_extra("pyarrow", extra="gallery", purpose="A gallery")
    parquet = import_extra("pyarrow.parquet", extra="gallery", purpose="A gallery")
    gallery.store.refresh()
    columns = gallery.store.columns(where)
    place = {name: number for number, name in enumerate(columns["template_id"].to_pylist())}
    about = {ABOUT_KEY: json.dumps(asdict(gallery.about)).encode()}
    count = 0
    with replace_file(path) as unfinished:
        writer = None
        for names, rows in gallery.store.descriptors(where):
            known = [number for number, name in enumerate(names) if name in place]
            part = columns.take([place[names[number]] for number in known])
            values = arrow.array(np.ascontiguousarray(rows[known]).reshape(-1))
            column = arrow.FixedSizeListArray.from_arrays(values, rows.shape[1])
            part = part.append_column("descriptor", column).replace_schema_metadata(about)
            writer = writer or parquet.ParquetWriter(unfinished, part.schema)
            writer.write_table(part)
            count += len(known)
        if writer is None:
            raise GalleryError(
                f"Nothing to export: no template of {gallery.store.uri} fits. Nothing was written."
            )
        writer.close()
    return count


def import_gallery(gallery: Gallery, path: Path) -> int:
    """Add the templates of an exported file; one of a known id replaces the old one. Return how many.

    Args:
        gallery: To write to; of the same model as the exported one.
        path: A file of `export_gallery`.

    Raises:
        GalleryError: no such file, not an export, or of another model. Nothing is written.
    """
    parquet = import_extra("pyarrow.parquet", extra="gallery", purpose="A gallery")
    if not path.is_file():
        raise GalleryError(f"Export not found, got {path}. Expected a file of 'reidkit gallery export'.")
    try:
        file = parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise GalleryError(f"Export {path} cannot be read: {error}. Expected a Parquet file.") from error
    about = json.loads((file.schema_arrow.metadata or {}).get(ABOUT_KEY, b"{}"))
    missing = {*COLUMNS, "descriptor"} - set(file.schema_arrow.names)
    if not about or missing:
        raise GalleryError(
            f"File {path} is no export of a gallery, lacking {sorted(missing) or 'its description'}. "
            f"Expected a file of 'reidkit gallery export'."
        )
    if about["model"] != gallery.about.model:
        raise GalleryError(
            f"Export {path} holds descriptors of model {about['model']}. Expected {gallery.about.model}, the "
            f"model of {gallery.store.uri}."
        )
    count = 0
    for batch in file.iter_batches(ROWS_AT_A_TIME):
        columns = batch.select(list(FIELDS)).to_pydict()
        templates = [
            Template(**dict(zip(FIELDS, values, strict=True)))
            for values in zip(*(columns[name] for name in FIELDS), strict=True)
        ]
        rows = batch.column("descriptor").flatten().to_numpy(zero_copy_only=False)
        count += gallery.add(templates, rows.reshape(len(templates), -1))
    return count
