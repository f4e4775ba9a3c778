from pathlib import Path

import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.retrieval.class_halves import divide_classes


def classes(*numbers):
    return {number: [Sample((Path(f"{number}.jpg"),), number)] for number in numbers}


def test_last_train_class_is_learned_from_and_the_next_one_tested():
    train, test = divide_classes("Zoo", Path("zoo"), classes(101, 100, 1, 200), 100)
    assert [sample.identity for sample in train] == [1, 100]
    assert [sample.identity for sample in test] == [101, 200]


@pytest.mark.parametrize(("numbers", "train", "test"), [((1, 2), 2, 0), ((5,), 0, 1), ((), 0, 0)])
def test_half_without_images_is_refused(numbers, train, test):
    counts = f"got {train} images of the classes up to 4 and {test} of the later ones"
    with pytest.raises(DatasetError, match=f"Zoo is not complete, {counts}"):
        divide_classes("Zoo", Path("zoo"), classes(*numbers), 4)
