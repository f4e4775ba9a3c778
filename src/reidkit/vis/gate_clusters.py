"""Which pictures drive the gates of an OSNet alike: clusters of gate vectors, with the nearest pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from reidkit.core.checks import check_same_length
from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import Sample
from reidkit.data.wording import quantity
from reidkit.models.model import ReidModel
from reidkit.models.osnet import AggregationGate, OmniScaleBlock
from reidkit.vis.lettering import Lettering
from reidkit.vis.pictures import fit, read_picture
from reidkit.vis.rank_list import INK, MUTED, PAPER

WIDTH, HEIGHT, GAP = 90, 150, 10
"""Pixels of a picture of a cluster, and between them."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Vectors in groups.

    Args:
        centres: (k, D).
        members: (N,) number of the cluster of each vector.
        distances: (N,) to the centre of its cluster.
    """

    centres: Numbers
    members: NDArray[np.int64]
    distances: Numbers

    def nearest(self, cluster: int, count: int) -> NDArray[np.int64]:
        """Return the members of a cluster that lie nearest to its centre, nearest first."""
        rows = np.flatnonzero(self.members == cluster)
        return rows[np.argsort(self.distances[rows], kind="stable")[:count]]


def gate_vectors(model: ReidModel, images: Tensor, *, block: int = -1) -> Tensor:
    """Return what the unified gate of one block gives to each of its streams.

    Args:
        model: An OSNet with gates; put into evaluation mode and back.
        images: (B, 3, H, W) standardised.
        block: Which omni-scale block, from 0; -1 is the last.

    Returns:
        (B, T * C): the weights of all T streams in one vector.

    Raises:
        CatalogError: the model has no such block, or its block has no gate.

    Reference:
        Zhou, Yang, Cavallaro, Xiang, "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019,
        figure 5.
    """
    blocks = [module for module in model.modules() if isinstance(module, OmniScaleBlock)]
    if not -len(blocks) <= block < len(blocks):
        raise CatalogError(
            f"Model has no gates to cluster, got block {block} of {len(blocks)} omni-scale blocks. Expected "
            f"an OSNet and a block below their number."
        )
    gates = [module for module in blocks[block].modules() if isinstance(module, AggregationGate)]
    if not gates:
        raise CatalogError(f"Block {block} has no gate, got another fusion. Expected unified_gate.")
    weights: list[Tensor] = []
    hooks = [
        gate.register_forward_hook(lambda _module, _inputs, output: weights.append(output)) for gate in gates
    ]
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model.feature_map(images)
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return torch.cat([weight.flatten(1) for weight in weights], dim=1)


def k_means(vectors: Numbers, num_clusters: int, *, seed: int = 0, max_steps: int = 100) -> Clusters:
    """Group vectors around centres, by Lloyd's steps from a spread-out start (k-means++).

    Args:
        vectors: (N, D).
        num_clusters: From 1 to N.
        seed: Of the start.
        max_steps: Steps at most; it ends when no vector changes its cluster.

    Raises:
        ShapeError: not (N, D), or the number of clusters is out of range.

    Reference:
        Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007.
    """
    if vectors.ndim != 2 or not 1 <= num_clusters <= len(vectors):
        raise ShapeError(
            f"Vectors cannot be clustered, got shape {vectors.shape} and {num_clusters} clusters. Expected "
            f"(N, D) and 1 to N clusters."
        )
    generator = np.random.default_rng(seed)
    chosen = [int(generator.integers(len(vectors)))]
    nearest = _squares(vectors, vectors[chosen])[:, 0]
    while len(chosen) < num_clusters:
        total = nearest.sum()
        shares = nearest / total if total > 0 else np.full(len(vectors), 1 / len(vectors))
        chosen.append(int(generator.choice(len(vectors), p=shares)))
        nearest = np.minimum(nearest, _squares(vectors, vectors[chosen[-1:]])[:, 0])
    centres = vectors[chosen].astype(np.float64)
    members = np.full(len(vectors), -1)
    for _ in range(max_steps):
        squares = _squares(vectors, centres)
        before, members = members, squares.argmin(axis=1)
        if np.array_equal(before, members):
            break
        for number in range(num_clusters):
            own = vectors[members == number]
            if len(own):  # an empty cluster keeps its centre
                centres[number] = own.mean(axis=0)
    squares = _squares(vectors, centres)
    members = squares.argmin(axis=1)
    return Clusters(centres, members, np.sqrt(squares[np.arange(len(vectors)), members]))


def _squares(vectors: Numbers, centres: Numbers) -> Numbers:
    """Return squared distances (N, k), one centre at a time: exact zeros, and no (N, k, D)."""
    return np.stack([np.square(vectors - centre).sum(axis=1) for centre in centres], axis=1)


def draw_clusters(clusters: Clusters, samples: Sequence[Sample], *, count: int = 10) -> Image.Image:
    """Draw a row per cluster: the pictures nearest to its centre, nearest first.

    Args:
        clusters: Of N vectors.
        samples: The N pictures, in order, each cut to its box.
        count: Pictures per row at most.

    Raises:
        ShapeError: another number of pictures.
    """
    check_same_length("Pictures", samples, len(clusters.members))
    letters = Lettering(16)
    heading = letters.width("cluster 00") + 2 * GAP
    step = HEIGHT + GAP
    canvas = Image.new("RGB", (heading + count * (WIDTH + GAP), GAP + len(clusters.centres) * step), PAPER)
    pen = ImageDraw.Draw(canvas)
    for number in range(len(clusters.centres)):
        top = GAP + number * step
        size = int((clusters.members == number).sum())
        pen.text((GAP, top), f"cluster {number + 1}", fill=INK, font=letters.font)
        pen.text((GAP, top + letters.line), quantity(size, "image"), fill=MUTED, font=letters.font)
        for place, row in enumerate(clusters.nearest(number, count).tolist()):
            picture = read_picture(samples[row])
            if picture is not None:
                small = fit(picture, WIDTH, HEIGHT)
                left = heading + place * (WIDTH + GAP) + (WIDTH - small.width) // 2
                canvas.paste(small, (left, top + (HEIGHT - small.height) // 2))
    return canvas
