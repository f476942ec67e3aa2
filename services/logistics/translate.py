"""The border of logistics, inwards: what an event of the contracts means to its cases."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import base as contract
from aftersales_contracts import parts
from aftersales_contracts.aftersales import customers, refunds
from aftersales_contracts.aftersales.refunds_words import ExchangeEnding, IntentPurpose
from aftersales_contracts.shop import aftersales, desk, orders, scans, shipments
from aftersales_contracts.words import ReshipPurpose
from chassis.service import Read
from kernel.decider import Addressed
from kernel.money import Money
from services.logistics.cases import (
    courier_claim_words,
    dispatch_messages,
    intercept,
    lost_parcel_words,
    parcel_words,
    reship_words,
    stock_shortage,
)
from services.logistics.cases.order_file import Link, OrderLine, Resend
from services.logistics.cases.track import Identity, Scan
from services.logistics.cases.values import (
    Direction,
    MemoStored,
    ParcelStatus,
    RequestDeclined,
    Share,
    TaskDone,
    Tracking,
    derived_id,
    merged,
    parcel_case_id,
)

DISPATCH = "dispatch"
PARCEL = "parcel"
LOST = "lost-parcel"
CLAIM = "courier-claim"
INTERCEPT = "intercept"
RESHIP = "reship"
SHORTAGE = "stock-shortage"

RECALLS = ("intercept", "recall")
"""A parcel is called back for a refund or a refusal, or because it turned up after a loss."""


KNOWN_STATUS = {status.value: status for status in ParcelStatus}
KNOWN_DIRECTION = {direction.value: direction for direction in Direction}


def to_dispatch(order_id: str, message: object) -> list[Addressed]:
    """A message for the order's dispatch case."""
    return [Addressed(order_id, DISPATCH, order_id, message)]


def to_parcel(tracking: Tracking, message: object) -> list[Addressed]:
    """A message for the parcel of a waybill."""
    return [Addressed(tracking.subject, PARCEL, parcel_case_id(tracking), message)]


def _shares(lines: Sequence[parts.Share] | None) -> tuple[Share, ...]:
    return merged(Share(line.line_id, line.quantity_count) for line in lines or ())


def _tracking(tracking: parts.Tracking) -> Tracking:
    return Tracking(tracking.carrier_code, tracking.tracking_code)


def _lines(lines: Sequence[parts.Line]) -> tuple[OrderLine, ...]:
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


def _direction(value: str) -> Direction:
    """Which way a parcel goes; a way that this version does not know counts as none of the order's own."""
    return KNOWN_DIRECTION.get(value, Direction.TO_BUYER)


# Orders.


def _placed(data: orders.OrderPlacedV1) -> list[Addressed]:
    is_cash = data.payment_mode is orders.PaymentMode.CASH_ON_DELIVERY
    placed = dispatch_messages.Placed(
        data.order_id, data.customer_id, data.region_code, is_cash, _lines(data.lines)
    )
    return to_dispatch(data.order_id, placed)


def _terms_changed(data: orders.OrderTermsChangedV1) -> list[Addressed]:
    if not data.lines:
        return []
    return to_dispatch(data.order_id, dispatch_messages.TermsChanged(_lines(data.lines)))


def _paid(data: orders.OrderPaidV1) -> list[Addressed]:
    return to_dispatch(data.order_id, dispatch_messages.Paid())


def _shipped(data: orders.OrderShippedV1) -> list[Addressed]:
    marked = dispatch_messages.ShipMarked(
        data.delivery_kind.value, tuple(sorted(set(data.parcel_ids))), _shares(data.lines)
    )
    return to_dispatch(data.order_id, marked)


def _succeeded(data: orders.OrderSucceededV1) -> list[Addressed]:
    return to_dispatch(data.order_id, dispatch_messages.Succeeded(_shares(data.lines)))


def _closed(data: orders.OrderClosedV1) -> list[Addressed]:
    lines = _shares(data.lines)
    over = Addressed(data.order_id, SHORTAGE, data.order_id, stock_shortage.RefundTakesOver(lines))
    return [*to_dispatch(data.order_id, dispatch_messages.Closed(data.cause.value, lines)), over]


