import pickle
import random
from pathlib import Path

import pytest
import torch

from reidkit.core.errors import CatalogError, DatasetError, ImageError
from reidkit.core.types import Preprocessing, Sample
from reidkit.data.dataset import TrainingImages, identity_labels
from reidkit.data.failures import ReadFailure
from reidkit.data.frames import sample_randomly
from reidkit.data.images import read_image, resize
from reidkit.data.sampling import Draw
from reidkit.data.transforms import build_augmentation

SIZE = Preprocessing(height=8, width=4)


@pytest.fixture
def samples(tmp_path, write_pixels):
    """Identity 'a' has three images, 'b' one, 'c' a tracklet of four frames."""
    paths = [write_pixels(tmp_path / f"{number}.png", seed=number) for number in range(8)]
    return (
        Sample((paths[0],), "a"),
        Sample((paths[1],), "b"),
        Sample((paths[2],), "a"),
        Sample(tuple(paths[3:7]), "c"),
        Sample((paths[7],), "a", box=(1, 1, 5, 9)),
    )


def images_of(samples, **options):
    return TrainingImages(samples, identity_labels(samples), SIZE, **options)


def resized(*frames):
    return torch.stack([resize(read_image(frame), SIZE) for frame in frames])


def damage(*paths):
    for path in paths:
        path.write_bytes(b"broken")


def test_identity_labels_sort_numbers_by_value_and_texts_by_characters():
    labels = identity_labels([Sample((), identity) for identity in ("10", 9, "9", 10, 2, -1, "a")])
    assert list(labels.items()) == [(-1, 0), (2, 1), (9, 2), (10, 3), ("10", 4), ("9", 5), ("a", 6)]


def test_identity_labels_of_mixed_types_do_not_depend_on_the_order():
    identities = [("set2", 1), ("set1", 10), ("set1", 2), "x", 3, 2.5, None, frozenset({1}), ("set1", "a")]
    labels = identity_labels([Sample((), identity) for identity in identities])
    assert identity_labels([Sample((), identity) for identity in identities[::-1]]) == labels
    ordered = list(labels)
    assert ordered[:3] == [2.5, 3, "x"]
    assert ordered[3:7] == [("set1", 2), ("set1", 10), ("set1", "a"), ("set2", 1)]


def test_identity_labels_are_dense():
    labels = identity_labels([Sample((), identity % 7 * 100) for identity in range(50)])
    assert sorted(labels.values()) == list(range(7))
    assert identity_labels([]) == {}


def test_item_is_the_resized_image_of_its_draw(samples):
    dataset = images_of(samples)
    assert len(dataset) == 5
    for index, sample in enumerate(samples[:3]):
        item = dataset[Draw(index, 5)]
        assert torch.equal(item.images[0], resize(read_image(sample.path), SIZE))
        assert (item.label, item.index, item.failures) == ({"a": 0, "b": 1}[sample.identity], index, ())
    assert torch.equal(
        dataset[Draw(4, 0)].images[0], resize(read_image(samples[4].path, box=(1, 1, 5, 9)), SIZE)
    )
    assert [dataset.labels[index] for index in range(5)] == [0, 1, 0, 2, 0]


def test_item_is_augmented_by_the_seed_of_its_draw(samples):
    augmentation = build_augmentation([("pad_crop", {"padding": 3})], SIZE)
    dataset = images_of(samples, augmentation=augmentation)
    plain = images_of(samples)[Draw(0, 0)].images[0]
    for seed in range(5):
        assert torch.equal(dataset[Draw(0, seed)].images[0], augmentation(plain, seed))


def test_tracklet_gives_the_frame_of_the_seed(samples):
    dataset = images_of(samples)
    frames = [resize(read_image(frame), SIZE) for frame in samples[3].frames]
    chosen = []
    for seed in range(100):
        image = dataset[Draw(3, seed)].images[0]
        assert torch.equal(image, dataset[Draw(3, seed)].images[0])
        chosen.append(next(number for number, frame in enumerate(frames) if torch.equal(frame, image)))
    assert {number: chosen.count(number) > 10 for number in range(4)} == dict.fromkeys(range(4), True)


