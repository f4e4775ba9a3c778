from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.types import Protocol, Sample
from reidkit.data.query_checks import check_queries, find_unmatched

DROP = Protocol("market1501", same_camera="drop")
JUNK = Protocol("own", junk_identities=("-1", "b"))
KEEP = Protocol("no-camera", same_camera="keep")


def sample(name, identity, camera=None, box=None):
    return Sample((Path(name),), identity, camera, box)


def findings(query, gallery, protocol):
    return {finding.code: finding for finding in check_queries(query, gallery, protocol)}


def is_scorable(query, gallery, protocol):
    """The rule, said plainly for one query."""
    return any(
        entry.identity == query.identity
        and query.identity is not None
        and str(entry.identity) not in protocol.junk_identities
        and (entry.frames, entry.box) != (query.frames, query.box)
        and not (protocol.same_camera == "drop" and query.camera is not None and entry.camera == query.camera)
        for entry in gallery
    )


SAMPLES = st.lists(
    st.builds(
        sample,
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from([1, 2, None]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, (0, 0, 1, 1)]),
    ),
    min_size=1,
    max_size=7,
)


@settings(deadline=None)
@given(SAMPLES, SAMPLES, st.sampled_from([DROP, KEEP]))
def test_unmatched_queries_are_those_of_the_plain_rule(query, gallery, protocol):
    matches = find_unmatched(query, gallery, protocol)
    expected = [q for q in query if not is_scorable(q, gallery, protocol)]
    assert matches.unmatched == len(expected)
    assert sorted(map(str, (*matches.absent, *matches.alone, *matches.same_camera))) == sorted(
        map(str, expected)
    )
    identities = {entry.identity for entry in gallery} - {None}
    assert all(q.identity not in identities for q in matches.absent)
    assert all(is_scorable(q, gallery, KEEP) for q in matches.same_camera)


def test_no_valid_query_counts_every_cause():
    query = [
        *(sample(f"q{number}", f"p_{number:04d}", "cam1") for number in range(3)),
        *(sample(f"r{number}", "ann", "cam1") for number in range(5)),
        sample("only", "bob", "cam1"),
    ]
    gallery = [sample("g", "ann", "cam1"), sample("only", "bob", "cam1")]
    finding = findings(query, gallery, DROP)["no-valid-query"]
    assert finding.level == "error"
    assert finding.message == (
        "0 of 9 queries can be scored. 3 have an identity that is not in the gallery (e.g. 'p_0000'); "
        "1 are the only gallery image of their identity themselves (e.g. 'bob'); "
        "5 have gallery images only from the query's own camera (e.g. 'cam1'), which the cross-camera rule "
        "removes. Your data has 1 camera. Use a protocol with same_camera='keep', such as 'no-camera', "
        "instead of 'market1501' (in a recipe: evaluation.protocol=no-camera), or give camera ids."
    )


def test_no_valid_query_for_identities_named_differently():
    query, gallery = [sample("a", "0001")], [sample("b", "1"), sample("c", 2)]
    message = findings(query, gallery, KEEP)["no-valid-query"].message
    assert message == (
        "0 of 1 queries can be scored. 1 have an identity that is not in the gallery (e.g. '0001'). "
        "The gallery has '1', 2. Name each identity alike in query and gallery."
    )


def test_no_valid_query_for_leave_one_out_of_single_images():
    query = [sample("a", 1), sample("b", 2)]
    message = findings(query, query, KEEP)["no-valid-query"].message
    assert message.endswith("(e.g. 1). Every identity needs two different images to be tested.")


def test_some_unmatched_queries_are_a_warning():
    query = [sample("a", 1), sample("b", 2), sample("c", 3)]
    gallery = [sample("d", 1), sample("b", 2)]
    found = findings(query, gallery, KEEP)
    assert set(found) == {"unmatched-queries"}
    assert found["unmatched-queries"].level == "warning"
    assert found["unmatched-queries"].message.startswith(
        "2 of 3 queries cannot be scored and count in no mean. 1 have"
    )


def test_all_queries_matched_is_no_finding():
    assert findings([sample("a", 1, 1)], [sample("b", 1, 2)], DROP) == {}


def test_same_picture_never_matches_but_another_box_in_it_does():
    query = [sample("a", 1, box=(0, 0, 5, 5))]
    assert findings(query, [sample("a", 1, box=(0, 0, 5, 5))], KEEP)["no-valid-query"]
    assert findings(query, [sample("a", 1, box=(5, 5, 9, 9))], KEEP) == {}


def test_one_known_camera_is_a_warning_where_some_are_unknown():
    query = [sample("a", 1, 7), sample("b", 1)]
    finding = findings(query, query, DROP)["one-camera"]
    assert finding.level == "warning"
    assert "come from one (7)" in finding.message


def test_unknown_cameras_are_a_note_where_the_protocol_needs_them():
    query = [sample("a", 1), sample("b", 1)]
    assert findings(query, query, DROP)["unknown-cameras"].level == "note"
    assert findings(query, query, KEEP) == {}


@pytest.mark.parametrize("protocol", [DROP, KEEP])
def test_unknown_camera_equals_no_camera(protocol):
    assert find_unmatched([sample("a", 1)], [sample("b", 1)], protocol).unmatched == 0


@settings(max_examples=60, deadline=None)
@given(SAMPLES, SAMPLES)
def test_junk_of_the_protocol_is_no_match(query, gallery):
    expected = sum(not is_scorable(one, gallery, JUNK) for one in query)
    assert find_unmatched(query, gallery, JUNK).unmatched == expected


def test_junk_is_a_warning_where_the_protocol_does_not_know_it_and_else_a_note():
    query = [sample("q", 7, 1)]
    gallery = [sample("a", 7, 2), sample("j", -1, 2), sample("k", -1, 3)]
    warned = findings(query, gallery, DROP)
    assert warned["junk-in-gallery"].level == "warning"
    assert "2 gallery images of identity -1, which usually means junk" in warned["junk-in-gallery"].message
    known = findings(query, gallery, Protocol("own", junk_identities=("-1",)))
    assert "junk-in-gallery" not in known
    assert known["junk"].level == "note"
    assert "2 gallery images of identity -1 are junk" in known["junk"].message


def test_search_for_tracks_without_any_is_an_error():
    query, gallery = [sample("q", 7, 1)], [sample("a", 7, 2)]
    assert findings(query, gallery, Protocol("own", pooling="track"))["no-tracks"].level == "error"
    tracked = [Sample((Path("a"),), 7, 2, attributes={"track": 3})]
    assert "no-tracks" not in findings(query, tracked, Protocol("own", pooling="track"))


def test_pooling_without_anything_to_pool_is_a_note():
    query, gallery = [sample("q", 7, 1), sample("r", 7, 2)], [sample("a", 7, 2), sample("b", 7, 2)]
    assert findings(query, gallery, Protocol("own", pooling="query"))["nothing-to-pool"].level == "note"
    assert "nothing-to-pool" not in findings(query, gallery, Protocol("own", pooling="gallery"))
    support = (sample("s", 7, 1),)
    found = check_queries(query, gallery, Protocol("own", pooling="query"), support)
    assert "nothing-to-pool" not in {finding.code for finding in found}
