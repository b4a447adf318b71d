"""The model of a workload: pure functions that compute how a booking changes a state.

A workload that can decide several bookings on one state has most of these functions. States are
hashable values. Customers and bookings are names: a model may compare them, and must not use their
content. A smaller state makes the check faster, so a state should contain a booking only if one of
the requests of ``fresh`` moves or cancels it.

A model may declare ``bookings_only_take = True``. Then accepted bookings commute: any order and any
subset of them is accepted, and the same subset gives the same state. A refused booking stays
refused after further bookings. That is true for seats, counters and calendars, which bookings only
take from. It keeps the search short when many bookings overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from booking_lab.checker.operation import Operation
from booking_lab.errors import BookingLabError, Refused


@runtime_checkable
class Model(Protocol):
    """The functions that the checker needs of a workload."""

    def decide(self, state: Any, request: Any) -> Any:
        """Return the change that ``request`` makes.

        ``state`` comes from ``fresh`` or ``apply``, and may contain more than the request touches.

        Raises:
            Refused: the state doesn't allow the request.
        """
        ...

    def apply(self, state: Any, request: Any, change: Any) -> Any:
        """Return the state after the change."""
        ...

    def fresh(self, requests: Sequence[Any], available: Mapping[str, Any]) -> Any:
        """Return the state after a reset, of all things that ``requests`` touch.

        ``requests`` belong to one scope, and ``available`` has the facts recorded at its reset.
        """
        ...


class ModelFault(BookingLabError):
    """The code of a model has failed."""

    code = "model_fault"


class ModelAdapter:
    """The model of some operations, in the form for the search. Errors of the model are ModelFault.

    Args:
        model: the workload.
        operations: all operations that the states have to contain.

    Attributes:
        only_takes: whether all operations are bookings of a model whose bookings only take.
    """

    def __init__(self, model: Model, operations: Sequence[Operation]) -> None:
        self._model = model
        self._requests = [one.request for one in operations if one.request]
        declared = getattr(model, "bookings_only_take", False)
        self.only_takes = declared and all(one.action == "book" for one in operations)

    def fresh(self, available: Mapping[str, Any] | None) -> Any:
        """Return the state after a reset."""
        with self._at_fault():
            state = self._model.fresh(self._requests, available or {})
            hash(state)
        return state

    def step(self, state: Any, operation: Operation) -> Any | None:
        """Return the state after ``operation``; none if the model refuses it."""
        if operation.request is None:
            return self.fresh(operation.available)
        try:
            change = self._model.decide(state, operation.request)
            return self._model.apply(state, operation.request, change)
        except Refused:
            return None
        except Exception as error:
            raise self._fault(error) from error

    @contextmanager
    def _at_fault(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> ModelFault:
        return ModelFault(f"the model {type(self._model).__name__} failed: {error!r}")
