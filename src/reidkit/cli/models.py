"""``reidkit models``: what there is to train, and what it costs."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table


def models(
    names: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    size: Annotated[str, typer.Option(help="Input size, height x width.")] = "256x128",
    latency: Annotated[
        bool, typer.Option("--latency", help="Measure milliseconds per image here, one image at a time.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models with parameters, multiply-adds and descriptor size."""
    from reidkit.cli.screen import make_console
    from reidkit.core.progress import progress_bar
    from reidkit.models.zoo import MODELS

    image_size = parse_size(size)
    wanted = _known(names) if names else list(MODELS)
    console = make_console()
    rows = []
    if latency:
        with progress_bar(console, "measuring") as report:
            for number, name in enumerate(wanted, start=1):
                rows.append(_row(name, image_size, with_latency=True))
                report(number, len(wanted))
    else:
        rows = [_row(name, image_size, with_latency=False) for name in wanted]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    console.print(_table(rows, size, with_latency=latency))
    if not names:
        console.print("timm: model.name=timm model.arguments.backbone=NAME, any name of timm.list_models().")
        console.print(
            "torchvision: model.name=torchvision model.arguments.network=NAME, any of its classifiers."
        )
        console.print(
            "pipeline: model.arguments.backbone=NAME, .aggregation=NAME, .head=NAME, in any combination."
        )


def _known(names: list[str]) -> list[str]:
    from reidkit.core.catalog import find
    from reidkit.models.zoo import MODELS

    for name in names:
        find("model", name, MODELS)
    return names


def _row(name: str, image_size: tuple[int, int], *, with_latency: bool) -> dict[str, Any]:
    """Return what a model costs, or under "note" why that cannot be said."""
    import torch

    from reidkit.core.errors import CatalogError, MissingExtraError
    from reidkit.models.complexity import measure_complexity, measure_latency
    from reidkit.models.zoo import build_model

    if name in ("timm", "torchvision", "pipeline"):  # one row for a thousand networks
        return {"model": name, "note": "any"}
    try:
        with torch.device("meta"):  # shapes suffice, and no weights are drawn
            model = build_model(name, image_size=image_size)
        cost = asdict(measure_complexity(model, image_size))
        if with_latency:
            cost["latency_ms"] = measure_latency(build_model(name, image_size=image_size), image_size)
    except MissingExtraError:
        return {"model": name, "note": "with reidkit[train]"}
    except CatalogError:  # the size does not suit every network
        return {"model": name, "note": "another size"}
    return {"model": name, **cost}


def _table(rows: list[dict[str, Any]], size: str, *, with_latency: bool) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"Models at {size}; the classifier is not counted", title_justify="left")
    table.add_column("model")
    columns = ["parameters", "multiply-adds", "descriptor", *(["ms per image"] if with_latency else [])]
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        if "note" in row:
            others = "any" if row["note"] == "any" else "-"
            table.add_row(row["model"], escape(row["note"]), *[others] * (len(columns) - 1))
            continue
        cells = [
            f"{row['parameters'] / 1e6:.2f} M",
            f"{row['mult_adds'] / 1e6:.1f} M",
            str(row["descriptor_dim"]),
            *([f"{row['latency_ms']:.1f}"] if with_latency else []),
        ]
        table.add_row(row["model"], *cells)
    return table


def parse_size(text: str) -> tuple[int, int]:
    """Read "256x128" as (height, width).

    Raises:
        typer.BadParameter: it is not two whole numbers.
    """
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise typer.BadParameter(f"expected HEIGHTxWIDTH such as 256x128, got '{text}'")
    return int(height), int(width)
