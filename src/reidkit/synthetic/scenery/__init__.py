"""The surroundings: the views of the cameras, things in the way, and other pedestrians."""
