"""Decides about applications and money of an order: admit, grant, release, give back."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided
from kernel.money import Money
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.order import account, account_goods, account_money
from services.refunds.cases.order import rules_goods as goods
from services.refunds.cases.order.account import EarlyApplication, OrderAccount
from services.refunds.cases.order.admission import (
    exchange_check,
    late_base,
    liability_for,
    refund_check,
    rejected,
)
from services.refunds.cases.order.facts import (
    AmendmentAdmitted,
    CaseReleased,
    ExchangeAdmitted,
    Fact,
    PaymentGranted,
    PaymentRefused,
    QuestionAsked,
    RefundAdmitted,
    reconciliation,
)
from services.refunds.cases.order.messages import (
    AmendmentProposed,
    CaseEnded,
    ExchangeApplied,
    PaymentAsked,
)
from services.refunds.cases.order.rules_confirm import confirm_again, confirm_left
from services.refunds.cases.order.rules_notice import by_notice
from services.refunds.cases.order.rules_waiting import are_pieces_left, cut, short_of, waits
from services.refunds.cases.order.state import Live, State, evolve, live
from services.refunds.goods import BACK_REASONS, Back, inside, more_of, together, without
from services.refunds.liability import liability_of
from services.refunds.money_beside import Booked
from services.refunds.policy import Policy
from services.refunds.rejections import Application, Rejection
from services.refunds.shares import Purpose, RefundApplied, RefundKind, Share, Tender, Terms, Wanted


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
    back = _back(current.book, terms)
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
            back=back,
            is_back_unfit=account_goods.is_unfit(current.book, back),
        ),
        goods.taken(current.book, back, policy, now),
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
def _admitted(fact: RefundAdmitted, questions: Sequence[Fact]) -> Sequence[Fact]:
    """Makes the lines busy, stops the auto-confirm clock, and takes over goods that are back."""
    return [fact, *questions]


def _back(book: OrderAccount, terms: Terms, *, is_remedy: bool = False) -> tuple[Share, ...]:
    """Lists the pieces of a refund that are back at the shop already.

    One before shipment, or for pieces that are lost, is about others as long as there are such.
    """
    pieces = terms.shares
    if terms.kind is RefundKind.UNSHIPPED or (is_remedy and terms.kind is RefundKind.NOT_RECEIVED):
        others = [Share(line.line_id, account_goods.not_back(book, line), 0) for line in book.lines]
        pieces = without(pieces, others)
    return account_goods.back_free(book, pieces)


def amendment_proposed(
    state: State, proposed: AmendmentProposed, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
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
    here = (*own.back, *account_goods.here_of(current.book, applied.refund_id))
    more = account_goods.back_free(current.book, without(terms.shares, here))
    freed = account_goods.loose(current.book, replace(own, shares=terms.shares))
    return _amended(
        AmendmentAdmitted(
            applied.refund_id,
            terms,
            checked.liability,
            base_minor,
            own.is_late_claim,
            checked.bar,
            applied.is_agreed_beforehand,
            more,
            freed,
            account_goods.is_unfit(current.book, more),
        ),
        _asked_anew(current.book, more, freed, policy, now),
    )


def _asked_anew(
    book: OrderAccount, taken: tuple[Share, ...], freed: tuple[Share, ...], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Voids the questions about pieces that a case has now, and asks about those that it has no longer."""
    facts = goods.taken(book, taken, policy, now)
    count = book.question_count + sum(isinstance(fact, QuestionAsked) for fact in facts)
    book = replace(book, question_count=count)
    return [*facts, *goods.asked(book, "goods_back_without_refund", freed, policy, now)]


@rule("RF-017", "LG-060")
def _amended(fact: AmendmentAdmitted, questions: Sequence[Fact]) -> Sequence[Fact]:
    return [fact, *questions]


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
    back = account_goods.back_free(current.book, applied.shares)
    return _exchange_admitted(
        ExchangeAdmitted(
            applied.exchange_id,
            applied.shares,
            given,
            applied.wanted,
            applied.reason_code,
            checked,
            confirm_left(current, now),
            back,
        ),
        goods.taken(current.book, back, policy, now),
    )


@rule("RF-094", "RF-097", "RF-106")
def _exchange_admitted(fact: ExchangeAdmitted, questions: Sequence[Fact]) -> Sequence[Fact]:
    """Makes the lines busy, with goods that are back. A refund filed for them meanwhile is refused."""
    return [fact, *questions]


def ours(
    current: Live,
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
    is_here = are_goods_back or terms.reason_code in BACK_REASONS
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
        back=account_goods.back_free(book, terms.shares) if is_here else _back(book, terms, is_remedy=True),
    )