def _memo_stored(data: orders.OrderMemoStoredV1) -> list[Addressed]:
    return to_dispatch(data.order_id, MemoStored(data.purpose.value, data.request_id))


def _declined(data: orders.OrderRequestDeclinedV1) -> list[Addressed]:
    return to_dispatch(data.order_id, RequestDeclined(data.request_id, data.reason_code))


# Shipments and scans.


def _registered(data: shipments.ParcelRegisteredV1) -> list[Addressed]:
    tracking, direction, lines = (
        _tracking(data.tracking),
        _direction(data.direction.value),
        _shares(data.lines),
    )
    declared = (
        Money(data.declared_amount.minor, data.declared_amount.currency) if data.declared_amount else None
    )
    added = dispatch_messages.ParcelAdded(
        Link(data.parcel_id, tracking, direction, lines),
        declared,
        data.request_id,
        data.replaces_parcel_id,
    )
    is_collect = data.freight_payer is shipments.FreightPayer.RECIPIENT
    identity = Identity(data.shop_id, data.order_id, data.parcel_id, direction, lines)
    registered = parcel_words.RegisteredAs(tracking, identity, is_collect)
    return [*to_dispatch(data.order_id, added), *to_parcel(tracking, registered)]


def _return_sent(data: aftersales.ReturnSentV1) -> list[Addressed]:
    tracking, lines = _tracking(data.tracking), _shares(data.lines)
    link = Link(data.return_id, tracking, Direction.RETURN, lines)
    identity = Identity(data.shop_id, data.order_id, data.return_id, Direction.RETURN, lines)
    registered = parcel_words.RegisteredAs(tracking, identity, data.is_freight_collect)
    added = dispatch_messages.ParcelAdded(link, None, None, None)
    return [*to_dispatch(data.order_id, added), *to_parcel(tracking, registered)]


def _voided(data: shipments.ParcelWaybillVoidedV1) -> list[Addressed]:
    return to_dispatch(data.order_id, dispatch_messages.WaybillVoided(data.parcel_id))


def _handed_over(data: shipments.ParcelHandedOverV1) -> list[Addressed]:
    return to_dispatch(data.order_id, dispatch_messages.ParcelLeft(data.parcel_id, data.carrier_code))


def _scanned(data: scans.ParcelScannedV1) -> list[Addressed]:
    """A status that this version does not know is a sign of life like any other."""
    status = KNOWN_STATUS.get(data.status.value, ParcelStatus.IN_TRANSIT)
    signed_by = data.signed_by.value if data.signed_by else None
    scan = Scan(data.occurred_at, status, data.raw_status_code, data.place_name, signed_by)
    tracking = Tracking(data.carrier_code, data.tracking_code)
    return to_parcel(tracking, parcel_words.Scanned(tracking, scan))


def _arrived(data: scans.ParcelArrivedV1) -> list[Addressed]:
    tracking = Tracking(data.carrier_code, data.tracking_code)
    return to_parcel(tracking, parcel_words.Arrived(tracking, data.is_freight_collect))


def _hold_answered(data: shipments.DispatchHoldAnsweredV1) -> list[Addressed]:
    answered = dispatch_messages.HoldAnswered(
        data.request_id, data.outcome.value, tuple(data.parcel_ids or ())
    )
    return to_dispatch(data.order_id, answered)


def _shortage_found(data: shipments.DispatchShortageFoundV1) -> list[Addressed]:
    """To the buyer's choice and, as a stock-out, to the dispatch clock."""
    lines = _shares(data.lines)
    is_stated = data.source is shipments.ShortageSource.CHAT
    noted = dispatch_messages.ShortageNoted(lines, is_stated, data.expected_at)
    return to_dispatch(data.order_id, noted)


def _instruction_answered(data: shipments.WarehouseInstructionAnsweredV1) -> list[Addressed]:
    answered = dispatch_messages.InstructionAnswered(data.request_id, data.outcome.value)
    return to_dispatch(data.order_id, answered)


def _reship_answered(data: shipments.ReshipAnsweredV1) -> list[Addressed]:
    answered = dispatch_messages.ReshipAnswered(data.request_id, data.outcome.value, data.until_at)
    return to_dispatch(data.order_id, answered)


