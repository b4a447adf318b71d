"""The audit accounts for moves and cancellations: what was told, and what is there."""

import pytest

SEATS = {"kind": "seats", "event_id": 1, "seats": ["B2", "B1"], "customer_id": "ann"}
TICKETS = {"kind": "tickets", "event_id": 1, "quantity": 2, "customer_id": "ann"}
SLOT = {
    "kind": "slots",
    "tenant_id": 1,
    "branch_id": 1,
    "resource_id": 1,
    "service_id": 1,
    "starts_at": "2030-01-07T09:00:00+01:00",
    "ends_at": "2030-01-07T09:30:00.000500+01:00",
    "products": [{"product_id": 2}, {"product_id": 1}],
    "customer_id": "ann",
}
MOVES = {
    "seats": (SEATS, {"seats": ["B3", "B1"]}),
    "tickets": (TICKETS, {"quantity": 5}),
    "slots": (SLOT, {"starts_at": "2030-01-07T07:50:00.120000Z", "resource_id": 1}),
}


def moved(client, kind):
    """A booking that was moved; return where it is."""
    body, change = MOVES[kind]
    where = client.post("/api/bookings", json=body).headers["Location"]
    assert client.patch(where, json=change).status_code == 200
    return where


def findings(client):
    return client.get("/admin/audit").json["findings"]


def tamper(client, statement):
    with client.application.extensions["lab"].connector.session() as session:
        session.execute(statement)


@pytest.mark.parametrize("kind", MOVES)
@pytest.mark.parametrize("strategy", ["pessimistic", "constraint", "queue", "atomic"])
def test_what_was_moved_and_cancelled_is_accounted_for(quick, kind, strategy):
    body, change = MOVES[kind]
    where = quick.post("/api/bookings", json=body | {"strategy": strategy}).headers["Location"]
    for sent in (change, change, {name: body[name] for name in change}):
        assert quick.patch(where, json=sent | {"strategy": strategy}).status_code == 200
        assert findings(quick) == []
    assert quick.delete(f"{where}?strategy={strategy}").status_code == 200
    assert quick.delete(f"{where}?strategy={strategy}").status_code == 409
    assert findings(quick) == []


ELSEWHERE = "was told that a booking is moved, and it holds something else"
TAMPERINGS = {
    "seats": {
        "UPDATE bookings SET basket = '{B3}' WHERE seat_number = 'B3'": "and not what it says",
        "UPDATE bookings SET status = 'cancelled' WHERE seat_number = 'B1'": "not what it says",
        "UPDATE bookings SET basket = '{B3,B4}'": ELSEWHERE,
        "UPDATE bookings SET seat_number = 'C' || seat_number[2], basket = '{C3,C1}'"
        .replace("seat_number[2]", "right(seat_number, 1)"): ELSEWHERE,
    },
    "tickets": {
        "UPDATE ticket_bookings SET quantity = 4": ELSEWHERE,
    },
    "slots": {
        "UPDATE slot_reservations SET resource_id = 2": ELSEWHERE,
        "UPDATE slot_reservations SET during = '[2030-01-07 10:00Z,2030-01-07 11:00Z)'": ELSEWHERE,
        "UPDATE slot_reservation_products SET quantity = 2 WHERE product_id = 1": ELSEWHERE,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "statement", "detail"),
    [(kind, *one) for kind, some in TAMPERINGS.items() for one in some.items()],
)
def test_a_move_whose_result_is_not_what_is_held_is_found(quick, kind, statement, detail):
    moved(quick, kind)

    tamper(quick, statement)

    assert detail in " ".join(one["detail"] for one in findings(quick))
    assert not quick.get("/admin/audit").json["consistent"]


TOLD = {
    "UPDATE attempts SET answered = 'refused' WHERE action = 'move'": (
        "wrong answer", "ann was told refused, and the booking is changed (move)"),
    "UPDATE attempts SET booking = gen_random_uuid() WHERE action = 'move'": (
        "lost booking", "ann was told that a booking is changed (move), and there is none"),
    "DELETE FROM attempts WHERE action = 'cancel'": (
        "orphan", "a booking of ann is cancelled, and no attempt accounts for it"),
    """CREATE TEMP TABLE again AS
       SELECT (json_populate_record(attempts, json_build_object(
       'id', gen_random_uuid(), 'rests_on', gen_random_uuid()))).* FROM attempts
       WHERE action = 'cancel'; ALTER TABLE again DROP told_wrongly;
       INSERT INTO attempts SELECT * FROM again""": (
        "lost update", "ann was told 2 times that one booking is cancelled"),
    """DROP INDEX attempts_rest_on; CREATE TEMP TABLE again AS
       SELECT (json_populate_record(attempts, '{"id": "%s"}')).* FROM attempts
       WHERE action = 'move'; ALTER TABLE again DROP told_wrongly;
       INSERT INTO attempts SELECT * FROM again""" % ("1" * 32): (
        "lost update",
        "ann was told 2 times that one booking is changed, each time from the same"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MOVES)
@pytest.mark.parametrize(("statement", "found"), TOLD.items(), ids=range(len(TOLD)))
def test_what_is_told_and_what_is_there_are_compared(quick, kind, statement, found):
    where = moved(quick, kind)
    assert quick.delete(where).status_code == 200
    assert findings(quick) == []  # which writes down the answers

    tamper(quick, statement)

    said = findings(quick)
    tamper(
        quick,
        "DELETE FROM attempts; CREATE UNIQUE INDEX IF NOT EXISTS attempts_rest_on "
        "ON attempts (rests_on) WHERE rests_on IS NOT NULL AND outcome = 'confirmed'",
    )
    assert found in [(one["anomaly"], one["detail"]) for one in said]
    assert {one["scope"] for one in said} == {"1"}


STANDS = {
    "seats": "UPDATE bookings SET status = 'confirmed'",
    "tickets": "UPDATE ticket_bookings SET booking_status = 'confirmed'",
    "slots": "UPDATE slot_reservations SET status = 'confirmed'",
}


@pytest.mark.parametrize("kind", MOVES)
def test_what_was_told_to_be_cancelled_and_stands_is_found(quick, kind):
    quick.delete(moved(quick, kind))

    tamper(quick, STANDS[kind])

    details = [one["detail"] for one in findings(quick)]
    assert "ann was told that it is cancelled, and it stands" in details
