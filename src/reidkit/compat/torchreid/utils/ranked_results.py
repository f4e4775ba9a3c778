"""Torchreid's pictures of ranked results."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike

from reidkit.compat.torchreid.data.dataset import Item, samples_of
from reidkit.core.errors import ShapeError
from reidkit.metrics.labels import labels_of
from reidkit.metrics.protocols import find_protocol
from reidkit.metrics.rank_lists import rank_lists
from reidkit.metrics.reranking.reranked import RerankedDistances
from reidkit.vis.rank_list import write_rank_lists


def visualize_ranked_results(
    distmat: ArrayLike,
    dataset: tuple[Sequence[Item], Sequence[Item]],
    data_type: str = "image",
    width: int = 128,
    height: int = 256,
    save_dir: str | Path = "",
    topk: int = 10,
) -> list[Path]:
    """Draw for each query its nearest gallery images, green where they are right and red where not.

    Args:
        distmat: (Q, G); smaller is more alike.
        dataset: Query and gallery lists.
        data_type: "image" or "video"; a tracklet shows some of its frames either way.
        width: Not used; the height and the picture decide.
        height: Of each image, in pixels.
        save_dir: Folder to write to.
        topk: Images per query.

    Returns:
        The files, one per query.

    Raises:
        ShapeError: the matrix does not fit the lists.

    Differs:
        Two queries with files of one name do not overwrite each other. A tracklet is one picture, not a
        folder of copies.
    """
    del data_type, width
    distances = np.asarray(distmat, np.float64)
    queries, gallery = samples_of(dataset[0]), samples_of(dataset[1])
    if distances.shape != (len(queries), len(gallery)):
        raise ShapeError(
            f"Distance matrix does not fit, got {distances.shape}. Expected {(len(queries), len(gallery))}."
        )
    blocks = RerankedDistances(
        len(queries), len(gallery), lambda rows: torch.from_numpy(distances[rows]), "ready distances"
    )
    empty = torch.empty(0, 0)  # the distances are there already
    lists = rank_lists(
        range(len(queries)),
        empty,
        empty,
        labels_of(queries),
        labels_of(gallery),
        find_protocol("market1501"),
        length=topk,
        blocks=blocks,
    )
    return write_rank_lists(lists, queries, gallery, Path(save_dir), tile_size=height)
