"""Workloads that declare ``bookings_only_take`` keep it, as far as the search relies on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_lab.checker.model import ModelAdapter
from booking_lab.checker.operation import Effect, Operation
from booking_lab.workloads import Workloads
from booking_lab.workloads.slots import Product, SlotRequest
from booking_lab.workloads.tickets import TicketRequest

from .models import operation
from .test_linearize import PATIENT, hold_to_brute_force, intervals

WORKLOADS = Workloads()
NINE = datetime(2030, 1, 7, 9, tzinfo=UTC)


@st.composite
def slots(draw: st.DrawFn) -> SlotRequest:
    """Up to two hours of one of two resources, at one of two branches, with up to two units."""
    begin = NINE + timedelta(hours=draw(st.integers(0, 3)))
    units = draw(st.integers(0, 2))
    return SlotRequest(
        customer_id="c",
        tenant_id=1,
        branch_id=draw(st.integers(1, 2)),
        resource_id=draw(st.integers(1, 2)),
        service_id=1,
        starts_at=begin,
        ends_at=begin + timedelta(hours=draw(st.integers(1, 2))),
        products=(Product(1, units),) if units else (),
    )


tickets = st.builds(
    TicketRequest, customer_id=st.just("c"), event_id=st.just(1), quantity=st.integers(1, 3)
)
ASKED = {
    "slots": (slots(), {"stock": [[1, 1, 2], [2, 1, 2]]}),
    "tickets": (tickets, {"1": 4}),
}


def test_each_that_declares_it_is_tested_here() -> None:
    declared = {one.name for one in WORKLOADS if getattr(one, "bookings_only_take", False)}
    assert declared == set(ASKED)


@pytest.mark.parametrize("name", ASKED)
@PATIENT
@given(data=st.data())
def test_a_history_is_explained_if_and_only_if_a_permutation_explains_it(
    name: str, data: st.DataObject
) -> None:
    requests, available = ASKED[name]
    operations: list[Operation] = [
        operation(request, begin, None if effect is Effect.POSSIBLE else end, effect)
        for request, (begin, end, effect) in data.draw(
            st.lists(st.tuples(requests, intervals()), max_size=6)
        )
    ]
    model: Any = WORKLOADS.get(name)
    assert ModelAdapter(model, operations).only_takes
    hold_to_brute_force(model, ModelAdapter(model, operations).fresh(available), operations)
