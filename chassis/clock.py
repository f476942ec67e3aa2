"""The one place that asks the machine for the time, for a random number or for a new id."""

from datetime import UTC, datetime
from random import SystemRandom
from time import monotonic as _monotonic
from time import perf_counter as _perf_counter
from uuid import uuid4

_random = SystemRandom()


def now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds of a clock that never goes back; only differences mean something."""
    return _monotonic()


def stopwatch() -> float:
    """Seconds of the finest clock there is, for measuring how long something takes."""
    return _perf_counter()


def new_id() -> str:
    """A random id (UUID 4) for what happens only once: a process, a lease, an operator's act."""
    return str(uuid4())


def jitter(delay_seconds: float, share: float = 0.2) -> float:
    """The delay made longer or shorter by at most `share`, so that many who wait do not wake together."""
    return delay_seconds * (1.0 + share * (2.0 * _random.random() - 1.0))


def growing(attempt: int, first_seconds: float, most_seconds: float) -> float:
    """The pause after `attempt` failed ones: doubles from `first_seconds`, bounded, jittered."""
    return jitter(min(most_seconds, first_seconds * 2.0 ** min(max(attempt - 1, 0), 30)))
