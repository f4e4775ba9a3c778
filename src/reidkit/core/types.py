"""The data that flows between the parts: plain frozen records without behaviour."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # torch is heavy: a reader or a report must not load it to use these records
    from torch import Tensor

Interpolation = Literal["bilinear", "bicubic"]
DistanceName = Literal["cosine", "euclidean", "squared-euclidean"]
Normalization = Literal["by_distance", "unit"]
ViewAverage = Literal["raw", "unit"]
Temporal = Literal["average", "max", "attention"]
Box = tuple[float, float, float, float]

ReportProgress = Callable[[int, int], None]
"""Called with (items done, items in all) while something long goes on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image or one tracklet of one individual.

    Args:
        frames: Image files in temporal order; one frame is an image, several are a tracklet.
        identity: Who it is; any hashable value, usually the text that the data set uses.
        camera: Where it was seen; None means unknown, and an unknown camera equals no camera.
        box: (left, top, right, bottom) in pixels of the full frame, right and bottom exclusive;
            None means that the file is the crop.
        attributes: Further facts, such as ``time``, ``view`` or ``hat``.
    """

    frames: tuple[Path, ...]
    identity: Hashable
    camera: Hashable | None = None
    box: Box | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def path(self) -> Path:
        """The first frame: the image itself where the sample is one image."""
        return self.frames[0]


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """How many identities, images (or tracklets) and cameras one split holds.

    ``cameras`` is None where the cameras are unknown or were not published.
    """

    identities: int
    images: int
    cameras: int | None = None


@dataclass(frozen=True)
class DatasetSplits:
    """What a reader found: the three splits, how they are judged, and where they came from.

    Args:
        name: Catalog key of the reader, or the name of a folder of the user's own.
        root: The folder (or manifest) that was read.
        train: Samples to learn from; may be empty for data that is only evaluated.
        query: Samples to look for.
        gallery: Samples to look in. Where it equals ``query`` the evaluation is leave-one-out.
        protocol: Key of the evaluation protocol that this data is judged by.
        published_counts: Counts by split name as published, for the doctor to compare with.
        notes: What the reader wants a person to know, such as files it left out and why.
        how_to_obtain: Where the data comes from; reidkit downloads no images of people.
        terms: Conditions of use, in one sentence.
        split: Which of several splits this is, counted from 0; None where there is one.
        num_splits: Over how many splits or draws a published score is the mean.
        query_support: Further images of the queries' individuals from the queries' cameras, which a
            protocol that pools queries takes the mean over.
    """

    name: str
    root: Path
    train: tuple[Sample, ...]
    query: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    protocol: str
    published_counts: Mapping[str, SplitCounts] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    how_to_obtain: str = ""
    terms: str = ""
    split: int | None = None
    num_splits: int = 1
    query_support: tuple[Sample, ...] = ()

    def by_split(self) -> dict[str, tuple[Sample, ...]]:
        """Return the samples by split name: train, query, gallery."""
        return {"train": self.train, "query": self.query, "gallery": self.gallery}


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a ranking is judged; printed and stored with every score, since scores differ by it.

    Args:
        name: Catalog key.
        same_camera: "drop" leaves out gallery images of the query's identity from the query's camera
            (they are neither right nor wrong); "keep" judges them like all others.
        distance: Between descriptors; rounding never makes one negative, nor a cosine one exceed 2.
        normalization: "by_distance" leaves the descriptors to the distance: cosine scales them to unit
            length, the Euclidean ones take them as they are. "unit" scales them in any case.
        flip: Whether the descriptor is the mean over the image and its mirror image.
        scales: Factors of the input's height and width. The descriptor is the mean over one view for each,
            resized from the image itself, never from another view.
        view_average: Whether descriptors of several views are averaged as they are ("raw") or each scaled
            to unit length first ("unit").
        average_precision: "rectangle" is the mean of the precisions at the matches; "trapezoid" takes at
            each match the mean of the precisions just before and at it, which is never more.
        unmatched_queries: "skip" leaves a query without any match out of every mean, and counts it; "zero"
            keeps it in every mean, as a query that was answered wrongly.
        ties: "gallery_order" puts the earlier of two equally distant gallery images first.
        same_sample: "drop" leaves out the query itself where it is in the gallery too.
        frames_per_tracklet: None takes all frames of a tracklet, a number so many, evenly spread.
        temporal: What the descriptors of these frames become: their "average", the "max" of each number over
            them, or their average by the weights that a model learned to give them ("attention").
        junk_identities: Gallery images of these identities, compared as text, are neither right nor wrong.
        single_shot_repeats: A number judges CMC on so many random galleries with one image of each
            identity, drawn anew for each query; AP and INP still judge the whole gallery.
        pooling: "none" ranks each sample by itself. "query" and "gallery" take the mean over the unit
            descriptors of all samples of one identity and camera on that side first; where the data set
            gives further images for the queries, "query" takes the mean over those of its identity and
            camera for each query instead. "track" ranks the tracks of the gallery, each as far away as its
            nearest image.
        num_splits: Over how many splits or draws of the data a published score is the mean; the reader's
            option ``split`` gives one of them. `choose_protocol` takes it from the data set.
        post_processing: What changed descriptors or distances after the model: query expansion, re-ranking
            and local matching, each with its values, in order.
    """

    name: str
    same_camera: Literal["drop", "keep"] = "drop"
    distance: DistanceName = "cosine"
    normalization: Normalization = "by_distance"
    flip: bool = False
    scales: tuple[float, ...] = (1.0,)
    view_average: ViewAverage = "raw"
    average_precision: Literal["rectangle", "trapezoid"] = "rectangle"
    unmatched_queries: Literal["skip", "zero"] = "skip"
    ties: Literal["gallery_order"] = "gallery_order"
    same_sample: Literal["drop"] = "drop"
    frames_per_tracklet: int | None = None
    temporal: Temporal = "average"
    junk_identities: tuple[str, ...] = ()
    single_shot_repeats: int | None = None
    pooling: Literal["none", "query", "gallery", "track"] = "none"
    num_splits: int = 1
    post_processing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How pixels become network input; one record for training, evaluation and use.

    An image is decoded to RGB, resized to (height, width) without keeping its aspect ratio, divided by
    255, and standardised by ``mean`` and ``std`` per channel.

    Args:
        height: Input height in pixels.
        width: Input width in pixels.
        mean: Per channel (R, G, B), in units of a [0, 1] pixel.
        std: Per channel (R, G, B), in the same units.
        interpolation: Resampling filter, always with antialiasing.
    """

    height: int = 256
    width: int = 128
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    interpolation: Interpolation = "bilinear"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A distance up to which two images are taken for the same individual, and what that costs.

    Args:
        distance: The threshold.
        false_accept_rate: Share of pairs of different individuals at or below it.
        true_accept_rate: Share of pairs of the same individual at or below it.
    """

    distance: float
    false_accept_rate: float
    true_accept_rate: float


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """Error rates of a rule on individuals that it was not chosen by; intervals are Wilson's, 95 %.

    Args:
        false_accept_rate: Share of impostor pairs that are called the same.
        false_accept_interval: Its bounds, taking pairs for independent.
        false_reject_rate: Share of genuine pairs that are called new.
        false_reject_interval: Its bounds.
        num_genuine: Genuine pairs of both halves.
        num_impostor: Impostor pairs within the halves.
    """

    false_accept_rate: float
    false_accept_interval: tuple[float, float]
    false_reject_rate: float
    false_reject_interval: tuple[float, float]
    num_genuine: int
    num_impostor: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a distance of a model means, measured on pairs that it was not trained on.

    Args:
        method: How the probabilities were fitted.
        prior: Share of same pairs for which the probabilities hold.
        distances: Ascending distances at which a probability is known; between them it is interpolated.
        probabilities: That two images at each of them show the same individual; never rising.
        accept_distance: Up to here the verdict is "same".
        reject_distance: Beyond here the verdict is "new"; between the two it is "unsure".
        false_accept_rate: Share of impostor pairs that are called the same.
        false_reject_rate: Share of genuine pairs that are called new.
        num_genuine: Genuine pairs that it was measured on.
        num_impostor: Impostor pairs that it was measured on.
        data: Name of the data of these pairs.
        warnings: Why the numbers may mean little, where there is a sign of it.
        cross_check: The same rates where the individuals are not those that the rule was chosen by; None
            where it was not measured.
    """

    method: Literal["isotonic", "logistic"]
    prior: float
    distances: tuple[float, ...]
    probabilities: tuple[float, ...]
    accept_distance: float
    reject_distance: float
    false_accept_rate: float
    false_reject_rate: float
    num_genuine: int
    num_impostor: int
    data: str = ""
    warnings: tuple[str, ...] = ()
    cross_check: CrossCheck | None = None


@dataclass(frozen=True, slots=True)
class TrainingOutputs:
    """What a model gives to the losses: one entry per branch, so several branches need no engine.

    Args:
        features: Per branch (B, Di), taken before the neck.
        logits: Per branch (B, C), one column per training identity.
        branch_weights: Share of each branch in a loss, adding up to 1; none counts all branches alike.
        descriptors: What ``forward`` gives for the same images, (B, D); None from a model that does not say.
    """

    features: tuple[Tensor, ...]
    logits: tuple[Tensor, ...]
    branch_weights: tuple[float, ...] = ()
    descriptors: Tensor | None = None
