"""Every schedule begins on the same rows and sessions, whatever the last one has left."""

import pytest

from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.sampling import RandomSearch
from booking_lab.explorer.search.schedule import parse
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

REGISTRY = Registry([SHIPPED])


def test_versions_and_fences_begin_anew_also_of_rows_that_nobody_asked_for(
    own, exploration_servers
):
    found = own(
        """
        with attempt.transaction():
            if send("count(*) FROM seats WHERE version > 1 OR fence > 0")[0][0]:
                raise Busy("somebody was here before")
            mark = "UPDATE seats SET version = 9, fence = 9 WHERE row_name = 'C'"
            attempt.statement(StepKind.WRITE, "mark", mark, {})
            book()
        """,
        bookers=1,
        search=ReplaySearch(parse("A:acquire"), times=3),
    )

    assert found.outcomes == {"confirmed": 3}
    with exploration_servers.connector.session() as session:
        assert session.execute("SELECT count(*) FROM seats WHERE version = 9")[0][0] > 0


@pytest.mark.parametrize(
    "statement",
    [
        "1 AS mark INTO pg_temp.mark",
        "alters()",
        "count(*) FROM pg_prepared_statements WHERE NOT starts_with(name, 'lab_')",
    ],
)
def test_what_a_statement_makes_of_a_session_is_gone_in_the_next_schedule(
    own, exploration_servers, statement
):
    """Else the first schedule would differ from the others, and the counts with it."""
    with exploration_servers.connector.session() as session:
        session.execute(_ALTERS)
    found = own(
        f"""
        with attempt.transaction():
            looked = send("current_setting('booking_lab.mark', true), to_regclass('pg_temp.mark')")
            if any(looked[0]):
                raise Busy("somebody was here before")
            if send("{statement}") not in ([], [(0,)], [("",)]):
                raise Busy("something is left")
            book()
        """,
        bookers=1,
        search=ReplaySearch(parse("A:acquire"), times=3),
    )

    assert found.outcomes == {"confirmed": 3}


def test_what_was_explored_before_is_of_no_account(exploration_servers):
    """SERIALIZABLE's conflicts depend on how the pages of indexes lie, and on the plan."""
    slots = Workloads().get("slots")
    [apart] = [one for one in slots.scenarios(2) if one.name == "different resources"]

    def explored(name, search):
        entry = REGISTRY.get(name)
        return explore(
            exploration_servers,
            REGISTRY,
            ExplorationPlan((entry, entry.create({})), slots, apart),
            search,
        )

    first = explored("serializable", ExhaustiveSearch())
    explored("none", RandomSearch(150, 0))
    with exploration_servers.connector.session() as session:
        size = "SELECT pg_relation_size('slot_reservations_guarded') / 8192"
        assert session.execute(size)[0][0] > 3
        session.execute("DELETE FROM slot_reservations")
        session.execute("VACUUM ANALYZE")  # as autovacuum may at any moment
    again = explored("serializable", ExhaustiveSearch())

    assert first.serialised > 0
    assert (again.schedules, again.serialised) == (first.schedules, first.serialised)
    assert again.outcomes == first.outcomes


_ALTERS = """
CREATE OR REPLACE FUNCTION alters() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('booking_lab.mark', 'here', false);
END $$
"""
