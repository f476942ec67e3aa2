"""Refunds against goods on their way: holds, call-backs, goods that are back."""

from collections.abc import Sequence
from typing import Any

import pytest

from kernel.decider import DeadlinePassed, NotYet
from kernel.people import Task
from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.border import DISPATCH
from services.logistics.order_file import Clock, Hold, HoldPhase, Link, OpenRefund, OrderFile, Source
from services.logistics.parcels import Direction, Outcome, ParcelStatus
from tests.services.given import decide, facts_of
from tests.services.logistics.pools import L1, L2, PLACED, STO, YTO, P
from tests.services.logistics.shop import DAY, HOUR, T0

FILE = OrderFile("o1", "c1", "CN-31", False, PLACED.lines, T0)
KNOWN = f.OrderKnown(FILE, P.attention.since(T0))
CLOCK = Clock(T0, T0 + DAY, Source.SHOP, T0 + 3 * DAY, 10)
PAID = [KNOWN, f.ClockStarted(CLOCK, P.attention.since(T0))]
AT_HOME = Link("k1", STO, Direction.OUTBOUND, (L1,))
SENT = replace(AT_HOME, left_at=T0)
OTHER = Link("k2", YTO, Direction.OUTBOUND, (L2,), left_at=T0)
HOLD = Hold("r1", "r1.hold", (L1,), T0, T0 + 2 * HOUR, T0 + 48 * HOUR, HoldPhase.ASKED)


def held(phase: HoldPhase = HoldPhase.ASKED, **terms: Any) -> f.HoldAsked:
    hold = replace(HOLD, phase=phase, **terms)
    return f.HoldAsked(hold, "hold", "refund_open", T0, P.attention.since(T0))


def noted(kind: str, refund_id: str = "r1") -> f.RefundNoted:
    return f.RefundNoted(OpenRefund(refund_id, kind, (L1,)))


def decided(before: Sequence[Any], when: Any) -> list[Any]:
    return facts_of(decide(DISPATCH, before, when, T0 + HOUR, P))


def of(facts: Sequence[Any], kind: type[Any]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]


def recalled(facts: Sequence[Any]) -> list[tuple[str, str, bool]]:
    return [(fact.link.parcel_id, fact.reason_code, fact.is_buyer_asked) for fact in of(facts, f.CallBackDue)]


BEFORE_SHIPMENT = [("k1", "refund_before_shipment", True)]


def opened(kind: str) -> m.RefundOpened:
    return m.RefundOpened("r1", kind, (L1,))


def test_a_hold_is_asked_for_two_hours_and_for_two_days() -> None:
    """RF-005, RF-002: asked again after two hours, given up after the two days of the refund."""
    (asked,) = of(decided(PAID, opened("unshipped")), f.HoldAsked)
    assert (asked.action, asked.reason_code) == ("hold", "refund_open")
    assert (asked.hold.ask_again_at, asked.hold.give_up_at) == (T0 + 3 * HOUR, T0 + 49 * HOUR)


FORBIDDEN = f.PromiseNoted(None, None, is_refund_forbidden=True)


@pytest.mark.parametrize("more", [FORBIDDEN, f.OrderStopped(T0)])
def test_what_is_not_held(more: Any) -> None:
    """RF-009, RF-005: staff promised to ship, or nothing is to leave anyway."""
    assert of(decided([*PAID, more], opened("unshipped")), f.HoldAsked) == []


@pytest.mark.parametrize(
    ("links", "outcome", "recalls"),
    [
        ([SENT], "too_late", BEFORE_SHIPMENT),
        ([replace(SENT, is_called_back=True)], "too_late", []),
        ([replace(SENT, is_sought=True)], "too_late", []),
        ([replace(SENT, outcome=Outcome.DELIVERED)], "too_late", []),
        ([OTHER], None, []),
        ([AT_HOME], None, []),
        ([replace(SENT, is_void=True)], None, []),
    ],
)
def test_goods_that_left_before_the_refund(
    links: list[Link], outcome: str | None, recalls: list[Any]
) -> None:
    """RF-006: they are called back, once, and the refund hears that it was too late."""
    facts = decided([*PAID, *map(f.LinkChanged, links)], opened("unshipped"))
    assert [fact.outcome for fact in of(facts, f.HoldResolved)] == ([outcome] if outcome else [])
    assert bool(of(facts, f.HoldAsked)) is (outcome is None)
    assert recalled(facts) == recalls


