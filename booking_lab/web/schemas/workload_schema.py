"""The kinds of booking as HTTP has them: their bodies come from the workloads' own requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, Literal, get_type_hints
from uuid import UUID

import pydantic
from pydantic import BaseModel, TypeAdapter, create_model

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.workload import Request, Session
from booking_lab.errors import InvalidRequest, PluginFault, shown
from booking_lab.web.http.json_bodies import parse_as
from booking_lab.web.schemas.fields import (
    Body,
    CustomerId,
    Customers,
    Options,
    StrategyName,
    Strict,
)
from booking_lab.workloads import Workloads

_RESERVED = {"kind", "strategy", "options"}
_STRATEGY_FIELDS: dict[str, Any] = {
    "strategy": (StrategyName | None, None),
    "options": (Options | None, None),
}


class WorkloadSchema:
    """One workload's bookings: what is sent for them, and what is shown of them.

    Attributes:
        workload: the workload.
        fields: what a customer says about the thing; a model of the request's own fields.
        booking: the body that books one.
        change: the body that moves one; what it leaves out stays as it is.
        race: the body that lets customers race for one.

    Raises:
        PluginFault: the workload's request can't be asked for over HTTP.
    """

    def __init__(self, workload: LabWorkload) -> None:
        self.workload = workload
        own = _own_fields(workload.request)
        if clash := _RESERVED & own.keys():
            raise PluginFault(f"its request has a field {min(clash)!r}, which the API has itself")
        kind: dict[str, Any] = {
            "kind": (Literal[workload.name], pydantic.Field(examples=[workload.name]))
        }
        customer: dict[str, Any] = {"customer_id": (CustomerId, ...)}
        self.fields = self._model("Fields", own, Strict)
        self.booking = self._model("Booking", kind | customer | own | _STRATEGY_FIELDS)
        self.change = self._model(
            "Change", {n: _optional(t) for n, (t, _) in own.items()} | _STRATEGY_FIELDS
        )
        customers = {"customers": (Customers, 10)}
        self.race = self._model(
            "Race", kind | {"request": (self.fields, ...)} | customers | _STRATEGY_FIELDS
        )
        self._adapter: TypeAdapter[Request] = TypeAdapter(workload.request)
        # What has no schema must not be found out by whoever asks for all of them.
        for model in (self.booking, self.change, self.race):
            model.model_json_schema()

    def request(self, asked: BaseModel, customer_id: str) -> Request:
        """Return the request for what ``asked``, a model with this kind's fields, says.

        Raises:
            InvalidRequest: it contradicts itself.
        """
        with value_errors_are_422():
            return self.workload.request(customer_id=customer_id, **self._given(asked))

    def changes(self, sent: Mapping[str, Any]) -> tuple[BaseModel, dict[str, Any]]:
        """Return a move's body, and what shall be different.

        Raises:
            pydantic.ValidationError: these aren't the fields of this kind.
        """
        change = parse_as(self.change, sent)
        return change, self._given(change)

    def changeable(self, session: Session, booking: UUID, held: Mapping[str, Any]) -> list[str]:
        """Return which of the fields that a booking holds a move may name.

        The workload is asked: what the booking holds already is no change to object to.
        """
        names = []
        for name in self.fields.model_fields.keys() & held.keys():
            with suppress(InvalidRequest, pydantic.ValidationError):
                self.workload.change(session, booking, self.changes({name: held[name]})[1])
                names.append(name)
        return sorted(names)

    def details(self, request: Request) -> dict[str, Any]:
        """Return the request's own fields as JSON has them."""
        shown: dict[str, Any] = self._adapter.dump_python(request, mode="json")
        return {name: shown[name] for name in self.fields.model_fields}

    def _given(self, asked: BaseModel) -> dict[str, Any]:
        names = self.fields.model_fields.keys() & asked.model_fields_set
        return {name: getattr(asked, name) for name in names}

    def _model(
        self, what: str, own: dict[str, Any], base: type[BaseModel] = Body
    ) -> type[BaseModel]:
        title = self.workload.name.title().replace("_", "")
        return create_model(f"{title}{what}", __base__=base, **own)


class WorkloadSchemas:
    """All kinds that there are; a workload that makes none is reported with the broken ones."""

    def __init__(self, workloads: Workloads) -> None:
        self._workloads = workloads
        self._kinds: dict[str, WorkloadSchema] = {}
        for workload in list(workloads):
            try:
                self._kinds[workload.name] = WorkloadSchema(workload)
            except Exception as error:  # annotations that make no schema, and whatever else
                workloads.reject(workload.name, f"{type(error).__name__}: {shown(error, str)}")

    def all(self) -> Mapping[str, WorkloadSchema]:
        """Return them by name."""
        return self._kinds

    def get(self, name: str) -> WorkloadSchema:
        """Return the kind called ``name``.

        Raises:
            UnknownKind: there is none.
        """
        return self._kinds[self._workloads.get(name).name]


@contextmanager
def value_errors_are_422() -> Iterator[None]:
    """Turn the objections of a request's own code into an answer.

    Raises:
        InvalidRequest: it has one.
    """
    try:
        yield
    except ValueError as error:
        raise InvalidRequest(f"The request makes no sense: {error}.") from None


def _own_fields(request: type[Request]) -> dict[str, Any]:
    hints = get_type_hints(request, include_extras=True)
    return {
        field.name: (hints[field.name], _default(field))
        for field in fields(request)
        if field.name != "customer_id" and not field.metadata.get("internal")
    }


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return pydantic.Field(default_factory=field.default_factory)
    return ... if field.default is MISSING else field.default


def _optional(annotation: Any) -> tuple[Any, Any]:
    # By a factory, the default stays out of the document: left out means unchanged, not none.
    return Annotated[annotation, pydantic.Field(default_factory=lambda: None)], ...
