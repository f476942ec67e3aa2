"""Pieces that are repaid because they are back at the shop: money for them is none for a lost parcel."""

from typing import Any

import pytest

from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.order_file import OpenRefund
from services.logistics.parcels import Outcome
from services.logistics.shares import Share
from tests.services.logistics.dispatch.test_refunds import FILE, OTHER, PAID, decided, noted, of, paid
from tests.services.logistics.pools import L1, P
from tests.services.logistics.shop import T0


def test_each_piece_that_came_back_is_repaid_as_such_once() -> None:
    """RF-035, RF-044: two of a line came back, and two refunds are for one each, neither for a lost one."""
    one, back = (Share("l2", 1),), replace(OTHER, outcome=Outcome.RETURNED)
    before: list[Any] = [*PAID, f.LinkChanged(back)]
    for refund_id, here in (("r1", one), ("r2", one), ("r3", ())):
        when = replace(paid(one), refund_id=refund_id)
        (ended,) = of(decided([*before, noted("not_received", refund_id)], when), f.RefundEnded)
        assert ended.here == here, refund_id
        before += [noted("not_received", refund_id), ended]


def test_pieces_that_are_back_and_repaid_in_two_parts_are_repaid_once() -> None:
    """RF-035, RF-044: a price difference, then the rest of the same piece: money for none that is lost."""
    one, back = (Share("l2", 1),), replace(OTHER, outcome=Outcome.RETURNED)
    before: list[Any] = [*PAID, f.LinkChanged(replace(back, lines=one))]
    for refund_id, repaid in (("r1", one), ("r1.rest", ())):
        before.append(noted("no_return", refund_id))
        (ended,) = of(decided(before, replace(paid(one), refund_id=refund_id)), f.RefundEnded)
        assert (ended.repaid, ended.here) == (repaid, repaid), refund_id
        before.append(ended)


def test_goods_that_came_back_while_a_refund_seemed_open_are_paid_for_once_it_is_closed() -> None:
    """RF-018, RF-036: refunds knew already that it had lapsed, and left the goods to logistics."""
    before: list[Any] = [
        *PAID,
        noted("with_return"),
        f.LinkChanged(replace(OTHER, lines=(L1,), outcome=Outcome.RETURNED)),
    ]
    (due,) = of(decided(before, m.RefundClosed("r1")), f.RemedyDue)
    assert (due.remedy_id, due.lines) == ("k2.returned", (L1,))
    other = [*before, noted("with_return", "r2")]
    assert of(decided(other, m.RefundClosed("r1")), f.RemedyDue) == []


def test_goods_that_came_back_are_paid_for_once_whatever_a_search_says() -> None:
    """LG-018, RF-036: a search that ends later, or again, without a remedy does not take the money away."""
    back = f.LinkChanged(replace(OTHER, lines=(L1,), outcome=Outcome.RETURNED, is_sought=True))
    closed = m.SearchClosed("k2", None, is_open=False)
    first = decided([*PAID, back], closed)
    assert [due.remedy_id for due in of(first, f.RemedyDue)] == ["k2.returned"]
    before = [*PAID, back, *first]
    for again in (closed, m.SearchClosed("k2", None, is_open=True), closed):
        facts = decided(before, again)
        assert of(facts, f.RemedyDue) == []
        (ended,) = of(facts, f.SearchEnded)
        assert (ended.link.remedy, ended.link.is_sought) == ("refund", again.is_open)
        before += facts


ONE = (Share("l2", 1),)
FIVE = replace(FILE, lines=tuple(replace(line, quantity_count=5) for line in FILE.lines))


@pytest.mark.parametrize(
    ("told", "off"),
    [
        (["paid", "refunded"], 1),
        (["paid", "refunded_unshipped", "paid", "refunded"], 2),
        (["refunded", "refunded"], 2),
        (["paid", "refunded", "refunded"], 2),
        (["paid", "refunded_outside"], 2),
        (["refunded_outside", "no_stock"], 2),
        (["no_stock", "paid", "refunded"], 2),
        (["no_stock", "refunded"], 2),
        (["paid", "refunded_outside", "refunded"], 2),
    ],
)
def test_pieces_that_the_order_system_closes_after_our_refund_are_the_refunded_ones(
    told: list[str], off: int
) -> None:
    """OR-005, RF-035: an order system repeats what we refunded; what others took off comes beside it."""
    before: list[Any] = [f.OrderKnown(FIVE, P.attention.since(T0)), PAID[1]]
    for number, cause in enumerate(told):
        when: Any = m.Closed(cause, ONE)
        if cause == "paid":
            refund_id = f"r{number}"
            before.append(f.RefundNoted(OpenRefund(refund_id, "unshipped", ONE)))
            when = m.RefundPaid(refund_id, None, ONE, is_full=False)
        before += decided(before, when)
    repaid = [share.quantity_count for fact in of(before, f.RefundEnded) for share in fact.repaid]
    assert sum(repaid) == off
    assert of(before, f.OrderStopped) == []
