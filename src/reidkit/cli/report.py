"""``reidkit report``: two models compared query by query."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    first: Annotated[Path, typer.Argument(help="Folder of a run or an evaluation.")],
    second: Annotated[Path, typer.Argument(help="Of another model on the same data.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for comparison.html and comparison.json.")],
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
) -> None:
    """Compare two models on the same queries: a paired bootstrap, and the queries won and lost."""
    from reidkit.cli.screen import make_console
    from reidkit.core.files import write_json
    from reidkit.vis.comparison_page import compare_models, verdict, write_comparison_page
    from reidkit.vis.rank_table import RankRow, read_rank_rows
    from reidkit.vis.score_file import names_of, read_scores

    console = make_console()
    files = read_scores(first), read_scores(second)
    names = names_of(files)
    pair = names[0], names[1]
    comparison = compare_models(*files, seed=seed)
    rankings: list[list[RankRow]] = []
    for file in files:
        table = file.path.with_name("rankings.csv")
        rankings.append(read_rank_rows(table) if table.is_file() else [])
        if not table.is_file():
            console.print(f"note: {table} is not there, so its rank lists are not shown.", markup=False)
    write_json(out / "comparison.json", {"names": names, **comparison.as_json()})
    write_comparison_page(out / "comparison.html", pair, comparison, (rankings[0], rankings[1]))
    console.print(verdict(pair, comparison), markup=False, soft_wrap=True)
    console.print(
        f"{pair[1]} answers {len(comparison.won)} queries better and {len(comparison.lost)} worse.",
        markup=False,
        soft_wrap=True,
    )
    console.print(f"wrote {out}", markup=False, soft_wrap=True)
