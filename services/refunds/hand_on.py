"""From facts of one case to messages for other cases of the same order."""

from collections.abc import Mapping
from typing import Any

from chassis.service import Reaction
from kernel.decider import Addressed, CaseView
from kernel.money import Money
from services.refunds import (
    agreement_words,
    exchange_words,
    intent_words,
    late_words,
    order_facts,
    order_words,
)
from services.refunds import book as account
from services.refunds.book import Book, OpenCase
from services.refunds.translate import AGREEMENT, EXCHANGE, INTENT, LATE, ORDER
from services.refunds.values import Goods, Purpose, RefundKind, Share, derived_id


def _book(view: CaseView[Any]) -> Book:
    state = view.state
    if not isinstance(
        state,
        order_words.AwaitingPayment
        | order_words.Paid
        | order_words.Shipped
        | order_words.Succeeded
        | order_words.Closed,
    ):
        raise TypeError(f"{type(state).__name__} has no book")
    return state.book


def _refund(view: CaseView[Any], refund_id: str, message: object) -> Addressed:
    return Addressed(view.subject, AGREEMENT, refund_id, message)


def _order(view: CaseView[Any], message: object) -> Addressed:
    return Addressed(view.subject, ORDER, view.subject, message)


def _late(view: CaseView[Any], message: object) -> Addressed:
    return Addressed(view.subject, LATE, view.subject, message)


def _shipment_recorded(fact: order_facts.ShipmentRecorded, view: CaseView[Any]) -> list[Addressed]:
    """A refund before shipment ends if its pieces can no longer all be here."""
    book = _book(view)
    marked = {share.line_id for share in fact.shares}
    return [
        _refund(view, case.case_id, agreement_words.ShipmentSeen())
        for case in book.open
        if case.kind is RefundKind.UNSHIPPED and _is_sent(book, case, marked)
    ]


def _is_sent(book: Book, case: OpenCase, marked: set[str]) -> bool:
    if not case.shares:
        return True
    lines = [(book.line(share.line_id), share.quantity_count) for share in case.shares]
    return any(
        count > line.unsent_count for line, count in lines if line is not None and line.line_id in marked
    )


def _trade_ended(
    fact: order_facts.SuccessRecorded | order_facts.CloseRecorded, view: CaseView[Any]
) -> list[Addressed]:
    book = _book(view)
    message = agreement_words.TradeEnded(isinstance(fact, order_facts.SuccessRecorded), fact.cause)
    onward = [
        _refund(view, case.case_id, message)
        for case in book.open
        if case.kind is not None
        and (fact.is_whole or any(share.line_id in fact.line_ids for share in case.shares))
    ]
    if fact.is_whole and book.is_late:
        onward.append(_late(view, late_words.OrderEnded()))
    return onward


def _refund_admitted(fact: order_facts.RefundAdmitted, view: CaseView[Any]) -> list[Addressed]:
    book = _book(view)
    applied = agreement_words.Applied(
        customer_id=book.customer_id,
        terms=fact.terms,
        liability=fact.liability,
        is_agreed_beforehand=fact.is_agreed_beforehand,
        is_partial=fact.is_partial,
        is_answered=fact.is_answered,
        remedy_id=fact.remedy_id,
        are_goods_back=fact.are_goods_back,
    )
    onward = [_refund(view, fact.refund_id, applied)]
    if fact.late_base_minor is not None:
        onward.append(_late_claim(view, fact.refund_id, fact.terms.shares, fact.late_base_minor))
    return onward


def _late_claim(view: CaseView[Any], refund_id: str, shares: tuple[Share, ...], base_minor: int) -> Addressed:
    book = _book(view)
    goods = tuple(
        Goods(line.line_id, account.cost_minor(line, share.quantity_count), line.paid_minor)
        for share in shares
        if (line := book.line(share.line_id)) is not None
    )
    return _late(view, late_words.RefundClaimed(refund_id, Money(base_minor, book.currency), goods))


def _exchange_admitted(fact: order_facts.ExchangeAdmitted, view: CaseView[Any]) -> list[Addressed]:
    applied = exchange_words.Applied(
        customer_id=_book(view).customer_id,
        shares=fact.shares,
        given=fact.given,
        wanted=fact.wanted,
        reason_code=fact.reason_code,
        liability=fact.liability,
    )
    return [Addressed(view.subject, EXCHANGE, fact.exchange_id, applied)]


def _rejected(fact: order_facts.ApplicationRejected, view: CaseView[Any]) -> list[Addressed]:
    if fact.is_amendment:
        return []
    if fact.application is order_words.Application.EXCHANGE:
        return [Addressed(view.subject, EXCHANGE, fact.application_id, exchange_words.NotAdmitted())]
    return [_refund(view, fact.application_id, agreement_words.NotAdmitted())]


