"""Drives one kind of case by itself: given facts, when a message, then facts; and any history of messages."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from chassis.service import Kind
from kernel.decider import DeadlinePassed, Decided, NotYet

AnyKind = Kind[Any, Any, Any, Any]
NEXT_DEADLINE = "next deadline"
"""In a history, instead of a message: time passes until the next deadline, if there is one."""


def after(kind: AnyKind, facts: Iterable[Any]) -> Any:
    """Folds the facts to the state that they lead to."""
    return reduce(kind.evolve, facts, kind.initial)


def decide(
    kind: AnyKind, given: Iterable[Any], when: Any, at: datetime, policy: Any
) -> Sequence[Decided[Any]]:
    """Decides on a message in a case with these facts. Raises NotYet for an early one.

    A state that comes with a fact is the one to which the fact leads.
    """
    before = after(kind, given)
    decided = kind.handle(before, when, policy, at)
    for entry in decided:
        before = kind.evolve(before, entry.fact)
        assert entry.after is None or entry.after == before
    return decided


def facts_of(decided: Iterable[Decided[Any]]) -> list[Any]:
    """Lists the facts of a decision."""
    return [entry.fact for entry in decided]


def check_rule(
    kind: AnyKind, rule: str, given: Iterable[Any], when: Any, at: datetime, then: Sequence[Any], policy: Any
) -> None:
    """Checks a row of a table of rules: these facts are decided, each by that rule."""
    decided = decide(kind, given, when, at, policy)
    assert facts_of(decided) == list(then)
    assert all(rule in entry.rules for entry in decided), [entry.rules for entry in decided]


def check_names(
    kind: AnyKind,
    rule: str,
    given: Iterable[Any],
    when: Any,
    at: datetime,
    then: Sequence[str],
    policy: Any,
) -> None:
    """Checks a row by the names of its facts; at least one of them is decided by that rule."""
    decided = decide(kind, given, when, at, policy)
    assert [type(entry.fact).__name__ for entry in decided] == list(then)
    assert not decided or any(rule in entry.rules for entry in decided)


class Walk:
    """One case through any history. It keeps what was decided and checks what holds for every kind.

    `reopens`: names of ended states that the case may leave again.
    """

    def __init__(
        self, kind: AnyKind, policy: Any, start: datetime, reopens: Sequence[str] = ("TurnedAway",)
    ) -> None:
        self.kind = kind
        self.policy = policy
        self.now = start
        self.state: Any = kind.initial
        self.facts: list[Any] = []
        self.moves: list[tuple[Any, Any]] = []
        """States before and after each fact."""
        self.early: list[Any] = []
        """States in which a message came too early."""
        self._reopens = frozenset(reopens)
        self._seen: set[tuple[str, datetime]] = set()

    @property
    def is_ended(self) -> bool:
        return isinstance(self.state, self.kind.ended_states)

    def tell(self, message: Any, delay: timedelta = timedelta(0)) -> list[Any]:
        """Lets time pass and tells the case a message, or its next deadline; returns what it decides."""
        self.now += delay
        if message == NEXT_DEADLINE:
            pending = sorted(self.kind.deadlines(self.state), key=lambda d: d.due_at)
            if not pending:
                return []
            self.now = max(self.now, pending[0].due_at)
            message = DeadlinePassed(pending[0].name, pending[0].due_at)
        was_ended, before = self.is_ended, type(self.state).__name__
        at = message.due_at if isinstance(message, DeadlinePassed) else self.now
        try:
            decided = facts_of(self.kind.handle(self.state, message, self.policy, at))
        except NotYet:
            assert not isinstance(message, DeadlinePassed), "a deadline is never early"
            self.early.append(self.state)
            return []
        self._keep(decided)
        if isinstance(message, DeadlinePassed):
            assert decided, "a deadline that runs decides something"
            assert not self.kind.is_pending(self.state, message), "a decided deadline is gone"
        if was_ended and before not in self._reopens:
            assert self.is_ended, f"{before} is left again"
        self._check_stale()
        return decided

    def _keep(self, decided: Iterable[Any]) -> None:
        for fact in decided:
            assert type(fact) in self.kind.facts
            previous = self.state
            self.state = self.kind.evolve(self.state, fact)
            assert type(self.state) in (*self.kind.states, type(self.kind.initial))
            self.facts.append(fact)
            self.moves.append((previous, self.state))

    def _check_stale(self) -> None:
        """Checks that a deadline which the state no longer lists decides nothing."""
        pending = {(d.name, d.due_at) for d in self.kind.deadlines(self.state)}
        for name, due_at in self._seen - pending:
            assert not self.kind.handle(self.state, DeadlinePassed(name, due_at), self.policy, self.now)
        self._seen |= pending

    def pass_time(self, length: timedelta, limit: int = 200) -> None:
        """Lets some time pass, and every deadline in it, in order. Fails where they never rest."""
        until = self.now + length
        for _ in range(limit):
            due = sorted(
                (d for d in self.kind.deadlines(self.state) if d.fires_at <= until),
                key=lambda d: (d.due_at, d.name),
            )
            if not due:
                self.now = until
                return
            self.now = max(self.now, due[0].due_at)
            self.tell(DeadlinePassed(due[0].name, due[0].due_at))
        raise AssertionError("deadlines never rest")

    def run_out(self, limit: int = 200) -> None:
        """Lets every deadline pass. Fails where they never stop."""
        for _ in range(limit):
            if not self.kind.deadlines(self.state):
                return
            self.tell(NEXT_DEADLINE)
        raise AssertionError(f"{type(self.state).__name__} never ends")
