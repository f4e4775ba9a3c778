"""Search for tracks with an image: a track is as far away as its nearest image."""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from reidkit.core.checks import check_same_length, encode_labels
from reidkit.core.distance import normalize
from reidkit.core.errors import EvaluationError
from reidkit.core.types import Sample
from reidkit.metrics.blocks import KeyBlocks, Keys

TRACK = "track"
"""Attribute of a sample: the track that it is an image of."""


class TrackBlocks:
    """Keys between queries and the tracks of a gallery, from those of its images.

    Args:
        blocks: What ranks the images, such as descriptors or re-ranked distances.
        tracks: For each of the G images the track it belongs to; tracks come in order of first appearance.

    Raises:
        ShapeError: another number of tracks than of images.

    Reference:
        Liu, Liu, Mei, Ma, "A Deep Learning-Based Approach to Progressive Vehicle Re-identification for Urban
        Surveillance", ECCV 2016 (image-to-track search: the largest similarity to an image of the track).
    """

    def __init__(self, blocks: KeyBlocks, tracks: Sequence[Hashable]) -> None:
        check_same_length("Tracks", tracks, blocks.shape[1])
        self._blocks = blocks
        (self._numbers,) = encode_labels(tracks)
        self._order = np.argsort(self._numbers, kind="stable")
        self._starts = np.flatnonzero(np.diff(self._numbers[self._order], prepend=-1))

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, T)."""
        return self._blocks.shape[0], len(self._starts)

    def keys(self, rows: slice) -> Keys:
        """Return keys (rows, T) of some queries: the least key of each track's images."""
        keys: Keys = np.minimum.reduceat(self._blocks.keys(rows)[:, self._order], self._starts, axis=1)
        return keys

    def key_tensor(self, rows: slice) -> Tensor:
        """Return the same on the CPU as a tensor."""
        return torch.from_numpy(self.keys(rows))

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into blocks of bounded memory."""
        return self._blocks.row_slices()

    def join(self, gallery: Sequence[Sample], descriptors: Tensor) -> tuple[tuple[Sample, ...], Tensor]:
        """Return one sample per track, and the mean over its unit descriptors.

        Args:
            gallery: The G images.
            descriptors: (G, D) float, of the images.

        Raises:
            EvaluationError: a track has several identities or cameras.
        """
        joined = []
        for rows in np.split(self._order, self._starts[1:]):
            images = [gallery[row] for row in rows.tolist()]
            labels = {(image.identity, image.camera) for image in images}
            if len(labels) > 1:
                raise EvaluationError(
                    f"Track {images[0].attributes.get(TRACK)!r} is not of one individual and camera, got "
                    f"{len(labels)} kinds of labels, the first image is {images[0].path}. Expected one. "
                    f"Correct the list of tracks."
                )
            frames = tuple(frame for image in images for frame in image.frames)
            box = images[0].box if len(images) == 1 else None
            joined.append(Sample(frames, images[0].identity, images[0].camera, box, images[0].attributes))
        numbers = torch.from_numpy(self._numbers).to(descriptors.device)
        sums = torch.zeros(len(joined), descriptors.shape[1], dtype=descriptors.dtype, device=numbers.device)
        return tuple(joined), normalize(sums.index_add_(0, numbers, normalize(descriptors)))


def tracks_of(gallery: Sequence[Sample], protocol: str) -> list[Hashable]:
    """Return the track of each image; an image without one is a track by itself.

    Args:
        gallery: The images.
        protocol: Name of the protocol that asks for tracks.

    Raises:
        EvaluationError: no image has a track.
    """
    tracks = [sample.attributes.get(TRACK) for sample in gallery]
    if all(track is None for track in tracks):
        raise EvaluationError(
            f"Protocol '{protocol}' searches for tracks, got {len(tracks)} gallery images without one. "
            f"Expected the attribute '{TRACK}'. For VeRi-776 put test_track.txt of the archive beside "
            f"image_test, or judge by the protocol 'veri'."
        )
    return [("alone", row) if track is None else track for row, track in enumerate(tracks)]
