"""Reads events of the shop and of our other services for the dispatch of an order."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import components
from aftersales_contracts.aftersales import customers, refunds
from aftersales_contracts.aftersales.refunds_enums import ApplicationKind, ExchangeEnding, IntentPurpose
from aftersales_contracts.base import Event
from aftersales_contracts.shop import aftersales, orders, shipments
from chassis.engine import outcomes
from chassis.service import Read
from kernel.decider import Addressed
from kernel.money import Money
from kernel.value import replace
from services.logistics.cases.dispatch import messages as m
from services.logistics.news import MemoStored, RequestDeclined
from services.logistics.order_file import Link, OrderLine, Resend
from services.logistics.parcels import Direction, direction_of, tracking_of
from services.logistics.shares import Share, merged


def _lines(lines: Sequence[components.Line]) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            line_id=line.line_id,
            product_id=line.product_id,
            sku_id=line.sku_id,
            quantity_count=line.quantity_count,
            net=Money(line.amount_minor, line.unit_price.currency),
            is_presale=line.is_presale,
            dispatch_by_at=line.dispatch_by_at,
            dispatch_within_hours=line.dispatch_within_hours,
        )
        for line in lines
    )


# Orders.


def _placed(data: orders.OrderPlacedV1) -> Sequence[Addressed]:
    """Reads a new order."""
    is_cash = data.payment_mode is orders.PaymentMode.CASH_ON_DELIVERY
    placed = m.Placed(data.order_id, data.customer_id, data.region_code, is_cash, _lines(data.lines))
    return [m.to(data.order_id, placed), *_gift(data, data.lines)]


def _terms_changed(data: orders.OrderTermsChangedV1) -> Sequence[Addressed]:
    """Reads other lines of the order; other terms mean nothing to dispatch."""
    lines = data.lines or []
    return [m.to(data.order_id, m.TermsChanged(_lines(lines))), *_gift(data, lines)] if lines else []


def _edited(data: orders.OrderEditedV1) -> Sequence[Addressed]:
    """Reads the lines of a paid order that was edited."""
    return [m.to(data.order_id, m.OrderEdited(_lines(data.lines)))]


def _gift(
    data: orders.OrderPlacedV1 | orders.OrderTermsChangedV1, lines: Sequence[components.Line]
) -> Sequence[Addressed]:
    """Counts an order that costs nothing as paid."""
    return [m.to(data.order_id, m.Paid())] if components.costs_nothing(lines, data.total) else []


def _paid(data: orders.OrderPaidV1) -> Sequence[Addressed]:
    """Reads the payment."""
    return [m.to(data.order_id, m.Paid())]


def _shipped(data: orders.OrderShippedV1) -> Sequence[Addressed]:
    """Reads the seller's ship mark."""
    parcel_ids = tuple(sorted(set(data.parcel_ids)))
    marked = m.ShipMarked(data.delivery_kind.value, parcel_ids, merged(data.lines or ()))
    return [m.to(data.order_id, marked)]


def _succeeded(data: orders.OrderSucceededV1) -> Sequence[Addressed]:
    """Reads the success of the trade."""
    return [m.to(data.order_id, m.Succeeded(merged(data.lines or ())))]


def _closed(data: orders.OrderClosedV1) -> Sequence[Addressed]:
    """Reads that the order, or some of its lines, is closed."""
    return [m.to(data.order_id, m.Closed(data.cause.value, merged(data.lines or ())))]


def _memo_stored(data: orders.OrderMemoStoredV1) -> Sequence[Addressed]:
    """Reads that a memo is on the order."""
    return [m.to(data.order_id, MemoStored(data.purpose.value, data.request_id))]


def _declined(data: orders.OrderRequestDeclinedV1) -> Sequence[Addressed]:
    """Reads that the order system did not carry out a request."""
    return [m.to(data.order_id, RequestDeclined(data.request_id, data.reason_code))]


# Shipments and returns.


