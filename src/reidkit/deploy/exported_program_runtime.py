"""Files of torch.export (``.pt2``): PyTorch's own format for a network without its Python code."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from reidkit.deploy.artefact import FACTS_KEY, check_file, network_input, read_metadata, unreadable
from reidkit.deploy.devices import Precision, check_precision, choose_device
from reidkit.deploy.graph import export_program
from reidkit.models.checkpoint import CARD_KEY

KIND = "a .pt2 file of torch.export"


class ExportedProgramRuntime:
    """Runs a ``.pt2`` file of reidkit.

    Args:
        path: The file.
        device: "auto" takes CUDA, else Apple's MPS, else the CPU.
        precision: "float32" only.

    Raises:
        WeightsError: the file is missing, damaged or has no card.
        CatalogError: the device is not there, or half precision is asked for.
    """

    name = "torch.export"

    def __init__(self, path: Path, *, device: str = "auto", precision: Precision = "float32") -> None:
        check_precision(precision, runtime=self.name, can_be_half=False)
        check_file(path, kind=KIND)
        self.device = choose_device(device)
        texts = {CARD_KEY: "", FACTS_KEY: ""}
        try:
            program = torch.export.load(path, extra_files=texts)
        except Exception as error:  # a zip, a JSON or a schema that is damaged, each with its own class
            raise unreadable(path, error, kind=KIND) from error
        self.card, self.facts = read_metadata(path, texts)
        self.batch_limit = self.facts.batch_limit
        if self.device.type != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, self.device)
        self.network = program.module()

    def run(self, pixels: Tensor) -> Tensor:
        """Return the descriptors (N, D), float32 on the CPU, of pixels (N, 3, H, W), uint8 RGB, resized."""
        with torch.inference_mode():
            inputs = network_input(pixels.to(self.device), self.facts, self.card.preprocessing)
            descriptors: Tensor = self.network(inputs)
        return descriptors.cpu()


def write_exported_program(
    path: Path, graph: nn.Module, example: Tensor, metadata: Mapping[str, str]
) -> None:
    """Write a network as a ``.pt2`` file.

    Args:
        path: The file.
        graph: With one input and one output; see `reidkit.deploy.graph`.
        example: An input, of at least two images.
        metadata: Texts to put inside, as extra files.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        torch.export.save(export_program(graph, example), path, extra_files=dict(metadata))
