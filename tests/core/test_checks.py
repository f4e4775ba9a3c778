import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reidkit.core.checks import check_descriptors, check_same_length, encode_labels
from reidkit.core.errors import EvaluationError, ShapeError


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_descriptors_of_any_floating_type_pass(dtype: torch.dtype):
    check_descriptors("Query", torch.ones(1, 1, dtype=dtype))


@pytest.mark.parametrize(
    ("descriptors", "got"),
    [
        (torch.ones(3), r"torch\.float32 of shape \(3,\)"),
        (torch.ones(2, 3, 4), r"torch\.float32 of shape \(2, 3, 4\)"),
        (torch.ones(0, 4), r"torch\.float32 of shape \(0, 4\)"),
        (torch.ones(4, 0), r"torch\.float32 of shape \(4, 0\)"),
        (torch.ones(2, 3, dtype=torch.int64), r"torch\.int64 of shape \(2, 3\)"),
        (torch.ones(2, 3, dtype=torch.uint8), r"torch\.uint8 of shape \(2, 3\)"),
    ],
)
def test_descriptors_of_a_wrong_form_are_refused(descriptors: torch.Tensor, got: str):
    message = rf"^Gallery descriptors have a wrong form, got {got}\. Expected floating \(N, D\)"
    with pytest.raises(ShapeError, match=message):
        check_descriptors("Gallery", descriptors)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_descriptors_not_finite_are_refused_with_row_counts(value: float):
    descriptors = torch.zeros(5, 3)
    descriptors[1, 2] = value
    descriptors[4, 0] = value
    descriptors[4, 1] = value
    with pytest.raises(
        EvaluationError,
        match=r"^Query descriptors are not finite in 2 of 5 rows, the first is row 1\. Expected finite",
    ):
        check_descriptors("Query", descriptors)


def test_labels_of_another_length_are_refused_with_both_numbers():
    with pytest.raises(
        ShapeError, match=r"^Query cameras have a wrong length, got 2\. Expected 3, one per descriptor\.$"
    ):
        check_same_length("Query cameras", [1, 2], 3)


def test_labels_of_the_same_length_pass():
    check_same_length("Query cameras", [1, 2, None], 3)


def test_encode_numbers_by_first_appearance_over_all_groups():
    first, second = encode_labels(["b", "a", "b"], ["c", "a", None])
    assert first.tolist() == [0, 1, 0]
    assert second.tolist() == [2, 1, -1]
    assert first.dtype == second.dtype == np.int64


def test_encode_takes_mixed_hashable_labels():
    (numbers,) = encode_labels([("x", 1), "x", 1, None, ("x", 1)])
    assert numbers.tolist() == [0, 1, 2, -1, 0]


def test_encode_numpy_integers_equal_python_integers():
    first, second = encode_labels(np.array([7, 8]), [8, 7])
    assert first.tolist() == [0, 1]
    assert second.tolist() == [1, 0]


def test_encode_empty_groups_are_empty():
    first, second = encode_labels([], ["a"])
    assert first.tolist() == []
    assert second.tolist() == [0]


LABELS = st.lists(st.none() | st.integers(0, 3) | st.sampled_from(["a", "b"]), max_size=8)


@given(LABELS, LABELS)
def test_encode_keeps_equality_and_nothing_else(one: list, other: list):
    labels = one + other
    numbers = np.concatenate(encode_labels(one, other)).tolist()
    assert len(numbers) == len(labels)
    for left, left_number in zip(labels, numbers, strict=True):
        assert (left is None) == (left_number == -1)
        for right, right_number in zip(labels, numbers, strict=True):
            assert (left == right) == (left_number == right_number)
