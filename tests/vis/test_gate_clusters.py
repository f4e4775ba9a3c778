"""Gate vectors by hand from a hook-free run, and k-means against scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import Sample
from reidkit.models.osnet import AggregationGate
from reidkit.models.zoo import build_model
from reidkit.vis.gate_clusters import draw_clusters, gate_vectors, k_means
from tests.vis.scenes import COLOURS, draw_image


def test_gate_vectors_are_the_weights_of_all_streams():
    torch.manual_seed(0)
    model = build_model("osnet_x0_25", image_size=(64, 32))
    vectors = gate_vectors(model, torch.randn(3, 3, 64, 32))
    channels = [module for module in model.modules() if isinstance(module, AggregationGate)][-1]
    assert vectors.shape == (3, 4 * channels.reduce.in_channels)
    assert bool(((vectors > 0) & (vectors < 1)).all())
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_models_without_gates_are_refused():
    with pytest.raises(CatalogError, match="Model has no gates to cluster, got block 9 of 6"):
        gate_vectors(build_model("osnet_x0_25"), torch.zeros(1, 3, 64, 32), block=9)
    plain = build_model("osnet_x0_25", arguments={"fusion": "addition"})
    with pytest.raises(CatalogError, match="Block -1 has no gate"):
        gate_vectors(plain, torch.zeros(1, 3, 64, 32))


def test_k_means_by_hand():
    vectors = np.array([[0.0], [2.0], [10.0], [13.0]])
    found = k_means(vectors, 2)
    near, far = sorted(found.centres[:, 0].tolist())
    assert (near, far) == (1.0, 11.5)
    assert found.distances.tolist() == [1, 1, 1.5, 1.5]
    assert found.nearest(int(found.members[2]), 1).tolist() == [2]


def test_k_means_agrees_with_scikit_learn():
    cluster = pytest.importorskip("sklearn.cluster")
    generator = np.random.default_rng(0)
    vectors = np.concatenate([generator.normal(10 * place, 1, (30, 4)) for place in range(3)])
    expected = cluster.KMeans(3, n_init=1, random_state=0).fit(vectors)
    found = k_means(vectors, 3)
    np.testing.assert_allclose(np.sort(found.centres[:, 0]), np.sort(expected.cluster_centers_[:, 0]))
    assert np.square(found.distances).sum() == pytest.approx(expected.inertia_)


def test_equal_vectors_do_no_harm():
    found = k_means(np.ones((4, 2)), 3)
    assert not found.distances.any()


@pytest.mark.parametrize("count", [0, 5])
def test_cluster_counts_out_of_range_are_refused(count: int):
    with pytest.raises(ShapeError, match="Vectors cannot be clustered"):
        k_means(np.zeros((4, 2)), count)


def test_picture_has_a_row_per_cluster(tmp_path: Path):
    paths = [draw_image(tmp_path / f"{number}.png", COLOURS[number]) for number in range(4)]
    samples = [Sample((path,), "") for path in paths]
    sheet = draw_clusters(k_means(np.array([[0.0], [0.1], [9.0], [9.1]]), 2), samples, count=2)
    drawn = {pixel for _, pixel in sheet.getcolors(1 << 20)}
    assert set(COLOURS[:4]) <= drawn


def test_picture_is_cut_to_the_box(tmp_path: Path):
    frame = Image.new("RGB", (40, 40), COLOURS[0])
    frame.paste(COLOURS[1], (10, 10, 20, 30))
    frame.save(tmp_path / "frame.png")
    sample = Sample((tmp_path / "frame.png",), "", box=(10, 10, 20, 30))
    sheet = draw_clusters(k_means(np.zeros((1, 1)), 1), [sample], count=1)
    drawn = {pixel for _, pixel in sheet.getcolors(1 << 20)}
    assert COLOURS[1] in drawn
    assert COLOURS[0] not in drawn