@pytest.mark.parametrize(
    ("phase", "outcome", "then"),
    [
        (HoldPhase.ASKED, "stopped", "stopped"),
        (HoldPhase.UNKNOWN, "stopped", "stopped"),
        (HoldPhase.ASKED, "too_late", "too_late"),
        (HoldPhase.ASKED, "unknown", None),
        (HoldPhase.UNKNOWN, "unknown", None),
        (HoldPhase.STOPPED, "too_late", None),
        (HoldPhase.TOO_LATE, "stopped", None),
        (HoldPhase.OVER, "stopped", None),
    ],
)
def test_the_answer_to_a_hold(phase: HoldPhase, outcome: str, then: str | None) -> None:
    """RF-005: the first answer counts; `unknown` is none."""
    facts = decided([*PAID, held(phase)], m.HoldAnswered("r1.hold", outcome, ()))
    assert [fact.outcome for fact in facts] == ([then] if then else [])


def test_the_answer_to_a_release() -> None:
    """RF-005: the hold is over; a late answer to the hold itself means nothing then."""
    releasing = held(HoldPhase.RELEASING, request_id="r1.release")
    (dropped,) = decided([*PAID, releasing], m.HoldAnswered("r1.release", "stopped", ()))
    assert isinstance(dropped, f.HoldDropped)
    assert dropped.hold.phase is HoldPhase.OVER
    assert decided([*PAID, releasing], m.HoldAnswered("r1.hold", "stopped", ())) == []
    with pytest.raises(NotYet):
        decided([*PAID, releasing], m.HoldAnswered("r9.hold", "stopped", ()))


@pytest.mark.parametrize(
    ("link", "recalls"),
    [
        (AT_HOME, BEFORE_SHIPMENT),
        (SENT, BEFORE_SHIPMENT),
        (replace(AT_HOME, is_called_back=True), []),
        (replace(AT_HOME, is_sought=True), []),
        (replace(AT_HOME, outcome=Outcome.RETURNED), []),
    ],
)
def test_the_warehouse_was_too_late(link: Link, recalls: list[Any]) -> None:
    """RF-006, LG-051: it names the parcels, whose departure may be known later."""
    before = [*PAID, f.LinkChanged(link), held()]
    facts = decided(before, m.HoldAnswered("r1.hold", "too_late", ("k1",)))
    assert of(facts, f.HoldResolved)[0].parcel_ids == ("k1",)
    assert recalled(facts) == recalls


@pytest.mark.parametrize(
    ("phase", "left", "recalls"),
    [
        (HoldPhase.ASKED, "k1", BEFORE_SHIPMENT),
        (HoldPhase.STOPPED, "k1", BEFORE_SHIPMENT),
        (HoldPhase.UNKNOWN, "k1", BEFORE_SHIPMENT),
        (HoldPhase.TOO_LATE, "k1", []),
        (HoldPhase.OVER, "k1", []),
        (HoldPhase.ASKED, "k2", []),
    ],
)
def test_goods_that_leave_although_they_are_held(phase: HoldPhase, left: str, recalls: list[Any]) -> None:
    """RF-006: whatever the warehouse will answer; the other goods of the order may leave."""
    before = [*PAID, f.LinkChanged(AT_HOME), f.LinkChanged(replace(OTHER, left_at=None)), held(phase)]
    facts = decided(before, m.ParcelLeft(left, "sto"))
    assert recalled(facts) == recalls
    assert [fact.outcome for fact in of(facts, f.HoldResolved)] == ["too_late"] * len(recalls)


