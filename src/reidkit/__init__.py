"""reidkit: find the same individual again in other cameras."""

__version__ = "0.1.0"
