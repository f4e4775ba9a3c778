"""``reidkit activation``: where a model looks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reidkit.deploy.embedder import Embedder


def activation(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures and the maps.")],
    opacity: Annotated[float, typer.Option(min=0, max=1, help="Of the colours over the picture.")] = 0.55,
    most: Annotated[int, typer.Option(min=1, help="Most images drawn; evenly spread over those given.")] = 64,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Draw where a model looks: the picture, and the same picture under its activation map.

    A convolutional network shows the sum of the absolute values of its last map, a vision transformer its
    attention rollout. The maps themselves go into maps.npz.
    """
    import numpy as np

    from reidkit.cli.screen import make_console
    from reidkit.core.files import replace_file
    from reidkit.data.decoding import decode_image
    from reidkit.deploy.embedder import find_model, load
    from reidkit.deploy.inputs import find_images
    from reidkit.vis.activation_map import overlay
    from reidkit.vis.attention_rollout import find_transformer
    from reidkit.vis.pictures import beside, fit

    console = make_console()
    embedder = load(find_model(model), device=device)
    found = find_images(images)
    paths = [found[int(place * max(1, len(found) / most))] for place in range(min(most, len(found)))]
    maps = activations(embedder, paths)
    for number, (path, values) in enumerate(zip(paths, maps, strict=True)):
        picture = fit(decode_image(path), 512, 512)
        with replace_file(out / f"{number:04d}_{path.stem[:40]}.png") as unfinished:
            beside([picture, overlay(picture, values, opacity=opacity)]).save(unfinished)
    with replace_file(out / "maps.npz") as unfinished:
        np.savez(unfinished, paths=np.array([str(path) for path in paths]), maps=maps)
    way = "attention rollout" if find_transformer(embedder.model) else "activation of the last map"
    console.print(f"wrote {len(paths)} pictures and maps.npz to {out}: {way}", markup=False, soft_wrap=True)


def activations(embedder: "Embedder", paths: list[Path]) -> "NDArray[np.float32]":
    """Return the activation maps (N, h, w) of image files, of unit length each."""
    import numpy as np
    import torch

    from reidkit.data.images import normalize_pixels, read_image, resize
    from reidkit.vis.activation_map import model_activation

    preprocessing = embedder.card.preprocessing
    maps = []
    for start in range(0, len(paths), embedder.batch_size):
        part = paths[start : start + embedder.batch_size]
        pixels = torch.stack([resize(read_image(path), preprocessing) for path in part])
        standardised = normalize_pixels(pixels.to(embedder.device), preprocessing)
        maps.append(model_activation(embedder.model, standardised).cpu().numpy())
    return np.concatenate(maps)
