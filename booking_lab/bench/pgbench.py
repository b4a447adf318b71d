"""pgbench, which ships with PostgreSQL, running a strategy's own statements."""

from __future__ import annotations

import re
import subprocess
import tempfile

from booking_lab.bench.place import Place
from booking_lab.bench.transactions import Transcript
from booking_lab.stack.postgres import programs

_PARAMETER = re.compile(r"%\((\w+)\)s")


def run(
    database_url: str, transcript: Transcript, place: Place, clients: int, seconds: float
) -> float:
    """Return the transactions a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_script(transcript, place))
        script.flush()
        done = subprocess.run(
            [programs(None) / "pgbench", "--no-vacuum", f"--client={clients}", "--jobs=2",
             f"--time={max(1, round(seconds))}", "--max-tries=5", f"--file={script.name}",
             database_url],
            capture_output=True, text=True, check=False, timeout=seconds + 60,
        )  # fmt: skip
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()[-500:]}")
    return float(found[1])


def _script(transcript: Transcript, place: Place) -> str:
    """The transcript as a pgbench script: same messages, random seat, same decision."""
    lines = [f"\\set seat random(1, {place.seats})"]
    decided = False
    for message in transcript.messages:
        statements = [_filled(statement, place) for statement in message]
        text = " \\; ".join(statements)
        if "SELECT version" in text:
            lines.append(f"{text} \\gset")
        elif "SELECT is_booked" in text:
            lines += [f"{text} \\gset", "\\if :is_booked", "ROLLBACK;", "\\else"]
            decided = True
        else:
            lines.append(f"{text};")
    return "\n".join([*lines, *(["\\endif"] if decided else []), ""])


def _filled(statement: str, place: Place) -> str:
    values = {
        "event_id": str(place.event_id),
        "seat_number": "('S' || :seat)",
        "customer_id": "'pgbench'",
        "generation": "1000000000",
        "id": "gen_random_uuid()",
        "seen": ":version",
        "row": _ROW.format(event=place.event_id),
    }
    return " ".join(_PARAMETER.sub(lambda match: values[match[1]], statement).split())


_ROW = (
    """jsonb_set('{{"workload": "seats", "scope": "{event}", "subject": "S", "customer_id": "p", """
    """"strategy": "pgbench", "options": {{}}, "epoch": 1, "generation": 1, """
    """"outcome": "confirmed", "answered": null, "code": "", "tries": 1, "waited_ms": 0, """
    """"held_ms": 0, "total_ms": null, "worker": "pgbench", "trace_id": "", """
    """"started_at": "2000-01-01T00:00:00Z"}}'::jsonb, '{{id}}', to_jsonb(gen_random_uuid()))"""
)
