"""Trees of the readers of this family."""

from tests.data.readers.trees import Tree

ATTRIBUTE: dict[str, Tree] = {}
