"""Defines the parts of a decision: messages with an address, facts, deadlines, the view of a case."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from kernel.value import Value, replace

State = TypeVar("State")
Fact = TypeVar("Fact")

HERE = ""
"""As the subject of an address: the subject of the case that tells."""


class NotYet(Exception):
    """The message is early: the case cannot use it until something else has happened."""


class Deadline(Value):
    """A moment at which the case must be looked at again, and why.

    `due_at` is the promise. The deadline is decided only `grace` later, so that an answer written before
    `due_at` and published late still counts. `now` in `decide` is `due_at`.
    """

    name: str
    due_at: datetime
    grace: timedelta = timedelta(0)

    @property
    def fires_at(self) -> datetime:
        return self.due_at + self.grace


class DeadlinePassed(Value):
    """The message that a deadline becomes once its moment has come."""

    name: str
    due_at: datetime


class Decided(Value, Generic[Fact]):
    """A fact and the ids of the rules that led to it."""

    fact: Fact
    rules: tuple[str, ...]
    after: object = None
    """The state after the fact, where a rule has computed it already; the engine computes it otherwise."""


def applied(
    evolve: Callable[[State, Fact], State], state: State, decided: Sequence[Decided[Fact]]
) -> tuple[list[Decided[Fact]], State]:
    """Applies what was decided. Returns it with the states, and the last state for rules that look there."""
    found: list[Decided[Fact]] = []
    for entry in decided:
        state = evolve(state, entry.fact)
        found.append(Decided(entry.fact, entry.rules, state))
    return found, state


class Addressed(Value):
    """A message and the case that it is for. Only `to` of a kind's messages makes one.

    `subject` is what the case is about, and what is locked and loaded together: the order id for
    most cases, the customer id, the shop id, `carrier/tracking` for a parcel; `HERE` for the teller's own.
    """

    subject: str
    kind: str
    case_id: str
    message: object

    def within(self, subject: str) -> "Addressed":
        """Puts the teller's subject in place of `HERE`."""
        return replace(self, subject=subject) if self.subject == HERE else self


class ReplyTo(Value):
    """The case that waits for a result. Only the messages of a kind that takes the result make one."""

    subject: str
    kind: str
    case_id: str

    def reply(self, message: object) -> Addressed:
        """Addresses the result."""
        return Addressed(self.subject, self.kind, self.case_id, message)


class Told(Value):
    """The fact that a case told other cases something and nothing else happened to it."""

    messages: tuple[Addressed, ...]


def tell(*messages: Addressed) -> Told:
    """Tells other cases of the service, as one fact. A rule returns it among its facts."""
    return Told(messages)


def expect(state: object, state_class: type[State]) -> State:
    """Narrows a state to the class in which a fact can happen. Raises TypeError for any other."""
    if not isinstance(state, state_class):
        raise TypeError(f"not {state_class.__name__} but {type(state).__name__}")
    return state


class CaseView(Value, Generic[State]):
    """A case at the moment of one of its facts; `state` is the state after the fact."""

    subject: str
    kind: str
    case_id: str
    version: int
    shop_id: str
    policy_version: str
    rules: tuple[str, ...]
    at: datetime
    state: State

    def common(self) -> Mapping[str, Any]:
        """Builds the fields that every outcome carries."""
        return {
            "case_id": self.case_id,
            "case_kind": self.kind,
            "case_version": self.version,
            "shop_id": self.shop_id,
            "rule_ids": list(self.rules),
            "policy_version": self.policy_version,
        }
