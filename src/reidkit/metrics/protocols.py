"""The catalog of evaluation protocols: the same descriptors score differently under another one."""

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.core.types import Protocol

PROTOCOLS: dict[str, Protocol] = {
    "market1501": Protocol(name="market1501", same_camera="drop"),
    "no-camera": Protocol(name="no-camera", same_camera="keep"),
}
"""``market1501`` drops matches from the query's own camera; ``no-camera`` is for data without cameras,
usually judged leave-one-out."""


def find_protocol(name: str) -> Protocol:
    """Return the protocol of a name.

    Raises:
        CatalogError: there is none of that name.
    """
    if name not in PROTOCOLS:
        raise CatalogError(
            f"Unknown protocol '{name}'.{near_name(name, PROTOCOLS)} Known: {', '.join(PROTOCOLS)}."
        )
    return PROTOCOLS[name]
