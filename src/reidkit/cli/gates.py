"""``reidkit gates``: which pictures drive the gates of an OSNet alike."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reidkit.core.types import Sample


def gates(
    model: Annotated[Path, typer.Argument(help="An OSNet: model.safetensors, or the folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for gates.json and the picture.")],
    clusters: Annotated[int, typer.Option(min=1, help="Groups of gate vectors.")] = 8,
    shown: Annotated[int, typer.Option(min=1, help="Pictures per group, nearest to its centre.")] = 10,
    block: Annotated[int, typer.Option(help="Which omni-scale block, from 0; -1 is the last.")] = -1,
    seed: Annotated[int, typer.Option(help="Of the clustering.")] = 0,
    reader: Annotated[
        str | None,
        typer.Option(
            help="Read IMAGES as a data set, whose boxes count: query and gallery; see 'reidkit datasets'."
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Cluster the channel gates of an OSNet block over pictures, and draw a row per cluster."""
    import numpy as np
    import torch

    from reidkit.cli.screen import make_console
    from reidkit.core.files import replace_file, write_json
    from reidkit.core.types import Sample
    from reidkit.data.images import normalize_pixels, read_image, resize
    from reidkit.deploy.embedder import find_model, load
    from reidkit.deploy.inputs import find_images
    from reidkit.vis.gate_clusters import draw_clusters, gate_vectors, k_means

    console = make_console()
    embedder = load(find_model(model), device=device)
    preprocessing = embedder.card.preprocessing
    samples = (
        [Sample((path,), "") for path in find_images(images)]
        if reader is None
        else [sample for root in images for sample in samples_of(reader, root)]
    )
    vectors = []
    for start in range(0, len(samples), embedder.batch_size):
        part = samples[start : start + embedder.batch_size]
        pixels = torch.stack([resize(read_image(item.path, box=item.box), preprocessing) for item in part])
        standardised = normalize_pixels(pixels.to(embedder.device), preprocessing)
        vectors.append(gate_vectors(embedder.model, standardised, block=block).double().cpu().numpy())
    found = k_means(np.concatenate(vectors), min(clusters, len(samples)), seed=seed)
    rows = [
        {
            "path": str(sample.path),
            "box": None if sample.box is None else list(sample.box),
            "cluster": int(member),
            "distance": float(distance),
        }
        for sample, member, distance in zip(samples, found.members, found.distances, strict=True)
    ]
    write_json(out / "gates.json", {"format_version": 1, "block": block, "rows": rows})
    with replace_file(out / "gates.png") as unfinished:
        draw_clusters(found, samples, count=shown).save(unfinished)
    console.print(f"wrote {len(found.centres)} clusters of {len(samples)} images to {out}", soft_wrap=True)


def samples_of(reader: str, root: Path) -> "list[Sample]":
    """Return the queries and the gallery of a data set, each sample once."""
    from reidkit.data.readers import read_dataset

    splits = read_dataset(reader, root)
    return list(dict.fromkeys([*splits.query, *splits.gallery]))
