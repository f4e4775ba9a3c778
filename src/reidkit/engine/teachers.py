"""Teachers: trained networks that another one learns from, and that stay as they are."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import TrainingError
from reidkit.core.side_information import side_labels
from reidkit.core.types import Sample
from reidkit.data.dataset import identity_labels
from reidkit.data.images import normalize_pixels
from reidkit.engine.network import NetworkOutputs, run_network, told_cameras
from reidkit.engine.provenance import identity_fingerprint
from reidkit.engine.stage_maps import stage_ends
from reidkit.models.checkpoint import ModelCard, load_model
from reidkit.models.model import ReidModel


class Teacher:
    """A trained network in evaluation mode, without gradients; no part of what is trained or kept.

    It sees the augmented images of the student, standardised by its own statistics and resized to its own
    input where that differs.

    Args:
        model: The network.
        card: What it is.
        samples: The training samples of the student, whose cameras a network that asks is told.
        data_set: Name of their data set.
    """

    def __init__(self, model: ReidModel, card: ModelCard, samples: Sequence[Sample], data_set: str) -> None:
        self.model = model.eval().requires_grad_(False)
        self.card = card
        self.side_labels = side_labels(samples, model.side_information, data_set)

    @torch.no_grad()
    def __call__(self, images: Tensor, indices: Tensor, *, with_maps: bool = False) -> NetworkOutputs:
        """Return what the network says of pixels uint8 (B, 3, H, W) of the samples at indices (B,)."""
        self.model.to(images.device)
        pixels = normalize_pixels(images, self.card.preprocessing)
        size = (self.card.preprocessing.height, self.card.preprocessing.width)
        if pixels.shape[2:] != size:
            pixels = F.interpolate(pixels, size, mode="bilinear", antialias=True)
        cameras = told_cameras(self.model, self.side_labels, indices)
        ends = stage_ends(self.model) if with_maps else ()
        return run_network(self.model, pixels, cameras, ends=ends)


def load_teachers(
    paths: Sequence[Path], samples: Sequence[Sample], data_set: str, *, with_logits: bool
) -> list[Teacher]:
    """Load teachers for the training samples of a student.

    Args:
        paths: Checkpoints of reidkit.
        samples: What the student learns from.
        data_set: Name of their data set.
        with_logits: Whether the classifiers are needed, with one column per identity of the samples.

    Raises:
        WeightsError: a file is no checkpoint.
        TrainingError: a classifier is missing, or of other identities.
    """
    teachers = []
    for path in paths:
        model, card = load_model(path)
        if with_logits:
            _check_classifier(path, card, samples)
        teachers.append(Teacher(model, card, samples, data_set))
    return teachers


def fingerprint_files(paths: Sequence[Path]) -> dict[str, str]:
    """Return 16 hexadecimal digits for each file by its path, which tell whether it has changed.

    Raises:
        TrainingError: a file is not there.
    """
    digits = {}
    for path in paths:
        if not path.is_file():
            raise TrainingError(f"Teacher not found, got {path.absolute()}. Expected a model.safetensors.")
        with path.open("rb") as stream:
            digits[path.as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    return digits


def _check_classifier(path: Path, card: ModelCard, samples: Sequence[Sample]) -> None:
    labels = identity_labels(samples)
    if card.num_identities is None:
        raise TrainingError(
            f"Teacher {path} keeps no classifier, so it has no logits to learn from. Expected one that was "
            f"trained with training.keep_classifier=true. Train it so, or take over features only."
        )
    if card.num_identities != len(labels):
        raise TrainingError(
            f"Teacher {path} knows other identities, got a classifier of {card.num_identities} for "
            f"{len(labels)} training identities. Expected the same training data. Take over features only, "
            f"or train the teacher on this data."
        )
    known, now = card.training_data.get("identities"), identity_fingerprint(labels)
    if known is not None and known != now:
        raise TrainingError(
            f"Teacher {path} knows other identities, got the fingerprint {known} of their labels. Expected "
            f"{now}. Take over features only, or train the teacher on this data."
        )
