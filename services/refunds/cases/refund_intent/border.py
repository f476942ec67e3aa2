"""Declares the refund intent: the answers that it reads, its requests, and the news of its payment."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import components, enums
from aftersales_contracts.aftersales import common, refunds, refunds_enums
from aftersales_contracts.base import Event
from aftersales_contracts.base import Money as ContractMoney
from aftersales_contracts.enums import MoneyMoved
from aftersales_contracts.shop import desk, payments
from chassis.engine.outcomes import (
    about_order,
    money,
    money_in,
    order_task,
    order_task_withdrawn,
    priced_pieces,
)
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView, expect
from kernel.ids import derived_id
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from kernel.value import replace
from services.refunds.cases.late_compensation import messages as late
from services.refunds.cases.order import messages as order
from services.refunds.cases.refund_intent import messages as m
from services.refunds.cases.refund_intent import state as s
from services.refunds.cases.refund_intent.facts import (
    CutAwaited,
    DoubtCleared,
    Fact,
    PaidNothing,
    PaidShort,
    PayeeAsked,
    PaymentAbandoned,
    PaymentCut,
    PaymentDisputed,
    PaymentRequested,
    PaymentStuck,
    PersonAsked,
    RefundPaid,
    StrayPaid,
    StrayReversed,
    SumDisputed,
    SurplusReturned,
)
from services.refunds.cases.refund_intent.messages import ATTEMPT_MARK, attempt_id_of
from services.refunds.cases.refund_intent.rules import decide
from services.refunds.cases.refund_intent.state import (
    Absent,
    Ended,
    Settled,
    State,
    Stray,
    begun,
    deadlines,
    evolve,
)
from services.refunds.conversions import number_of
from services.refunds.payments import PaymentOrder, cut, without
from services.refunds.policy import Policy
from services.refunds.shares import Purpose, Tender

# Reads.


def _attempt(intent_id: str, attempt_id: str) -> int:
    """Finds the number of the attempt; 0 for one that is not ours."""
    number = number_of(attempt_id, f".{ATTEMPT_MARK}.")
    return number if attempt_id == attempt_id_of(intent_id, number) else 0


def _accepted(data: payments.RefundPaymentAcceptedV1) -> Sequence[Addressed]:
    attempt = _attempt(data.intent_id, data.attempt_id)
    return [m.to(data.order_id, data.intent_id, m.PaymentAccepted(attempt))]


def _settled(data: payments.RefundSettledV1) -> Sequence[Addressed]:
    attempt = _attempt(data.intent_id, data.attempt_id)
    tenders = tuple(Tender(tender.payment_id, tender.amount.minor) for tender in data.tenders)
    amount, foreign_id = money_in(data.amount), "" if attempt else data.attempt_id
    message = m.MoneySettled(attempt, amount, data.has_moved_now, tenders, foreign_id)
    return [m.to(data.order_id, data.intent_id, message)]


def _failed(data: payments.RefundFailedV1) -> Sequence[Addressed]:
    attempt = _attempt(data.intent_id, data.attempt_id)
    moved = m.Moved.NO if data.money_moved is MoneyMoved.NO else m.Moved.UNKNOWN
    message = m.PaymentFailed(attempt, data.reason_code, data.is_retryable, moved)
    return [m.to(data.order_id, data.intent_id, message)]


def _reversed(data: payments.RefundReversedV1) -> Sequence[Addressed]:
    tenders = tuple(Tender(tender.payment_id, tender.amount.minor) for tender in data.tenders)
    is_others = not m.is_our_id(data.intent_id)
    message = m.MoneyReversed(money_in(data.amount), data.reason_code, tenders, is_others)
    return [m.to(data.order_id, data.intent_id, message)]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    number = number_of(data.task_id, f".{m.QUESTION_MARK}.")
    is_ours = data.task_id == m.question_id_of(data.case_id, number)
    amount = None if data.amount is None else money_in(data.amount)
    message = m.PersonDecided(data.outcome_code, number if is_ours else 0, amount)
    return [m.to(data.about_subject, data.case_id, message)]


def _answered(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads a person's answer. Questions for the payee of before were the order's."""
    if data.case_kind not in (m.NAME, order.NAME):
        return []
    number = number_of(data.task_id, f".{m.PAYEE_MARK}.") or 1
    intent_id = data.task_id.removesuffix(f".{m.payee_name_of(number)}")
    if intent_id != data.task_id:
        return [m.to(data.about_subject, intent_id, m.PayeeNamed(data.payee_ref, number))]
    return _task_completed(data) if data.case_kind == m.NAME else []


READS: Mapping[type[Event], Read] = {
    payments.RefundPaymentAcceptedV1: _accepted,
    payments.RefundSettledV1: _settled,
    payments.RefundFailedV1: _failed,
    payments.RefundReversedV1: _reversed,
    desk.TaskCompletedV1: _answered,
}

