"""``reidkit data doubts``: labels that a model finds hard to believe."""

from pathlib import Path
from typing import Annotated

import typer


def doubts(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")],
    data: Annotated[Path, typer.Argument(help="Folder (or manifest) of the data set.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for doubts.json and the pictures.")],
    reader: Annotated[str, typer.Option(help="How to read it; see 'reidkit datasets'.")] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Most samples named.")] = 50,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Name the samples that lie among another identity and far from their own.

    Each is a question for a person: left the sample, then the nearest of the other identity, then the nearest
    of its own. A weak model doubts much that is right.
    """
    import torch

    from reidkit.cli.data_options import parse_reader_options
    from reidkit.cli.reporting import doubt_row
    from reidkit.cli.screen import make_console
    from reidkit.core.files import replace_file, write_json
    from reidkit.data.label_checks import JUNK_WORDS
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.embedder import find_model, load
    from reidkit.engine.extract import extract
    from reidkit.metrics.label_faults import find_label_faults
    from reidkit.metrics.labels import labels_of
    from reidkit.vis.pictures import beside, fit, read_picture

    console = make_console()
    splits = read_dataset(reader, data, **parse_reader_options(option))
    unique = dict.fromkeys([*splits.query, *splits.gallery])
    samples = [sample for sample in unique if str(sample.identity).lower() not in JUNK_WORDS]
    embedder = load(find_model(model), device=device)
    found = extract(embedder.network, samples, embedder.card.preprocessing, device=embedder.device)
    faults = find_label_faults(
        torch.as_tensor(found.descriptors), labels_of(samples), embedder.card.distance, most=most
    )
    rows = []
    for number, fault in enumerate(faults):
        shown = [samples[row] for row in (fault.row, fault.nearest_other, fault.nearest_own)]
        rows.append(doubt_row(fault, samples))
        pictures = [picture for item in shown if (picture := read_picture(item)) is not None]
        if pictures:
            with replace_file(out / f"{number:03d}.jpg") as unfinished:
                beside([fit(picture, 240, 320) for picture in pictures]).save(unfinished, quality=90)
    write_json(out / "doubts.json", {"format_version": 1, "rows": rows})
    console.print(f"{len(faults)} of {len(samples)} labels are in doubt; wrote {out}", soft_wrap=True)
