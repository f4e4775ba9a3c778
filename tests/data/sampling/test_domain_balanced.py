from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.sampling import DomainBalancedBatches, IdentityBatches

relaxed = settings(deadline=None)  # a busy machine is no fault


@st.composite
def cases(draw):
    """Labels and domains in any order, M, P, K, seed and epoch; an identity may be in several domains."""
    names = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True))
    share = draw(st.integers(1, 3))
    samples = [(label, name) for name in names for label in range(share)]  # enough identities everywhere
    samples += draw(st.lists(st.tuples(st.integers(0, 8), st.sampled_from(names)), max_size=60))
    samples = draw(st.permutations(samples))
    domains_per_batch = draw(st.integers(1, len(names)))
    return (
        [label for label, _ in samples],
        [name for _, name in samples],
        None if domains_per_batch == len(names) and draw(st.booleans()) else domains_per_batch,
        share * domains_per_batch,
        draw(st.integers(1, 5)),
        draw(st.integers(0, 2**32)),
        draw(st.integers(0, 9)),
    )


def epoch_of(case):
    labels, domains, domains_per_batch, identities_per_batch, images_per_identity, seed, epoch = case
    sampler = DomainBalancedBatches(
        labels,
        domains=domains,
        domains_per_batch=domains_per_batch,
        identities_per_batch=identities_per_batch,
        images_per_identity=images_per_identity,
        seed=seed,
    )
    sampler.set_epoch(epoch)
    return sampler, list(sampler)


def parts_of(case):
    """Return per domain its parts of the batches, in the order of the epoch, as sample indices."""
    _, domains, domains_per_batch, identities_per_batch, images_per_identity, *_ = case
    domains_per_batch = domains_per_batch or len(set(domains))
    size = identities_per_batch // domains_per_batch * images_per_identity
    parts: dict[int, list[list[int]]] = {name: [] for name in domains}
    for batch in epoch_of(case)[1]:
        for start in range(0, len(batch), size):
            part = [draw.index for draw in batch[start : start + size]]
            parts[domains[part[0]]].append(part)
    return parts


@relaxed
@given(cases())
def test_batch_has_an_equal_part_of_each_of_m_domains(case):
    _, domains, domains_per_batch, identities_per_batch, images_per_identity, *_ = case
    domains_per_batch = domains_per_batch or len(set(domains))
    part = identities_per_batch * images_per_identity // domains_per_batch
    for batch in epoch_of(case)[1]:
        names = [domains[draw.index] for draw in batch]
        assert sorted(Counter(names).values()) == [part] * domains_per_batch
        assert names == sorted(names)


@relaxed
@given(cases())
def test_part_of_a_domain_has_p_over_m_identities_of_k_draws_side_by_side(case):
    labels, domains, domains_per_batch, identities_per_batch, images_per_identity, *_ = case
    share = identities_per_batch // (domains_per_batch or len(set(domains)))
    for name, parts in parts_of(case).items():
        for part in parts:
            identities = [labels[index] for index in part]
            firsts = identities[::images_per_identity]
            assert {domains[index] for index in part} == {name}
            assert len(set(firsts)) == len(firsts) == share
            assert identities == [identity for identity in firsts for _ in range(images_per_identity)]


@relaxed
@given(cases())
def test_group_has_different_images_where_the_domain_has_enough(case):
    labels, domains, _, _, images_per_identity, *_ = case
    images = Counter(zip(labels, domains, strict=True))
    for name, parts in parts_of(case).items():
        for part in parts:
            for start in range(0, len(part), images_per_identity):
                group = Counter(part[start : start + images_per_identity])
                assert len(group) == min(images_per_identity, images[labels[part[start]], name])


def lengths_alone(case):
    """Return per domain how many batches it would have alone."""
    labels, domains, domains_per_batch, identities_per_batch, images_per_identity, *_ = case
    share = identities_per_batch // (domains_per_batch or len(set(domains)))
    return {
        name: len(
            IdentityBatches(
                [label for label, other in zip(labels, domains, strict=True) if other == name],
                identities_per_batch=share,
                images_per_identity=images_per_identity,
                seed=0,
            )
        )
        for name in set(domains)
    }


