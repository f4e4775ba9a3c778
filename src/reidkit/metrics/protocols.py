"""The catalog of evaluation protocols: the same descriptors score differently under another one."""

from reidkit.core.types import Protocol

PROTOCOLS: dict[str, Protocol] = {
    "market1501": Protocol(name="market1501", same_camera="drop"),
    "no-camera": Protocol(name="no-camera", same_camera="keep"),
}
"""``market1501`` drops matches from the query's own camera; ``no-camera`` is for data without cameras,
usually judged leave-one-out."""
