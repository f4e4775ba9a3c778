"""The catalog of evaluation protocols: the same descriptors score differently under another one."""

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.core.types import Protocol

PROTOCOLS: dict[str, Protocol] = {
    "market1501": Protocol(name="market1501", same_camera="drop"),
    "market1501-trapezoid": Protocol(
        name="market1501-trapezoid",
        average_precision="trapezoid",
        unmatched_queries="zero",
        junk_identities=("-1",),
    ),
    "cuhk03-single-shot": Protocol(name="cuhk03-single-shot", single_shot_repeats=10, num_splits=20),
    "vehicleid": Protocol(name="vehicleid", same_camera="keep", num_splits=10),
    "veri": Protocol(name="veri"),
    "veri-image-to-track": Protocol(name="veri-image-to-track", pooling="track"),
    "veriwild": Protocol(name="veriwild"),
    "mars": Protocol(name="mars"),
    "no-camera": Protocol(name="no-camera", same_camera="keep"),
    "multi-query": Protocol(name="multi-query", pooling="query"),
    "multi-shot": Protocol(name="multi-shot", pooling="gallery"),
}
"""``market1501`` drops matches from the query's own camera; ``market1501-trapezoid`` scores like the Matlab
code of Zheng et al. (ICCV 2015); ``cuhk03-single-shot`` draws one gallery image per person; ``vehicleid`` is
judged on ten draws of its gallery; ``veri``, ``veriwild`` (image to image) and ``mars`` (tracklets) have the
rules of ``market1501``; ``veri-image-to-track`` searches for tracks as the authors of VeRi-776 first did;
``no-camera`` is for data without cameras, usually judged leave-one-out;
``multi-query`` and ``multi-shot`` pool what one camera saw of an identity."""


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
