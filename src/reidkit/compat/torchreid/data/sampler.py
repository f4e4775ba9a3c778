"""Torchreid's training samplers, by its names; each deals batches by the sampler of reidkit."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.data.sampling import SAMPLERS, BatchSampler

SAMPLER_NAMES = (
    "RandomIdentitySampler",
    "SequentialSampler",
    "RandomSampler",
    "RandomDomainSampler",
    "RandomDatasetSampler",
)


class IndexBatches(Sampler[list[int]]):
    """Batches of indices for a loader; each pass over it is another epoch.

    Args:
        batches: A sampler of reidkit.
    """

    def __init__(self, batches: BatchSampler) -> None:
        self.batches = batches
        self._epoch = 0

    def __len__(self) -> int:
        """Return the batches of an epoch, exactly."""
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of the next epoch."""
        self.batches.set_epoch(self._epoch)
        self._epoch += 1
        for draws in self.batches:
            yield [draw.index for draw in draws]


class _InOrder(Sampler[list[int]]):
    """Full batches in the order of the data."""

    def __init__(self, count: int, batch_size: int) -> None:
        self._starts = range(0, count - batch_size + 1, batch_size)
        self._batch_size = batch_size

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[list[int]]:
        for start in self._starts:
            yield list(range(start, start + self._batch_size))


def build_train_sampler(
    data_source: Sequence[tuple[Any, int, int, int]],
    train_sampler: str,
    batch_size: int = 32,
    num_instances: int = 4,
    num_cams: int = 1,
    num_datasets: int = 1,
) -> Sampler[list[int]]:
    """Return a sampler of whole batches.

    Args:
        data_source: The training list.
        train_sampler: One of `SAMPLER_NAMES`.
        batch_size: Images (or tracklets) per batch.
        num_instances: Images of each identity in a batch, of RandomIdentitySampler.
        num_cams: Cameras in a batch, of RandomDomainSampler; none or 0 takes all.
        num_datasets: Data sets in a batch, of RandomDatasetSampler; none or 0 takes all.

    Raises:
        CatalogError: an unknown name, or a batch that cannot be divided.
        DatasetError: too few images or identities for one batch.

    Differs:
        Torchreid's samplers yield images, of which a loader cuts batches, so that groups may be torn apart
        and the announced length is too large; here a batch is whole and the length exact. The domain
        samplers take several images of each identity, so that a triplet loss finds pairs. A training set
        smaller than a batch is an error; Torchreid then trains nothing, without a word.
    """
    if train_sampler not in SAMPLER_NAMES:
        raise CatalogError(
            f"Unknown sampler '{train_sampler}'.{near_name(train_sampler, SAMPLER_NAMES)} Known: "
            f"{', '.join(SAMPLER_NAMES)}."
        )
    if train_sampler == "SequentialSampler":
        return _InOrder(len(data_source), batch_size)
    labels = [item[1] for item in data_source]
    seed = int(torch.randint(2**31, ()))
    if train_sampler == "RandomSampler":
        return IndexBatches(SAMPLERS["shuffled"](labels, batch_size=batch_size, seed=seed))
    if train_sampler == "RandomIdentitySampler":
        counts = {
            "identities_per_batch": _divide(batch_size, num_instances, "num_instances"),
            "images_per_identity": num_instances,
        }
        return IndexBatches(SAMPLERS["identity"](labels, seed=seed, **counts))
    column = 2 if train_sampler == "RandomDomainSampler" else 3
    wanted = num_cams if column == 2 else num_datasets
    domains = [item[column] for item in data_source]
    images = min(num_instances, max(1, batch_size // (wanted or len(set(domains)))))
    return IndexBatches(
        SAMPLERS["domain_balanced"](
            labels,
            identities_per_batch=_divide(batch_size, images, "num_instances"),
            images_per_identity=images,
            domains_per_batch=wanted or None,
            domains=domains,
            seed=seed,
        )
    )


def _divide(batch_size: int, parts: int, name: str) -> int:
    if parts < 1 or batch_size % parts:
        raise CatalogError(
            f"Batch cannot be divided, got {batch_size} images by {name} {parts}. Expected a multiple."
        )
    return batch_size // parts
