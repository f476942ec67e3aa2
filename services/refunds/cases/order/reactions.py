"""Tells the other cases of an order what its facts mean to them."""

from collections.abc import Mapping

from chassis.service import Reaction
from kernel.decider import Addressed, CaseView
from kernel.money import Money
from services.refunds.cases.buyer_claim import messages as buyer_claim
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.late_compensation import messages as late
from services.refunds.cases.order import account_goods
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.facts import (
    AmendmentAdmitted,
    ApplicationRejected,
    BuyerClaimCut,
    BuyerClaimDue,
    CaseReleased,
    CloseRecorded,
    ExchangeAdmitted,
    GrantGivenBack,
    LatenessNoted,
    LatenessWithdrawn,
    MoreSettled,
    PaymentGranted,
    RefundAdmitted,
    RemedyPassedOn,
    ShipmentRecorded,
    SuccessRecorded,
)
from services.refunds.cases.order.state import State, Succeeded, live
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.payments import PaymentOrder
from services.refunds.rejections import Application
from services.refunds.shares import Purpose, RefundKind, Share, total_of


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
    is_success = isinstance(fact, SuccessRecorded)
    line_ids = None if fact.is_whole else fact.line_ids
    message = agreement.TradeEnded(is_success, fact.cause, line_ids)
    is_receipt = is_success and fact.cause == "buyer"
    onward = [
        agreement.to(view.subject, case.case_id, message)
        for case in book.open
        if case.kind is not None
        and (
            fact.is_whole
            or (is_receipt and case.kind is RefundKind.NOT_RECEIVED)
            or any(share.line_id in fact.line_ids for share in case.shares)
        )
    ]
    if is_receipt:
        onward += _received(book, line_ids, view)
    if fact.is_whole and book.is_late:
        onward.append(late.to(view.subject, late.OrderEnded()))
    return onward


def _received(book: OrderAccount, line_ids: tuple[str, ...] | None, view: CaseView[State]) -> list[Addressed]:
    """Tells payments on their way for goods as not received that the buyer has them, unless it is proven."""
    return [
        intent.to(view.subject, intent.refund_intent_of(case.case_id), intent.ReceiptConfirmed())
        for case in book.open
        if case.kind is RefundKind.NOT_RECEIVED
        and case.is_granted
        and not case.is_proven
        and (line_ids is None or all(share.line_id in line_ids for share in case.shares))
    ]


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
        received_at=account_goods.received_at(live(view.state).book, fact.terms.shares),
        is_delivered=_is_delivered(live(view.state).book, fact.terms.shares),
    )
    onward = [agreement.to(view.subject, fact.refund_id, applied)]
    if fact.back:
        came = agreement.GoodsCameBack(fact.back, fact.is_back_unfit)
        onward.append(agreement.to(view.subject, fact.refund_id, came))
    if fact.late_base_minor is not None:
        onward.append(_late_claim(view, fact.refund_id, fact.terms.shares, fact.late_base_minor))
    return onward


def _is_delivered(book: OrderAccount, shares: tuple[Share, ...]) -> bool:
    """Tells whether a parcel with any of these goods was delivered."""
    lines = [book.line(share.line_id) for share in shares]
    return book.received_at is not None or any(line is not None and line.received_at for line in lines)


def _late_claim(
    view: CaseView[State], refund_id: str, shares: tuple[Share, ...], base_minor: int
) -> Addressed:
    book = live(view.state).book
    claimed = late.RefundClaimed(refund_id, Money(base_minor, book.currency), _goods(book, shares))
    return late.to(view.subject, claimed)


def _goods(book: OrderAccount, shares: tuple[Share, ...]) -> tuple[late.Goods, ...]:
    return tuple(
        late.Goods(line.line_id, share.minor, line.paid_minor)
        for share in shares
        if (line := book.line(share.line_id)) is not None
    )


def _claim_paid(refund_id: str, paid: PaymentOrder | None, book: OrderAccount) -> late.ClaimPaid:
    if paid is None:
        return late.ClaimPaid(refund_id)
    base = Money(paid.amount.minor - paid.freight_minor, paid.amount.currency)
    return late.ClaimPaid(refund_id, base, _goods(book, paid.shares))


def _exchange_admitted(fact: ExchangeAdmitted, view: CaseView[State]) -> list[Addressed]:
    applied = exchange.Applied(
        customer_id=live(view.state).book.customer_id,
        shares=fact.shares,
        given=fact.given,
        wanted=fact.wanted,
        reason_code=fact.reason_code,
        liability=fact.liability,
        received_at=account_goods.received_at(live(view.state).book, fact.shares),
    )
    onward = [exchange.to(view.subject, fact.exchange_id, applied)]
    if fact.back:
        onward.append(exchange.to(view.subject, fact.exchange_id, exchange.GoodsCameBack(fact.back)))
    return onward