def _inspected(data: shipments.ReturnInspectedV1) -> list[Addressed]:
    """The parcel goes by its return, or by itself where the warehouse could not tell which return it is."""
    lines = merged(Share(line.line_id, max(line.received_count, 1)) for line in data.lines)
    parcel_ids = (data.parcel_id,) if data.return_id is None else (data.parcel_id, data.return_id)
    return to_dispatch(data.order_id, dispatch_messages.Inspected(parcel_ids, lines, data.wanted_sku_id))


def _courier_answered(data: shipments.CourierActionAnsweredV1) -> list[Addressed]:
    """A loss concerns the order, whatever the courier was asked; the rest goes to the case that asked."""
    if data.outcome is shipments.CourierOutcome.LOST:
        return to_dispatch(data.order_id, dispatch_messages.CourierSaidLost(data.parcel_id))
    outcome = data.outcome.value
    for recall in RECALLS:
        if data.request_id == derived_id(data.parcel_id, recall):
            answered = intercept.CarrierAnswered(outcome)
            return [Addressed(data.order_id, INTERCEPT, data.request_id, answered)]
    inquiry = lost_parcel_words.InquiryAnswered(data.request_id, outcome)
    return [Addressed(data.order_id, LOST, data.parcel_id, inquiry)]


def _claim_answered(data: shipments.CourierClaimAnsweredV1) -> list[Addressed]:
    amount = Money(data.amount.minor, data.amount.currency) if data.amount else None
    kinds = tuple(kind.value for kind in data.evidence_kinds or ())
    answered = courier_claim_words.Answered(data.outcome.value, amount, kinds)
    return [Addressed(data.order_id, CLAIM, data.claim_id, answered)]


# Buyers, desk.


def _problem_reported(data: aftersales.ProblemReportedV1) -> list[Addressed]:
    if data.problem not in {
        aftersales.ProblemKind.NOT_RECEIVED,
        aftersales.ProblemKind.SIGNED_NOT_RECEIVED,
    }:
        return []
    reported = dispatch_messages.ProblemReported(data.problem.value, data.parcel_id, _shares(data.lines))
    return to_dispatch(data.order_id, reported)


def _offer_answered(data: aftersales.OfferAnsweredV1) -> list[Addressed]:
    message: object
    if data.case_kind == LOST:
        message = lost_parcel_words.OfferAnswered(data.offer_id, data.option_id)
    elif data.case_kind == SHORTAGE:
        message = stock_shortage.OfferAnswered(data.offer_id, data.option_id)
    else:
        return []
    return [Addressed(data.order_id, data.case_kind, data.case_id, message)]


def _evidence_submitted(data: aftersales.EvidenceSubmittedV1) -> list[Addressed]:
    if data.case_kind != CLAIM or data.case_id is None:
        return []
    evidence = courier_claim_words.EvidenceIn(data.evidence_id)
    return [Addressed(data.order_id, CLAIM, data.case_id, evidence)]


def _task_completed(data: desk.TaskCompletedV1) -> list[Addressed]:
    if data.case_kind not in {LOST, CLAIM, RESHIP}:
        return []
    done = TaskDone(data.task_id, data.outcome_code)
    return [Addressed(data.about_subject, data.case_kind, data.case_id, done)]


# Our other services.


def _refund_opened(data: refunds.RefundOpenedV1) -> list[Addressed]:
    lines = _shares(data.lines)
    opened = dispatch_messages.RefundOpened(data.refund_id, data.kind.value, lines)
    over = Addressed(data.order_id, SHORTAGE, data.order_id, stock_shortage.RefundTakesOver(lines))
    return [*to_dispatch(data.order_id, opened), over]


def _refund_closed(data: refunds.RefundClosedV1) -> list[Addressed]:
    return to_dispatch(data.order_id, dispatch_messages.RefundClosed(data.refund_id))


def _refund_paid(data: refunds.RefundPaidV1) -> list[Addressed]:
    if data.purpose is not IntentPurpose.REFUND:
        return []
    paid = dispatch_messages.RefundPaid(data.refund_id, data.remedy_id, _shares(data.lines), data.is_full)
    return to_dispatch(data.order_id, paid)


