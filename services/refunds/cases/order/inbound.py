"""Reads events about an order: the order system's news, applications, and outcomes of other services."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from aftersales_contracts import base as contract
from aftersales_contracts import components
from aftersales_contracts.aftersales import customers, logistics
from aftersales_contracts.enums import ChargeKind, FreightTerms, PaymentMethod, PromiseKind
from aftersales_contracts.shop import aftersales, desk, orders, payments, shipments
from chassis.engine.outcomes import mine, money_in
from chassis.service import Read
from kernel.decider import Addressed
from kernel.ids import derived_id
from kernel.money import Money, allocate
from services.refunds.cases.order.messages import (
    CONFIRM_MARK,
    NAME,
    ChargedBack,
    DeliveryDoubted,
    ExchangeApplied,
    GoodsInspected,
    GoodsMoved,
    HoldResolved,
    LateEstablished,
    LateWithdrawn,
    Message,
    MoneyAnswered,
    OrderEdited,
    OrderPaid,
    OrderPlaced,
    PaidOutside,
    ParcelDecided,
    PaymentMoved,
    PlacedLine,
    ProblemReported,
    QuestionAnswered,
    RefundPromisedAway,
    RemedyDue,
    RequestDeclined,
    ReshipMoved,
    ReturnAccepted,
    ReturnSent,
    ShipmentMarked,
    TermsEdited,
    TradeClosed,
    TradeSucceeded,
    confirm_id_of,
    goods_id_of,
    surplus_id_of,
    to,
)
from services.refunds.conversions import application_in, number_of, shares_in
from services.refunds.goods import GOODS_MARK
from services.refunds.money_beside import DISPUTE_MARK, MONEY_MARK, name_of
from services.refunds.shares import DeliveryKind, InspectedLine, Tender, Wanted

NO_CHARGES: Mapping[str, int] = MappingProxyType({})


def _here(data: contract.OrderEvent | contract.OrderOutcome, message: Message) -> list[Addressed]:
    return [to(data.order_id, message)]


def _line_ids(lines: Sequence[components.Share] | None) -> tuple[str, ...] | None:
    return None if lines is None else tuple(line.line_id for line in lines)


_OF_GOODS = (ChargeKind.TAX, ChargeKind.DUTY)


def _charged(
    lines: Sequence[components.Line], charges: Sequence[components.Charge]
) -> tuple[Mapping[str, int], int]:
    """Shares charges out: to their line, tax and duty to all lines, any other to the freight."""
    own: dict[str, int] = {}
    spread = freight = 0
    for charge in charges:
        if charge.line_id is not None:
            own[charge.line_id] = own.get(charge.line_id, 0) + charge.amount.minor
        elif charge.kind in _OF_GOODS:
            spread += charge.amount.minor
        else:
            freight += charge.amount.minor
    if spread and lines:
        parts = allocate(spread, [line.amount_minor for line in lines])
        for line, part in zip(lines, parts, strict=True):
            own[line.line_id] = own.get(line.line_id, 0) + part
    return own, freight


def _placed_lines(
    lines: Sequence[components.Line], own: Mapping[str, int] = NO_CHARGES
) -> tuple[PlacedLine, ...]:
    return tuple(
        PlacedLine(
            line_id=line.line_id,
            sku_id=line.sku_id,
            quantity_count=line.quantity_count,
            price_minor=line.amount_minor + own.get(line.line_id, 0),
            is_freight_free=line.freight_terms is FreightTerms.FREE,
            services=tuple(service.value for service in line.services),
            is_special_offer=line.is_special_offer,
            style_id=line.style_id,
        )
        for line in lines
    )


# The order system.


def _placed(data: orders.OrderPlacedV1) -> list[Addressed]:
    own, more = _charged(data.lines, data.charges)
    lines, freight = _placed_lines(data.lines, own), _more(data.freight, more)
    return _here(data, OrderPlaced(data.customer_id, lines, freight, data.total.minor))


def _terms_changed(data: orders.OrderTermsChangedV1) -> list[Addressed]:
    if data.lines is None:
        return _here(data, TermsEdited(None, money_in(data.freight), data.total.minor))
    own, more = _charged(data.lines, data.charges)
    edited = TermsEdited(_placed_lines(data.lines, own), _more(data.freight, more), data.total.minor)
    return _here(data, edited)


def _edited(data: orders.OrderEditedV1) -> list[Addressed]:
    own, more = _charged(data.lines, data.charges)
    lines = _placed_lines(data.lines, own)
    return _here(data, OrderEdited(lines, _more(data.freight, more), data.total.minor))


def _more(amount: contract.Money, minor: int) -> Money:
    return Money(amount.minor + minor, amount.currency)


def _paid(data: orders.OrderPaidV1) -> list[Addressed]:
    tenders = tuple(_tender(payment) for payment in data.payments)
    return _here(data, OrderPaid(tenders, data.paid_amount.currency))


def _tender(payment: components.Payment) -> Tender:
    is_cash = payment.method in (PaymentMethod.CASH_ON_DELIVERY, PaymentMethod.CASH)
    return Tender(payment.payment_id, payment.amount.minor, is_cash=is_cash)


# The provider and the finance desk.


def _payment_moved(data: payments.PaymentStatusChangedV1) -> list[Addressed]:
    moved = PaymentMoved(_tender(data.payment), data.payment.amount.currency, data.status.value)
    return _here(data, moved)


def _charged_back(data: payments.PaymentChargedBackV1) -> list[Addressed]:
    """Reads a dispute; a payment of which none is named has one. A stage of later contracts says nothing."""
    if not data.stage.is_known:
        return []
    dispute_id = data.dispute_id or f"{DISPUTE_MARK}.{data.payment_id}"
    amount = money_in(data.amount)
    return _here(data, ChargedBack(dispute_id, data.payment_id, data.stage.value, amount))


def _made_outside(data: payments.RefundMadeOutsideV1) -> list[Addressed]:
    tenders = tuple(Tender(tender.payment_id, tender.amount.minor) for tender in data.tenders)
    freight = 0 if data.freight is None else data.freight.minor
    amount, shares = money_in(data.amount), shares_in(data.lines or ())
    return _here(data, PaidOutside(data.outside_id, amount, tenders, shares, freight))


def _shipped(data: orders.OrderShippedV1) -> list[Addressed]:
    # A delivery kind that this version does not know gets the ordinary window.
    kind = DeliveryKind(data.delivery_kind.value) if data.delivery_kind.is_known else DeliveryKind.EXPRESS
    shares = None if data.lines is None else shares_in(data.lines)
    return _here(data, ShipmentMarked(kind, shares))


def _succeeded(data: orders.OrderSucceededV1) -> list[Addressed]:
    return _here(data, TradeSucceeded(data.cause.value, _line_ids(data.lines), shares_in(data.lines or [])))


def _closed(data: orders.OrderClosedV1) -> list[Addressed]:
    return _here(data, TradeClosed(data.cause.value, _line_ids(data.lines), shares_in(data.lines or [])))


def _declined(data: orders.OrderRequestDeclinedV1) -> list[Addressed]:
    number = max(number_of(data.request_id, f".{CONFIRM_MARK}."), 1)
    if data.request_id != confirm_id_of(data.order_id, number):
        return []
    return _here(data, RequestDeclined(data.reason_code, number))


# Buyer and warehouse.


def _applied(data: aftersales.RefundAppliedV1) -> list[Addressed]:
    return _here(data, application_in(data))


def _exchange_applied(data: aftersales.ExchangeAppliedV1) -> list[Addressed]:
    wanted = tuple(Wanted(w.line_id, w.sku_id, w.style_id) for w in data.wanted)
    return _here(data, ExchangeApplied(data.exchange_id, shares_in(data.lines), wanted, data.reason_code))


def _problem_reported(data: aftersales.ProblemReportedV1) -> list[Addressed]:
    return _here(data, ProblemReported(data.problem.value, _line_ids(data.lines) or ()))


def _inspected(data: shipments.ReturnInspectedV1) -> list[Addressed]:
    lines = tuple(
        InspectedLine(
            line_id=line.line_id,
            received_count=line.received_count,
            accepted_count=line.accepted_count,
            condition=line.condition.value,
            is_packaging_complete=line.is_packaging_complete,
            is_fault_confirmed=line.is_fault_confirmed,
        )
        for line in data.lines
    )
    return _here(data, GoodsInspected(data.return_id, lines, data.wanted_sku_id, data.parcel_id))


def _return_sent(data: aftersales.ReturnSentV1) -> list[Addressed]:
    case_id = data.refund_id or data.exchange_id or ""
    sent = ReturnSent(case_id, data.return_id, shares_in(data.lines), data.tracking.tracking_code)
    return _here(data, sent)


def _return_accepted(data: aftersales.ReturnAcceptedV1) -> list[Addressed]:
    return _here(data, ReturnAccepted(data.refund_id or data.exchange_id or "", shares_in(data.lines)))


def _task_completed(data: desk.TaskCompletedV1) -> list[Addressed]:
    """Reads a person's answer to a question about goods or money; others are carried out by that person."""
    order_id = data.about_subject
    asked = number_of(data.task_id, f".{MONEY_MARK}.")
    if asked and data.task_id == derived_id(order_id, name_of(asked)):
        amount = None if data.amount is None else money_in(data.amount)
        intent_id = surplus_id_of(order_id, asked)
        return [to(order_id, MoneyAnswered(asked, data.outcome_code, amount, intent_id))]
    number = number_of(data.task_id, f".{GOODS_MARK}.")
    if not number:
        return []
    refund_id = goods_id_of(order_id, number, "refund")
    send_id = goods_id_of(order_id, number, "back")
    return [to(order_id, QuestionAnswered(number, data.outcome_code, refund_id, send_id))]


