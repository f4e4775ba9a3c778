"""The samples of an evaluation, each embedded once, and their descriptors by split."""

from collections.abc import Sequence

from torch import Tensor, nn

from reidkit.core.distance import normalize
from reidkit.core.side_information import side_labels
from reidkit.core.types import DatasetSplits, Protocol, Sample
from reidkit.data.failures import ReadFailure
from reidkit.engine.extract import Embed, Extraction
from reidkit.models.model import ReidModel


class SamplesOf:
    """Every sample of several splits once, with what the model is told about it.

    Args:
        embed: The model; one that uses cameras is told them.
        several: The splits.
        protocol: Whether it asks for further images of the queries.
        data_set: Name of the data as the model learned it; None is that of each split.
        ignores_cameras: Whether a model that can be told the cameras is told none.
    """

    def __init__(
        self,
        embed: Embed | nn.Module,
        several: Sequence[DatasetSplits],
        protocol: Protocol,
        data_set: str | None,
        *,
        ignores_cameras: bool,
    ) -> None:
        self._model = embed if isinstance(embed, ReidModel) and embed.uses_cameras else None
        self._model = None if ignores_cameras else self._model
        self._data_set = data_set
        self._takes_support = protocol.pooling == "query"
        self.unique: list[Sample] = []
        labels: list[str | None] = []
        self._rows: dict[object, int] = {}
        for splits in several:
            samples = self.samples_of(splits)
            for sample, label in zip(samples, self._told(samples, splits), strict=True):
                key = sample.frames, sample.box, label
                if self._rows.setdefault(key, len(self.unique)) == len(self.unique):
                    self.unique.append(sample)
                    labels.append(label)
        self.cameras = None if self._model is None else labels

    def samples_of(self, splits: DatasetSplits) -> tuple[Sample, ...]:
        """Return all samples of a split that the protocol needs."""
        support = splits.query_support if self._takes_support else ()
        return (*splits.query, *splits.gallery, *support)

    def rows_of(self, samples: Sequence[Sample], splits: DatasetSplits) -> list[int]:
        """Return the places of samples of a split."""
        told = self._told(samples, splits)
        return [
            self._rows[sample.frames, sample.box, label] for sample, label in zip(samples, told, strict=True)
        ]

    def count_known_cameras(self, splits: DatasetSplits) -> dict[str, int] | None:
        """Return of how many images a model was told a camera that it knows; None where it is told none."""
        if self._model is None:
            return None
        told = self._told(self.samples_of(splits), splits)
        known = sum(label is not None and self._model.knows_camera(label) for label in told)
        return {"known": known, "unknown": len(told) - known}

    def _told(self, samples: Sequence[Sample], splits: DatasetSplits) -> list[str | None]:
        if self._model is None:
            return [None] * len(samples)
        return side_labels(samples, self._model.side_information, self._data_set or splits.name)


class DescriptorTable:
    """The descriptors of all samples, to take those of a split from.

    Args:
        samples: What was embedded.
        extraction: The descriptors, in order, and what could not be read.
        protocol: Whether they are scaled to unit length.
    """

    def __init__(self, samples: SamplesOf, extraction: Extraction, protocol: Protocol) -> None:
        is_unit = protocol.normalization == "unit"
        self._samples = samples
        self._descriptors = normalize(extraction.descriptors) if is_unit else extraction.descriptors
        self._failures = extraction.failures
        self._failed = {failure.path for failure in extraction.failures}

    def of(self, samples: Sequence[Sample], splits: DatasetSplits) -> tuple[tuple[Sample, ...], Tensor]:
        """Leave out samples of which no frame could be read; NaN of any other origin stays an error."""
        kept = tuple(sample for sample in samples if not self._failed.issuperset(sample.frames))
        return kept, self._descriptors[self._samples.rows_of(kept, splits)]

    def failures_of(self, splits: DatasetSplits) -> tuple[ReadFailure, ...]:
        """Return what could not be read of a split."""
        frames = {path for sample in self._samples.samples_of(splits) for path in sample.frames}
        return tuple(failure for failure in self._failures if failure.path in frames)

    def count_known_cameras(self, splits: DatasetSplits) -> dict[str, int] | None:
        """Return of how many images of a split the model was told a camera that it knows."""
        return self._samples.count_known_cameras(splits)
