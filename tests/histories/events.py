"""The half of the account that listens to what others say: buyers, shops, carriers, providers, the desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aftersales_contracts.base import Event
from aftersales_contracts.components import Line
from aftersales_contracts.enums import Carriage, ParcelDirection, RefundKind
from aftersales_contracts.shop import aftersales, desk, orders, payments, reviews, scans, shipments
from tests.histories import events_shop, money
from tests.histories.goods import Parcel
from tests.histories.matters import WANTS_BACK, Collect, Rating, Refund, counts

if TYPE_CHECKING:
    from tests.histories.ledger import Ledger


def _placed(ledger: Ledger, event: orders.OrderPlacedV1, at: datetime) -> None:
    del at
    if ledger.placed is None:
        ledger.placed, ledger.currency = event, event.total.currency
        _priced(ledger, event.lines, event.total.minor)
        ledger.goods.place({line.line_id: line.quantity_count for line in event.lines})


def _priced(ledger: Ledger, lines: Sequence[Line], total_minor: int) -> None:
    ledger.total_minor = total_minor
    ledger.prices = Counter({line.line_id: line.amount_minor for line in lines})
    ledger.piece_prices = Counter({line.line_id: line.amount_minor // line.quantity_count for line in lines})


def _edited(ledger: Ledger, event: orders.OrderTermsChangedV1, at: datetime) -> None:
    del at
    if ledger.paid_at is None and event.lines is not None:
        _priced(ledger, event.lines, event.total.minor)


def _paid(ledger: Ledger, event: orders.OrderPaidV1, at: datetime) -> None:
    if ledger.paid_at is not None:
        money.paid_again(ledger, event)
    if ledger.paid_at is None:
        ledger.paid_at, ledger.paid_minor = at, event.paid_amount.minor
        ledger.tenders = Counter({p.payment_id: p.amount.minor for p in event.payments})


def _shipped(ledger: Ledger, event: orders.OrderShippedV1, at: datetime) -> None:
    ledger.shipped_at = ledger.shipped_at or at
    ledger.marked_lines.update(counts(event.lines) if event.lines is not None else ledger.goods.ordered)


def _succeeded(ledger: Ledger, event: orders.OrderSucceededV1, at: datetime) -> None:
    ledger.m.asked.pop("confirm", None)
    if ledger.succeeded_at is None:
        ledger.succeeded_at, ledger.success_cause = at, event.cause.value


def _closed(ledger: Ledger, event: orders.OrderClosedV1, at: datetime) -> None:
    del event
    ledger.closed_at = ledger.closed_at or at


def _declined(ledger: Ledger, event: orders.OrderRequestDeclinedV1, at: datetime) -> None:
    del at
    events_shop.answered(ledger, event.request_id)


def _applied(ledger: Ledger, event: aftersales.RefundAppliedV1, at: datetime) -> None:
    refund = ledger.refund(event.refund_id)
    if refund.state in ("applied", "rejected"):
        refund.applied_at, refund.state = at, "applied"


def _amended(ledger: Ledger, event: aftersales.RefundAmendedV1, at: datetime) -> None:
    """An amendment of goods that are on their way is answered by no outcome unless it is turned away."""
    del at
    refund = ledger.refund(event.refund_id)
    if refund.state != "refused":
        return
    is_of_will = event.kind is RefundKind.NO_REASON
    refund.amended_reason = RefundKind.NO_REASON.value if is_of_will else event.reason_code
    if refund.was_returned and event.kind in WANTS_BACK:
        refund.state, refund.version = "sent", event.terms_version
        refund.lines_before = refund.lines
        refund.lines = counts(event.lines) or refund.lines


def _agreed(ledger: Ledger, event: aftersales.RefundAgreedV1, at: datetime) -> None:
    """A yes to an application about goods that are checked already is a word about these goods."""
    refund = ledger.refund(event.refund_id)
    if event.terms_version != refund.version:
        return
    if event.stage is aftersales.AnswerStage.RECEIPT:
        refund.was_accepted = True
    elif refund.state == "open":
        refund.agreed_at = at


def _refused(ledger: Ledger, event: aftersales.RefundRefusedV1, at: datetime) -> None:
    del at
    refund = ledger.refund(event.refund_id)
    stage = "open" if event.stage is aftersales.AnswerStage.ANSWER else "sent"
    is_meant = refund.state == stage and refund.version == event.terms_version
    if is_meant and refund.kind.value != "unshipped":
        refund.state, refund.was_refused_at_receipt = "refused", stage == "sent"


def _taken_back(ledger: Ledger, event: aftersales.ApplicationWithdrawnV1, at: datetime) -> None:
    del at
    ledger.withdrawn.add(event.refund_id or event.exchange_id or "")


def _sent_back(ledger: Ledger, event: aftersales.ReturnSentV1, at: datetime) -> None:
    box = Parcel(
        parcel_id=event.tracking.tracking_code,
        direction=ParcelDirection.RETURN,
        carrier_code=event.tracking.carrier_code,
        tracking_code=event.tracking.tracking_code,
        lines=Counter(),
    )
    case_id = event.refund_id or event.exchange_id or ""
    ledger.goods.send_back(box, {event.return_id, case_id}, counts(event.lines), at)
    if event.freight_paid_amount is not None:
        ledger.m.laid_out[case_id] = ledger.m.laid_out.get(case_id, 0) + event.freight_paid_amount.minor
    case = ledger.m.refunds.get(case_id) or ledger.m.exchanges.get(case_id)
    if isinstance(case, Refund):
        silent_at = at + timedelta(days=30 if event.carriage is Carriage.MAIL else 10)
        if case.silent_at is None or at < case.silent_at:
            case.silent_at = max(case.silent_at or silent_at, silent_at)
    if case is not None:
        case.was_returned = True
        case.sent.update(counts(event.lines))
        if case.state == "sending":
            case.state = "sent"


def _accepted(ledger: Ledger, event: aftersales.ReturnAcceptedV1, at: datetime) -> None:
    box = ledger.box("", event.return_id)
    if box is not None:
        ledger.goods.accept(box, counts(event.lines), at)
    if event.refund_id is not None:
        ledger.refund(event.refund_id).was_accepted = True


def _exchange_applied(ledger: Ledger, event: aftersales.ExchangeAppliedV1, at: datetime) -> None:
    exchange = ledger.exchange(event.exchange_id)
    exchange.applied_at = exchange.applied_at or at


def _offer_answered(ledger: Ledger, event: aftersales.OfferAnsweredV1, at: datetime) -> None:
    del at
    ledger.m.asked.pop(f"offer:{event.case_kind}:{event.case_id}", None)


def _registered(ledger: Ledger, event: shipments.ParcelRegisteredV1, at: datetime) -> None:
    del at
    purpose = ""
    if event.request_id is not None:
        reship_id = ledger.m.reship_requests.get(event.request_id, "")
        purpose = ledger.m.reship_purposes.get(reship_id, "")
        ledger.m.reship_parcels[reship_id] = event.parcel_id
        events_shop.answered(ledger, event.request_id)
    ledger.goods.register(
        Parcel(
            parcel_id=event.parcel_id,
            direction=event.direction,
            carrier_code=event.tracking.carrier_code,
            tracking_code=event.tracking.tracking_code,
            lines=counts(event.lines),
            request_id=event.request_id,
            purpose=purpose,
        )
    )


def _inspected(ledger: Ledger, event: shipments.ReturnInspectedV1, at: datetime) -> None:
    box = ledger.box(event.parcel_id, event.return_id)
    if box is None:
        return
    found = [(line.line_id, line.received_count, line.accepted_count) for line in event.lines]
    ledger.goods.check(box, found, at)
    for line in event.lines:
        if not line.received_count:
            continue  # nothing was there to be looked at
        for case_id in box.return_ids:
            case = ledger.m.refunds.get(case_id) or ledger.m.exchanges.get(case_id)
            if line.is_fault_confirmed is not None and case is not None and case.lines[line.line_id]:
                ledger.m.faults.setdefault(case_id, []).append((at, line.is_fault_confirmed))


def _hold_answered(ledger: Ledger, event: shipments.DispatchHoldAnsweredV1, at: datetime) -> None:
    del at
    events_shop.answered(ledger, event.request_id)


def _reship_answered(ledger: Ledger, event: shipments.ReshipAnsweredV1, at: datetime) -> None:
    del at
    events_shop.answered(ledger, event.request_id)


_ENDS_SEARCH = (shipments.CourierOutcome.FOUND, shipments.CourierOutcome.LOST)
"""After any other answer a person is asked, and the courier may still say where the parcel is."""


def _courier_answered(ledger: Ledger, event: shipments.CourierActionAnsweredV1, at: datetime) -> None:
    events_shop.answered(ledger, event.request_id)
    is_search = ledger.m.searches.get(event.parcel_id) == event.request_id
    parcel = ledger.goods.parcels.get(event.parcel_id)
    is_lost = event.outcome is shipments.CourierOutcome.LOST
    if is_lost and parcel is not None and (is_search or parcel.standing != "there"):
        _said_lost(ledger, parcel, at)
    was_signed = ledger.m.search_reasons.get(event.parcel_id) == "signed_not_received"
    is_unserved = event.outcome is shipments.CourierOutcome.NOT_SERVED and not was_signed
    if is_search and (event.outcome in _ENDS_SEARCH or is_unserved):
        del ledger.m.searches[event.parcel_id]
    if is_search and event.outcome is shipments.CourierOutcome.FOUND:
        ledger.m.search_reasons.pop(event.parcel_id, None)


def _claim_answered(ledger: Ledger, event: shipments.CourierClaimAnsweredV1, at: datetime) -> None:
    del at
    if event.outcome.value in ("rejected", "paid"):
        ledger.m.asked.pop(f"claim:{event.claim_id}", None)


def _scanned(ledger: Ledger, event: scans.ParcelScannedV1, at: datetime) -> None:
    goods = ledger.goods
    happened_at = min(event.occurred_at, at)  # nothing is told before it happened
    goods.scan(event.carrier_code, event.tracking_code, event.status, happened_at, at)
    parcel = goods.by_tracking(event.carrier_code, event.tracking_code)
    if parcel is not None:
        ledger.m.searches.pop(parcel.parcel_id, None)
    if parcel is not None and parcel.says("moving"):
        first = min(when for when, _, word in parcel.news if word != "here")
        ledger.pickups[parcel.parcel_id] = first


def _arrived(ledger: Ledger, event: scans.ParcelArrivedV1, at: datetime) -> None:
    parcel = ledger.goods.by_tracking(event.carrier_code, event.tracking_code)
    if event.is_freight_collect and (parcel is None or (parcel.is_back and parcel.standing != "home")):
        name = event.tracking_code if parcel is None else parcel.parcel_id
        is_expected = any(case.state in ("sending", "sent") for case in ledger.m.cases())
        waybill = f"{event.carrier_code}/{event.tracking_code}"
        was_refused = any(known.is_refused for known in ledger.m.collects if known.waybill == waybill)
        ledger.m.collects.append(Collect(name, at, is_expected, waybill, was_refused))
        if parcel is not None:
            parcel.is_collect = True
    elif parcel is not None:
        ledger.goods.told(parcel, "home", at)


def _instructed(ledger: Ledger, event: shipments.WarehouseInstructionAnsweredV1, at: datetime) -> None:
    request: Any = next(
        (a.event for a in ledger.m.asked.values() if events_shop.is_of(a, event.request_id)), None
    )
    events_shop.answered(ledger, event.request_id)
    name = "" if request is None else request.parcel_id or ""
    box = ledger.box(name, name)
    if box is None or not box.is_collect or box.standing == "home":
        return
    if event.outcome is shipments.InstructionOutcome.DONE:
        ledger.goods.send_off(box, at)
    else:
        ledger.goods.told(box, "home", at)


def _said_lost(ledger: Ledger, parcel: Parcel, at: datetime) -> None:
    """Somebody's word that a parcel is lost; it counts of a signed one if that is what was asked."""
    was_signed = ledger.m.search_reasons.get(parcel.parcel_id) == "signed_not_received"
    if parcel.standing not in ("there", "home") or (was_signed and parcel.standing == "there"):
        ledger.goods.told(parcel, "lost", at, is_over_signature=was_signed)