def grant(state: State, asked: PaymentAsked, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Grants money once per intent and never beyond what came in."""
    current = live(state)
    book = current.book
    if asked.intent_id in book.intents or account_money.is_waiting(book, asked.intent_id):
        return []
    if book.beside.is_held:
        return waits(book, asked)
    due_at = now + policy.attention_days
    if asked.amount.currency != book.currency:
        return _refused(PaymentRefused(asked.case_id, asked.intent_id, asked.purpose, asked.amount, due_at))
    if asked.purpose is not Purpose.REFUND:
        return _own_account(book, asked, policy, due_at)
    own = book.case(asked.case_id)
    left = goods.left_out(own, asked.shares)
    freight_left = book.freight_left_minor + (0 if own is None else own.freight_minor)
    cents, wish = account_money.split_cents(book, policy.order.split_tolerance_minor), asked
    if book.paid_at is None or not account.fits(book, asked.shares, asked.freight_minor, freight_left, cents):
        if book.paid_at is None or not book.beside.was_paid_outside:
            refused = PaymentRefused(asked.case_id, asked.intent_id, asked.purpose, asked.amount, due_at)
            return _refused(refused)
        if book.beside.is_disputed:
            return waits(book, asked)
        asked = cut(book, asked)
    tenders = account.split(book, asked.amount.minor, policy.order.tender_strategy)
    goods_minor = sum(share.minor for share in asked.shares) if book.lines else asked.amount.minor
    is_full = goods_minor == book.goods_left_minor and not are_pieces_left(book, asked)
    kind = None if own is None else own.kind
    if kind is RefundKind.NO_RETURN and not account_money.is_whole(book, asked.shares):
        asked = replace(asked, are_goods_gone=False)
    was_sent = own is not None and kind is not RefundKind.UNSHIPPED
    granted = _granted(asked, tenders, short_of(book, wish, asked), left, is_full=is_full, was_sent=was_sent)
    return [*granted, *goods.asked_beside(book, asked.case_id, left, policy, now)]


@rule("RF-033", "RF-048")
def _granted(
    asked: PaymentAsked,
    tenders: tuple[Tender, ...],
    short: Booked,
    left_out: tuple[Share, ...] = (),
    *,
    is_full: bool,
    was_sent: bool,
) -> Sequence[Fact]:
    """Fixes whether the refund is a full one. A full refund ends the trade, a part does not."""
    return [
        PaymentGranted(
            case_id=asked.case_id,
            intent_id=asked.intent_id,
            purpose=asked.purpose,
            amount=asked.amount,
            shares=asked.shares,
            freight_minor=asked.freight_minor,
            tenders=tenders,
            are_goods_gone=asked.are_goods_gone,
            is_full=is_full,
            remedy_id=asked.remedy_id,
            was_sent=was_sent,
            is_proven=asked.is_proven,
            left_out=left_out,
            short=short,
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
        decided += _granted(replace(asked, amount=granted), (), Booked(), is_full=False, was_sent=False)
    if granted.minor < asked.amount.minor:
        rest = asked.amount - granted
        decided += _refused(PaymentRefused(asked.case_id, asked.intent_id, asked.purpose, rest, due_at))
    return decided


@rule("OR-031")
def case_ended(state: State, ended: CaseEnded, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Frees the lines of a case without payment. The trade goes on, and the clock with its rest.

    About goods that are at the shop, for which the buyer gets nothing now, a person is asked (RF-018 leaves
    that open).
    """
    return released(live(state), ended, policy, now, is_paid=False)


def released(
    current: Live,
    ended: CaseEnded,
    policy: Policy,
    now: datetime,
    *,
    is_paid: bool,
    given_up: Sequence[Share] = (),
) -> Sequence[Fact]:
    """Frees lines, and pieces that are back. A person is asked, but for pieces whose payment was given up."""
    book = current.book
    case = book.case(ended.case_id)
    if case is None:
        return []
    sent = account_goods.returning(book, ended.case_id)
    here = more_of(sent.here, ended.here) if sent is not None else ended.here
    own = without(here, sent.freed) if sent is not None else here
    pieces = (*case.back, *own)
    freed = inside(pieces, case.shares)
    if ended.are_settled:  # more may be here than was sent back
        freed = without(freed, ended.sent_back) if ended.sent_back else ()
    elif not is_paid:  # what the case was not about is nobody's either
        freed = together(freed, account_goods.owed(book, without(pieces, case.shares)))
    if is_paid:
        freed = inside(without(freed, case.gone), account.open_pieces(book))
    is_receipt_open = bool(freed or ended.sent_back) or account_goods.is_receipt_open(book, but=ended.case_id)
    confirm_by = confirm_again(current, is_receipt_open=is_receipt_open, now=now)
    fact = CaseReleased(
        ended.case_id,
        is_paid,
        ended.is_used,
        case.is_late_claim,
        confirm_by,
        freed=freed,
        here=here,
        is_replaced=ended.are_settled and ended.is_used,
        send=Back(ended.send_id, ended.sent_back) if ended.sent_back else None,
    )
    if ended.is_followed:
        return [fact]
    question_code = ended.question_code or "goods_back_without_refund"
    return [fact, *goods.asked(book, question_code, without(freed, given_up), policy, now)]


@rule("RF-007")
def task(name: str, question_code: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Leaves to a person what is owed and no rule can carry out."""
    return [reconciliation(name, question_code, now + policy.attention_days)]
