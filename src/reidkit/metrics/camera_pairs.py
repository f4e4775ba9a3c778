"""Scores by pair of cameras: from where to where does the model lose people."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from reidkit.core.checks import check_descriptors
from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import make_index
from reidkit.metrics.ranking import rank_gallery


@dataclass(frozen=True)
class CameraPairScore:
    """How well queries of one camera find their matches among the gallery images of another."""

    query_camera: Hashable
    gallery_camera: Hashable
    num_valid: int
    rank_1: float
    mean_ap: float


def score_camera_pairs(
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
) -> list[CameraPairScore]:
    """Rank each gallery camera by itself and average by query camera.

    Args:
        query_descriptors: (Q, D) float.
        gallery_descriptors: (G, D) float.
        query: Labels of the queries.
        gallery: Labels of the gallery.
        protocol: How the ranking is judged.

    Returns:
        One row per pair of known cameras with at least one query that can be scored, in order of first
        appearance; none where the cameras are unknown. Pairs of one camera appear only where the
        protocol keeps matches from the query's own camera.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: descriptors are not finite.
    """
    check_descriptors("Query", query_descriptors)
    check_descriptors("Gallery", gallery_descriptors)
    make_index(query, gallery, protocol, (len(query_descriptors), len(gallery_descriptors)))
    cameras = [camera for camera in dict.fromkeys(gallery.camera_list()) if camera is not None]
    query_cameras = query.camera_list()
    pairs = []
    for gallery_camera in cameras:
        rows = [row for row, camera in enumerate(gallery.camera_list()) if camera == gallery_camera]
        part = Labels(
            identities=[gallery.identities[row] for row in rows],
            cameras=[gallery_camera] * len(rows),
            keys=None if gallery.keys is None else [gallery.keys[row] for row in rows],
        )
        index = make_index(query, part, protocol, (len(query), len(part)))
        if not any(len(index.matches(number).positives) for number in range(len(query))):
            continue  # nobody is seen both in this camera and in another
        scores = rank_gallery(query_descriptors, gallery_descriptors[rows], query, part, protocol)
        for query_camera in dict.fromkeys(query_cameras):
            of_camera = np.array([camera == query_camera for camera in query_cameras]) & scores.is_valid
            if query_camera is not None and of_camera.any():
                pairs.append(
                    CameraPairScore(
                        query_camera,
                        gallery_camera,
                        num_valid=int(of_camera.sum()),
                        rank_1=float(np.mean(scores.first_match_rank[of_camera] == 1)),
                        mean_ap=float(np.mean(scores.average_precision[of_camera])),
                    )
                )
    return pairs