def test_unreadable_image_stops_and_is_named(samples):
    damage(samples[2].path)
    with pytest.raises(ImageError, match=r"Image .*2\.png is no image"):
        images_of(samples)[Draw(2, 0)]


def test_unreadable_image_is_replaced_by_the_next_of_its_identity(samples):
    damage(samples[2].path)
    dataset = images_of(samples, unreadable="skip")
    item = dataset[Draw(2, 0)]
    assert (item.index, item.label) == (4, 0)
    assert torch.equal(item.images[0], dataset[Draw(4, 0)].images[0])
    (failure,) = item.failures
    assert failure.path == samples[2].path
    assert "is no image" in failure.reason


def test_replacement_goes_round_and_counts_every_failure(samples):
    damage(samples[2].path, samples[4].path)
    item = images_of(samples, unreadable="skip")[Draw(2, 0)]
    assert item.index == 0
    assert [failure.path for failure in item.failures] == [samples[2].path, samples[4].path]


def test_unreadable_frame_is_replaced_by_the_next_of_its_tracklet(samples):
    dataset = images_of(samples, unreadable="skip")
    damage(*samples[3].frames[1:])
    for seed in range(10):
        item = dataset[Draw(3, seed)]
        assert item.index == 3
        assert torch.equal(item.images[0], resize(read_image(samples[3].frames[0]), SIZE))
    assert max(len(dataset[Draw(3, seed)].failures) for seed in range(20)) == 3


def test_identity_without_any_readable_image_is_named_and_ends(samples):
    damage(samples[0].path, samples[2].path, samples[4].path)
    dataset = images_of(samples, unreadable="skip")
    for index in (0, 2, 4):
        with pytest.raises(ImageError, match="No image of identity 'a' can be read, got 3 that fail"):
            dataset[Draw(index, 0)]


def test_box_beside_the_image_counts_as_unreadable(tmp_path, write_pixels):
    samples = (
        Sample((write_pixels(tmp_path / "1.png"),), 1, box=(50, 50, 60, 60)),
        Sample((tmp_path / "1.png",), 1),
    )
    item = images_of(samples, unreadable="skip")[Draw(0, 0)]
    assert item.index == 1
    assert "nothing inside its box" in item.failures[0].reason


def test_default_is_the_one_frame_that_the_seed_of_the_draw_chooses(samples):
    dataset = images_of(samples)
    for seed in range(30):
        frame = random.Random(seed).randrange(4)
        assert torch.equal(dataset[Draw(3, seed)].images, resized(samples[3].frames[frame]))


def test_frames_of_a_draw_come_in_temporal_order(samples):
    dataset = images_of(samples, frames_per_tracklet=3)
    for seed in range(20):
        item = dataset[Draw(3, seed)]
        chosen = sample_randomly(4, 3, seed)
        assert torch.equal(item.images, resized(*(samples[3].frames[frame] for frame in chosen)))
        assert (item.label, item.index, item.failures) == (2, 3, ())


def test_evenly_takes_the_same_frames_for_every_seed(samples):
    dataset = images_of(samples, frames_per_tracklet=2, frame_sampling="evenly")
    for seed in range(5):
        assert torch.equal(dataset[Draw(3, seed)].images, resized(samples[3].frames[1], samples[3].frames[3]))


@pytest.mark.parametrize("way", ["evenly", "random"])
def test_image_is_repeated_so_that_every_draw_gives_as_many(samples, way):
    item = images_of(samples, frames_per_tracklet=3, frame_sampling=way)[Draw(0, 1)]
    assert torch.equal(item.images, resized(*samples[0].frames * 3))


def test_frame_that_is_needed_twice_is_read_once(samples, monkeypatch):
    read = []
    monkeypatch.setattr(
        "reidkit.data.dataset.read_image", lambda path, box: read.append(path) or read_image(path, box=box)
    )
    images_of(samples, frames_per_tracklet=9)[Draw(3, 0)]
    assert sorted(read) == sorted(samples[3].frames)


def test_frames_of_a_draw_are_augmented_each_by_a_seed_of_its_own(samples):
    seeds = []
    dataset = images_of(
        samples, augmentation=lambda image, seed: seeds.append(seed) or image, frames_per_tracklet=4
    )
    for seed in (0, 7, 2**63 - 1):
        seeds.clear()
        dataset[Draw(3, seed)]
        assert seeds[0] == seed
        assert len(set(seeds)) == 4
        assert all(0 <= seed < 2**63 for seed in seeds)
        first = list(seeds)
        dataset[Draw(3, seed)]
        assert seeds == first * 2


