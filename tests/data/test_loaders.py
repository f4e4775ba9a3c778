import itertools
import multiprocessing

import pytest
import torch

from reidkit.core.errors import CatalogError, ImageError
from reidkit.core.types import Preprocessing, Sample
from reidkit.data.dataset import TrainingImages, identity_labels
from reidkit.data.images import read_image, resize
from reidkit.data.loaders import EvaluationBatch, TrainingBatch, evaluation_batches, training_loader
from reidkit.data.sampling import IdentityBatches, ShuffledBatches
from reidkit.data.transforms import build_augmentation

SIZE = Preprocessing(height=8, width=4)
pytestmark = [
    # Python 3.12 and newer warn of every fork beside threads; PyTorch's own threads sleep during it.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    # PyTorch warns of more workers than cores; what is tested here is their number, not their speed.
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


@pytest.fixture
def samples(tmp_path, write_pixels):
    return tuple(
        Sample((write_pixels(tmp_path / f"{number}.png", seed=number),), number // 4) for number in range(24)
    )


@pytest.fixture
def make_loader(samples):
    def make(unreadable="error", seed=0, **options):
        augmentation = build_augmentation([("flip", {}), ("pad_crop", {"padding": 2})], SIZE)
        labels = identity_labels(samples)
        dataset = TrainingImages(samples, labels, SIZE, augmentation, unreadable=unreadable)
        sampler = IdentityBatches(dataset.labels, identities_per_batch=3, images_per_identity=2, seed=seed)
        return training_loader(dataset, sampler, **options)

    return make


def contents(batches):
    return [tuple(part.tolist() for part in batch) for batch in batches]


def test_training_batch_has_images_labels_and_indices(make_loader):
    loader = make_loader()
    batches = list(loader)
    assert len(batches) == len(loader) == 4
    for batch in batches:
        assert type(batch) is TrainingBatch
        assert batch.images.shape == (6, 3, 8, 4)
        assert batch.images.dtype == torch.uint8
        assert batch.labels.dtype == batch.indices.dtype == torch.int64
        assert batch.labels.tolist() == [index // 4 for index in batch.indices.tolist()]


def test_training_epoch_depends_on_seed_and_epoch_alone(make_loader):
    first, second = make_loader(), make_loader()
    torch.manual_seed(3)
    epoch_0 = contents(first)
    first.set_epoch(1)
    epoch_1 = contents(first)
    torch.manual_seed(4)
    second.set_epoch(1)
    assert contents(second) == epoch_1 != epoch_0
    assert contents(make_loader(seed=1)) != epoch_0


def test_training_leaves_torchs_random_numbers(make_loader):
    state = torch.get_rng_state()
    list(make_loader())
    assert torch.equal(torch.get_rng_state(), state)


def test_training_epoch_set_after_iter_still_counts(make_loader):
    loader = make_loader()
    expected = make_loader()
    expected.set_epoch(5)
    batches = iter(loader)
    loader.set_epoch(5)
    assert contents(batches) == contents(expected)


@pytest.mark.parametrize("workers", [0, 1])
def test_training_epoch_may_begin_in_the_middle_once(make_loader, workers):
    loader, whole = make_loader(num_workers=workers), contents(make_loader())
    loader.start_at(3)
    assert len(loader) == len(whole) == 4
    assert contents(loader) == whole[3:]
    assert contents(loader) == whole


@pytest.mark.parametrize("workers", [1, 2])
def test_training_workers_change_nothing(make_loader, workers):
    alone, many = make_loader(), make_loader(num_workers=workers)
    for epoch in range(2):
        alone.set_epoch(epoch)
        many.set_epoch(epoch)
        assert contents(many) == contents(alone)


def test_training_epoch_left_early_does_not_disturb_the_next(make_loader):
    alone, many = make_loader(), make_loader(num_workers=2)
    next(iter(many))
    alone.set_epoch(1)
    many.set_epoch(1)
    assert contents(many) == contents(alone)


@pytest.mark.parametrize("workers", [0, 2])
def test_training_stops_at_an_unreadable_image_with_our_message(make_loader, samples, workers):
    samples[5].path.write_bytes(b"")
    loader = make_loader(num_workers=workers)
    epoch = next(
        epoch
        for epoch in range(10)
        if any(draw.index == 5 for draw in _draws_of(loader.batch_sampler, epoch))
    )
    loader.set_epoch(epoch)
    with pytest.raises(ImageError, match=r"^Image \S+/5\.png is empty, got 0 bytes\. [^\n]*$"):
        list(loader)


@pytest.mark.parametrize("workers", [0, 2])
def test_training_counts_the_images_it_replaces(make_loader, samples, workers):
    samples[5].path.write_bytes(b"")
    loader = make_loader("skip", num_workers=workers)
    drawn = sum(draw.index == 5 for epoch in range(4) for draw in _draws_of(loader.batch_sampler, epoch))
    for epoch in range(4):
        loader.set_epoch(epoch)
        for batch in loader:
            assert 5 not in batch.indices.tolist()
            assert batch.labels.tolist() == [index // 4 for index in batch.indices.tolist()]
    ((failure, count),) = loader.failures.items()
    assert failure.path == samples[5].path
    assert count == drawn > 0


def _draws_of(sampler, epoch):
    sampler.set_epoch(epoch)
    return list(itertools.chain.from_iterable(sampler))


def test_training_takes_any_sampler(samples):
    dataset = TrainingImages(samples, identity_labels(samples), SIZE)
    loader = training_loader(dataset, ShuffledBatches(dataset.labels, batch_size=8, seed=0))
    assert sorted(index for batch in loader for index in batch.indices.tolist()) == list(range(24))


def test_pinned_memory_without_a_gpu_is_no_fault(make_loader, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert contents(make_loader(pin_memory=True)) == contents(make_loader())


def test_spawned_workers_give_the_same_batches(make_loader, samples):
    alone, spawned = make_loader(), make_loader(num_workers=1, start_method="spawn")
    assert contents(spawned) == contents(alone)


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="a local function is forked"
)
def test_workers_use_one_thread(samples):
    from torch.utils.data import get_worker_info

    def threads(image, seed):
        assert get_worker_info() is not None
        return torch.full_like(image, torch.get_num_threads())

    dataset = TrainingImages(samples, identity_labels(samples), SIZE, threads)
    loader = training_loader(
        dataset, ShuffledBatches(24, batch_size=8, seed=0), num_workers=1, start_method="fork"
    )
    assert {int(batch.images.max()) for batch in loader} == {1}


@pytest.fixture
def tracklets(tmp_path, write_pixels):
    """Frame counts 1, 3, 1, 2: seven rows."""
    paths = iter([write_pixels(tmp_path / f"t{number}.png", seed=number) for number in range(7)])
    return tuple(Sample(tuple(next(paths) for _ in range(count)), count) for count in (1, 3, 1, 2))


ROW_OF_SAMPLE = [0, 1, 1, 1, 2, 3, 3]


@pytest.mark.parametrize("workers", [0, 2])
def test_training_batch_of_tracklets_repeats_label_and_index_of_each_draw(tracklets, workers):
    labels = identity_labels(tracklets)
    dataset = TrainingImages(tracklets, labels, SIZE, frames_per_tracklet=3)
    loader = training_loader(
        dataset, ShuffledBatches(dataset.labels, batch_size=2, seed=0), num_workers=workers
    )
    draws = _draws_of(loader.batch_sampler, 0)
    batches = list(loader)
    assert len(batches) == len(loader) == 2
    for batch in batches:
        assert batch.images.shape == (6, 3, 8, 4)
        assert batch.labels.dtype == batch.indices.dtype == torch.int64
    indices = torch.cat([batch.indices for batch in batches]).tolist()
    assert indices == [draw.index for draw in draws for _ in range(3)]
    assert torch.cat([batch.labels for batch in batches]).tolist() == [
        labels[tracklets[index].identity] for index in indices
    ]
    images = torch.cat([batch.images for batch in batches]).unflatten(0, (-1, 3))
    assert torch.equal(images, torch.stack([dataset[draw].images for draw in draws]))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("batch_size", [1, 3, 7, 50])
def test_evaluation_yields_all_frames_in_order(tracklets, workers, batch_size):
    loader = evaluation_batches(tracklets, SIZE, batch_size=batch_size, num_workers=workers)
    batches = list(loader)
    assert len(batches) == len(loader) == -(-7 // batch_size)
    assert all(type(batch) is EvaluationBatch for batch in batches)
    assert torch.cat([batch.indices for batch in batches]).tolist() == ROW_OF_SAMPLE
    frames = [resize(read_image(frame), SIZE) for sample in tracklets for frame in sample.frames]
    assert torch.equal(torch.cat([batch.images for batch in batches]), torch.stack(frames))
    assert loader.failures == []


def test_evaluation_takes_frames_evenly_and_all_of_short_tracklets(tracklets):
    loader = evaluation_batches(tracklets, SIZE, batch_size=3, frame_sampling="evenly", frames_per_tracklet=2)
    batches = list(loader)
    assert len(batches) == len(loader) == 2
    assert loader.num_images == 6
    assert torch.cat([batch.indices for batch in batches]).tolist() == [0, 1, 1, 2, 3, 3]
    # Of three frames the middles of two parts are 0 and 2.
    paths = [*tracklets[0].frames, *tracklets[1].frames[::2], *tracklets[2].frames, *tracklets[3].frames]
    frames = torch.stack([resize(read_image(path), SIZE) for path in paths])
    assert torch.equal(torch.cat([batch.images for batch in batches]), frames)


def test_evaluation_of_one_frame_takes_the_middle_one(tracklets):
    (batch,) = evaluation_batches(tracklets, SIZE, frame_sampling="evenly", frames_per_tracklet=1)
    middles = (tracklets[0].frames[0], tracklets[1].frames[1], tracklets[2].frames[0], tracklets[3].frames[1])
    assert torch.equal(batch.images, torch.stack([resize(read_image(path), SIZE) for path in middles]))


def test_evaluation_replaces_an_unreadable_frame_by_one_behind_it(tmp_path, write_pixels):
    paths = [write_pixels(tmp_path / f"{number}.png", seed=number) for number in range(8)]
    tracklet = Sample(tuple(paths), 0)
    options = {"frame_sampling": "evenly", "frames_per_tracklet": 2, "unreadable": "skip"}  # frames 2 and 6

    def rows(*broken):
        for number in broken:
            paths[number].write_bytes(b"x")
        loader = evaluation_batches([tracklet], SIZE, **options)
        images = [image for batch in loader for image in batch.images]
        numbers = [
            next(
                n for n, path in enumerate(paths) if n not in all_broken and torch.equal(_frame(path), image)
            )
            for image in images
        ]
        return numbers, sorted(int(failure.path.stem) for failure in loader.failures)

    all_broken = set()
    for broken, chosen, failed in (
        ((), [2, 6], []),
        ((0, 4), [2, 6], []),  # frames that nobody asked for
        ((6,), [2, 7], [6]),
        ((7,), [2, 1], [0, 6, 7]),  # 6, 7 and 0 are gone: round the end to 1
        ((2, 3), [5, 1], [0, 2, 3, 4, 6, 7]),
        ((5,), [1], [0, 2, 3, 4, 5, 6, 7]),  # 2 to 5 are gone
        ((1,), [], [0, 1, 2, 3, 4, 5, 6, 7]),  # each of the tracklet's files was tried
    ):
        all_broken.update(broken)
        assert rows(*broken) == (chosen, failed)


def _frame(path):
    return resize(read_image(path), SIZE)


def test_evaluation_stops_at_an_unreadable_frame_only_where_it_is_chosen(tracklets):
    tracklets[1].frames[1].write_bytes(b"x")
    options = {"frame_sampling": "evenly", "frames_per_tracklet": 2}
    assert len(list(evaluation_batches(tracklets, SIZE, **options))) == 1
    tracklets[1].frames[2].write_bytes(b"x")
    with pytest.raises(ImageError, match=r"t3\.png is no image"):
        list(evaluation_batches(tracklets, SIZE, **options))


def test_evaluation_cuts_out_boxes(samples):
    boxed = (Sample(samples[0].frames, 1, box=(1, 2, 5, 8)), Sample(samples[0].frames, 1))
    (batch,) = evaluation_batches(boxed, SIZE)
    assert torch.equal(batch.images[0], resize(read_image(samples[0].path, box=(1, 2, 5, 8)), SIZE))
    assert not torch.equal(batch.images[0], batch.images[1])


def test_evaluation_of_nothing_is_empty():
    loader = evaluation_batches((), SIZE)
    assert len(loader) == 0
    assert list(loader) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_evaluation_stops_at_an_unreadable_image(tracklets, workers):
    tracklets[1].frames[2].write_bytes(b"x")
    with pytest.raises(ImageError, match=r"^Image \S+/t3\.png is no image, got 1 bytes[^\n]*$"):
        list(evaluation_batches(tracklets, SIZE, batch_size=2, num_workers=workers))


@pytest.mark.parametrize("workers", [0, 2])
def test_evaluation_leaves_unreadable_rows_out_and_lists_them(tracklets, workers):
    bad = [tracklets[1].frames[1], tracklets[1].frames[2], tracklets[3].frames[1]]
    for path in bad:
        path.write_bytes(b"x")
    loader = evaluation_batches(tracklets, SIZE, batch_size=2, num_workers=workers, unreadable="skip")
    for _ in range(2):  # the list is of one iteration
        batches = list(loader)
        assert torch.cat([batch.indices for batch in batches]).tolist() == [0, 1, 2, 3]
        assert [failure.path for failure in loader.failures] == bad
        assert all("is no image" in failure.reason for failure in loader.failures)
    assert len(batches) == 2  # of 4: nothing is left of rows 2 and 3, nor of row 6


def test_evaluation_refuses_bad_arguments(tracklets):
    with pytest.raises(CatalogError, match="batch_size is too small, got 0"):
        evaluation_batches(tracklets, SIZE, batch_size=0)
    with pytest.raises(CatalogError, match="Policy for unreadable images is unknown, got 'drop'"):
        evaluation_batches(tracklets, SIZE, unreadable="drop")
    with pytest.raises(CatalogError, match=r"got 'random'. Expected one of: all, evenly"):
        evaluation_batches(tracklets, SIZE, frame_sampling="random", frames_per_tracklet=3)
    with pytest.raises(
        CatalogError, match="frames_per_tracklet does not go with frame_sampling 'all', got 3"
    ):
        evaluation_batches(tracklets, SIZE, frames_per_tracklet=3)
    with pytest.raises(
        CatalogError, match="frames_per_tracklet is missing, got None with frame_sampling 'eve"
    ):
        evaluation_batches(tracklets, SIZE, frame_sampling="evenly")
    with pytest.raises(CatalogError, match="frames_per_tracklet is out of range, got 0"):
        evaluation_batches(tracklets, SIZE, frame_sampling="evenly", frames_per_tracklet=0)
