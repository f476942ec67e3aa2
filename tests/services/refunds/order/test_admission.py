"""Admission by itself: each reason to turn an application away, and the terms of one admitted."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.money import Money
from kernel.value import replace
from services.refunds.cases.order import state as c
from services.refunds.cases.order.account import LineAccount, OpenCase, OrderAccount, TenderAccount
from services.refunds.cases.order.admission import Admission, exchange_check, refund_check, remedy_terms
from services.refunds.cases.order.messages import ExchangeApplied
from services.refunds.policy import Policy
from services.refunds.rejections import Rejection
from services.refunds.shares import RefundApplied, RefundKind, Share, Terms, Wanted
from tests.services.refunds.kinds import POLICY, with_exchange
from tests.services.refunds.shop import DAY, HOUR, T0

A = LineAccount("a", "s-a", 2, 6_000, is_freight_free=False, paid_minor=6_000, style_id="coat")
B = LineAccount("b", "s-b", 1, 4_000, is_freight_free=False, paid_minor=4_000, style_id="hat")
BOOK = OrderAccount("c1", "CNY", T0, (A, B), 500, paid_at=T0, tenders=(TenderAccount("p1", 10_500),))
CLOCK = c.Confirm(None, None, None, 0, 10)
NO_RETURN, WITH_RETURN, NOT_RECEIVED = RefundKind.NO_RETURN, RefundKind.WITH_RETURN, RefundKind.NOT_RECEIVED


def sent(*lines: LineAccount, **terms: Any) -> c.Shipped:
    """The order after everything of these lines was shipped."""
    shipped = tuple(replace(line, shipped_count=line.quantity_count) for line in lines or (A, B))
    return c.Shipped(replace(BOOK, lines=shipped, **terms), T0, CLOCK)


def case(case_id: str, *shares: Share, kind: RefundKind | None = NO_RETURN, **terms: Any) -> OpenCase:
    return OpenCase(case_id, kind, shares, 0, False, **terms)


ONE_A = Share("a", 1, 3_000)
APPLIED = RefundApplied("r1", "no_return", "dislike", (ONE_A,), True, Money(3_000, "CNY"), 0, 1, False)
PAST = tuple(f"p{number}" for number in range(50))


@pytest.mark.parametrize(
    ("state", "applied", "reason"),
    [
        (c.Succeeded(BOOK, T0, "buyer"), APPLIED, Rejection.ORDER_SUCCEEDED),
        (c.Closed(BOOK, T0, "refunded"), APPLIED, Rejection.ORDER_CLOSED),
        (c.AwaitingPayment(replace(BOOK, paid_at=None)), APPLIED, Rejection.NOT_PAID),
        (sent(), replace(APPLIED, kind="of_tomorrow"), Rejection.UNKNOWN_KIND),
        (sent(), replace(APPLIED, shares=(Share("z", 1, 0),)), Rejection.UNKNOWN_LINE),
        (sent(), replace(APPLIED, shares=(ONE_A, ONE_A)), Rejection.UNKNOWN_LINE),
        (sent(replace(A, is_done=True), B), APPLIED, Rejection.ORDER_SUCCEEDED),
        (sent(open=(case("r9", ONE_A),)), APPLIED, Rejection.LINE_BUSY),
        (sent(past=PAST), APPLIED, Rejection.TOO_MANY),
        (sent(past=PAST[:49], open=(case("r9", Share("b", 1, 0)),)), APPLIED, Rejection.TOO_MANY),
        (sent(), replace(APPLIED, amount=Money(3_000, "USD")), Rejection.WRONG_CURRENCY),
        (sent(), replace(APPLIED, amount=Money(0, "CNY")), Rejection.NOTHING_ASKED),
        (sent(), replace(APPLIED, shares=(Share("a", 1, 3_001),)), Rejection.OVER_REFUNDABLE),
        (sent(), replace(APPLIED, shares=(Share("a", 3, 3_000),)), Rejection.ALREADY_SHIPPED),
        (sent(), replace(APPLIED, freight_minor=501), Rejection.OVER_REFUNDABLE),
        (sent(), replace(APPLIED, kind="unshipped"), Rejection.ALREADY_SHIPPED),
        (sent(), replace(APPLIED, kind="with_return", freight_minor=500), Rejection.FREIGHT_NOT_OWED),
    ],
)
def test_why_a_refund_is_turned_away(state: Any, applied: RefundApplied, reason: Rejection) -> None:
    """RF-001, RF-011, RF-045"""
    if reason is Rejection.ALREADY_SHIPPED and applied.kind != "unshipped":
        reason = Rejection.OVER_REFUNDABLE
    assert refund_check(state, applied, POLICY, is_amendment=False) is reason


def admitted(state: Any, applied: RefundApplied = APPLIED, *, is_amendment: bool = False) -> Admission:
    found = refund_check(state, applied, POLICY, is_amendment=is_amendment)
    assert isinstance(found, Admission)
    return found


@pytest.mark.parametrize(
    ("state", "applied", "kind"),
    [
        (c.Paid(BOOK), APPLIED, RefundKind.UNSHIPPED),
        (sent(), APPLIED, NO_RETURN),
        (sent(), replace(APPLIED, kind="not_received"), NOT_RECEIVED),
        (sent(past=PAST[:49]), APPLIED, NO_RETURN),
        (sent(open=(case("r9", Share("b", 1, 0)),)), APPLIED, NO_RETURN),
        (sent(replace(A, paid_minor=6_000, refunded_minor=3_000, gone_count=1, gone_sent_count=1), B),
         APPLIED, NO_RETURN),
    ],
)  # fmt: skip
def test_the_kind_of_an_admitted_refund(state: Any, applied: RefundApplied, kind: RefundKind) -> None:
    """RF-001, RF-011: before shipment there is one kind, whatever it calls itself."""
    found = admitted(state, applied)
    assert (found.terms.kind, found.terms.shares, found.bar) == (kind, (ONE_A,), None)


def test_an_amendment_keeps_its_own_lines() -> None:
    """RF-018: they are not busy for it, and it is no further case; the lines of others are."""
    mine = sent(open=(case("r1", ONE_A),), past=PAST)
    assert admitted(mine, is_amendment=True).terms.shares == (ONE_A,)
    assert refund_check(mine, APPLIED, POLICY, is_amendment=False) is Rejection.LINE_BUSY
    other = sent(open=(case("r9", ONE_A),))
    assert refund_check(other, APPLIED, POLICY, is_amendment=True) is Rejection.LINE_BUSY


@pytest.mark.parametrize(
    ("amount", "freight", "shares"),
    [
        (9_000, 0, (Share("a", 2, 5_400), Share("b", 1, 3_600))),
        (10_000, 0, (Share("a", 2, 6_000), Share("b", 1, 4_000))),
        (10_300, 300, (Share("a", 2, 6_000), Share("b", 1, 4_000))),
        (10_500, 500, (Share("a", 2, 6_000), Share("b", 1, 4_000))),
    ],
)
def test_an_amount_without_parts(amount: int, freight: int, shares: tuple[Share, ...]) -> None:
    """RF-011, RF-048: what exceeds the goods is freight."""
    whole = replace(
        APPLIED, shares=None, is_priced=False, freight_minor=None, amount=Money(amount, "CNY"),
        reason_code="quality",
    )  # fmt: skip
    terms = admitted(sent(), whole).terms
    assert (terms.freight_minor, terms.shares) == (freight, shares)
    over = replace(whole, amount=Money(10_501, "CNY"))
    assert refund_check(sent(), over, POLICY, is_amendment=False) is Rejection.OVER_REFUNDABLE


def test_a_priced_application_without_freight_asks_for_none() -> None:
    """RF-011"""
    assert admitted(sent(), replace(APPLIED, freight_minor=None)).terms.freight_minor == 0


@pytest.mark.parametrize(("minor", "is_partial"), [(3_000, False), (2_999, True)])
def test_less_than_the_pieces_cost(minor: int, is_partial: bool) -> None:
    """RF-041"""
    applied = replace(APPLIED, shares=(Share("a", 1, minor),), amount=Money(minor, "CNY"))
    assert admitted(sent(), applied).is_partial is is_partial


# Exchanges.

XL = Wanted("a", "s-a-xl")
EXCHANGE = ExchangeApplied("x1", (Share("a", 1, 0),), (XL,), "size")
RECEIVED = sent(replace(A, received_at=T0), B)


def checked(
    state: Any = RECEIVED, applied: Any = EXCHANGE, rules: Policy = POLICY, at: datetime = T0 + DAY
) -> Any:
    return exchange_check(state, applied, rules, at)


@pytest.mark.parametrize(
    ("state", "applied", "reason"),
    [
        (c.Closed(BOOK, T0, "refunded"), EXCHANGE, Rejection.ORDER_CLOSED),
        (c.Paid(BOOK), EXCHANGE, Rejection.NOT_SHIPPED),
        (RECEIVED, replace(EXCHANGE, shares=(Share("z", 1, 0),)), Rejection.UNKNOWN_LINE),
        (RECEIVED, replace(EXCHANGE, shares=(Share("a", 1, 0), Share("a", 1, 0))), Rejection.UNKNOWN_LINE),
        (sent(open=(case("r9", ONE_A),)), EXCHANGE, Rejection.LINE_BUSY),
        (RECEIVED, replace(EXCHANGE, shares=(Share("a", 3, 0),)), Rejection.OVER_REFUNDABLE),
        (sent(replace(A, refunded_minor=6_000), B), EXCHANGE, Rejection.OVER_REFUNDABLE),
        (RECEIVED, replace(EXCHANGE, wanted=(Wanted("a", "s-b"),)), Rejection.OTHER_STYLE),
        (RECEIVED, replace(EXCHANGE, wanted=(Wanted("a", "s-x", "hat"),)), Rejection.OTHER_STYLE),
        (sent(exchange_count=1), EXCHANGE, Rejection.SECOND_EXCHANGE),
        (sent(open=(case("x9", Share("b", 1, 0), kind=None),)), EXCHANGE, Rejection.SECOND_EXCHANGE),
        (RECEIVED, replace(EXCHANGE, reason_code="price_elsewhere"), Rejection.EXCLUDED),
    ],
)
def test_why_an_exchange_is_turned_away(state: Any, applied: ExchangeApplied, reason: Rejection) -> None:
    """RF-105, RF-106, RF-115, RF-121"""
    assert checked(state, applied) is reason


@pytest.mark.parametrize(
    ("state", "applied"),
    [
        (RECEIVED, EXCHANGE),
        (RECEIVED, replace(EXCHANGE, shares=(Share("a", 2, 0),))),
        (RECEIVED, replace(EXCHANGE, wanted=(Wanted("a", "s-x", "coat"),))),
        (RECEIVED, replace(EXCHANGE, wanted=(Wanted("a", "s-a"),))),
        (sent(replace(A, style_id=None), B), replace(EXCHANGE, wanted=(Wanted("a", "s-b"),))),
        (sent(replace(A, refunded_minor=5_999), B), EXCHANGE),
        (sent(replace(A, paid_minor=0), B), EXCHANGE),
        (sent(open=(case("r9", Share("b", 1, 0)),)), EXCHANGE),
        (c.Succeeded(RECEIVED.book, T0, "buyer"), EXCHANGE),
    ],
)
def test_an_exchange_that_may_be_opened(state: Any, applied: ExchangeApplied) -> None:
    """RF-105, RF-106: also of a gift, and of goods that gave back nearly all."""
    assert not isinstance(checked(state, applied), Rejection)


SERVED = sent(replace(A, received_at=T0, service_days=7), B)
SPECIAL = sent(replace(A, received_at=T0, is_special_offer=True), B)


@pytest.mark.parametrize(
    ("state", "reason_code", "numbers", "is_excluded"),
    [
        (RECEIVED, "dislike", {"is_quality_needed": True}, True),
        (RECEIVED, "quality", {"is_quality_needed": True}, False),
        (RECEIVED, "size", {"is_quality_needed": True}, True),
        (RECEIVED, "size", {"is_quality_needed": True, "is_size_exchange_allowed": True}, False),
        (RECEIVED, "dislike", {"is_quality_needed": True, "is_size_exchange_allowed": True}, True),
        (RECEIVED, "dislike", {}, False),
        (SERVED, "dislike", {"is_quality_needed": True}, False),
        (SERVED, "price_elsewhere", {}, False),
        (SPECIAL, "quality", {"are_special_offers_excluded": True}, True),
        (SPECIAL, "quality", {}, False),
        (RECEIVED, "quality", {"are_special_offers_excluded": True}, False),
    ],
)
def test_what_the_notice_excludes(
    state: Any, reason_code: str, numbers: dict[str, Any], is_excluded: bool
) -> None:
    """RF-096, RF-097, RF-105, RF-107, RF-110, E-A7: no notice beats a promised service."""
    found = checked(state, replace(EXCHANGE, reason_code=reason_code), with_exchange(**numbers))
    assert (found is Rejection.EXCLUDED) is is_excluded


UNHEARD = sent()


@pytest.mark.parametrize(
    ("state", "reason_code", "numbers", "window"),
    [
        (RECEIVED, "size", {}, 7 * DAY),
        (RECEIVED, "quality", {}, 7 * DAY),
        (RECEIVED, "quality", {"fault_report_hours": 48 * HOUR}, 48 * HOUR),
        (RECEIVED, "size", {"fault_report_hours": 48 * HOUR}, 7 * DAY),
        (SERVED, "quality", {"fault_report_hours": 48 * HOUR}, 7 * DAY),
        (sent(replace(A, received_at=T0, service_days=15), B), "size", {}, 15 * DAY),
        (UNHEARD, "size", {}, 14 * DAY),
        (sent(received_at=T0), "size", {}, 7 * DAY),
        (c.Succeeded(UNHEARD.book, T0, "buyer"), "size", {}, 7 * DAY),
    ],
)
def test_the_window_of_an_exchange(
    state: Any, reason_code: str, numbers: dict[str, Any], window: timedelta
) -> None:
    """RF-094, RF-095, RF-098: from delivery, else receipt, else seven usual days after the shipment."""
    applied, rules = replace(EXCHANGE, reason_code=reason_code), with_exchange(**numbers)
    assert not isinstance(checked(state, applied, rules, T0 + window), Rejection)
    assert checked(state, applied, rules, T0 + window + HOUR) is Rejection.OUT_OF_WINDOW


# What a remedy can give back.


@pytest.mark.parametrize(
    ("book", "pieces", "reason_code", "kind", "freight", "minors"),
    [
        (BOOK, (Share("a", 2, 0), Share("b", 1, 0)), "lost", NOT_RECEIVED, 500, (6_000, 4_000)),
        (BOOK, (Share("a", 2, 0), Share("b", 1, 0)), "dislike", WITH_RETURN, 0, (6_000, 4_000)),
        (BOOK, (Share("a", 2, 0), Share("b", 1, 0)), "quality", WITH_RETURN, 500, (6_000, 4_000)),
        (BOOK, (Share("a", 2, 0),), "lost", NOT_RECEIVED, 0, (6_000,)),
        (BOOK, (Share("a", 1, 0), Share("b", 1, 0)), "lost", NOT_RECEIVED, 0, (3_000, 4_000)),
        (
            replace(BOOK, open=(case("r9", Share("a", 1, 2_000)),)),
            (Share("a", 2, 0),), "lost", NOT_RECEIVED, 0, (4_000,),
        ),
        (
            replace(BOOK, open=(case("r9", Share("a", 1, 2_000), is_granted=True),)),
            (Share("a", 2, 0),), "lost", NOT_RECEIVED, 0, (6_000,),
        ),
    ],
)  # fmt: skip
def test_the_terms_of_a_remedy(
    book: OrderAccount,
    pieces: tuple[Share, ...],
    reason_code: str,
    kind: RefundKind,
    freight: int,
    minors: tuple[int, ...],
) -> None:
    """RF-060, RF-062, RF-064, RF-066: the freight goes with the last goods, and by the matrix."""
    terms = remedy_terms(book, pieces, reason_code, kind, POLICY)
    shares = tuple(replace(share, minor=minor) for share, minor in zip(pieces, minors, strict=True))
    total = Money(sum(minors) + freight, "CNY")
    assert terms == Terms(kind, reason_code, shares, freight, total, 1)