def test_frames_of_a_draw_are_augmented_alike_when_asked_for(samples):
    augmentation = build_augmentation(
        [("flip", {}), ("pad_crop", {"padding": 3}), ("random_erasing", {"probability": 1, "fill": "noise"})],
        SIZE,
    )
    alike = images_of(samples, augmentation=augmentation, frames_per_tracklet=3, same_augmentation=True)
    unlike = images_of(samples, augmentation=augmentation, frames_per_tracklet=3)
    num_unlike = 0
    for seed in range(10):
        # Of one image all frames are the same, so only the augmentation can tell them apart.
        first, *others = alike[Draw(0, seed)].images
        assert torch.equal(first, augmentation(resized(samples[0].path)[0], seed))
        assert all(torch.equal(first, other) for other in others)
        differing = unlike[Draw(0, seed)].images
        assert torch.equal(differing[0], first)
        num_unlike += not torch.equal(differing[0], differing[1])
    assert num_unlike > 7


def test_unreadable_frames_are_replaced_and_the_order_of_time_stays(samples):
    damage(samples[3].frames[3], samples[3].frames[1])
    dataset = images_of(samples, frames_per_tracklet=4, unreadable="skip")
    item = dataset[Draw(3, 0)]
    # 0 stays, 1 becomes 2, 2 stays, 3 becomes 0.
    assert torch.equal(item.images, resized(*(samples[3].frames[frame] for frame in (0, 0, 2, 2))))
    assert [failure.path for failure in item.failures] == [samples[3].frames[1], samples[3].frames[3]]


def test_tracklet_without_readable_frames_is_replaced_whole(samples):
    samples = (*samples, Sample(samples[0].frames + samples[2].frames, "c"))
    damage(*samples[3].frames)
    item = images_of(samples, frames_per_tracklet=2, unreadable="skip")[Draw(3, 0)]
    assert (item.index, item.label) == (5, 2)
    assert torch.equal(item.images, resized(*samples[5].frames))
    assert sorted(failure.path for failure in item.failures) == sorted(samples[3].frames)


def test_unreadable_frame_stops_where_it_is_chosen(samples):
    damage(samples[3].frames[1])
    evenly = images_of(samples, frames_per_tracklet=2, frame_sampling="evenly")  # frames 1 and 3
    with pytest.raises(ImageError, match=r"Image .*4\.png is no image"):
        evenly[Draw(3, 0)]
    damage(samples[3].frames[0])
    samples[3].frames[1].write_bytes(samples[4].path.read_bytes())
    assert len(evenly[Draw(3, 0)].images) == 2


@pytest.mark.parametrize("way", ["all", "chunked", "often"])
def test_ways_that_do_not_give_as_many_frames_of_every_tracklet_are_refused(samples, way):
    with pytest.raises(CatalogError, match=f"got '{way}'. Expected one of: evenly, random"):
        images_of(samples, frame_sampling=way)


def test_bad_number_of_frames_is_refused(samples):
    with pytest.raises(CatalogError, match="frames_per_tracklet is out of range, got 0"):
        images_of(samples, frames_per_tracklet=0)


def test_training_images_can_be_pickled(samples):
    dataset = images_of(samples, augmentation=build_augmentation([("flip", {})], SIZE))
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy[Draw(0, 3)].images[0], dataset[Draw(0, 3)].images[0])


def test_training_images_refuse_bad_input(samples):
    with pytest.raises(DatasetError, match="Train split is empty, got 0 samples"):
        images_of(())
    with pytest.raises(DatasetError, match="Training labels lack 2 identities, got none for 'b', 'c'"):
        TrainingImages(samples, {"a": 0}, SIZE)
    with pytest.raises(
        CatalogError, match=r"Policy for unreadable images is unknown, got 'ignore'. .*: error, skip"
    ):
        images_of(samples, unreadable="ignore")


def test_read_failure_is_path_and_reason():
    assert ReadFailure(Path("a"), "gone") == (Path("a"), "gone")
