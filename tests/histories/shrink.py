"""A broken history made as short as it can be: fewer actions, then shorter waits, then a smaller order."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.histories.generate import History, replay
from tests.histories.world import Action, MakeFlow, Shape, SharedFlow, World

Broken = Callable[[World], bool]
ROUND = (1, 60, 24 * 60, 2 * 24 * 60, 3 * 24 * 60, 7 * 24 * 60)
"""Waits that read well, in minutes."""


def breaks(cause: str) -> Broken:
    """Whether a world is broken by this cause."""
    return lambda world: any(breach.cause == cause for breach in world.breaches.values())


def shrink(
    history: History, is_broken: Broken, make_flow: MakeFlow = SharedFlow, tries: int = 400
) -> History:
    """A shorter history that is still broken; gives up improving after so many tries."""
    left = tries

    def holds(shorter: History) -> bool:
        nonlocal left
        if left <= 0:
            return False
        left -= 1
        return is_broken(replay(shorter, make_flow))

    history = _fewer(history, holds)
    history = _sooner(history, holds)
    return _smaller(history, holds)


def _fewer(history: History, holds: Callable[[History], bool]) -> History:
    """Leaves out ever smaller parts; the time that they took stays."""
    size = max(len(history.actions) // 2, 1)
    while True:
        start = 0
        while start < len(history.actions):
            shorter = replace(history, actions=_without(history.actions, start, start + size))
            if holds(shorter):
                history = shorter
            else:
                start += size
        if size == 1:
            return history
        size = max(size // 2, 1)


def _without(actions: Sequence[Action], start: int, stop: int) -> tuple[Action, ...]:
    gone = sum(action.wait for action in actions[start:stop])
    rest = list(actions[stop:])
    if rest:
        rest[0] = replace(rest[0], wait=rest[0].wait + gone)
    return (*actions[:start], *rest)


def _sooner(history: History, holds: Callable[[History], bool]) -> History:
    for number, action in enumerate(history.actions):
        for wait in ROUND:
            if wait >= action.wait:
                break
            actions = list(history.actions)
            actions[number] = replace(action, wait=wait)
            if holds(replace(history, actions=tuple(actions))):
                history = replace(history, actions=tuple(actions))
                break
    return history


def _fits(shape: Shape, actions: Sequence[Action]) -> bool:
    """Whether the actions name no line or piece that the order does not have."""
    counts = {name: count for name, count, _ in shape.lines}
    for action in actions:
        for text in action.args:
            found = re.fullmatch(r"([a-z]):(\d+)(:\d+)?", str(text))
            if found is not None and int(found[2]) > counts.get(found[1], 0):
                return False
    return True


def _smaller(history: History, holds: Callable[[History], bool]) -> History:
    shape = history.shape
    for smaller in (
        replace(shape, tenders=()),
        replace(shape, freight=0, is_free=True, tenders=()),
        replace(shape, lines=shape.lines[:1], tenders=()),
        replace(shape, lines=tuple((name, 1, 10_000) for name, _, _ in shape.lines), tenders=()),
    ):
        is_other = smaller != history.shape and _fits(smaller, history.actions)
        if is_other and holds(replace(history, shape=smaller)):
            history = replace(history, shape=smaller)
    return history
