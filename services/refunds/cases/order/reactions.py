"""Tells the other cases of an order what its facts mean to them."""

from collections.abc import Mapping

from chassis.service import Reaction
from kernel.decider import Addressed, CaseView
from kernel.money import Money
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.late_compensation import messages as late
from services.refunds.cases.order import account
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.facts import (
    AmendmentAdmitted,
    Application,
    ApplicationRejected,
    CaseReleased,
    CloseRecorded,
    ExchangeAdmitted,
    LatenessNoted,
    LatenessWithdrawn,
    PaymentGranted,
    RefundAdmitted,
    RemedyPassedOn,
    ShipmentRecorded,
    SuccessRecorded,
)
from services.refunds.cases.order.state import State, live
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.shares import RefundKind, Share


def _shipment_recorded(fact: ShipmentRecorded, view: CaseView[State]) -> list[Addressed]:
    """Ends a refund before shipment whose pieces can no longer all be here."""
    book = live(view.state).book
    marked = {share.line_id for share in fact.shares}
    return [
        agreement.to(view.subject, case.case_id, agreement.ShipmentSeen())
        for case in book.open
        if case.kind is RefundKind.UNSHIPPED and _is_sent(book, case, marked)
    ]


def _is_sent(book: OrderAccount, case: OpenCase, marked: set[str]) -> bool:
    if not case.shares:
        return True
    lines = [(book.line(share.line_id), share.quantity_count) for share in case.shares]
    return any(
        count > line.unsent_count for line, count in lines if line is not None and line.line_id in marked
    )


def _trade_ended(fact: SuccessRecorded | CloseRecorded, view: CaseView[State]) -> list[Addressed]:
    book = live(view.state).book
    message = agreement.TradeEnded(isinstance(fact, SuccessRecorded), fact.cause)
    onward = [
        agreement.to(view.subject, case.case_id, message)
        for case in book.open
        if case.kind is not None
        and (fact.is_whole or any(share.line_id in fact.line_ids for share in case.shares))
    ]
    if fact.is_whole and book.is_late:
        onward.append(late.to(view.subject, late.OrderEnded()))
    return onward


def _refund_admitted(fact: RefundAdmitted, view: CaseView[State]) -> list[Addressed]:
    applied = agreement.Applied(
        customer_id=live(view.state).book.customer_id,
        terms=fact.terms,
        liability=fact.liability,
        is_agreed_beforehand=fact.is_agreed_beforehand,
        is_partial=fact.is_partial,
        is_answered=fact.is_answered,
        remedy_id=fact.remedy_id,
        are_goods_back=fact.are_goods_back,
        bar=fact.bar,
        received_at=account.received_at(live(view.state).book, fact.terms.shares),
    )
    onward = [agreement.to(view.subject, fact.refund_id, applied)]
    if fact.late_base_minor is not None:
        onward.append(_late_claim(view, fact.refund_id, fact.terms.shares, fact.late_base_minor))
    return onward


def _late_claim(
    view: CaseView[State], refund_id: str, shares: tuple[Share, ...], base_minor: int
) -> Addressed:
    book = live(view.state).book
    goods = tuple(
        late.Goods(line.line_id, account.cost_minor(line, share.quantity_count), line.paid_minor)
        for share in shares
        if (line := book.line(share.line_id)) is not None
    )
    return late.to(view.subject, late.RefundClaimed(refund_id, Money(base_minor, book.currency), goods))


def _exchange_admitted(fact: ExchangeAdmitted, view: CaseView[State]) -> list[Addressed]:
    applied = exchange.Applied(
        customer_id=live(view.state).book.customer_id,
        shares=fact.shares,
        given=fact.given,
        wanted=fact.wanted,
        reason_code=fact.reason_code,
        liability=fact.liability,
    )
    return [exchange.to(view.subject, fact.exchange_id, applied)]


def _rejected(fact: ApplicationRejected, view: CaseView[State]) -> list[Addressed]:
    if fact.is_amendment:
        return []
    if fact.application is Application.EXCHANGE:
        return [exchange.to(view.subject, fact.application_id, exchange.NotAdmitted())]
    return [agreement.to(view.subject, fact.application_id, agreement.NotAdmitted())]


def _amendment_admitted(fact: AmendmentAdmitted, view: CaseView[State]) -> list[Addressed]:
    accepted = agreement.AmendmentAccepted(fact.terms, fact.liability, fact.bar, fact.is_agreed_beforehand)
    onward = [agreement.to(view.subject, fact.refund_id, accepted)]
    if fact.late_base_minor is not None:
        onward.append(_late_claim(view, fact.refund_id, fact.terms.shares, fact.late_base_minor))
    elif fact.was_late_claim:
        onward.append(late.to(view.subject, late.ClaimClosed(fact.refund_id)))
    return onward


def _granted(fact: PaymentGranted, view: CaseView[State]) -> list[Addressed]:
    order = intent.PaymentOrder(
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
    return [intent.to(view.subject, fact.intent_id, intent.Pay(order))]


def _released(fact: CaseReleased, view: CaseView[State]) -> list[Addressed]:
    if not fact.is_late_claim:
        return []
    told = late.ClaimPaid if fact.is_paid else late.ClaimClosed
    return [late.to(view.subject, told(fact.case_id))]


def _remedy(fact: RemedyPassedOn, view: CaseView[State]) -> list[Addressed]:
    message = agreement.Remedied(fact.remedy_id, fact.reason_code, fact.shares)
    return [agreement.to(view.subject, fact.case_id, message)]


def _lateness(fact: LatenessNoted, view: CaseView[State]) -> list[Addressed]:
    return [late.to(view.subject, late.LateShippingEstablished(fact.trigger))]


def _lateness_withdrawn(fact: LatenessWithdrawn, view: CaseView[State]) -> list[Addressed]:
    return [late.to(view.subject, late.LateShippingWithdrawn(fact.trigger, fact.reason_code))]


TELLS: Mapping[type, Reaction] = {
    ShipmentRecorded: _shipment_recorded,
    SuccessRecorded: _trade_ended,
    CloseRecorded: _trade_ended,
    RefundAdmitted: _refund_admitted,
    ExchangeAdmitted: _exchange_admitted,
    ApplicationRejected: _rejected,
    AmendmentAdmitted: _amendment_admitted,
    PaymentGranted: _granted,
    CaseReleased: _released,
    RemedyPassedOn: _remedy,
    LatenessNoted: _lateness,
    LatenessWithdrawn: _lateness_withdrawn,
}
