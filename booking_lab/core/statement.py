"""SQL statements that are prepared: PostgreSQL plans them once for each connection."""

from __future__ import annotations

import re
from hashlib import blake2b

_PARAMETER = re.compile(r"%\((\w+)\)s")


class Statement(str):
    """The text of a statement, with the types of its parameters.

    It is sent like any other text: ``session.execute(statement, parameters)``. A session that
    prepares statements sends PREPARE the first time, and only the name from then on.

    Args:
        text: the SQL, with ``%(name)s`` for parameters.
        types: the SQL types of parameters; names that aren't in ``text`` are ignored. PostgreSQL
            infers a missing type from the place of the parameter.

    Attributes:
        name: the name of the prepared statement; equal texts with equal types have equal names.

    >>> holders = Statement("SELECT holder FROM seats WHERE id = ANY(%(ids)s)", ids="integer[]")
    >>> holders.prepare("holders")
    'PREPARE holders (integer[]) AS SELECT holder FROM seats WHERE id = ANY($1)'
    >>> holders.call("holders")
    'EXECUTE holders (%(ids)s)'
    """

    name: str
    _types: str
    _values: str
    _body: str

    def __new__(cls, text: str, **types: str) -> Statement:
        """Make a statement of ``text``."""
        self = super().__new__(cls, text)
        names = list(dict.fromkeys(_PARAMETER.findall(text)))
        numbers = {name: f"${number}" for number, name in enumerate(names, start=1)}
        self._types = _listed([types.get(name, "unknown") for name in names])
        self._values = _listed([f"%({name})s" for name in names])
        self._body = _PARAMETER.sub(lambda found: numbers[found[1]], text)
        digest = blake2b(f"{self._types} {text}".encode(), digest_size=8).hexdigest()
        self.name = f"lab_{digest}"
        return self

    def prepare(self, name: str) -> str:
        """Return the PREPARE statement for ``name``; its parameters are ``$1``, ``$2``, ..."""
        return f"PREPARE {name}{self._types} AS {self._body}"

    def call(self, name: str) -> str:
        """Return the EXECUTE statement for ``name``, with ``%(name)s`` for parameters."""
        return f"EXECUTE {name}{self._values}"


def _listed(words: list[str]) -> str:
    return f" ({', '.join(words)})" if words else ""
