"""The same number of images from each domain in every batch, P x K inside each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.sampling.checks import Integers, check_enough_identities, check_positive, one_per_sample
from reidkit.data.sampling.draw import SeededBatches
from reidkit.data.sampling.images_of_identities import ImagesOfIdentities, group_by_identity
from reidkit.data.sampling.slots import count_batches, fill_slots

Balance = Literal["domain", "camera"]


class DomainBalancedBatches(SeededBatches):
    """P x K batches of which each domain fills an equal part, whatever it holds.

    A domain is what the images come from: one of several data sets, or one of several cameras. A batch takes
    M domains, and from each of them P / M different identities with K of their images of this domain. The
    domains stand in a batch in ascending order, the K draws of an identity side by side.

    Every epoch has the same number of batches and holds every identity of every domain. The domain that
    needs most batches, as `IdentityBatches` would make them, is gone through once; the others, which end
    before, are begun anew in another order.

    Args:
        labels: One integer per training sample, equal for the samples of one identity.
        identities_per_batch: P, over all domains of a batch; a multiple of M.
        images_per_identity: K.
        domains_per_batch: M; None takes all domains into every batch.
        balance: "domain" balances ``domains``, "camera" balances ``cameras`` in their place.
        domains: One integer per training sample: the data set that it comes from.
        cameras: One integer per training sample.
        seed: With the epoch, decides everything.

    Corner cases:
        - An identity that is in several domains (as with cameras) counts as one of each: a batch may then
          hold it once per domain, K images each time.
        - With fewer domains per batch than there are, each is in equally many batches of an epoch; where
          that does not fill the last batch, fewer than M domains, others in each epoch, are in one more.
        - One domain: the batches are those of `IdentityBatches` with other random numbers.

    Reference:
        Zhou, Xiang, "Torchreid: A Library for Deep Learning Person Re-Identification in Pytorch", 2019,
        arXiv:1910.10093; its samplers of domains and of data sets.

    Differs:
        There a batch holds random images of each domain, without regard to identities; ask for K = 1 to come
        near that. There an epoch ends with the smallest domain, at a length that changes.

    Raises:
        CatalogError: P, K or M below 1, P no multiple of M, ``balance`` is neither, or a negative seed.
        DatasetError: no domains (cameras), not one per sample or one that is unknown, fewer than M of them,
            or one with fewer than P / M identities.
    """

    def __init__(
        self,
        labels: Sequence[int],
        *,
        identities_per_batch: int,
        images_per_identity: int,
        domains_per_batch: int | None = None,
        balance: Balance = "domain",
        domains: Sequence[int] | None = None,
        cameras: Sequence[int] | None = None,
        seed: int,
    ) -> None:
        check_positive("identities_per_batch", identities_per_batch)
        check_positive("images_per_identity", images_per_identity)
        if balance not in get_args(Balance):
            raise CatalogError(f"balance is unknown, got '{balance}'. Expected 'domain' or 'camera'.")
        given = domains if balance == "domain" else cameras
        numbers = one_per_sample(given, len(labels), noun=balance, sampler="domain_balanced")
        names = _known(numbers, balance)
        self._domains_per_batch = _choose_domains_per_batch(domains_per_batch, len(names), balance)
        share = _share_of_domain(identities_per_batch, self._domains_per_batch)
        all_labels = np.asarray(labels, np.int64)
        self._domains = [
            _plan_domain(
                np.flatnonzero(numbers == name),
                all_labels,
                share,
                images_per_identity,
                f"{balance} {name}",
                share_to_batch=self._domains_per_batch,
            )
            for name in names.tolist()
        ]
        longest = max(domain.num_batches for domain in self._domains)
        self._wanted: Integers = np.full(len(names), longest, np.int64)
        super().__init__(
            num_batches=-(-len(names) * longest // self._domains_per_batch),
            batch_size=identities_per_batch * images_per_identity,
            group_size=images_per_identity,
            seed=seed,
        )

    def _batches(self, generator: np.random.Generator) -> Iterable[Integers]:
        slots = fill_slots(self._wanted, self._domains_per_batch, len(self), generator)
        slots.sort(axis=1)
        parts = [domain.deal_endlessly(generator) for domain in self._domains]
        for present in slots.tolist():
            yield np.concatenate([next(parts[domain]) for domain in present])


@dataclass(frozen=True)
class _Domain:
    """One domain: which samples are in it, and how it would be gone through alone."""

    samples: Integers
    images: ImagesOfIdentities
    wanted: Integers
    identities_per_batch: int
    images_per_identity: int
    num_batches: int

    def deal_endlessly(self, generator: np.random.Generator) -> Iterator[Integers]:
        """Yield this domain's part of one batch after another; all identities in each ``num_batches``."""
        while True:
            slots = fill_slots(self.wanted, self.identities_per_batch, self.num_batches, generator)
            yield from self.samples[self.images.deal(slots, self.images_per_identity, generator)]


def _plan_domain(
    samples: Integers,
    labels: Integers,
    identities_per_batch: int,
    images_per_identity: int,
    name: str,
    *,
    share_to_batch: int,
) -> _Domain:
    images = group_by_identity(labels[samples])
    found = len(images.counts)
    check_enough_identities(found, identities_per_batch, argument=found * share_to_batch, place=name)
    wanted = images.groups(images_per_identity)
    return _Domain(
        samples,
        images,
        wanted,
        identities_per_batch,
        images_per_identity,
        count_batches(wanted, identities_per_batch),
    )


def _known(numbers: Integers, noun: str) -> Integers:
    names: Integers = np.unique(numbers)
    if len(names) and names[0] < 0:
        raise DatasetError(
            f"Sampler 'domain_balanced' cannot balance samples of unknown {noun}, got "
            f"{int((numbers < 0).sum())} of them. Expected a {noun} for every sample. Give them one, or "
            f"leave them out."
        )
    return names


def _choose_domains_per_batch(wanted: int | None, found: int, noun: str) -> int:
    if wanted is not None:
        check_positive("domains_per_batch", wanted)
    if found < (wanted or 1):
        raise DatasetError(
            f"Batches of {wanted or 1} domains are not possible, got {found} different {noun}s in the train "
            f"split. Expected at least {wanted or 1}. Set domains_per_batch to {max(found, 1)} or less, or "
            f"add data."
        )
    return wanted or found


def _share_of_domain(identities_per_batch: int, domains_per_batch: int) -> int:
    if identities_per_batch % domains_per_batch:
        lower = identities_per_batch // domains_per_batch * domains_per_batch
        raise CatalogError(
            f"identities_per_batch cannot be shared among the domains of a batch, got "
            f"{identities_per_batch} for {domains_per_batch} domains. Expected a multiple of "
            f"{domains_per_batch}, such as {lower or domains_per_batch} or {lower + domains_per_batch}."
        )
    return identities_per_batch // domains_per_batch
