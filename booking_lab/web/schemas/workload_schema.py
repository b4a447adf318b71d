"""Request bodies for each workload, made from the fields of the workload's request class."""

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
from booking_lab.errors import InvalidRequest, PluginFault, safe_text
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
    """The models of one workload's bookings.

    Attributes:
        workload: the workload.
        fields: the model of the request's own fields.
        booking: the body of a booking.
        change: the body of a move; a field that is left out stays as it is.
        race: the body of a race.

    Raises:
        PluginFault: the request class can't be used over HTTP.
    """

    def __init__(self, workload: LabWorkload) -> None:
        self.workload = workload
        own = _own_fields(workload.request)
        if clash := _RESERVED & own.keys():
            raise PluginFault(f"its request has a field {min(clash)!r}, which the API reserves")
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
        # A type without a schema is found here, and not by a request for the whole document.
        for model in (self.booking, self.change, self.race):
            model.model_json_schema()

    def request(self, asked: BaseModel, customer_id: str) -> Request:
        """Return the request with the fields of ``asked``, a model of this kind.

        Raises:
            InvalidRequest: the fields contradict each other.
        """
        with value_errors_are_422():
            return self.workload.request(customer_id=customer_id, **self._given(asked))

    def changes(self, sent: Mapping[str, Any]) -> tuple[BaseModel, dict[str, Any]]:
        """Return the body of a move, and the fields that it changes.

        Raises:
            pydantic.ValidationError: the fields are not those of this kind.
        """
        change = parse_as(self.change, sent)
        return change, self._given(change)

    def changeable(self, session: Session, booking: UUID, held: Mapping[str, Any]) -> list[str]:
        """Return the names of the fields that a move of this booking may change.

        The workload is asked for a move to the values that the booking has already. It has no
        other reason to refuse such a move.
        """
        names = []
        for name in self.fields.model_fields.keys() & held.keys():
            with suppress(InvalidRequest, pydantic.ValidationError):
                self.workload.change(session, booking, self.changes({name: held[name]})[1])
                names.append(name)
        return sorted(names)

    def details(self, request: Request) -> dict[str, Any]:
        """Return the request's own fields as values of JSON."""
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
    """The schemas of all workloads; a workload without a schema is listed as broken."""

    def __init__(self, workloads: Workloads) -> None:
        self._workloads = workloads
        self._kinds: dict[str, WorkloadSchema] = {}
        for workload in list(workloads):
            try:
                self._kinds[workload.name] = WorkloadSchema(workload)
            except Exception as error:  # annotations without a schema, or any error of a plug-in
                workloads.reject(workload.name, f"{type(error).__name__}: {safe_text(error, str)}")

    def all(self) -> Mapping[str, WorkloadSchema]:
        """Return the schemas by name."""
        return self._kinds

    def get(self, name: str) -> WorkloadSchema:
        """Return the schema of the workload called ``name``.

        Raises:
            UnknownKind: there is no such workload.
        """
        return self._kinds[self._workloads.get(name).name]


@contextmanager
def value_errors_are_422() -> Iterator[None]:
    """Turn a ValueError of a request class into a 422.

    Raises:
        InvalidRequest: the block raised a ValueError.
    """
    try:
        yield
    except ValueError as error:
        raise InvalidRequest(f"The request is not valid: {error}.") from None


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
    # A factory keeps the default out of the document: left out means unchanged, not null.
    return Annotated[annotation, pydantic.Field(default_factory=lambda: None)], ...