@relaxed
@given(cases())
def test_epoch_is_as_long_as_the_longest_domain_needs(case):
    _, domains, domains_per_batch, *_ = case
    longest = max(lengths_alone(case).values())
    count = len(set(domains))
    domains_per_batch = domains_per_batch or count
    sampler, batches = epoch_of(case)
    assert len(batches) == len(sampler) == -(-count * longest // domains_per_batch)
    appearances = {name: len(parts) for name, parts in parts_of(case).items()}
    assert set(appearances.values()) <= {longest, longest + 1}
    assert sum(appearances.values()) == domains_per_batch * len(batches)
    assert batches == list(sampler) == epoch_of(case)[1]


@relaxed
@given(cases())
def test_each_pass_over_a_domain_has_all_of_its_identities(case):
    labels, domains, *_ = case
    lengths = lengths_alone(case)
    for name, parts in parts_of(case).items():
        everybody = {label for label, other in zip(labels, domains, strict=True) if other == name}
        for start in range(0, len(parts) - lengths[name] + 1, lengths[name]):
            whole_pass = parts[start : start + lengths[name]]
            assert {labels[index] for part in whole_pass for index in part} == everybody


def test_small_data_set_fills_half_of_every_batch():
    # 40 identities of 4 images beside 2 of 4: 20 batches of 2 + 2; the small one is gone through 20 times.
    labels = [number // 4 for number in range(168)]
    domains = [0] * 160 + [1] * 8
    sampler = DomainBalancedBatches(
        labels, domains=domains, identities_per_batch=4, images_per_identity=4, seed=0
    )
    times = Counter(draw.index for batch in sampler for draw in batch)
    assert len(sampler) == 20
    assert {times[index] for index in range(160)} == {1}
    assert {times[index] for index in range(160, 168)} == {20}


def test_cameras_are_balanced_where_asked_for():
    labels, cameras = [0, 1, 2, 0, 1, 2, 0, 1], [3, 3, 3, 3, 3, 3, 8, 8]
    sampler = DomainBalancedBatches(
        labels,
        domains=[0] * 8,
        cameras=cameras,
        balance="camera",
        identities_per_batch=4,
        images_per_identity=1,
        seed=0,
    )
    for batch in sampler:
        assert [cameras[draw.index] for draw in batch] == [3, 3, 8, 8]


ARGUMENTS = {"identities_per_batch": 2, "images_per_identity": 1, "seed": 0}
LABELS = [0, 1, 2, 3, 4, 5]
DOMAINS = [0, 0, 0, 7, 7, 7]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"identities_per_batch": 5},
            r"identities_per_batch cannot be shared among the domains of a batch, got 5 for 2 domains\. "
            r"Expected a multiple of 2, such as 4 or 6",
        ),
        ({"identities_per_batch": 1}, "got 1 for 2 domains. Expected a multiple of 2, such as 2 or 2"),
        ({"identities_per_batch": 0}, "identities_per_batch is too small, got 0"),
        ({"images_per_identity": 0}, "images_per_identity is too small, got 0"),
        ({"domains_per_batch": 0}, "domains_per_batch is too small, got 0"),
        ({"seed": -1}, "seed is negative, got -1"),
        ({"balance": "weather"}, "balance is unknown, got 'weather'. Expected 'domain' or 'camera'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(CatalogError, match=message):
        DomainBalancedBatches(LABELS, domains=DOMAINS, **{**ARGUMENTS, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"domains": None}, "Sampler 'domain_balanced' needs the domain of every training image, got none"),
        ({"balance": "camera"}, "Sampler 'domain_balanced' needs the camera of every training image"),
        ({"domains": [0, 1]}, "got 2 domains for 6 samples. Expected one domain per training sample"),
        ({"domains": [0, 0, -1, 1, 1, -1]}, "cannot balance samples of unknown domain, got 2 of them"),
        (
            {"domains_per_batch": 3, "identities_per_batch": 3},
            "Batches of 3 domains are not possible, got 2 different domains in the train split. "
            "Expected at least 3. Set domains_per_batch to 2",
        ),
        (
            {"identities_per_batch": 8},
            "got P=4 identities per batch but domain 0 has 3. Expected at most 3. "
            "Set identities_per_batch to 6 or less",
        ),
    ],
)
def test_data_that_cannot_be_balanced_is_refused(arguments, message):
    with pytest.raises(DatasetError, match=message):
        DomainBalancedBatches(LABELS, **{"domains": DOMAINS, **ARGUMENTS, **arguments})


def test_no_samples_are_refused():
    with pytest.raises(DatasetError, match="Batches of 1 domains are not possible, got 0"):
        DomainBalancedBatches([], domains=[], **ARGUMENTS)
