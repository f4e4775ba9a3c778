"""Local matching within an evaluation, against a loop over single images."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import reidkit.engine.local_matching as local_matching
from reidkit.core.distance import pairwise_distance
from reidkit.core.errors import CatalogError, EvaluationError
from reidkit.core.types import DatasetSplits, Preprocessing
from reidkit.data.readers import read_dataset
from reidkit.engine.evaluate import evaluate
from reidkit.engine.extract import extract
from reidkit.engine.post_processing import PostProcessing
from reidkit.metrics.local_matching import LOCAL_MATCHERS, spatial_features
from reidkit.metrics.protocols import PROTOCOLS

PREPROCESSING = Preprocessing(height=32, width=16)
PROTOCOL = PROTOCOLS["market1501"]


class Patches(torch.nn.Module):
    """A weak descriptor beside a map that tells more."""

    def __init__(self) -> None:
        super().__init__()
        self.num_mapped = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))

    def feature_map(self, images: torch.Tensor) -> torch.Tensor:
        assert not self.training
        self.num_mapped += len(images)
        return torch.nn.functional.pixel_unshuffle(images, 8)


@pytest.fixture(scope="module")
def splits(dataset_root: Path) -> DatasetSplits:
    return read_dataset("folder", dataset_root)


def locations_of(splits: DatasetSplits, *, is_query: bool) -> list[torch.Tensor]:
    """Return the features of the locations of each image alone; those of the gallery as they are stored."""

    def embed(images: torch.Tensor) -> torch.Tensor:
        return spatial_features(torch.nn.functional.pixel_unshuffle(images, 8)).flatten(1)

    found = []
    for sample in splits.query if is_query else splits.gallery:
        rows = extract(embed, [sample], PREPROCESSING).descriptors[0].reshape(192, 8)
        unit = torch.nn.functional.normalize(rows, dim=0)
        found.append(unit if is_query else unit.half().float())
    return found


@pytest.mark.parametrize("method", sorted(LOCAL_MATCHERS))
@pytest.mark.parametrize("top", [4, 1000])
def test_evaluation_equals_a_loop(
    splits: DatasetSplits, method: str, top: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(local_matching, "CHUNK_IMAGES", 4)
    monkeypatch.setattr(local_matching, "STEP_BYTES", 3 * 4 * 192 * 8)
    model = Patches().train()
    after = PostProcessing(local=method, local_top=top, local_weight=0.3)
    found = evaluate(model, splits, PREPROCESSING, PROTOCOL, after=after)
    assert model.training
    assert found.scores.protocol.post_processing == (f"{method}(top={top}, weight=0.3)",)
    distances = pairwise_distance(found.query_descriptors, found.gallery_descriptors, distance="cosine")
    queries, gallery = locations_of(splits, is_query=True), locations_of(splits, is_query=False)
    used = set()
    assert found.blocks is not None
    keys = found.blocks.keys(slice(0, len(queries)))
    for number, query in enumerate(queries):
        order = distances[number].argsort(stable=True).tolist()
        nearest, rest = sorted(order[:top]), order[top:]
        used |= set(nearest)
        second = [float(LOCAL_MATCHERS[method](query, gallery[row][None])) for row in nearest]
        mixed = [
            0.7 * float(distances[number, row]) + 0.3 * value
            for row, value in zip(nearest, second, strict=True)
        ]
        np.testing.assert_allclose(keys[number, nearest], mixed, atol=2e-5)
        assert np.argsort(keys[number], kind="stable").tolist()[len(nearest) :] == rest
    # Each query and each candidate was mapped once, and no other image.
    assert model.num_mapped == len(queries) + len(used)


def test_local_matching_changes_the_ranking_and_no_pairs(splits: DatasetSplits):
    plain = evaluate(Patches(), splits, PREPROCESSING, PROTOCOL)
    local = evaluate(Patches(), splits, PREPROCESSING, PROTOCOL, after=PostProcessing(local="dsr"))
    assert local.scores.average_precision.tolist() != plain.scores.average_precision.tolist()
    assert local.pairs.genuine.tolist() == plain.pairs.genuine.tolist()
    nothing = PostProcessing(local="dsr", local_weight=0.0)
    same = evaluate(Patches(), splits, PREPROCESSING, PROTOCOL, after=nothing)
    assert same.scores.average_precision.tolist() == plain.scores.average_precision.tolist()


def test_what_cannot_be_matched_is_refused(splits: DatasetSplits, monkeypatch: pytest.MonkeyPatch):
    def embed(images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))

    with pytest.raises(EvaluationError, match="Local matching needs feature maps, got function"):
        evaluate(embed, splits, PREPROCESSING, PROTOCOL, after=PostProcessing(local="dsr"))
    for after, message in (
        (PostProcessing(local="dsr", local_top=0), "got 0 candidates"),
        (PostProcessing(local="dsr", local_weight=2), "weight 2"),
        (PostProcessing(local="max"), "Unknown local matching 'max'"),
        (PostProcessing(rerank_arguments={"k1": 3}), "Arguments without re-ranking, got k1"),
    ):
        with pytest.raises(CatalogError, match=message):
            evaluate(Patches(), splits, PREPROCESSING, PROTOCOL, after=after)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(EvaluationError, match="Feature maps do not fit the disk"):
        evaluate(Patches(), splits, PREPROCESSING, PROTOCOL, after=PostProcessing(local="dsr"))
