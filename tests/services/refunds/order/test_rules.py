"""The order alone and with its applications: status, auto-confirm, what may be opened, who hears what."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from aftersales_contracts.aftersales import logistics_enums, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind, SaleService
from aftersales_contracts.shop import orders
from chassis.service import Service
from kernel.people import Task
from services.refunds.cases.order import facts as f
from services.refunds.cases.order import state as c
from services.refunds.policy import Policy
from services.refunds.rejections import Rejection
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.kinds import POLICY, OnePolicy, with_exchange
from tests.services.refunds.shop import DAY, GRACE, HOUR, MINUTE, T0
from tests.support.driver import Driver

PLACED, PAID, SHIPPED = (s.placed(), T0), (s.paid(), T0), (s.shipped(), T0)
Told = tuple[Event, datetime]


def played(*told: Told, rules: Policy = POLICY) -> Driver:
    service: Service = replace(REFUNDS, policies=OnePolicy(rules))
    driver = Driver(service)
    for event, at in told:
        driver.tell(event, at)
    return driver


def order_facts(driver: Driver, fact_class: type) -> list[object]:
    return [n.fact for n in driver.facts if n.place[1] == "order" and isinstance(n.fact, fact_class)]


TABLE: list[tuple[str, Sequence[Told], type, type]] = [
    ("OR-001", [PLACED], f.OrderRecorded, c.AwaitingPayment),
    ("OR-002", [PLACED, PAID], f.PaymentRecorded, c.Paid),
    ("OR-003", [PLACED], f.OrderRecorded, c.AwaitingPayment),
    ("OR-004", [PLACED, (s.paid(), T0 + HOUR)], f.PaymentRecorded, c.Paid),
    ("OR-005", [PLACED, (s.closed(orders.CloseCause.UNPAID_TIMEOUT), T0)], f.CloseRecorded, c.Closed),
    ("OR-012", [PLACED], f.OrderRecorded, c.AwaitingPayment),
    ("OR-025", [PLACED, PAID, SHIPPED], f.ShipmentRecorded, c.Shipped),
    ("OR-029", [PLACED, PAID, SHIPPED, (s.succeeded(), T0 + DAY)], f.SuccessRecorded, c.Succeeded),
    ("OR-031", [PLACED, PAID, SHIPPED, (s.applied(), T0), (s.withdrawn(), T0)], f.CaseReleased, c.Shipped),
    ("RF-033", [PLACED, PAID, (s.applied(RefundKind.UNSHIPPED), T0), (s.agreed(), T0)],
     f.PaymentGranted, c.Paid),
    ("RF-045", [PLACED, PAID, (s.succeeded(), T0), (s.applied(), T0)], f.ApplicationRejected, c.Succeeded),
    ("RF-106", [PLACED, PAID, SHIPPED, (s.exchange_applied(), T0)],
     f.ExchangeAdmitted, c.Shipped),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "told", "fact", "state"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, told: Sequence[Told], fact: type, state: type) -> None:
    driver = played(*told)
    noted = [n for n in driver.facts if n.place[1] == "order" and isinstance(n.fact, fact)]
    assert noted
    assert rule in noted[-1].rules
    assert isinstance(driver.state("order", s.ORDER_ID), state)


@pytest.mark.parametrize(
    ("rule", "kind", "days"),
    [
        ("OR-025", orders.DeliveryKind.AUTO_DELIVERED, 1),
        ("OR-026", orders.DeliveryKind.VIRTUAL, 3),
        ("OR-027", orders.DeliveryKind.EXPRESS, 10),
        ("OR-027", orders.DeliveryKind.EMS, 10),
        ("OR-027", orders.DeliveryKind.NONE, 10),
        ("OR-028", orders.DeliveryKind.MAIL, 30),
    ],
)
def test_window_from_the_ship_mark(rule: str, kind: orders.DeliveryKind, days: int) -> None:
    """OR-030: from the mark, not from delivery."""
    marked_at = T0 + 5 * HOUR
    driver = played(PLACED, PAID, (s.shipped(kind), marked_at))
    driver.tell(s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "a"), marked_at + HOUR)
    (_, deadline) = driver.pending()[0]
    assert deadline.due_at == marked_at + days * DAY
    driver.until(deadline.due_at + GRACE)
    asked = driver.facts[-1]
    assert isinstance(asked.fact, f.AutoConfirmRequested)
    assert asked.fact.release.minor == 10_000
    assert {rule, "OR-029", "OR-030"} <= set(asked.rules)


def test_the_mark_that_completes_the_lines_starts_the_clock() -> None:
    lines = [("a", 1, 6_000), ("b", 1, 4_000)]
    driver = played((s.placed(lines), T0), PAID, (s.shipped(lines=[s.share("a")]), T0))
    assert driver.pending() == []
    driver.tell(s.shipped(orders.DeliveryKind.MAIL, [s.share("b")]), T0 + 2 * DAY)
    assert driver.pending()[0][1].due_at == T0 + 32 * DAY


@pytest.mark.parametrize(
    ("rule", "first", "second", "days"),
    [
        ("OR-028", orders.DeliveryKind.MAIL, orders.DeliveryKind.AUTO_DELIVERED, 30),
        ("OR-028", orders.DeliveryKind.MAIL, orders.DeliveryKind.EXPRESS, 30),
        ("OR-027", orders.DeliveryKind.EXPRESS, orders.DeliveryKind.VIRTUAL, 10),
        ("OR-026", orders.DeliveryKind.AUTO_DELIVERED, orders.DeliveryKind.VIRTUAL, 4),
        ("OR-025", orders.DeliveryKind.AUTO_DELIVERED, orders.DeliveryKind.AUTO_DELIVERED, 2),
    ],
)
def test_the_longest_window_of_the_marks(
    rule: str, first: orders.DeliveryKind, second: orders.DeliveryKind, days: int
) -> None:
    """The second mark, a day later, never shortens what the first one gave."""
    driver = played((s.placed([("a", 1, 6_000), ("b", 1, 4_000)]), T0), PAID)
    driver.tell(s.shipped(first, [s.share("a")]), T0)
    driver.tell(s.shipped(second, [s.share("b")]), T0 + DAY)
    assert driver.pending()[0][1].due_at == T0 + days * DAY
    driver.until(T0 + days * DAY + GRACE - timedelta(seconds=1))
    assert not order_facts(driver, f.AutoConfirmRequested)
    driver.until(T0 + days * DAY + GRACE)
    assert rule in driver.facts[-1].rules


def test_a_mark_during_a_refund_leaves_the_longest_window() -> None:
    """OR-028, E-A16: the later mark is the shorter one, and the refund of the first line is open."""
    driver = played((s.placed([("a", 1, 6_000), ("b", 1, 4_000)]), T0), PAID)
    driver.tell(s.shipped(orders.DeliveryKind.MAIL, [s.share("a")]), T0)
    driver.tell(s.applied(amount=6_000, lines=[s.share("a")]), T0 + DAY)
    driver.tell(s.shipped(lines=[s.share("b")]), T0 + 2 * DAY)
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    assert driver.pending()[0][1].due_at == T0 + 32 * DAY


def test_a_refund_of_the_unsent_line_completes_the_order() -> None:
    lines = [("a", 1, 6_000), ("b", 1, 4_000)]
    driver = played((s.placed(lines), T0), PAID, (s.shipped(lines=[s.share("a")]), T0))
    driver.tell(s.applied(RefundKind.UNSHIPPED, 4_000, lines=[s.share("b")]), T0 + HOUR)
    driver.tell(s.agreed(), T0 + 2 * HOUR)
    driver.tell(s.settled(4_000), T0 + 2 * HOUR)
    assert driver.pending()[0][1].due_at == T0 + 10 * DAY


def test_the_clock_stands_while_any_refund_is_open() -> None:
    """OR-029, OR-031, E-A16: what is left runs on, nothing starts anew."""
    lines = [("a", 1, 6_000), ("b", 1, 4_000)]
    driver = played((s.placed(lines), T0), PAID, SHIPPED)
    driver.tell(s.applied(amount=6_000, lines=[s.share("a")]), T0 + 4 * DAY)
    driver.tell(s.applied(amount=4_000, lines=[s.share("b")], refund_id="r2"), T0 + 5 * DAY)
    driver.tell(s.withdrawn("r1"), T0 + 6 * DAY)
    assert not [d for place, d in driver.pending() if place[1] == "order"]
    driver.tell(s.withdrawn("r2"), T0 + 8 * DAY)
    assert driver.pending()[0][1].due_at == T0 + 14 * DAY


def test_a_declined_confirmation_goes_to_a_person() -> None:
    """OR-029."""
    driver = played(PLACED, PAID, SHIPPED)
    driver.until(T0 + 10 * DAY + GRACE)
    driver.tell(declined(), T0 + 10 * DAY + GRACE)
    assert isinstance(driver.facts[-1].fact, f.AutoConfirmStopped)
    assert driver.pending() == []


def declined(request_id: str = "o1.confirm") -> orders.OrderRequestDeclinedV1:
    return orders.OrderRequestDeclinedV1(**s.KEYS, request_id=request_id, reason_code="refund_open")


@pytest.mark.parametrize("is_paid", [False, True])
def test_a_confirmation_declined_for_a_refund_is_asked_anew_after_it(is_paid: bool) -> None:
    """OR-029, OR-031, E-A16: what was left of the clock runs on, and the request is a new one."""
    asked_at = T0 + 10 * DAY + GRACE
    driver = played(PLACED, PAID, SHIPPED)
    driver.until(asked_at)
    driver.tell(s.applied(RefundKind.NO_RETURN, 500), asked_at + 15 * MINUTE)
    driver.tell(declined(), asked_at + 16 * MINUTE)
    (fact,) = order_facts(driver, f.AutoConfirmDeferred)
    assert fact == f.AutoConfirmDeferred("refund_open")
    assert not order_facts(driver, f.AutoConfirmStopped)
    assert not [d for place, d in driver.pending() if place[1] == "order"]
    if is_paid:
        driver.tell(s.agreed(), asked_at + DAY)
        driver.tell(s.settled(500), asked_at + DAY)
    else:
        driver.tell(s.withdrawn(), asked_at + DAY)
    again_at = asked_at + DAY + 35 * MINUTE
    assert [d.due_at for _, d in driver.pending()] == [again_at]
    driver.until(again_at + GRACE)
    requests = driver.announced(refunds.OrderAutoConfirmRequestedV1)
    assert [r.request_id for r in requests] == ["o1.confirm", "o1.confirm.2"]
    assert requests[1].release_amount.minor == (9_500 if is_paid else 10_000)
    assert driver.tell(declined(), again_at + GRACE) == []
    driver.tell(declined("o1.confirm.2"), again_at + GRACE)
    assert isinstance(driver.facts[-1].fact, f.AutoConfirmStopped)


@pytest.mark.parametrize(
    "request_id", ["o1.confirm.1", "o1.confirm.02", "o2.confirm", "o2.confirm.2", "o1.close"]
)
def test_the_answer_to_a_request_that_we_never_made_means_nothing(request_id: str) -> None:
    assert REFUNDS.reads[orders.OrderRequestDeclinedV1](declined(request_id)) == []


REJECTED: list[tuple[Rejection, Sequence[Told], Event]] = [
    (Rejection.ORDER_SUCCEEDED, [PLACED, PAID, (s.succeeded(), T0)], s.applied()),
    (Rejection.ORDER_CLOSED, [PLACED, PAID, (s.closed(), T0)], s.applied()),
    (Rejection.ALREADY_SHIPPED, [PLACED, PAID, SHIPPED], s.applied(RefundKind.UNSHIPPED)),
    (Rejection.UNKNOWN_LINE, [PLACED, PAID, SHIPPED], s.applied(lines=[s.share("z")])),
    (Rejection.LINE_BUSY, [PLACED, PAID, SHIPPED, (s.applied(), T0)], s.applied(refund_id="r2")),
    (Rejection.NOTHING_ASKED, [PLACED, PAID, SHIPPED], s.applied(amount=0)),
    (Rejection.OVER_REFUNDABLE, [PLACED, PAID, SHIPPED], s.applied(amount=10_001)),
    (Rejection.OVER_REFUNDABLE, [PLACED, PAID, SHIPPED], s.applied(lines=[s.share("a", 2)])),
    (
        Rejection.LINES_DIFFER,
        [(s.placed([("a", 1, 6_000), ("b", 1, 4_000)]), T0), PAID, (s.shipped(lines=[s.share("a")]), T0)],
        s.applied(),
    ),
    (
        Rejection.FREIGHT_NOT_OWED,
        [(s.placed(freight=500, is_free=False), T0), (s.paid(10_500), T0), SHIPPED],
        s.applied(RefundKind.NO_REASON, 10_500, reason="no_reason"),
    ),
    (Rejection.NOT_SHIPPED, [PLACED, PAID], s.exchange_applied()),
    (Rejection.EXCLUDED, [PLACED, PAID, SHIPPED], s.exchange_applied("price_elsewhere")),
    (
        Rejection.OUT_OF_WINDOW,
        [PLACED, PAID, SHIPPED, (s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "a"), T0 - 8 * DAY)],
        s.exchange_applied(),
    ),
]


@pytest.mark.parametrize(("reason", "told", "when"), REJECTED, ids=[row[0].value for row in REJECTED])
def test_rejected(reason: Rejection, told: Sequence[Told], when: Event) -> None:
    driver = played(*told)
    driver.tell(when, T0 + HOUR)
    rejections = order_facts(driver, f.ApplicationRejected)
    assert [r.reason for r in rejections if isinstance(r, f.ApplicationRejected)] == [reason]


def test_an_order_has_fifty_cases_at_most() -> None:
    """Nobody fills the account of an order by applying and withdrawing without end."""
    driver = played(PLACED, PAID, SHIPPED)
    for number in range(1, 51):
        driver.tell(s.applied(refund_id=f"r{number}"), T0 + HOUR)
        driver.tell(s.withdrawn(f"r{number}"), T0 + HOUR)
    assert order_facts(driver, f.ApplicationRejected) == []
    driver.tell(s.applied(refund_id="r51"), T0 + HOUR)
    (rejected,) = order_facts(driver, f.ApplicationRejected)
    assert isinstance(rejected, f.ApplicationRejected)
    assert (rejected.application_id, rejected.reason) == ("r51", Rejection.TOO_MANY)


@pytest.mark.parametrize(
    ("rule", "rules", "reason_code", "services", "wait", "expected"),
    [
        ("RF-094", POLICY, "size", [], timedelta(days=7), None),
        ("RF-095", POLICY, "size", [SaleService.FIFTEEN_DAY], timedelta(days=15), None),
        ("RF-095", POLICY, "size", [SaleService.FIFTEEN_DAY], timedelta(days=16), Rejection.OUT_OF_WINDOW),
        ("RF-096", with_exchange(is_quality_needed=True), "size", [], HOUR, Rejection.EXCLUDED),
        ("RF-097", POLICY, "no_reason", [], HOUR, None),
        ("RF-098", with_exchange(fault_report_hours=48 * HOUR), "quality", [], 49 * HOUR,
         Rejection.OUT_OF_WINDOW),
        ("RF-099", with_exchange(fault_report_hours=72 * HOUR), "quality", [], 71 * HOUR, None),
        # A service beats the 48 hours, on either side of its own days (E-A7).
        ("RF-098", with_exchange(fault_report_hours=48 * HOUR), "quality",
         [SaleService.SEVEN_DAY_NO_REASON], timedelta(days=7), None),
        ("RF-098", with_exchange(fault_report_hours=48 * HOUR), "quality",
         [SaleService.SEVEN_DAY_NO_REASON], timedelta(days=7, minutes=1), Rejection.OUT_OF_WINDOW),
        ("RF-098", with_exchange(fault_report_hours=48 * HOUR), "quality", [], 48 * HOUR, None),
        ("RF-099", with_exchange(fault_report_hours=72 * HOUR), "quality", [], timedelta(hours=72, minutes=1),
         Rejection.OUT_OF_WINDOW),
        ("RF-105", with_exchange(is_quality_needed=True, is_size_exchange_allowed=True), "size", [], HOUR,
         None),
        ("RF-105", with_exchange(is_quality_needed=True, is_size_exchange_allowed=True), "dislike", [], HOUR,
         Rejection.EXCLUDED),
        ("RF-096", with_exchange(is_quality_needed=True), "quality", [], HOUR, None),
        ("RF-107", with_exchange(excluded_reasons=frozenset({"dislike"})), "dislike", [], HOUR,
         Rejection.EXCLUDED),
        ("RF-107", with_exchange(excluded_reasons=frozenset({"dislike"})), "dislike",
         [SaleService.SEVEN_DAY_NO_REASON], HOUR, None),
        ("RF-108", with_exchange(excluded_reasons=frozenset({"loose_threads"})), "loose_threads", [], HOUR,
         Rejection.EXCLUDED),
        ("RF-110", with_exchange(are_special_offers_excluded=True), "quality", ["special"], HOUR,
         Rejection.EXCLUDED),
        ("RF-111", with_exchange(excluded_reasons=frozenset({"colour_difference"})), "colour_difference", [],
         HOUR, Rejection.EXCLUDED),
        ("RF-115", POLICY, "price_elsewhere", [], HOUR, Rejection.EXCLUDED),
        ("RF-094", POLICY, "size", [SaleService.SEVEN_DAY_NO_REASON], timedelta(days=7, minutes=1),
         Rejection.OUT_OF_WINDOW),
        ("RF-117", POLICY, "size", [SaleService.SEVEN_PLUS], timedelta(days=15), None),
        ("RF-117", POLICY, "size", [SaleService.SEVEN_PLUS], timedelta(days=15, minutes=1),
         Rejection.OUT_OF_WINDOW),
        ("RF-117", with_exchange(window_days=DAY), "size", [SaleService.USE_FIRST_PAY_LATER],
         timedelta(days=7), None),
        ("RF-117", with_exchange(window_days=DAY), "size", [SaleService.USE_FIRST_PAY_LATER],
         timedelta(days=7, minutes=1), Rejection.OUT_OF_WINDOW),
    ],
)  # fmt: skip
def test_exchange_eligibility(
    rule: str, rules: Policy, reason_code: str, services: list[str], wait: timedelta,
    expected: Rejection | None,
) -> None:  # fmt: skip
    is_special = services == ["special"]
    placed = s.placed(services=[] if is_special else services, is_special_offer=is_special)
    driver = played((placed, T0), PAID, SHIPPED, rules=rules)
    driver.tell(s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "a"), T0)
    driver.tell(s.exchange_applied(reason_code), T0 + wait)
    rejections = [
        r for r in order_facts(driver, f.ApplicationRejected) if isinstance(r, f.ApplicationRejected)
    ]
    assert [r.reason for r in rejections] == ([] if expected is None else [expected]), rule


def test_repeats_decide_nothing() -> None:
    told: list[Told] = [PLACED, PAID, SHIPPED, (s.applied(), T0 + HOUR)]
    driver = played(*told)
    before = len(driver.facts)
    for event, _ in told:
        driver.tell(event, T0 + 2 * HOUR)
    assert len(driver.facts) == before


def test_unpaid_terms_may_change() -> None:
    """OR-001."""
    changed = orders.OrderTermsChangedV1(
        **s.KEYS,
        by=s.SELLER,
        lines=s.placed([("a", 1, 8_000)]).lines,
        freight=s.money(0),
        total=s.money(8_000),
    )
    driver = played(PLACED, (changed, T0 + HOUR), (s.paid(8_000), T0 + 2 * HOUR), (changed, T0 + 3 * HOUR))
    assert driver.state("order", s.ORDER_ID).book.lines[0].paid_minor == 8_000
    assert len(order_facts(driver, f.TermsRecorded)) == 1


def test_each_success_is_told_once_to_the_cases_of_its_lines() -> None:
    """OR-001, RF-017: the second line succeeds later, and the order with it; a third word is no news."""
    lines = [("a", 1, 6_000), ("b", 1, 4_000)]
    driver = played((s.placed(lines), T0), PAID, SHIPPED)
    for refund_id, line_id, minor in (("r1", "a", 6_000), ("r2", "b", 4_000)):
        refund = s.applied(amount=minor, lines=[s.share(line_id)], refund_id=refund_id)
        driver.tell(refund, T0 + HOUR)
        driver.tell(s.refused(refund_id=refund_id), T0 + 2 * HOUR)
    parts = [s.succeeded().model_copy(update={"lines": [s.share(line_id)]}) for line_id in ("a", "b")]
    driver.tell(parts[0], T0 + DAY)
    assert [c.refund_id for c in driver.announced(refunds.RefundClosedV1)] == ["r1"]
    driver.tell(parts[1], T0 + 2 * DAY)
    assert [c.refund_id for c in driver.announced(refunds.RefundClosedV1)] == ["r1", "r2"]
    before = len(driver.facts)
    for event in (parts[1], s.succeeded()):
        driver.tell(event, T0 + 3 * DAY)
    assert len(driver.facts) == before
    told = [fact for fact in order_facts(driver, f.SuccessRecorded) if isinstance(fact, f.SuccessRecorded)]
    assert [fact.is_whole for fact in told] == [False, True]


def test_contradictions_go_to_a_person() -> None:
    driver = played(PLACED, PAID, (s.closed(), T0), (s.succeeded(), T0))
    assert [t.question_code for t in order_facts(driver, Task) if isinstance(t, Task)] == [
        "succeeded_after_close"
    ]
    late = played(PLACED, (s.closed(orders.CloseCause.UNPAID_TIMEOUT), T0), PAID)
    assert len(order_facts(late, Task)) == 1
    foreign = played(PLACED, (s.paid(10_000, currency="USD"), T0))
    assert isinstance(foreign.state("order", s.ORDER_ID), c.AwaitingPayment)
