"""/api/bookings: every kind is made, listed, shown, moved and cancelled the same way."""

import uuid

import psycopg2
import pytest

SEATS = {"kind": "seats", "event_id": 1, "seats": ["A1"], "customer_id": "c1"}
TICKETS = {"kind": "tickets", "event_id": 1, "quantity": 2, "customer_id": "c1"}
SLOT = {
    "kind": "slots",
    "tenant_id": 1,
    "branch_id": 1,
    "resource_id": 1,
    "service_id": 1,
    "starts_at": "2030-01-07T09:00:00+01:00",
    "ends_at": "2030-01-07T09:30:00.000001+01:00",
    "customer_id": "c1",
}


def book(client, body=SEATS, **more):
    return client.post("/api/bookings", json=body | more)


@pytest.mark.parametrize(
    ("body", "subject", "details"),
    [
        (SEATS, "A1", {"event_id": 1, "seats": ["A1"], "best": 0}),
        (SEATS | {"seats": ["B2", "A1"]}, "B2+A1", {"seats": ["B2", "A1"]}),
        (TICKETS, "tickets", {"event_id": 1, "quantity": 2}),
        (SLOT, "resource 1", {"ends_at": "2030-01-07T08:30:00.000001Z", "products": []}),
    ],
)
def test_a_booking_is_made_and_found_again(quick, body, subject, details):
    made = book(quick, body, strategy="optimistic", options={"attempts": 8})

    assert made.status_code == 201
    answer = made.json
    assert (answer["status"], answer["outcome"]) == ("confirmed", "confirmed")
    assert (answer["kind"], answer["scope"], answer["subject"]) == (body["kind"], "1", subject)
    assert answer["details"].items() >= details.items()
    assert (answer["strategy"], answer["options"]["attempts"]) == ("optimistic", 8)
    assert answer["id"] == answer["attempt_id"]
    assert made.headers["Location"] == f"/api/bookings/{answer['id']}"

    shown = quick.get(made.headers["Location"]).json
    assert shown.keys() == {"kind", "id", "scope", "subject", "customer_id", "status",
                            "created_at", "details"}  # fmt: skip
    assert (shown["id"], shown["subject"], shown["status"]) == (answer["id"], subject, "confirmed")
    assert quick.get("/api/bookings").json == {
        "bookings": [shown],
        "total": 1,
        "next": None,
        "broken": [],
    }


def test_tickets_show_what_they_cost_to_the_cent(quick):
    made = book(quick, TICKETS | {"quantity": 3})

    details = quick.get(made.headers["Location"]).json["details"]

    assert details == {
        "event_id": 1, "quantity": 3, "unit_price": "299.99", "total_amount": "899.97"
    }  # fmt: skip


def test_a_refusal_is_a_problem_that_says_what_was_asked_for(quick):
    book(quick)

    answer = book(quick, SEATS | {"seats": ["A2", "A1"], "customer_id": "c2"})

    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert (answer.json["status"], answer.json["code"]) == ("failed", "seat_taken")
    assert answer.json["detail"] == "Seat A1 is booked already."
    assert answer.json["details"]["seats"] == ["A2", "A1"]
    assert "booking_id" not in answer.json
    assert quick.get(f"/api/bookings/{answer.json['id']}").status_code == 404
    assert len(quick.get("/api/bookings").json["bookings"]) == 1


def test_the_best_seats_are_chosen_under_a_strategy_that_chooses(quick):
    best = {"kind": "seats", "event_id": 1, "best": 2, "customer_id": "c1"}

    chosen = book(quick, best, strategy="skip_locked").json
    assert (chosen["subject"], chosen["details"]["seats"]) == ("A1+A2", ["A1", "A2"])
    refused = book(quick, best, strategy="pessimistic")
    assert (refused.status_code, refused.json["code"]) == (422, "unsuitable")
    assert "doesn't choose" in refused.json["detail"]