def _amendment_admitted(fact: order_facts.AmendmentAdmitted, view: CaseView[Any]) -> list[Addressed]:
    accepted = agreement_words.AmendmentAccepted(fact.terms, fact.liability)
    onward = [_refund(view, fact.refund_id, accepted)]
    if fact.late_base_minor is not None:
        onward.append(_late_claim(view, fact.refund_id, fact.terms.shares, fact.late_base_minor))
    elif fact.was_late_claim:
        onward.append(_late(view, late_words.ClaimClosed(fact.refund_id)))
    return onward


def _granted(fact: order_facts.PaymentGranted, view: CaseView[Any]) -> list[Addressed]:
    order = intent_words.Order(
        case_id=fact.case_id,
        purpose=fact.purpose,
        amount=fact.amount,
        shares=fact.shares,
        freight_minor=fact.freight_minor,
        tenders=fact.tenders,
        are_goods_gone=fact.are_goods_gone,
        is_full=fact.is_full,
        remedy_id=fact.remedy_id,
    )
    return [Addressed(view.subject, INTENT, fact.intent_id, intent_words.Pay(order))]


def _released(fact: order_facts.CaseReleased, view: CaseView[Any]) -> list[Addressed]:
    if not fact.is_late_claim:
        return []
    told = late_words.ClaimPaid if fact.is_paid else late_words.ClaimClosed
    return [_late(view, told(fact.case_id))]


def _hold(fact: order_facts.HoldPassedOn, view: CaseView[Any]) -> list[Addressed]:
    message = agreement_words.HoldAnswered(fact.outcome)
    return [_refund(view, case_id, message) for case_id in fact.case_ids]


def _goods_back(fact: order_facts.GoodsBackPassedOn, view: CaseView[Any]) -> list[Addressed]:
    message = agreement_words.GoodsCameBack(fact.shares)
    return [_refund(view, case_id, message) for case_id in fact.case_ids]


def _remedy(fact: order_facts.RemedyPassedOn, view: CaseView[Any]) -> list[Addressed]:
    message = agreement_words.Remedied(fact.remedy_id, fact.reason_code, fact.shares)
    return [_refund(view, fact.case_id, message)]


def _inspection(fact: order_facts.InspectionPassedOn, view: CaseView[Any]) -> list[Addressed]:
    if fact.is_exchange:
        checked = exchange_words.GoodsChecked(fact.lines, fact.wanted_sku_id)
        return [Addressed(view.subject, EXCHANGE, fact.case_id, checked)]
    return [_refund(view, fact.case_id, agreement_words.GoodsChecked(fact.lines))]


def _reship(fact: order_facts.ReshipPassedOn, view: CaseView[Any]) -> list[Addressed]:
    return [Addressed(view.subject, EXCHANGE, fact.exchange_id, exchange_words.ReshipMoved(fact.status))]


def _promise(fact: order_facts.PromisePassedOn, view: CaseView[Any]) -> list[Addressed]:
    message = agreement_words.PromiseMade(fact.promise_id)
    return [_refund(view, case_id, message) for case_id in fact.case_ids]


def _lateness(fact: order_facts.LatenessNoted, view: CaseView[Any]) -> list[Addressed]:
    return [_late(view, late_words.LateShippingEstablished(fact.trigger))]


def _lateness_withdrawn(fact: order_facts.LatenessWithdrawn, view: CaseView[Any]) -> list[Addressed]:
    return [_late(view, late_words.LateShippingWithdrawn(fact.trigger, fact.reason_code))]


FROM_ORDER: Mapping[type, Reaction] = {
    order_facts.ShipmentRecorded: _shipment_recorded,
    order_facts.SuccessRecorded: _trade_ended,
    order_facts.CloseRecorded: _trade_ended,
    order_facts.RefundAdmitted: _refund_admitted,
    order_facts.ExchangeAdmitted: _exchange_admitted,
    order_facts.ApplicationRejected: _rejected,
    order_facts.AmendmentAdmitted: _amendment_admitted,
    order_facts.PaymentGranted: _granted,
    order_facts.CaseReleased: _released,
    order_facts.HoldPassedOn: _hold,
    order_facts.GoodsBackPassedOn: _goods_back,
    order_facts.RemedyPassedOn: _remedy,
    order_facts.InspectionPassedOn: _inspection,
    order_facts.ReshipPassedOn: _reship,
    order_facts.PromisePassedOn: _promise,
    order_facts.LatenessNoted: _lateness,
    order_facts.LatenessWithdrawn: _lateness_withdrawn,
}


