"""The index of a large gallery: near templates without looking at all, as surely as was asked for.

An index groups the descriptors into parts and keeps one bit per number of each (RaBitQ). A search looks into
some parts, and measures the best of what it finds again with the whole descriptors. How many parts are enough
depends on the descriptors, so it is found out after building, against exact searches.

Reference:
    Gao, Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for Approximate
    Nearest Neighbor Search", SIGMOD 2024.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import GalleryError
from reidkit.core.types import DistanceName
from reidkit.gallery.records import IndexAbout
from reidkit.gallery.store import TemplateStore

RECALL_AT = 10
NUM_QUERIES = 60
LEAST_TEMPLATES = 1000


def build_index(
    store: TemplateStore, distance: DistanceName, *, least_recall: float = 0.95, seed: int = 0
) -> IndexAbout:
    """Build the index of a gallery and find out how many parts a search must look into.

    Args:
        store: The tables.
        distance: Between descriptors.
        least_recall: Share of the ten nearest that searches must find.
        seed: Of the choice of templates to try it with.

    Raises:
        GalleryError: there are too few templates, or the recall is out of reach; then no index is left.
    """
    if not 0 < least_recall <= 1:
        raise GalleryError(f"Recall is out of range, got {least_recall}. Expected more than 0, at most 1.")
    count = store.count()
    if count < LEAST_TEMPLATES:
        raise GalleryError(
            f"Gallery {store.uri} is too small for an index, got {count} templates. Expected at least "
            f"{LEAST_TEMPLATES}. Exact searches are fast here."
        )
    num_parts = max(4, round(count**0.5 / 4))
    store.build_vector_index(num_parts, distance)
    names, queries = _choose(store, count, seed)
    wanted = _nearest_of_all(store, queries, names, distance)
    recall = 0.0
    for num_probes in _probes(num_parts):
        recall = _recall(store, queries, names, wanted, distance, num_probes)
        if recall >= least_recall:
            return IndexAbout(num_parts, num_probes, recall, count)
    store.drop_vector_index()
    raise GalleryError(
        f"Index of gallery {store.uri} finds too little, got a recall of {recall:.3f} with all of its parts. "
        f"Expected {least_recall}. Search exactly, or ask for less."
    )


def _probes(num_parts: int) -> list[int]:
    """Return numbers of parts to try, each half as large again, all of them last."""
    tried = [min(4, num_parts)]
    while tried[-1] < num_parts:
        tried.append(min(tried[-1] * 3 // 2, num_parts))
    return tried


def _choose(store: TemplateStore, count: int, seed: int) -> tuple[list[str], NDArray[np.float32]]:
    """Return ids and descriptors of some templates, in one pass over all."""
    chosen = np.sort(np.random.default_rng(seed).choice(count, min(NUM_QUERIES, count), replace=False))
    names: list[str] = []
    parts: list[NDArray[np.float32]] = []
    start = 0
    for ids, rows in store.descriptors():
        here = chosen[(chosen >= start) & (chosen < start + len(ids))] - start
        names += [ids[number] for number in here]
        parts.append(rows[here].copy())
        start += len(ids)
    return names, np.concatenate(parts)


def _nearest_of_all(
    store: TemplateStore, queries: NDArray[np.float32], names: Sequence[str], distance: DistanceName
) -> list[set[str]]:
    """Return the ids of the nearest templates of each query, itself left out, from all templates."""
    best_keys = np.full((len(queries), RECALL_AT), np.inf, np.float32)
    best_names = np.full((len(queries), RECALL_AT), "", object)
    for ids, rows in store.descriptors():
        keys = -queries @ rows.T
        if distance == "euclidean":
            keys = 2 * keys + np.square(rows).sum(axis=1)
        keys[np.array(names, object)[:, None] == np.array(ids, object)[None, :]] = np.inf
        all_keys = np.concatenate([best_keys, keys], axis=1)
        all_names = np.concatenate([best_names, np.broadcast_to(np.array(ids, object), keys.shape)], axis=1)
        order = np.argpartition(all_keys, RECALL_AT - 1, axis=1)[:, :RECALL_AT]
        best_keys = np.take_along_axis(all_keys, order, axis=1)
        best_names = np.take_along_axis(all_names, order, axis=1)
    return [set(row.tolist()) for row in best_names]


def _recall(
    store: TemplateStore,
    queries: NDArray[np.float32],
    names: Sequence[str],
    wanted: Sequence[set[str]],
    distance: DistanceName,
    num_probes: int,
) -> float:
    right = 0
    for query, name, expected in zip(queries, names, wanted, strict=True):
        found = store.near(query, RECALL_AT + 1, distance, num_probes)["template_id"].to_pylist()
        right += len(expected & set([item for item in found if item != name][:RECALL_AT]))
    return right / sum(len(expected) for expected in wanted)
