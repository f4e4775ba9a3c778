import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError
from reidkit.data.sampling import (
    CameraDiverseBatches,
    DomainBalancedBatches,
    IdentityBalancedBatches,
    IdentityBatches,
    ShuffledBatches,
    shard,
)

relaxed = settings(deadline=None)  # a busy machine is no fault

LABELS = [number % 12 for number in range(60)]
DOMAINS = [number % 12 // 6 for number in range(60)]
CAMERAS = [number // 12 for number in range(60)]


def sampler_of(kind, identities_per_batch, images_per_identity, seed):
    arguments = {
        "identities_per_batch": identities_per_batch,
        "images_per_identity": images_per_identity,
        "seed": seed,
    }
    if kind == "shuffled":
        return ShuffledBatches(LABELS, batch_size=identities_per_batch * 5, seed=seed)
    if kind == "camera_diverse":
        return CameraDiverseBatches(LABELS, cameras=CAMERAS, **arguments)
    if kind == "domain_balanced":
        return DomainBalancedBatches(LABELS, domains=DOMAINS, **arguments)
    return {"identity": IdentityBatches, "identity_balanced": IdentityBalancedBatches}[kind](
        LABELS, **arguments
    )


KINDS = ("identity", "identity_balanced", "camera_diverse", "domain_balanced", "shuffled")


@pytest.mark.parametrize("kind", KINDS)
@relaxed
@given(
    num_ranks=st.sampled_from([1, 2, 3, 4, 6, 12]),
    images_per_identity=st.integers(1, 4),
    seed=st.integers(0, 99),
    epoch=st.integers(0, 5),
)
def test_ranks_share_the_global_batch(kind, num_ranks, images_per_identity, seed, epoch):
    whole = sampler_of(kind, 12, images_per_identity, seed)
    parts = [
        shard(sampler_of(kind, 12, images_per_identity, seed), rank, num_ranks) for rank in range(num_ranks)
    ]
    for sampler in (whole, *parts):
        sampler.set_epoch(epoch)
    assert {len(part) for part in parts} == {len(whole)}
    ranks = [list(part) for part in parts]
    for number, batch in enumerate(whole):
        shares = [rank[number] for rank in ranks]
        assert {len(share) for share in shares} == {len(batch) // num_ranks}
        assert sorted(draw for share in shares for draw in share) == sorted(batch)
        size = whole.group_size
        groups = {tuple(batch[start : start + size]) for start in range(0, len(batch), size)}
        for share in shares:
            assert {tuple(share[start : start + size]) for start in range(0, len(share), size)} <= groups
    assert all(len(rank) == len(whole) for rank in ranks)


@pytest.mark.parametrize("kind", ["identity", "identity_balanced", "camera_diverse"])
def test_no_identity_is_torn_between_ranks(kind):
    parts = [shard(sampler_of(kind, 6, 3, 0), rank, 3) for rank in range(3)]
    for shares in zip(*parts, strict=True):
        identities = [{LABELS[draw.index] for draw in share} for share in shares]
        assert all(len(own) == 2 for own in identities)
        assert len(set.union(*identities)) == 6


def test_every_rank_has_an_equal_part_of_every_domain():
    parts = [shard(sampler_of("domain_balanced", 8, 2, 0), rank, 4) for rank in range(4)]
    for part in parts:
        for share in part:
            assert [DOMAINS[draw.index] for draw in share] == [0, 0, 1, 1]


def test_epoch_is_passed_on():
    part = shard(sampler_of("identity", 6, 2, 0), 1, 2)
    first = list(part)
    part.set_epoch(1)
    assert list(part) != first
    part.set_epoch(0)
    assert list(part) == first


@pytest.mark.parametrize(("rank", "num_ranks"), [(2, 2), (-1, 2), (0, 0), (0, -1)])
def test_rank_that_does_not_exist_is_refused(rank, num_ranks):
    with pytest.raises(CatalogError, match=f"rank is unknown, got {rank} of {num_ranks} processes"):
        shard(sampler_of("identity", 6, 2, 0), rank, num_ranks)


def test_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(
        CatalogError,
        match=r"identities_per_batch cannot be shared among 4 processes, got 6\. "
        r"Expected a multiple of 4, such as 8",
    ):
        shard(sampler_of("identity", 6, 2, 0), 0, 4)
    with pytest.raises(CatalogError, match="Size of the batches cannot be shared among 3 processes, got 20"):
        shard(ShuffledBatches(60, batch_size=20, seed=0), 0, 3)


def test_smaller_last_batch_is_refused():
    with pytest.raises(CatalogError, match=r"got a last batch that is smaller.* Set drop_last to true"):
        shard(ShuffledBatches(61, batch_size=20, seed=0, drop_last=False), 0, 2)
    assert len(shard(ShuffledBatches(60, batch_size=20, seed=0, drop_last=False), 0, 2)) == 3


def test_sampler_of_another_kind_is_refused():
    with pytest.raises(CatalogError, match="Sampler cannot be shared among processes, got list"):
        shard([[1, 2]], 0, 1)
