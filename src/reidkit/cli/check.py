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
        Literal["none", "sample", "all"],
        typer.Option(help="Which image files to read, for faults and duplicates."),
    ] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", dir_okay=False, help="Write a page with pictures of what was found."),
    ] = None,
) -> None:
    """Look a data set over before hours go into it; exits 1 where there is an error."""
    from reidkit.cli.data_options import parse_reader_options
    from reidkit.cli.screen import make_console
    from reidkit.core.extras import import_extra
    from reidkit.core.progress import progress_bar
    from reidkit.data.doctor import examine
    from reidkit.data.readers import read_dataset
    from reidkit.metrics.protocols import find_protocol

    if html is not None:  # not after minutes of reading
        import_extra("jinja2", extra="report", purpose="The page")
    console = make_console()
    splits = read_dataset(reader, root, **parse_reader_options(option))
    judged_by = find_protocol(protocol or splits.protocol)
    if as_json:
        report = examine(splits, judged_by, decode=decode)
        typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        with progress_bar(console, "reading images") as on_progress:
            report = examine(splits, judged_by, decode=decode, report=on_progress)
        console.print(report.as_text(histogram=True), markup=False, soft_wrap=True)
    if html is not None:
        from reidkit.vis.check_page import write_check_page

        write_check_page(html, report, splits)
        if not as_json:
            console.print(f"wrote {html}", markup=False, soft_wrap=True)
    if report.of_level("error"):
        raise typer.Exit(1)