BAD_BOOKINGS = [
    ({}, 422, "invalid_fields", "kind: Field required"),
    ({"kind": 1}, 422, "invalid_fields", "kind: Input should be a valid string"),
    ({"kind": "train"}, 422, "unknown_kind", "'train'; there are: seats, "),
    (SEATS | {"event_id": "1"}, 422, "invalid_fields", "event_id: Input should be a valid"),
    (SEATS | {"event_id": 1.0}, 422, "invalid_fields", "event_id: Input should be a valid"),
    (SEATS | {"seats": "A1"}, 422, "invalid_fields", "seats: Input should be a valid"),
    (SEATS | {"seats": ["\0"]}, 422, "invalid_fields", "seats.0: U+0000"),
    (SEATS | {"customer_id": ""}, 422, "invalid_fields", "customer_id: String should have"),
    (SEATS | {"best": 1}, 422, "invalid_request", "name the seats, or say how many"),
    (SEATS | {"seats": ["A1", "A1"]}, 422, "invalid_request", "a seat occurs twice."),
    (SEATS | {"quantity": 1}, 422, "invalid_fields", "quantity: Extra inputs"),
    (SEATS | {"replaces": str(uuid.uuid4())}, 422, "invalid_fields", "replaces: Extra"),
    (SEATS | {"generation": 99}, 422, "invalid_fields", "generation: Extra inputs"),
    (SEATS | {"given_back": ["A2"]}, 422, "invalid_fields", "given_back: Extra inputs"),
    (SEATS | {"options": {}}, 422, "invalid_options", "Options need a strategy"),
    (SEATS | {"strategy": "hope"}, 422, "unknown_strategy", "There is no strategy 'hope'"),
    (SEATS | {"event_id": 9}, 404, "event_not_found", "There is no event 9"),
    (TICKETS | {"quantity": 0}, 422, "invalid_fields", "quantity: Input should be greater"),
    (TICKETS | {"quantity": True}, 422, "invalid_fields", "quantity: Input should be a valid"),
    (SLOT | {"starts_at": 1_893_456_000}, 422, "invalid_fields", "starts_at: write it like"),
    (SLOT | {"starts_at": "2030-01-07T09:00:00"}, 422, "invalid_fields", "starts_at: Input"),
    (SLOT | {"ends_at": SLOT["starts_at"]}, 422, "invalid_request", "not valid: ends_at has"),
    (SLOT | {"products": [{"product_id": "1"}]}, 422, "invalid_fields", "products.0.product"),
    (SLOT | {"products": [{"id": 1}]}, 422, "invalid_fields", "products.0.id: Unexpected"),
]


def test_a_bad_booking_is_refused_with_a_reason(quick, subtests):
    for body, status, code, reason in BAD_BOOKINGS:
        with subtests.test(reason):
            answer = quick.post("/api/bookings", json=body)
            assert (answer.status_code, answer.json["code"]) == (status, code)
            assert reason in answer.json["detail"]
    assert quick.get("/api/bookings").json["bookings"] == []
    assert quick.get("/events/1").json["seats"]["booked"] == 0


def test_a_body_that_is_too_large_is_refused(quick):
    answer = quick.post("/api/bookings", json=SEATS | {"customer_id": "x" * 20_000})

    assert (answer.status_code, answer.json["code"]) == (413, "request_entity_too_large")


# --- the list ------------------------------------------------------------------------------------


def ids(answer):
    return [booking["id"] for booking in answer.json["bookings"]]


@pytest.fixture
def many(quick):
    """Ten bookings of two kinds, two customers; their ids, the newest first."""
    made = []
    for number in range(1, 6):
        customer = f"c{number % 2}"
        made.append(book(quick, seats=[f"A{number}"], customer_id=customer).json["id"])
        made.append(book(quick, TICKETS, quantity=1, customer_id=customer).json["id"])
    quick.delete(f"/api/bookings/{made[0]}")
    return made[::-1]


