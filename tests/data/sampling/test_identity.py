import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.sampling import Draw, IdentityBatches

relaxed = settings(deadline=None)  # a busy machine is no fault


@st.composite
def identity_cases(draw):
    """Counts of images per identity, P, K, seed and epoch; labels are neither sorted nor dense."""
    counts = draw(st.lists(st.integers(1, 30), min_size=1, max_size=25))
    labels = [7 * identity - 20 for identity, count in enumerate(counts) for _ in range(count)]
    np.random.default_rng(draw(st.integers(0, 99))).shuffle(labels)
    identities_per_batch = draw(st.integers(1, len(counts)))
    return (
        labels,
        identities_per_batch,
        draw(st.integers(1, 8)),
        draw(st.integers(0, 2**32)),
        draw(st.integers(0, 9)),
    )


def epoch_of(case):
    labels, identities_per_batch, images_per_identity, seed, epoch = case
    sampler = IdentityBatches(
        labels, identities_per_batch=identities_per_batch, images_per_identity=images_per_identity, seed=seed
    )
    sampler.set_epoch(epoch)
    return sampler, list(sampler)


@relaxed
@given(identity_cases())
def test_identity_batch_has_p_identities_of_k_draws_side_by_side(case):
    labels, identities_per_batch, images_per_identity, *_ = case
    _, batches = epoch_of(case)
    for batch in batches:
        identities = [labels[draw.index] for draw in batch]
        firsts = identities[::images_per_identity]
        assert len(set(firsts)) == len(firsts) == identities_per_batch
        assert identities == [identity for identity in firsts for _ in range(images_per_identity)]


@relaxed
@given(identity_cases())
def test_identity_epoch_has_the_announced_length_and_every_identity(case):
    sampler, batches = epoch_of(case)
    assert len(batches) == len(sampler)
    assert {case[0][draw.index] for batch in batches for draw in batch} == set(case[0])
    sampler.set_epoch(case[4] + 1)
    assert len(list(sampler)) == len(sampler) == len(batches)


@relaxed
@given(identity_cases())
def test_identity_images_are_dealt_in_turns(case):
    labels, _, images_per_identity, *_ = case
    images = Counter(labels)
    _, batches = epoch_of(case)
    used: dict[int, Counter[int]] = {label: Counter() for label in images}
    for batch in batches:
        for start in range(0, len(batch), images_per_identity):
            group = [draw.index for draw in batch[start : start + images_per_identity]]
            label = labels[group[0]]
            times = Counter(group)
            if images[label] >= images_per_identity:
                assert max(times.values()) == 1
            else:
                assert len(times) == images[label]
                assert min(times.values()) == images_per_identity // images[label]
            for index in group:
                # Dealt once more only when every other image of the identity was dealt as often.
                unused = images[label] - len(used[label])
                least = 0 if unused else min(used[label].values())
                assert used[label][index] == least
                used[label][index] += 1


@relaxed
@given(identity_cases())
def test_identity_length_is_the_largest_that_needs_no_repetition(case):
    labels, identities_per_batch, images_per_identity, *_ = case
    groups = [max(1, count // images_per_identity) for count in Counter(labels).values()]
    fitting = [
        length
        for length in range(1, sum(groups) + 1)
        if sum(min(group, length) for group in groups) >= identities_per_batch * length
    ]
    sampler, _ = epoch_of(case)
    assert len(sampler) == max(max(fitting), math.ceil(len(groups) / identities_per_batch))


@relaxed
@given(identity_cases())
def test_identity_appears_about_as_often_as_it_has_groups(case):
    labels, identities_per_batch, images_per_identity, *_ = case
    sampler, batches = epoch_of(case)
    appearances = Counter(labels[draw.index] for batch in batches for draw in batch[::images_per_identity])
    needed = identities_per_batch * len(sampler)
    wanted = {
        label: min(max(1, count // images_per_identity), len(sampler))
        for label, count in Counter(labels).items()
    }
    changed = sum(abs(appearances[label] - count) for label, count in wanted.items())
    assert changed == abs(sum(wanted.values()) - needed) < identities_per_batch


@relaxed
@given(identity_cases())
def test_identity_epoch_depends_on_seed_and_epoch_alone(case):
    _, first = epoch_of(case)
    np.random.seed(5)  # noqa: NPY002 - whoever uses the global generator must not matter
    sampler, again = epoch_of(case)
    assert again == first == list(sampler)


def test_identity_epochs_and_seeds_differ():
    labels = [number // 10 for number in range(200)]

    def batches(seed, epoch):
        sampler = IdentityBatches(labels, identities_per_batch=4, images_per_identity=4, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert batches(0, 0) != batches(0, 1)
    assert batches(0, 0) != batches(1, 0)
    assert batches(0, 1) != batches(1, 0)


def test_identity_epochs_reach_every_image_and_mix_identities():
    labels = [number // 10 for number in range(200)]
    sampler = IdentityBatches(labels, identities_per_batch=4, images_per_identity=4, seed=0)
    images, pairs = set(), set()
    for epoch in range(30):
        sampler.set_epoch(epoch)
        for batch in sampler:
            images.update(draw.index for draw in batch)
            present = sorted({labels[draw.index] for draw in batch})
            pairs.update((a, b) for a in present for b in present if a < b)
    assert len(images) == 200
    assert len(pairs) == 190  # every pair of the 20 identities met


def test_identity_draws_are_tuples_of_python_integers_with_seeds_of_their_own():
    sampler = IdentityBatches([0, 0, 1, 1], identities_per_batch=2, images_per_identity=2, seed=0)
    (batch,) = list(sampler)
    assert all(type(draw) is Draw and type(draw.index) is int and type(draw.seed) is int for draw in batch)
    assert len({draw.seed for draw in batch}) == 4
    assert all(0 <= draw.seed < 2**63 for draw in batch)


def test_identity_of_market_size_uses_nearly_all_images():
    generator = np.random.default_rng(0)
    labels = np.concatenate([np.arange(751), generator.integers(0, 751, 12936 - 751)])
    sampler = IdentityBatches(labels, identities_per_batch=16, images_per_identity=4, seed=0)
    assert len(sampler) * 64 > 0.85 * 12936


def test_identity_epoch_is_bounded_by_small_identities_where_few_are_rich():
    # 3 rich identities fill no batch of 4: each batch needs one of the 2 poor ones, of one group each.
    labels = [0] * 40 + [1] * 40 + [2] * 40 + [3] * 4 + [4] * 4
    sampler = IdentityBatches(labels, identities_per_batch=4, images_per_identity=4, seed=0)
    assert len(sampler) == 2


def test_identity_batches_of_fewer_identities_are_refused():
    with pytest.raises(
        DatasetError,
        match=r"got P=16 identities per batch but the train split has 7\. .*identities_per_batch to 7 or l",
    ):
        IdentityBatches(list(range(7)), identities_per_batch=16, images_per_identity=4, seed=0)
    with pytest.raises(DatasetError, match="the train split has 0"):
        IdentityBatches([], identities_per_batch=1, images_per_identity=1, seed=0)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (
            {"identities_per_batch": 0, "images_per_identity": 4, "seed": 0},
            "identities_per_batch is too small, got 0",
        ),
        (
            {"identities_per_batch": 2, "images_per_identity": -1, "seed": 0},
            "images_per_identity is too small, got -1",
        ),
        ({"identities_per_batch": 2, "images_per_identity": 2, "seed": -3}, "seed is negative, got -3"),
    ],
)
def test_identity_batches_refuse_bad_numbers(arguments, name):
    with pytest.raises(CatalogError, match=name):
        IdentityBatches([0, 1, 2], **arguments)