# Our other services.


def _hold_resolved(data: logistics.DispatchHoldResolvedV1) -> list[Addressed]:
    return _here(data, HoldResolved(data.refund_id, data.outcome.value))


def _parcel_decided(data: logistics.ParcelOutcomeDecidedV1) -> list[Addressed]:
    line_ids, shares = tuple(line.line_id for line in data.lines), shares_in(data.lines)
    outcome, direction = data.outcome.value, data.direction.value
    decided = ParcelDecided(outcome, line_ids, shares, data.parcel_id, direction)
    return [*_here(data, decided), *_here(data, GoodsMoved(data.parcel_id, direction, outcome, shares))]


def _remedy_due(data: logistics.RemedyRefundDueV1) -> list[Addressed]:
    remedy = RemedyDue(data.remedy_id, shares_in(data.lines), data.reason_code.value, data.parcel_id or "")
    return _here(data, remedy)


def _reship_moved(data: logistics.ReshipStatusChangedV1) -> list[Addressed]:
    return _here(data, ReshipMoved(data.reship_id, data.status.value, data.parcel_id or ""))


def _doubted(data: logistics.DeliveryDoubtsChangedV1) -> list[Addressed]:
    return _here(data, DeliveryDoubted(tuple(parcel.parcel_id for parcel in data.parcels)))


