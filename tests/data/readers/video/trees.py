"""Trees of the readers of video data."""

from tests.data.readers.trees import Tree

VIDEO: dict[str, Tree] = {}
