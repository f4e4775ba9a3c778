"""Maps of descriptors: groups stay together, pictures have what was asked for, faults are named."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from reidkit.core.errors import CatalogError, EvaluationError, MissingExtraError
from reidkit.vis.descriptor_map import CATEGORICAL, as_rows, draw_map, place_descriptors
from tests.vis.scenes import COLOURS, make_samples


def test_groups_stay_together():
    pytest.importorskip("sklearn")
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1], 12)
    descriptors = np.eye(4)[groups] + 0.05 * generator.normal(size=(24, 4))
    places = place_descriptors(descriptors, "cosine")
    assert places.shape == (24, 2)
    assert places.min() == 0
    assert places.max() == 1
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(24)
    assert (groups[gaps.argmin(axis=1)] == groups).all()


def test_faults_are_named(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(CatalogError, match=r"Unknown map .pca.\. Known: tsne, umap"):
        place_descriptors(np.zeros((9, 2)), "cosine", method="pca")
    with pytest.raises(EvaluationError, match="Descriptors cannot be mapped, got 2"):
        place_descriptors(np.zeros((2, 2)), "cosine")
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtraError, match=r"UMAP needs the package 'umap'.*reidkit\[analysis\]"):
        place_descriptors(np.ones((9, 2)), "cosine", method="umap")


def test_pictures_and_rows(tmp_path: Path):
    samples = make_samples(tmp_path, ["ann", "bob"])
    places = np.array([[0.0, 0.0], [1.0, 1.0]])
    points = {pixel for _, pixel in draw_map(places, samples).getcolors(1 << 20)}
    assert set(CATEGORICAL[:2]) <= points
    thumbnails = {pixel for _, pixel in draw_map(places, samples, by="picture").getcolors(1 << 20)}
    assert set(COLOURS[:2]) <= thumbnails
    with pytest.raises(CatalogError, match="Unknown colouring 'hat'"):
        draw_map(places, samples, by="hat")
    assert [row["identity"] for row in as_rows(places, samples)] == ["ann", "bob"]
    assert as_rows(places, samples)[1]["x"] == 1


@pytest.mark.slow  # umap compiles itself first
def test_umap_keeps_two_clouds_apart_and_is_the_same_each_time():
    # umap warns of its own use of several libraries; what counts is the map.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("umap")
        generator = np.random.default_rng(0)
        clouds = [generator.normal(8 * place, 1, (15, 4)) for place in (0, 1)]
        places, again = (
            place_descriptors(np.concatenate(clouds), "euclidean", method="umap") for _ in range(2)
        )
    np.testing.assert_array_equal(places, again)
    assert places.shape == (30, 2)
    assert (places.min(), places.max()) == (0, 1)
    middles = places[:15].mean(axis=0), places[15:].mean(axis=0)
    spread = max(
        np.linalg.norm(places[:15] - middles[0], axis=1).max(),
        np.linalg.norm(places[15:] - middles[1], axis=1).max(),
    )
    assert np.linalg.norm(middles[0] - middles[1]) > 1.5 * spread
