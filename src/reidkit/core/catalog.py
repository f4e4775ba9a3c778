"""Find a component by its key in a literal catalog, or by a dotted path outside the package.

A catalog is a plain dict from key to builder (a class or a function). Nothing registers itself.
"""

import difflib
import functools
import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from reidkit.core.errors import CatalogError

Builder = TypeVar("Builder", bound=Callable[..., Any])


def near_name(name: str, known: Collection[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest known name, or an empty text."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


def find(kind: str, key: str, catalog: Mapping[str, Builder]) -> Builder:
    """Return the builder of a key, or what a dotted path ``package.module:name`` points at.

    Args:
        kind: What is looked for, for the message: ``"model"``, ``"loss"``.
        key: A key of the catalog, or a dotted path.
        catalog: The literal dict to look in.

    Raises:
        CatalogError: unknown key, or a path that cannot be imported.
    """
    if key in catalog:
        return catalog[key]
    if ":" in key:
        imported: Builder = _import_path(kind, key)
        return imported
    raise CatalogError(
        f"Unknown {kind} '{key}'.{near_name(key, catalog)} Known: {', '.join(sorted(catalog))}; "
        f"or a path of your own such as 'mylab.module:name'."
    )


def _import_path(kind: str, path: str) -> Any:  # noqa: ANN401 - what the path points at is the user's
    module_name, _, attribute = path.partition(":")
    if not module_name or module_name.startswith(".") or not attribute:
        raise CatalogError(f"Path of the {kind} is incomplete, got '{path}'. Expected 'package.module:name'.")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise CatalogError(
            f"Cannot import the {kind} '{path}': {error}. "
            f"Expected 'package.module:name' with the module on PYTHONPATH."
        ) from error
    if not hasattr(module, attribute):
        known = [name for name in vars(module) if not name.startswith("_")]
        raise CatalogError(f"Module '{module_name}' has no '{attribute}'.{near_name(attribute, known)}")
    return getattr(module, attribute)


def argument_faults(
    kind: str,
    key: str,
    builder: Callable[..., Any],
    arguments: Collection[str],
    *,
    given: Collection[str] = (),
    offered: Collection[str] = (),
) -> list[str]:
    """Return one sentence per argument that the builder does not take, or lacks.

    Args:
        kind: What is built, for the message.
        key: Its key, for the message.
        builder: The class or function whose signature counts.
        arguments: Names that the user gives.
        given: Names that reidkit gives itself; the user may not.
        offered: Names that reidkit gives to a builder that takes them; the user may not.
    """
    try:
        parameters = inspect.signature(builder).parameters
    except (TypeError, ValueError) as error:  # not callable, or a built-in without a signature
        raise CatalogError(
            f"{kind} '{key}' cannot be built from: {error}. Expected a function or class."
        ) from error
    # What a catalog row binds itself (osnet_x0_5 is osnet with width 0.5) is not the user's to change.
    fixed = {*given, *offered, *(builder.keywords if isinstance(builder, functools.partial) else ())}
    takes_any = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters.values())
    names = [
        name
        for name, item in parameters.items()
        if item.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        and name not in fixed
    ]
    faults = [
        f"{kind} '{key}' has no argument '{name}'.{near_name(name, names)} "
        f"It takes: {', '.join(names) or 'none'}."
        for name in arguments
        if name not in names and not (takes_any and name not in fixed)
    ]
    faults += [
        f"{kind} '{key}' needs the argument '{name}'."
        for name in names
        if parameters[name].default is inspect.Parameter.empty and name not in arguments
    ]
    faults += [
        f"{kind} '{key}' must take the argument '{name}', which reidkit gives to every {kind}."
        for name in given
        if name not in parameters and not takes_any
    ]
    return [fault[0].upper() + fault[1:] for fault in faults]


def build(
    kind: str,
    key: str,
    catalog: Mapping[str, Callable[..., Any]],
    arguments: Mapping[str, Any],
    **given: Any,  # noqa: ANN401 - passed through to the builder
) -> Any:  # noqa: ANN401 - the builder decides
    """Find a builder and call it with the user's arguments and with what reidkit gives itself.

    Raises:
        CatalogError: unknown key, an argument the builder does not take, or one that it needs.
    """
    builder = find(kind, key, catalog)
    faults = argument_faults(kind, key, builder, arguments, given=given)
    if faults:
        raise CatalogError(" ".join(faults))
    return builder(**arguments, **given)
