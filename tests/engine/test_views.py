"""Test-time augmentation against views that are made one by one."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reidkit.core.errors import CatalogError, EvaluationError
from reidkit.core.types import DatasetSplits, Preprocessing, Sample
from reidkit.data.images import normalize_pixels, read_image, resize
from reidkit.data.readers import read_dataset
from reidkit.engine.evaluate import choose_protocol, evaluate
from reidkit.engine.extract import extract
from reidkit.engine.views import Views
from tests.engine.test_evaluate import mean_colour

PREPROCESSING = Preprocessing(height=60, width=30)
SCALES = (1.0, 1.1, 1.2)


@pytest.fixture(scope="module")
def splits(dataset_root: Path) -> DatasetSplits:
    return read_dataset("folder", dataset_root)


def embed(images: torch.Tensor) -> torch.Tensor:
    """Descriptors whose length depends on the size of the input, and whose values on left and right."""
    return mean_colour(images) * images.shape[2] + images[:, :, 0, 0].repeat(1, 8)


def one_by_one(sample: Sample, scales: tuple[float, ...], flip: bool, average: str) -> torch.Tensor:
    parts = []
    for scale in scales:
        size = replace(PREPROCESSING, height=round(60 * scale), width=round(30 * scale))
        view = normalize_pixels(resize(read_image(sample.path), size)[None], PREPROCESSING)
        assert view.shape[2:] == (round(60 * scale), round(30 * scale))
        parts += [embed(view), embed(view.flip(3))] if flip else [embed(view)]
    rows = torch.cat(parts)
    return (rows / rows.norm(dim=1, keepdim=True) if average == "unit" else rows).mean(0)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("average", ["raw", "unit"])
def test_every_view_is_made_of_the_image_and_all_are_averaged(
    splits: DatasetSplits, flip: bool, average: str
):
    samples = splits.query[:3]
    found = extract(
        embed, samples, PREPROCESSING, flip=flip, scales=SCALES, view_average=average, batch_size=2
    )
    expected = torch.stack([one_by_one(sample, SCALES, flip, average) for sample in samples])
    torch.testing.assert_close(found.descriptors, expected)


def test_scales_do_not_build_on_each_other(splits: DatasetSplits):
    # Layumi's baseline gives 256 x 128, 268 x 134 and 293 x 146 for what should be 256, 268 and 280.
    sizes = Views(scales=(1.0, 1.1**0.5, 1.2**0.5)).sizes(Preprocessing(height=256, width=128))
    assert [(size.height, size.width) for size in sizes] == [(256, 128), (268, 134), (280, 140)]
    order = [extract(embed, splits.query[:2], PREPROCESSING, scales=s) for s in (SCALES, SCALES[::-1])]
    torch.testing.assert_close(order[0].descriptors, order[1].descriptors)


def test_one_view_alone_is_the_descriptor_itself(splits: DatasetSplits):
    plain = extract(embed, splits.query[:2], PREPROCESSING)
    same = extract(embed, splits.query[:2], PREPROCESSING, scales=(1.0,), view_average="unit")
    assert torch.equal(plain.descriptors, same.descriptors)


def test_tracklets_average_the_views_of_every_frame(splits: DatasetSplits):
    first, second = splits.query[:2]
    tracklet = Sample((first.path, second.path), "x")
    found = extract(embed, [tracklet, first, second], PREPROCESSING, flip=True, scales=SCALES).descriptors
    torch.testing.assert_close(found[0], (found[1] + found[2]) / 2)


def test_model_of_one_input_size_is_told_from_the_start(splits: DatasetSplits):
    def fixed(images: torch.Tensor) -> torch.Tensor:
        if images.shape[2] != 60:
            raise AssertionError("Input height (66) doesn't match model (60).")
        return mean_colour(images)

    with pytest.raises(EvaluationError, match=r"^Model takes no images of 66 x 33, got scale 1\.1: Input"):
        extract(fixed, splits.query[:2], PREPROCESSING, scales=SCALES)


@pytest.mark.parametrize("scales", [(), (0.0,), (1.0, -1.0), (float("nan"),), (float("inf"),)])
def test_scales_out_of_range_are_refused(splits: DatasetSplits, scales: tuple[float, ...]):
    with pytest.raises(CatalogError, match=r"^Scales of the views are out of range, got \["):
        extract(embed, splits.query[:1], PREPROCESSING, scales=scales)


def test_another_average_is_refused():
    with pytest.raises(CatalogError, match=r"^Unknown average of views 'median'\. Known: raw, unit\."):
        Views(average="median")


def test_evaluation_embeds_by_its_protocol_and_stores_it(splits: DatasetSplits):
    protocol = choose_protocol(
        splits, distance="euclidean", normalization="unit", flip=True, scales=(1.0, 1.2), view_average="unit"
    )
    evaluation = evaluate(embed, splits, PREPROCESSING, protocol)
    expected = one_by_one(evaluation.queries[0], (1.0, 1.2), True, "unit")
    torch.testing.assert_close(evaluation.query_descriptors[0], expected / expected.norm())
    stored = evaluation.as_json()["summary"]["protocol"]
    assert (stored["normalization"], stored["scales"], stored["view_average"], stored["flip"]) == (
        "unit", [1.0, 1.2], "unit", True
    )  # fmt: skip
    # Unit descriptors order alike by either distance.
    cosine = evaluate(embed, splits, PREPROCESSING, replace(protocol, distance="cosine"))
    assert cosine.scores.first_match_rank.tolist() == evaluation.scores.first_match_rank.tolist()
