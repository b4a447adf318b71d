"""The version of a database: the scripts that ran on it, and the objects that they created.

No library fits. The maintained ones that take plain SQL commit each script separately, split it by
a parser of their own, or lock by a row that stays behind after a killed start.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence

import psycopg2

from booking_lab import __version__
from booking_lab.core.workload import Session
from booking_lab.db import catalog
from booking_lab.db.scripts import SchemaPart, Script, ScriptRun
from booking_lab.errors import ConfigurationError, Violated

log = logging.getLogger(__name__)

#: no_active_sql_transaction, invalid_savepoint_specification.
_ENDED = {"25P01", "3B001"}
#: insufficient_privilege.
_NOT_ALLOWED = "42501"
#: The version that did not record a version in the database.
_FIRST_RELEASE = "0.1.0"
_TABLE = """
CREATE TABLE lab_migrations (
    part    text    NOT NULL,
    number  integer NOT NULL,
    name    text    NOT NULL,
    digest  text    NOT NULL,
    ran_by  text    NOT NULL,  -- the version of booking-lab
    ran_at  timestamptz NOT NULL DEFAULT now(),
    objects text[]  NOT NULL,  -- what the part has in the database, if it was the last of its start
    PRIMARY KEY (part, number)
)
"""
_RAN = """
SELECT part, number, name, digest, ran_by, objects FROM lab_migrations ORDER BY part, number
"""
_RECORD = """
INSERT INTO lab_migrations (part, number, name, digest, ran_by, objects)
VALUES (%(part)s, %(number)s, %(name)s, %(digest)s, %(ran_by)s, %(objects)s::text[])
"""


class TransactionEnded(ConfigurationError):
    """A script has ended the transaction that all scripts run in."""


class Migrator:
    """Runs scripts on a database, and records them there.

    Args:
        session: the session; if it has begun a transaction, all changes belong to that.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ran: dict[str, list[ScriptRun]] = defaultdict(list)
        [(self._versioned, self._has_tables)] = session.execute(
            "SELECT to_regclass('lab_migrations') IS NOT NULL, to_regclass('lab') IS NOT NULL"
        )
        if self._versioned:
            for part, number, name, digest, ran_by, objects in session.execute(_RAN):
                self._ran[part].append(ScriptRun(number, name, digest, ran_by, frozenset(objects)))
        self._objects = catalog.objects(session)

    def begin(self, first: Sequence[SchemaPart]) -> None:
        """Create the record of scripts, unless it exists.

        Args:
            first: the parts that version 0.1.0 had, which recorded nothing.

        Raises:
            ConfigurationError: the database has tables of the lab that no version has made.
        """
        if self._versioned:
            return
        self._session.execute(_TABLE)
        if self._has_tables:
            self._adopt(first)

    def _adopt(self, parts: Sequence[SchemaPart]) -> None:
        """Record the tables as those of version 0.1.0, if they have all objects of that version."""
        made: frozenset[str] = frozenset()
        self._session.execute("SAVEPOINT elsewhere; SET LOCAL search_path = pg_temp")
        for part in parts:
            self._session.execute(part.scripts[0].text)
            objects = catalog.objects(self._session)
            self._ran[part.name] = [_run(part.scripts[0], _FIRST_RELEASE, objects - made)]
            made = objects
        self._session.execute("ROLLBACK TO SAVEPOINT elsewhere")
        if lacking := made - self._objects:
            raise ConfigurationError(
                f"The database has tables of booking-lab, but no version of it, and they are not "
                f"those of version {_FIRST_RELEASE}: they lack {catalog.abbreviated(lacking)}."
            )
        for part in parts:
            self._record(part, self._ran[part.name])

    def pending(self, part: SchemaPart) -> tuple[Script, ...]:
        """Return the scripts of a part that have not run yet."""
        return part.pending(self._ran[part.name])

    def mismatch(self, part: SchemaPart) -> str | None:
        """Return how a part's scripts differ from those that ran, as a sentence; else none."""
        return part.mismatch(self._ran[part.name])

    def lack(self, part: SchemaPart) -> str | None:
        """Return, as a sentence, which objects of a part are missing; none if all are there."""
        ran = self._ran[part.name]
        if not ran or not (lacking := ran[-1].objects - self._objects):
            return None
        return (
            f"The database lacks what the scripts of {part.name} made: "
            f"{catalog.abbreviated(lacking)}. Put it back."
        )

    def run(self, part: SchemaPart) -> None:
        """Run the scripts of a part that have not run yet, and record them.

        Raises:
            ConfigurationError: a script does not fit to the database, or is wrong.
            TransactionEnded: a script has ended the transaction.
            psycopg2.Error: another error of PostgreSQL, such as a missing privilege.
        """
        ran, scripts = self._ran[part.name], self.pending(part)
        if not scripts:
            return
        for script in scripts:
            self._run(part, script)
        objects = catalog.objects(self._session)
        had = ran[-1].objects if ran else frozenset()
        *earlier, last = scripts
        runs = [_run(script, __version__) for script in earlier]
        runs.append(_run(last, __version__, (had | (objects - self._objects)) & objects))
        self._record(part, runs)
        ran += runs
        self._objects = objects
        log.info("scripts of %s: %s", part.name, ", ".join(script.name for script in scripts))

    def _run(self, part: SchemaPart, script: Script) -> None:
        try:
            # The savepoint exists at the end unless the script has ended the transaction.
            self._session.execute(f"SAVEPOINT script;\n{script.text}\n;RELEASE SAVEPOINT script")
        except (psycopg2.Error, Violated) as error:
            cause = error if isinstance(error, psycopg2.Error) else error.__cause__
            assert isinstance(cause, psycopg2.Error)
            if cause.pgcode in _ENDED:
                raise TransactionEnded(
                    f"Script {script.name} of {part.name} ends the transaction that it runs in: "
                    f"take BEGIN, COMMIT and ROLLBACK out of it."
                ) from error
            if not cause.pgcode or cause.pgcode == _NOT_ALLOWED:
                raise
            raise ConfigurationError(
                f"Script {script.name} of {part.name} can't run on the database: "
                f"{cause.diag.message_primary}."
            ) from error

    def _record(self, part: SchemaPart, runs: Sequence[ScriptRun]) -> None:
        for run in runs:
            row = {**vars(run), "part": part.name, "objects": sorted(run.objects)}
            self._session.execute(_RECORD, row)


def _run(script: Script, version: str, objects: frozenset[str] = frozenset()) -> ScriptRun:
    return ScriptRun(script.number, script.name, script.digest, version, objects)