@pytest.mark.parametrize(("phase", "action"), [(HoldPhase.ASKED, "hold"), (HoldPhase.RELEASING, "release")])
def test_a_hold_that_nobody_answers(phase: HoldPhase, action: str) -> None:
    """RF-005: asked once more, and a person rings the warehouse until the hold is given up."""
    facts = decided([*PAID, held(phase)], DeadlinePassed("hold", T0 + 2 * HOUR))
    again, task = facts
    assert (again.action, again.reason_code, again.hold.ask_again_at) == (action, "unanswered", None)
    assert task == Task("hold_unanswered", T0 + 48 * HOUR, task_id="r1.hold.unanswered")


@pytest.mark.parametrize(
    ("phase", "then"),
    [(HoldPhase.ASKED, f.HoldResolved), (HoldPhase.RELEASING, f.HoldDropped)],
)
def test_a_hold_is_given_up(phase: HoldPhase, then: type[Any]) -> None:
    """RF-005: nobody knows about the goods."""
    (fact,) = decided([*PAID, held(phase)], DeadlinePassed("hold-unknown", T0 + 48 * HOUR))
    assert isinstance(fact, then)
    assert fact.hold.phase is (HoldPhase.UNKNOWN if phase is HoldPhase.ASKED else HoldPhase.OVER)


@pytest.mark.parametrize(
    ("phase", "is_released"),
    [
        (HoldPhase.ASKED, True),
        (HoldPhase.STOPPED, True),
        (HoldPhase.UNKNOWN, True),
        (HoldPhase.TOO_LATE, False),
        (HoldPhase.OVER, False),
    ],
)
def test_a_refund_that_ends_lets_the_goods_go(phase: HoldPhase, is_released: bool) -> None:
    """RF-003, RF-005"""
    facts = decided([*PAID, noted("unshipped"), held(phase)], m.RefundClosed("r1"))
    released = of(facts, f.HoldAsked)
    assert bool(released) is is_released
    if is_released:
        hold = released[0].hold
        assert (hold.request_id, hold.ask_again_at, hold.give_up_at) == (
            "r1.release", T0 + 3 * HOUR, T0 + 49 * HOUR,
        )  # fmt: skip


def paid(lines: tuple[Any, ...], *, is_full: bool = False, remedy_id: str | None = None) -> m.RefundPaid:
    return m.RefundPaid("r1" if remedy_id is None else None, remedy_id, lines, is_full)


RETURNED = replace(SENT, outcome=Outcome.RETURNED)
WITH_K1 = [*PAID, f.LinkChanged(SENT)]


@pytest.mark.parametrize(
    ("before", "when", "repaid", "given_back"),
    [
        ([*PAID, noted("unshipped")], paid((L1,)), (L1,), ()),
        ([*PAID, noted("not_received")], paid((L1,)), (L1,), ()),
        ([*PAID, noted("not_received")], paid(()), (), ()),
        ([*PAID, noted("unshipped")], paid((L1,), is_full=True), (L1, L2), ()),
        ([*PAID, noted("with_return")], paid((L1,)), (), (L1,)),
        ([*PAID, noted("no_reason")], paid((L1,)), (), (L1,)),
        ([*PAID, noted("no_return")], paid((L1,)), (), ()),
        ([*PAID, f.LinkChanged(RETURNED), noted("with_return")], paid((L1,)), (L1,), ()),
        ([*WITH_K1, noted("with_return")], paid((L1,)), (), (L1,)),
        (PAID, paid((L1,), remedy_id="k1.returned"), (L1,), ()),
    ],
)
def test_money_that_settled(
    before: Sequence[Any], when: m.RefundPaid, repaid: tuple[Any, ...], given_back: tuple[Any, ...]
) -> None:
    """RF-035: pieces that never came need not be sent; pieces that came were given back."""
    (ended,) = of(decided(before, when), f.RefundEnded)
    assert (ended.is_paid, ended.repaid, ended.given_back) == (True, repaid, given_back)


def test_money_for_nothing_that_is_known_changes_nothing() -> None:
    """RF-035"""
    assert decided(PAID, paid((L1,))) == []


