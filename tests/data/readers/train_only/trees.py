"""Trees of the readers of this family."""

from tests.data.readers.trees import Tree

TRAIN_ONLY: dict[str, Tree] = {}
