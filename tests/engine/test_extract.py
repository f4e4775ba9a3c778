import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reidkit.core.errors import CatalogError
from reidkit.core.types import DatasetSplits, Preprocessing, Sample
from reidkit.engine.evaluate import evaluate
from reidkit.engine.extract import extract
from reidkit.metrics.protocols import PROTOCOLS

SIZE = Preprocessing(height=8, width=4, mean=(0, 0, 0), std=(1, 1, 1))


def grey(images: torch.Tensor) -> torch.Tensor:
    """The grey value of a plain image, 0 to 255, and 1."""
    values = images.mean((1, 2, 3))[:, None] * 255
    return torch.cat([values, torch.ones_like(values)], 1)


@pytest.fixture
def tracklet(tmp_path: Path):
    """Return a function that writes plain frames of these grey values as one tracklet."""

    def write(*values: int, identity: int = 0, camera: int = 0) -> Sample:
        frames = []
        for number, value in enumerate(values):
            path = tmp_path / f"{identity}_{camera}_{number}.png"
            Image.fromarray(np.full((8, 4, 3), value, np.uint8)).save(path)
            frames.append(path)
        return Sample(tuple(frames), identity, camera)

    return write


def values_of(samples: list[Sample], **options: object) -> list[float]:
    return extract(grey, samples, SIZE, **options).descriptors[:, 0].tolist()


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_all_frames_at_any_batch_size(tracklet, batch_size: int):
    samples = [tracklet(0, 10, 20, 90), tracklet(7, identity=1), tracklet(1, 2, identity=2)]
    assert values_of(samples, batch_size=batch_size) == pytest.approx([30, 7, 1.5], abs=1e-3)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_even_frames_at_any_batch_size(tracklet, batch_size: int):
    samples = [tracklet(0, 10, 20, 90), tracklet(7, identity=1), tracklet(1, 2, identity=2)]
    options = {"frame_sampling": "evenly", "frames_per_tracklet": 2, "batch_size": batch_size}
    # Frames 1 and 3 of four; both of two, neither counted twice.
    assert values_of(samples, **options) == pytest.approx([50, 7, 1.5], abs=1e-3)


def test_short_tracklets_are_not_weighted_by_repeated_frames(tracklet):
    samples = [tracklet(10, 40)]
    assert values_of(samples, frame_sampling="evenly", frames_per_tracklet=3) == pytest.approx([25], abs=1e-3)


def test_progress_counts_the_frames_that_are_used(tracklet):
    calls: list[tuple[int, int]] = []
    extract(
        grey,
        [tracklet(*range(10)), tracklet(3, identity=1)],
        SIZE,
        batch_size=3,
        frame_sampling="evenly",
        frames_per_tracklet=4,
        report=lambda *call: calls.append(call),
    )
    assert calls == [(3, 5), (5, 5)]


def test_unreadable_even_frame_is_replaced_by_one_behind(tracklet):
    sample = tracklet(0, 10, 20, 90)
    sample.frames[1].write_bytes(b"x")
    result = extract(grey, [sample], SIZE, frame_sampling="evenly", frames_per_tracklet=2, unreadable="skip")
    assert result.descriptors[0, 0].item() == pytest.approx((20 + 90) / 2, abs=1e-3)
    assert [failure.path for failure in result.failures] == [sample.frames[1]]


def test_tracklet_without_readable_frames_is_nan_and_every_file_of_it_is_listed(tracklet):
    sample, other = tracklet(0, 10, 20, 90), tracklet(5, identity=1)
    for frame in sample.frames:
        frame.write_bytes(b"x")
    result = extract(
        grey, [sample, other], SIZE, frame_sampling="evenly", frames_per_tracklet=2, unreadable="skip"
    )
    assert math.isnan(result.descriptors[0, 0].item())
    assert result.descriptors[1, 0].item() == pytest.approx(5, abs=1e-3)
    assert {failure.path for failure in result.failures} == set(sample.frames)


def test_evaluation_leaves_out_what_no_frame_of_could_be_read(tracklet):
    splits = DatasetSplits(
        name="own",
        root=Path(),
        train=(),
        query=(tracklet(10, 11),),
        gallery=(tracklet(10, 11, camera=1), tracklet(200, 210, identity=1, camera=1)),
        protocol="market1501",
    )
    for frame in splits.gallery[1].frames:
        frame.write_bytes(b"x")
    evaluation = evaluate(grey, splits, SIZE, PROTOCOLS["market1501"], unreadable="skip")
    assert evaluation.gallery == splits.gallery[:1]


def test_bad_choice_of_frames_is_refused(tracklet):
    with pytest.raises(CatalogError, match=r"got 'random'. Expected one of: all, evenly"):
        extract(grey, [tracklet(1)], SIZE, frame_sampling="random")
    with pytest.raises(CatalogError, match="frames_per_tracklet is missing"):
        extract(grey, [tracklet(1)], SIZE, frame_sampling="evenly")


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_the_maximum_over_frames_at_any_batch_size(tracklet, batch_size: int):
    samples = [tracklet(40, 10, 30), tracklet(200, identity=1)]
    values = values_of(samples, temporal="max", batch_size=batch_size)
    assert values == pytest.approx([40, 200], abs=1e-3)


def test_an_unknown_way_to_pool_frames_is_refused(tracklet):
    with pytest.raises(CatalogError, match="Temporal pooling is unknown, got 'median'"):
        values_of([tracklet(1)], temporal="median")
