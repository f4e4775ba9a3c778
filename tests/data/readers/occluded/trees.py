"""Trees of the readers of this family."""

from tests.data.readers.trees import Tree

OCCLUDED: dict[str, Tree] = {}
