import io

from rich.console import Console

from reidkit.core.progress import progress_bar


def written(*, is_terminal: bool, calls: list[tuple[int, int]]) -> str:
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=80, highlight=False)
    with progress_bar(console, "counting") as report:
        for done, total in calls:
            report(done, total)
    return console.file.getvalue()


def test_without_a_terminal_there_is_one_line_at_the_end():
    assert written(is_terminal=False, calls=[(1, 3), (3, 3)]) == "counting: 3 of 3 done\n"


def test_nothing_to_count():
    assert written(is_terminal=False, calls=[]) == "counting: done\n"


def test_a_terminal_sees_a_bar_that_goes_away():
    text = written(is_terminal=True, calls=[(1, 3), (3, 3)])
    assert "3/3" in text
    assert text.endswith("counting: 3 of 3 done\n")


def test_a_quiet_console_stays_quiet():
    console = Console(file=io.StringIO(), quiet=True)
    with progress_bar(console, "counting") as report:
        report(1, 1)
    assert console.file.getvalue() == ""
