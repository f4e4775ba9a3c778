"""Rules of the house that no linter knows. Every scan says how much it looked at."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import reidkit
from reidkit.data.readers import READERS
from reidkit.data.sampling import SAMPLERS
from reidkit.data.transforms import TRANSFORMS
from reidkit.engine.optimizers import OPTIMIZERS
from reidkit.engine.schedules import SCHEDULES
from reidkit.losses.catalog import LOSSES
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.models.zoo import MODELS

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "reidkit").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

LONGEST_FILE = 400
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "core_utils"}


def test_the_scan_finds_the_house():
    assert len(SOURCES) > 80
    assert len(TESTS) > 50


def test_files_hold_one_idea():
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_names_are_words_of_the_field():
    assert [path for path in SOURCES if path.stem in FORBIDDEN_NAMES] == []


def test_every_module_says_what_lives_there():
    assert [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_nothing_is_pickled():
    pattern = re.compile(
        r"^\s*(import|from) (pickle|dill|cloudpickle|joblib)\b(?! import UnpicklingError$)|weights_only\s*=\s*False",
        re.M,
    )
    assert [path for path in SOURCES if pattern.search(path.read_text())] == []


def test_torch_load_is_always_restricted():
    calls = [
        (path, node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load"
    ]
    assert len(calls) >= 1
    for path, call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("weights_only") == "True", path


def test_every_part_has_its_tests():
    parts = parts_of(SOURCES, ROOT / "src" / "reidkit") - {"recipes"}
    assert len(parts) >= 10
    assert parts - parts_of(TESTS, ROOT / "tests") == set()


def parts_of(files: list[Path], root: Path) -> set[str]:
    """Return the folders right under a root that hold any of the files."""
    return {path.relative_to(root).parts[0] for path in files if path.parent != root}


def test_public_names_are_those_announced():
    assert reidkit.__all__ == sorted(reidkit.__all__)
    assert set(reidkit._MODULES) == set(reidkit.__all__)
    for name, module in reidkit._MODULES.items():
        assert getattr(reidkit, name) is getattr(importlib.import_module(module), name)


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'reidkit' has no attribute 'nothing'"):
        _ = reidkit.nothing


@pytest.mark.parametrize(
    ("catalog", "least"),
    [
        (MODELS, 10), (LOSSES, 2), (READERS, 50), (SAMPLERS, 5), (TRANSFORMS, 15), (OPTIMIZERS, 7),
        (SCHEDULES, 4), (PROTOCOLS, 2),
    ],
)  # fmt: skip
def test_catalog_keys_are_lower_case_words(catalog: dict[str, object], least: int):
    assert len(catalog) >= least
    assert [key for key in catalog if not re.fullmatch(r"[a-z][a-z0-9_-]*", key)] == []


def test_documented_arguments_are_those_of_the_signature():
    checked = 0
    wrong = []
    for path in SOURCES:
        if path.stem == "__main__":  # importing it runs the command line
            continue
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
        for name, item in vars(module).items():
            if name.startswith("_") or getattr(item, "__module__", None) != module.__name__:
                continue
            if not (inspect.isfunction(item) or inspect.isclass(item)) or not item.__doc__:
                continue
            documented = documented_arguments(item.__doc__)
            if documented is None:
                continue
            checked += 1
            known = known_arguments(item)
            wrong += [
                f"{module.__name__}.{name}: {argument}" for argument in documented if argument not in known
            ]
    assert checked > 60
    assert wrong == []


def documented_arguments(docstring: str) -> list[str] | None:
    """Return the names under ``Args:``, or None where there is no such part."""
    match = re.search(r"^\s*Args:\n((?:.*\n?)+?)(?=^\s*[A-Z][a-z]+:\n|\Z)", inspect.cleandoc(docstring), re.M)
    return re.findall(r"^    (\w+):", match[1], re.M) if match else None


def known_arguments(item: object) -> set[str]:
    """Return the arguments of a function, or the arguments and fields of a class."""
    names = set(inspect.signature(item).parameters)
    for parent in getattr(item, "__mro__", ()):
        names |= set(getattr(parent, "__annotations__", {}))
    return names