def _registered(data: shipments.ParcelRegisteredV1) -> Sequence[Addressed]:
    """Reads that a waybill was made."""
    link = Link(
        parcel_id=data.parcel_id,
        tracking=tracking_of(data.tracking),
        direction=direction_of(data.direction.value),
        lines=merged(data.lines or ()),
    )
    declared = outcomes.money_in(data.declared_amount) if data.declared_amount else None
    is_alone = not data.other_orders
    added = m.ParcelAdded(link, declared if is_alone else None, data.request_id, data.replaces_parcel_id)
    told = [m.to(data.order_id, added)]
    for each in data.other_orders or ():
        other = replace(
            link, parcel_id=each.parcel_id, lines=merged(each.lines), registered_with=data.parcel_id
        )
        told.append(m.to(each.order_id, m.ParcelAdded(other, None, None, data.replaces_parcel_id)))
    return told


def _return_sent(data: aftersales.ReturnSentV1) -> Sequence[Addressed]:
    """Reads that the buyer sends goods back."""
    lines = merged(data.lines or ())
    link = Link(data.return_id, tracking_of(data.tracking), Direction.RETURN, lines)
    return [m.to(data.order_id, m.ParcelAdded(link, None, None, None))]


def _voided(data: shipments.ParcelWaybillVoidedV1) -> Sequence[Addressed]:
    """Reads that a waybill is void."""
    return [m.to(data.order_id, m.WaybillVoided(data.parcel_id))]


def _number_corrected(data: shipments.ParcelNumberCorrectedV1) -> Sequence[Addressed]:
    """Reads that a parcel was registered under a number that is not its own."""
    right = tracking_of(data.tracking) if data.tracking else None
    return [m.to(data.order_id, m.NumberCorrected(data.parcel_id, tracking_of(data.wrong_tracking), right))]


def _handed_over(data: shipments.ParcelHandedOverV1) -> Sequence[Addressed]:
    """Reads that a parcel left the warehouse."""
    return [m.to(data.order_id, m.ParcelLeft(data.parcel_id, data.carrier_code))]


def _hold_answered(data: shipments.DispatchHoldAnsweredV1) -> Sequence[Addressed]:
    """Reads the warehouse's answer to a hold."""
    answered = m.HoldAnswered(data.request_id, data.outcome.value, tuple(data.parcel_ids or ()))
    return [m.to(data.order_id, answered)]


def _shortage_found(data: shipments.DispatchShortageFoundV1) -> Sequence[Addressed]:
    """Reads that goods are missing; in a chat that amounts to a stock-out."""
    is_stated = data.source is shipments.ShortageSource.CHAT
    return [m.to(data.order_id, m.ShortageNoted(merged(data.lines), is_stated, data.expected_at))]


def _instruction_answered(data: shipments.WarehouseInstructionAnsweredV1) -> Sequence[Addressed]:
    """Reads the warehouse's answer to an instruction."""
    return [m.to(data.order_id, m.InstructionAnswered(data.request_id, data.outcome.value))]


def _reship_answered(data: shipments.ReshipAnsweredV1) -> Sequence[Addressed]:
    """Reads the warehouse's answer to a reservation or a resend."""
    answered = m.ReshipAnswered(data.request_id, data.outcome.value, data.until_at)
    return [m.to(data.order_id, answered)]


def _inspected(data: shipments.ReturnInspectedV1) -> Sequence[Addressed]:
    """Reads an inspection. The parcel goes by its return, or by itself where nobody knows the return."""
    lines = merged(Share(line.line_id, max(line.received_count, 1)) for line in data.lines)
    parcel_ids = (data.parcel_id,) if data.return_id is None else (data.parcel_id, data.return_id)
    return [m.to(data.order_id, m.Inspected(parcel_ids, lines, data.wanted_sku_id))]


def _courier_answered(data: shipments.CourierActionAnsweredV1) -> Sequence[Addressed]:
    """Reads a loss, whatever the courier was asked; other answers go to the case that asked."""
    is_lost = data.outcome is shipments.CourierOutcome.LOST
    return [m.to(data.order_id, m.CourierSaidLost(data.parcel_id, data.request_id))] if is_lost else []


def _problem_reported(data: aftersales.ProblemReportedV1) -> Sequence[Addressed]:
    """Reads that goods did not come; other problems mean nothing to dispatch."""
    missing = {aftersales.ProblemKind.NOT_RECEIVED, aftersales.ProblemKind.SIGNED_NOT_RECEIVED}
    if data.problem not in missing:
        return []
    reported = m.ProblemReported(
        data.problem.value, data.parcel_id, merged(data.lines or ()), data.problem_id
    )
    return [m.to(data.order_id, reported)]


# Our other services.


