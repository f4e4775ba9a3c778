from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.sampling import CameraDiverseBatches, IdentityBatches

relaxed = settings(deadline=None)  # a busy machine is no fault


@st.composite
def cases(draw):
    """Labels and cameras of samples in any order, P, K, seed and epoch; -1 is an unknown camera."""
    samples = draw(
        st.lists(
            st.tuples(st.integers(-3, 7), st.sampled_from([-1, 0, 1, 2, 5, 40])), min_size=1, max_size=90
        )
    )
    labels = [label for label, _ in samples]
    return (
        labels,
        [camera for _, camera in samples],
        draw(st.integers(1, len(set(labels)))),
        draw(st.integers(1, 9)),
        draw(st.integers(0, 2**32)),
        draw(st.integers(0, 9)),
    )


def epoch_of(case):
    labels, cameras, identities_per_batch, images_per_identity, seed, epoch = case
    sampler = CameraDiverseBatches(
        labels,
        cameras=cameras,
        identities_per_batch=identities_per_batch,
        images_per_identity=images_per_identity,
        seed=seed,
    )
    sampler.set_epoch(epoch)
    return sampler, list(sampler)


def groups_of(case):
    """Return per identity its groups of K sample indices, in the order of the epoch."""
    labels, _, _, images_per_identity, *_ = case
    _, batches = epoch_of(case)
    groups: dict[int, list[list[int]]] = {label: [] for label in labels}
    for batch in batches:
        for start in range(0, len(batch), images_per_identity):
            group = [draw.index for draw in batch[start : start + images_per_identity]]
            groups[labels[group[0]]].append(group)
    return groups


def camera_of(case, index):
    """Return the camera of a sample; an unknown one is a camera of its own."""
    camera = case[1][index]
    return ("unknown", index) if camera < 0 else camera


@relaxed
@given(cases())
def test_batch_has_p_identities_of_k_draws_side_by_side(case):
    labels, _, identities_per_batch, images_per_identity, *_ = case
    _, batches = epoch_of(case)
    for batch in batches:
        identities = [labels[draw.index] for draw in batch]
        firsts = identities[::images_per_identity]
        assert len(set(firsts)) == len(firsts) == identities_per_batch
        assert identities == [identity for identity in firsts for _ in range(images_per_identity)]


@relaxed
@given(cases())
def test_epoch_is_as_long_as_without_cameras_and_has_every_identity(case):
    labels, _, identities_per_batch, images_per_identity, *_ = case
    plain = IdentityBatches(
        labels, identities_per_batch=identities_per_batch, images_per_identity=images_per_identity, seed=0
    )
    sampler, batches = epoch_of(case)
    assert len(sampler) == len(batches) == len(plain)
    assert {labels[draw.index] for batch in batches for draw in batch} == set(labels)
    assert batches == list(sampler) == epoch_of(case)[1]


