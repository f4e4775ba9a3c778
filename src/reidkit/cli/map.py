"""``reidkit map``: descriptors as points of a plane."""

from pathlib import Path
from typing import Annotated

import typer


def draw_descriptor_map(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")],
    data: Annotated[Path, typer.Argument(help="Folder (or manifest) of the data set.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for map.json and the pictures.")],
    reader: Annotated[str, typer.Option(help="How to read it; see 'reidkit datasets'.")] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    method: Annotated[str, typer.Option(help="tsne, or umap (needs umap-learn).")] = "tsne",
    most: Annotated[int, typer.Option(min=5, help="Most samples; evenly spread over the gallery.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the map.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Draw the gallery as a map, near where alike: by identity, by camera, and as thumbnails."""
    from typing import cast

    from reidkit.cli.data_options import parse_reader_options
    from reidkit.cli.screen import make_console
    from reidkit.core.files import replace_file, write_json
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.embedder import find_model, load
    from reidkit.engine.extract import extract
    from reidkit.vis.descriptor_map import MapMethod, as_rows, draw_map, place_descriptors

    console = make_console()
    gallery = read_dataset(reader, data, **parse_reader_options(option)).gallery
    step = max(1, len(gallery) / most)
    samples = [gallery[int(place * step)] for place in range(min(most, len(gallery)))]
    embedder = load(find_model(model), device=device)
    found = extract(embedder.network, samples, embedder.card.preprocessing, device=embedder.device)
    places = place_descriptors(
        found.descriptors.cpu().numpy(), embedder.card.distance, method=cast(MapMethod, method), seed=seed
    )
    write_json(out / "map.json", {"format_version": 1, "method": method, "rows": as_rows(places, samples)})
    for by in ("identity", "camera", "picture"):
        with replace_file(out / f"{by}.png") as unfinished:
            draw_map(places, samples, by=by).save(unfinished)
    console.print(f"wrote a map of {len(samples)} samples to {out}", markup=False, soft_wrap=True)
