"""pgbench, which ships with PostgreSQL, running a strategy's own statements."""

from __future__ import annotations

import re
import subprocess
import tempfile

from booking_lab.bench.place import Place
from booking_lab.bench.transactions import Transcript
from booking_lab.stack.servers.postgres import programs

_PARAMETER = re.compile(r"%\((\w+)\)s")


def run(database_url: str, script: str, clients: int, seconds: float) -> float | None:
    """Return the transactions a second; none if one ended its client by an error.

    pgbench tries again after a deadlock or a serialization failure, and after nothing else: what a
    constraint refuses, or a lock that isn't waited for, it takes for the end.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [programs(None) / "pgbench", "--no-vacuum", f"--client={clients}", "--jobs=2",
             f"--time={max(1, round(seconds))}", "--max-tries=5", f"--file={file.name}",
             database_url],
            capture_output=True, text=True, check=False, timeout=seconds + 60,
        )  # fmt: skip
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode == 2:  # "errors during the run"
        return None
    if done.returncode or not found:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()[-500:]}")
    return float(found[1])


def script(transcript: Transcript, place: Place) -> str:
    """The transcript as a pgbench script: same messages, random thing, same decision."""
    lines = [f"\\set thing random(1, {place.many})"]
    decided = 0
    for message in transcript.messages:
        *before, last = message
        wanted = place.wanted(last)
        text = " \\; ".join(_filled(one, place) for one in (*before, wanted or last))
        if wanted:
            lines += [f"{text} \\gset", "\\if :free"]
            decided += 1
        elif "SELECT version" in text or "nextval" in text:
            lines.append(f"{text} \\gset")
        else:
            lines.append(f"{text};")
    return "\n".join([*lines, *["\\else", "ROLLBACK;", "\\endif"] * decided, ""])


def _filled(statement: str, place: Place) -> str:
    values = {
        "customer_id": "'pgbench'",
        "generation": "1000000000",
        "epoch": "(SELECT epoch FROM lab)",
        "resets": "(SELECT generation FROM lab)",
        "holder": "gen_random_uuid()",
        "seen": ":version",
        "token": ":nextval",
        "common": "'{}'",
        "rows": _ROWS.format(workload=place.workload.name, scope=place.id),
        **place.in_pgbench,
    }
    return " ".join(_PARAMETER.sub(lambda match: values[match[1]], statement).split())


_ROWS = (
    """json_build_array(jsonb_set('{{"workload": "{workload}", "scope": "{scope}", """
    """"subject": "S", "action": "book", "customer_id": "p", """
    """"strategy": "pgbench", "options": {{}}, "epoch": 1, "generation": 1, """
    """"outcome": "confirmed", "answered": null, "code": "", "tries": 1, "waited_ms": 0, """
    """"held_ms": 0, "total_ms": null, "worker": "pgbench", "trace_id": "", """
    """"started_at": "2000-01-01T00:00:00Z"}}'::jsonb, '{{id}}', to_jsonb(gen_random_uuid())))"""
)