def _rejected(fact: ApplicationRejected, view: CaseView[State]) -> list[Addressed]:
    if fact.is_amendment:
        return []
    if fact.application is Application.EXCHANGE:
        return [exchange.to(view.subject, fact.application_id, exchange.NotAdmitted())]
    return [agreement.to(view.subject, fact.application_id, agreement.NotAdmitted(fact.early is not None))]


def _amendment_admitted(fact: AmendmentAdmitted, view: CaseView[State]) -> list[Addressed]:
    sent = account_goods.sent_for(live(view.state).book, fact.refund_id)
    accepted = agreement.AmendmentAccepted(
        fact.terms, fact.liability, fact.bar, fact.is_agreed_beforehand, sent
    )
    onward = [agreement.to(view.subject, fact.refund_id, accepted)]
    if fact.back:
        came = agreement.GoodsCameBack(fact.back, fact.is_back_unfit)
        onward.append(agreement.to(view.subject, fact.refund_id, came))
    if fact.late_base_minor is not None:
        onward.append(_late_claim(view, fact.refund_id, fact.terms.shares, fact.late_base_minor))
    elif fact.was_late_claim:
        onward.append(late.to(view.subject, late.ClaimClosed(fact.refund_id)))
    return onward


def _granted(fact: PaymentGranted, view: CaseView[State]) -> list[Addressed]:
    in_cash = {tender.payment_id for tender in live(view.state).book.tenders if tender.is_cash}
    order = PaymentOrder(
        case_id=fact.case_id,
        purpose=fact.purpose,
        amount=fact.amount,
        shares=fact.shares,
        freight_minor=fact.freight_minor,
        tenders=fact.tenders,
        are_goods_gone=fact.are_goods_gone,
        is_full=fact.is_full,
        remedy_id=fact.remedy_id,
        was_sent=fact.was_sent,
        has_trade_ended=isinstance(view.state, Succeeded),
        needs_payee=any(tender.is_cash or tender.payment_id in in_cash for tender in fact.tenders),
    )
    return [intent.to(view.subject, fact.intent_id, intent.Pay(order))]


def _released(fact: CaseReleased, view: CaseView[State]) -> list[Addressed]:
    if not fact.is_late_claim:
        return []
    if not fact.is_paid:
        return [late.to(view.subject, late.ClaimClosed(fact.case_id))]
    return [late.to(view.subject, _claim_paid(fact.case_id, fact.given_back, live(view.state).book))]


def _more_settled(fact: MoreSettled, view: CaseView[State]) -> list[Addressed]:
    return [late.to(view.subject, _claim_paid(fact.case_id, fact.given_back, live(view.state).book))]


def _given_back(fact: GrantGivenBack, view: CaseView[State]) -> list[Addressed]:
    if fact.purpose is not Purpose.LATE_COMPENSATION:
        return []
    number = fact.intent_id.rpartition(".")[2]
    count = int(number) if number.isdigit() else 1
    return [late.to(view.subject, late.CompensationAbandoned(fact.amount, count))]


def _remedy(fact: RemedyPassedOn, view: CaseView[State]) -> list[Addressed]:
    message = agreement.Remedied(fact.remedy_id, fact.reason_code, fact.shares)
    return [agreement.to(view.subject, fact.case_id, message)]


def _lateness(fact: LatenessNoted, view: CaseView[State]) -> list[Addressed]:
    return [late.to(view.subject, late.LateShippingEstablished(fact.trigger))]


def _lateness_withdrawn(fact: LatenessWithdrawn, view: CaseView[State]) -> list[Addressed]:
    return [late.to(view.subject, late.LateShippingWithdrawn(fact.trigger, fact.reason_code))]


def _claim_due(fact: BuyerClaimDue, view: CaseView[State]) -> list[Addressed]:
    book = live(view.state).book
    amount = Money(total_of(fact.shares), book.currency)
    kept = buyer_claim.GoodsKept(fact.claim_number, book.customer_id, fact.shares, amount, fact.cause_id)
    return [buyer_claim.to(view.subject, _claim_id(fact, view), kept)]


def _claim_id(fact: BuyerClaimDue | BuyerClaimCut, view: CaseView[State]) -> str:
    return buyer_claim.claim_id_of(view.subject, fact.claim_number)


def _claim_cut(fact: BuyerClaimCut, view: CaseView[State]) -> list[Addressed]:
    cleared = buyer_claim.PiecesCleared(fact.shares, fact.reason_code)
    return [buyer_claim.to(view.subject, _claim_id(fact, view), cleared)]


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
    MoreSettled: _more_settled,
    GrantGivenBack: _given_back,
    RemedyPassedOn: _remedy,
    BuyerClaimDue: _claim_due,
    BuyerClaimCut: _claim_cut,
    LatenessNoted: _lateness,
    LatenessWithdrawn: _lateness_withdrawn,
}
