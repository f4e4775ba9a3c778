import dataclasses
from typing import Literal, get_args, get_origin, get_type_hints

from reidkit.core.types import Protocol
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.vis.words import GLOSSARY, PROTOCOL_WORDS, SCORE_WORDS, format_percent, protocol_rows
from tests.vis.scenes import make_scores


def test_every_rule_and_every_value_of_a_protocol_has_words() -> None:
    fields = {field.name for field in dataclasses.fields(Protocol)} - {"name"}
    hints = get_type_hints(Protocol)
    assert set(PROTOCOL_WORDS) == fields
    assert len(fields) >= 7
    for field in fields:
        values = get_args(hints[field]) if get_origin(hints[field]) is Literal else (True, False)
        if field == "frames_per_tracklet":  # numbers have a sentence of their own
            values = (None,)
        if field == "post_processing":  # so have methods
            values = ((),)
        if field == "scales":
            values = ((1.0,),)
        if field in ("junk_identities", "single_shot_repeats", "num_splits"):
            values = tuple({getattr(protocol, field) for protocol in PROTOCOLS.values()})
        assert set(PROTOCOL_WORDS[field][1]) == set(values)


def test_rows_of_a_protocol_follow_its_values() -> None:
    default = {title: short for title, short, _ in protocol_rows(Protocol("p"))}
    other = {
        title: short
        for title, short, _ in protocol_rows(
            Protocol("p", same_camera="keep", distance="euclidean", flip=True, frames_per_tracklet=8)
        )
    }
    assert (default["Same camera"], other["Same camera"]) == ("left out", "counted")
    assert (default["Distance"], other["Distance"]) == ("cosine", "Euclidean")
    assert (default["Mirror image"], other["Mirror image"]) == ("not used", "averaged in")
    reranked = {
        title: short for title, short, _ in protocol_rows(Protocol("p", post_processing=("alpha", "graph")))
    }
    after = (default["After the model"], reranked["After the model"])
    assert after == ("nothing", "alpha; graph")
    several = {title: short for title, short, _ in protocol_rows(Protocol("p", scales=(1, 1.25)))}
    assert (default["Input sizes"], several["Input sizes"]) == ("one", "1 1.25")
    frames = (default["Frames of a tracklet"], other["Frames of a tracklet"])
    assert frames == ("all", "8, evenly spread")


def test_every_score_has_words() -> None:
    summary = make_scores([1], [1.0]).summary()
    assert set(SCORE_WORDS) == {key for key in summary if not key.startswith("num_") and key != "protocol"}


def test_glossary_explains_the_main_terms() -> None:
    assert {"Query", "Gallery", "Rank-k", "AP, mAP", "mINP", "Camera"} <= set(GLOSSARY)


def test_percent_never_hides_a_small_share() -> None:
    shares = [0, 1, 0.5, 0.9999, 0.01, 0.0099, 0.00001, 1e-9]
    assert [format_percent(share) for share in shares] == [
        "0 %",
        "100 %",
        "50.0 %",
        "100.0 %",
        "1.0 %",
        "0.99 %",
        "0.001 %",
        "< 0.0001 %",
    ]
