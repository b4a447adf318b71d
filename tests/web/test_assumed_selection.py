"""A booking begins under the selection that its process read last; nothing comes of an old one."""

import psycopg2
import pytest

from tests.web.test_booking import book

OWN = """
from dataclasses import dataclass

from booking_lab import Attempt, Refused, Strategy


@dataclass(frozen=True)
class Own(Strategy):
    '''Sends nothing.'''

    def book(self, attempt: Attempt) -> None:
        '''{what}'''
        {what}
"""
OWNS = {
    "refuses": "raise Refused('Not with me.')",
    "fails": "raise RuntimeError('I have a bug.')",
    "forgets": "return",
}
SLOT = {
    "kind": "slots", "tenant_id": 1, "branch_id": 1, "resource_id": 1, "service_id": 1,
    "starts_at": "2031-07-01T09:00:00Z", "ends_at": "2031-07-01T10:00:00Z", "customer_id": "c",
}  # fmt: skip


@pytest.fixture
def lab(make_client, tmp_path):
    for name, what in OWNS.items():
        (tmp_path / f"{name}.py").write_text(OWN.format(what=what))
    return make_client(strategy_folders=(str(tmp_path),))


def switch_elsewhere(database_url, strategy):
    """As another worker does; this one is not told."""
    with psycopg2.connect(database_url) as session, session.cursor() as cursor:
        cursor.execute(
            "UPDATE lab SET strategy = %s, options = '{}', epoch = epoch + 1 RETURNING epoch",
            (strategy,),
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    "before", [*OWNS, "none", "pessimistic", "atomic", "queue", "serializable", "distributed"]
)
def test_the_new_strategy_counts_whatever_the_old_one_would_have_said(lab, database_url, before):
    lab.post("/admin/strategy", json={"strategy": before})
    book(lab, "A1")
    epoch = switch_elsewhere(database_url, "optimistic")

    booked = book(lab, "A2").json

    assert (booked["outcome"], booked["strategy"], booked["epoch"]) == (
        "confirmed",
        "optimistic",
        epoch,
    )


def test_what_the_old_strategy_could_not_book_the_new_one_can(lab, database_url):
    lab.post("/admin/strategy", json={"strategy": "reserve"})
    assert lab.post("/api/bookings", json=SLOT).status_code == 422
    switch_elsewhere(database_url, "atomic")
    assert lab.post("/api/bookings", json=SLOT).status_code == 201


def test_what_the_new_strategy_can_not_book_the_old_one_does_not(lab, database_url):
    lab.post("/admin/strategy", json={"strategy": "atomic"})
    assert lab.post("/api/bookings", json=SLOT).status_code == 201
    switch_elsewhere(database_url, "reserve")
    later = {**SLOT, "starts_at": "2031-07-01T11:00:00Z", "ends_at": "2031-07-01T12:00:00Z"}
    assert lab.post("/api/bookings", json=later).status_code == 422
