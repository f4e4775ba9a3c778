"""What an evaluation knows about each descriptor besides its numbers."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from reidkit.core.types import Sample


@dataclass(frozen=True)
class Labels:
    """Who, where and which file, one entry per descriptor; only equality of the values counts.

    Args:
        identities: Who it is.
        cameras: Where it was seen; None for all or for one is unknown, and equals no camera.
        keys: Which sample it is, so that a query that is in the gallery too is not its own match; None
            where no query is in the gallery.
    """

    identities: Sequence[Hashable]
    cameras: Sequence[Hashable | None] | None = None
    keys: Sequence[Hashable | None] | None = None

    def __len__(self) -> int:
        return len(self.identities)

    def camera_list(self) -> Sequence[Hashable | None]:
        """Return one camera per descriptor, None where unknown."""
        return [None] * len(self) if self.cameras is None else self.cameras

    def key_list(self) -> Sequence[Hashable | None]:
        """Return one key per descriptor, None where unknown."""
        return [None] * len(self) if self.keys is None else self.keys


def labels_of(samples: Sequence[Sample]) -> Labels:
    """Return the labels of samples; two samples are the same where their frames and boxes are equal."""
    return Labels(
        identities=[sample.identity for sample in samples],
        cameras=[sample.camera for sample in samples],
        keys=[(sample.frames, sample.box) for sample in samples],
    )
