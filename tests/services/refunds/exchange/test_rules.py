"""The exchange alone (A14, C6): a table of its rules, and any history."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import replace
from services.refunds.cases.exchange import messages as m
from services.refunds.cases.exchange import state as c
from services.refunds.cases.exchange.border import EXCHANGE
from services.refunds.liability import Bearer, Liability, ReturnCause, without_fault
from services.refunds.shares import Carriage, InspectedLine, Share, Wanted
from tests.services.given import NEXT_DEADLINE, Walk, decide, facts_of
from tests.services.refunds.kinds import POLICY, messages_of, with_exchange
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0

KIND = EXCHANGE
SHARES = (Share("a", 1, 0),)
WANTED = (Wanted("a", "s-xl"),)
ROW = Liability(ReturnCause.QUALITY, Bearer.SELLER, Bearer.SELLER, False, "RF-061")
ROW_63 = Liability(ReturnCause.NOT_QUALITY, Bearer.BUYER, Bearer.SELLER, False, "RF-063")
GIVEN = (Wanted("a", "s-m"),)
FILED = c.Filed("c1", SHARES, GIVEN, WANTED, "quality", ROW, POLICY.deadline_grace_minutes)
OPENED = c.ExchangeOpened(FILED, T0 + DAY)
KEPT = c.StockReserved(T0 + 10 * DAY)
RETURN = c.ReturnAuthorized("shop-default", (Carriage.EXPRESS, Carriage.MAIL), T0 + 7 * DAY)
FREIGHT = c.FreightDecided(ROW)
REGISTERED = c.ReturnRegistered(T0 + 10 * DAY, Money(900, "CNY"))
SHIP = c.ReshipDue(c.ReshipPurpose.EXCHANGE, WANTED, T0 + 3 * DAY, Bearer.SELLER)
BACK = c.ReshipDue(c.ReshipPurpose.RETURN_TO_BUYER, GIVEN, T0 + 3 * DAY, Bearer.BUYER, SHARES)
UNCHECKED = replace(SHIP, is_unchecked=True)
GONE = c.ReplacementGone(T0 + 10 * DAY)
OFFER = c.RefundOffered(T0 + 3 * DAY, False)
REPAID = c.FreightDue(Money(900, "CNY"))
OFFER_BACK = c.RefundOffered(T0 + 3 * DAY, True)
OFFER_BREACH = c.RefundOffered(T0 + 3 * DAY, True, is_breach=True)
ASKED = c.PersonAsked("answer_exchange", T0 + 10 * DAY, T0 + 10 * DAY, 1)
ASKED_NO_MORE = TaskWithdrawn("moved_on", name="asked.1")
YES = m.SellerAnswered(True, None)
FINE = InspectedLine("a", 1, 1, "resaleable", True, True)
IN_RETURN = [OPENED, KEPT, RETURN, REGISTERED]
PAIR = replace(FILED, shares=(Share("a", 2, 0), Share("b", 1, 0)))
PAIR_IN_RETURN = [replace(OPENED, filed=PAIR), KEPT, RETURN, REGISTERED]
"""Three pieces are to come back."""
TWO_A = InspectedLine("a", 2, 2, "resaleable", True, True)
B = replace(FINE, line_id="b")
ASK_REST = Task("exchange_goods_missing", T0 + 10 * DAY)


def ended(ending: c.Ending, *, is_used: bool = False, is_followed: bool = False) -> c.ExchangeEnded:
    return c.ExchangeEnded(ending, is_used, is_followed)


def sent_back(shares: tuple[Share, ...]) -> c.ExchangeEnded:
    return c.ExchangeEnded(c.Ending.RETURNED_TO_BUYER, is_used=False, sent_back=shares)


def checked(line: InspectedLine, sku: str | None = None) -> m.GoodsChecked:
    return m.GoodsChecked((line,), sku)


def passed(name: str, days: int) -> DeadlinePassed:
    return DeadlinePassed(name, T0 + days * DAY)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("RF-121", [], m.Applied("c1", SHARES, GIVEN, WANTED, "quality", ROW), [OPENED]),
    ("RF-105", [OPENED], m.ReshipMoved("reserved"), [KEPT]),
    ("RF-121", [OPENED], m.ReshipMoved("unavailable"), [OFFER]),
    ("RF-121", [OPENED], passed("stock", 1), [OFFER]),
    ("RF-118", [OPENED], YES, [c.ExchangeApproved()]),
    ("RF-118", [OPENED], m.SellerAnswered(False, "no"), [c.ExchangeRefused("no")]),
    ("RF-118", [OPENED, KEPT], YES, [RETURN, FREIGHT]),
    ("RF-105", [OPENED, c.ExchangeApproved()], m.ReshipMoved("reserved"), [KEPT, RETURN, FREIGHT]),
    ("RF-061", [OPENED, KEPT], YES, [RETURN, FREIGHT]),
    ("RF-118", [OPENED], m.BuyerWithdrew(), [ended(c.Ending.WITHDRAWN)]),
    ("RF-118", IN_RETURN, m.BuyerWithdrew(), []),
    ("RF-104", [OPENED, KEPT, RETURN], passed("send", 7), [ended(c.Ending.EXPIRED)]),
    ("RF-104", [OPENED, KEPT, RETURN], m.ReturnSent(Carriage.EXPRESS, Money(900, "CNY")), [REGISTERED]),
    ("RF-120", [OPENED, KEPT, RETURN], m.ReturnSent(Carriage.MAIL, Money(900, "CNY")),
     [replace(REGISTERED, receive_by=T0 + 30 * DAY)]),
    ("RF-069", IN_RETURN, m.ReturnUndone(), [RETURN]),
    ("RF-069", [OPENED, KEPT, RETURN], m.ReturnUndone(), []),
    ("RF-069", [*PAIR_IN_RETURN, c.SomeCame((TWO_A,), ())], m.ReturnUndone(), []),
    ("RF-120", IN_RETURN, checked(FINE), [SHIP]),
    ("RF-120", IN_RETURN, m.ReturnAccepted(), [UNCHECKED]),
    ("RF-120", IN_RETURN, passed("receive", 10), [UNCHECKED]),
    ("RF-100", IN_RETURN, checked(replace(FINE, condition="worn")),
     [BACK, sent_back(SHARES)]),
    ("RF-101", IN_RETURN, checked(replace(FINE, condition="washed")),
     [BACK, sent_back(SHARES)]),
    ("RF-102", IN_RETURN, checked(replace(FINE, is_packaging_complete=False)),
     [BACK, sent_back(SHARES)]),
    ("RF-103", IN_RETURN, checked(FINE, "s-m"), [c.NoteDiffers("s-m", T0 + 3 * DAY), SHIP]),
    ("RF-122", IN_RETURN, checked(FINE, "s-m"), [c.NoteDiffers("s-m", T0 + 3 * DAY), SHIP]),
    ("RF-116", IN_RETURN, checked(FINE, "s-xl"), [SHIP]),
    ("RF-116", IN_RETURN, checked(replace(FINE, is_fault_confirmed=False)),
     [c.FreightDecided(ROW_63), SHIP]),
    ("RF-063", [*IN_RETURN, UNCHECKED], checked(replace(FINE, is_fault_confirmed=False)),
     [c.FreightDecided(ROW_63)]),
    ("RF-120", [*IN_RETURN, UNCHECKED, c.FreightDecided(ROW_63)], m.ReshipMoved("sent"), [GONE]),
    ("RF-116", [*IN_RETURN, UNCHECKED], checked(replace(FINE, is_fault_confirmed=True)), []),
    ("RF-116", [*IN_RETURN, UNCHECKED], checked(replace(FINE, is_fault_confirmed=None)), []),
    ("RF-116", [*IN_RETURN, SHIP], checked(replace(FINE, is_fault_confirmed=False)), []),
    ("RF-116", IN_RETURN, checked(replace(FINE, is_fault_confirmed=None)), [UNCHECKED]),
    ("RF-116", [*IN_RETURN, UNCHECKED, c.FreightDecided(ROW_63)],
     checked(replace(FINE, is_fault_confirmed=False)), []),
    ("RF-116", PAIR_IN_RETURN, m.GoodsChecked((TWO_A, B), None), [SHIP]),
    ("RF-116", PAIR_IN_RETURN, checked(TWO_A), [c.SomeCame((TWO_A,), ()), ASK_REST]),
    ("RF-116", PAIR_IN_RETURN, m.GoodsChecked((FINE, B), None), [c.SomeCame((FINE, B), ()), ASK_REST]),
    ("RF-116", [*PAIR_IN_RETURN, c.SomeCame((FINE, B), ())], checked(FINE), [SHIP]),
    ("RF-116", [*PAIR_IN_RETURN, c.SomeCame((TWO_A,), ())], checked(B), [SHIP]),
    ("RF-116", PAIR_IN_RETURN, m.ReturnAccepted((Share("a", 2, 0),)),
     [c.SomeCame((), (Share("a", 2, 0),)), ASK_REST]),
    ("RF-116", [*PAIR_IN_RETURN, c.SomeCame((), (Share("a", 2, 0),))], checked(B), [SHIP]),
    ("RF-116", [*PAIR_IN_RETURN, c.SomeCame((TWO_A,), ())], checked(replace(B, is_fault_confirmed=False)),
     [SHIP]),
    ("RF-116", [*PAIR_IN_RETURN, c.SomeCame((replace(TWO_A, is_fault_confirmed=None),), ())],
     checked(replace(B, is_fault_confirmed=False)), [c.FreightDecided(ROW_63), SHIP]),
    ("RF-116", IN_RETURN, checked(replace(FINE, condition="damaged")), [SHIP]),
    ("RF-116", IN_RETURN, checked(replace(FINE, condition="damaged", accepted_count=0)), [SHIP]),
    ("RF-101", IN_RETURN, checked(replace(FINE, condition="damaged", is_fault_confirmed=None)),
     [BACK, sent_back(SHARES)]),
    ("RF-120", PAIR_IN_RETURN, m.ReturnAccepted((Share("a", 2, 0), Share("b", 1, 0))), [UNCHECKED]),
    ("RF-120", PAIR_IN_RETURN, m.ReturnAccepted(), [UNCHECKED]),
    ("RF-120", [*PAIR_IN_RETURN, c.SomeCame((FINE,), ())], passed("receive", 10),
     [replace(BACK, shares=(Share("a", 1, 0),)), sent_back((Share("a", 1, 0),))]),
    ("RF-120", [*PAIR_IN_RETURN, c.SomeCame((replace(FINE, received_count=0, accepted_count=0),), ())],
     passed("receive", 10), [ended(c.Ending.EXPIRED)]),
    ("RF-102", PAIR_IN_RETURN, checked(replace(TWO_A, accepted_count=1)),
     [replace(BACK, shares=(Share("a", 2, 0),)), sent_back((Share("a", 2, 0),))]),
    ("RF-068", [*IN_RETURN, SHIP], m.ReshipMoved("sent"), [c.FreightDue(Money(900, "CNY")), GONE]),
    ("RF-118", [*IN_RETURN, SHIP], passed("replace", 3), [REPAID, OFFER_BREACH]),
    ("RF-120", [*IN_RETURN, c.FreightDecided(ROW_63), SHIP], passed("replace", 3), [REPAID, OFFER_BREACH]),
    ("RF-118", [*IN_RETURN, SHIP, OFFER_BREACH], m.OfferAnswered(1, "refund"),
     [ended(c.Ending.BREACHED, is_used=True, is_followed=True), c.ConversionAsked(SHARES, "quality", False)]),
    ("RF-120", [*IN_RETURN, SHIP, OFFER_BREACH], m.OfferAnswered(1, "replacement"),
     [c.ReplacementWanted(T0 + 3 * DAY)]),
    ("RF-118", [*IN_RETURN, SHIP, OFFER_BREACH], passed("offer", 3),
     [replace(ended(c.Ending.BREACHED, is_used=True), here=SHARES)]),
    ("RF-120", [*IN_RETURN, SHIP, OFFER_BREACH], m.ReshipMoved("sent"), [GONE]),
    ("RF-120", [*IN_RETURN, SHIP, OFFER_BREACH], m.ReshipMoved("delivered"),
     [GONE, ended(c.Ending.COMPLETED, is_used=True)]),
    ("RF-121", [*IN_RETURN, SHIP, OFFER_BREACH], m.ReshipMoved("unavailable"), [OFFER_BACK]),
    ("RF-118", [*IN_RETURN, SHIP, OFFER_BREACH, c.ReplacementWanted(T0 + 3 * DAY)], passed("replace", 3),
     [OFFER_BREACH]),
    ("RF-118", [OPENED, KEPT], passed("attention", 10),
     [c.PersonAsked("answer_exchange", T0 + 10 * DAY, T0 + 10 * DAY, 1)]),
    ("RF-118", [OPENED, KEPT, ASKED, ASKED], passed("attention", 10),
     [TaskWithdrawn("asked_again", name="asked.2"),
      c.PersonAsked("answer_exchange", T0 + 10 * DAY, T0 + 30 * DAY, 3)]),
    ("RF-118", [OPENED, KEPT, ASKED], m.SellerAnswered(False, "no"),
     [ASKED_NO_MORE, c.ExchangeRefused("no")]),
    ("RF-118", [OPENED, KEPT, ASKED], YES, [ASKED_NO_MORE, RETURN, FREIGHT]),
    ("RF-118", [OPENED, KEPT, ASKED], m.BuyerWithdrew(), [ASKED_NO_MORE, ended(c.Ending.WITHDRAWN)]),
    ("RF-118", [OPENED, KEPT, ASKED], m.ReshipMoved("cancelled"), [ASKED_NO_MORE, OFFER]),
    ("RF-118", [*IN_RETURN, SHIP, GONE, ASKED], m.ReshipMoved("delivered"),
     [ASKED_NO_MORE, ended(c.Ending.COMPLETED, is_used=True)]),
    ("RF-121", [*IN_RETURN, SHIP], m.ReshipMoved("unavailable"), [REPAID, OFFER_BACK]),
    ("RF-105", [], m.NotAdmitted(), [c.ApplicationTurnedAway()]),
    ("RF-105", [OPENED], m.NotAdmitted(), []),
    ("RF-105", [OPENED, KEPT], m.ReshipMoved("reserved"), []),
    ("RF-120", [*IN_RETURN, SHIP], m.ReshipMoved("reserved"), []),
    ("RF-120", [*IN_RETURN, SHIP], m.ReshipMoved("delivered"),
     [REPAID, GONE, ended(c.Ending.COMPLETED, is_used=True)]),
    ("RF-120", [*IN_RETURN, SHIP, GONE], m.ReshipMoved("sent"), []),
    ("RF-120", [*IN_RETURN, SHIP, OFFER_BREACH], m.ReshipMoved("reserved"), []),
    ("RF-121", [OPENED, OFFER], m.ReshipMoved("unavailable"), []),
    ("RF-121", [OPENED], m.OfferAnswered(1, "refund"), []),
    ("RF-118", [OPENED, OFFER], m.BuyerWithdrew(), [ended(c.Ending.WITHDRAWN)]),
    ("RF-118", [*IN_RETURN, SHIP, OFFER_BACK], m.BuyerWithdrew(), []),
    ("RF-118", [*IN_RETURN[:3], replace(REGISTERED, freight_paid=Money(0, "CNY")), SHIP],
     passed("replace", 3), [OFFER_BREACH]),
    ("RF-120", [*IN_RETURN[:3], replace(REGISTERED, freight_paid=None), SHIP], m.ReshipMoved("sent"), [GONE]),
    ("RF-068", [*IN_RETURN[:3], replace(REGISTERED, freight_paid=Money(1, "CNY")), SHIP],
     m.ReshipMoved("sent"), [c.FreightDue(Money(1, "CNY")), GONE]),
    ("RF-068", [*IN_RETURN, SHIP], m.ReshipMoved("failed"), [REPAID, OFFER_BACK]),
    ("RF-121", [*IN_RETURN, SHIP, GONE], m.ReshipMoved("failed"), [OFFER_BACK]),
    ("RF-121", [*IN_RETURN, c.FreightDecided(ROW_63), SHIP], m.ReshipMoved("unavailable"), [OFFER_BACK]),
    ("RF-118", [*IN_RETURN, SHIP, GONE], m.ReshipMoved("delivered"),
     [ended(c.Ending.COMPLETED, is_used=True)]),
    ("RF-121", [OPENED, OFFER], m.OfferAnswered(1, "refund"),
     [ended(c.Ending.CONVERTED, is_followed=True), c.ConversionAsked(SHARES, "quality", True)]),
    ("RF-121", [OPENED, OFFER], m.OfferAnswered(1, "other_goods"), [ended(c.Ending.CONVERTED)]),
    ("RF-121", [OPENED, OFFER], m.OfferAnswered(2, "refund"), []),
    ("RF-121", [OPENED, OFFER], passed("offer", 3), [ended(c.Ending.EXPIRED)]),
    ("RF-121", [*IN_RETURN, SHIP, OFFER_BACK], m.OfferAnswered(1, None),
     [replace(BACK, cost_bearer=Bearer.SELLER), sent_back(SHARES)]),
    ("RF-121", [*IN_RETURN, SHIP, OFFER_BACK], passed("offer", 3),
     [replace(BACK, cost_bearer=Bearer.SELLER), sent_back(SHARES)]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    decided = decide(KIND, given_facts, when, T0, POLICY)
    assert facts_of(decided) == then
    assert not then or any(rule in entry.rules for entry in decided)


@pytest.mark.parametrize(
    ("received_at", "send_by"),
    [
        (T0 - 11 * HOUR, T0 + 37 * HOUR),
        (T0 - 47 * HOUR, T0 + HOUR),
        (T0 - 48 * HOUR, T0 + 48 * HOUR),
        (None, T0 + 48 * HOUR),
    ],
)
def test_s5_reporting_and_sending_share_the_48_hours_from_receipt(
    received_at: datetime | None, send_by: datetime
) -> None:
    """RF-104: where the notice says so; a report that took them all leaves the buyer his time to send."""
    rules = with_exchange(send_hours=48 * HOUR)
    opened = replace(OPENED, filed=replace(FILED, received_at=received_at))
    authorized = facts_of(decide(KIND, [opened, KEPT], YES, T0, rules))[0]
    assert authorized.send_by == send_by
    unlimited = facts_of(decide(KIND, [opened, KEPT], YES, T0, POLICY))[0]
    assert unlimited.send_by == T0 + 7 * DAY


def test_a_shop_that_gives_48_hours_and_takes_express_only() -> None:
    """RF-104."""
    rules = with_exchange(send_hours=48 * HOUR, carriages=(Carriage.EXPRESS,))
    authorized = facts_of(decide(KIND, [OPENED, KEPT], YES, T0, rules))[0]
    assert authorized.send_by == T0 + 48 * HOUR
    mail = m.ReturnSent(Carriage.MAIL, None)
    registered, told = decide(KIND, [OPENED, KEPT, authorized], mail, T0, rules)
    assert registered.fact == c.ReturnRegistered(T0 + 30 * DAY, None)
    assert told.fact == Task("return_by_other_carriage", T0 + 30 * DAY, "reconciliation", name="carriage")
    assert told.rules == ("RF-104",)


def test_the_freight_of_a_second_parcel_is_laid_out_as_well() -> None:
    """RF-116, RF-118: a breach repaid that of the first parcel alone. Told again it is the same parcel."""
    first = m.ReturnSent(Carriage.EXPRESS, None, "x1")
    second = m.ReturnSent(Carriage.MAIL, Money(800, "CNY"), "x1.B2")
    (one,) = facts_of(decide(KIND, [OPENED, KEPT, RETURN], first, T0, POLICY))
    assert one == c.ReturnRegistered(T0 + 10 * DAY, None, ("x1",))
    (both,) = facts_of(decide(KIND, [OPENED, KEPT, RETURN, one], second, T0 + DAY, POLICY))
    assert both == c.ReturnRegistered(T0 + 31 * DAY, Money(800, "CNY"), ("x1", "x1.B2"))
    there = [OPENED, KEPT, RETURN, one, both]
    for again in (first, second):
        assert decide(KIND, there, again, T0 + 2 * DAY, POLICY) == []
    third = m.ReturnSent(Carriage.EXPRESS, Money(500, "CNY"), "x1.B3")
    (all_three,) = facts_of(decide(KIND, there, third, T0 + 2 * DAY, POLICY))
    assert all_three.freight_paid == Money(1_300, "CNY")
    assert all_three.receive_by == T0 + 31 * DAY
    assert decide(KIND, IN_RETURN, third, T0, POLICY) == [], "nothing is known of its first parcel"
    shipping = [*there, SHIP]
    late = c.RefundOffered(T0 + 6 * DAY, True, is_breach=True)
    passed = DeadlinePassed("replace", T0 + 3 * DAY)
    assert facts_of(decide(KIND, shipping, passed, T0 + 3 * DAY, POLICY)) == [
        c.FreightDue(Money(800, "CNY")), late,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "due"),
    [
        (InspectedLine("a", 1, 1, "resaleable", True, False), [c.FreightDecided(without_fault(ROW)), SHIP]),
        (InspectedLine("a", 0, 0, "resaleable", True, False), [UNCHECKED]),
        (InspectedLine("a", 1, 1, "resaleable", True, True), [SHIP]),
    ],
)
def test_goods_that_the_seller_accepts_after_a_check_follow_what_it_found(
    line: InspectedLine, due: list[Any]
) -> None:
    """RF-116: the check of a part found no fault, and the freight was repaid. A look at nothing is none."""
    some = c.SomeCame((line,), ())
    state = [*PAIR_IN_RETURN, some]
    decided = facts_of(decide(KIND, state, m.ReturnAccepted(), T0, POLICY))
    assert decided == due


@pytest.mark.parametrize("when", [YES, m.ReturnAccepted(), m.ReshipMoved("reserved")])
def test_early(when: Any) -> None:
    with pytest.raises(NotYet):
        decide(KIND, [], when, T0, POLICY)


def test_goods_before_the_return_is_registered_wait() -> None:
    with pytest.raises(NotYet):
        decide(KIND, [OPENED, KEPT, RETURN], checked(FINE), T0, POLICY)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 3_000)), max_size=25))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """One end, one replacement, one reimbursement; open states have a deadline or asked often enough."""
    walk = Walk(KIND, POLICY, T0)
    for message, minutes in history:
        walk.tell(message, minutes * MINUTE)
        timed = c.OfferRefund | c.WaitBuyerSend | c.InReturn | c.ShippingReplacement
        assert not isinstance(walk.state, timed) or walk.kind.deadlines(walk.state)
    while any(deadline.name != "attention" for deadline in walk.kind.deadlines(walk.state)):
        walk.tell(NEXT_DEADLINE)
    for once in (c.ExchangeEnded, c.FreightDue, c.ConversionAsked):
        assert sum(isinstance(fact, once) for fact in walk.facts) <= 1
