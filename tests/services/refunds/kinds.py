"""Gives the tables and property tests of refunds their policies, and any messages of a kind."""

from datetime import datetime
from typing import Any, TypeVar

from hypothesis import strategies as st
from msgspec.structs import replace

from chassis.service import Kind
from kernel.money import Money
from kernel.policy import Numbers
from services.refunds import policy
from services.refunds.service import REFUNDS
from tests.services.given import NEXT_DEADLINE
from tests.services.refunds.shop import T0

N = TypeVar("N", bound=Numbers)

POLICY = policy.load().get("taobao-classic@2014-01-01")
KINDS = {kind.name: kind for kind in REFUNDS.kinds}


class OnePolicy:
    """A book of one page."""

    def __init__(self, rules: policy.Policy) -> None:
        self._rules = rules

    def choose(self, _shop_id: str, _at: datetime) -> tuple[str, policy.Policy]:
        return "test@2014-01-01", self._rules

    def get(self, _version: str) -> policy.Policy:
        return self._rules


WORDS = [
    "a", "b", "quality", "size", "retry", "not_moved", "abandon", "reserved", "unavailable", "sent",
    "delivered", "refund", "stopped", "buyer",
]  # fmt: skip
st.register_type_strategy(Money, st.builds(Money, st.integers(0, 20_000), st.just("CNY")))
st.register_type_strategy(str, st.sampled_from(WORDS))
st.register_type_strategy(int, st.integers(0, 3))
st.register_type_strategy(datetime, st.just(T0))


def with_agreement(**numbers: Any) -> policy.Policy:
    """Changes numbers for agreements in the classic policy."""
    return _with(POLICY, agreement=_with(POLICY.agreement, **numbers))


def with_exchange(**numbers: Any) -> policy.Policy:
    """Changes numbers for exchanges in the classic policy."""
    return _with(POLICY, exchange=_with(POLICY.exchange, **numbers))


def _with(numbers: N, **changes: Any) -> N:
    known: Any = numbers  # a struct, which the type checkers do not know
    changed: N = replace(known, **changes)
    return changed


def messages_of(kind: Kind[Any, Any, Any, Any]) -> st.SearchStrategy[Any]:
    """Draws any message of a kind, with any content; or the time until its next deadline."""
    return st.one_of(*(st.from_type(message) for message in kind.messages), st.just(NEXT_DEADLINE))
