"""`overlapping` in /admin/stats: the bookings that could have gone wrong."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests


def _book(url: str, customer: str, seat: str = "A1") -> requests.Response:
    body = {"event_id": 1, "seat_number": seat, "customer_id": customer, "strategy": "pessimistic"}
    return requests.post(f"{url}/book", json=body, timeout=20)


def _overlapping(url: str, bookings: int) -> int:
    """Return how many overlapped; all bookings are in the ledger."""
    stats = requests.get(f"{url}/admin/stats?kind=seats&scope=1", timeout=10).json()
    assert stats["totals"]["total"] == bookings
    assert stats["totals"]["overlapping"] == sum(one["overlapping"] for one in stats["by_strategy"])
    return int(stats["totals"]["overlapping"])


def test_one_after_another_nothing_overlaps(url: str) -> None:
    requests.post(f"{url}/admin/reset?event_id=1", timeout=10)
    assert [_book(url, f"c{n}").status_code for n in range(3)] == [201, 409, 409]
    assert _overlapping(url, 3) == 0


def test_a_crowd_at_a_seat_that_is_long_taken_overlaps_nothing(url: str) -> None:
    requests.post(f"{url}/admin/reset?event_id=1", timeout=10)
    assert _book(url, "first").status_code == 201
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda n: _book(url, f"c{n}"), range(8)))
    assert _overlapping(url, 9) == 0


def test_bookings_of_different_seats_do_not_overlap(url: str) -> None:
    requests.post(f"{url}/admin/reset?event_id=1", timeout=10)
    with ThreadPoolExecutor(5) as crowd:
        list(crowd.map(lambda n: _book(url, f"c{n}", f"B{n + 1}"), range(5)))
    assert _overlapping(url, 5) == 0


@pytest.mark.parametrize(("strategy", "overlapping"), [("pessimistic", 4), ("none", 5)])
def test_whoever_meets_a_confirmed_booking_overlaps(
    url: str, strategy: str, overlapping: int
) -> None:
    requests.post(f"{url}/admin/reset?event_id=1", timeout=10)
    race = {"event_id": 1, "seat_number": "A1", "customers": 5, "strategy": strategy}
    requests.post(f"{url}/admin/race", json=race, timeout=30).raise_for_status()
    # The only confirmed one met four others, none of whom was confirmed.
    assert _overlapping(url, 5) == overlapping