def _task_done(ledger: Ledger, event: desk.TaskCompletedV1, at: datetime) -> None:
    task = ledger.m.tasks.get(event.task_id)
    is_open = task is not None and task.is_open
    if task is not None and is_open:
        money.answered(ledger, event, task.question_code)
        task.answer, task.answered_at = event.outcome_code, at
        parcel = ledger.goods.parcels.get(task.case_id)
        is_search = task.question_code in ("presume_lost", "where_is_parcel")
        is_search &= task.at >= ledger.m.search_from.get(task.case_id, task.at)
        if is_search and parcel is not None and event.outcome_code in ("approved", "lost"):
            _said_lost(ledger, parcel, at)
        elif is_search and parcel is not None and event.outcome_code == "found":
            ledger.m.searches.pop(parcel.parcel_id, None)
            ledger.m.search_reasons.pop(parcel.parcel_id, None)
            if parcel.says("there"):
                ledger.goods.told(parcel, "there", at)
    is_given_up = event.outcome_code == "abandon" or (
        event.outcome_code == "confirmed"
        and task is not None
        and task.question_code == "other_amount_settled"
    )
    if is_open and event.case_kind == "refund-intent" and is_given_up:
        intent = ledger.m.intents.get(event.case_id)
        if intent is not None and intent.net_minor < intent.minor and not intent.is_unsure:
            intent.state, intent.given_up_minor = "given_up", intent.minor - intent.net_minor


