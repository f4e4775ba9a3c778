import ast
import inspect
import re
from pathlib import Path

import reidkit
from reidkit.core import errors
from reidkit.core.errors import ReidkitError

PACKAGE = Path(reidkit.__file__).parent
TREE = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}


def test_every_error_derives_from_the_base():
    assert len(TREE) >= 10
    assert all(issubclass(kind, ReidkitError) for kind in TREE.values())
    assert ReidkitError.__bases__ == (Exception,)


def test_module_docstring_lists_every_error_and_no_other():
    listed = re.findall(r"^  (\w+Error)\s+\S", errors.__doc__, flags=re.MULTILINE)
    assert len(listed) == len(set(listed)) >= 9
    assert {*listed, "ReidkitError"} == set(TREE)


def test_every_error_says_when_it_is_raised():
    docs = {kind.__doc__ for kind in TREE.values()}
    assert len(docs) == len(TREE)
    assert all(doc and len(doc) > 20 for doc in docs)


def test_no_other_module_defines_an_error():
    modules = [path for path in PACKAGE.rglob("*.py") if path != Path(errors.__file__)]
    assert len(modules) > 30
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules}
    strays = [
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Error", "Exception"))
    ]
    assert strays == []