# Announces.


def _tenders(tenders: Sequence[Tender], currency: str) -> list[components.Tender]:
    return [
        components.Tender(
            payment_id=tender.payment_id, amount=ContractMoney(minor=tender.minor, currency=currency)
        )
        for tender in tenders
    ]


def _pieces(order: PaymentOrder) -> list[components.Share]:
    """Lists the pieces that are paid for; of some there is money left alone."""
    return priced_pieces([share for share in order.shares if share.quantity_count], order.amount.currency)


def _payment_requested(fact: PaymentRequested, view: CaseView[State]) -> refunds.RefundPaymentRequestedV1:
    wish = fact.order
    is_refund = wish.purpose is Purpose.REFUND
    return refunds.RefundPaymentRequestedV1(
        **about_order(view),
        intent_id=view.case_id,
        attempt_id=attempt_id_of(view.case_id, fact.attempt_count),
        purpose=refunds_enums.IntentPurpose(wish.purpose.value),
        amount=money(wish.amount),
        tenders=_tenders(wish.tenders if wish.is_way_known else (), wish.amount.currency),
        payee=refunds_enums.Payee.BUYER,
        payee_ref=begun(view.state).beside.payee_ref,
        lines=_pieces(wish) if is_refund else None,
        refund_id=wish.case_id if is_refund else None,
    )


def _order_after(wish: PaymentOrder, *, is_full: bool) -> refunds_enums.OrderOutcomeAfterRefund:
    """Says what the payment makes of the order (RF-033). One that is for no goods knows nothing of it."""
    if wish.purpose is not Purpose.REFUND:
        return refunds_enums.OrderOutcomeAfterRefund.UNCHANGED
    if is_full and not wish.has_trade_ended:
        return refunds_enums.OrderOutcomeAfterRefund.CLOSED
    return refunds_enums.OrderOutcomeAfterRefund.CONTINUES


def _refund_paid(fact: RefundPaid, view: CaseView[State]) -> refunds.RefundPaidV1:
    settled = expect(view.state, Settled)
    wish = settled.order
    is_full = wish.is_full and fact.amount == wish.amount and settled.beside.lacking is None
    return refunds.RefundPaidV1(
        **about_order(view),
        intent_id=view.case_id,
        purpose=refunds_enums.IntentPurpose(wish.purpose.value),
        amount=money(fact.amount),
        lines=_pieces(wish),
        is_full=is_full,
        order_outcome=_order_after(wish, is_full=is_full),
        refund_id=wish.case_id if wish.purpose is Purpose.REFUND else None,
        remedy_id=wish.remedy_id,
    )


def _nothing_paid(fact: PaidNothing, view: CaseView[State]) -> refunds.RefundPaidV1:
    return _refund_paid(RefundPaid(fact.order.amount, 0), view)


def _payment_stuck(fact: PaymentStuck, view: CaseView[State]) -> refunds.RefundPaymentStuckV1:
    return refunds.RefundPaymentStuckV1(
        **about_order(view),
        intent_id=view.case_id,
        attempt_count=fact.attempt_count,
        money_moved=enums.MoneyMoved(fact.moved.value),
    )


def _asked(fact: PersonAsked | PaymentDisputed, view: CaseView[State]) -> common.TaskRequestedV1:
    name = fact.name if isinstance(fact, PersonAsked) else ""
    return order_task(Task(fact.question_code, fact.due_at, name=name), view)


def _payee_asked(fact: PayeeAsked, view: CaseView[State]) -> common.TaskRequestedV1:
    task = Task("payee_of_cash", fact.due_at, "approval", name=m.payee_name_of(fact.number))
    return order_task(task, view)


def _given_up(fact: PaymentAbandoned, view: CaseView[State]) -> refunds.RefundPaymentAbandonedV1:
    wish = fact.order
    is_refund = wish.purpose is Purpose.REFUND
    freed = [share for share in wish.shares if share.quantity_count]
    return refunds.RefundPaymentAbandonedV1(
        **about_order(view),
        intent_id=view.case_id,
        purpose=refunds_enums.IntentPurpose(wish.purpose.value),
        amount=money(wish.amount),
        lines=priced_pieces(freed, wish.amount.currency),
        refund_id=wish.case_id if is_refund else None,
        reason_code=fact.reason_code,
    )


ANNOUNCES: Mapping[type, Announce] = {
    PaymentRequested: _payment_requested,
    RefundPaid: _refund_paid,
    PaidNothing: _nothing_paid,
    PaymentStuck: _payment_stuck,
    Task: order_task,
    TaskWithdrawn: order_task_withdrawn,
    PersonAsked: _asked,
    PaymentDisputed: _asked,
    PayeeAsked: _payee_asked,
    PaymentAbandoned: _given_up,
}

# Tells.


