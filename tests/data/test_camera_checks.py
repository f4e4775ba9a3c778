from pathlib import Path

import pytest

from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.camera_checks import check_cameras


def samples(*rows):
    """Samples of (identity, cameras), one image per camera."""
    return tuple(
        Sample((Path(f"{identity}_{number}.jpg"),), identity, camera)
        for identity, cameras in rows
        for number, camera in enumerate(cameras)
    )


def found(train=(), query=(), gallery=()):
    splits = DatasetSplits(
        "zoo", Path("/data"), samples(*train), samples(*query), samples(*gallery), "market1501"
    )
    return {finding.code: finding for finding in check_cameras(splits)}


def test_cameras_that_are_cameras_have_no_finding():
    assert found([(1, [1, 2]), (2, [2, 3])], [(3, [1])], [(3, [2, 3])]) == {}


def test_unknown_cameras_have_no_finding():
    assert found([(1, [None, None]), (2, [None])]) == {}


def test_as_many_cameras_as_images_are_frame_numbers():
    finding = found([(who, range(10 * who, 10 * who + 5)) for who in range(4)])
    assert set(finding) == {"cameras-like-frames"}
    assert finding["cameras-like-frames"].level == "warning"
    assert finding["cameras-like-frames"].message.startswith(
        "20 images come from 20 cameras (e.g. 0, 1, 2 and"
    )


@pytest.mark.parametrize(("cameras", "is_found"), [(7, False), (8, True)])
def test_from_eight_cameras_in_ten_images_on_they_are_frame_numbers(cameras, is_found):
    train = [(1, [min(number, cameras - 1) for number in range(10)])]
    assert ("cameras-like-frames" in found(train)) == is_found


def test_few_images_of_as_many_cameras_say_nothing():
    assert "cameras-like-frames" not in found([(1, [1, 2, 3]), (2, [4, 5, 6])])


def test_query_that_is_in_the_gallery_too_is_one_image():
    both = [(who, [1, 2, 3]) for who in range(4)]
    assert found([], both, both) == {}


def test_a_camera_for_each_identity_is_the_identity():
    finding = found([(who, [f"c{who}"] * 3) for who in "abc"])
    assert set(finding) == {"cameras-like-identities"}
    assert "Each of 3 identities has a camera of its own (e.g. 'ca', 'cb', 'cc')" in (
        finding["cameras-like-identities"].message
    )


def test_identities_that_never_cross_are_a_warning():
    train = [(1, [1, 1]), (2, [2, 2]), (3, [2, 2]), (4, [1])]
    finding = found(train, [(7, [1])], [(7, [2])])["one-camera-per-identity"]
    assert finding.level == "warning"
    assert finding.message.startswith(
        "Each of the 3 training identities with two or more images was seen by one camera only (e.g. 1 by 1)"
    )


def test_tested_identities_that_never_cross_are_a_warning():
    query, gallery = [(7, [1]), (8, [2]), (9, [2])], [(7, [1]), (8, [2]), (9, [2])]
    message = found(
        [(1, [1, 2]), (2, [1, 2])], query, [(who, [camera, camera]) for who, (camera,) in gallery]
    )
    assert "Each of the 3 tested identities" in message["one-camera-per-identity"].message


def test_one_camera_in_all_is_not_a_camera_per_identity():
    assert found([(1, [1, 1]), (2, [1, 1]), (3, [1, 1])]) == {}


def test_identities_of_one_camera_among_others_are_noted():
    train = [("ann", [1, 1]), ("bob", [1, 2]), ("cid", [2, 1]), ("dan", [1]), ("eve", [1, None])]
    finding = found(train)
    assert set(finding) == {"single-camera-identities"}
    assert finding["single-camera-identities"].level == "note"
    assert finding["single-camera-identities"].message.startswith(
        "1 of 3 training identities with two or more images were seen by one camera only (e.g. 'ann')"
    )


def test_cameras_of_one_side_alone_are_noted():
    finding = found([(1, [1, 2, 9]), (2, [1, 2])], [(3, [1, 10])], [(3, [2, 12])])
    assert set(finding) == {"cameras-in-one-split"}
    assert finding["cameras-in-one-split"].level == "note"
    assert finding["cameras-in-one-split"].message.startswith(
        "1 camera only in train (9); 2 cameras only in query and gallery (10, 12)."
    )


def test_query_and_gallery_of_two_cameras_are_as_they_should_be():
    assert found([], [(1, ["a"]), (2, ["a"])], [(1, ["b"]), (2, ["b"])]) == {}


def test_cameras_of_mixed_kinds_are_put_in_order():
    finding = found([(1, ["a", 2, ("b", 1)]), (2, ["a", 2])], [(3, ["a", 2])], [(3, ["a"])])
    assert "only in train (('b', 1))" in finding["cameras-in-one-split"].message