@pytest.mark.parametrize("limit", [1, 3, 9, 10, 11])
def test_pages_make_up_the_whole_list(quick, many, limit):
    found, cursor = [], ""
    while cursor is not None:
        page = quick.get(f"/api/bookings?limit={limit}{cursor and f'&cursor={cursor}'}")
        assert 1 <= len(page.json["bookings"]) <= limit
        found += ids(page)
        cursor = page.json["next"]

    assert found == many


def test_bookings_made_meanwhile_shift_nothing(quick, many):
    first = quick.get("/api/bookings?limit=4")
    book(quick, seats=["J10"])

    second = quick.get(f"/api/bookings?limit=100&cursor={first.json['next']}")

    assert ids(first) + ids(second) == many


def test_bookings_of_one_moment_are_each_listed_once(quick, many):
    url = quick.application.extensions["lab"].settings.database_url
    with psycopg2.connect(url) as other:
        other.cursor().execute("UPDATE bookings SET created_at = now()")
        other.cursor().execute("UPDATE ticket_bookings SET created_at = now()")
        other.commit()
    other.close()

    found, cursor = [], ""
    while cursor is not None:
        page = quick.get(f"/api/bookings?limit=3{cursor and f'&cursor={cursor}'}")
        found += ids(page)
        cursor = page.json["next"]

    assert sorted(found) == sorted(many)


def test_the_list_is_filtered(quick, many):
    seats, tickets = set(many[1::2]), set(many[::2])

    assert set(ids(quick.get("/api/bookings?kind=seats"))) == seats
    assert set(ids(quick.get("/api/bookings?kind=tickets"))) == tickets
    assert ids(quick.get("/api/bookings?status=cancelled")) == [many[-1]]
    assert len(ids(quick.get("/api/bookings?status=confirmed&kind=seats"))) == 4
    assert len(ids(quick.get("/api/bookings?customer_id=c0"))) == 4
    assert len(ids(quick.get("/api/bookings?customer_id=c1&kind=tickets"))) == 3
    assert ids(quick.get("/api/bookings?scope=1")) == many
    assert ids(quick.get("/api/bookings?scope=2")) == []


BAD_QUERIES = [
    ("kind=train", "unknown_kind"),
    ("kind=%27", "invalid_fields"),
    ("status=pending", "invalid_fields"),
    ("limit=0", "invalid_fields"),
    ("limit=101", "invalid_fields"),
    ("page=2", "invalid_fields"),
    ("customer_id=a%00b", "invalid_fields"),
    ("cursor=x", "invalid_request"),
    ("cursor=%00", "invalid_fields"),
    ("cursor=ümlaut", "invalid_request"),
    ("cursor=W10", "invalid_request"),  # []
    ("cursor=WzEsMl0", "invalid_request"),  # [1,2]
    ("cursor=eyJhIjoxLCJiIjoyfQ", "invalid_request"),  # {"a":1,"b":2}
]


def test_a_bad_query_is_refused(quick, subtests):
    for query, code in BAD_QUERIES:
        with subtests.test(query):
            answer = quick.get(f"/api/bookings?{query}")
            assert (answer.status_code, answer.json["code"]) == (422, code)


# --- moving and cancelling -----------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["none", "pessimistic", "optimistic", "constraint"])
def test_a_booking_is_moved_under_any_strategy(quick, strategy):
    made = book(quick, seats=["A1", "A2"])
    where = made.headers["Location"]

    moved = quick.patch(where, json={"seats": ["A2", "A3"], "strategy": strategy})

    assert moved.status_code == 200
    assert (moved.json["status"], moved.json["strategy"]) == ("confirmed", strategy)
    assert moved.json["message"] == "Booking moved"
    assert moved.json["id"] == made.json["id"] != moved.json["attempt_id"]
    assert moved.json["details"]["seats"] == ["A2", "A3"]
    assert quick.get(where).json["subject"] == "A2+A3"
    assert len(quick.get("/api/bookings").json["bookings"]) == 1
    assert book(quick, seats=["A1"], customer_id="c2").status_code == 201
    assert quick.get("/admin/audit").json["consistent"]


