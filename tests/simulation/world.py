"""Shares a run's dice, clock and trace, and the place where faults strike."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import CodeType, FrameType
from typing import Any
from unittest.mock import patch

from chassis import clock
from tests.simulation.loop import OWNER, WORLD, Owner, SimulatedLoop

CHASSIS = Path(clock.__file__).parent
SPEED = 7_200.0
"""Seconds of the wall clock in one second of the loop: two hours of events are over in a second."""
START = datetime(2026, 3, 10, tzinfo=UTC)
NEAR_MONTH_END = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)


class Over(BaseException):
    """The run has ended; raised in whatever is being unwound."""


@dataclass(frozen=True)
class Plan:
    """The roughness of a run: which faults strike, how often, how slow everything is."""

    kinds: tuple[str, ...]
    rate: float
    fault_count: int
    slow_share: float

    @classmethod
    def drawn(cls, dice: Random) -> "Plan":
        """A mix of faults; one run in ten has none."""
        known = (
            "kill", "freeze", "stop", "lost", "unanswered", "stall", "database", "failover", "broker",
            "rebalance",
        )  # fmt: skip
        count = dice.choice((0, 1, 2, 2, 3, 4, 5, 6, 9, 10))
        kinds = tuple(dice.sample(known, count))
        return cls(kinds, dice.choice((0.02, 0.05, 0.15)), dice.randrange(1, 9), dice.choice((0.0, 0.1, 0.4)))


Strike = Callable[[str], None]


@dataclass
class World:
    """One run: everything that is drawn comes from its seed."""

    seed: int
    plan: Plan | None = None
    dice: Random = field(init=False)
    loop: SimulatedLoop = field(default_factory=SimulatedLoop)
    trace: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    seen: dict[str, int] = field(default_factory=dict[str, int])
    """Awaits of the code under test at which something outside was asked for: how often."""
    struck: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """(await, fault) that were hit."""
    strikes: dict[str, Strike] = field(default_factory=dict[str, Strike])
    """Faults that somebody else carries out, by name: given the name of the process that they hit."""
    is_calm: bool = False
    is_over: bool = False
    faults: int = 0
    leap: timedelta = timedelta(0)
    """Time by which the wall clock was set ahead."""

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self._plan = self.plan or Plan.drawn(self.dice)
        self.began = self.dice.choice((START, START, START, NEAR_MONTH_END))
        self._slow = self._plan.slow_share
        self.may_fail_over = "failover" in self._plan.kinds
        self._outside = Context()

    def now(self) -> datetime:
        """The wall clock."""
        return self.began + timedelta(seconds=self.loop.time() * SPEED) + self.leap

    def later(self, seconds: float, action: Callable[..., object], *args: Any) -> None:
        """Something that happens outside of all processes, whoever brings it about."""
        self.loop.call_later(seconds, action, *args, context=self._outside.copy())

    def note(self, *what: Any) -> None:
        """Adds a line to the trace."""
        self.trace.append((self.loop.time(), *what))

    async def step(self, name: str, *, is_done: bool = False) -> None:
        """One thing asked of the outside: where time passes and faults strike.

        `is_done`: it has taken effect already, and the answer is on its way back.
        """
        if self.is_over:
            raise Over
        owner = OWNER.get()
        if owner is WORLD:
            return
        where = _place(name, is_done=is_done)
        seen = self.seen
        seen[where] = count = seen.get(where, 0) + 1
        self.trace.append((self.loop.time(), owner.name, where))
        dice, plan = self.dice, self._plan
        draw = dice.random()
        if draw * count < plan.rate and not self.is_calm and self.faults < plan.fault_count:
            if plan.kinds:
                await self._strike(dice.choice(plan.kinds), where, owner, is_done=is_done)
        elif draw > 1.0 - self._slow:
            await asyncio.sleep(dice.choice((0.0, 0.001, 0.003, 0.01, 0.04)))

    async def _strike(self, kind: str, where: str, owner: Owner, *, is_done: bool) -> None:
        if (kind == "lost" and is_done) or (kind == "unanswered" and not is_done):
            return
        self.faults += 1
        self._count_places(kind, where, owner)
        self.note("FAULT", kind, owner.name, where)
        if kind in {"lost", "unanswered"}:
            raise ConnectionResetError(f"simulated: {kind}")
        if kind == "stall":
            await asyncio.sleep(self.dice.choice((0.1, 0.5, 1.5)))
            return
        self.strikes[kind](owner.name)
        if owner.is_dead:
            await self.loop.create_future()  # nobody ever comes back to it
        elif kind == "freeze":
            await asyncio.sleep(0)

    def _count_places(self, kind: str, where: str, owner: Owner) -> None:
        """Notes where the process stood: at what it asked, and wherever else its tasks wait."""
        self.struck[where, kind] += 1
        for belongs_to, task in self.loop.tasks:
            if belongs_to is owner and not task.done():
                waits = _waits_at(task)
                if waits:
                    self.seen[waits] = self.seen.get(waits, 0) + 1
                    self.struck[waits, kind] += 1

    @contextmanager
    def clocks(self) -> Generator[None]:
        """Gives the chassis this world's clock and dice."""
        with (
            patch.object(clock, "now", self.now),
            patch.object(clock, "monotonic", self.loop.time),
            patch.object(clock, "stopwatch", self.loop.time),
            patch.object(clock, "_random", self.dice),
        ):
            yield


_places: dict[tuple[CodeType, int, str, bool], str] = {}
_ours: dict[CodeType, bool] = {}


def _place(what: str, *, is_done: bool) -> str:
    """The innermost place in the chassis that waits, and for what: `batches._process_once:219 commit`."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        is_ours = _ours.get(code)
        if is_ours is None:
            is_ours = _ours[code] = Path(code.co_filename).is_relative_to(CHASSIS)
        if is_ours:
            key = code, frame.f_lineno, what, is_done
            place = _places.get(key)
            if place is None:
                where = f"{Path(code.co_filename).stem}.{code.co_name}:{frame.f_lineno}"
                place = _places[key] = f"{where} {what}{' answered' if is_done else ''}"
            return place
        frame = frame.f_back
    return f"process {what}{' answered' if is_done else ''}"


def _waits_at(task: asyncio.Task[Any]) -> str:
    """The innermost place in the chassis at which a suspended task waits; empty where there is none."""
    coroutine: Any = task.get_coro()
    place = ""
    while coroutine is not None:
        frame: FrameType | None = getattr(coroutine, "cr_frame", None)
        if frame is not None:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(CHASSIS):
                place = f"{path.stem}.{frame.f_code.co_name}:{frame.f_lineno} waits"
        coroutine = getattr(coroutine, "cr_await", None)
    return place
