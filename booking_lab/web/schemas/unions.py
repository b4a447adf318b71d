"""Bodies that are different for each kind of booking."""

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
    """The part of a body that says which other fields it has."""

    model_config = ConfigDict(strict=True)

    kind: KindName


class _Union(RootModel[T]):
    """A body that is one of several."""

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Describe it, as the document wants it."""
        described: dict[str, Any] = examples.with_single_examples(
            super().model_json_schema(*args, **options)
        )
        return described


def by_kind(
    name: str, models: Mapping[str, type[BaseModel]], short: type[BaseModel] | None = None
) -> type[RootModel[Any]]:
    """Return a model called ``name`` of the bodies that are told apart by their ``kind``.

    Its ``root`` is one of ``models``, which stand under their kinds' names.

    Args:
        name: what the document calls it.
        models: the bodies, by kind.
        short: a body without a kind; none: the kind has to be there.
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
            """Look at the kind first, so that what is said about the rest is about that kind."""
            if short and "kind" not in obj:
                return cls.model_construct(parse_as(short, obj))
            kind = _KindField.model_validate(obj).kind
            if kind not in models:
                known = ", ".join(models)
                raise UnknownKind(f"There is no kind of booking {kind!r}; there are: {known}.")
            return cls.model_construct(parse_as(models[kind], obj))

    return ByKind


def any_kind(name: str, models: Mapping[str, type[BaseModel]]) -> type[RootModel[Any]]:
    """Return a model called ``name`` of bodies whose kind isn't said in them.

    Its ``root`` is what was sent; whoever has found out the kind has still to look into it.
    """

    shown = {kind: examples.change_example(model) for kind, model in models.items()}

    class AnyKind(_Union[reduce(or_, models.values())]):  # type: ignore[misc]
        model_config = ConfigDict(title=name) | examples.named_examples(shown)

        @classmethod
        def model_validate(cls, obj: Any, **_: Any) -> Any:
            """Take anything for now."""
            return cls.model_construct(obj)

    return AnyKind
