"""What may be searched, as words and as a file."""

from pathlib import Path

import pytest

from reidkit.core.errors import RecipeError
from reidkit.engine.search_space import SearchKey, override, parse_keys, read_space


def test_words_become_keys():
    keys = parse_keys(
        [
            "optim.learning_rate=log(1e-5, 1e-3)",
            "losses.0.weight=uniform(0,2)",
            "training.epochs=int(3, 9)",
            "optim.name=choice(adam, sgd, null, true, 1e-3)",
        ]
    )
    assert keys == (
        SearchKey("optim.learning_rate", "log", 1e-5, 1e-3),
        SearchKey("losses.0.weight", "uniform", 0, 2),
        SearchKey("training.epochs", "int", 3, 9),
        SearchKey("optim.name", "choice", choices=("adam", "sgd", None, True, 1e-3)),
    )
    assert [key.ends() for key in keys] == [(1e-5, 1e-3), (0, 2), (3, 9), ("adam", "sgd", None, True, 1e-3)]


def test_text_of_a_key_gives_the_key_back():
    texts = ["a=log(1e-05, 0.001)", "b=int(1, 3)", "c=choice(adam, null, true, 0.5)"]
    keys = parse_keys(texts)
    assert [key.as_text() for key in keys] == texts
    assert parse_keys([key.as_text() for key in keys]) == keys


def test_values_become_overrides():
    values = [override("a", value) for value in (1e-5, 3, None, False, "adam")]
    assert values == ["a=1e-05", "a=3", "a=null", "a=false", "a=adam"]


def test_file_names_keys_and_lists(tmp_path: Path):
    path = tmp_path / "space.yaml"
    path.write_text("optim.learning_rate: log(1e-4, 1e-2)\noptim.name: [adam, sgd]\n")
    assert read_space(path) == parse_keys(
        ["optim.learning_rate=log(1e-4, 1e-2)", "optim.name=choice(adam, sgd)"]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optim.learning_rate", r"'optim\.learning_rate' is not understood\. Expected key=log"),
        ("a=normal(0, 1)", r"got 'normal\(0, 1\)'\. Expected log"),
        ("a=log(0, 1)", r"Expected 0 < low < high"),
        ("a=log(1e-3, 1e-5)", r"Expected 0 < low < high"),
        ("a=uniform(1)", r"Expected two numbers: uniform\(low, high\)"),
        ("a=uniform(x, y)", r"Expected two numbers"),
        ("a=int(1.5, 3)", r"Expected whole numbers, low < high"),
        ("a=choice(x)", r"has no choice, got \['x'\]"),
    ],
)
def test_what_is_no_key_is_refused(text: str, message: str):
    with pytest.raises(RecipeError, match=message):
        parse_keys([text])


def test_key_named_twice_is_refused():
    with pytest.raises(RecipeError, match=r"Search key 'a' is named twice"):
        parse_keys(["a=int(1, 2)", "a=int(1, 3)"])


@pytest.mark.parametrize("content", ["", "[1, 2]", "a: [b"])
def test_file_that_is_no_space_is_refused(content: str, tmp_path: Path):
    path = tmp_path / "space.yaml"
    path.write_text(content)
    with pytest.raises(RecipeError, match=r"Search space .* (is no mapping|cannot be read)"):
        read_space(path)
    with pytest.raises(RecipeError, match=r"cannot be read"):
        read_space(tmp_path / "none.yaml")
