"""Statements for readers: with parameters filled in, and shortened to their main part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from booking_lab.explorer.recording.schedule_run import Message, ServerKind

#: Characters of a short text at most.
_LONGEST = 200
#: Assignments of an UPDATE in a short text at most.
_ASSIGNMENTS = 2

#: The ids of the bookers' bookings, and those of the standing bookings.
_ID = re.compile("00000000-0000-0000-0000-0000000000([ac])([0-9a-f])")
_FIRST = {"a": "A", "c": "X"}
_PARAMETER = re.compile(r"%\((\w+)\)s|%%")
_CAST = re.compile(r"::[a-z_]+(\[\])?")
_SCRIPT_PARAMETER = re.compile(r"(?:KEYS|ARGV)\[\d+\]")
_NEXT_PART = re.compile(
    r"\s*(?:WITH\s+(?:RECURSIVE\s+)?|,\s*)(?P<name>\w+)\s*(\([^()]*\)\s*)?"
    r"AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?(?=\()"
)


def full_text(message: Message) -> str:
    """Return the whole statement, with its parameters filled in."""
    if message.server is ServerKind.REDIS:
        return _SCRIPT_PARAMETER.sub(
            lambda found: f"'{message.parameters.get(found[0], found[0])}'", message.statement
        )
    lines = _filled(message.statement, message.parameters).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def short_text(message: Message) -> str:
    """Return the main part of the statement, in a line or two."""
    if message.server is ServerKind.REDIS:
        return _cut(" ".join(full_text(message).split()))
    begin, _, statement = message.statement.rpartition(";\n")
    # Casts are removed before values are filled in: a value may look like a cast.
    text = _filled(_CAST.sub("", statement), message.parameters)
    parts = [_plain(" ".join(part.split())) for part in _main_parts(text)]
    return _cut("; ".join([*([begin.strip()] if begin else []), *parts]))


def with_names(text: str) -> str:
    """Replace the ids of bookers and of standing bookings by their names."""
    return _ID.sub(lambda found: chr(ord(_FIRST[found[1]]) + int(found[2], 16)), text)


def value_text(value: object) -> str:
    """Return the text for the value of a column."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_text, value))}]"
    return with_names(value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def _filled(statement: str, parameters: Mapping[str, object]) -> str:
    def fill(found: re.Match[str]) -> str:
        return _literal(parameters[found[1]]) if found[1] else "%"

    # Without parameters, the driver does not change percent signs.
    return _PARAMETER.sub(fill, statement) if parameters else statement


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"ARRAY[{', '.join(map(_literal, value))}]" if value else "'{}'"
    return "'" + with_names(str(value)).replace("'", "''") + "'"


def _main_parts(statement: str) -> Sequence[str]:
    """Return the parts of a statement that change rows; otherwise one that locks rows."""
    parts = list(_parts(statement))
    changing = [part for part in parts if re.match(r"\s*(UPDATE|INSERT|DELETE)\b", part)]
    locking = [part for part in parts if re.search(r"\bFOR (NO KEY )?(UPDATE|SHARE)\b", part)]
    return changing or locking[:1] or parts[-1:]


def _parts(statement: str) -> Iterator[str]:
    """Yield the statement of each ``name AS (...)`` in a WITH, and then the main statement."""
    place = 0
    while found := _NEXT_PART.match(statement, place):
        place = _end_of_parentheses(statement, found.end())
        yield statement[found.end() + 1 : place - 1]
    yield statement[place:]


def _end_of_parentheses(statement: str, place: int) -> int:
    """Return the place after the parenthesis that closes the one at ``place``."""
    depth, quoted = 0, False
    for end in range(place, len(statement)):
        sign = statement[end]
        quoted ^= sign == "'"
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if depth == 0 and not quoted:
            return end + 1
    return len(statement)


def _plain(part: str) -> str:
    """Remove the parts of a statement that are of little interest to a reader."""
    part = re.sub(r" RETURNING .*", "", part)
    part = re.sub(r" ORDER BY [\w., ]+?(?= FOR | LIMIT |\)|$)", "", part)
    part = re.sub(r"= ANY\(ARRAY\[('[^']*'|\d+)\]\)", r"= \1", part)
    part = re.sub(r"= ANY\(ARRAY\[([^\]]*)\]\)", r"IN (\1)", part)
    if found := re.match(r"(INSERT INTO \w+)", part):
        return found[1]
    if found := re.match(r"(UPDATE \w+ SET )(.*?)( FROM .*?)?( WHERE .*)?$", part):
        assignments = re.split(r", (?=\w+ = )", found[2])
        more = [", ..."] if len(assignments) > _ASSIGNMENTS else []
        return "".join([found[1], ", ".join(assignments[:_ASSIGNMENTS]), *more, found[4] or ""])
    return part


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} ..."
