"""P identities with K images each, those of an identity from as many cameras as it has."""

from collections.abc import Iterable, Sequence

import numpy as np

from reidkit.data.sampling.checks import Integers, check_enough_identities, check_positive, one_per_sample
from reidkit.data.sampling.draw import SeededBatches
from reidkit.data.sampling.images_of_identities import ImagesOfIdentities, group_by_identity
from reidkit.data.sampling.slots import count_batches, fill_slots


class CameraDiverseBatches(SeededBatches):
    """P x K batches whose K images of an identity come from as many different cameras as possible.

    Slots are those of `IdentityBatches`: exactly P different identities per batch, K draws of each side by
    side, every identity in every epoch, the same number of batches. The K images of a slot are chosen in
    rounds: one image of each camera of the identity, then a second one of each camera that has it, and so
    on, until there are K. The cameras of which the identity was dealt fewest images so far come first, and
    each camera deals its images in turns. So with C cameras and n images:

    - min(K, C) cameras are in the slot;
    - no camera gives two images more than another that has images left;
    - with n >= K the K images differ; with n < K each comes floor(K / n) or ceil(K / n) times.

    Args:
        labels: One integer per training sample, equal for the samples of one identity.
        identities_per_batch: P.
        images_per_identity: K.
        cameras: One integer per training sample; a negative one means unknown, and such an image counts as
            the only one of its camera.
        seed: With the epoch, decides everything.

    Corner cases:
        The images of a camera that saw an identity rarely come again and again while those of a busy camera
        wait for another epoch: that is the price of mixing them.

    Reference:
        He, Liao, Liu, Liu, Cheng, Mei, "FastReID: A Pytorch Toolbox for General Instance Re-identification",
        ACM Multimedia 2023, arXiv:2006.02631; its sampler of balanced identities.

    Differs:
        There a random image comes first and the others from cameras that are not its own, which may repeat
        both cameras and images while others were not seen; and an epoch has each identity once, short of
        those that do not fill a batch.

    Raises:
        CatalogError: P or K below 1, or a negative seed.
        DatasetError: fewer than P identities, no cameras, or not one per sample.
    """

    def __init__(
        self,
        labels: Sequence[int],
        *,
        identities_per_batch: int,
        images_per_identity: int,
        cameras: Sequence[int] | None = None,
        seed: int,
    ) -> None:
        check_positive("identities_per_batch", identities_per_batch)
        check_positive("images_per_identity", images_per_identity)
        numbers = one_per_sample(cameras, len(labels), noun="camera", sampler="camera_diverse")
        images = group_by_identity(labels)
        found = len(images.counts)
        check_enough_identities(found, identities_per_batch, argument=found, place="the train split")
        self._views = _group_by_camera(images, numbers)
        # An identity's cameras lie side by side among the pairs of (identity, camera).
        owners = images.identities[_first_of_each(self._views)]
        self._first_view: Integers = np.searchsorted(owners, np.arange(found + 1)).astype(np.int64)
        self._wanted = images.groups(images_per_identity)
        self._identities_per_batch = identities_per_batch
        super().__init__(
            num_batches=count_batches(self._wanted, identities_per_batch),
            batch_size=identities_per_batch * images_per_identity,
            group_size=images_per_identity,
            seed=seed,
        )

    def _batches(self, generator: np.random.Generator) -> Iterable[Integers]:
        slots = fill_slots(self._wanted, self._identities_per_batch, len(self), generator)
        views = self._views
        shuffled = np.lexsort((generator.random(len(views.identities)), views.identities))
        tie_breaks = generator.random(len(views.counts))
        dealt = np.zeros(len(views.counts), np.int64)
        for identities in slots:
            groups = [self._deal_group(int(i), shuffled, tie_breaks, dealt) for i in identities]
            yield np.concatenate(groups)

    def _deal_group(
        self, identity: int, shuffled: Integers, tie_breaks: np.ndarray, dealt: Integers
    ) -> Integers:
        """Return K samples of an identity, and count them in ``dealt``, per (identity, camera)."""
        views = slice(self._first_view[identity], self._first_view[identity + 1])
        counts, starts, before = self._views.counts[views], self._views.starts[views], dealt[views]
        order = np.lexsort((tie_breaks[views], before))
        taken = _share(self.group_size, counts, order)
        # Position k of a camera's share is image (before + k) of its endless turns.
        camera = np.repeat(order, taken[order])
        position = np.arange(self.group_size) - np.repeat(
            np.cumsum(taken[order]) - taken[order], taken[order]
        )
        group: Integers = shuffled[starts[camera] + (before[camera] + position) % counts[camera]]
        dealt[views] += taken
        return group


def _group_by_camera(images: ImagesOfIdentities, cameras: Integers) -> ImagesOfIdentities:
    """Return which samples share identity and camera; the pairs are in the order of the identities."""
    known = np.unique(cameras[cameras >= 0])
    numbers = np.searchsorted(known, cameras)
    unknown = np.flatnonzero(cameras < 0)
    numbers[unknown] = len(known) + np.arange(len(unknown))
    return group_by_identity(images.identities * (len(known) + len(unknown)) + numbers)


def _first_of_each(images: ImagesOfIdentities) -> Integers:
    """Return one sample of each group."""
    return np.argsort(images.identities, kind="stable")[images.starts]


def _share(count: int, available: Integers, order: Integers) -> Integers:
    """Return how many of ``count`` images each camera gives, dealt in rounds over the cameras in ``order``.

    When no camera has an image left, all of them start anew.
    """
    whole_turns, count = divmod(count, int(available.sum()))
    extra = np.zeros_like(available)
    while count:
        giving = order[extra[order] < available[order]][:count]
        extra[giving] += 1
        count -= len(giving)
    return whole_turns * available + extra