def _refund_opened(data: refunds.RefundOpenedV1) -> Sequence[Addressed]:
    """Reads that a refund is open."""
    opened = m.RefundOpened(data.refund_id, data.kind.value, merged(data.lines))
    return [m.to(data.order_id, opened)]


def _refund_closed(data: refunds.RefundClosedV1) -> Sequence[Addressed]:
    """Reads that a refund ended without payment."""
    return [m.to(data.order_id, m.RefundClosed(data.refund_id))]


def _refund_paid(data: refunds.RefundPaidV1) -> Sequence[Addressed]:
    """Reads that money for goods has settled."""
    if data.purpose is not IntentPurpose.REFUND:
        return []
    paid = m.RefundPaid(data.refund_id, data.remedy_id, merged(data.lines), data.is_full)
    return [m.to(data.order_id, paid)]


def _exchange_opened(data: refunds.ExchangeOpenedV1) -> Sequence[Addressed]:
    """Reads the lines whose wanted variant is kept."""
    wanted = {variant.line_id for variant in data.wanted}
    lines = tuple(share for share in merged(data.lines) if share.line_id in wanted)
    noted = m.ResendNoted(Resend(data.reship_id, lines, data.exchange_id))
    return [m.to(data.order_id, noted)] if lines else []


def _reship_due(data: refunds.ReshipDueV1) -> Sequence[Addressed]:
    """Reads the lines that are sent again."""
    lines = tuple(Share(line.line_id, line.quantity_count) for line in data.lines)
    return [m.to(data.order_id, m.ResendNoted(Resend(data.reship_id, lines)))]


def _exchange_ended(data: refunds.ExchangeEndedV1) -> Sequence[Addressed]:
    """Reads that an exchange ended. Goods on their way back to the buyer are no part of it."""
    is_completed = data.ending is ExchangeEnding.COMPLETED
    is_settled = is_completed or data.ending is ExchangeEnding.RETURNED_TO_BUYER
    return [m.to(data.order_id, m.ExchangeOver(data.exchange_id, is_settled, is_completed))]


def _application_rejected(data: refunds.ApplicationRejectedV1) -> Sequence[Addressed]:
    """Reads that the seller refused an exchange for which goods are kept."""
    if data.application is not ApplicationKind.EXCHANGE:
        return []
    return [m.to(data.order_id, m.ExchangeOver(data.application_id))]


def _promised(data: customers.PromiseRegisteredV1) -> Sequence[Addressed]:
    """Reads a promise to the buyer of an order."""
    if data.order_id is None:
        return []
    return [m.to(data.order_id, m.Promised(data.kind.value, data.value_code, data.due_at))]


READS: Mapping[type[Event], Read] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderTermsChangedV1: _terms_changed,
    orders.OrderEditedV1: _edited,
    orders.OrderPaidV1: _paid,
    orders.OrderShippedV1: _shipped,
    orders.OrderSucceededV1: _succeeded,
    orders.OrderClosedV1: _closed,
    orders.OrderMemoStoredV1: _memo_stored,
    orders.OrderRequestDeclinedV1: _declined,
    shipments.ParcelRegisteredV1: _registered,
    shipments.ParcelWaybillVoidedV1: _voided,
    shipments.ParcelNumberCorrectedV1: _number_corrected,
    shipments.ParcelHandedOverV1: _handed_over,
    shipments.DispatchHoldAnsweredV1: _hold_answered,
    shipments.DispatchShortageFoundV1: _shortage_found,
    shipments.WarehouseInstructionAnsweredV1: _instruction_answered,
    shipments.ReshipAnsweredV1: _reship_answered,
    shipments.ReturnInspectedV1: _inspected,
    shipments.CourierActionAnsweredV1: _courier_answered,
    aftersales.ReturnSentV1: _return_sent,
    aftersales.ProblemReportedV1: _problem_reported,
    refunds.RefundOpenedV1: _refund_opened,
    refunds.RefundClosedV1: _refund_closed,
    refunds.RefundPaidV1: _refund_paid,
    refunds.ExchangeOpenedV1: _exchange_opened,
    refunds.ReshipDueV1: _reship_due,
    refunds.ExchangeEndedV1: _exchange_ended,
    refunds.ApplicationRejectedV1: _application_rejected,
    customers.PromiseRegisteredV1: _promised,
}
