"""``reidkit datasets``: what can be read, and what is known of each published data set."""

import inspect
import json
import re
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from reidkit.data.readers.benchmark import Benchmark

_SPLITS = ("train", "query", "gallery")
_COLUMNS = ("name", "title", "kind", *_SPLITS, "cameras", "protocol", "remarks")


@dataclass(frozen=True)
class ReaderOption:
    """An option of a reader.

    Args:
        name: As on the command line, ``--option name=value``.
        default: What it is without it, as YAML has it.
        about: What the docstring says.
    """

    name: str
    default: str
    about: str


@dataclass(frozen=True)
class ReaderText:
    """What the docstring of a reader says: its first line, the lines after it, and its options."""

    summary: str
    details: str
    options: tuple[ReaderOption, ...]


def datasets(
    name: Annotated[str | None, typer.Argument(help="Tell everything about this one.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="List only those of: person, vehicle, animal, product, place.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the data sets that can be read, with their published counts, or tell all about one."""
    from reidkit.cli.screen import make_console
    from reidkit.core import catalog
    from reidkit.data.readers import BENCHMARKS, READERS

    if name is not None:
        reader = catalog.find("reader", name, READERS)
        if as_json:
            typer.echo(_as_json(_facts(name, reader, BENCHMARKS.get(name))))
        else:
            _tell(name, reader, BENCHMARKS.get(name), make_console())
        return
    names = _names_of_kind(kind)
    if as_json:
        typer.echo(_as_json([_facts(key, READERS[key], BENCHMARKS.get(key)) for key in names]))
        return
    console = make_console()
    _print_table(names, console)
    console.print(
        "train, query, gallery: identities / images (or tracklets) as published; cameras: the most of any."
    )
    console.print(
        "One in full: reidkit datasets NAME. Look at yours: reidkit data show FOLDER --reader NAME."
    )


def describe_reader(reader: Callable[..., Any]) -> ReaderText:
    """Take apart the docstring and the signature of a reader.

    Args:
        reader: A function with arguments in the Google form of docstrings, or with none.
    """
    text = inspect.getdoc(getattr(reader, "func", reader)) or ""
    about, _, rest = text.partition("\nArgs:\n")
    summary, _, details = about.partition("\n")
    arguments = re.split(r"\n(?=\S)", rest, maxsplit=1)[0]
    told = {
        match["name"]: " ".join(match["about"].split())
        for match in re.finditer(r"^ {4}(?P<name>\w+): (?P<about>.*(?:\n {5,}.*)*)", arguments, re.MULTILINE)
    }
    fixed = getattr(reader, "keywords", {})
    options = tuple(
        ReaderOption(parameter.name, _as_yaml(parameter.default), told.get(parameter.name, ""))
        for parameter in inspect.signature(reader).parameters.values()
        if parameter.name != "root"
        and parameter.name not in fixed
        and parameter.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    )
    return ReaderText(summary.strip(), details.strip(), options)


def _names_of_kind(kind: str | None) -> list[str]:
    from typing import get_args

    from reidkit.core.catalog import near_name
    from reidkit.core.errors import CatalogError
    from reidkit.data.readers import BENCHMARKS, READERS
    from reidkit.data.readers.benchmark import Kind

    if kind is None:
        return list(READERS)
    if kind not in get_args(Kind):
        raise CatalogError(
            f"Kind is unknown, got '{kind}'.{near_name(kind, get_args(Kind))} "
            f"Expected one of {', '.join(get_args(Kind))}."
        )
    return [key for key in READERS if key in BENCHMARKS and BENCHMARKS[key].kind == kind]


def _facts(name: str, reader: Callable[..., Any], benchmark: "Benchmark | None") -> dict[str, Any]:
    text = describe_reader(reader)
    known: dict[str, Any] = {"name": name, "title": None, "kind": None}
    if benchmark is not None:
        known = {**asdict(benchmark), "name": name}
    return {**known, "reader": {**asdict(text)}}


def _as_json(content: Any) -> str:  # noqa: ANN401 - JSON is whatever json.dumps takes
    return json.dumps(content, indent=2, ensure_ascii=False)


def _as_yaml(value: object) -> str:
    """Return a default as it is written behind ``--option name=``."""
    if value is inspect.Parameter.empty:
        return "needed"
    return json.dumps(value, ensure_ascii=False) if value is None or isinstance(value, bool) else str(value)


def _print_table(names: list[str], console: "Console") -> None:
    """Print one row per reader, in a terminal without the columns that it is too narrow for."""
    from rich.measure import Measurement

    unlimited = console.options.update(max_width=10_000)
    for without in ((), ("protocol",), ("protocol", "title")):
        table = _table(names, without)
        width = Measurement.get(console, unlimited, table).maximum
        if (
            not console.is_terminal
        ):  # a file or a pipe takes rows of any length, and searching needs them whole
            console.width = max(console.width, width)
        if width <= console.width:
            break
    console.print(table)


def _table(names: list[str], without: Collection[str]) -> "Table":
    from rich.table import Table

    from reidkit.data.readers import BENCHMARKS

    rows = []
    for name in names:
        if name in BENCHMARKS:
            rows.append(_cells(BENCHMARKS[name]))
        else:  # a form that data of one's own has: nothing was published
            rows.append({"name": name, "title": "data of your own", "kind": "any", "protocol": "by the data"})
    table = Table()
    columns = [column for column in _COLUMNS if column not in without]
    for column in columns:
        is_number = column in (*_SPLITS, "cameras")
        table.add_column(
            column,
            justify="right" if is_number else "left",
            no_wrap=column == "name",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(row.get(column, "") for column in columns))
    return table


def _cells(benchmark: "Benchmark") -> dict[str, str]:
    cameras = [count.cameras for count in benchmark.counts.values() if count.cameras is not None]
    return {
        "name": benchmark.name,
        "title": benchmark.title,
        "kind": benchmark.kind,
        **{split: f"{count.identities} / {count.images}" for split, count in benchmark.counts.items()},
        "cameras": str(max(cameras)) if cameras else "",
        "protocol": benchmark.protocol,
        "remarks": ", ".join(_remarks(benchmark)),
    }


def _remarks(benchmark: "Benchmark") -> list[str]:
    remarks = ["withdrawn"] if benchmark.is_withdrawn else []
    remarks += ["video"] if benchmark.is_video else []
    return [*remarks, f"{benchmark.num_splits} splits"] if benchmark.num_splits > 1 else remarks


def _tell(name: str, reader: Callable[..., Any], benchmark: "Benchmark | None", console: "Console") -> None:
    from rich.table import Table

    text = describe_reader(reader)

    def say(line: str) -> None:
        console.print(line.replace("``", "`"), markup=False, soft_wrap=True)

    say(f"{name}: {benchmark.title if benchmark else text.summary}")
    if benchmark is not None:
        remarks = _remarks(benchmark)
        say(f"kind: {', '.join([benchmark.kind, *remarks])}")
        say(f"reference: {benchmark.reference}")
        say(benchmark.how_to_obtain)
        say(f"terms: {benchmark.terms}")
        say(f"protocol: {benchmark.protocol}")
        if benchmark.num_splits > 1:
            say(f"splits: 0 to {benchmark.num_splits - 1}; published scores are means over all")
        if benchmark.counts:
            table = Table(title="as published", title_justify="left")
            table.add_column("split")
            for column in ("identities", "tracklets" if benchmark.is_video else "images", "cameras"):
                table.add_column(column, justify="right")
            for split, count in benchmark.counts.items():
                cameras = "" if count.cameras is None else str(count.cameras)
                table.add_row(split, str(count.identities), str(count.images), cameras)
            console.print(table)
        say("")
        say(text.summary)
    if text.details:
        say("")
        say(text.details)
    say("")
    say("Options (--option name=value):" if text.options else "It takes no options.")
    for option in text.options:
        say(f"  {option.name}={option.default}: {option.about}".rstrip(": "))
