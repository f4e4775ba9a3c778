import pytest

from reidkit.core.errors import CatalogError
from reidkit.core.types import Protocol
from reidkit.metrics.protocols import PROTOCOLS, find_protocol


def test_every_protocol_carries_its_key_as_name():
    assert len(PROTOCOLS) >= 2
    assert all(protocol.name == key for key, protocol in PROTOCOLS.items())


def test_protocols_differ_in_more_than_the_name():
    rules = {repr(protocol).replace(protocol.name, "") for protocol in PROTOCOLS.values()}
    # Veri-776, VERI-Wild and MARS are judged by the rules of Market-1501, under their own names.
    assert len(rules) == len(PROTOCOLS) - 3


def test_market1501_is_the_published_protocol():
    # Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015, section 4.3: images of the
    # query's identity from the query's camera are junk.
    assert PROTOCOLS["market1501"] == Protocol(name="market1501", same_camera="drop")


def test_no_camera_drops_nothing_but_the_query_itself():
    protocol = PROTOCOLS["no-camera"]
    assert (protocol.same_camera, protocol.same_sample) == ("keep", "drop")


def test_find_protocol_returns_the_row():
    assert len(PROTOCOLS) >= 2
    assert all(find_protocol(key) is protocol for key, protocol in PROTOCOLS.items())


def test_find_unknown_protocol_names_the_nearest_and_all():
    with pytest.raises(
        CatalogError,
        match=r"^Unknown protocol 'market-1501'\. Did you mean 'market1501'\? Known: market1501, market1501-trap",
    ):
        find_protocol("market-1501")
