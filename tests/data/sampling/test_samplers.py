"""The contract of every sampler in the catalog."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError
from reidkit.data.sampling import SAMPLERS, SeededBatches, shard

P_BY_K = {"identities_per_batch": 4, "images_per_identity": 2}
ARGUMENTS = {
    "identity": P_BY_K,
    "identity_balanced": P_BY_K,
    "camera_diverse": {**P_BY_K, "cameras": [number // 6 for number in range(48)]},
    "domain_balanced": {**P_BY_K, "domains": [number % 6 // 3 for number in range(48)]},
    "shuffled": {"batch_size": 8},
}
LABELS = [number % 6 for number in range(48)]


def test_every_sampler_has_arguments_here():
    assert set(ARGUMENTS) == set(SAMPLERS)
    assert len(SAMPLERS) >= 5


@pytest.mark.parametrize("key", sorted(SAMPLERS))
@settings(max_examples=20, deadline=None)
@given(epoch=st.integers(0, 50))
def test_sampler_contract(key, epoch):
    sampler = SAMPLERS[key](labels=LABELS, seed=3, **ARGUMENTS[key])
    sampler.set_epoch(epoch)
    batches = list(sampler)
    assert len(batches) == len(sampler) > 0
    assert all(len(batch) == 8 == sampler.batch_size for batch in batches)
    assert batches == list(sampler)
    assert all(type(draw.index) is int and type(draw.seed) is int for batch in batches for draw in batch)
    seeds = {draw.seed for batch in batches for draw in batch}
    assert len(seeds) == 8 * len(batches)
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize("key", sorted(SAMPLERS))
def test_epochs_and_seeds_differ_and_nothing_else_matters(key):
    def batches(seed, epoch):
        sampler = SAMPLERS[key](labels=LABELS, seed=seed, **ARGUMENTS[key])
        sampler.set_epoch(epoch)
        return list(sampler)

    first = batches(0, 0)
    np.random.seed(5)  # noqa: NPY002 - whoever uses the global generator must not matter
    assert batches(0, 0) == first
    assert len({str(batches(*pair)) for pair in itertools.product(range(3), range(3))}) == 9


@pytest.mark.parametrize("key", sorted(SAMPLERS))
def test_epoch_that_was_left_in_the_middle_leaves_no_trace(key):
    sampler = SAMPLERS[key](labels=LABELS, seed=0, **ARGUMENTS[key])
    whole = list(sampler)
    for _ in zip(range(2), sampler, strict=False):
        pass
    one, other = iter(sampler), iter(sampler)  # two at once do not disturb each other
    assert [batch for pair in zip(one, other, strict=True) for batch in pair] == [
        batch for batch in whole for _ in range(2)
    ]


@pytest.mark.parametrize("key", sorted(SAMPLERS))
def test_negative_epoch_is_refused(key):
    sampler = SAMPLERS[key](labels=LABELS, seed=0, **ARGUMENTS[key])
    assert isinstance(sampler, SeededBatches)
    with pytest.raises(CatalogError, match="epoch is negative, got -1"):
        sampler.set_epoch(-1)


@pytest.fixture(scope="module")
def large():
    """A million images of 100 000 identities, 15 cameras and 7 domains."""
    generator = np.random.default_rng(0)
    labels = np.concatenate([np.arange(100_000), generator.integers(0, 100_000, 900_000)])
    return labels, generator.integers(0, 15, len(labels)), labels % 7


@pytest.mark.parametrize("key", sorted(SAMPLERS))
def test_memory_is_bounded_for_a_million_images(key, large):
    labels, cameras, domains = large
    facts = {
        "camera_diverse": {"cameras": cameras},
        "domain_balanced": {"domains": domains, "domains_per_batch": 4},
    }
    sizes = (
        {"batch_size": 256} if key == "shuffled" else {"identities_per_batch": 64, "images_per_identity": 4}
    )
    tracemalloc.start()
    try:
        sampler = SAMPLERS[key](labels=labels, seed=0, **sizes, **facts.get(key, {}))
        batches = list(itertools.islice(shard(sampler, 1, 2), 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(sampler) > 3000
    assert all(len(batch) == 128 for batch in batches)
    # Whole numbers of 8 bytes per image, about a dozen of them at once: nothing of the size of Python objects.
    assert peak < 250 * 2**20
