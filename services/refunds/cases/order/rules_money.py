"""Decides about applications and money of an order: admit, grant, release, give back."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.money import Money
from kernel.rules import rule
from services.refunds.cases.order import account
from services.refunds.cases.order.account import EarlyApplication, OrderAccount
from services.refunds.cases.order.admission import (
    exchange_check,
    late_base,
    liability_for,
    refund_check,
    rejected,
    remedy_terms,
)
from services.refunds.cases.order.facts import (
    AmendmentAdmitted,
    Application,
    CaseReleased,
    ExchangeAdmitted,
    Fact,
    PaymentGranted,
    PaymentRefused,
    RefundAdmitted,
    Rejection,
    reconciliation,
)
from services.refunds.cases.order.messages import (
    AmendmentProposed,
    CaseEnded,
    ExchangeApplied,
    PaymentAsked,
    RefundOffered,
)
from services.refunds.cases.order.rules_notice import by_notice
from services.refunds.cases.order.state import (
    MICROSECOND,
    Live,
    Paid,
    Shipped,
    State,
    evolve,
    live,
)
from services.refunds.liability import liability_of
from services.refunds.policy import Policy
from services.refunds.shares import Purpose, RefundApplied, RefundKind, Tender, Terms, Wanted


def refund_applied(
    state: State, applied: RefundApplied, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Opens a refund for a buyer's application, or refuses it with a reason.

    A repeat of an open case decides nothing; the id of a case that is over opens no other.
    """
    current = live(state)
    if current.book.case(applied.refund_id) is not None:
        return []
    if current.book.knows(applied.refund_id):
        return rejected(Application.REFUND, applied.refund_id, Rejection.ID_USED)
    checked = by_notice(current, refund_check(current, applied, policy, is_amendment=False), policy, now)
    if checked is Rejection.NOT_PAID:
        return _before_payment(applied, now)
    if isinstance(checked, Rejection):
        return rejected(Application.REFUND, applied.refund_id, checked)
    terms = checked.terms
    return _admitted(
        RefundAdmitted(
            refund_id=applied.refund_id,
            terms=terms,
            liability=checked.liability,
            is_agreed_beforehand=applied.is_agreed_beforehand,
            is_partial=checked.is_partial,
            is_answered=False,
            remedy_id=None,
            are_goods_back=False,
            confirm_left_microseconds=confirm_left(current, now),
            late_base_minor=late_base(terms, policy),
            bar=checked.bar,
            applied_at=now,
        )
    )


def _before_payment(applied: RefundApplied, now: datetime) -> Sequence[Decided[Fact]]:
    """Turns an application away, and keeps it in case the news of an older payment is late."""
    early = EarlyApplication(applied, now)
    return rejected(Application.REFUND, applied.refund_id, Rejection.NOT_PAID, early=early)


def applied_since(
    state: State, recorded: Sequence[Decided[Fact]], policy: Policy, paid_at: datetime
) -> Sequence[Decided[Fact]]:
    """Looks again at what was applied for after the payment, whose news came late."""
    decided: list[Decided[Fact]] = []
    for early in live(state).book.early:
        if early.at >= paid_at:
            now = reduce(evolve, (entry.fact for entry in (*recorded, *decided)), state)
            decided += refund_applied(now, early.applied, policy, early.at)
    return decided


@rule("RF-001", "RF-011", "OR-029")
def _admitted(fact: RefundAdmitted) -> Sequence[Fact]:
    """Makes the lines busy and stops the auto-confirm clock."""
    return [fact]


def amendment_proposed(state: State, proposed: AmendmentProposed, policy: Policy) -> Sequence[Decided[Fact]]:
    """Checks a changed application against the account like a new one."""
    current = live(state)
    applied = proposed.applied
    own = current.book.case(applied.refund_id)
    if own is None:
        return []
    checked = refund_check(current, applied, policy, is_amendment=True)
    checked = by_notice(current, checked, policy, own.applied_at)
    if not isinstance(checked, Rejection) and checked.terms.kind is RefundKind.UNSHIPPED:
        checked = Rejection.NOT_SHIPPED
    if isinstance(checked, Rejection):
        return rejected(Application.REFUND, applied.refund_id, checked, is_amendment=True)
    terms = checked.terms
    base_minor = late_base(terms, policy)
    return _amended(
        AmendmentAdmitted(
            applied.refund_id,
            terms,
            checked.liability,
            base_minor,
            own.is_late_claim,
            checked.bar,
            applied.is_agreed_beforehand,
        )
    )


