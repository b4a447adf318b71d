"""What the checker wants of a workload: the pure functions that say how a booking changes a state.

A workload that can decide several bookings on one state has nearly all of it. States are hashable
values. Customers and bookings are names: a model may compare them, and must not look into them.
The smaller the state, the faster the check: it pays to remember a booking only if one of the
requests that ``fresh`` was given moves or cancels it.

A model may declare ``bookings_only_take = True``: bookings that are accepted one after the other
are accepted in any other order and in any part, and come to the same state; what a booking was
refused for does not go away by more bookings. That is so for seats, for counters, for calendars:
all that take from what there is. It keeps the search short where much is booked at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from booking_lab.checker.operation import Operation
from booking_lab.errors import BookingLabError, Refused


@runtime_checkable
class Model(Protocol):
    """The functions without which a workload's histories can't be checked."""

    def decide(self, state: Any, request: Any) -> Any:
        """Return the change that ``request`` makes; raises Refused if the state doesn't allow it.

        ``state`` is one of the states below, which may hold more than the request touches.
        """
        ...

    def apply(self, state: Any, request: Any, change: Any) -> Any:
        """Return the state after the change."""
        ...

    def fresh(self, requests: Sequence[Any], available: Mapping[str, Any]) -> Any:
        """Return the state that a reset leaves, of all that ``requests`` touch.

        ``requests`` are of one scope, and ``available`` is what was recorded at its reset.
        """
        ...


class ModelFault(BookingLabError):
    """The model's code is at fault."""

    code = "model_fault"


class ModelAdapter:
    """The model of some operations, as the search takes it; its faults are told from the search's.

    Args:
        model: the workload.
        operations: all that the states have to know of.
    """

    def __init__(self, model: Model, operations: Sequence[Operation]) -> None:
        self._model = model
        self._requests = [one.request for one in operations if one.request]
        declared = getattr(model, "bookings_only_take", False)
        self.only_takes = declared and all(one.action == "book" for one in operations)

    def fresh(self, available: Mapping[str, Any] | None) -> Any:
        """Return the state that a reset leaves."""
        with self._at_fault():
            state = self._model.fresh(self._requests, available or {})
            hash(state)
        return state

    def step(self, state: Any, operation: Operation) -> Any | None:
        """Return the state after ``operation``; none if it would have been refused."""
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
