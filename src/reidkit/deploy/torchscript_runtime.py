"""TorchScript files: for C++ and for old programs; PyTorch itself advises torch.export today."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from reidkit.deploy.artefact import FACTS_KEY, check_file, network_input, read_metadata, unreadable
from reidkit.deploy.devices import Precision, check_precision, choose_device
from reidkit.models.checkpoint import CARD_KEY

KIND = "a TorchScript file"


class TorchscriptRuntime:
    """Runs a TorchScript file of reidkit; such a file is a program, so take it only from who you trust.

    Args:
        path: The file.
        device: "auto" takes CUDA, else Apple's MPS, else the CPU.
        precision: "float32" only.

    Raises:
        WeightsError: the file is missing, damaged or has no card.
        CatalogError: the device is not there, or half precision is asked for.
    """

    name = "TorchScript"

    def __init__(self, path: Path, *, device: str = "auto", precision: Precision = "float32") -> None:
        check_precision(precision, runtime=self.name, can_be_half=False)
        check_file(path, kind=KIND)
        self.device = choose_device(device)
        texts: dict[str, str | bytes] = {CARD_KEY: "", FACTS_KEY: ""}
        try:
            with _without_advice():
                self.network = torch.jit.load(  # type: ignore[no-untyped-call]
                    path, map_location=self.device, _extra_files=texts
                ).eval()
        except (RuntimeError, ValueError) as error:
            raise unreadable(path, error, kind=KIND) from error
        self.card, self.facts = read_metadata(path, {key: _as_text(text) for key, text in texts.items()})
        self.batch_limit = self.facts.batch_limit

    def run(self, pixels: Tensor) -> Tensor:
        """Return the descriptors (N, D), float32 on the CPU, of pixels (N, 3, H, W), uint8 RGB, resized."""
        with torch.inference_mode():
            inputs = network_input(pixels.to(self.device), self.facts, self.card.preprocessing)
            descriptors: Tensor = self.network(inputs)
        return descriptors.cpu()


def write_torchscript(path: Path, graph: nn.Module, example: Tensor, metadata: Mapping[str, str]) -> None:
    """Write a network as TorchScript.

    Args:
        path: The file.
        graph: With one input and one output; see `reidkit.deploy.graph`.
        example: An input, of at least two images.
        metadata: Texts to put inside, as extra files.
    """
    with _without_advice(), torch.no_grad():
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            graph, example, check_trace=False
        )
        torch.jit.save(traced, path, _extra_files=dict(metadata))


def _as_text(text: str | bytes) -> str:
    return text.decode() if isinstance(text, bytes) else text


@contextmanager
def _without_advice() -> Iterator[None]:
    """Leave out PyTorch's advice to use torch.export, which is another of our formats."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=TracerWarning)
        yield
