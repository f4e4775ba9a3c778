from pathlib import Path

import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.dataset import identity_labels
from reidkit.data.mixing import camera_indices, domain_indices, mix_sources, unique_names


def image(name, identity, camera=1, **attributes):
    return Sample((Path(name),), identity, camera, attributes=attributes)


def splits(name, train=(), query=(), gallery=()):
    return DatasetSplits(name, Path("/data") / name, tuple(train), tuple(query), tuple(gallery), "market1501")


def test_equal_identities_and_cameras_of_two_sources_stay_apart():
    first = splits("market1501", train=[image("a", 2, 1), image("b", 7, 14)])
    second = splits("msmt17", train=[image("c", 2, 1), image("d", "7", None)])
    mixed = mix_sources([first, second])
    assert [sample.identity for sample in mixed] == [
        ("market1501", 2), ("market1501", 7), ("msmt17", 2), ("msmt17", "7"),
    ]  # fmt: skip
    assert [sample.camera for sample in mixed] == [("market1501", 1), ("market1501", 14), ("msmt17", 1), None]
    assert len(identity_labels(mixed)) == 4
    assert domain_indices(mixed) == [0, 0, 1, 1]


def test_the_same_source_twice_is_two_domains():
    city = splits("city", train=[image("a", 1)])
    assert unique_names([city, city, city]) == ["city", "city-2", "city-3"]
    assert domain_indices(mix_sources([city, city])) == [0, 1]


def test_attributes_are_kept_and_the_source_is_left_as_it_was():
    source = splits("city", train=[image("a", 1, hat="red")])
    (sample,) = mix_sources([source])
    assert sample.attributes == {"hat": "red", "domain": "city"}
    assert source.train[0].attributes == {"hat": "red"}


def test_combine_all_takes_test_identities_without_distractors_and_each_image_once():
    query = image("q", 8)
    source = splits(
        "city",
        train=[image("t", 1)],
        query=[query],
        gallery=[query, image("g", 8, 2), image("d", 0, 3)],
    )
    mixed = mix_sources([source], combine_all=True)
    assert [(sample.path.name, sample.identity[1]) for sample in mixed] == [("t", 1), ("q", 8), ("g", 8)]


def test_source_without_training_images_is_refused_unless_all_is_combined():
    source = splits("city", query=[image("q", 8)], gallery=[image("g", 8, 2)])
    with pytest.raises(DatasetError, match=r"Source 'city' has nothing to learn from.*combine_all=true"):
        mix_sources([source])
    assert len(mix_sources([source], combine_all=True)) == 2


def test_samples_of_one_data_set_are_one_domain():
    assert domain_indices([image("a", 1), image("b", 2)]) == [0, 0]


def test_cameras_are_numbered_and_an_unknown_one_is_minus_one():
    assert camera_indices([image("a", 1, "x"), image("b", 1, 7), image("c", 2, "x")]) == [0, 1, 0]
    assert camera_indices([image("a", 1, "x"), image("b", 1, None)]) == [0, -1]
    assert camera_indices([image("a", 1, None), image("b", 1, None)]) is None
