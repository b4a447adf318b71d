"""Counters in Redis of the units left, with a record of every open reservation.

Each anchor has a hash: the units left, a version that rises with every change, and a field for each
reservation that is not confirmed yet, with its units and its time by the clock of Redis. A set
names the anchors with a counter. The keys contain the generation, so that a reset begins with new
counters, and the name of the lab, so that several labs can share a Redis. Unused keys expire.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis

from booking_lab.core.anchor import Anchor
from booking_lab.core.booking import Booking
from booking_lab.core.lease import Announce, Servers, key
from booking_lab.errors import RedisUnavailable, SoldOut
from booking_lab.locks.redis_lock import run_script, unavailable

#: Seconds after which an unused counter expires.
KEPT_FOR = 3600.0

# A script is atomic, so all counters of a booking change at once or not at all. It checks for the
# record of its booking. So it can be sent again after a lost answer, and then does nothing.
_TAKE = """
local id, kept, asked, index = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), KEYS[#KEYS]
local missing = {}
for i, one in ipairs(asked) do
    if redis.call('HEXISTS', KEYS[i], id) == 1 then return {} end
    if one.filled and redis.call('HSETNX', KEYS[i], 'left', one.filled) == 1 then
        redis.call('HSET', KEYS[i], 'version', 0)
        redis.call('PEXPIRE', KEYS[i], kept)
        redis.call('SADD', index, one.anchor)
        redis.call('PEXPIRE', index, kept)
    end
    local left = redis.call('HGET', KEYS[i], 'left')
    if not left and one.units > 0 then table.insert(missing, i) end
    if left and tonumber(left) < one.units then return {-i} end
end
if #missing > 0 then return missing end
local now = redis.call('TIME')[1]
for i, one in ipairs(asked) do
    if redis.call('EXISTS', KEYS[i]) == 1 then
        redis.call('HINCRBY', KEYS[i], 'left', 0 - math.max(one.units, 0))
        redis.call('HINCRBY', KEYS[i], 'version', 1)
        redis.call('HSET', KEYS[i], id, one.units .. '@' .. now)
        redis.call('PEXPIRE', KEYS[i], kept)
    end
end
redis.call('PEXPIRE', index, kept)
return {}
"""
# Taken units are free again when they are given back, and freed units when they are confirmed. The
# sign in ARGV[2] says which of the two this is.
_FINISH = """
for i = 1, #KEYS do
    local record = redis.call('HGET', KEYS[i], ARGV[1])
    if record then
        local units = tonumber(string.match(record, '[^@]+'))
        redis.call('HDEL', KEYS[i], ARGV[1])
        redis.call('HINCRBY', KEYS[i], 'left', math.max(units * ARGV[2], 0))
        redis.call('HINCRBY', KEYS[i], 'version', 1)
    end
end
"""
_READ = "return {redis.call('TIME')[1], redis.call('HGETALL', KEYS[1])}"
_REPAIR = """
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'left', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'version', 1)
for i = 3, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
return 1
"""


@dataclass(frozen=True)
class RedisCounters:
    """A counter in Redis for each anchor; for ``attempt.reserved``.

    It has no options:

    >>> RedisCounters()
    RedisCounters()
    """

    def reservation(
        self, booking: Booking, units: Mapping[Anchor, int], servers: Servers
    ) -> RedisReservation:
        """Return the reservation of a booking.

        Args:
            booking: the booking.
            units: the units that it takes of each anchor; negative if it frees them.
            servers: the servers of the lab.

        Raises:
            RedisUnavailable: the lab runs without Redis.
        """
        if servers.redis is None:
            raise RedisUnavailable("The lab runs without Redis, and this strategy needs it.")
        return RedisReservation(
            servers.redis,
            str(booking.request.id),
            booking.workload.name,
            _index(servers.identity(), booking.request.generation),
            {anchor: units[anchor] for anchor in sorted(units) if units[anchor]},
            math.ceil(servers.clock.expiry(KEPT_FOR) * 1000),
        )


@dataclass(frozen=True)
class RedisReservation:
    """The units that one booking takes from the counters, or frees.

    Attributes:
        client: the Redis client.
        id: the booking's id.
        workload: the name of the workload.
        index: the key of the set that names the counters.
        units: the units of each anchor; negative if they are freed.
        kept_ms: milliseconds until unused counters expire.
    """

    client: redis.Redis
    id: str
    workload: str
    index: str
    units: Mapping[Anchor, int]
    kept_ms: int

    def take(self, filled: Mapping[Anchor, int], announce: Announce) -> Collection[Anchor]:
        """Take the units if each counter has enough left; return the missing counters."""
        asked = []
        for anchor, units in self.units.items():
            name = json.dumps([self.workload, anchor.table, anchor.key])
            asked.append({"anchor": name, "units": units})
            if anchor in filled:
                asked[-1]["filled"] = filled[anchor]
        keys = [*self._keys, self.index]
        with announce("reservation"):
            answer = run_script(self.client, _TAKE, keys, self.id, self.kept_ms, json.dumps(asked))
        anchors = list(self.units)
        if answer and answer[0] < 0:
            short = anchors[-answer[0] - 1]
            raise SoldOut(f"Not enough is left of {short.name}, said its counter in Redis.")
        return [anchors[number - 1] for number in answer]

    def confirm(self, announce: Announce) -> None:
        """Remove the record; freed units are free for others now."""
        with announce("reservation"):
            run_script(self.client, _FINISH, self._keys, self.id, -1)

    def give_back(self, announce: Announce) -> None:
        """Remove the record; taken units are free for others again."""
        with announce("reservation"):
            run_script(self.client, _FINISH, self._keys, self.id, 1)

    @property
    def _keys(self) -> list[str]:
        return [_key(self.index, anchor) for anchor in self.units]


@dataclass(frozen=True)
class CounterSnapshot:
    """The state of a counter at one moment, for a repair.

    Attributes:
        key: the key in Redis.
        workload: the name of the workload.
        anchor: the anchor that it belongs to.
        left: the value.
        version: the version, which rises with every change.
        reservations: the units and the age in seconds of each reservation, by the booking's id.
    """

    key: str
    workload: str
    anchor: Anchor
    left: int
    version: int
    reservations: Mapping[str, tuple[int, float]]


def sample(client: redis.Redis, lab: str, generation: int, most: int) -> list[CounterSnapshot]:
    """Return a random sample of the counters of ``lab``, at most ``most``.

    Raises:
        RedisUnavailable: no answer.
    """
    index = _index(lab, generation)
    try:
        members: Any = client.srandmember(index, most)
        seen = [(member, _read(client, index, member)) for member in members]
        if gone := [member for member, counter in seen if counter is None]:
            client.srem(index, *gone)
    except redis.RedisError as error:
        raise unavailable(error) from error
    return [counter for _, counter in seen if counter]


def repair(
    client: redis.Redis, counter: CounterSnapshot, left: int, forget: Collection[str]
) -> bool:
    """Set a counter to ``left`` and drop reservations, unless it has changed since ``sample``.

    Returns:
        Whether it was set.

    Raises:
        RedisUnavailable: no answer.
    """
    return bool(run_script(client, _REPAIR, [counter.key], counter.version, left, *forget))


def _read(client: redis.Redis, index: str, member: bytes) -> CounterSnapshot | None:
    """Return the counter of an entry in the index; none if it has expired or is no counter."""
    try:
        workload, table, key = json.loads(member)
        # These names become a part of SQL, and more people may have access to Redis.
        if not all(_NAME.fullmatch(name) for name in (table, *(column for column, _ in key))):
            return None
        anchor = Anchor(table, tuple((column, value) for column, value in key))
        now, pairs = run_script(client, _READ, [_key(index, anchor)])
        fields = {pairs[i].decode(): pairs[i + 1].decode() for i in range(0, len(pairs), 2)}
        left, version = int(fields.pop("left")), int(fields.pop("version"))
        records = {name: record.split("@") for name, record in fields.items()}
        reservations = {
            str(UUID(name)): (int(units), int(now) - int(since))
            for name, (units, since) in records.items()
        }
    except (ValueError, TypeError, KeyError):  # not written by the scripts above
        return None
    return CounterSnapshot(_key(index, anchor), workload, anchor, left, version, reservations)


_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def _index(lab: str, generation: int) -> str:
    return key(lab, "left", str(generation))


def _key(index: str, anchor: Anchor) -> str:
    return f"{index}:{anchor.name}"