@pytest.mark.parametrize(
    ("link", "recalls"),
    [
        (SENT, [("k1", "refund_in_transit", True)]),
        (replace(SENT, lines=(L1, L2)), []),
        (replace(SENT, remedy="reship"), []),
        (replace(SENT, direction=Direction.RETURN), []),
    ],
)
def test_a_parcel_whose_goods_are_all_paid_back(link: Link, recalls: list[Any]) -> None:
    """RF-035: it is called back, unless it carries more."""
    before = [*PAID, f.LinkChanged(link), noted("not_received")]
    assert recalled(decided(before, paid((L1,)))) == recalls


@pytest.mark.parametrize(
    ("phase", "is_dropped"), [(HoldPhase.STOPPED, True), (HoldPhase.TOO_LATE, True), (HoldPhase.OVER, False)]
)
def test_a_paid_refund_needs_no_hold(phase: HoldPhase, is_dropped: bool) -> None:
    """RF-005"""
    facts = decided([*PAID, noted("unshipped"), held(phase)], paid((L1,)))
    assert bool(of(facts, f.HoldDropped)) is is_dropped


@pytest.mark.parametrize(
    ("link", "traced"),
    [
        (replace(SENT, pickup_at=T0), ["r1"]),
        (SENT, []),
        (replace(SENT, pickup_at=T0, outcome=Outcome.DELIVERED), []),
        (replace(OTHER, pickup_at=T0), []),
    ],
)
def test_a_not_received_refund_hears_of_parcels_with_the_carrier(link: Link, traced: list[str]) -> None:
    """RF-034, RF-044"""
    facts = decided([*PAID, f.LinkChanged(link)], opened("not_received"))
    assert [fact.refund_id for fact in of(facts, f.ParcelTraced)] == traced


@pytest.mark.parametrize(
    ("kind", "link", "traced"),
    [
        ("not_received", SENT, ["r1"]),
        ("unshipped", SENT, []),
        ("not_received", replace(SENT, direction=Direction.RETURN), []),
        ("not_received", replace(SENT, outcome=Outcome.DELIVERED), []),
        ("not_received", replace(SENT, lines=(L2,)), []),
    ],
)
def test_a_pick_up_after_the_refund_opened(kind: str, link: Link, traced: list[str]) -> None:
    """RF-034"""
    facts = decided([*PAID, f.LinkChanged(link), noted(kind)], m.PickedUp("k1", T0))
    assert [fact.refund_id for fact in of(facts, f.ParcelTraced)] == traced


def moved(status: ParcelStatus, outcome: Outcome | None = None) -> m.ParcelMoved:
    return m.ParcelMoved("k1", status, T0, None, outcome)


STATES = [
    (SENT, True),
    (replace(SENT, direction=Direction.RETURN), False),
    (replace(SENT, direction=Direction.RESHIP), True),
    (replace(SENT, is_called_back=True), False),
    (replace(SENT, is_sought=True), False),
]


@pytest.mark.parametrize(("link", "is_moved"), STATES)
def test_a_refused_parcel_is_called_back(link: Link, is_moved: bool) -> None:
    """RF-036, LG-050: nobody but the buyer's own door asks for it; once."""
    facts = decided([*PAID, f.LinkChanged(link)], moved(ParcelStatus.REFUSED))
    assert recalled(facts) == ([("k1", "refused", False)] if is_moved else [])
    assert recalled(decided([*PAID, f.LinkChanged(link)], moved(ParcelStatus.REFUSED, Outcome.LOST))) == []


@pytest.mark.parametrize("status", [ParcelStatus.OUT_OF_RANGE, ParcelStatus.ADDRESS_PROBLEM])
@pytest.mark.parametrize(("link", "is_moved"), STATES)
def test_an_undeliverable_parcel(link: Link, is_moved: bool, status: ParcelStatus) -> None:
    """RF-037, RF-038: a person decides within a day; with a refund open it comes back."""
    before = [*PAID, f.LinkChanged(link)]
    task = Task(status.value, T0 + HOUR + DAY, "assessment", task_id=f"k1.{status.value}")
    assert of(decided(before, moved(status)), Task) == ([task] if is_moved else [])
    with_refund = decided([*before, noted("not_received")], moved(status))
    assert recalled(with_refund) == ([("k1", status.value, False)] if is_moved else [])
    assert of(with_refund, Task) == []
    ended = decided(before, moved(status, Outcome.DELIVERED))
    assert (of(ended, Task), recalled(ended)) == ([], [])


