"""The numbers: the checks between them, and the lengths of time that rules see."""

from datetime import timedelta

import pytest

from kernel.policy import PolicyError
from services.customers import policy
from services.customers.policy import POLICY_FILE
from services.customers.promised import PromiseKind
from tests.services.customers.built import T0, D, H, P
from tests.services.rows import with_row

TEXT = POLICY_FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rule", "key", "instead"),
    [
        ("CU-011", "remind_consulted_hours", "72"),
        ("CP-007", "unsubscribe_ref", '""'),
        ("CP-010", "limit_count", "4"),
    ],
)
def test_numbers_without_sense_are_refused(rule: str, key: str, instead: str) -> None:
    with pytest.raises(PolicyError, match=rule):
        policy.load(with_row(TEXT, key, instead))


def test_lengths_of_time() -> None:
    assert P.unpaid.pay_days == 3 * D, "OR-013"
    assert P.unpaid.grace_minutes == timedelta(minutes=10)
    assert P.message.status_open_hours == 48 * H, "OR-007"
    assert P.promise.dispatch_hours == 72 * H, "LG-063"


def test_a_promise_of_an_unknown_kind_costs_no_points() -> None:
    """CP-032."""
    assert P.promise.points[PromiseKind.GIFT] == 4
    assert PromiseKind.OTHER not in P.promise.points


def test_markets_differ_in_the_way_to_unsubscribe() -> None:
    """CP-007."""
    _, world = policy.load().choose("olist-br", T0)
    assert (P.message.unsubscribe_ref, world.message.unsubscribe_ref) == ("reply-td", "reply-stop")
