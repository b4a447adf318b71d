"""The figures are complete as soon as the last customer has its answer."""

from itertools import cycle

from booking_lab.crowd.client import Customer, run_crowd
from tests.service.crowds import switch


def test_right_after_a_crowd_every_booking_is_counted(three_instances):
    urls = list(three_instances.urls.values())
    seats = [[f"{row}{number}" for number in range(1, 5)] for row in "ABCDEFGH"]
    switch(urls[0], "pessimistic", think_time_ms=0)
    for url in (*urls, *urls):
        with Customer(urls[0]) as admin, Customer(url) as asking:
            admin.post("/admin/reset?event_id=1")
            for one, wishes in zip(cycle(urls), (seats[:4], seats[2:6], seats[4:]), strict=False):
                run_crowd(one, wishes)

            answer = asking.get("/admin/stats?kind=seats&scope=1")

        assert (answer["complete"], answer["silent"]) == (True, [])
        assert answer["totals"]["total"] == 3 * 4 * 4
        assert answer["totals"]["confirmed"] == 32
        [figures] = answer["by_strategy"]
        assert figures["p50_ms"] <= figures["p99_ms"]