@relaxed
@given(cases())
def test_group_has_as_many_cameras_and_as_many_images_as_there_are(case):
    labels, _, _, images_per_identity, *_ = case
    for label, groups in groups_of(case).items():
        own = [index for index, other in enumerate(labels) if other == label]
        cameras = {camera_of(case, index) for index in own}
        for group in groups:
            assert {labels[index] for index in group} == {label}
            seen = {camera_of(case, index) for index in group}
            assert len(seen) == min(images_per_identity, len(cameras))
            times = Counter(group)
            assert len(times) == min(images_per_identity, len(own))
            assert max(times.values()) == -(-images_per_identity // len(own))
            if images_per_identity >= len(own):
                assert min(times.values()) == images_per_identity // len(own)


@relaxed
@given(cases())
def test_groups_are_those_of_dealing_one_image_at_a_time(case):
    """An oracle without arithmetic: deal single images, always from the camera whose turn it is."""
    labels, _, _, images_per_identity, *_ = case
    for label, groups in groups_of(case).items():
        own = [index for index, other in enumerate(labels) if other == label]
        cameras = {camera_of(case, index) for index in own}
        dealt: Counter[object] = Counter()
        uses: Counter[int] = Counter()
        for group in groups:
            before = dealt.copy()
            given_now: Counter[object] = Counter()
            for position in range(images_per_identity):
                if position % len(own) == 0:
                    given_now = Counter()  # every image was given: all cameras start anew
                open_cameras = [
                    camera
                    for camera in cameras
                    if given_now[camera] < sum(camera_of(case, index) == camera for index in own)
                ]
                best = min((given_now[camera], before[camera]) for camera in open_cameras)
                allowed = {c for c in open_cameras if (given_now[c], before[c]) == best}
                # Which of the equally entitled cameras gives is random: take one that the group has.
                shares = Counter(camera_of(case, index) for index in group)
                chosen = max(allowed, key=lambda camera: shares[camera] - dealt[camera] + before[camera])
                given_now[chosen] += 1
                dealt[chosen] += 1
            assert Counter(camera_of(case, index) for index in group) == dealt - before
            for index in group:
                mates = [i for i in own if camera_of(case, i) == camera_of(case, index)]
                assert uses[index] == min(uses[mate] for mate in mates)  # in turns inside a camera
                uses[index] += 1


def test_cameras_take_turns_where_there_are_more_than_fit():
    # 6 cameras of 4 images, K = 4: 6 groups of 4 cameras; each camera gives 4 of the 24.
    cameras = [number // 4 for number in range(24)] * 2
    labels = [0] * 24 + [1] * 24
    sampler = CameraDiverseBatches(
        labels, cameras=cameras, identities_per_batch=2, images_per_identity=4, seed=0
    )
    draws = [draw.index for batch in sampler for draw in batch]
    assert len(sampler) == 6
    assert Counter(draws) == Counter(range(48))


def test_rare_camera_is_in_every_group_and_its_image_comes_again():
    sampler = CameraDiverseBatches(
        [0] * 9, cameras=[7] * 8 + [2], identities_per_batch=1, images_per_identity=3, seed=4
    )
    groups = [[draw.index for draw in batch] for batch in sampler]
    assert len(groups) == 3
    assert all(8 in group and len(set(group)) == 3 for group in groups)
    assert Counter(index for group in groups for index in group if index < 8).most_common(1)[0][1] == 1


def test_plain_batches_would_miss_cameras_that_these_have():
    cameras = ([0] * 7 + [1]) * 20
    labels = [number // 8 for number in range(160)]

    def share_of_mixed_groups(sampler):
        groups = [batch[start : start + 4] for batch in sampler for start in range(0, len(batch), 4)]
        return np.mean([len({cameras[draw.index] for draw in group}) == 2 for group in groups])

    arguments = {"identities_per_batch": 4, "images_per_identity": 4, "seed": 0}
    assert share_of_mixed_groups(CameraDiverseBatches(labels, cameras=cameras, **arguments)) == 1
    assert share_of_mixed_groups(IdentityBatches(labels, **arguments)) < 0.6


def test_unknown_cameras_are_all_different():
    # Three images of unknown cameras and many of camera 1: each group has all three and one of camera 1.
    sampler = CameraDiverseBatches(
        [5] * 11, cameras=[1] * 8 + [-1, -1, -9], identities_per_batch=1, images_per_identity=4, seed=0
    )
    for batch in sampler:
        assert {8, 9, 10} < {draw.index for draw in batch}


def test_missing_cameras_are_refused():
    arguments = {"identities_per_batch": 1, "images_per_identity": 1, "seed": 0}
    with pytest.raises(
        DatasetError,
        match=r"Sampler 'camera_diverse' needs the camera of every training image, got none\. .*to 'identity'",
    ):
        CameraDiverseBatches([0, 1], **arguments)
    with pytest.raises(DatasetError, match=r"got 1 camera for 2 samples\. Expected one camera per training"):
        CameraDiverseBatches([0, 1], cameras=[3], **arguments)


def test_bad_numbers_are_refused():
    arguments = {"labels": [0, 1], "cameras": [0, 0], "identities_per_batch": 1, "images_per_identity": 1}
    with pytest.raises(CatalogError, match="identities_per_batch is too small, got 0"):
        CameraDiverseBatches(**{**arguments, "identities_per_batch": 0}, seed=0)
    with pytest.raises(CatalogError, match="images_per_identity is too small, got 0"):
        CameraDiverseBatches(**{**arguments, "images_per_identity": 0}, seed=0)
    with pytest.raises(CatalogError, match="seed is negative"):
        CameraDiverseBatches(**arguments, seed=-1)
    with pytest.raises(DatasetError, match="got P=3 identities per batch but the train split has 2"):
        CameraDiverseBatches(**{**arguments, "identities_per_batch": 3}, seed=0)
