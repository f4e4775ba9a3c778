"""The section of a recipe that says when and how the model is judged."""

from typing import Annotated, Any, Literal

from pydantic import Field

from reidkit.core.types import DistanceName, Normalization, Temporal, ViewAverage
from reidkit.engine.component import Section
from reidkit.engine.post_processing import PostProcessing
from reidkit.metrics.expansion import EXPANSIONS
from reidkit.metrics.local_matching import LOCAL_MATCHERS
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.reranking.catalog import RERANKERS


class EvaluationSection(Section):
    """When and how the model is judged.

    ``every_epochs`` 0 evaluates only at the end. ``protocol`` null is the data set's own. ``normalization``
    "unit" scales descriptors to unit length whatever the distance. ``flip`` takes the mean over the image and
    its mirror image, ``scales`` that over several input sizes; ``view_average`` "unit" scales the descriptor
    of each of these views to unit length first. ``frames_per_tracklet`` null
    takes all frames of a tracklet, a number so many, evenly spread; ``temporal`` is what they become: their
    "average", the "max" of each number, or their average by the "attention" that training learned; null is
    the last where it was learned, else the first. ``expand`` and ``rerank`` name a query
    expansion and a re-ranking that come before the scores, ``local`` what sorts the nearest images again by
    their feature maps; see `PostProcessing`.
    """

    every_epochs: int = Field(10, ge=0)
    protocol: Literal[tuple(PROTOCOLS)] | None = None  # type: ignore[valid-type]
    distance: DistanceName | None = None
    normalization: Normalization = "by_distance"
    flip: bool = False
    scales: tuple[Annotated[float, Field(gt=0)], ...] = Field((1.0,), min_length=1)
    view_average: ViewAverage = "raw"
    frames_per_tracklet: int | None = Field(None, ge=1)
    temporal: Temporal | None = None
    expand: Literal[tuple(EXPANSIONS)] | None = None  # type: ignore[valid-type]
    expand_arguments: dict[str, Any] = Field(default_factory=dict)
    rerank: Literal[tuple(RERANKERS)] | None = None  # type: ignore[valid-type]
    rerank_arguments: dict[str, Any] = Field(default_factory=dict)
    local: Literal[tuple(LOCAL_MATCHERS)] | None = None  # type: ignore[valid-type]
    local_top: int = Field(100, ge=1)
    local_weight: float = Field(0.5, ge=0, le=1)
    batch_size: int = Field(128, ge=1)

    @property
    def after(self) -> PostProcessing:
        """What comes between the model and the ranking."""
        return PostProcessing(
            self.expand,
            self.rerank,
            self.expand_arguments,
            self.rerank_arguments,
            self.local,
            self.local_top,
            self.local_weight,
        )
