from pathlib import Path

import pytest

from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.label_checks import JUNK_WORDS, check_labels


def samples(counts):
    return tuple(
        Sample((Path(f"{number}_{image}.jpg"),), identity)
        for number, (identity, count) in enumerate(counts.items())
        for image in range(count)
    )


def found(train, test=None):
    tested = samples(test or {})
    splits = DatasetSplits("zoo", Path("/data"), samples(train), tested, tested, "no-camera")
    return {finding.code: finding for finding in check_labels(splits)}


def test_plain_labels_have_no_finding():
    assert (
        found({f"{number:04d}": 4 for number in range(20)}, {f"{number:04d}": 4 for number in range(20, 30)})
        == {}
    )
    assert found(dict.fromkeys(range(1, 20), 4)) == {}
    assert found({"p_1": 3, "p_10": 3, "p_100": 3, "q_1": 3, "1": 2, "10": 2}) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0007", "7"),
        ("Anna", "anna"),
        ("ann ", "ann"),
        ("ann lee", "annlee"),
        (7, "7"),
        ("p_007", "p_07"),
        ("zo\u00eb", "zoe\u0308"),
        ("\uff11\uff12", "12"),
    ],
)
@pytest.mark.parametrize("is_across", [False, True])
def test_identities_that_differ_in_writing_only_are_a_warning(one, other, is_across):
    train = {one: 3, "x": 3} if is_across else {one: 3, "x": 3, other: 3}
    finding = found(train, {other: 2} if is_across else None)
    assert set(finding) == {"alike-identities"}
    assert finding["alike-identities"].level == "warning"
    assert f"(e.g. {one!r}, {other!r})" in finding["alike-identities"].message


def test_many_groups_alike_are_counted():
    message = found({f"{0:0{zeros}d}{who}": 2 for who in range(1, 6) for zeros in (1, 2, 3)})[
        "alike-identities"
    ].message
    assert message.startswith("5 groups of identities differ only by")
    assert "; and 2 more groups" in message


@pytest.mark.parametrize("identity", [-1, "-1", "Distractor", "unknown", " Junk ", None, *sorted(JUNK_WORDS)])
def test_junk_in_train_is_a_warning(identity):
    finding = found({"ann": 3, identity: 2, "bob": 3})
    assert set(finding) == {"junk-identity-in-train"}
    assert finding["junk-identity-in-train"].level == "warning"
    assert f"Train has {identity!r} with 2 images" in finding["junk-identity-in-train"].message


def test_junk_in_the_gallery_is_where_it_belongs():
    assert found({"ann": 3, "bob": 2}, {"-1": 9, "distractor": 9}) == {}


@pytest.mark.parametrize("zero", [0, "0", "0000"])
def test_zero_that_weighs_more_than_others_is_junk(zero):
    finding = found({zero: 13, "0001": 4, "0002": 4, "0003": 4})
    assert "junk-identity-in-train" in finding
    assert finding["junk-identity-in-train"].level == "warning"


@pytest.mark.parametrize("zero", [0, "0000"])
def test_zero_of_a_numbering_from_1_on_is_noted(zero):
    finding = found({zero: 4, "0002": 4, "0007": 4}, {"0003": 2})
    assert set(finding) == {"identity-zero-in-train"}
    assert finding["identity-zero-in-train"].level == "note"


def test_zero_of_a_numbering_from_0_on_is_an_individual():
    assert found({"0000": 4, "0002": 4}, {"0001": 2}) == {}


def test_identity_that_outweighs_the_rest_is_a_warning():
    finding = found({"ann": 45, **{f"p{number}": 4 for number in range(20)}})
    assert set(finding) == {"dominant-identity"}
    assert finding["dominant-identity"].message.startswith(
        "Identity 'ann' has 45 of 125 training images (36%), the middle one of the others 4."
    )


@pytest.mark.parametrize(
    "train",
    [
        {"ann": 40, **{f"p{number}": 4 for number in range(20)}},  # ten times the middle one, not more
        {"ann": 45, **{f"p{number}": 4 for number in range(102)}},  # less than a tenth of all
        {"ann": 90, "bob": 1, "cid": 1},  # too few others to say what is usual
    ],
)
def test_large_identity_is_no_finding_below_the_limits(train):
    assert found(train) == {}


def test_large_collection_of_distractors_in_the_gallery_is_no_finding():
    assert found({"ann": 3, "bob": 2, "cid": 2, "dan": 2}, {0: 500, 1: 2, 2: 2, 3: 2}) == {}
