"""Sections of a recipe that name a component of a catalog, and what can be wrong with one."""

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, cast, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from reidkit.core.catalog import argument_faults, find
from reidkit.core.errors import CatalogError

Catalog = Mapping[str, Callable[..., Any]]


class Section(BaseModel):
    """A part of a recipe: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Component(Section):
    """A component by its catalog key or dotted path, with its arguments."""

    kind: ClassVar[str]
    catalog: ClassVar[Catalog]
    given: ClassVar[Collection[str]] = ()
    offered: ClassVar[Collection[str]] = ()

    name: str = Field(validate_default=True)
    arguments: dict[str, Any] = Field(default_factory=dict, validate_default=True)

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        return check_name(cls.kind, name, cls.catalog)

    @field_validator("arguments")
    @classmethod
    def _check_arguments(cls, arguments: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        name = info.data.get("name")  # not there where it is at fault itself
        return check_arguments(cls.kind, name, cls.catalog, arguments, given=cls.given, offered=cls.offered)

    def build(self, **given: Any) -> Any:  # noqa: ANN401 - the builder decides
        """Build the component with its arguments and with what reidkit gives itself.

        Of what is only ``offered``, the builder gets what it takes.
        """
        builder = find(self.kind, self.name, self.catalog)
        takes = inspect.signature(builder).parameters if self.offered else {}
        wanted = {name: value for name, value in given.items() if name not in self.offered or name in takes}
        return builder(**self.arguments, **wanted)


def check_name(kind: str, name: str, catalog: Catalog) -> str:
    """Return the name of a component if there is one.

    Raises:
        ValueError: there is none; pydantic collects it with the other faults.
    """
    try:
        find(kind, name, catalog)
    except CatalogError as error:
        raise ValueError(str(error)) from error
    return name


def check_arguments(
    kind: str,
    name: str | None,
    catalog: Catalog,
    arguments: dict[str, Any],
    *,
    given: Collection[str] = (),
    offered: Collection[str] = (),
) -> dict[str, Any]:
    """Return the arguments of a component if its builder takes them, by name and by type.

    Args:
        kind: Of component, for the message.
        name: Key of the catalog or dotted path; None checks nothing.
        catalog: To look in.
        arguments: As the recipe gives them.
        given: Arguments that reidkit gives itself.
        offered: Arguments that reidkit gives to a builder that takes them.

    Raises:
        ValueError: with one line per fault; pydantic collects it with the other faults.
    """
    if name is None:
        return arguments
    builder = find(kind, name, catalog)
    faults = argument_faults(kind, name, builder, arguments, given=given, offered=offered)
    plain = getattr(builder, "func", builder)  # what a catalog row binds with functools.partial
    hints = get_type_hints(cast(Any, plain).__init__ if isinstance(plain, type) else plain)
    for argument, value in arguments.items():
        if argument in hints:
            try:
                TypeAdapter(hints[argument]).validate_python(value)
            except ValidationError as error:
                detail = error.errors()[0]["msg"]
                faults.append(f"{kind.capitalize()} '{name}' argument '{argument}': {detail}, got {value!r}.")
    if faults:
        raise ValueError("\n".join(faults))
    return arguments