def intent_id_of(kind: str, case_id: str, purpose: Purpose, number: int = 1) -> str:
    """One intent per decision: its id follows from the case, what the payment is for, and which one it is."""
    mark = ".exchange" if kind == EXCHANGE else ""
    return derived_id(case_id, f"{mark}.{purpose.value}.{number}")


def _refund_due(fact: agreement_words.RefundDue, view: CaseView[Any]) -> list[Addressed]:
    asked = order_words.PaymentAsked(
        case_id=view.case_id,
        intent_id=intent_id_of(view.kind, view.case_id, Purpose.REFUND),
        purpose=Purpose.REFUND,
        amount=fact.amount,
        shares=fact.shares,
        freight_minor=fact.freight_minor,
        are_goods_gone=fact.are_goods_gone,
        remedy_id=fact.remedy_id,
    )
    return [_order(view, asked)]


def _own_account(view: CaseView[Any], purpose: Purpose, amount: Money, number: int = 1) -> list[Addressed]:
    asked = order_words.PaymentAsked(
        case_id=view.case_id,
        intent_id=intent_id_of(view.kind, view.case_id, purpose, number),
        purpose=purpose,
        amount=amount,
        shares=(),
        freight_minor=0,
        are_goods_gone=False,
        remedy_id=None,
    )
    return [_order(view, asked)]


def _freight_due(fact: Any, view: CaseView[Any]) -> list[Addressed]:
    return _own_account(view, Purpose.FREIGHT, fact.amount)


def _agreement_closed(_fact: agreement_words.AgreementClosed, view: CaseView[Any]) -> list[Addressed]:
    return [_order(view, order_words.CaseEnded(view.case_id, is_used=False))]


def _forwarded(fact: agreement_words.AmendmentForwarded, view: CaseView[Any]) -> list[Addressed]:
    return [_order(view, order_words.AmendmentProposed(fact.applied))]


FROM_AGREEMENT: Mapping[type, Reaction] = {
    agreement_words.RefundDue: _refund_due,
    agreement_words.FreightDue: _freight_due,
    agreement_words.AgreementClosed: _agreement_closed,
    agreement_words.AmendmentForwarded: _forwarded,
}


def _paid(_fact: intent_words.RefundPaid, view: CaseView[Any]) -> list[Addressed]:
    state = view.state
    if not isinstance(state, intent_words.Settled):
        raise TypeError(f"{type(state).__name__} is not settled")
    match state.order.purpose:
        case Purpose.REFUND:
            return [_order(view, order_words.RefundSettled(state.order.case_id))]
        case Purpose.LATE_COMPENSATION:
            number = int(view.case_id.rpartition(".")[2])
            return [_late(view, late_words.CompensationSettled(number))]
        case Purpose.FREIGHT:
            return []


def _abandoned(fact: intent_words.PaymentAbandoned, view: CaseView[Any]) -> list[Addressed]:
    order = fact.order
    abandoned = order_words.IntentAbandoned(
        case_id=order.case_id,
        purpose=order.purpose,
        amount=order.amount,
        shares=order.shares,
        freight_minor=order.freight_minor,
        tenders=order.tenders,
        are_goods_gone=order.are_goods_gone,
    )
    return [_order(view, abandoned)]


FROM_INTENT: Mapping[type, Reaction] = {
    intent_words.RefundPaid: _paid,
    intent_words.PaymentAbandoned: _abandoned,
}


def _exchange_ended(fact: exchange_words.ExchangeEnded, view: CaseView[Any]) -> list[Addressed]:
    return [_order(view, order_words.CaseEnded(view.case_id, is_used=fact.is_used))]


def _exchange_refused(_fact: exchange_words.ExchangeRefused, view: CaseView[Any]) -> list[Addressed]:
    return [_order(view, order_words.CaseEnded(view.case_id, is_used=False))]


def _converted(fact: exchange_words.ConversionAsked, view: CaseView[Any]) -> list[Addressed]:
    offered = order_words.RefundOffered(view.case_id, fact.shares, fact.reason_code, fact.is_return_needed)
    return [_order(view, offered)]


FROM_EXCHANGE: Mapping[type, Reaction] = {
    exchange_words.FreightDue: _freight_due,
    exchange_words.ExchangeEnded: _exchange_ended,
    exchange_words.ExchangeRefused: _exchange_refused,
    exchange_words.ConversionAsked: _converted,
}


def _compensation_due(fact: late_words.CompensationDue, view: CaseView[Any]) -> list[Addressed]:
    return _own_account(view, Purpose.LATE_COMPENSATION, fact.amount, fact.compensation_number)


FROM_LATE: Mapping[type, Reaction] = {late_words.CompensationDue: _compensation_due}
