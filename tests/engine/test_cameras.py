"""A model that is told cameras: from the recipe to the checkpoint, the evaluation and the embedder."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from reidkit.core.errors import CatalogError, RecipeError
from reidkit.core.types import Sample
from reidkit.data.images import normalize_pixels, read_image, resize
from reidkit.deploy.embedder import load
from reidkit.engine.evaluate import evaluate
from reidkit.engine.extract import extract
from reidkit.engine.train import TrainingResult, train
from tests.engine.recipes import small_recipe

SMALL = {"width": 32, "depth": 2, "num_heads": 2, "has_jigsaw": False}
MODEL = {"name": "transreid", "arguments": SMALL, "side_information": "camera"}


@pytest.fixture(scope="module")
def trained(dataset_root: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    recipe = small_recipe(
        dataset_root, model=MODEL, training={"epochs": 1}, evaluation={"every_epochs": 0, "flip": True}
    )
    return train(recipe, tmp_path_factory.mktemp("cameras") / "run")


def by_hand(result: TrainingResult, sample: Sample, row: int | None) -> Tensor:
    """The mean over image and mirror image, with the vector of a camera put in by its row; None is the mean."""
    embedder = load(result.folder.model)
    model = embedder.model
    preprocessing = embedder.card.preprocessing
    image = normalize_pixels(resize(read_image(sample.path), preprocessing)[None], preprocessing)
    table = model.camera_embedding.table
    vector = table.mean(0) if row is None else table[row]
    network = model.backbone.network
    found = []
    with torch.no_grad():
        for view in (image, image.flip(3)):
            tokens = network._pos_embed(network.patch_embed(view)) + model.camera_strength * vector
            for block in network.blocks:
                tokens = block(tokens)
            found.append(model.global_branch(tokens)[0, 0])
    return (found[0] + found[1]) / 2


def test_evaluation_tells_the_model_each_camera(trained: TrainingResult):
    name = trained.splits.name
    cameras = sorted({sample.camera for sample in trained.splits.train})
    assert len(cameras) > 1
    assert trained.card.arguments["cameras"] == [f"{name}/{camera}" for camera in cameras]
    evaluation = trained.evaluation
    assert evaluation.cameras == {
        "known": len(trained.splits.query) + len(trained.splits.gallery),
        "unknown": 0,
    }
    for sample, descriptor in list(zip(evaluation.queries, evaluation.query_descriptors, strict=True))[:4]:
        expected = by_hand(trained, sample, cameras.index(sample.camera))
        torch.testing.assert_close(descriptor, expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(descriptor, by_hand(trained, sample, None), atol=1e-3)


def test_cameras_of_another_data_set_are_unknown_and_take_the_mean(trained: TrainingResult):
    embedder = load(trained.folder.model)
    judge = {"protocol": trained.evaluation.scores.protocol}
    preprocessing = embedder.card.preprocessing
    elsewhere = evaluate(embedder.model, replace(trained.splits, name="town"), preprocessing, **judge)
    assert elsewhere.cameras["known"] == 0
    expected = by_hand(trained, elsewhere.queries[0], None)
    torch.testing.assert_close(elsewhere.query_descriptors[0], expected, rtol=1e-4, atol=1e-4)
    ignored = evaluate(embedder.model, trained.splits, preprocessing, ignores_cameras=True, **judge)
    assert ignored.cameras is None
    torch.testing.assert_close(ignored.query_descriptors, elsewhere.query_descriptors)
    # The files are those of the training data, whatever the folder is called now.
    known = evaluate(
        embedder.model,
        replace(trained.splits, name="town"),
        preprocessing,
        data_set=trained.splits.name,
        **judge,
    )
    torch.testing.assert_close(known.query_descriptors, trained.evaluation.query_descriptors)


def test_the_embedder_takes_cameras(trained: TrainingResult):
    embedder = load(trained.folder.model)
    sample = trained.splits.query[0]
    paths = [sample.path] * 3
    rows = embedder.embed(paths, cameras=[sample.camera, None, "nowhere"])
    assert abs(rows[0] - rows[1]).max() > 1e-4
    assert (rows[1] == rows[2]).all()
    assert (rows[1] == embedder.embed(sample.path)[0]).all()
    for count in (2, 4):
        with pytest.raises(CatalogError, match="Cameras do not fit the images"):
            embedder.embed(paths, cameras=[1] * count)


def test_equal_images_of_several_cameras_are_embedded_for_each(trained: TrainingResult):
    embedder = load(trained.folder.model)
    sample = trained.splits.query[0]
    labels = embedder.card.arguments["cameras"]
    found = extract(
        embedder.model, [sample] * 3, embedder.card.preprocessing, cameras=[labels[0], labels[1], labels[0]]
    ).descriptors
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[1])


def test_side_information_that_cannot_be_had_is_refused(dataset_root: Path, tmp_path: Path):
    with pytest.raises(RecipeError, match="uses no side_information"):
        small_recipe(dataset_root, model={"side_information": "camera"})
    with pytest.raises(RecipeError, match="both given"):
        small_recipe(dataset_root, model=MODEL | {"arguments": SMALL | {"cameras": [1]}})
    recipe = small_recipe(dataset_root, model=MODEL | {"side_information": "view"})
    with pytest.raises(RecipeError, match=r"no training image of \S+ has one"):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()