def _late(data: logistics.LateShippingEstablishedV1) -> list[Addressed]:
    return _here(data, LateEstablished(data.trigger.value))


def _late_withdrawn(data: logistics.LateShippingWithdrawnV1) -> list[Addressed]:
    return _here(data, LateWithdrawn(data.trigger.value, data.reason_code))


def _promised(data: customers.PromiseRegisteredV1) -> list[Addressed]:
    if data.kind is not PromiseKind.NO_REFUND or data.order_id is None:
        return []
    return [to(data.order_id, RefundPromisedAway(data.promise_id))]


READS: Mapping[type[contract.Event], Read] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderTermsChangedV1: _terms_changed,
    orders.OrderEditedV1: _edited,
    orders.OrderPaidV1: _paid,
    orders.OrderShippedV1: _shipped,
    orders.OrderSucceededV1: _succeeded,
    orders.OrderClosedV1: _closed,
    orders.OrderRequestDeclinedV1: _declined,
    payments.PaymentStatusChangedV1: _payment_moved,
    payments.PaymentChargedBackV1: _charged_back,
    payments.RefundMadeOutsideV1: _made_outside,
    aftersales.RefundAppliedV1: _applied,
    aftersales.ExchangeAppliedV1: _exchange_applied,
    aftersales.ProblemReportedV1: _problem_reported,
    shipments.ReturnInspectedV1: _inspected,
    aftersales.ReturnSentV1: _return_sent,
    aftersales.ReturnAcceptedV1: _return_accepted,
    desk.TaskCompletedV1: mine(NAME, _task_completed),
    logistics.DispatchHoldResolvedV1: _hold_resolved,
    logistics.ParcelOutcomeDecidedV1: _parcel_decided,
    logistics.RemedyRefundDueV1: _remedy_due,
    logistics.ReshipStatusChangedV1: _reship_moved,
    logistics.DeliveryDoubtsChangedV1: _doubted,
    logistics.LateShippingEstablishedV1: _late,
    logistics.LateShippingWithdrawnV1: _late_withdrawn,
    customers.PromiseRegisteredV1: _promised,
}
