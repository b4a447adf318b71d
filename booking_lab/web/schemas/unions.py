"""Request bodies that depend on the kind of booking."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel

from booking_lab.errors import UnknownKind
from booking_lab.web.http.json_bodies import parse_as
from booking_lab.web.schemas import examples
from booking_lab.web.schemas.fields import KindName

T = TypeVar("T")


class _KindField(BaseModel):
    """The field ``kind`` of a body, which decides on its other fields."""

    model_config = ConfigDict(strict=True)

    kind: KindName


class _Union(RootModel[T]):
    """A body of one of several models."""

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the schema for the document."""
        described: dict[str, Any] = examples.with_single_examples(
            super().model_json_schema(*args, **options)
        )
        return described


def by_kind(
    name: str, models: Mapping[str, type[BaseModel]], short: type[BaseModel] | None = None
) -> type[RootModel[Any]]:
    """Return a model whose ``root`` is one of ``models``, chosen by the field ``kind``.

    Args:
        name: the name of the model in the document.
        models: the bodies, by kind.
        short: a body without a kind; none: ``kind`` is required.
    """
    members: Any = reduce(or_, models.values())
    if len(models) > 1:
        members = Annotated[members, Field(discriminator="kind")]
    shown = {kind: examples.booking_example(model) for kind, model in models.items()}
    if short:
        shown = {"short": examples.booking_example(short), **shown}

    class ByKind(_Union[short | members if short else members]):  # type: ignore[misc]
        model_config = ConfigDict(title=name) | examples.named_examples(shown)

        @classmethod
        def model_validate(cls, obj: Any, **_: Any) -> Any:
            """Read the kind first, so that errors are about the fields of that kind."""
            if short and "kind" not in obj:
                return cls.model_construct(parse_as(short, obj))
            kind = obj.get("kind")
            if not isinstance(kind, str) or kind not in models:
                kind = _KindField.model_validate(obj).kind
                known = ", ".join(models)
                raise UnknownKind(f"There is no kind of booking {kind!r}; there are: {known}.")
            return cls.model_construct(parse_as(models[kind], obj))

    return ByKind


def any_kind(name: str, models: Mapping[str, type[BaseModel]]) -> type[RootModel[Any]]:
    """Return a model called ``name`` of bodies that don't have their kind as a field.

    Its ``root`` is the JSON object as it was sent. The route has to validate it when it knows the
    kind.
    """

    shown = {kind: examples.change_example(model) for kind, model in models.items()}

    class AnyKind(_Union[reduce(or_, models.values())]):  # type: ignore[misc]
        model_config = ConfigDict(title=name) | examples.named_examples(shown)

        @classmethod
        def model_validate(cls, obj: Any, **_: Any) -> Any:
            """Accept any object; the route validates it."""
            return cls.model_construct(obj)

    return AnyKind
