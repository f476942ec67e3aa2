"""Checks whether a refund or an exchange may be opened, and for what."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from kernel.decider import Decided, NotYet
from kernel.money import Money
from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.cases.order import account, account_money
from services.refunds.cases.order.account import EarlyApplication, LineAccount, OrderAccount
from services.refunds.cases.order.facts import (
    ApplicationRejected,
    Fact,
)
from services.refunds.cases.order.messages import (
    ExchangeApplied,
)
from services.refunds.cases.order.state import (
    AwaitingPayment,
    Closed,
    Live,
    Paid,
    Shipped,
    Succeeded,
)
from services.refunds.liability import Liability, ReturnCause, cause_of, liability_of
from services.refunds.notices import Bar
from services.refunds.policy import ExchangePolicy, Policy
from services.refunds.rejections import Application, Rejection
from services.refunds.shares import RefundApplied, RefundKind, Share, Terms, Wanted

_RULES: Mapping[Rejection, tuple[str, ...]] = {
    Rejection.NOT_PAID: ("RF-001",),
    Rejection.ORDER_SUCCEEDED: ("RF-045",),
    Rejection.ORDER_CLOSED: ("OR-005",),
    Rejection.ALREADY_SHIPPED: ("RF-011",),
    Rejection.NOT_SHIPPED: ("RF-011",),
    Rejection.UNKNOWN_KIND: ("RF-011",),
    Rejection.FREIGHT_NOT_OWED: ("RF-062", "RF-066"),
    Rejection.EXCLUDED: ("RF-096", "RF-107", "RF-108", "RF-110", "RF-111", "RF-115"),
    Rejection.SECOND_EXCHANGE: ("RF-106",),
    Rejection.OTHER_STYLE: ("RF-105",),
    Rejection.OUT_OF_WINDOW: ("RF-094", "RF-095", "RF-098", "RF-099"),
    Rejection.NO_SERVICE: ("RF-094", "RF-095", "RF-117"),
    Rejection.SELLER_REFUSED: ("RF-118",),
}
_KINDS = frozenset(kind.value for kind in RefundKind)
_ADVICE: Mapping[Rejection, str] = {
    Rejection.ORDER_SUCCEEDED: "apply_offflow",
    Rejection.ALREADY_SHIPPED: "apply_not_received",
    Rejection.LINES_DIFFER: "apply_per_line",
    Rejection.FREIGHT_NOT_OWED: "leave_out_freight",
    Rejection.LINE_BUSY: "wait_for_open_case",
    Rejection.NOT_SHIPPED: "apply_refund",
    Rejection.OTHER_STYLE: "apply_refund",
    Rejection.NO_SERVICE: "apply_with_return",
    Rejection.NOT_PAID: "apply_after_payment",
    Rejection.ID_USED: "apply_under_new_id",
}


class Admission(Value):
    """A refund that may be opened. `is_partial`: less is asked than the pieces cost (RF-041).

    `bar`: why the shop's notice refuses it.
    """

    terms: Terms
    liability: Liability
    is_partial: bool
    bar: Bar | None = None

    def with_bar(self, bar: Bar | None) -> "Admission":
        return replace(self, bar=bar)


def rejected(
    application: Application,
    application_id: str,
    reason: Rejection,
    *,
    is_amendment: bool = False,
    early: EarlyApplication | None = None,
) -> list[Decided[Fact]]:
    """Refuses as a fact, with the rules behind the reason."""
    advice = _ADVICE.get(reason)
    fact = ApplicationRejected(application, application_id, reason, advice, is_amendment, early)
    return [Decided(fact, _RULES.get(reason, ()))]


@rules_of("RF-001", "RF-011", "RF-045")
def refund_check(
    state: Live, applied: RefundApplied, policy: Policy, *, is_amendment: bool
) -> Admission | Rejection:
    """Finds the terms of the refund, or why it cannot be opened: before the payment it cannot (RF-001).

    While nothing is shipped every application is one before shipment, whatever it calls itself; an
    amendment keeps its lines, so its own case does not count as busy.
    """
    if isinstance(state, Succeeded):
        return Rejection.ORDER_SUCCEEDED
    if isinstance(state, Closed):
        return Rejection.ORDER_CLOSED
    book = state.book
    if book.paid_at is None:
        return Rejection.NOT_PAID
    if applied.kind not in _KINDS:
        return Rejection.UNKNOWN_KIND
    pieces = account.open_pieces(book) if applied.shares is None else applied.shares
    reason = _pieces_wrong(book, pieces, applied.refund_id, policy, is_amendment=is_amendment)
    if reason is not None:
        return reason
    kind = kind_of(state, pieces, RefundKind(applied.kind))
    if isinstance(kind, Rejection):
        return kind
    return _terms(account_money.for_refund(book, applied.refund_id), applied, pieces, kind, policy)


def _pieces_wrong(
    book: OrderAccount, pieces: Sequence[Share], case_id: str, policy: Policy, *, is_amendment: bool
) -> Rejection | None:
    ids = [share.line_id for share in pieces]
    lines = [book.line(line_id) for line_id in ids]
    if None in lines or len(set(ids)) != len(ids):
        return Rejection.UNKNOWN_LINE
    if any(line is not None and line.is_done for line in lines):
        return Rejection.ORDER_SUCCEEDED
    if book.is_busy(ids, but=case_id if is_amendment else ""):
        return Rejection.LINE_BUSY
    if len(book.past) + len(book.open) >= policy.cases_per_order_max and not is_amendment:
        return Rejection.TOO_MANY
    return None


def kind_of(
    state: Paid | Shipped | AwaitingPayment, pieces: Sequence[Share], kind: RefundKind
) -> RefundKind | Rejection:
    """Finds the kind that the pieces allow: before shipment there is one, after it the four others.

    Of a line that is shipped in part the application says which pieces it means.
    """
    book = state.book
    lines = [(line, share.quantity_count) for share in pieces if (line := book.line(share.line_id))]
    are_here = [count <= line.unsent_count for line, count in lines] or [not isinstance(state, Shipped)]
    are_sent = isinstance(state, Shipped) and all(count <= line.sent_count for line, count in lines)
    if are_sent and kind is not RefundKind.UNSHIPPED:
        return kind
    if all(are_here):
        return RefundKind.UNSHIPPED
    if any(are_here):
        return Rejection.LINES_DIFFER
    return Rejection.ALREADY_SHIPPED if kind is RefundKind.UNSHIPPED else kind


def _terms(
    book: OrderAccount, applied: RefundApplied, pieces: Sequence[Share], kind: RefundKind, policy: Policy
) -> Admission | Rejection:
    if applied.amount.currency != book.currency:
        return Rejection.WRONG_CURRENCY
    if applied.amount.minor == 0 and not _is_gift(book, pieces):
        return Rejection.NOTHING_ASKED
    own = book.case(applied.refund_id)
    freight_left = book.freight_left_minor + (0 if own is None else own.freight_minor)
    freight = applied.freight_minor
    if freight is None:
        freight = 0 if applied.is_priced else _freight_asked(book, applied, pieces, freight_left)
    shares: tuple[Share, ...] | None = tuple(pieces)
    if not applied.is_priced:
        shares = account.priced(book, pieces, applied.amount.minor - freight)
    cents = account_money.split_cents(book, policy.order.split_tolerance_minor)
    if shares is None or not account.fits(book, shares, freight, freight_left, cents):
        return Rejection.OVER_REFUNDABLE
    liability = liability_for(book, shares, applied.reason_code, kind, policy)
    if book.lines and kind.wants_goods_back and freight and not liability.is_original_freight_refunded:
        return Rejection.FREIGHT_NOT_OWED
    terms = Terms(kind, applied.reason_code, shares, freight, applied.amount, applied.version)
    goods = applied.amount.minor - freight
    most = _goods_cap_minor(book, shares)
    return Admission(terms, liability, is_partial=goods + cents * len(shares) < most)


def _is_gift(book: OrderAccount, pieces: Sequence[Share]) -> bool:
    """Tells whether nothing was paid for any of the pieces."""
    lines = [book.line(share.line_id) for share in pieces]
    return bool(lines) and all(line is not None and not line.paid_minor for line in lines)


def _goods_cap_minor(book: OrderAccount, pieces: Sequence[Share]) -> int:
    """Computes the most that these pieces can give back, without freight."""
    return sum(
        account.pieces_cap_minor(line, share.quantity_count)
        for share in pieces
        if (line := book.line(share.line_id)) is not None
    )


def _freight_asked(
    book: OrderAccount, applied: RefundApplied, pieces: Sequence[Share], freight_left: int
) -> int:
    """Computes the part of an undivided amount that exceeds what the goods can give back."""
    goods = _goods_cap_minor(book, pieces)
    return min(max(applied.amount.minor - goods, 0), freight_left)


def liability_for(
    book: OrderAccount, shares: Sequence[Share], reason_code: str, kind: RefundKind | None, policy: Policy
) -> Liability:
    """Asks the freight matrix for these lines. One line with paid freight makes the whole parcel not free.

    Without pieces it is about what is left of the freight, which is the whole order's.
    """
    lines = [line for share in shares if (line := book.line(share.line_id)) is not None] or book.lines
    is_free = all(line.is_freight_free for line in lines)
    return liability_of(reason_code, kind, is_freight_free=is_free, policy=policy.freight)


@rules_of("RF-106", "RF-121")
def exchange_check(
    state: Live, applied: ExchangeApplied, policy: Policy, now: datetime
) -> Liability | Rejection:
    """Finds who bears the freight of the exchange, or why it cannot be opened.

    A fully refunded line cannot be exchanged.
    """
    book = state.book
    if isinstance(state, Closed):
        return Rejection.ORDER_CLOSED
    if isinstance(state, AwaitingPayment) or book.paid_at is None:
        raise NotYet
    if isinstance(state, Paid):
        return Rejection.NOT_SHIPPED
    ids = [share.line_id for share in applied.shares]
    lines = [line for line_id in ids if (line := book.line(line_id)) is not None]
    if len(lines) != len(ids) or len(set(ids)) != len(ids):
        return Rejection.UNKNOWN_LINE
    if book.is_busy(ids):
        return Rejection.LINE_BUSY
    if any(s.quantity_count > line.left_count for s, line in zip(applied.shares, lines, strict=True)):
        return Rejection.OVER_REFUNDABLE
    if any(line.paid_minor and not line.left_minor for line in lines):
        return Rejection.OVER_REFUNDABLE
    barred = _barred_exchange(book, applied, policy)
    if barred is not None:
        return barred
    if any(_is_excluded(line, applied.reason_code, policy) for line in lines):
        return Rejection.EXCLUDED
    if any(_is_late(state, line, applied.reason_code, policy, now) for line in lines):
        return Rejection.OUT_OF_WINDOW
    return liability_for(book, applied.shares, applied.reason_code, None, policy)


@rules_of("RF-105", "RF-106")
def _barred_exchange(book: OrderAccount, applied: ExchangeApplied, policy: Policy) -> Rejection | None:
    """Finds what bars any exchange: another style, or one exchange too many."""
    if any(_is_other_style(book, wanted) for wanted in applied.wanted):
        return Rejection.OTHER_STYLE
    count = book.exchange_count + sum(case.kind is None for case in book.open)
    is_second = count >= policy.exchange.exchanges_per_order_max
    return Rejection.SECOND_EXCHANGE if is_second else None


@rules_of("RF-105")
def _is_other_style(book: OrderAccount, wanted: Wanted) -> bool:
    """Tells whether another style is wanted, where both are told. A line tells the style of its SKU."""
    line = book.line(wanted.line_id)
    sold = {each.sku_id: each.style_id for each in book.lines}
    style_id = wanted.style_id or sold.get(wanted.sku_id)
    return line is not None and None not in (line.style_id, style_id) and line.style_id != style_id


@rules_of("RF-096", "RF-097", "RF-105", "RF-107", "RF-108", "RF-110", "RF-111", "RF-115")
def _is_excluded(line: LineAccount, reason_code: str, policy: Policy) -> bool:
    """Tells whether the shop's notice excludes the line. No notice beats a promised service (E-A7)."""
    if line.service_days:
        return False
    rules = policy.exchange
    if rules.are_special_offers_excluded and line.is_special_offer:
        return True
    if reason_code in rules.excluded_reasons:
        return True
    is_fault = cause_of(reason_code, None, policy.freight) is ReturnCause.QUALITY
    is_size = rules.is_size_exchange_allowed and reason_code in policy.freight.size_reasons
    return rules.is_quality_needed and not is_fault and not is_size