def _settled(ledger: Ledger, event: payments.RefundSettledV1, at: datetime) -> None:
    del at
    intent = ledger.m.intents.get(event.intent_id)
    if intent is None:
        money.stray(ledger, event)
        return
    if not event.has_moved_now:
        return
    money.settled(ledger, intent, event)
    intent.out_minor += event.amount.minor
    intent.settled_attempts.add(event.attempt_id)
    intent.state, intent.given_up_minor, intent.is_unsure = "paid", intent.abandoned_minor, False
    ledger.m.asked.pop(f"payment:{event.intent_id}", None)


def _reversed(ledger: Ledger, event: payments.RefundReversedV1, at: datetime) -> None:
    del at
    intent = ledger.m.intents.get(event.intent_id)
    if intent is None:
        money.came_back(ledger, event)
    if intent is not None:
        money.returned(ledger, intent, event.amount.minor)
        intent.back_minor += event.amount.minor
        intent.state = "reversed"


def _memo(ledger: Ledger, event: orders.OrderMemoStoredV1, at: datetime) -> None:
    del at
    if event.request_id is not None:
        events_shop.answered(ledger, event.request_id)


def _evidence(ledger: Ledger, event: aftersales.EvidenceSubmittedV1, at: datetime) -> None:
    del at
    if event.request_id is not None:
        events_shop.answered(ledger, event.request_id)