@pytest.mark.parametrize("strategy", ["pessimistic", "constraint"])
def test_a_slot_is_moved_to_where_it_overlaps_itself(quick, strategy):
    made = book(quick, SLOT)
    later = {"starts_at": "2030-01-07T09:15:00+01:00", "ends_at": "2030-01-07T09:45:00+01:00"}

    moved = quick.patch(made.headers["Location"], json=later | {"strategy": strategy})

    assert moved.status_code == 200
    shown = quick.get(made.headers["Location"]).json["details"]
    assert (shown["starts_at"], shown["price"]) == ("2030-01-07T08:15:00+00:00", "80.00")
    assert book(quick, SLOT, ends_at=later["starts_at"]).status_code == 201
    assert quick.get("/admin/audit").json["consistent"]


def test_a_move_that_is_refused_leaves_all_as_it_is(quick):
    book(quick, seats=["B1"], customer_id="c2")
    where = book(quick).headers["Location"]
    before = quick.get(where).json

    answer = quick.patch(where, json={"seats": ["B1"]})

    assert (answer.status_code, answer.json["code"]) == (409, "seat_taken")
    assert answer.json["status"] == "failed"
    assert quick.get(where).json == before


BAD_MOVES = [
    ({}, "invalid_request", "Name a field to change: seats."),
    ({"strategy": "none"}, "invalid_request", "Name a field to change"),
    ({"seats": []}, "invalid_request", "A booking is moved to other seats"),
    ({"event_id": 2}, "invalid_request", "A booking is moved to other seats"),
    ({"seats": ["A2", "A2"]}, "invalid_request", "a seat occurs twice."),
    ({"customer_id": "c2"}, "invalid_fields", "customer_id: Extra inputs"),
    ({"seats": [1]}, "invalid_fields", "seats.0: Input should be a valid string"),
    ({"seats": ["A2"], "kind": "seats"}, "invalid_fields", "kind: Extra inputs"),
]


def test_a_bad_move_is_refused_with_a_reason(quick, subtests):
    where = book(quick).headers["Location"]
    before = quick.get(where).json

    for body, code, reason in BAD_MOVES:
        with subtests.test(reason):
            answer = quick.patch(where, json=body)
            assert (answer.status_code, answer.json["code"]) == (422, code)
            assert reason in answer.json["detail"]
    assert quick.get(where).json == before


@pytest.mark.parametrize(
    ("body", "move"),
    [(SEATS, {"seats": ["A5"]}), (TICKETS, {"quantity": 1}), (SLOT, {"resource_id": 2})],
)
@pytest.mark.parametrize("strategy", ["none", "pessimistic", "optimistic"])
def test_what_is_cancelled_is_free_again_and_cant_be_cancelled_twice(quick, body, move, strategy):
    where = book(quick, body).headers["Location"]
    shown = quick.get(where).json

    cancelled = quick.delete(f"{where}?strategy={strategy}")

    assert cancelled.status_code == 200
    answer = cancelled.json
    assert (answer["status"], answer["strategy"]) == ("cancelled", strategy)
    assert answer["message"] == "Booking cancelled"
    assert (answer["id"], answer["details"]) == (shown["id"], shown["details"])
    assert quick.get(where).json == shown | {"status": "cancelled"}
    again = quick.delete(where)
    assert (again.status_code, again.json["code"]) == (409, "not_held")
    moved = quick.patch(where, json=move)
    assert (moved.status_code, moved.json["code"]) == (409, "not_held")
    assert book(quick, body).status_code == 201
    assert quick.get("/admin/audit").json["consistent"]


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_booking_that_isnt_there_is_not_found(quick, method):
    where = f"/api/bookings/{uuid.uuid4()}"
    answer = getattr(quick, method)(where, **({"json": {}} if method == "patch" else {}))

    assert (answer.status_code, answer.json["code"]) == (404, "booking_not_found")
    assert getattr(quick, method)("/api/bookings/one").json["code"] == "not_found"
