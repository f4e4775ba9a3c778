"""``reidkit data check``: the doctor on its own."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer


def check(
    root: Annotated[Path, typer.Argument(help="Folder (or manifest) of the data set.")],
    reader: Annotated[str, typer.Option(help="How to read it: folder, manifest, market1501.")] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Check for this protocol instead of the data set's own.")
    ] = None,
    decode: Annotated[
        Literal["none", "sample", "all"], typer.Option(help="Which image files to try to read.")
    ] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look a data set over before hours go into it; exits 1 where there is an error."""
    from reidkit.cli.data_options import parse_reader_options
    from reidkit.cli.screen import make_console
    from reidkit.core.progress import progress_bar
    from reidkit.data.doctor import examine
    from reidkit.data.readers import read_dataset
    from reidkit.metrics.protocols import find_protocol

    console = make_console()
    splits = read_dataset(reader, root, **parse_reader_options(option))
    judged_by = find_protocol(protocol or splits.protocol)
    if as_json:
        report = examine(splits, judged_by, decode=decode)
        typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        with progress_bar(console, "reading images") as on_progress:
            report = examine(splits, judged_by, decode=decode, report=on_progress)
        console.print(report.as_text(), markup=False, soft_wrap=True)
    if report.of_level("error"):
        raise typer.Exit(1)
