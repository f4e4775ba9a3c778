import functools
import re
from pathlib import Path

import pytest

from reidkit.core.catalog import argument_faults, build, find, near_name
from reidkit.core.errors import CatalogError


def make_thing(*, size: int, colour: str = "red") -> dict[str, object]:
    return {"size": size, "colour": colour}


def make_any(**arguments: object) -> dict[str, object]:
    return arguments


class Thing:
    def __init__(self, size: int) -> None:
        self.size = size


CATALOG = {
    "thing_x1_0": make_thing,
    "thing_x0_5": functools.partial(make_thing, size=5),
}


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that writes a module of the user's own and gives its importable name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return write


def test_near_name_of_a_typo_is_a_question():
    assert near_name("osnet_1x0", ["osnet_x1_0", "resnet"]) == " Did you mean 'osnet_x1_0'?"


def test_near_name_of_nothing_alike_is_empty():
    assert near_name("zzz", ["osnet_x1_0"]) == ""
    assert near_name("zzz", []) == ""


def test_find_known_key_returns_the_row_itself():
    assert find("thing", "thing_x0_5", CATALOG) is CATALOG["thing_x0_5"]


def test_find_unknown_key_names_the_nearest_and_all_known():
    expected = (
        "Unknown thing 'thing_1x0'. Did you mean 'thing_x1_0'? Known: thing_x0_5, thing_x1_0; "
        "or a path of your own such as 'mylab.module:name'."
    )
    with pytest.raises(CatalogError, match=f"^{re.escape(expected)}$"):
        find("thing", "thing_1x0", CATALOG)


def test_find_unlike_key_makes_no_suggestion():
    with pytest.raises(CatalogError, match=r"^Unknown thing 'zebra'\. Known: thing_x0_5, thing_x1_0;"):
        find("thing", "zebra", CATALOG)


def test_find_dotted_path_returns_what_it_points_at(own_module):
    module = own_module("own_find", "def make(): return 7\n")
    assert find("thing", f"{module}:make", CATALOG)() == 7


def test_find_path_to_absent_module_says_so_and_keeps_the_cause():
    with pytest.raises(
        CatalogError,
        match=r"^Cannot import the thing 'no_such_lab\.nets:make': No module named 'no_such_lab'\. "
        r"Expected 'package\.module:name' with the module on PYTHONPATH\.$",
    ) as caught:
        find("thing", "no_such_lab.nets:make", CATALOG)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_find_path_whose_module_lacks_a_dependency_names_the_dependency(own_module):
    module = own_module("own_dependent", "import a_missing_dependency\n")
    with pytest.raises(CatalogError, match=r"No module named 'a_missing_dependency'"):
        find("thing", f"{module}:make", CATALOG)


def test_find_path_whose_module_is_broken_shows_its_own_error(own_module):
    module = own_module("own_broken", "raise RuntimeError('broken inside')\n")
    with pytest.raises(RuntimeError, match=r"^broken inside$"):
        find("thing", f"{module}:make", CATALOG)


def test_find_path_to_absent_attribute_names_the_nearest(own_module):
    module = own_module("own_attributes", "def make_network(): ...\n")
    with pytest.raises(
        CatalogError,
        match=r"^Module 'own_attributes' has no 'make_netwrok'\. Did you mean 'make_network'\?$",
    ):
        find("thing", f"{module}:make_netwrok", CATALOG)


@pytest.mark.parametrize("path", [":make", ".nets:make", "mylab:"])
def test_find_incomplete_path_is_a_catalog_error(path: str):
    with pytest.raises(CatalogError, match=re.escape(path.rstrip(":"))):
        find("thing", path, CATALOG)


def test_build_from_a_path_to_something_not_callable_is_a_catalog_error():
    with pytest.raises(CatalogError, match=r"math:pi"):
        build("thing", "math:pi", CATALOG, {})


def test_build_from_a_callable_without_a_signature_is_a_catalog_error():
    with pytest.raises(CatalogError, match=r"builtins:dict"):
        build("thing", "builtins:dict", CATALOG, {})


