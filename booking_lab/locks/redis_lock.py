"""A lock in Redis: SET with NX and an expiry, given back by compare-and-delete.

https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ (a single instance)
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from booking_lab.core.anchor import Anchor
from booking_lab.core.lease import Announce, Servers, key
from booking_lab.errors import RedisUnavailable

log = logging.getLogger(__name__)

#: Seconds that an answer to ``check_writes`` may take when somebody waits to hear of it.
PROBE_TIMEOUT = 0.4

# Finding one's own token counts as success. So a SET whose answer was lost can be sent again: a
# bare SET NX would then take its own key for somebody else's, and block itself for the whole TTL.
_ACQUIRE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0
"""
# GET and DEL as two commands could delete a lock that expired in between and is another's now.
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


def connect(url: str, timeout: float) -> redis.Redis:
    """Return a client that fails fast and never repeats a command by itself.

    The client's own retries would make a dead server cost seconds instead of milliseconds.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        client_name="booking-lab",
    )


def lock_key(anchor: Anchor, servers: Servers) -> str:
    """Return the key of the lock on ``anchor``, at every server."""
    return key(servers.identity(), "lock", anchor.name)


@dataclass(frozen=True)
class RedisLock:
    """One Redis lock for each anchor.

    Attributes:
        ttl: seconds after which it expires by itself, even if its holder still works.

    >>> desk = Anchor("desks", (("desk", "a"),))
    >>> RedisLock(ttl=2.5).lease(desk, Servers())
    Traceback (most recent call last):
    booking_lab.errors.RedisUnavailable: The lab runs without Redis, and this strategy needs it.

    The key, and for how long it is set:

    >>> lease = RedisLock(ttl=2.5).lease(desk, Servers(redis.Redis(), identity=lambda: "mine"))
    >>> lease.key, lease.ttl_ms
    ('booking-lab:mine:lock:desks:a', 2500)
    """

    ttl: float

    def lease(self, anchor: Anchor, servers: Servers) -> RedisLease:
        """Return a lease that is not taken yet.

        Raises:
            RedisUnavailable: the lab runs without Redis.
        """
        if servers.redis is None:
            raise RedisUnavailable("The lab runs without Redis, and this strategy needs it.")
        ttl = servers.clock.expiry(self.ttl)
        return RedisLease.of(servers.redis, lock_key(anchor, servers), ttl)


@dataclass(frozen=True)
class RedisLease:
    """A key that bears the holder's token while it is held.

    Attributes:
        client: the Redis client.
        key: the lock's key.
        ttl_ms: milliseconds until it expires.
        token: tells this holder from all others.
    """

    client: redis.Redis
    key: str
    ttl_ms: int
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of(cls, client: redis.Redis, key: str, ttl: float) -> RedisLease:
        """Return the lease of ``key`` at one server; ``ttl`` in seconds."""
        # Redis refuses an expiry of zero, so a part of a millisecond is a whole one.
        return cls(client, key, math.ceil(ttl * 1000))

    @property
    def lasts(self) -> float:
        """Seconds that it lasts at least, from before it was asked for."""
        return self.ttl_ms / 1000

    def try_acquire(self, announce: Announce) -> bool:
        """Take the lock if it is free.

        Raises:
            RedisUnavailable: no answer. Should the lock have been taken all the same, it expires.
        """
        with announce("lease"):
            return bool(self._run(_ACQUIRE, self.token, str(self.ttl_ms)))

    def release(self, announce: Announce) -> bool:
        """Give it back; false if it had expired.

        Raises:
            RedisUnavailable: no answer. The lock expires by itself.
        """
        with announce("lease"):
            return self.expire()

    def expire(self) -> bool:
        """Remove the key if it is still ours, as its expiry would."""
        return bool(self._run(_RELEASE, self.token))

    def _run(self, script: str, *arguments: str) -> object:
        return run_script(self.client, script, [self.key], *arguments)


def run_script(client: redis.Redis, script: str, keys: Sequence[str], *arguments: Any) -> Any:
    """Run a script that may safely run twice; return its answer.

    Raises:
        RedisUnavailable: no answer, or one that says that the server can't.
    """
    try:
        try:
            return client.eval(script, len(keys), *keys, *arguments)
        except redis.ConnectionError:
            # A pooled connection that a restart has cut.
            return client.eval(script, len(keys), *keys, *arguments)
    except redis.RedisError as error:
        raise unavailable(error) from error


#: As a booking does: a script that writes. Many a server that takes no writes answers PING.
#: Nobody sees the key: it is gone when the script ends.
_WRITE = "redis.call('SET', KEYS[1], '', 'PX', 1000) return redis.call('DEL', KEYS[1])"


def check_writes(client: redis.Redis) -> None:
    """See that a server does what bookings need of it; leaves nothing behind.

    Raises:
        RedisUnavailable: it doesn't; says what it says itself.
    """
    try:
        client.eval(_WRITE, 1, "booking-lab:ready")
    except redis.RedisError as error:
        raise unavailable(error) from error


def unavailable(error: redis.RedisError) -> RedisUnavailable:
    """Return the lab's error for the client's; one that was an answer is told as such."""
    # What the server answers with has a status, or is of this kind; some are connection errors for
    # the client, since another connection may do better.
    if not (isinstance(error, redis.ResponseError) or error.status_code):
        return RedisUnavailable(reason=str(error))
    said = str(error).partition("\n")[0]
    return RedisUnavailable(
        f"Redis can't do this now ({said}); nothing was booked. Try again.", said, answered=True
    )
