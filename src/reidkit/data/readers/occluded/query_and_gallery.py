"""Sets that are only judged by: hidden or cut off people as queries, whole ones as the gallery.

None of them says by which camera an image was taken. The second number of a file name counts a person's
images; where it is taken for a camera (FastReID does), the rule that drops matches from the query's own
camera drops true matches that happen to have the same count. Here cameras are unknown and nothing is
dropped, as in the papers.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root, skipped_notes
from reidkit.data.readers.listing import describe_kinds, list_tree
from reidkit.data.wording import quantity

_NAME = re.compile(r"(?P<identity>[0-9]+)(?:_[^.]*)?\.[A-Za-z]+")
_FORM = "<identity>_<image>.jpg (or another image format)"


def read_query_and_gallery(
    benchmark: Benchmark,
    root: Path,
    folders: Sequence[tuple[str, str]],
    *,
    name_hint: str,
    notes: tuple[str, ...] = (),
    counts: Mapping[str, SplitCounts] | None = None,
) -> DatasetSplits:
    """Read a data set of queries and a gallery, and nothing to learn from.

    Args:
        benchmark: The data set.
        root: Folder that a person gave.
        folders: How the folders of queries and gallery are named in the copies there are, in the order of
            preference.
        name_hint: Part of the usual name of the folder above them, see `Layout`.
        notes: Further notes.
        counts: Published counts where options make them differ from the usual ones.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    layout = Layout(
        title=benchmark.title,
        alternatives=tuple((f"{query}/", f"{gallery}/") for query, gallery in folders),
        name_hint=name_hint,
        how_to_obtain=benchmark.how_to_obtain,
    )
    folder, found_notes = find_root(layout, root)
    query_folder, gallery_folder = next(
        (folder / query, folder / gallery)
        for query, gallery in folders
        if (folder / query).is_dir() and (folder / gallery).is_dir()
    )
    query, query_notes = read_identity_images(layout, query_folder)
    gallery, gallery_notes = read_identity_images(layout, gallery_folder)
    return benchmark.splits(
        folder,
        query=query,
        gallery=gallery,
        notes=(*found_notes, *query_notes, *gallery_notes, *notes),
        counts=counts,
    )


def read_identity_images(layout: Layout, folder: Path) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """Return the images in a folder and below it, sorted by path, and notes about what was left out.

    The identity is the number that a file name begins with; the folders between, which some copies have
    per person, say nothing more. Cameras are unknown.

    Args:
        layout: Whose title messages use.
        folder: The folder.

    Raises:
        DatasetError: no image has such a name.
    """
    content = list_tree(folder)
    matches = [(image, _NAME.fullmatch(image.name)) for image in content.images]
    samples = tuple(Sample((image,), int(match["identity"])) for image, match in matches if match)
    misnamed = [image for image, match in matches if match is None]
    if not samples:
        others = (*misnamed, *content.others)
        raise DatasetError(
            f"{layout.title} has no image in {folder}, got 0 files named {_FORM} among "
            f"{quantity(len(others), 'file')}: {describe_kinds(others)}. Expected the files of the original "
            f"archive. Unpack it again, or choose the reader that fits these names."
        )
    notes = skipped_notes(folder, misnamed, f"not named {_FORM}")
    return samples, notes + skipped_notes(folder, content.others, "no images")
