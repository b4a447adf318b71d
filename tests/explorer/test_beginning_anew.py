"""Every schedule begins on the same rows, whatever the last one has left."""

from booking_lab.explorer.schedule import parse
from booking_lab.explorer.search import Replay


def test_versions_and_fences_begin_anew_also_of_rows_that_nobody_asked_for(own, place):
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
        search=Replay(parse("A:acquire"), times=3),
    )

    assert found.outcomes == {"confirmed": 3}
    with place.sessions.session() as session:
        assert session.execute("SELECT count(*) FROM seats WHERE version = 9")[0][0] > 0
