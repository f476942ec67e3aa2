"""The numbers as rules see them. The checks between numbers are tested in the folders of their kinds."""

from datetime import timedelta

from services.customers import policy
from services.customers.promised import PromiseKind
from tests.services.customers.built import T0, D, H, P


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