@rule("RF-017", "LG-060")
def _amended(fact: AmendmentAdmitted) -> Sequence[Fact]:
    return [fact]


def exchange_applied(
    state: State, applied: ExchangeApplied, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Opens an exchange that the shop's rules allow, or refuses it with a reason."""
    current = live(state)
    if current.book.case(applied.exchange_id) is not None:
        return []
    if current.book.knows(applied.exchange_id):
        return rejected(Application.EXCHANGE, applied.exchange_id, Rejection.ID_USED)
    checked = exchange_check(current, applied, policy, now)
    if isinstance(checked, Rejection):
        return rejected(Application.EXCHANGE, applied.exchange_id, checked)
    lines = [current.book.line(share.line_id) for share in applied.shares]
    given = tuple(Wanted(line.line_id, line.sku_id) for line in lines if line is not None)
    return _exchange_admitted(
        ExchangeAdmitted(
            applied.exchange_id,
            applied.shares,
            given,
            applied.wanted,
            applied.reason_code,
            checked,
            confirm_left(current, now),
        )
    )


@rule("RF-094", "RF-097", "RF-106")
def _exchange_admitted(fact: ExchangeAdmitted) -> Sequence[Fact]:
    """Makes the lines busy. A refund filed for them meanwhile is refused."""
    return [fact]


def refund_offered(
    state: State, offered: RefundOffered, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Opens a refund for an exchange that cannot be had. The buyer chose; we agree at once (RF-121)."""
    current = live(state)
    refund_id = derived_id(offered.exchange_id, "refund")
    if current.book.knows(refund_id):
        return []
    if not isinstance(current, Shipped):
        return task("exchange-after-success", "refund_for_exchange_after_success", policy, now)
    kind = RefundKind.WITH_RETURN if offered.is_return_needed else RefundKind.NO_RETURN
    terms = remedy_terms(current.book, offered.shares, offered.reason_code, kind, policy)
    are_goods_back = not offered.is_return_needed
    return _converted(
        ours(current, refund_id, terms, policy, now, remedy_id=None, are_goods_back=are_goods_back)
    )


@rule("RF-121")
def _converted(fact: RefundAdmitted) -> Sequence[Fact]:
    return [fact]


def ours(
    current: Paid | Shipped,
    refund_id: str,
    terms: Terms,
    policy: Policy,
    now: datetime,
    *,
    remedy_id: str | None,
    are_goods_back: bool,
) -> RefundAdmitted:
    """Builds a refund that we open ourselves and have answered already."""
    book = current.book
    if terms.shares:
        liability = liability_for(book, terms.shares, terms.reason_code, terms.kind, policy)
    else:
        liability = liability_of(terms.reason_code, terms.kind, is_freight_free=False, policy=policy.freight)
    return RefundAdmitted(
        refund_id=refund_id,
        terms=terms,
        liability=liability,
        is_agreed_beforehand=True,
        is_partial=False,
        is_answered=True,
        remedy_id=remedy_id,
        are_goods_back=are_goods_back,
        confirm_left_microseconds=confirm_left(current, now),
        late_base_minor=late_base(terms, policy),
    )


def payment_asked(
    state: State, asked: PaymentAsked, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Grants money once per intent and never beyond what came in."""
    current = live(state)
    book = current.book
    if asked.intent_id in book.intents:
        return []
    due_at = now + policy.attention_days
    if asked.amount.currency != book.currency:
        return _refused(PaymentRefused(asked.case_id, asked.intent_id, asked.purpose, asked.amount, due_at))
    if asked.purpose is not Purpose.REFUND:
        return _own_account(book, asked, policy, due_at)
    own = book.case(asked.case_id)
    freight_left = book.freight_left_minor + (0 if own is None else own.freight_minor)
    if book.paid_at is None or not account.fits(book, asked.shares, asked.freight_minor, freight_left):
        return _refused(PaymentRefused(asked.case_id, asked.intent_id, asked.purpose, asked.amount, due_at))
    tenders = account.split(book, asked.amount.minor, policy.order.tender_strategy)
    goods_minor = sum(share.minor for share in asked.shares) if book.lines else asked.amount.minor
    is_full = goods_minor == book.goods_left_minor
    was_sent = own is not None and own.kind is not RefundKind.UNSHIPPED
    return _granted(asked, asked.amount, tenders, is_full=is_full, was_sent=was_sent)


@rule("RF-033", "RF-048")
def _granted(
    asked: PaymentAsked, amount: Money, tenders: tuple[Tender, ...], *, is_full: bool, was_sent: bool
) -> Sequence[Fact]:
    """Fixes whether the refund is a full one. A full refund ends the trade, a part does not."""
    return [
        PaymentGranted(
            case_id=asked.case_id,
            intent_id=asked.intent_id,
            purpose=asked.purpose,
            amount=amount,
            shares=asked.shares,
            freight_minor=asked.freight_minor,
            tenders=tenders,
            are_goods_gone=asked.are_goods_gone,
            is_full=is_full,
            remedy_id=asked.remedy_id,
            was_sent=was_sent,
            is_proven=asked.is_proven,
        )
    ]


@rule("RF-029")
def _refused(fact: PaymentRefused) -> Sequence[Fact]:
    """Grants no money that the account does not hold. A person looks."""
    return [fact]


def _own_account(
    book: OrderAccount, asked: PaymentAsked, policy: Policy, due_at: datetime
) -> list[Decided[Fact]]:
    """Grants return freight or compensation up to its cap. The rest goes to a person; no tender is touched.

    Freight has its cap for each case (RF-068), compensation for the order; both are in the pack's currency.
    """
    if book.currency != policy.currency:
        left = 0
    elif asked.purpose is Purpose.FREIGHT:
        left = policy.freight.reimbursement_cap_minor
    else:
        left = policy.late.cap_minor - book.compensated_minor
    granted = Money(min(asked.amount.minor, max(left, 0)), book.currency)
    decided: list[Decided[Fact]] = []
    if granted.minor:
        decided += _granted(asked, granted, (), is_full=False, was_sent=False)
    if granted.minor < asked.amount.minor:
        rest = asked.amount - granted
        decided += _refused(PaymentRefused(asked.case_id, asked.intent_id, asked.purpose, rest, due_at))
    return decided


@rule("OR-031")
def case_ended(state: State, ended: CaseEnded, now: datetime) -> Sequence[Fact]:
    """Frees the lines of a case without payment. The trade goes on, and the clock with its rest."""
    return released(live(state), ended.case_id, now, is_paid=False, is_used=ended.is_used)


def released(
    current: Live, case_id: str, now: datetime, *, is_paid: bool, is_used: bool
) -> Sequence[CaseReleased]:
    case = current.book.case(case_id)
    if case is None:
        return []
    confirm_by = confirm_again(current, is_receipt_open=current.book.is_receipt_open(but=case_id), now=now)
    return [CaseReleased(case_id, is_paid, is_used, case.is_late_claim, confirm_by)]


def confirm_left(current: Live, now: datetime) -> int | None:
    """Computes the rest of a running auto-confirm clock, in microseconds."""
    if not isinstance(current, Shipped) or current.confirm.due_at is None:
        return None
    return max((current.confirm.due_at - now) // MICROSECOND, 0)


def confirm_again(current: Live, *, is_receipt_open: bool, now: datetime) -> datetime | None:
    """Finds the clock's end once nothing is open any more: the rest runs, nothing starts anew (E-A16)."""
    if not isinstance(current, Shipped) or is_receipt_open or current.book.is_goods_refunded:
        return None
    book = current.book
    if current.confirm.left_microseconds is not None:
        return now + current.confirm.left_microseconds * MICROSECOND
    standby_by = current.confirm.standby_by
    is_complete = all(line.unsent_count == 0 for line in book.lines)
    if current.confirm.due_at is None and standby_by is not None and is_complete:
        return max(standby_by, now)
    return None


@rule("RF-007")
def task(name: str, question_code: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Leaves to a person what is owed and no rule can carry out."""
    return [reconciliation(name, question_code, now + policy.attention_days)]
