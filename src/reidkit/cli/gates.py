"""``reidkit gates``: which pictures drive the gates of an OSNet alike."""

from pathlib import Path
from typing import Annotated

import typer


def gates(
    model: Annotated[Path, typer.Argument(help="An OSNet: model.safetensors, or the folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for gates.json and the picture.")],
    clusters: Annotated[int, typer.Option(min=1, help="Groups of gate vectors.")] = 8,
    shown: Annotated[int, typer.Option(min=1, help="Pictures per group, nearest to its centre.")] = 10,
    block: Annotated[int, typer.Option(help="Which omni-scale block, from 0; -1 is the last.")] = -1,
    seed: Annotated[int, typer.Option(help="Of the clustering.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Cluster the channel gates of an OSNet block over pictures, and draw a row per cluster."""
    import numpy as np
    import torch

    from reidkit.cli.screen import make_console
    from reidkit.core.files import replace_file, write_json
    from reidkit.data.images import normalize_pixels, read_image, resize
    from reidkit.deploy.embedder import find_model, load
    from reidkit.deploy.inputs import find_images
    from reidkit.vis.gate_clusters import draw_clusters, gate_vectors, k_means

    console = make_console()
    embedder = load(find_model(model), device=device)
    preprocessing = embedder.card.preprocessing
    paths = find_images(images)
    vectors = []
    for start in range(0, len(paths), embedder.batch_size):
        part = paths[start : start + embedder.batch_size]
        pixels = torch.stack([resize(read_image(path), preprocessing) for path in part])
        standardised = normalize_pixels(pixels.to(embedder.device), preprocessing)
        vectors.append(gate_vectors(embedder.model, standardised, block=block).double().cpu().numpy())
    found = k_means(np.concatenate(vectors), min(clusters, len(paths)), seed=seed)
    rows = [
        {"path": str(path), "cluster": int(member), "distance": float(distance)}
        for path, member, distance in zip(paths, found.members, found.distances, strict=True)
    ]
    write_json(out / "gates.json", {"format_version": 1, "block": block, "rows": rows})
    with replace_file(out / "gates.png") as unfinished:
        draw_clusters(found, paths, count=shown).save(unfinished)
    console.print(f"wrote {len(found.centres)} clusters of {len(paths)} images to {out}", soft_wrap=True)
