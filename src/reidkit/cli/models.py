"""``reidkit models``: what there is to train, and what it costs."""

from typing import Annotated

import typer


def models(
    size: Annotated[str, typer.Option(help="Input size, height x width.")] = "256x128",
) -> None:
    """List the models with parameters, multiply-adds and descriptor size."""
    import torch
    from rich.table import Table

    from reidkit.cli.screen import make_console
    from reidkit.core.errors import CatalogError, MissingExtraError
    from reidkit.models.complexity import measure_complexity
    from reidkit.models.zoo import MODELS, build_model

    image_size = parse_size(size)
    table = Table(title=f"Models at {size}; the classifier is not counted", title_justify="left")
    table.add_column("model")
    for column in ("parameters", "multiply-adds", "descriptor"):
        table.add_column(column, justify="right")
    for name in MODELS:
        if name in ("timm", "pipeline"):  # one row for a thousand networks
            table.add_row(name, "any", "any", "any")
            continue
        try:
            with torch.device("meta"):  # shapes suffice, and no weights are drawn
                model = build_model(name, image_size=image_size)
        except MissingExtraError:
            table.add_row(name, r"with reidkit\[train]", "-", "-")
            continue
        except CatalogError:  # the size does not suit every network
            table.add_row(name, "another size", "-", "-")
            continue
        cost = measure_complexity(model, image_size)
        table.add_row(
            name,
            f"{cost.parameters / 1e6:.2f} M",
            f"{cost.mult_adds / 1e6:.1f} M",
            str(cost.descriptor_dim),
        )
    console = make_console()
    console.print(table)
    console.print("timm: model.name=timm model.arguments.backbone=NAME, any name of timm.list_models().")
    console.print(
        "pipeline: model.arguments.backbone=NAME, .aggregation=NAME, .head=NAME, in any combination."
    )


def parse_size(text: str) -> tuple[int, int]:
    """Read "256x128" as (height, width).

    Raises:
        typer.BadParameter: it is not two whole numbers.
    """
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise typer.BadParameter(f"expected HEIGHTxWIDTH such as 256x128, got '{text}'")
    return int(height), int(width)
