"""Measures the same bookings without a service, by pgbench, which is a part of PostgreSQL.

The transaction is a short one as written by hand, and not the lab's own statements: it locks, reads
and updates the row of a seat, and inserts the booking and its row in the ledger. All statements are
prepared.
"""

from __future__ import annotations

import re
import subprocess
import tempfile

from booking_lab.bench.targets import COUNTER, UNIFORM
from booking_lab.stack.servers.postgres import programs

_LEDGER = """
INSERT INTO attempts (id, workload, scope, subject, action, customer_id, strategy, options, epoch,
    generation, outcome, code, tries, waited_ms, held_ms, worker, trace_id, started_at)
VALUES (gen_random_uuid(), '{workload}', '{scope}', 'S', 'book', 'pgbench', 'pgbench', '{{}}', 1, 1,
    'confirmed', '', 1, 0, 0, 'pgbench', '', now());
"""

#: Books one of many seats with a row lock, as ``pessimistic`` does.
BOOKING = f"""
\\set number random(1, {UNIFORM.many})
BEGIN;
SELECT NOT is_booked AS free FROM seats
WHERE event_id = {UNIFORM.id} AND seat_number = 'S' || :number FOR UPDATE \\gset
\\if :free
UPDATE seats SET is_booked = true, booked_by = 'pgbench', holder = gen_random_uuid(),
    booked_at = now(), booked = booked + 1, version = version + 1
WHERE event_id = {UNIFORM.id} AND seat_number = 'S' || :number;
INSERT INTO bookings (attempt_id, event_id, seat_number, basket, customer_id)
VALUES (gen_random_uuid(), {UNIFORM.id}, 'S' || :number, ARRAY['S' || :number], 'pgbench');
{" ".join(_LEDGER.format(workload="seats", scope=UNIFORM.id).split())}
COMMIT;
\\else
ROLLBACK;
\\endif
"""

#: Decrements a counter, without reading, booking and ledger: the upper limit for any strategy.
COUNT = f"""
UPDATE ticket_events SET available_tickets = available_tickets - 1 WHERE id = {COUNTER.id};
"""


def run(database_url: str, script: str, clients: int, seconds: float) -> float:
    """Return the committed transactions of ``script`` per second.

    Raises:
        RuntimeError: pgbench failed.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [programs(None) / "pgbench", "--no-vacuum", "--protocol=prepared",
             f"--client={clients}", f"--jobs={min(2, clients)}", f"--time={max(1, round(seconds))}",
             f"--file={file.name}", database_url],
            capture_output=True, text=True, check=False, timeout=seconds + 60,
        )  # fmt: skip
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()[-500:]}")
    return float(found[1])
