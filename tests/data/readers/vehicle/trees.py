"""Trees of the readers of vehicle data."""

from tests.data.readers.trees import Tree

VEHICLE: dict[str, Tree] = {}
