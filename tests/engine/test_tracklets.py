"""A recipe on tracklets: frames that are joined in training, and attention that the checkpoint keeps."""

import csv
import json
from pathlib import Path

import pytest
import torch

from reidkit.core.errors import CatalogError, RecipeError
from reidkit.data.images import normalize_pixels, read_image, resize
from reidkit.deploy.embedder import load
from reidkit.engine.evaluate import choose_protocol, evaluate
from reidkit.engine.train import TrainingResult, train
from tests.conftest import draw_dataset
from tests.engine.recipes import small_recipe

ON_TRACKLETS = {
    "sampling": {"frames_per_tracklet": 3, "temporal": "attention", "same_augmentation": True},
    "training": {"epochs": 1},
    "evaluation": {"every_epochs": 0},
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tracklet of four frames for each identity and camera."""
    root = draw_dataset(tmp_path_factory.mktemp("video"), test=4, cameras=2, images=4)
    path = root / "manifest.csv"
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["path", "identity", "camera", "split", "tracklet"])
        for image in sorted(root.rglob("*.png")):
            identity, camera, _ = image.stem.split("_")
            is_train = image.relative_to(root).parts[0] == "train"
            split = "train" if is_train else "query" if camera == "c1" else "gallery"
            rows.writerow([image.relative_to(root), identity, camera, split, "1"])
    return path


@pytest.fixture(scope="module")
def trained(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    recipe = small_recipe(manifest, data={"reader": "manifest"}, **ON_TRACKLETS)
    return train(recipe, tmp_path_factory.mktemp("video_run") / "run")


def test_two_steps_teach_the_attention_and_the_checkpoint_keeps_it(trained: TrainingResult):
    assert len(trained.splits.train[0].frames) == 4
    assert trained.card.has_frame_attention
    attention = load(trained.folder.model).model.frame_attention
    assert attention is not None
    assert attention.score.weight.abs().min() > 0  # it starts at 0


def test_the_descriptor_of_a_tracklet_is_its_frames_by_learned_weights(trained: TrainingResult):
    embedder = load(trained.folder.model)
    preprocessing = embedder.card.preprocessing
    tracklet = trained.evaluation.queries[0]
    pixels = torch.stack([resize(read_image(frame), preprocessing) for frame in tracklet.frames])
    with torch.no_grad():
        frames = embedder.model(normalize_pixels(pixels, preprocessing))
        weights = (frames @ embedder.model.frame_attention.score.weight[0]).softmax(0)
    torch.testing.assert_close(
        trained.evaluation.query_descriptors[0], weights @ frames, rtol=1e-4, atol=1e-4
    )
    assert weights.std() > 0


def test_scores_say_how_frames_were_joined(trained: TrainingResult):
    scores = json.loads(trained.folder.scores.read_text())
    assert scores["summary"]["protocol"]["temporal"] == "attention"
    embedder = load(trained.folder.model)
    preprocessing = embedder.card.preprocessing
    with torch.no_grad():  # two steps hardly move descriptors and scores
        embedder.model.frame_attention.score.weight.normal_(std=1e3)
    found = {}
    for temporal in ("average", "max", "attention"):
        protocol = choose_protocol(trained.splits, temporal=temporal)
        evaluation = evaluate(embedder.model, trained.splits, preprocessing, protocol)
        assert evaluation.scores.summary()["protocol"]["temporal"] == temporal
        found[temporal] = evaluation.query_descriptors
    assert (found["attention"] - found["average"]).abs().max() > 1e-4
    assert (found["max"] >= found["average"] - 1e-6).all()
    assert (found["max"] >= found["attention"] - 1e-6).all()


def test_frames_joined_by_their_average_train_no_attention(manifest: Path, tmp_path: Path):
    changes = ON_TRACKLETS | {"sampling": {"frames_per_tracklet": 2, "temporal": "average"}}
    recipe = small_recipe(manifest, data={"reader": "manifest"}, **changes)
    result = train(recipe, tmp_path / "run")
    assert not result.card.has_frame_attention
    assert result.evaluation.scores.protocol.temporal == "average"
    with pytest.raises(CatalogError, match="needs a model that learned to weigh frames"):
        evaluate(
            load(result.folder.model).model,
            result.splits,
            result.card.preprocessing,
            choose_protocol(result.splits, temporal="attention"),
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"sampling": {"temporal": "attention"}},
            "joins the frames of a tracklet, got frames_per_tracklet 1",
        ),
        (
            {"sampling": {"temporal": "average", "frames_per_tracklet": 2, "views": 2}},
            "Expected at least 2 frames and 1 view",
        ),
        ({"evaluation": {"temporal": "attention"}}, "evaluation.temporal: nothing learns attention"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, object], message: str):
    with pytest.raises(RecipeError, match=message):
        small_recipe(None, **changes)
