"""Words that every service's rules share: all that a case file may import beside the standard library."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, dataclass_transform

import msgspec

State = TypeVar("State")
Message = TypeVar("Message")
Fact = TypeVar("Fact")
Policy = TypeVar("Policy")
P = ParamSpec("P")
V = TypeVar("V", bound="Value")

if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True)
    class Value:
        """A frozen value: what a state, a message, a fact, and whatever is in them is made of.

        Declared as a dataclass is, field by field; compared by its fields; stored as JSON.
        """

        def __init_subclass__(cls, *, kw_only: bool = False) -> None: ...

else:

    class Value(msgspec.Struct, frozen=True, gc=False):
        """See above. A struct, because a frozen dataclass takes nine times as long to make."""


def replace(value: V, /, **changes: Any) -> V:
    """The value with some fields changed. Raises TypeError for a field that it does not have."""
    return msgspec.structs.replace(value, **changes)  # type: ignore[type-var]


def field_names(value_class: type[Value]) -> tuple[str, ...]:
    """The names of its fields, in order."""
    names: tuple[str, ...] = value_class.__struct_fields__  # type: ignore[attr-defined]
    return names


HOMES: dict[str, list[str]] = {}
"""Rule id -> qualified names of the functions that are its home, filled as case files are imported."""


class NotYet(Exception):
    """The message is early: the case cannot use it until something else has happened."""


class Money(Value):
    """An amount in minor units (fen, cent) of one ISO 4217 currency; never negative.

    Raises ValueError for a negative amount and for arithmetic across currencies.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.minor < 0:
            raise ValueError(f"negative amount: {self.minor} {self.currency}")

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def least(self, other: "Money") -> "Money":
        self._same(other)
        return self if self.minor <= other.minor else other

    def exceeds(self, other: "Money") -> bool:
        self._same(other)
        return self.minor > other.minor


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Splits `total` minor units by `weights`; the parts sum to `total` exactly.

    Largest remainder; at a tie the earlier part gets the unit. All weights zero: all to the first.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    if total < 0 or min(weights) < 0:
        raise ValueError("amounts and weights are not negative")
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    parts = [total * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in remainders[: total - sum(parts)]:
        parts[i] += 1
    return parts


class Deadline(Value):
    """A moment at which the case must be looked at again, and why.

    `due_at` is the promise; it is decided only `grace` later, so that an answer written before
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


def rule(*ids: str) -> Callable[[Callable[P, Sequence[Fact]]], Callable[P, list[Decided[Fact]]]]:
    """Makes a function the home of these rules: whatever it decides says so."""

    def home(function: Callable[P, Sequence[Fact]]) -> Callable[P, list[Decided[Fact]]]:
        for rule_id in ids:
            HOMES.setdefault(rule_id, []).append(f"{function.__module__}.{function.__qualname__}")

        @wraps(function)
        def decide(*args: P.args, **kwargs: P.kwargs) -> list[Decided[Fact]]:
            return [Decided(fact, ids) for fact in function(*args, **kwargs)]

        return decide

    return home


def rules_of(*ids: str) -> Callable[[Callable[P, State]], Callable[P, State]]:
    """Makes a calculator (anything that decides no facts itself) the home of these rules."""

    def home(function: Callable[P, State]) -> Callable[P, State]:
        for rule_id in ids:
            HOMES.setdefault(rule_id, []).append(f"{function.__module__}.{function.__qualname__}")
        return function

    return home


class Decider(Value, Generic[State, Message, Fact, Policy]):
    """The whole behaviour of one kind of case, as pure functions."""

    initial: State
    decide: Callable[[State, Message, Policy, datetime], Sequence[Decided[Fact]]]
    evolve: Callable[[State, Fact], State]
    deadlines: Callable[[State], Sequence[Deadline]]


class Addressed(Value):
    """A message and the case that it is for.

    `subject` is what the case is about, and what is locked and loaded together: the order id for
    most cases, the customer id, the shop id, `carrier/tracking` for a parcel.
    """

    subject: str
    kind: str
    case_id: str
    message: object


class CaseView(Value):
    """What is known of a case at the moment of one of its facts (state is after the fact)."""

    subject: str
    kind: str
    case_id: str
    version: int
    shop_id: str
    policy_version: str
    rules: tuple[str, ...]
    at: datetime
    state: object

    def common(self) -> Mapping[str, Any]:
        """The fields that every outcome carries."""
        return {
            "case_id": self.case_id,
            "case_kind": self.kind,
            "case_version": self.version,
            "shop_id": self.shop_id,
            "rule_ids": list(self.rules),
            "policy_version": self.policy_version,
        }
