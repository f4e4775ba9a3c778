"""The section of a recipe that says how training batches are put together."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from reidkit.core.types import Sample
from reidkit.data.mixing import camera_indices, domain_indices
from reidkit.data.sampling import SAMPLERS, BatchSampler
from reidkit.engine.component import Component


class SamplingSection(Component):
    """How training batches are put together.

    Of a tracklet ``frames_per_tracklet`` frames are drawn, at "random" or "evenly", each an image of its
    own in the batch; ``same_augmentation`` changes all of them alike. ``temporal`` makes one training example
    of them, by their "average" or by "attention", which learns how much each counts. ``views`` augments each
    image so many times, each view an image of the batch.
    """

    kind = "sampler"
    catalog = SAMPLERS
    given = ("labels", "seed")
    offered = ("cameras", "domains")

    name: str = "identity"
    frames_per_tracklet: int = Field(1, ge=1)
    frame_sampling: Literal["random", "evenly"] = "random"
    same_augmentation: bool = False
    temporal: Literal["average", "attention"] | None = None
    views: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _check_temporal(self) -> Self:
        if self.temporal is not None and (self.frames_per_tracklet < 2 or self.views > 1):
            raise ValueError(
                f"temporal '{self.temporal}' joins the frames of a tracklet, got frames_per_tracklet "
                f"{self.frames_per_tracklet} and views {self.views}. Expected at least 2 frames and 1 view."
            )
        return self

    def build_sampler(
        self, samples: Sequence[Sample], labels: Mapping[Hashable, int], seed: int
    ) -> BatchSampler:
        """Build the sampler of a training split; it is told cameras and domains if it asks for them."""
        sampler: BatchSampler = self.build(
            labels=[labels[sample.identity] for sample in samples],
            seed=seed,
            cameras=camera_indices(samples),
            domains=domain_indices(samples),
        )
        return sampler
