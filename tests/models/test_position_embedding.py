import numpy as np
import pytest
import torch

from reidkit.core.errors import WeightsError
from reidkit.models.position_embedding import fit_position_embeddings, resize_position_embedding


def grid_of(rows: int, columns: int) -> torch.Tensor:
    """Return embeddings (1, 1 + rows * columns, 2) that state their place, behind a class token."""
    places = [[row, column] for row in range(rows) for column in range(columns)]
    return torch.tensor([[[-9.0, -9.0], *places]])


def test_a_grid_twice_as_fine_lies_between_its_neighbours():
    resized = resize_position_embedding(grid_of(4, 2), 1 + 8 * 4)
    assert resized.shape == (1, 33, 2)
    assert resized[0, 0].tolist() == [-9, -9]
    rows = resized[0, 1:].reshape(8, 4, 2)
    # The centres of the new patches lie at -0.25, 0.25, 0.75, ... of the old; beyond the edge it stays.
    np.testing.assert_allclose(rows[:, 0, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], atol=1e-6)
    np.testing.assert_allclose(rows[0, :, 1], [0, 0.25, 0.75, 1], atol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (8, 4), (14, 14)])
def test_the_same_grid_changes_nothing(rows: int, columns: int):
    embedding = grid_of(rows, columns)
    assert torch.equal(resize_position_embedding(embedding, embedding.shape[1]), embedding)


def test_a_square_becomes_upright():
    embedding = torch.ones(1, 1 + 14 * 14, 3)
    assert torch.equal(resize_position_embedding(embedding, 1 + 16 * 8), torch.ones(1, 129, 3))


def test_grids_of_overlapping_patches_are_given():
    resized = resize_position_embedding(torch.ones(1, 129, 3), 211, old_grid=(16, 8), new_grid=(21, 10))
    assert resized.shape == (1, 211, 3)
    with pytest.raises(WeightsError, match=r"are of no known grid, got 211 tokens\. Expected a square"):
        resize_position_embedding(torch.ones(1, 129, 3), 211)


def test_only_embeddings_that_do_not_fit_are_changed():
    tensors = {"a.pos_embed": torch.ones(1, 9, 2), "b.pos_embed": torch.ones(1, 9, 2), "c": torch.ones(3)}
    expected = {"a.pos_embed": torch.ones(1, 33, 2), "b.pos_embed": torch.zeros(1, 9, 2)}
    fitted, resized = fit_position_embeddings(tensors, expected)
    assert resized == ("a.pos_embed",)
    assert fitted["a.pos_embed"].shape == (1, 33, 2)
    assert fitted["b.pos_embed"] is tensors["b.pos_embed"]
    assert fitted["c"] is tensors["c"]
