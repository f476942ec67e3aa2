"""How the tables and property tests of refunds drive one kind of case by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from hypothesis import strategies as st

from chassis.service import Kind
from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.money import Money
from services.refunds import policy
from services.refunds.service import REFUNDS
from tests.services.refunds.shop import T0

POLICY = policy.load().get("taobao-classic@2014-01-01")
KINDS = {kind.name: kind for kind in REFUNDS.kinds}

WORDS = [
    "a", "b", "quality", "size", "retry", "not_moved", "abandon", "reserved", "unavailable", "sent",
    "delivered", "refund", "stopped", "buyer",
]  # fmt: skip
st.register_type_strategy(Money, st.builds(Money, st.integers(0, 20_000), st.just("CNY")))
st.register_type_strategy(str, st.sampled_from(WORDS))
st.register_type_strategy(int, st.integers(0, 3))
st.register_type_strategy(datetime, st.just(T0))


def with_agreement(**numbers: Any) -> policy.Policy:
    """The classic policy with other numbers for agreements."""
    return replace(POLICY, agreement=replace(POLICY.agreement, **numbers))


def with_exchange(**numbers: Any) -> policy.Policy:
    """The classic policy with other numbers for exchanges."""
    return replace(POLICY, exchange=replace(POLICY.exchange, **numbers))


def after(kind: str, facts: Iterable[Any]) -> Any:
    """The state that these facts lead to."""
    decider = KINDS[kind]
    return reduce(decider.evolve, facts, decider.initial)


def facts_of(decided: Sequence[Decided[Any]]) -> list[Any]:
    return [entry.fact for entry in decided]


def decide(
    kind: str, given: Iterable[Any], when: Any, at: datetime = T0, rules: policy.Policy = POLICY
) -> Sequence[Decided[Any]]:
    """What a case with this history decides."""
    return KINDS[kind].decide(after(kind, given), when, rules, at)


def messages_of(kind: str) -> st.SearchStrategy[Any]:
    """Any message of a kind but deadlines, with any content; an expiry stands for `let the next one pass`."""
    classes = [message for message in KINDS[kind].messages if message is not DeadlinePassed]
    return st.one_of(*(st.from_type(message) for message in classes), st.just("next deadline"))


class Walk:
    """One case through any history; keeps what it decided and checks what must always hold."""

    def __init__(self, name: str, rules: policy.Policy = POLICY) -> None:
        self.kind: Kind[Any, Any, Any, Any] = KINDS[name]
        self.state: Any = self.kind.initial
        self.rules = rules
        self.now = T0
        self.facts: list[Any] = []
        self.steps: list[tuple[Any, Any]] = []

    def tell(self, message: Any, minutes: int) -> None:
        """One step; `next deadline` lets time pass until the next one, if there is one."""
        self.now += timedelta(minutes=minutes)
        decider = self.kind
        if message == "next deadline":
            pending = sorted(decider.deadlines(self.state), key=lambda d: d.due_at)
            if not pending:
                return
            self.now = max(self.now, pending[0].due_at)
            message = DeadlinePassed(pending[0].name, pending[0].due_at)
        was_ended = isinstance(self.state, tuple(self.kind.ended_states))
        before = self.state
        try:
            decided = decider.decide(self.state, message, self.rules, self.now)
        except NotYet:
            assert not isinstance(message, DeadlinePassed)
            return
        for entry in decided:
            assert type(entry.fact) in self.kind.facts
            previous = self.state
            self.state = decider.evolve(self.state, entry.fact)
            assert type(self.state) in self.kind.states
            self.facts.append(entry.fact)
            self.steps.append((previous, self.state))
        if isinstance(message, DeadlinePassed):
            assert decided, "a deadline that runs decides something"
            still = [(d.name, d.due_at) for d in decider.deadlines(self.state)]
            assert (message.name, message.due_at) not in still
        if was_ended and type(before).__name__ != "TurnedAway":
            assert (
                isinstance(self.state, tuple(self.kind.ended_states))
                or type(self.state).__name__ == "Reversed"
            )
        stale = DeadlinePassed("answer", T0 - timedelta(days=1))
        assert list(decider.decide(self.state, stale, self.rules, self.now)) == []

    def run_out(self) -> None:
        """Lets every deadline pass; ends, or a deadline never stops."""
        for _ in range(200):
            if not self.kind.deadlines(self.state):
                return
            self.tell("next deadline", 0)
        raise AssertionError(f"{type(self.state).__name__} never ends")
