"""Attributes of identities, in the MATLAB files of Market-1501-attribute and DukeMTMC-attribute.

Reference: Lin, Zheng, Zheng, Wu, Hu, Yan, Yang, Improving Person Re-identification by Attribute and Identity
Learning, Pattern Recognition 2019.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.matlab import read_matlab
from reidkit.data.readers.matlab_values import cell_values, require_fields
from reidkit.data.wording import label_examples, quantity

_IDENTITY = "image_index"
_UNLABELLED = 0


@dataclass(frozen=True, slots=True)
class IdentityTable:
    """Attributes by split (``"train"``, ``"test"``) and identity; values are numbers as in the file."""

    path: Path
    splits: Mapping[str, Mapping[int, Mapping[str, int]]]

    def describe(self, split: str, samples: Sequence[Sample]) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
        """Return the samples with their attributes, and a note about identities that have none.

        Raises:
            DatasetError: no sample's identity is in the table, which then belongs to other images.
        """
        known: Mapping[Any, Mapping[str, int]] = self.splits[split]
        described = tuple(replace(sample, attributes=known.get(sample.identity, {})) for sample in samples)
        missing = sorted({sample.identity for sample in samples if sample.identity not in known}, key=str)
        if not missing:
            return described, ()
        if all(sample.identity not in known for sample in samples):
            raise DatasetError(
                f"Attributes do not belong to the images, got {self.path} with none of "
                f"{quantity(len(missing), 'identity', 'identities')} such as {label_examples(missing)} in "
                f"its part '{split}'. Expected the file of this data set. Put it beside its images."
            )
        return described, (
            f"{self.path.name}: {quantity(len(missing), 'identity', 'identities')} of the {split} images not "
            f"in it, without attributes: {label_examples(missing)}.",
        )


def read_identity_table(title: str, path: Path, variable: str) -> IdentityTable:
    """Read the attributes of each identity.

    Values are as in the file, from 1; a value of 0, which DukeMTMC-attribute has twice, is no label of the
    authors' list and left out.

    Args:
        title: Name of the data set in messages.
        path: The MATLAB file.
        variable: What it holds: a struct with ``train`` and ``test``, each a struct with ``image_index``
            (the identities, as texts) and a list of numbers per attribute.

    Raises:
        DatasetError: the file is damaged or of another form.
        MissingExtraError: SciPy is not installed.
    """
    table = read_matlab(title, path, [variable])[variable]
    require_fields(title, path, table, ["train", "test"])
    splits = {}
    for split in ("train", "test"):
        part = table[split].ravel()[0]
        require_fields(title, path, part, [_IDENTITY])
        try:
            splits[split] = _read_part(part)
        except (TypeError, ValueError, IndexError) as error:
            raise DatasetError(
                f"Attributes of {title} have another form, got {path} ({error}). Expected one number per "
                f"attribute for each identity of '{split}'. Take the file of the original archive."
            ) from error
    return IdentityTable(path, splits)


def _read_part(part: Any) -> dict[int, dict[str, int]]:  # noqa: ANN401 - SciPy's
    """Return the attributes by identity, sorted by name: the file orders them otherwise in each split."""
    identities = [int(identity) for identity in cell_values(part[_IDENTITY].ravel()[0])]
    attributes: dict[int, dict[str, int]] = {identity: {} for identity in identities}
    for name in sorted(set(part.dtype.names) - {_IDENTITY}):
        values = [int(value) for value in cell_values(part[name].ravel()[0])]
        for identity, value in zip(identities, values, strict=True):
            if value != _UNLABELLED:
                attributes[identity][name] = value
    return attributes