def _paid(fact: RefundPaid, view: CaseView[State]) -> Sequence[Addressed]:
    settled = expect(view.state, Settled)
    wish = settled.order
    match wish.purpose:
        case Purpose.REFUND:
            message = order.RefundSettled(wish.case_id, _held_after(fact, settled))
            return [order.to(view.subject, message)]
        case Purpose.LATE_COMPENSATION:
            number = int(view.case_id.rpartition(".")[2])
            return [late.to(view.subject, late.CompensationSettled(number))]
        case Purpose.FREIGHT | Purpose.SURPLUS:
            return []


def _nothing(fact: PaidNothing, view: CaseView[State]) -> Sequence[Addressed]:
    return _paid(RefundPaid(fact.order.amount, 0), view)


def _disputed(fact: SumDisputed, view: CaseView[State]) -> Sequence[Addressed]:
    return [order.to(view.subject, order.SumDisputed(view.case_id, fact.question_code, fact.amount))]


def _doubted(fact: PaidShort | DoubtCleared, view: CaseView[State]) -> Sequence[Addressed]:
    is_open = isinstance(fact, PaidShort)
    return [order.to(view.subject, order.SumDoubted(view.case_id, is_open))]


def _cut(fact: PaymentCut | CutAwaited, view: CaseView[State]) -> Sequence[Addressed]:
    part = fact.part if isinstance(fact, PaymentCut) else None
    return [order.to(view.subject, order.GrantCut(view.case_id, fact.outside_id, part))]


def _stray_paid(fact: StrayPaid, view: CaseView[State]) -> Sequence[Addressed]:
    count = len(expect(view.state, Stray).paid)
    outside_id = view.case_id if count < 2 else derived_id(view.case_id, str(count))
    intent_id = view.case_id if m.is_our_id(view.case_id) else ""
    outside = order.PaidOutside(outside_id, fact.amount, fact.tenders, intent_id=intent_id)
    return [order.to(view.subject, outside)]


def _stray_reversed(fact: StrayReversed, view: CaseView[State]) -> Sequence[Addressed]:
    return [order.to(view.subject, order.OutsideReversed(view.case_id, fact.amount))]


def _surplus_returned(fact: SurplusReturned, view: CaseView[State]) -> Sequence[Addressed]:
    amount = Money(fact.minor, begun(view.state).order.amount.currency)
    return [order.to(view.subject, order.OutsideReversed(view.case_id, amount))]


def _held_after(fact: RefundPaid, settled: Settled) -> PaymentOrder | None:
    """Computes what the buyer has: less than the grant where less settled than was ordered."""
    held, wish = settled.beside.held, settled.order
    is_short = fact.amount.currency == wish.amount.currency and fact.amount.minor < wish.amount.minor
    if not is_short:
        return held
    if not fact.amount.minor:
        return without(held, wish)
    missing = without(wish, cut(wish, fact.amount.minor))
    return held if missing is None else without(held, missing)


def _abandoned(fact: PaymentAbandoned, view: CaseView[State]) -> Sequence[Addressed]:
    wish = fact.order
    abandoned = order.IntentAbandoned(
        case_id=wish.case_id,
        purpose=wish.purpose,
        amount=wish.amount,
        shares=wish.shares,
        freight_minor=wish.freight_minor,
        tenders=wish.tenders,
        are_goods_gone=wish.are_goods_gone,
        was_sent=wish.was_sent,
        reason_code=fact.reason_code,
        intent_id=view.case_id,
    )
    return [order.to(view.subject, abandoned)]


TELLS: Mapping[type, Reaction] = {
    RefundPaid: _paid,
    PaidNothing: _nothing,
    PaymentAbandoned: _abandoned,
    SumDisputed: _disputed,
    PaidShort: _doubted,
    DoubtCleared: _doubted,
    PaymentCut: _cut,
    CutAwaited: _cut,
    StrayPaid: _stray_paid,
    StrayReversed: _stray_reversed,
    SurplusReturned: _surplus_returned,
}

PICTURES: Pictures = {
    s.Stray: ended("stray"),
    s.Requested: Picture("requested", "system"),
    s.Accepted: Picture("accepted", "system"),
    s.Unknown: Picture("unknown", "system"),
    s.Stuck: Picture("stuck", "agent"),
    s.Settled: ended("settled"),
    s.Reversed: Picture("reversed", "agent"),
    s.Abandoned: ended("abandoned"),
}


def _detail(state: State, picture: Picture) -> Picture:
    """Lets the buyer name an account where the payment waits for one."""
    if isinstance(state, s.Requested | s.Accepted | s.Unknown | s.Stuck) and state.beside.payee_question:
        return replace(picture, waits_for="buyer", actions=("name_account",))
    return picture


REFUND_INTENT: Kind[State, m.Message, Fact, Policy] = Kind(
    name=m.NAME,
    initial=Absent(),
    state=State,
    message=m.Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=_detail,
)