def _rated(ledger: Ledger, event: reviews.ReviewGivenV1, at: datetime) -> None:
    rating = Rating(event.line_id, event.rater.value, at)
    ledger.m.ratings.setdefault(event.review_id, rating)


HANDLERS: Mapping[type[Event], Callable[[Ledger, Any, datetime], None]] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderTermsChangedV1: _edited,
    orders.OrderPaidV1: _paid,
    orders.OrderShippedV1: _shipped,
    orders.OrderSucceededV1: _succeeded,
    orders.OrderClosedV1: _closed,
    orders.OrderRequestDeclinedV1: _declined,
    orders.OrderMemoStoredV1: _memo,
    aftersales.RefundAppliedV1: _applied,
    aftersales.RefundAmendedV1: _amended,
    aftersales.RefundAgreedV1: _agreed,
    aftersales.RefundRefusedV1: _refused,
    aftersales.ApplicationWithdrawnV1: _taken_back,
    aftersales.ReturnSentV1: _sent_back,
    aftersales.ReturnAcceptedV1: _accepted,
    aftersales.ExchangeAppliedV1: _exchange_applied,
    aftersales.OfferAnsweredV1: _offer_answered,
    aftersales.EvidenceSubmittedV1: _evidence,
    shipments.ParcelRegisteredV1: _registered,
    shipments.ParcelHandedOverV1: events_shop.handed_over,
    shipments.ParcelWaybillVoidedV1: events_shop.voided,
    shipments.ParcelNumberCorrectedV1: events_shop.renumbered,
    shipments.ReturnInspectedV1: _inspected,
    shipments.DispatchShortageFoundV1: events_shop.short,
    shipments.WarehouseInstructionAnsweredV1: _instructed,
    shipments.DispatchHoldAnsweredV1: _hold_answered,
    shipments.ReshipAnsweredV1: _reship_answered,
    shipments.CourierActionAnsweredV1: _courier_answered,
    shipments.CourierClaimAnsweredV1: _claim_answered,
    scans.ParcelScannedV1: _scanned,
    scans.ParcelArrivedV1: _arrived,
    desk.TaskCompletedV1: _task_done,
    **money.HANDLERS,
    payments.RefundSettledV1: _settled,
    payments.RefundReversedV1: _reversed,
    reviews.ReviewGivenV1: _rated,
}
