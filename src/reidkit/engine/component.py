"""Sections of a recipe that name a component of a catalog, and what can be wrong with one."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Self, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

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

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_component(self) -> Self:
        faults = component_faults(self.kind, self.name, self.catalog, self.arguments, given=self.given)
        if faults:
            raise ValueError(" ".join(faults))
        return self

    def build(self, **given: Any) -> Any:  # noqa: ANN401 - the builder decides
        """Build the component with its arguments and with what reidkit gives itself."""
        return find(self.kind, self.name, self.catalog)(**self.arguments, **given)


def component_faults(
    kind: str,
    name: str,
    catalog: Catalog,
    arguments: Mapping[str, Any],
    *,
    given: Collection[str] = (),
) -> list[str]:
    """Return what is wrong with a component of a recipe: its name, its arguments, or their types.

    Args:
        kind: Of component, for the message.
        name: Key of the catalog or dotted path.
        catalog: To look in.
        arguments: As the recipe gives them.
        given: Arguments that reidkit gives itself.
    """
    try:
        builder = find(kind, name, catalog)
    except CatalogError as error:
        return [str(error)]
    faults = argument_faults(kind, name, builder, arguments, given=given)
    plain = getattr(builder, "func", builder)  # what a catalog row binds with functools.partial
    hints = get_type_hints(cast(Any, plain).__init__ if isinstance(plain, type) else plain)
    for argument, value in arguments.items():
        if argument in hints:
            try:
                TypeAdapter(hints[argument]).validate_python(value)
            except ValidationError as error:
                detail = error.errors()[0]["msg"]
                faults.append(f"{kind.capitalize()} '{name}' argument '{argument}': {detail}, got {value!r}.")
    return faults
