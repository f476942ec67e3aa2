"""Asks the machine for the time, for random numbers and for new ids. No other module does."""

from datetime import UTC, datetime
from random import SystemRandom
from time import monotonic as _monotonic
from time import perf_counter as _perf_counter
from uuid import uuid4

_random = SystemRandom()


def now() -> datetime:
    """Reads the wall clock: an aware moment in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Reads a clock that never goes back, in seconds. Only differences mean something."""
    return _monotonic()


def stopwatch() -> float:
    """Reads the finest clock, in seconds, to measure how long something takes."""
    return _perf_counter()


def new_id() -> str:
    """Draws an id (UUID 4) for something that happens only once: a process, a lease, an operator's act."""
    return str(uuid4())


def jitter(delay_seconds: float, share: float = 0.2) -> float:
    """Lengthens or shortens a delay by at most `share`, so that many who wait do not wake together."""
    return delay_seconds * (1.0 + share * (2.0 * _random.random() - 1.0))


def growing(attempt: int, first_seconds: float, most_seconds: float) -> float:
    """Computes the pause after `attempt` failures: doubling from `first_seconds`, bounded, jittered."""
    return jitter(min(most_seconds, first_seconds * 2.0 ** min(max(attempt - 1, 0), 30)))