@pytest.mark.parametrize(
    ("before", "is_paid"),
    [
        (PAID, True),
        ([KNOWN], False),
        ([*PAID, noted("not_received")], False),
        ([*PAID, f.RefundEnded((), is_paid=True, repaid=(L1,))], False),
        ([*PAID, f.OrderStopped(T0)], False),
        ([*PAID, f.OrderSucceeded(T0)], False),
    ],
)
def test_goods_back_are_paid_where_nothing_else_pays(before: Sequence[Any], is_paid: bool) -> None:
    """RF-006, LG-050"""
    back = moved(ParcelStatus.RETURNED, Outcome.RETURNED)
    assert bool(of(decided([*before, f.LinkChanged(SENT)], back), f.RemedyDue)) is is_paid


@pytest.mark.parametrize(
    "link",
    [
        replace(SENT, remedy="refund"),
        replace(SENT, is_sought=True),
        replace(SENT, direction=Direction.RESHIP),
    ],
)
def test_goods_back_that_another_case_settles(link: Link) -> None:
    """LG-050"""
    back = moved(ParcelStatus.RETURNED, Outcome.RETURNED)
    assert of(decided([*PAID, f.LinkChanged(link)], back), f.RemedyDue) == []
    assert of(decided([*PAID, f.LinkChanged(SENT)], moved(ParcelStatus.RETURNED)), f.RemedyDue) == []


@pytest.mark.parametrize(
    ("before", "cause", "recalls"),
    [
        ([KNOWN], "unpaid_timeout", [("k1", "unpaid", False)]),
        ([KNOWN], "buyer_cancelled", []),
        (PAID, "unpaid_timeout", []),
    ],
)
def test_goods_that_left_an_order_which_was_never_paid(
    before: Sequence[Any], cause: str, recalls: list[Any]
) -> None:
    """OR-006: called back, and a person looks within a day."""
    facts = decided([*before, f.LinkChanged(SENT)], m.Closed(cause, ()))
    assert recalled(facts) == recalls
    assert [task.due_at for task in of(facts, Task)] == [T0 + HOUR + DAY] * len(recalls)
    quiet = decided([*before, f.LinkChanged(replace(SENT, is_called_back=True))], m.Closed(cause, ()))
    assert (recalled(quiet), of(quiet, Task)) == ([], [])


@pytest.mark.parametrize(
    ("over", "link", "is_seen"),
    [
        (f.OrderStopped(T0), AT_HOME, True),
        (f.RefundEnded((), is_paid=False, repaid=(L1,)), AT_HOME, True),
        (f.RefundEnded((), is_paid=False, repaid=(L2,)), AT_HOME, False),
        (f.OrderStopped(T0), replace(AT_HOME, is_called_back=True), False),
        (f.OrderStopped(T0), replace(AT_HOME, is_sought=True), False),
        (f.OrderStopped(T0), replace(AT_HOME, remedy="refund"), False),
        (f.OrderStopped(T0), replace(AT_HOME, direction=Direction.RESHIP), False),
        (f.OrderStopped(T0), replace(AT_HOME, outcome=Outcome.DELIVERED), False),
    ],
)
def test_goods_that_leave_a_closed_order(over: Any, link: Link, is_seen: bool) -> None:
    """RF-006: called back, and a person looks within a day; the money stands."""
    facts = decided([*PAID, f.LinkChanged(link), over], m.ParcelLeft("k1", "sto"))
    assert recalled(facts) == ([("k1", "order_closed", True)] if is_seen else [])
    task = Task("goods_left_closed_order", T0 + HOUR + DAY, "reconciliation", task_id="k1.left-after-close")
    assert of(facts, Task) == ([task] if is_seen else [])
