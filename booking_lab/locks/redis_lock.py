"""A lock in Redis: SET with NX and an expiry, released by compare-and-delete.

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

#: Seconds that an answer to ``check_writes`` may take in a health check.
PROBE_TIMEOUT = 0.4

# The own token counts as success. So a SET whose answer was lost can be sent again. A bare SET NX
# would then find its own key, and block itself for the whole time to live.
_ACQUIRE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0
"""
# GET and DEL as two commands could delete the lock of another holder after an expiry in between.
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


def connect(url: str, timeout: float) -> redis.Redis:
    """Return a client with a time limit, which never repeats a command by itself.

    With the client's own retries, a dead server would cost seconds instead of milliseconds.

    Args:
        url: the URL of the server.
        timeout: seconds for connecting, and for each answer.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        client_name="booking-lab",
    )


def lock_key(anchor: Anchor, servers: Servers) -> str:
    """Return the key of the lock on ``anchor``; it is the same at every server."""
    return key(servers.identity(), "lock", anchor.name)


@dataclass(frozen=True)
class RedisLock:
    """A Redis lock for each anchor.

    Attributes:
        ttl: seconds after which a lock expires by itself, even if its holder still works.

    >>> desk = Anchor("desks", (("desk", "a"),))
    >>> RedisLock(ttl=2.5).lease(desk, Servers())
    Traceback (most recent call last):
    booking_lab.errors.RedisUnavailable: The lab runs without Redis, and this strategy needs it.

    The key, and its time to live in milliseconds:

    >>> lease = RedisLock(ttl=2.5).lease(desk, Servers(redis.Redis(), identity=lambda: "mine"))
    >>> lease.key, lease.ttl_ms
    ('booking-lab:mine:lock:desks:a', 2500)
    """

    ttl: float

    def lease(self, anchor: Anchor, servers: Servers) -> RedisLease:
        """Return a lease on ``anchor`` that is not held yet.

        Raises:
            RedisUnavailable: the lab runs without Redis.
        """
        if servers.redis is None:
            raise RedisUnavailable("The lab runs without Redis, and this strategy needs it.")
        ttl = servers.clock.expiry(self.ttl)
        return RedisLease.of(servers.redis, lock_key(anchor, servers), ttl)


@dataclass(frozen=True)
class RedisLease:
    """A lease of a Redis lock: a key whose value is the holder's token.

    Attributes:
        client: the Redis client.
        key: the key of the lock.
        ttl_ms: milliseconds until it expires.
        token: a unique value of this holder.
    """

    client: redis.Redis
    key: str
    ttl_ms: int
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of(cls, client: redis.Redis, key: str, ttl: float) -> RedisLease:
        """Return a lease on ``key`` at one server; ``ttl`` is in seconds."""
        # Redis refuses an expiry of zero, so parts of a millisecond are rounded up.
        return cls(client, key, math.ceil(ttl * 1000))

    @property
    def lasts(self) -> float:
        """Seconds that it lasts at least, counted from before the request for it."""
        return self.ttl_ms / 1000

    def try_acquire(self, announce: Announce) -> bool:
        """Take the lock if it is free; return whether it is held now.

        Raises:
            RedisUnavailable: no answer. If the lock was taken nevertheless, it expires.
        """
        with announce("lease"):
            return bool(self._run(_ACQUIRE, self.token, str(self.ttl_ms)))

    def release(self, announce: Announce) -> bool:
        """Release the lock; return false if it had expired.

        Raises:
            RedisUnavailable: no answer. The lock expires by itself.
        """
        with announce("lease"):
            return self.expire()

    def expire(self) -> bool:
        """Delete the key if it still has this token, as an expiry would; return whether it had."""
        return bool(self._run(_RELEASE, self.token))

    def _run(self, script: str, *arguments: str) -> object:
        return run_script(self.client, script, [self.key], *arguments)


def run_script(client: redis.Redis, script: str, keys: Sequence[str], *arguments: Any) -> Any:
    """Run a script that may safely run twice; return its result.

    Raises:
        RedisUnavailable: no answer, or the answer that the server can't do it.
    """
    try:
        try:
            return client.eval(script, len(keys), *keys, *arguments)
        except redis.ConnectionError:
            # A restart may have closed a pooled connection; the second try opens a new one.
            return client.eval(script, len(keys), *keys, *arguments)
    except redis.RedisError as error:
        raise unavailable(error) from error


#: A script that writes, like those of bookings: a server without writes may still answer PING. No
#: client sees the key, because the script deletes it.
_WRITE = "redis.call('SET', KEYS[1], '', 'PX', 1000) return redis.call('DEL', KEYS[1])"


def check_writes(client: redis.Redis) -> None:
    """Check that a server can do what bookings need. It leaves no key behind.

    Raises:
        RedisUnavailable: it can't; the error has the server's reason.
    """
    try:
        client.eval(_WRITE, 1, "booking-lab:ready")
    except redis.RedisError as error:
        raise unavailable(error) from error


def unavailable(error: redis.RedisError) -> RedisUnavailable:
    """Return the lab's error for an error of the client; ``answered`` is set for an answer."""
    # An answer of the server has a status, or is a ResponseError. The client treats some answers as
    # connection errors, because another connection may work.
    if not (isinstance(error, redis.ResponseError) or error.status_code):
        return RedisUnavailable(reason=str(error))
    reason = str(error).partition("\n")[0]
    return RedisUnavailable(
        f"Redis can't do this now ({reason}); nothing was booked. Try again.", reason, answered=True
    )
