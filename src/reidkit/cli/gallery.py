"""``reidkit gallery``: keep individuals, find them again, correct what is wrong."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reidkit.cli.model_option import ModelOption, open_model

if TYPE_CHECKING:
    from reidkit.deploy.embedder import Embedder
    from reidkit.gallery.gallery import Gallery
    from reidkit.gallery.records import Answer

app = typer.Typer(name="gallery", help="Keep individuals on disk and find them again.", no_args_is_help=True)

Place = Annotated[
    str, typer.Argument(help="Folder of the gallery, or an address such as s3://bucket/people.")
]
Where = Annotated[
    str | None, typer.Option("--where", help="Only these, such as \"camera != '3' and identity = 'anna'\".")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]

CHUNK = 256
"""Images between two writes: what is written stays when the command is stopped."""


@app.command()
def create(gallery: Place, model: ModelOption = None, device: Device = "cpu") -> None:
    """Make an empty gallery for the descriptors of a model, with the model's thresholds."""
    from reidkit.gallery.gallery import create_gallery_of_model

    embedder = open_model(model, device)
    card = embedder.card
    create_gallery_of_model(gallery, fingerprint=embedder.fingerprint, card=card)
    typer.echo(f"made {gallery}: {card.descriptor_dim} numbers, {card.distance} distance")
    if not card.thresholds and card.calibration is None:
        typer.echo("The model has no measured thresholds, so answers will carry no decision.")


@app.command()
def add(
    gallery: Place,
    images: Annotated[list[Path], typer.Argument(help="Image files, or folders to search for images.")],
    identity: Annotated[
        str | None, typer.Option(help="Who it is; without, each image's folder names its identity.")
    ] = None,
    camera: Annotated[str | None, typer.Option(help="Where they were seen.")] = None,
    time: Annotated[str | None, typer.Option(help="When, such as 2026-01-31T12:00:00+00:00.")] = None,
    notes: Annotated[str | None, typer.Option(help="Anything worth remembering.")] = None,
    expires_at: Annotated[str | None, typer.Option(help="From when 'expire' removes them, likewise.")] = None,
    model: ModelOption = None,
    device: Device = "auto",
) -> None:
    """Embed images and keep them; one that is there already is replaced, so the command can be repeated."""
    import numpy as np

    from reidkit.cli.screen import make_console
    from reidkit.core.progress import progress_bar
    from reidkit.data.failures import ReadFailure
    from reidkit.deploy.inputs import find_images
    from reidkit.gallery.records import Template, parse_time

    times = [parse_time(text) if text else None for text in (time, expires_at)]
    paths = find_images(images)
    embedder = open_model(model, device)
    opened = _open(gallery, embedder)
    console = make_console()
    failures: list[ReadFailure] = []
    count = 0
    with progress_bar(console, "adding") as report:
        for start in range(0, len(paths), CHUNK):
            part = paths[start : start + CHUNK]
            rows = embedder.embed(part, unreadable="skip", failures=failures)
            is_good = np.isfinite(rows[:, 0])
            templates = [
                Template(
                    identity=identity or path.absolute().parent.name,
                    template_id=hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:24],
                    camera=camera,
                    time=times[0],
                    source=str(path.absolute()),
                    notes=notes,
                    expires_at=times[1],
                )
                for path, good in zip(part, is_good.tolist(), strict=True)
                if good
            ]
            count += opened.add(templates, rows[is_good])
            report(start + len(part), len(paths))
    for failure in failures:
        console.print(f"left out: {failure.reason}", markup=False, soft_wrap=True)
    console.print(f"{gallery}: {count} templates added or replaced; {_counts(opened)}", soft_wrap=True)


