import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.sampling import ShuffledBatches

relaxed = settings(deadline=None)  # a busy machine is no fault


@relaxed
@given(
    count=st.integers(1, 60),
    batch_size=st.integers(1, 60),
    seed=st.integers(0, 2**40),
    epoch=st.integers(0, 5),
    drop_last=st.booleans(),
)
def test_shuffled_batches_hold_every_sample_once(count, batch_size, seed, epoch, drop_last):
    if drop_last and batch_size > count:
        return
    sampler = ShuffledBatches(count, batch_size=batch_size, seed=seed, drop_last=drop_last)
    sampler.set_epoch(epoch)
    batches = list(sampler)
    indices = [draw.index for batch in batches for draw in batch]
    assert len(batches) == len(sampler)
    assert len(indices) == len(set(indices))
    assert set(indices) <= set(range(count))
    if drop_last:
        assert {len(batch) for batch in batches} == {batch_size}
        assert count - len(indices) < batch_size
    else:
        assert len(indices) == count
    assert list(sampler) == batches


def test_shuffled_batches_take_labels_or_their_number_and_differ_by_epoch():
    by_labels = ShuffledBatches(["a"] * 20, batch_size=5, seed=0)
    by_count = ShuffledBatches(20, batch_size=5, seed=0)
    assert list(by_labels) == list(by_count)
    by_count.set_epoch(1)
    assert list(by_labels) != list(by_count)


def test_shuffled_batches_larger_than_the_split_are_refused():
    with pytest.raises(
        DatasetError, match=r"got batch_size=64 but the train split has 20 samples. .*to 20 or less"
    ):
        ShuffledBatches(20, batch_size=64, seed=0)
    with pytest.raises(DatasetError, match="has 0 samples"):
        ShuffledBatches(0, batch_size=64, seed=0, drop_last=False)
    assert len(ShuffledBatches(20, batch_size=64, seed=0, drop_last=False)) == 1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"batch_size": 0, "seed": 0}, "batch_size is too small, got 0"),
        ({"batch_size": 2, "seed": -1}, "seed is negative"),
    ],
)
def test_shuffled_batches_refuse_bad_numbers(arguments, name):
    with pytest.raises(CatalogError, match=name):
        ShuffledBatches(5, **arguments)
