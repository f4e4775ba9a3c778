"""The network as a plain graph: pixels or standardised images in, descriptors out, batch norms folded."""

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.fx import GraphModule, Node

from reidkit.core.distance import normalize
from reidkit.deploy.artefact import InputKind
from reidkit.models.checkpoint import ModelCard
from reidkit.models.model import ReidModel

EXAMPLE_BATCH = 2
"""Images of the example that a graph is traced with: torch.export takes a size of 1 for a constant."""


class Network(nn.Module):
    """A model as an exported file holds it: what comes out is what `reidkit.deploy.embedder` gives.

    Args:
        model: The network, in evaluation mode.
        card: Its preprocessing and distance.
        takes: "standardised" or "pixels"; see `reidkit.deploy.artefact.ArtefactFacts`.
    """

    def __init__(self, model: ReidModel, card: ModelCard, takes: InputKind) -> None:
        super().__init__()
        self.model = model
        self.takes_pixels = takes == "pixels"
        self.is_unit = card.is_unit
        self.mean = nn.Buffer(torch.tensor(card.preprocessing.mean).view(3, 1, 1))
        self.deviation = nn.Buffer(torch.tensor(card.preprocessing.std).view(3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return descriptors (N, D) of images (N, 3, H, W), or of pixels (N, H, W, 3)."""
        if self.takes_pixels:
            images = (images.permute(0, 3, 1, 2).to(torch.float32) / 255 - self.mean) / self.deviation
        descriptors: Tensor = self.model(images)
        return normalize(descriptors) if self.is_unit else descriptors


def example_input(card: ModelCard, takes: InputKind) -> Tensor:
    """Return an input of the right form, with which a graph is traced."""
    height, width = card.preprocessing.height, card.preprocessing.width
    generator = torch.Generator().manual_seed(0)
    if takes == "pixels":
        shape = (EXAMPLE_BATCH, height, width, 3)
        return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return torch.randn(EXAMPLE_BATCH, 3, height, width, generator=generator)


def export_program(network: nn.Module, example: Tensor) -> ExportedProgram:
    """Return what torch.export makes of a network, for any number of images."""
    return torch.export.export(network, (example,), dynamic_shapes=({0: Dim("batch", min=1)},), strict=False)


def make_graph(network: Network, example: Tensor) -> GraphModule:
    """Return a network as a graph of tensor operations, with every batch norm behind a convolution folded.

    Args:
        network: In evaluation mode.
        example: An input, of at least two images.
    """
    module = export_program(network, example).module()
    if not isinstance(module, GraphModule):  # for the type checker: torch promises a Module only
        raise TypeError(f"torch.export gave {type(module).__name__} instead of a GraphModule")
    for node in list(module.graph.nodes):
        # A check of the input's shape, which the runtimes make themselves and TorchScript cannot record.
        if node.op == "call_module" and node.target == "_guards_fn":
            module.graph.erase_node(node)
    fold_norms(module)
    for part in module.modules():
        part.training = False  # its own eval() refuses; a graph has no mode, but exporters ask
    return module


def fold_norms(module: GraphModule) -> int:
    """Put the batch norms that follow a convolution alone into its weights, in place.

    Args:
        module: A graph of ATen operations.

    Returns:
        How many were folded.
    """
    graph = module.graph
    count = 0
    for norm in list(graph.nodes):
        convolution = norm.args[0] if norm.target is torch.ops.aten.batch_norm.default else None
        if not isinstance(convolution, Node) or not _is_foldable(norm, convolution):
            continue
        weight, bias = _folded(module, convolution, norm)
        names = f"folded_weight_{count}", f"folded_bias_{count}"
        module.register_buffer(names[0], weight)
        module.register_buffer(names[1], bias)
        with graph.inserting_before(convolution):
            nodes = [graph.get_attr(name) for name in names]
        rest = convolution.args[3:]
        convolution.args = (convolution.args[0], *nodes, *rest)
        norm.replace_all_uses_with(convolution)
        graph.erase_node(norm)
        count += 1
    graph.eliminate_dead_code()
    _drop_unused(module)
    module.recompile()
    return count


def _is_foldable(norm: Node, convolution: Node) -> bool:
    """Say whether a convolution with constant weights feeds this norm and nothing else."""
    is_training = norm.args[5] if len(norm.args) > 5 else norm.kwargs.get("training")
    return (
        convolution.target is torch.ops.aten.conv2d.default
        and len(convolution.users) == 1
        and not convolution.kwargs
        and is_training is False
        and all(_is_constant(value) for value in (*convolution.args[1:3], *norm.args[1:5]))
    )


def _is_constant(value: object) -> bool:
    return value is None or (isinstance(value, Node) and value.op == "get_attr")


def _folded(module: GraphModule, convolution: Node, norm: Node) -> tuple[Tensor, Tensor]:
    """Return the weight and bias of one convolution that does the work of both, reckoned in double."""
    weight = _tensor(module, convolution.args[1])
    bias = _tensor(module, convolution.args[2]) if len(convolution.args) > 2 else None
    scale, shift, mean, variance = (_tensor(module, value) for value in norm.args[1:5])
    if weight is None or mean is None or variance is None:
        raise TypeError("a convolution without a weight or a norm without statistics")
    epsilon = norm.args[7]
    if not isinstance(epsilon, float):
        raise TypeError("a norm without an epsilon")
    factor = (variance.double() + epsilon).rsqrt()
    if scale is not None:
        factor = factor * scale.double()
    offset = (0 if bias is None else bias.double()) - mean.double()
    folded_bias = offset * factor + (0 if shift is None else shift.double())
    folded_weight = weight.double() * factor.view(-1, *[1] * (weight.ndim - 1))
    return folded_weight.to(weight.dtype), folded_bias.to(weight.dtype)


def _tensor(module: GraphModule, value: object) -> Tensor | None:
    if not isinstance(value, Node):
        return None
    found: object = module
    for part in str(value.target).split("."):
        found = getattr(found, part)
    return found.detach() if isinstance(found, Tensor) else None


def _drop_unused(module: GraphModule) -> None:
    """Delete the tensors that the graph no longer reads, so that no file carries them."""
    used = {str(node.target) for node in module.graph.nodes if node.op == "get_attr"}
    owned = [
        name
        for name, _ in (
            *module.named_parameters(remove_duplicate=False),
            *module.named_buffers(remove_duplicate=False),
        )
    ]
    for name in owned:
        if name not in used:
            parent, _, leaf = name.rpartition(".")
            delattr(module.get_submodule(parent), leaf)
