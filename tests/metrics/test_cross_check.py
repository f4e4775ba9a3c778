"""The cross-check of a rule, against a loop over pairs."""

import numpy as np
import pytest
import torch

from reidkit.metrics.cross_check import cross_check
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.roc import wilson_interval

PROTOCOL = PROTOCOLS["no-camera"]


def draw(num_people: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, Labels, Labels]:
    """Return two queries and three gallery images of each."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(num_people, 6, generator=generator)
    query = centres.repeat_interleave(2, 0) + 0.7 * torch.randn(2 * num_people, 6, generator=generator)
    gallery = centres.repeat_interleave(3, 0) + 0.7 * torch.randn(3 * num_people, 6, generator=generator)
    people = range(num_people)
    return (
        query,
        gallery,
        Labels([person for person in people for _ in range(2)]),
        Labels([person for person in people for _ in range(3)]),
    )


def test_each_half_is_judged_by_the_rule_of_the_other():
    query, gallery, query_labels, gallery_labels = draw(20)
    found = cross_check(
        query, gallery, query_labels, gallery_labels, PROTOCOL, accept_rate=0.1, reject_rate=0.2, seed=3
    )
    distances = (
        1
        - torch.nn.functional.cosine_similarity(
            query.double()[:, None], gallery.double()[None], dim=2
        ).numpy()
    )
    halves = []
    for part in np.array_split(np.random.default_rng(3).permutation(20), 2):
        same, other = [], []
        for row, person in enumerate(query_labels.identities):
            for column, mate in enumerate(gallery_labels.identities):
                if person in part and mate in part:
                    (same if person == mate else other).append(distances[row, column])
        halves.append((np.array(same), np.array(other)))
    accepted, rejected = 0, 0
    for (same, other), (judged_same, judged_other) in (halves, halves[::-1]):
        edges = np.linspace(0, 2, 2001)
        accept = max(edge for edge in edges if (other <= edge).mean() <= 0.1)
        reject = max(accept, min(edge for edge in edges if (same > edge).mean() <= 0.2))
        accepted += int((judged_other <= accept).sum())
        rejected += int((judged_same > reject).sum())
    assert found is not None
    assert (found.num_genuine, found.num_impostor) == (2 * 10 * 6, 2 * (20 * 30 - 60))
    assert found.false_accept_rate == pytest.approx(accepted / found.num_impostor)
    assert found.false_reject_rate == pytest.approx(rejected / found.num_genuine)
    assert accepted > 0
    assert rejected > 0
    assert found.false_accept_interval == wilson_interval(found.false_accept_rate, found.num_impostor)
    assert found.false_reject_interval == wilson_interval(found.false_reject_rate, found.num_genuine)


def test_too_few_individuals_are_not_cross_checked():
    assert cross_check(*draw(1), PROTOCOL) is None
    assert cross_check(*draw(3), PROTOCOL) is None  # one half has no impostor pair
    assert cross_check(*draw(4), PROTOCOL) is not None
