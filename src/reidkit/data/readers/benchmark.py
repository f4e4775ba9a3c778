"""What is known of a published data set before any of its files is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reidkit.core.types import DatasetSplits, Sample, SplitCounts

Kind = Literal["person", "vehicle", "animal", "product", "place"]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A published data set: what it shows, how it is judged, where it comes from and under which terms.

    Args:
        name: Catalog key of its reader.
        title: As its authors write it.
        kind: What is to be found again.
        reference: Authors, title, venue, year.
        how_to_obtain: Where the data comes from, for a person to read; reidkit downloads none.
        terms: Conditions of use, in one sentence.
        counts: By split, as published, for the reader's default options; empty where nobody published any.
        protocol: Key of the evaluation protocol.
        num_splits: Over how many splits into train and test the published scores are means; the reader
            takes ``split``, counted from 0.
        is_video: Whether a sample is a tracklet.
        is_withdrawn: Whether its authors took it back; it should not be used for new work.
    """

    name: str
    title: str
    kind: Kind
    reference: str
    how_to_obtain: str
    terms: str
    counts: Mapping[str, SplitCounts] = field(default_factory=dict)
    protocol: str = "market1501"
    num_splits: int = 1
    is_video: bool = False
    is_withdrawn: bool = False

    def splits(
        self,
        root: Path,
        *,
        train: tuple[Sample, ...] = (),
        query: tuple[Sample, ...] = (),
        gallery: tuple[Sample, ...] = (),
        notes: tuple[str, ...] = (),
        counts: Mapping[str, SplitCounts] | None = None,
        protocol: str | None = None,
        split: int | None = None,
        num_splits: int | None = None,
        query_support: tuple[Sample, ...] = (),
    ) -> DatasetSplits:
        """Return what a reader found, with what is known of its data set.

        Args:
            root: Folder that was read.
            train: Samples to learn from.
            query: Samples to look for.
            gallery: Samples to look in.
            notes: What the reader wants a person to know.
            counts: Published counts where options make them differ from the usual ones.
            protocol: Where options make it differ from the usual one.
            split: Which one, where there are several.
            num_splits: Where options make it differ from the usual number.
            query_support: Further images of the queries' individuals from their cameras.
        """
        if self.is_withdrawn:
            notes = (*notes, f"{self.title} was withdrawn by its authors; do not use it for new work.")
        return DatasetSplits(
            name=self.name,
            root=root,
            train=train,
            query=query,
            gallery=gallery,
            protocol=protocol or self.protocol,
            published_counts=dict(self.counts if counts is None else counts),
            notes=notes,
            how_to_obtain=self.how_to_obtain,
            terms=self.terms,
            split=split,
            num_splits=num_splits or self.num_splits,
            query_support=query_support,
        )
