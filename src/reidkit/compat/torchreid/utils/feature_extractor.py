"""Torchreid's feature extractor."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reidkit.compat.torchreid.models import build_model
from reidkit.compat.torchreid.utils.checkpoints import load_pretrained_weights
from reidkit.core.errors import CatalogError, ShapeError, WeightsError
from reidkit.core.types import Preprocessing
from reidkit.data.images import ImageSource, normalize_pixels, read_image, resize
from reidkit.deploy.devices import choose_device

BATCH = 64
"""Images that go through the network at once."""

IMAGENET = Preprocessing()


class FeatureExtractor:
    """Turns images into descriptors.

    Args:
        model_name: One of `show_avai_models`.
        model_path: File of its weights, of Torchreid or any other library that ``reidkit convert`` reads.
        image_size: (height, width), or one number for both.
        pixel_mean: Per channel.
        pixel_std: Per channel.
        pixel_norm: Whether pixels are standardised by them.
        device: "cuda", "cpu", "auto", ...
        verbose: Whether to print what the model costs.

    Raises:
        CatalogError: an unknown model, or a device that is not there.
        WeightsError: the file is missing or does not fit.

    Differs:
        Without a file of weights this is an error; Torchreid fetches those of ImageNet. Images go through
        in batches of 64, not all at once. Pillow images and paths of pathlib are taken too.
    """

    def __init__(
        self,
        model_name: str = "",
        model_path: str | Path = "",
        image_size: tuple[int, int] | int = (256, 128),
        pixel_mean: Sequence[float] = IMAGENET.mean,
        pixel_std: Sequence[float] = IMAGENET.std,
        pixel_norm: bool = True,
        device: str = "cuda",
        verbose: bool = True,
    ) -> None:
        if not model_path:
            raise WeightsError(
                "Feature extractor has no weights, got no model_path. Expected a file: random features find "
                "nobody."
            )
        height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
        mean, std = (tuple(pixel_mean), tuple(pixel_std)) if pixel_norm else ((0.0,) * 3, (1.0,) * 3)
        if len(mean) != 3 or len(std) != 3:
            raise CatalogError(f"Pixel statistics are wrong, got {mean} and {std}. Expected three numbers.")
        self.preprocessing = Preprocessing(height, width, mean, std)
        self.device = choose_device(device)
        self.model = build_model(model_name, num_classes=1, pretrained=False)
        load_pretrained_weights(self.model, model_path)
        self.model.eval().to(self.device)
        if verbose:
            print(f"Model: {model_name}, descriptors of {self.model.feature_dim} numbers")  # noqa: T201

    @torch.inference_mode()
    def __call__(self, input: ImageSource | Tensor | Sequence[ImageSource]) -> Tensor:
        """Return descriptors (B, D) on the device, not normalised.

        Args:
            input: A path, an array (H, W, 3) uint8 RGB, a Pillow image, a list of these, or a tensor
                (B, 3, H, W) or (3, H, W) that goes into the network as it is.

        Raises:
            ImageError: an image cannot be read.
            ShapeError: a tensor of another form.
        """
        if isinstance(input, Tensor):
            images = input[None] if input.ndim == 3 else input
            if images.ndim != 4 or images.shape[1] != 3:
                raise ShapeError(
                    f"Images have a wrong form, got {tuple(input.shape)}. Expected (B, 3, H, W)."
                )
            return torch.cat(
                [self.model(part.to(self.device)) for part in torch.split(images.float(), BATCH)]
            )
        is_one = isinstance(input, str | Path | bytes | np.ndarray | Image.Image)
        sources: list[ImageSource] = [input] if is_one else list(input)  # type: ignore[list-item, arg-type]
        parts = [torch.empty(0, self.model.feature_dim, device=self.device)]
        for start in range(0, len(sources), BATCH):
            pixels = [
                resize(read_image(source), self.preprocessing) for source in sources[start : start + BATCH]
            ]
            images = normalize_pixels(torch.stack(pixels), self.preprocessing)
            parts.append(self.model(images.to(self.device)))
        return torch.cat(parts)
