"""SQL that is sent again and again, and that PostgreSQL plans once for each connection."""

from __future__ import annotations

import re
from hashlib import blake2b

_PARAMETER = re.compile(r"%\((\w+)\)s")


class Statement(str):
    """The text of a statement, and what it takes to prepare it.

    It is sent like any other text: ``session.execute(statement, parameters)``. A session that
    prepares has PostgreSQL parse and plan it the first time, and names it from then on.

    Args:
        text: the SQL, with ``%(name)s`` for parameters.
        types: the SQL types of parameters; of names that aren't in ``text``, they don't count.
            PostgreSQL infers a type that isn't given from where the parameter stands.

    Attributes:
        name: the name under which connections know it: the same wherever the text is the same.

    >>> look = Statement("SELECT holder FROM seats WHERE id = ANY(%(ids)s)", ids="integer[]")
    >>> look.prepare("look")
    'PREPARE look (integer[]) AS SELECT holder FROM seats WHERE id = ANY($1)'
    >>> look.call("look")
    'EXECUTE look (%(ids)s)'
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
        """Return what prepares it under ``name``; its parameters are ``$1``, ``$2`` and so on."""
        return f"PREPARE {name}{self._types} AS {self._body}"

    def call(self, name: str) -> str:
        """Return what runs it once it is prepared under ``name``, with the parameters' names."""
        return f"EXECUTE {name}{self._values}"


def _listed(words: list[str]) -> str:
    return f" ({', '.join(words)})" if words else ""
