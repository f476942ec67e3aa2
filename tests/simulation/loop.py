"""An event loop without sockets: time jumps to the next timer, and whatever runs belongs to a process.

A process that was killed never runs again, not even its `finally` blocks; a frozen one runs nothing
until it thaws. Both hold for every task and callback that it started, found by the context.
"""

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any

LONGEST_SECONDS = 600.0
"""Simulated time after which a run counts as stuck."""
MOST_TURNS = 100_000
"""Turns of the loop after which it counts as spinning; a run takes about a thousand."""


class Owner:
    """One life of one simulated process, from its start to its end."""

    __slots__ = ("frozen_until", "is_dead", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.frozen_until = 0.0


WORLD = Owner("world")
OWNER: ContextVar[Owner] = ContextVar("owner", default=WORLD)


class Stuck(AssertionError):
    """Nothing is left to run, or time has run away."""


class _Handle:
    """A callback that is due; `when` in seconds of the simulated clock."""

    __slots__ = ("args", "callback", "context", "is_cancelled", "moment")

    def __init__(self, callback: Callable[..., Any], args: Any, context: Context, moment: float) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.moment = moment
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled(self) -> bool:
        return self.is_cancelled

    def when(self) -> float:
        return self.moment


class SimulatedLoop(asyncio.AbstractEventLoop):
    """As much of an event loop as asyncio's own tasks, timeouts and locks need."""

    def __init__(self) -> None:
        self._ready: deque[_Handle] = deque()
        self._timers: list[tuple[float, int, _Handle]] = []
        self._count = 0
        self._now = 0.0
        self._turns = 0
        self.tasks: list[tuple[Owner, asyncio.Task[Any]]] = []
        self.failures: list[BaseException] = []
        """Errors that no part of a process may raise, found in tasks that nobody waits for."""

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]  # a handle of our own does for what asyncio asks of it
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        handle = _Handle(callback, args, copy_context() if context is None else context, self._now)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]  # the same
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]  # the same
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        handle = _Handle(callback, args, copy_context() if context is None else context, when)
        self._push(when, handle)
        return handle

    def _push(self, when: float, handle: _Handle) -> None:
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, handle))

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Any, *, name: str | None = None, context: Context | None = None, **_: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name or "task", context=context)
        self.tasks.append(((context.get(OWNER, WORLD) if context is not None else OWNER.get()), task))
        return task

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.failures.append(error)

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Runs until `main` ends; raises what it raises, and Stuck where it never would."""
        previous = events._get_running_loop()
        events._set_running_loop(self)
        try:
            task = self.create_task(main, name="main")
            while not task.done():
                self._step()
            task.result()
        finally:
            events._set_running_loop(previous)

    def _step(self) -> None:
        """Everything that is ready now, in order; where nothing is, time goes on."""
        ready = self._ready
        if not ready:
            self._advance()
        self._turns += 1
        if self._turns > MOST_TURNS:
            raise Stuck("it spins")
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle.is_cancelled:
                continue
            owner = handle.context.get(OWNER, WORLD)
            if owner.is_dead:
                continue
            if owner.frozen_until > self._now:
                self._push(owner.frozen_until, handle)
                continue
            handle.context.run(handle.callback, *handle.args)

    def _advance(self) -> None:
        timers = self._timers
        while timers and timers[0][2].is_cancelled:
            heapq.heappop(timers)
        if not timers:
            raise Stuck("nothing is left to run")
        moment = max(self._now, timers[0][0])
        if moment > LONGEST_SECONDS:
            raise Stuck("time has run away")
        self._now = moment
        while timers and timers[0][0] <= moment:
            handle = heapq.heappop(timers)[2]
            if not handle.is_cancelled:
                self._ready.append(handle)

    def dispose(self) -> None:
        """Unwinds what is still suspended, so that nothing of this run outlives it."""
        events._set_running_loop(self)
        try:
            for _, task in self.tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
                    coroutine: Any = task.get_coro()
                    with suppress(BaseException):
                        coroutine.close()
        finally:
            events._set_running_loop(None)
        self.tasks.clear()
        self._ready.clear()
        self._timers.clear()
