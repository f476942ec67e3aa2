"""Declares the refund intent: the answers that it reads, its requests, and the news of its payment."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import components, enums
from aftersales_contracts.aftersales import common, refunds, refunds_enums
from aftersales_contracts.base import Event
from aftersales_contracts.base import Money as ContractMoney
from aftersales_contracts.enums import MoneyMoved
from aftersales_contracts.shop import desk, payments
from chassis.engine.outcomes import about_order, mine, money, money_in, order_task, priced_pieces
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView, expect
from kernel.people import Task
from services.refunds.cases.late_compensation import messages as late
from services.refunds.cases.order import messages as order
from services.refunds.cases.refund_intent import messages as m
from services.refunds.cases.refund_intent.messages import ATTEMPT_MARK, attempt_id_of
from services.refunds.cases.refund_intent.rules import decide
from services.refunds.cases.refund_intent.state import (
    Absent,
    Ended,
    Fact,
    PaymentAbandoned,
    PaymentDisputed,
    PaymentRequested,
    PaymentStuck,
    PersonAsked,
    RefundPaid,
    Settled,
    State,
    deadlines,
    evolve,
)
from services.refunds.conversions import number_of
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
    message = m.MoneySettled(attempt, money_in(data.amount), data.has_moved_now, tenders)
    return [m.to(data.order_id, data.intent_id, message)]


def _failed(data: payments.RefundFailedV1) -> Sequence[Addressed]:
    attempt = _attempt(data.intent_id, data.attempt_id)
    moved = m.Moved.NO if data.money_moved is MoneyMoved.NO else m.Moved.UNKNOWN
    message = m.PaymentFailed(attempt, data.reason_code, data.is_retryable, moved)
    return [m.to(data.order_id, data.intent_id, message)]


def _reversed(data: payments.RefundReversedV1) -> Sequence[Addressed]:
    return [m.to(data.order_id, data.intent_id, m.MoneyReversed(money_in(data.amount), data.reason_code))]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    return [m.to(data.about_subject, data.case_id, m.PersonDecided(data.outcome_code))]


READS: Mapping[type[Event], Read] = {
    payments.RefundPaymentAcceptedV1: _accepted,
    payments.RefundSettledV1: _settled,
    payments.RefundFailedV1: _failed,
    payments.RefundReversedV1: _reversed,
    desk.TaskCompletedV1: mine(m.NAME, _task_completed),
}

# Announces.


def _tenders(tenders: Sequence[Tender], currency: str) -> list[components.Tender]:
    return [
        components.Tender(
            payment_id=tender.payment_id, amount=ContractMoney(minor=tender.minor, currency=currency)
        )
        for tender in tenders
    ]


def _payment_requested(fact: PaymentRequested, view: CaseView[State]) -> refunds.RefundPaymentRequestedV1:
    wish = fact.order
    is_refund = wish.purpose is Purpose.REFUND
    return refunds.RefundPaymentRequestedV1(
        **about_order(view),
        intent_id=view.case_id,
        attempt_id=attempt_id_of(view.case_id, fact.attempt_count),
        purpose=refunds_enums.IntentPurpose(wish.purpose.value),
        amount=money(wish.amount),
        tenders=_tenders(wish.tenders, wish.amount.currency),
        payee=refunds_enums.Payee.BUYER,
        lines=priced_pieces(wish.shares, wish.amount.currency) if is_refund else None,
        refund_id=wish.case_id if is_refund else None,
    )


def _refund_paid(fact: RefundPaid, view: CaseView[State]) -> refunds.RefundPaidV1:
    wish = expect(view.state, Settled).order
    is_full = wish.is_full and fact.amount == wish.amount
    outcome = refunds_enums.OrderOutcomeAfterRefund
    return refunds.RefundPaidV1(
        **about_order(view),
        intent_id=view.case_id,
        purpose=refunds_enums.IntentPurpose(wish.purpose.value),
        amount=money(fact.amount),
        lines=priced_pieces(wish.shares, wish.amount.currency),
        is_full=is_full,
        order_outcome=outcome.CLOSED if is_full else outcome.CONTINUES,
        refund_id=wish.case_id if wish.purpose is Purpose.REFUND else None,
        remedy_id=wish.remedy_id,
    )


def _payment_stuck(fact: PaymentStuck, view: CaseView[State]) -> refunds.RefundPaymentStuckV1:
    return refunds.RefundPaymentStuckV1(
        **about_order(view),
        intent_id=view.case_id,
        attempt_count=fact.attempt_count,
        money_moved=enums.MoneyMoved(fact.moved.value),
    )


def _asked(fact: PersonAsked | PaymentDisputed, view: CaseView[State]) -> common.TaskRequestedV1:
    return order_task(Task(fact.question_code, fact.due_at), view)


ANNOUNCES: Mapping[type, Announce] = {
    PaymentRequested: _payment_requested,
    RefundPaid: _refund_paid,
    PaymentStuck: _payment_stuck,
    Task: order_task,
    PersonAsked: _asked,
    PaymentDisputed: _asked,
}

# Tells.


def _paid(_fact: RefundPaid, view: CaseView[State]) -> Sequence[Addressed]:
    wish = expect(view.state, Settled).order
    match wish.purpose:
        case Purpose.REFUND:
            return [order.to(view.subject, order.RefundSettled(wish.case_id))]
        case Purpose.LATE_COMPENSATION:
            number = int(view.case_id.rpartition(".")[2])
            return [late.to(view.subject, late.CompensationSettled(number))]
        case Purpose.FREIGHT:
            return []


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
    )
    return [order.to(view.subject, abandoned)]


TELLS: Mapping[type, Reaction] = {RefundPaid: _paid, PaymentAbandoned: _abandoned}

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
)
