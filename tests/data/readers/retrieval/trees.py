"""Trees of the readers of retrieval data."""

from tests.data.readers.trees import Tree

RETRIEVAL: dict[str, Tree] = {}
