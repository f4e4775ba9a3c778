"""From samples to descriptors: each image once, in memory that depends on their number alone."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reidkit.core.types import Preprocessing, ReportProgress, Sample, Temporal, ViewAverage
from reidkit.data.failures import ReadFailure, UnreadablePolicy
from reidkit.data.images import normalize_pixels
from reidkit.data.loaders import evaluation_batches
from reidkit.engine.views import Views, batches_of_views
from reidkit.models.temporal import AttentionPooling, TrackletPool

Embed = Callable[..., Tensor]
"""Standardised images (B, 3, H, W) -> descriptors (B, D); a model in evaluation mode is one. Where cameras
are given, their labels are the second argument."""


@dataclass(frozen=True)
class Extraction:
    """Descriptors of samples.

    Args:
        descriptors: (N, D) float32 on the CPU, one row per sample; NaN for a sample of which no frame
            could be read.
        failures: The images that could not be read.
    """

    descriptors: Tensor
    failures: tuple[ReadFailure, ...]


@torch.inference_mode()
def extract(
    embed: Embed,
    samples: Sequence[Sample],
    preprocessing: Preprocessing,
    *,
    device: torch.device | str = "cpu",
    flip: bool = False,
    scales: tuple[float, ...] = (1.0,),
    view_average: ViewAverage = "raw",
    batch_size: int = 128,
    num_workers: int = 0,
    frame_sampling: str = "all",
    frames_per_tracklet: int | None = None,
    temporal: Temporal = "average",
    attention: AttentionPooling | None = None,
    unreadable: UnreadablePolicy = "error",
    cameras: Sequence[str | None] | None = None,
    report: ReportProgress | None = None,
) -> Extraction:
    """Embed samples; a tracklet's descriptor is pooled from its frames, or some of them.

    Args:
        embed: What turns images into descriptors; put a model into evaluation mode first.
        samples: What to embed; equal samples are embedded once.
        preprocessing: How pixels become input.
        device: Where ``embed`` runs.
        flip: Whether to take the mean over each image and its mirror image.
        scales: Factors of the input size, with one view for each; see `reidkit.engine.views.Views`.
        view_average: Whether the descriptors of several views are averaged "raw" or as "unit" vectors.
        batch_size: Images per call of ``embed``.
        num_workers: Processes that decode images.
        frame_sampling: "all" frames of a tracklet, or ``frames_per_tracklet`` of them "evenly"; see
            `reidkit.data.loaders.evaluation_batches`.
        frames_per_tracklet: How many, with "evenly" only.
        temporal: "average" of the frames of a tracklet, "max" of each number over them, or "attention".
        attention: What scores the frames, with "attention" only.
        unreadable: "error" stops at the first damaged image. "skip" leaves it out; with "evenly" another
            frame close behind takes its place where one can be read.
        cameras: What ``embed`` is told about each sample, None for unknown; see
            `reidkit.core.side_information.side_labels`. None tells it nothing.
        report: Called with (frames done, frames in all).

    Raises:
        CatalogError: ``frame_sampling`` or ``temporal`` is unknown, ``frames_per_tracklet`` does not go with
            the former, there is no attention to weigh by, or a scale is not above 0.
        EvaluationError: the model takes no images of another scale.
        ImageError: a damaged image under "error".
    """
    views = Views(flip, scales, view_average)
    unique, rows, labels = without_repeats(samples, cameras)
    pool = TrackletPool(len(unique), temporal, attention)
    loaders = [
        evaluation_batches(
            unique,
            size,
            batch_size=batch_size,
            num_workers=num_workers,
            frame_sampling=frame_sampling,
            frames_per_tracklet=frames_per_tracklet,
            unreadable=unreadable,
        )
        for size in views.sizes(preprocessing)
    ]
    num_done = 0
    for images, indices in batches_of_views(loaders):
        inputs = [normalize_pixels(part.to(device, non_blocking=True), preprocessing) for part in images]
        told = () if labels is None else ([labels[index] for index in indices.tolist()],)
        pool.add(indices, views.describe(embed, inputs, *told))
        num_done += len(indices)
        if report is not None:
            report(num_done, loaders[0].num_images)
    return Extraction(pool.pooled()[rows], tuple(loaders[0].failures))


def without_repeats(
    samples: Sequence[Sample], cameras: Sequence[str | None] | None
) -> tuple[list[Sample], list[int], list[str | None] | None]:
    """Return each different sample once, for every sample its place among them, and their cameras."""
    places: dict[tuple[object, ...], int] = {}
    unique: list[Sample] = []
    labels: list[str | None] = []
    rows = []
    for sample, camera in zip(samples, cameras or itertools.repeat(None), strict=cameras is not None):
        row = places.setdefault((sample.frames, sample.box, camera), len(unique))
        if row == len(unique):
            unique.append(sample)
            labels.append(camera)
        rows.append(row)
    return unique, rows, None if cameras is None else labels
