import json
from functools import partial
from pathlib import Path

import pytest

from reidkit.cli.datasets import ReaderOption, describe_reader
from reidkit.core.types import DatasetSplits
from reidkit.data.readers import BENCHMARKS, READERS
from tests.cli.conftest import Command


def rows_of(out: str) -> dict[str, list[str]]:
    lines = [line for line in out.splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    return {first: others for first, *others in cells}


def read_zoo(root: Path, *, night: bool = False, camera: str | None = None, every: int = 2) -> DatasetSplits:
    """Read the zoo.

    Animals of ``zoo.txt``.

    Args:
        root: The zoo.
        night: Whether pictures of the night: those
            with eyes; count.
        every: Step.

    Raises:
        DatasetError: no zoo.
            root: nothing.
    """
    raise NotImplementedError


def read_silently(root: Path, names=()):
    raise NotImplementedError


def test_docstring_and_signature_of_a_reader_are_taken_apart():
    text = describe_reader(read_zoo)
    assert (text.summary, text.details) == ("Read the zoo.", "Animals of ``zoo.txt``.")
    assert text.options == (
        ReaderOption("night", "false", "Whether pictures of the night: those with eyes; count."),
        ReaderOption("camera", "null", ""),
        ReaderOption("every", "2", "Step."),
    )


def test_options_that_a_row_of_the_catalog_fixes_are_not_shown():
    text = describe_reader(partial(read_zoo, night=True))
    assert text.summary == "Read the zoo."
    assert [option.name for option in text.options] == ["camera", "every"]


def test_reader_without_a_docstring_has_its_options_all_the_same():
    assert describe_reader(read_silently).options == (ReaderOption("names", "()", ""),)


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_option_of_every_reader_is_documented(name: str):
    text = describe_reader(READERS[name])
    assert text.summary.endswith((".", "?"))
    assert [option.name for option in text.options if not option.about] == []
    assert [option.name for option in text.options if option.default == "needed"] == []


def test_datasets_lists_every_reader_once(reidkit: Command):
    result = reidkit("datasets")
    assert result.code == 0, result.err
    rows = rows_of(result.out)
    assert set(rows) == set(READERS)
    assert rows["market1501"] == [
        "Market-1501", "person", "751 / 12936", "750 / 3368", "751 / 15913", "6", "market1501", "",
    ]  # fmt: skip
    assert rows["folder"] == ["data of your own", "any", "", "", "", "", "by the data", ""]


def test_datasets_marks_what_was_withdrawn_and_what_is_video_and_has_splits(reidkit: Command):
    rows = rows_of(reidkit("datasets").out)
    for name, benchmark in BENCHMARKS.items():
        remarks = rows[name][-1]
        assert ("withdrawn" in remarks) == benchmark.is_withdrawn
        assert ("video" in remarks) == benchmark.is_video
        assert (f"{benchmark.num_splits} splits" in remarks) == (benchmark.num_splits > 1)


def test_datasets_of_a_kind(reidkit: Command):
    result = reidkit("datasets", "--kind", "person")
    assert set(rows_of(result.out)) == {name for name in BENCHMARKS if BENCHMARKS[name].kind == "person"}
    refused = reidkit("datasets", "--kind", "persons")
    assert refused.code == 2
    assert "Did you mean 'person'? Expected one of person, vehicle" in refused.err


def test_datasets_as_json(reidkit: Command):
    listed = json.loads(reidkit("datasets", "--json").out)
    assert [one["name"] for one in listed] == list(READERS)
    market = next(one for one in listed if one["name"] == "market1501")
    assert market["counts"]["query"] == {"identities": 750, "images": 3368, "cameras": 6}
    assert market["reader"]["options"][0]["name"] == "distractors_500k"
    assert market == json.loads(reidkit("datasets", "market1501", "--json").out)
    own = json.loads(reidkit("datasets", "folder", "--json").out)
    assert (own["title"], own["kind"]) == (None, None)


def test_datasets_tells_everything_about_one(reidkit: Command):
    result = reidkit("datasets", "market1501")
    assert result.code == 0, result.err
    benchmark = BENCHMARKS["market1501"]
    for text in (benchmark.title, benchmark.reference, benchmark.how_to_obtain, benchmark.terms):
        assert text in result.out
    assert rows_of(result.out)["gallery"] == ["751", "15913", "6"]
    assert "  distractors_500k=false: Whether the images of `images/`" in result.out
    assert "Read the official Market-1501 archive in place." in result.out
    assert "Raises" not in result.out
    assert "Args" not in result.out


def test_datasets_tells_of_a_reader_of_your_own(
    reidkit: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "my_zoo.py").write_text('def read(root, *, night=False):\n    """Read it."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    result = reidkit("datasets", "my_zoo:read")
    assert "my_zoo:read: Read it." in result.out
    assert "  night=false\n" in result.out


def test_datasets_unknown_name_is_refused_with_the_nearest(reidkit: Command):
    result = reidkit("datasets", "market1051")
    assert result.code == 2
    assert "Unknown reader 'market1051'. Did you mean 'market1501'?" in result.err
