"""Which identities meet in which batch: a table of slots, one row per batch, without repetition in a row."""

import numpy as np

from reidkit.data.sampling.checks import Integers


def count_batches(groups: Integers, per_batch: int) -> int:
    """Return the most batches for which all identities have enough groups, or what it takes to hold all.

    Args:
        groups: Per identity, how many groups of K different images it has, at least 1.
        per_batch: P, at most the number of identities.
    """
    low, high = 1, int(groups.sum()) // per_batch
    # sum(min(g, B)) - P * B is concave in B and not negative at 1: it stays so up to one largest B.
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(groups, middle).sum()) >= per_batch * middle:
            low = middle
        else:
            high = middle - 1
    return max(low, -(-len(groups) // per_batch))


def fill_slots(
    wanted: Integers, per_batch: int, num_batches: int, generator: np.random.Generator
) -> Integers:
    """Return (B, P) identities, each at most once in a row and at least once in all.

    Identities in random order, repeated in a row, are cut into P columns of B. Each column is dealt to the B
    batches in an order of its own, so that who meets whom is random. No identity fills more than B slots, so
    it lies in one column, or at the end of one and the start of the next; in the second case its slots in
    the second column go to batches that it is not in yet.

    Args:
        wanted: Per identity, how often it should appear, at least 1. Where that makes more than P * B, some
            appear less often, but once; where it makes less, by fewer than P, some appear once more.
        per_batch: P, at most the number of identities.
        num_batches: B, enough for all identities.
        generator: Where random numbers come from.
    """
    appearances = _choose_appearances(wanted, per_batch, num_batches, generator)
    order = generator.permutation(len(appearances))
    columns = np.repeat(order, appearances[order]).reshape(per_batch, -1)
    batches = np.empty((num_batches, per_batch), np.int64)
    last, taken = -1, np.empty(0, np.int64)
    for place, identities in enumerate(columns):
        target = generator.permutation(num_batches)
        shared = int((identities == last).sum())
        if shared:
            first = target[~np.isin(target, taken)][:shared]
            target = np.concatenate([first, target[~np.isin(target, first)]])
        batches[target, place] = identities
        last = int(identities[-1])
        taken = target[identities == last]
    return batches


def _choose_appearances(
    wanted: Integers, per_batch: int, num_batches: int, generator: np.random.Generator
) -> Integers:
    """Return how often each identity appears: 1 to B times, P * B in all."""
    appearances = np.minimum(wanted, num_batches)
    excess = int(appearances.sum()) - per_batch * num_batches
    if excess > 0:
        spare = np.repeat(np.arange(len(appearances)), appearances - 1)
        dropped = generator.choice(spare, excess, replace=False)
        appearances = appearances - np.bincount(dropped, minlength=len(appearances))
    elif excess < 0:
        # Less than one batch is missing, and at least as many identities have room for one more.
        repeated = generator.choice(np.flatnonzero(appearances < num_batches), -excess, replace=False)
        appearances[repeated] += 1
    return appearances
