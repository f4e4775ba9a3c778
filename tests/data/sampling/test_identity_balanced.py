from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.sampling import IdentityBalancedBatches

relaxed = settings(deadline=None)  # a busy machine is no fault


@st.composite
def cases(draw):
    """Labels in any order, P, K, appearances, seed and epoch."""
    labels = draw(st.lists(st.integers(-5, 20), min_size=1, max_size=120))
    return (
        labels,
        draw(st.integers(1, len(set(labels)))),
        draw(st.integers(1, 6)),
        draw(st.none() | st.integers(1, 9)),
        draw(st.integers(0, 2**32)),
        draw(st.integers(0, 9)),
    )


def epoch_of(case):
    labels, identities_per_batch, images_per_identity, appearances, seed, epoch = case
    sampler = IdentityBalancedBatches(
        labels,
        identities_per_batch=identities_per_batch,
        images_per_identity=images_per_identity,
        appearances=appearances,
        seed=seed,
    )
    sampler.set_epoch(epoch)
    return sampler, list(sampler)


@relaxed
@given(cases())
def test_batch_has_p_identities_of_k_draws_side_by_side(case):
    labels, identities_per_batch, images_per_identity, *_ = case
    _, batches = epoch_of(case)
    for batch in batches:
        identities = [labels[draw.index] for draw in batch]
        firsts = identities[::images_per_identity]
        assert len(set(firsts)) == len(firsts) == identities_per_batch
        assert identities == [identity for identity in firsts for _ in range(images_per_identity)]


@relaxed
@given(cases())
def test_every_identity_appears_equally_often(case):
    labels, identities_per_batch, images_per_identity, appearances, *_ = case
    sampler, batches = epoch_of(case)
    times = Counter(labels[draw.index] for batch in batches for draw in batch[::images_per_identity])
    if appearances is None:
        appearances = 1
        while (appearances + 1) * images_per_identity * len(set(labels)) <= len(labels):
            appearances += 1
    assert set(times) == set(labels)
    assert set(times.values()) <= {appearances, appearances + 1}
    assert sum(count == appearances + 1 for count in times.values()) < identities_per_batch
    assert len(batches) == len(sampler) == -(-len(times) * appearances // identities_per_batch)
    assert batches == list(sampler) == epoch_of(case)[1]


@relaxed
@given(cases())
def test_images_of_an_identity_are_dealt_in_turns(case):
    labels, *_ = case
    _, batches = epoch_of(case)
    used = Counter(dict.fromkeys(range(len(labels)), 0))
    for batch in batches:
        for draw in batch:
            mates = [index for index, label in enumerate(labels) if label == labels[draw.index]]
            assert used[draw.index] == min(used[mate] for mate in mates)
            used[draw.index] += 1


def test_identity_of_many_images_comes_as_often_as_one_of_few():
    labels = [0] * 1000 + [1] * 2 + [2] * 6
    sampler = IdentityBalancedBatches(
        labels, identities_per_batch=1, images_per_identity=2, appearances=3, seed=0
    )
    times = Counter(draw.index for batch in sampler for draw in batch)
    assert Counter(labels[index] for batch in sampler for index in {d.index for d in batch}) == {
        0: 6,
        1: 6,
        2: 6,
    }
    assert {times[1000], times[1001]} == {3}
    assert all(times[index] <= 1 for index in range(1000))


def test_default_epoch_is_about_as_long_as_the_split():
    # 1008 images of 3 identities in pairs: 168 appearances each, 168 batches of all three.
    labels = [0] * 1000 + [1] * 2 + [2] * 6
    assert len(IdentityBalancedBatches(labels, identities_per_batch=3, images_per_identity=2, seed=0)) == 168


def test_epochs_fill_the_last_batch_with_other_identities():
    sampler = IdentityBalancedBatches(
        list(range(10)), identities_per_batch=4, images_per_identity=1, appearances=1, seed=0
    )
    twice = set()
    for epoch in range(40):
        sampler.set_epoch(epoch)
        times = Counter(draw.index for batch in sampler for draw in batch)
        assert Counter(times.values()) == {1: 8, 2: 2}
        twice |= {index for index, count in times.items() if count == 2}
    assert twice == set(range(10))


def test_bad_numbers_are_refused():
    arguments = {"labels": [0, 1], "identities_per_batch": 2, "images_per_identity": 1, "seed": 0}
    for name in ("identities_per_batch", "images_per_identity", "appearances"):
        with pytest.raises(CatalogError, match=f"{name} is too small, got 0. Expected at least 1"):
            IdentityBalancedBatches(**{**arguments, name: 0})
    with pytest.raises(CatalogError, match="seed is negative"):
        IdentityBalancedBatches(**{**arguments, "seed": -1})
    with pytest.raises(DatasetError, match="got P=3 identities per batch but the train split has 2"):
        IdentityBalancedBatches(**{**arguments, "identities_per_batch": 3})
    with pytest.raises(DatasetError, match="the train split has 0"):
        IdentityBalancedBatches(**{**arguments, "labels": []})
