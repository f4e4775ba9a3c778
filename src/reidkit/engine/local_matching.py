"""Sort the nearest candidates of each query again by their feature maps, in bounded memory."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.errors import EvaluationError
from reidkit.core.types import ReportProgress, Sample
from reidkit.engine.extract import Embed, Extraction
from reidkit.engine.post_processing import PostProcessing
from reidkit.metrics.blocks import KeyBlocks
from reidkit.metrics.candidates import ResortedBlocks, find_candidates
from reidkit.metrics.local_matching import LOCAL_MATCHERS, spatial_features

CHUNK_IMAGES = 128
"""Images whose feature maps are held in float32 at once."""

STEP_BYTES = 64 * 2**20
"""Most memory that the maps of one step of candidates take."""

Extract = Callable[[Embed, Sequence[Sample]], Extraction]
"""`reidkit.engine.extract.extract` with all settings but these two."""

Maps = NDArray[np.float16]


def maps_of(embed: object) -> Embed:
    """Return what gives the feature maps of a model.

    Args:
        embed: The model.

    Raises:
        EvaluationError: it has none, being a function.
    """
    maps: Embed | None = getattr(embed, "feature_map", None)
    if maps is None:
        raise EvaluationError(
            f"Local matching needs feature maps, got {type(embed).__name__}. Expected a model with a method "
            f"feature_map. Give a ReidModel instead of a function."
        )
    return maps


def sort_locally(
    maps: Embed,
    queries: Sequence[Sample],
    gallery: Sequence[Sample],
    blocks: KeyBlocks,
    after: PostProcessing,
    extract: Extract,
    *,
    report: ReportProgress | None = None,
) -> ResortedBlocks:
    """Return the ranking with the nearest of each query sorted by global and local distance.

    Each image is mapped once: gallery images only where they are among the candidates of some query. Their
    maps lie in a temporary file, in half precision and scaled to unit length per location, and go with
    the end of the call; the maps of the queries come and go in chunks.

    Args:
        maps: Images to feature maps (B, C, h, w), by `maps_of`.
        queries: Q samples; the map of a tracklet is the mean over its frames.
        gallery: G samples.
        blocks: The ranking so far.
        after: Names the local distance, how many candidates, and the weight.
        extract: How samples become rows.
        report: Called with (images mapped, images in all).

    Raises:
        EvaluationError: maps that are not finite, or no room for them.
        CatalogError: a value out of range.
    """
    match = LOCAL_MATCHERS[str(after.local)]
    candidates = find_candidates(blocks, after.local_top)
    used, places = np.unique(candidates.rows, return_inverse=True)
    places = places.reshape(candidates.rows.shape)
    second = np.empty(places.shape)
    total = len(used) + len(queries)

    def tell(done: int) -> None:
        if report is not None:
            report(done, total)

    with TemporaryDirectory(prefix="reidkit-maps-") as folder:
        store = _store_maps(maps, [gallery[row] for row in used.tolist()], Path(folder), extract, tell)
        for start in range(0, len(queries), CHUNK_IMAGES):
            own = _map(maps, queries[start : start + CHUNK_IMAGES], extract)
            for number, query in enumerate(own, start=start):
                second[number] = _match_stored(match, query, store, places[number])
            tell(len(used) + start + len(own))
        del store  # a mapped file cannot be removed everywhere
    return ResortedBlocks(blocks, candidates, second, after.local_weight)


def _map(maps: Embed, samples: Sequence[Sample], extract: Extract) -> Tensor:
    """Return (N, C, L) features of unit length at every location."""
    shape: tuple[int, ...] = ()

    def embed(images: Tensor) -> Tensor:
        nonlocal shape
        found = torch.nn.functional.normalize(spatial_features(maps(images).float()), dim=1)
        shape = tuple(found.shape[1:])
        return found.flatten(1)

    return extract(embed, samples).descriptors.reshape(len(samples), *shape)


def _store_maps(
    maps: Embed, samples: Sequence[Sample], folder: Path, extract: Extract, tell: Callable[[int], None]
) -> Maps:
    store: Maps | None = None
    for start in range(0, len(samples), CHUNK_IMAGES):
        found = _map(maps, samples[start : start + CHUNK_IMAGES], extract).numpy()
        if store is None:
            store = _make_store(folder, (len(samples), *found.shape[1:]))
        store[start : start + len(found)] = found
        tell(start + len(found))
    return store if store is not None else np.empty((0, 0, 0), np.float16)


def _make_store(folder: Path, shape: tuple[int, ...]) -> Maps:
    needed, free = 2 * int(np.prod(shape)), shutil.disk_usage(folder).free
    if needed > free:
        raise EvaluationError(
            f"Feature maps do not fit the disk, got {free / 1e9:.1f} GB free below {folder.parent}. Expected "
            f"{needed / 1e9:.1f} GB. Ask for fewer candidates, or set TMPDIR to a larger disk."
        )
    return np.memmap(folder / "maps", np.float16, "w+", shape=shape)


def _match_stored(
    match: Callable[[Tensor, Tensor], Tensor], query: Tensor, store: Maps, places: NDArray[np.int64]
) -> NDArray[np.floating]:
    """Return the local distance of one query (C, N) to some stored maps."""
    step = max(1, STEP_BYTES // (4 * int(np.prod(store.shape[1:]))))
    parts = [
        match(query, torch.from_numpy(store[places[start : start + step]].astype(np.float32)))
        for start in range(0, len(places), step)
    ]
    return torch.cat(parts).numpy()