def test_faults_of_fitting_arguments_are_none():
    assert argument_faults("thing", "thing_x1_0", make_thing, ["size", "colour"]) == []
    assert argument_faults("thing", "thing_x1_0", make_thing, ["size"]) == []


def test_faults_unknown_argument_names_the_nearest_and_all():
    assert argument_faults("thing", "thing_x1_0", make_thing, ["size", "color"]) == [
        "Thing 'thing_x1_0' has no argument 'color'. Did you mean 'colour'? It takes: size, colour."
    ]


def test_faults_missing_argument_is_named():
    assert argument_faults("thing", "thing_x1_0", make_thing, []) == [
        "Thing 'thing_x1_0' needs the argument 'size'."
    ]


def test_faults_argument_bound_by_a_partial_row_is_not_the_users():
    row = CATALOG["thing_x0_5"]
    assert argument_faults("thing", "thing_x0_5", row, []) == []
    assert argument_faults("thing", "thing_x0_5", row, ["size"]) == [
        "Thing 'thing_x0_5' has no argument 'size'. It takes: colour."
    ]


def test_faults_given_name_is_not_the_users():
    assert argument_faults("thing", "key", make_thing, ["size"], given=["size"]) == [
        "Thing 'key' has no argument 'size'. It takes: colour."
    ]


def test_faults_given_name_that_the_builder_lacks_is_named():
    assert argument_faults("thing", "key", make_thing, ["size"], given=["image_size"]) == [
        "Thing 'key' must take the argument 'image_size', which reidkit gives to every thing."
    ]


def test_faults_are_all_reported_together():
    faults = argument_faults("thing", "key", make_thing, ["colr", "shape"], given=["image_size"])
    assert len(faults) == 4
    assert [re.findall(r"'(\w+)'", fault)[1] for fault in faults] == ["colr", "shape", "size", "image_size"]


def test_faults_of_a_builder_without_arguments_say_none():
    assert argument_faults("thing", "key", lambda: None, ["size"]) == [
        "Thing 'key' has no argument 'size'. It takes: none."
    ]


def test_faults_of_a_builder_that_takes_any_argument_are_none():
    assert argument_faults("thing", "key", make_any, ["anything"], given=["image_size"]) == []


def test_faults_of_a_builder_that_takes_any_argument_keep_bound_and_given_names():
    row = functools.partial(make_any, width=1)
    faults = argument_faults("thing", "key", row, ["width", "image_size", "other"], given=["image_size"])
    assert len(faults) == 2
    assert "no argument 'width'" in faults[0]
    assert "no argument 'image_size'" in faults[1]


def test_build_calls_the_builder_with_both_kinds_of_arguments():
    assert build("thing", "thing_x1_0", CATALOG, {"colour": "blue"}, size=3) == {"size": 3, "colour": "blue"}


def test_build_row_keeps_what_it_binds():
    assert build("thing", "thing_x0_5", CATALOG, {}) == {"size": 5, "colour": "red"}


def test_build_a_class_counts_its_constructor():
    assert build("thing", "class", {"class": Thing}, {"size": 4}).size == 4
    with pytest.raises(CatalogError, match=r"^Thing 'class' has no argument 'sizes'\. Did you mean 'size'\?"):
        build("thing", "class", {"class": Thing}, {"sizes": 4})


def test_build_reports_every_fault_in_one_error():
    with pytest.raises(CatalogError, match=r"no argument 'colr'.*needs the argument 'size'"):
        build("thing", "thing_x1_0", CATALOG, {"colr": "blue"})


def test_build_own_builder_must_take_what_reidkit_gives(own_module):
    module = own_module("own_builder", "def make(*, num_identities): return num_identities\n")
    with pytest.raises(
        CatalogError,
        match=r"^Model 'own_builder:make' must take the argument 'image_size', which reidkit gives to "
        r"every model\.$",
    ):
        build("model", f"{module}:make", {}, {}, num_identities=3, image_size=(256, 128))
    assert build("model", f"{module}:make", {}, {}, num_identities=3) == 3
