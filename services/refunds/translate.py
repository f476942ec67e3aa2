"""The border, inwards: what an event of the contracts means to the cases of refunds."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import base as contract
from aftersales_contracts import parts
from aftersales_contracts.aftersales import customers, logistics
from aftersales_contracts.shop import aftersales, desk, orders, payments, shipments
from aftersales_contracts.words import FreightTerms, MoneyMoved, ParcelDirection, PromiseKind
from chassis.service import Read
from kernel.decider import Addressed
from kernel.money import Money
from services.refunds import agreement_words, exchange_words, intent_words, order_words
from services.refunds.values import Carriage, DeliveryKind, InspectedLine, Share, Tender, Wanted, derived_id

ORDER = "order"
AGREEMENT = "refund-agreement"
INTENT = "refund-intent"
EXCHANGE = "exchange"
LATE = "late-compensation"
CONFIRM_SUFFIX = ".confirm"
RESHIP_SUFFIX = ".reship"
ATTEMPT_MARK = ".try."
_STAGES = frozenset(stage.value for stage in agreement_words.Stage)
OFFER_MARK = ".offer."


def attempt_id_of(intent_id: str, attempt_count: int) -> str:
    """The id of the n-th attempt of an intent, from 1."""
    return derived_id(intent_id, f"{ATTEMPT_MARK}{attempt_count}")


def offer_id_of(exchange_id: str, offer_count: int) -> str:
    """The id of the n-th offer of an exchange, from 1."""
    return derived_id(exchange_id, f"{OFFER_MARK}{offer_count}")


def confirm_id_of(order_id: str, request_number: int) -> str:
    """The id of the n-th request to confirm an order, from 1; only a declined one is followed by another."""
    number = "" if request_number == 1 else f".{request_number}"
    return derived_id(order_id, f"{CONFIRM_SUFFIX}{number}")


def _number_of(made_id: str, mark: str) -> int:
    """The n of an id made with `mark`; 0 for an id that we did not make."""
    number = made_id.rpartition(mark)[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0


def _to_order(data: contract.OrderEvent | contract.OrderOutcome, message: object) -> list[Addressed]:
    return [Addressed(data.order_id, ORDER, data.order_id, message)]


def _money(money: contract.Money) -> Money:
    return Money(money.minor, money.currency)


def _shares(lines: Sequence[parts.Share]) -> tuple[Share, ...]:
    """Pieces per line, a line named twice counted together."""
    found: dict[str, Share] = {}
    for line in lines:
        minor = 0 if line.amount is None else line.amount.minor
        before = found.get(line.line_id, Share(line.line_id, 0, 0))
        count = before.quantity_count + line.quantity_count
        found[line.line_id] = Share(line.line_id, count, before.minor + minor)
    return tuple(found.values())


def _line_ids(lines: Sequence[parts.Share] | None) -> tuple[str, ...] | None:
    return None if lines is None else tuple(line.line_id for line in lines)


def _placed_lines(lines: Sequence[parts.Line]) -> tuple[order_words.PlacedLine, ...]:
    return tuple(
        order_words.PlacedLine(
            line_id=line.line_id,
            sku_id=line.sku_id,
            quantity_count=line.quantity_count,
            price_minor=line.amount_minor,
            is_freight_free=line.freight_terms is FreightTerms.FREE,
            services=tuple(service.value for service in line.services),
            is_special_offer=line.is_special_offer,
        )
        for line in lines
    )


# Orders.


def _placed(data: orders.OrderPlacedV1) -> list[Addressed]:
    lines = _placed_lines(data.lines)
    return _to_order(data, order_words.OrderPlaced(data.customer_id, lines, _money(data.freight)))


def _terms_changed(data: orders.OrderTermsChangedV1) -> list[Addressed]:
    lines = None if data.lines is None else _placed_lines(data.lines)
    return _to_order(data, order_words.TermsEdited(lines, _money(data.freight)))


def _paid(data: orders.OrderPaidV1) -> list[Addressed]:
    tenders = tuple(Tender(payment.payment_id, payment.amount.minor) for payment in data.payments)
    return _to_order(data, order_words.OrderPaid(tenders, data.paid_amount.currency))


def _shipped(data: orders.OrderShippedV1) -> list[Addressed]:
    # A delivery kind that this version does not know gets the ordinary window.
    kind = DeliveryKind(data.delivery_kind.value) if data.delivery_kind.is_known else DeliveryKind.EXPRESS
    shares = None if data.lines is None else _shares(data.lines)
    return _to_order(data, order_words.ShipmentMarked(kind, shares))


def _succeeded(data: orders.OrderSucceededV1) -> list[Addressed]:
    return _to_order(data, order_words.TradeSucceeded(data.cause.value, _line_ids(data.lines)))


def _closed(data: orders.OrderClosedV1) -> list[Addressed]:
    return _to_order(data, order_words.TradeClosed(data.cause.value, _line_ids(data.lines)))


def _declined(data: orders.OrderRequestDeclinedV1) -> list[Addressed]:
    number = max(_number_of(data.request_id, f"{CONFIRM_SUFFIX}."), 1)
    if data.request_id != confirm_id_of(data.order_id, number):
        return []
    return _to_order(data, order_words.RequestDeclined(data.reason_code, number))


# Buyer and seller.


def _terms(data: aftersales.RefundTerms) -> order_words.RefundApplied:
    lines = data.lines or None
    return order_words.RefundApplied(
        refund_id=data.refund_id,
        kind=data.kind.value,
        reason_code=data.reason_code,
        shares=None if lines is None else _shares(lines),
        is_priced=lines is not None and all(line.amount is not None for line in lines),
        amount=_money(data.amount),
        freight_minor=None if data.freight is None else data.freight.minor,
        version=data.terms_version,
        is_agreed_beforehand=data.is_agreed_beforehand,
    )


def _to_refund(order_id: str, refund_id: str, message: object) -> list[Addressed]:
    return [Addressed(order_id, AGREEMENT, refund_id, message)]


def _applied(data: aftersales.RefundAppliedV1) -> list[Addressed]:
    return _to_order(data, _terms(data))


def _amended(data: aftersales.RefundAmendedV1) -> list[Addressed]:
    return _to_refund(data.order_id, data.refund_id, agreement_words.Amended(_terms(data)))


def _agreed(data: aftersales.RefundAgreedV1) -> list[Addressed]:
    if data.stage.value not in _STAGES:
        return []
    stage = agreement_words.Stage(data.stage.value)
    message = agreement_words.SellerAgreed(data.terms_version, stage, data.return_address_ref)
    return _to_refund(data.order_id, data.refund_id, message)


def _refused(data: aftersales.RefundRefusedV1) -> list[Addressed]:
    if data.stage.value not in _STAGES:
        return []
    stage = agreement_words.Stage(data.stage.value)
    message = agreement_words.SellerRefused(
        data.terms_version, stage, data.reason_code, len(data.evidence_ids)
    )
    return _to_refund(data.order_id, data.refund_id, message)


def _withdrawn(data: aftersales.ApplicationWithdrawnV1) -> list[Addressed]:
    if data.refund_id is not None:
        return _to_refund(data.order_id, data.refund_id, agreement_words.BuyerWithdrew())
    return _to_exchange(data.order_id, data.exchange_id, exchange_words.BuyerWithdrew())


def _to_exchange(order_id: str, exchange_id: str | None, message: object) -> list[Addressed]:
    return [] if exchange_id is None else [Addressed(order_id, EXCHANGE, exchange_id, message)]


def _return_sent(data: aftersales.ReturnSentV1) -> list[Addressed]:
    carriage = Carriage(data.carriage.value) if data.carriage.is_known else Carriage.EXPRESS
    paid = None if data.freight_paid_amount is None else _money(data.freight_paid_amount)
    if data.refund_id is not None:
        message = agreement_words.ReturnSent(carriage, paid, _shares(data.lines), data.return_id)
        return _to_refund(data.order_id, data.refund_id, message)
    return _to_exchange(data.order_id, data.exchange_id, exchange_words.ReturnSent(carriage, paid))


def _return_accepted(data: aftersales.ReturnAcceptedV1) -> list[Addressed]:
    if data.refund_id is not None:
        message = agreement_words.ReturnAccepted(_shares(data.lines))
        return _to_refund(data.order_id, data.refund_id, message)
    return _to_exchange(data.order_id, data.exchange_id, exchange_words.ReturnAccepted(_shares(data.lines)))


def _exchange_applied(data: aftersales.ExchangeAppliedV1) -> list[Addressed]:
    wanted = tuple(Wanted(w.line_id, w.sku_id) for w in data.wanted)
    message = order_words.ExchangeApplied(data.exchange_id, _shares(data.lines), wanted, data.reason_code)
    return _to_order(data, message)


def _exchange_answered(data: aftersales.ExchangeAnsweredV1) -> list[Addressed]:
    if not data.answer.is_known:
        return []
    is_approved = data.answer is aftersales.ExchangeAnswer.APPROVED
    message = exchange_words.SellerAnswered(is_approved, data.reason_code)
    return _to_exchange(data.order_id, data.exchange_id, message)


def _offer_answered(data: aftersales.OfferAnsweredV1) -> list[Addressed]:
    if data.case_kind != EXCHANGE:
        return []
    count = _number_of(data.offer_id, OFFER_MARK)
    return _to_exchange(data.order_id, data.case_id, exchange_words.OfferAnswered(count, data.option_id))


def _evidence_submitted(data: aftersales.EvidenceSubmittedV1) -> list[Addressed]:
    if data.case_kind != AGREEMENT or data.case_id is None:
        return []
    return _to_refund(data.order_id, data.case_id, agreement_words.EvidenceGiven(data.kind.value))


# Warehouse, provider, workbench.


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
    return _to_order(data, order_words.GoodsInspected(data.return_id, lines, data.wanted_sku_id))


def _to_intent(data: contract.OrderEvent, intent_id: str, message: object) -> list[Addressed]:
    return [Addressed(data.order_id, INTENT, intent_id, message)]


def _attempt(intent_id: str, attempt_id: str) -> int:
    number = _number_of(attempt_id, ATTEMPT_MARK)
    return number if attempt_id == attempt_id_of(intent_id, number) else 0


def _payment_accepted(data: payments.RefundPaymentAcceptedV1) -> list[Addressed]:
    attempt = _attempt(data.intent_id, data.attempt_id)
    return _to_intent(data, data.intent_id, intent_words.PaymentAccepted(attempt))


def _settled(data: payments.RefundSettledV1) -> list[Addressed]:
    attempt = _attempt(data.intent_id, data.attempt_id)
    tenders = tuple(Tender(tender.payment_id, tender.amount.minor) for tender in data.tenders)
    message = intent_words.MoneySettled(attempt, _money(data.amount), data.has_moved_now, tenders)
    return _to_intent(data, data.intent_id, message)


def _failed(data: payments.RefundFailedV1) -> list[Addressed]:
    attempt = _attempt(data.intent_id, data.attempt_id)
    moved = intent_words.Moved.NO if data.money_moved is MoneyMoved.NO else intent_words.Moved.UNKNOWN
    message = intent_words.PaymentFailed(attempt, data.reason_code, data.is_retryable, moved)
    return _to_intent(data, data.intent_id, message)


def _reversed(data: payments.RefundReversedV1) -> list[Addressed]:
    message = intent_words.MoneyReversed(_money(data.amount), data.reason_code)
    return _to_intent(data, data.intent_id, message)


def _task_completed(data: desk.TaskCompletedV1) -> list[Addressed]:
    if data.case_kind != INTENT:
        return []
    return [
        Addressed(data.about_subject, INTENT, data.case_id, intent_words.PersonDecided(data.outcome_code))
    ]


# Our other services.


def _hold_resolved(data: logistics.DispatchHoldResolvedV1) -> list[Addressed]:
    return _to_order(data, order_words.HoldResolved(data.refund_id, data.outcome.value))


def _parcel_decided(data: logistics.ParcelOutcomeDecidedV1) -> list[Addressed]:
    if data.direction not in (ParcelDirection.OUTBOUND, ParcelDirection.RESHIP):
        return []
    line_ids = tuple(line.line_id for line in data.lines)
    inside = _shares(data.lines)
    return _to_order(data, order_words.ParcelDecided(data.outcome.value, line_ids, inside, data.parcel_id))


def _remedy_due(data: logistics.RemedyRefundDueV1) -> list[Addressed]:
    return _to_order(data, order_words.RemedyDue(data.remedy_id, _shares(data.lines), data.reason_code.value))


def _reship_moved(data: logistics.ReshipStatusChangedV1) -> list[Addressed]:
    return _to_order(data, order_words.ReshipMoved(data.reship_id, data.status.value))


def _late(data: logistics.LateShippingEstablishedV1) -> list[Addressed]:
    return _to_order(data, order_words.LateEstablished(data.trigger.value))


def _late_withdrawn(data: logistics.LateShippingWithdrawnV1) -> list[Addressed]:
    return _to_order(data, order_words.LateWithdrawn(data.trigger.value, data.reason_code))


def _promised(data: customers.PromiseRegisteredV1) -> list[Addressed]:
    if data.kind is not PromiseKind.NO_REFUND or data.order_id is None:
        return []
    return [Addressed(data.order_id, ORDER, data.order_id, order_words.RefundPromisedAway(data.promise_id))]


READS: Mapping[type[contract.Event], Read] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderTermsChangedV1: _terms_changed,
    orders.OrderPaidV1: _paid,
    orders.OrderShippedV1: _shipped,
    orders.OrderSucceededV1: _succeeded,
    orders.OrderClosedV1: _closed,
    orders.OrderRequestDeclinedV1: _declined,
    aftersales.RefundAppliedV1: _applied,
    aftersales.RefundAmendedV1: _amended,
    aftersales.RefundAgreedV1: _agreed,
    aftersales.RefundRefusedV1: _refused,
    aftersales.ApplicationWithdrawnV1: _withdrawn,
    aftersales.ReturnSentV1: _return_sent,
    aftersales.ReturnAcceptedV1: _return_accepted,
    aftersales.ExchangeAppliedV1: _exchange_applied,
    aftersales.ExchangeAnsweredV1: _exchange_answered,
    aftersales.OfferAnsweredV1: _offer_answered,
    aftersales.EvidenceSubmittedV1: _evidence_submitted,
    shipments.ReturnInspectedV1: _inspected,
    payments.RefundPaymentAcceptedV1: _payment_accepted,
    payments.RefundSettledV1: _settled,
    payments.RefundFailedV1: _failed,
    payments.RefundReversedV1: _reversed,
    desk.TaskCompletedV1: _task_completed,
    logistics.DispatchHoldResolvedV1: _hold_resolved,
    logistics.ParcelOutcomeDecidedV1: _parcel_decided,
    logistics.RemedyRefundDueV1: _remedy_due,
    logistics.ReshipStatusChangedV1: _reship_moved,
    logistics.LateShippingEstablishedV1: _late,
    logistics.LateShippingWithdrawnV1: _late_withdrawn,
    customers.PromiseRegisteredV1: _promised,
}
