"""Statements as a reader takes them in."""

import pytest

from booking_lab.explorer.output.sql_text import full_text, short_text
from booking_lab.explorer.recording.schedule_run import Message, ServerKind
from booking_lab.workloads.seats import statements

B = "00000000-0000-0000-0000-0000000000a1"
PARAMETERS = {
    "holder": B,
    "generation": 1,
    "event_id": 7,
    "customer_id": "O'Neill",
    "seats": ["S1", "S2"],
    "given_back": [],
    "touched": ["S1"],
    "many": 2,
}


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            f"BEGIN;\n{statements.READ}",
            "BEGIN; SELECT seat_number, holder, booked_by FROM seats "
            "WHERE event_id = 7 AND seat_number = 'S1'",
        ),
        (
            statements.write(moves=False),
            "UPDATE seats SET is_booked = true, booked_by = 'O''Neill', ... "
            "WHERE good AND event_id = 7 AND seat_number = 'S1'; INSERT INTO bookings",
        ),
        (
            statements.CHOOSE_NAMED.replace("touched", "seats"),
            "SELECT seat_number FROM seats WHERE event_id = 7 AND seat_number IN ('S1', 'S2') "
            "LIMIT 2 FOR UPDATE SKIP LOCKED",
        ),
        (
            "WITH a AS (SELECT ')' AS b), c (d) AS (UPDATE t SET e = %(holder)s RETURNING e) "
            "SELECT d FROM c",
            "UPDATE t SET e = 'B'",
        ),
        ("SELECT 1 %% 2 FROM t ORDER BY a, b LIMIT 3", "SELECT 1 % 2 FROM t LIMIT 3"),
        ("DELETE FROM t WHERE a = %(given_back)s RETURNING b", "DELETE FROM t WHERE a = '{}'"),
        ("COMMIT", "COMMIT"),
    ],
)
def test_a_statement_is_shortened_to_what_it_does(statement, says):
    assert short_text(Message(statement, PARAMETERS)) == says


def test_a_short_form_has_an_end():
    assert len(short_text(Message(f"SELECT {'a, ' * 1000} b", {}))) < 210


def test_the_whole_statement_has_its_values_filled_in():
    assert full_text(
        Message("SELECT  %(holder)s::uuid,\n\n  %(none)s", {"holder": B, "none": None})
    ) == ("SELECT  'B'::uuid,\n  NULL")


def test_without_parameters_a_percent_sign_stays_as_the_driver_leaves_it():
    assert full_text(Message("SELECT 'a%%'", {})) == "SELECT 'a%%'"


def test_a_script_has_its_keys_filled_in():
    message = Message(
        "EVAL return redis.call('GET', KEYS[1])", {"KEYS[1]": "k"}, server=ServerKind.REDIS
    )
    assert full_text(message) == "EVAL return redis.call('GET', 'k')"
