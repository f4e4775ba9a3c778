"""A model of reidkit in PyTorch itself."""

import torch
from torch import Tensor

from reidkit.core.distance import normalize
from reidkit.data.images import normalize_pixels
from reidkit.deploy.devices import Precision, check_precision, choose_device
from reidkit.deploy.runtime import Cameras
from reidkit.models.checkpoint import ModelCard
from reidkit.models.model import ReidModel


class TorchRuntime:
    """Runs a `ReidModel` on a device.

    Args:
        model: The network; moved to the device and put into evaluation mode.
        card: Its preprocessing and distance.
        device: "auto" takes CUDA, else Apple's MPS, else the CPU.
        precision: "half" computes in float16 on a GPU and in bfloat16 on a CPU.

    Raises:
        CatalogError: the device is not there, or the precision is unknown.
    """

    name = "PyTorch"
    batch_limit: int | None = None

    def __init__(
        self, model: ReidModel, card: ModelCard, *, device: str = "auto", precision: Precision = "float32"
    ) -> None:
        check_precision(precision, runtime=self.name)
        self.device = choose_device(device)
        self.model = model.eval().to(self.device)
        self.card = card
        self.half = precision == "half"

    def run(self, pixels: Tensor, cameras: Cameras | None = None) -> Tensor:
        """Return the descriptors (N, D), float32 on the CPU, of pixels (N, 3, H, W), uint8 RGB, resized.

        Args:
            pixels: As of `reidkit.deploy.runtime.Runtime`.
            cameras: For a model that uses them only.
        """
        told = () if cameras is None else (cameras,)
        dtype = torch.bfloat16 if self.device.type == "cpu" else torch.float16
        with torch.inference_mode(), torch.autocast(self.device.type, dtype=dtype, enabled=self.half):
            images = normalize_pixels(pixels.to(self.device), self.card.preprocessing)
            descriptors: Tensor = self.model(images, *told)
        descriptors = descriptors.float()
        if self.card.is_unit:
            descriptors = normalize(descriptors)
        return descriptors.cpu()