def _exchange_opened(data: refunds.ExchangeOpenedV1) -> list[Addressed]:
    """The wanted variant of every line is kept."""
    skus = {wanted.line_id: wanted.sku_id for wanted in data.wanted}
    lines = tuple(share for share in _shares(data.lines) if share.line_id in skus)
    if not lines:
        return []
    order = reship_words.Order(
        reship_id=data.reship_id,
        order_id=data.order_id,
        purpose=ReshipPurpose.EXCHANGE.value,
        lines=lines,
        sku_ids=tuple(skus[share.line_id] for share in lines),
    )
    noted = dispatch_messages.ResendNoted(Resend(data.reship_id, lines, data.exchange_id))
    reserve = Addressed(data.order_id, RESHIP, data.reship_id, reship_words.ReserveWanted(order))
    return [reserve, *to_dispatch(data.order_id, noted)]


def _reship_due(data: refunds.ReshipDueV1) -> list[Addressed]:
    order = reship_words.Order(
        reship_id=data.reship_id,
        order_id=data.order_id,
        purpose=data.purpose.value,
        lines=tuple(Share(line.line_id, line.quantity_count) for line in data.lines),
        sku_ids=tuple(data.sku_ids),
        ship_by=data.ship_by_at,
    )
    noted = dispatch_messages.ResendNoted(Resend(data.reship_id, order.lines))
    send = Addressed(data.order_id, RESHIP, data.reship_id, reship_words.SendWanted(order))
    return [send, *to_dispatch(data.order_id, noted)]


def _exchange_ended(data: refunds.ExchangeEndedV1) -> list[Addressed]:
    """Goods kept for an exchange that comes to nothing are let go; returning goods to the buyer goes on."""
    if data.ending in {ExchangeEnding.COMPLETED, ExchangeEnding.RETURNED_TO_BUYER, ExchangeEnding.BREACHED}:
        return []
    return to_dispatch(data.order_id, dispatch_messages.ExchangeOver(data.exchange_id))


def _promised(data: customers.PromiseRegisteredV1) -> list[Addressed]:
    if data.order_id is None:
        return []
    promised = dispatch_messages.Promised(data.kind.value, data.value_code, data.due_at)
    return to_dispatch(data.order_id, promised)


READS: Mapping[type[contract.Event], Read] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderTermsChangedV1: _terms_changed,
    orders.OrderPaidV1: _paid,
    orders.OrderShippedV1: _shipped,
    orders.OrderSucceededV1: _succeeded,
    orders.OrderClosedV1: _closed,
    orders.OrderMemoStoredV1: _memo_stored,
    orders.OrderRequestDeclinedV1: _declined,
    shipments.ParcelRegisteredV1: _registered,
    shipments.ParcelWaybillVoidedV1: _voided,
    shipments.ParcelHandedOverV1: _handed_over,
    shipments.DispatchHoldAnsweredV1: _hold_answered,
    shipments.DispatchShortageFoundV1: _shortage_found,
    shipments.WarehouseInstructionAnsweredV1: _instruction_answered,
    shipments.ReshipAnsweredV1: _reship_answered,
    shipments.ReturnInspectedV1: _inspected,
    shipments.CourierActionAnsweredV1: _courier_answered,
    shipments.CourierClaimAnsweredV1: _claim_answered,
    scans.ParcelScannedV1: _scanned,
    scans.ParcelArrivedV1: _arrived,
    aftersales.ReturnSentV1: _return_sent,
    aftersales.ProblemReportedV1: _problem_reported,
    aftersales.OfferAnsweredV1: _offer_answered,
    aftersales.EvidenceSubmittedV1: _evidence_submitted,
    desk.TaskCompletedV1: _task_completed,
    refunds.RefundOpenedV1: _refund_opened,
    refunds.RefundClosedV1: _refund_closed,
    refunds.RefundPaidV1: _refund_paid,
    refunds.ExchangeOpenedV1: _exchange_opened,
    refunds.ReshipDueV1: _reship_due,
    refunds.ExchangeEndedV1: _exchange_ended,
    customers.PromiseRegisteredV1: _promised,
}
