"""Judges returns by the services of their lines and by the shop's notice (A13).

A return without a reason needs a promise: the platform's service for the line, or the shop's own. Where there
is none, or its days are over, the application is rejected. What a notice bars otherwise is opened and refused
by policy, so that the buyer may change it or call the platform. No notice beats a service that runs (E-A7).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.rules import rule, rules_of
from services.refunds.cases.order.account import LineAccount, OrderAccount
from services.refunds.cases.order.admission import Admission, told_at
from services.refunds.cases.order.facts import Fact
from services.refunds.cases.order.messages import ProblemReported
from services.refunds.cases.order.state import Live, Shipped, State, Succeeded, live
from services.refunds.liability import ReturnCause, cause_of
from services.refunds.notices import Bar, FaultReported
from services.refunds.policy import ExchangePolicy, Policy
from services.refunds.rejections import Rejection
from services.refunds.shares import RefundKind, Terms


@rules_of("RF-094", "RF-095", "RF-097", "RF-117")
def no_promise(state: Live, terms: Terms, policy: Policy, at: datetime | None) -> Rejection | None:
    """Finds why a return without a reason cannot be had: no promise for a line, or the promise is over.

    `at`: when the return was first applied for; None: nobody knows, and no window is judged.
    """
    if terms.kind is not RefundKind.NO_REASON:
        return None
    lines = _lines(state.book, terms)
    rules = policy.exchange
    if any(_promised(line, rules) <= timedelta(0) for line in lines):
        return Rejection.NO_SERVICE
    if any(_is_over(state, line, _promised(line, rules), rules, at) for line in lines):
        return Rejection.OUT_OF_WINDOW
    return None


@rules_of("RF-096", "RF-097", "RF-098", "RF-099", "RF-107", "RF-108", "RF-110", "RF-111", "RF-115")
def barred(state: Live, terms: Terms, policy: Policy, at: datetime | None) -> Bar | None:
    """Finds what the shop's notice has against a return; nothing against lines whose service runs.

    A return without a reason is the shop's own promise here, which only special offers are no part of.
    """
    if not terms.kind.wants_goods_back:
        return None
    rules = policy.exchange
    lines = [line for line in _lines(state.book, terms) if not _has_service(state, line, rules, at)]
    if not lines:
        return None
    if rules.are_special_offers_excluded and any(line.is_special_offer for line in lines):
        return Bar.SPECIAL_OFFER
    if terms.kind is RefundKind.NO_REASON:
        return None
    if terms.reason_code in rules.excluded_reasons:
        return Bar.EXCLUDED_REASON
    is_fault = cause_of(terms.reason_code, terms.kind, policy.freight) is ReturnCause.QUALITY
    if rules.is_quality_needed and not is_fault:
        return Bar.NO_QUALITY_FAULT
    window = rules.fault_report_window
    if is_fault and window is not None and any(_is_late(state.book, line, window, at) for line in lines):
        return Bar.REPORTED_LATE
    return None


@rule("RF-098", "RF-099")
def problem_reported(
    state: State, reported: ProblemReported, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Keeps when a fault was reported: the hours of a notice end with the report."""
    if cause_of(reported.problem_code, None, policy.freight) is not ReturnCause.QUALITY:
        return []
    line_ids = tuple(
        line.line_id
        for line in live(state).book.lines
        if (not reported.line_ids or line.line_id in reported.line_ids)
        and (line.reported_at is None or now < line.reported_at)
    )
    return [FaultReported(line_ids, now)] if line_ids else []


def _lines(book: OrderAccount, terms: Terms) -> Sequence[LineAccount]:
    return [line for share in terms.shares if (line := book.line(share.line_id)) is not None]


def _promised(line: LineAccount, rules: ExchangePolicy) -> timedelta:
    return max(timedelta(days=line.service_days), rules.no_reason_days)


def _has_service(state: Live, line: LineAccount, rules: ExchangePolicy, at: datetime | None) -> bool:
    if not line.service_days:
        return False
    return not _is_over(state, line, timedelta(days=line.service_days), rules, at)


def _is_over(
    state: Live, line: LineAccount, window: timedelta, rules: ExchangePolicy, at: datetime | None
) -> bool:
    """Tells whether the days since the receipt are over; the usual days count where no receipt is known."""
    received_at = line.received_at or state.book.received_at
    if received_at is None:
        if not isinstance(state, Shipped):
            return False
        received_at = state.shipped_at + rules.usual_delivery_days
    return at is not None and at > received_at + window


def _is_late(book: OrderAccount, line: LineAccount, window: timedelta, at: datetime | None) -> bool:
    """Tells whether a fault was named too late. Without a known receipt nothing is late."""
    received_at = line.received_at or book.received_at
    return at is not None and received_at is not None and told_at(line, at) > received_at + window


def by_notice(
    state: Live, admission: Admission | Rejection, policy: Policy, at: datetime | None
) -> Admission | Rejection:
    """Judges a refund that the account admits."""
    if isinstance(admission, Rejection) or isinstance(state, Succeeded):
        return admission
    reason = no_promise(state, admission.terms, policy, at)
    if reason is not None:
        return reason
    return admission.with_bar(barred(state, admission.terms, policy, at))
