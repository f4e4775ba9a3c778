"""FastReID 1.3 in training: the same losses, gradients and statistics after one forward and backward pass."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.compat.checkpoints.fastreid import recognise
from reidkit.core.types import Preprocessing
from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.triplet import BatchHardTriplet
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model
from tests.golden.test_fastreid_golden import SHAPES
from tests.golden.weights import draw_fastreid_state_dict

STORED = np.load(Path(__file__).parent / "fastreid" / "training.npz")
IDENTITIES = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
NUM_IDENTITIES = 751


def images(preprocessing: Preprocessing, height: int) -> torch.Tensor:
    """Return 8 images of that height and 32 pixels width of random squares of 8 pixels, standardised."""
    generator = np.random.Generator(np.random.PCG64(3))
    squares = generator.uniform(0, 255, (8, 3, height // 8, 4))
    pixels = torch.from_numpy(np.kron(squares, np.ones((8, 8))).astype(np.float32)) / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    return (pixels - mean) / std


def trained_on(name: str, **head_arguments: str) -> tuple[ReidModel, dict[str, str], Preprocessing]:
    """Return a model in training mode with the drawn weights, and our names of its tensors."""
    tensors = draw_fastreid_state_dict(SHAPES[name])
    found = recognise(tensors, {})
    assert found is not None
    arguments = dict(found.arguments)
    if head_arguments:
        arguments["head_arguments"] = {**arguments["head_arguments"], **head_arguments}
    size = (found.preprocessing.height, found.preprocessing.width)
    model = build_model(
        found.architecture, num_identities=NUM_IDENTITIES, image_size=size, arguments=arguments
    )
    model.load_state_dict(found.rename(tensors))
    names = {key: ours for key in tensors if (ours := found.our_key(key)) is not None}
    return model.train(), names, found.preprocessing


def test_bag_of_tricks_has_fastreids_losses_gradients_and_statistics():
    model, names, preprocessing = trained_on("bagtricks_R50", metric_features="pooled")
    outputs = model.training_outputs(images(preprocessing, 64))
    # FastReID gives the share of 0.1 to the other identities alone, ours to all of them.
    smoothing = 0.1 * NUM_IDENTITIES / (NUM_IDENTITIES - 1)
    identity_loss = CrossEntropy(label_smoothing=smoothing)(outputs.logits[0], IDENTITIES)
    triplet_loss = BatchHardTriplet(margin=0.3)(outputs.features[0], IDENTITIES)
    assert float(identity_loss.detach()) == pytest.approx(
        float(STORED["bagtricks_R50/loss/loss_cls"]), rel=1e-5
    )
    assert float(triplet_loss.detach()) == pytest.approx(
        float(STORED["bagtricks_R50/loss/loss_triplet"]), rel=1e-4
    )
    (identity_loss + triplet_loss).backward()
    theirs = dict(
        zip(
            STORED["bagtricks_R50/gradient_names"].tolist(),
            STORED["bagtricks_R50/gradients"].tolist(),
            strict=True,
        )
    )
    assert len(theirs) == 161
    ours = {key: float(model.get_parameter(names[key]).grad.norm()) for key in theirs}
    np.testing.assert_allclose(list(ours.values()), list(theirs.values()), rtol=2e-3)
    buffers = [key for key in STORED.files if key.startswith("bagtricks_R50/buf/")]
    assert len(buffers) >= 4
    for key in buffers:
        actual = model.get_buffer(names[key.removeprefix("bagtricks_R50/buf/")]).numpy()
        np.testing.assert_allclose(actual, STORED[key], rtol=1e-4, atol=1e-5)


def test_multiple_granularities_have_fastreids_triplet_losses():
    model, _, preprocessing = trained_on("mgn_R50-ibn")
    with torch.no_grad():
        outputs = model.training_outputs(images(preprocessing, 96))
    loss = BatchHardTriplet(margin=None)
    assert len(outputs.features) == 5
    for features, branch in zip(outputs.features, ("b1", "b2", "b3", "b22", "b33"), strict=True):
        expected = float(STORED[f"mgn_R50-ibn/loss/loss_triplet_{branch}"])
        # FastReID stores each of the five terms with its weight.
        assert float(loss(features, IDENTITIES)) * 0.2 == pytest.approx(expected, rel=1e-4)