@rules_of("RF-094", "RF-095", "RF-098", "RF-099", "RF-117")
def _is_late(
    state: Shipped | Succeeded, line: LineAccount, reason: str, policy: Policy, now: datetime
) -> bool:
    """Tells whether the window is over. It runs from delivery, else receipt, else the usual days.

    A fault is to be reported in hours of its own; a report before the application counts.
    """
    rules = policy.exchange
    window = max(rules.window_days, timedelta(days=line.service_days))
    received_at = _received_at(state, line, rules)
    is_fault = cause_of(reason, None, policy.freight) is ReturnCause.QUALITY
    hours = rules.fault_report_window
    if is_fault and hours is not None and not line.service_days and told_at(line, now) > received_at + hours:
        return True
    return now > received_at + window


@rules_of("RF-098", "RF-099")
def told_at(line: LineAccount, applied_at: datetime) -> datetime:
    """Finds when a fault was named: by a report, or else by the application."""
    return applied_at if line.reported_at is None else min(line.reported_at, applied_at)


def _received_at(state: Shipped | Succeeded, line: LineAccount, rules: ExchangePolicy) -> datetime:
    received_at = line.received_at or state.book.received_at
    if received_at is not None:
        return received_at
    if isinstance(state, Succeeded):
        return state.ended_at
    return state.shipped_at + rules.usual_delivery_days


