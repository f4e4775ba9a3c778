import hashlib

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.halves import TwoCameras, choose_half, pair_identities, split_in_halves

ZOO = Benchmark(
    name="zoo",
    title="Zoo",
    kind="animal",
    reference="Keeper, 2000",
    how_to_obtain="How to obtain it: ask.",
    terms="Free.",
    num_splits=4,
)


def two_cameras(folder, first, second):
    samples = tuple(
        Sample((folder / f"cam_{camera}" / f"{identity}.png",), identity, camera)
        for camera, identities in (("a", first), ("b", second))
        for identity in identities
    )
    return TwoCameras(folder, samples, ("Read it.",))


def rows(samples):
    return [(sample.identity, sample.camera) for sample in samples]


@pytest.mark.parametrize("count", [2, 3, 9, 10])
def test_half_to_learn_from_is_the_smaller_one(count):
    assert len(choose_half(ZOO, range(count), 0, 0)) == count // 2


def test_half_depends_on_data_set_seed_and_number_alone():
    def expected(name, seed, number):
        digests = {
            identity: hashlib.sha256(f"{name}:{seed}:{number}:{identity}".encode()).hexdigest()
            for identity in range(8)
        }
        return set(sorted(range(8), key=digests.get)[:4])

    for seed in range(3):
        for number in range(3):
            assert choose_half(ZOO, [7, 3, 5, 1, 0, 2, 4, 6], number, seed) == expected("zoo", seed, number)


def test_directions_share_a_half_only_where_both_are_asked_for(tmp_path):
    data = two_cameras(tmp_path, range(6), range(6))
    both = [split_in_halves(ZOO, data, split=s, seed=0, both_directions=True) for s in range(4)]
    one = [split_in_halves(ZOO, data, split=s, seed=0) for s in range(4)]
    assert [splits.query[0].camera for splits in both] == ["a", "b", "a", "b"]
    assert [splits.query[0].camera for splits in one] == ["a", "a", "a", "a"]
    assert [{i for i, _ in rows(splits.train)} for splits in both] == [
        choose_half(ZOO, range(6), number, 0) for number in (0, 0, 1, 1)
    ]
    assert [{i for i, _ in rows(splits.train)} for splits in one] == [
        choose_half(ZOO, range(6), number, 0) for number in (0, 1, 2, 3)
    ]


def test_distractors_follow_the_gallery_of_either_direction(tmp_path):
    data = two_cameras(tmp_path, (1, 2), (1, 2))
    extra = (Sample((tmp_path / "x.png",), 9, "b"),)
    splits = split_in_halves(ZOO, data, split=0, seed=0, distractors=extra)
    (tested,) = {1, 2} - choose_half(ZOO, (1, 2), 0, 0)
    assert rows(splits.gallery) == [(tested, "b"), (9, "b")]
    assert rows(splits.query) == [(tested, "a")]


def test_identities_of_one_camera_are_left_out(tmp_path):
    data = two_cameras(tmp_path, (1, 2, 3), (2, 3, 4))
    assert pair_identities(ZOO, data) == (
        {2, 3},
        ("2 identities left out, seen by one camera only.",),
    )
    splits = split_in_halves(ZOO, data, split=0, seed=0)
    assert {i for i, _ in rows((*splits.train, *splits.query, *splits.gallery))} == {2, 3}
    assert splits.notes[:2] == ("Read it.", "2 identities left out, seen by one camera only.")


@pytest.mark.parametrize(("second", "count"), [((4, 5), "0 identities"), ((3, 4), "1 identity")])
def test_too_few_identities_of_both_cameras_are_refused(tmp_path, second, count):
    with pytest.raises(DatasetError, match=f"Zoo cannot be divided, got {count} that both cameras saw"):
        split_in_halves(ZOO, two_cameras(tmp_path, (1, 2, 3), second), split=0, seed=0)


def test_split_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(CatalogError, match=r"got 4\. Expected 0 to 3"):
        split_in_halves(ZOO, two_cameras(tmp_path, (1, 2), (1, 2)), split=4, seed=0)