@app.command()
def search(
    gallery: Place,
    images: Annotated[list[Path], typer.Argument(help="Images to look for.")],
    top: Annotated[int, typer.Option(min=1, help="Hits per image.")] = 5,
    where: Where = None,
    is_exact: Annotated[
        bool, typer.Option("--exact", help="Look at all, also where there is an index.")
    ] = False,
    model: ModelOption = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Say who is on each image: the nearest templates, and whether that is the same individual."""
    from reidkit.deploy.inputs import find_images

    paths = find_images(images)
    embedder = open_model(model, device)
    opened = _open(gallery, embedder)
    answers = opened.search(embedder.embed(paths), top=top, where=where, is_exact=is_exact or None)
    if as_json:
        rows = [{"query": str(path), **asdict(answer)} for path, answer in zip(paths, answers, strict=True)]
        typer.echo(json.dumps(rows, default=str, indent=2))
        return
    for path, answer in zip(paths, answers, strict=True):
        _print_answer(path, answer)


@app.command()
def remove(
    gallery: Place,
    where: Annotated[str, typer.Option("--where", help="Which templates, such as \"identity = 'anna'\".")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
) -> None:
    """Remove templates."""
    opened = _open(gallery)
    if dry_run:
        typer.echo(f"{len(opened.templates(where))} templates would be removed")
        return
    typer.echo(f"{opened.remove(where)} templates removed; {_counts(opened)}")


@app.command()
def update(
    gallery: Place,
    where: Annotated[str, typer.Option("--where", help="Which templates, such as \"identity = 'anna'\".")],
    camera: Annotated[
        str | None, typer.Option(help="Where they were seen; an empty text forgets it.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="When, such as 2026-01-31T12:00:00+00:00; an empty text forgets it.")
    ] = None,
    notes: Annotated[str | None, typer.Option(help="Anything worth remembering.")] = None,
    expires_at: Annotated[
        str | None, typer.Option(help="From when 'expire' removes them; an empty text keeps them.")
    ] = None,
) -> None:
    """Change what is known of templates."""
    from reidkit.gallery.records import parse_time

    texts = {"camera": camera, "notes": notes}
    times = {"time": time, "expires_at": expires_at}
    values: dict[str, Any] = {name: text or None for name, text in texts.items() if text is not None}
    values |= {name: parse_time(text) if text else None for name, text in times.items() if text is not None}
    typer.echo(f"{_open(gallery).update(where, **values)} templates changed")


@app.command()
def expire(gallery: Place) -> None:
    """Remove the templates whose time has come."""
    opened = _open(gallery)
    typer.echo(f"{opened.expire()} templates had expired; {_counts(opened)}")


@app.command()
def merge(
    gallery: Place,
    identities: Annotated[list[str], typer.Argument(help="Identities that are one.")],
    into: Annotated[str, typer.Option(help="The name that stays.")],
) -> None:
    """Say that several identities are the same individual."""
    opened = _open(gallery)
    typer.echo(f"{opened.merge(identities, into)} templates are now '{into}'; {_counts(opened)}")


@app.command()
def split(
    gallery: Place,
    template_ids: Annotated[list[str], typer.Argument(help="Templates that are somebody else.")],
    into: Annotated[str, typer.Option(help="Who they are.")],
) -> None:
    """Say that some templates are another individual."""
    opened = _open(gallery)
    typer.echo(f"{opened.split(template_ids, into)} templates are now '{into}'; {_counts(opened)}")


@app.command()
def stats(gallery: Place, as_json: AsJson = False) -> None:
    """Count what a gallery holds."""
    opened = _open(gallery)
    content: dict[str, Any] = {**asdict(opened.stats()), **asdict(opened.about)}
    if as_json:
        typer.echo(json.dumps(content))
        return
    for name, value in content.items():
        typer.echo(f"{name:16} {value}")


@app.command()
def index(
    gallery: Place,
    recall: Annotated[float, typer.Option(help="Share of the ten nearest that searches must find.")] = 0.95,
) -> None:
    """Build the index of a large gallery; searches then no longer look at all templates."""
    built = _open(gallery).build_index(least_recall=recall)
    typer.echo(
        f"searches look into {built.num_probes} of {built.num_parts} parts and find {built.recall:.1%} of "
        f"the ten nearest; --exact looks at all"
    )


@app.command()
def export(
    gallery: Place,
    out: Annotated[Path, typer.Argument(help="A .parquet file to write.")],
    where: Where = None,
) -> None:
    """Write templates and descriptors to a Parquet file, whole or not at all."""
    from reidkit.gallery.exchange import export_gallery

    count = export_gallery(_open(gallery), _parquet(out), where=where)
    typer.echo(f"wrote {out}: {count} templates")


@app.command(name="import")
def import_templates(
    gallery: Place,
    file: Annotated[Path, typer.Argument(help="A .parquet file that 'export' wrote.")],
) -> None:
    """Add the templates of a Parquet file that was exported from a gallery of the same model."""
    from reidkit.gallery.exchange import import_gallery

    opened = _open(gallery)
    typer.echo(f"{import_gallery(opened, _parquet(file))} templates added or replaced; {_counts(opened)}")


def _open(gallery: str, embedder: "Embedder | None" = None) -> "Gallery":
    from reidkit.gallery.gallery import Gallery

    return Gallery(gallery, model=None if embedder is None else embedder.fingerprint)


def _parquet(path: Path) -> Path:
    if path.suffix != ".parquet":
        raise typer.BadParameter(f"expected a file ending in .parquet, got '{path}'")
    return path


def _counts(gallery: "Gallery") -> str:
    counted = gallery.stats()
    return f"it holds {counted.templates} templates of {counted.identities} identities"


def _print_answer(path: Path, answer: "Answer") -> None:
    said = {"same": "the same as", "unsure": "perhaps", "new": "new; the nearest is", None: "nearest:"}
    sure = "" if answer.probability is None else f", probability of the same {answer.probability:.1%}"
    typer.echo(f"{path}: {said[answer.decision]} {answer.identity or 'nobody, the gallery is empty'}{sure}")
    for hit in answer.hits:
        template = hit.template
        seen = " ".join(str(item) for item in (template.camera, template.time) if item is not None)
        judged = " ".join(
            [
                f"{hit.distance:.4f}",
                "" if hit.probability is None else f"{hit.probability:6.1%}",
                hit.verdict or "",
            ]
        )
        typer.echo(f"  {hit.rank:3} {judged:20} {template.identity:16} {seen:10} {template.source or ''}")