def late_base(terms: Terms, policy: Policy) -> int | None:
    """Finds the money for goods that a late-shipping claim asks for; None for any other reason."""
    return terms.amount.minor - terms.freight_minor if terms.reason_code in policy.late.reasons else None


@rules_of("RF-060", "RF-062", "RF-064", "RF-066")
def remedy_terms(
    book: OrderAccount, pieces: Sequence[Share], reason_code: str, kind: RefundKind, policy: Policy
) -> Terms:
    """Builds terms for all that these pieces can give back, with the freight if nothing else is left.

    Where the goods must come back first, the freight is in it only if the freight matrix says so.
    """
    shares = tuple(
        Share(p.line_id, p.quantity_count, account.unclaimed_cap_minor(book, p.line_id, p.quantity_count))
        for p in pieces
    )
    asked = {(share.line_id, share.quantity_count) for share in shares}
    is_rest = asked == {(share.line_id, share.quantity_count) for share in account.open_pieces(book)}
    is_owed = is_rest and (
        not kind.wants_goods_back
        or liability_for(book, shares, reason_code, kind, policy).is_original_freight_refunded
    )
    freight = book.freight_left_minor if is_owed else 0
    minor = sum(share.minor for share in shares) + freight
    return Terms(kind, reason_code, shares, freight, Money(minor, book.currency), 1)
