"""The half of the account that listens to the services' outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aftersales_contracts.aftersales import common, logistics, logistics_enums, refunds, reviews
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ReshipPurpose
from aftersales_contracts.registry import EVENTS
from tests.histories import money
from tests.histories.matters import KEEPS_GOODS, BuyerClaim, Claim, Hold, Intent, Task, counts, minors

if TYPE_CHECKING:
    from tests.histories.ledger import Ledger


def _opened(ledger: Ledger, event: refunds.RefundOpenedV1, at: datetime) -> None:
    refund = ledger.refund(event.refund_id)
    refund.is_ours |= refund.applied_at is None
    at_receipt = refund.state == "refused" or (refund.state == "sent" and refund.was_refused_at_receipt)
    at_receipt &= refund.was_returned
    refund.state = "sent" if at_receipt and event.kind.value in ("with_return", "no_reason") else "open"
    refund.kind, refund.reason_code, refund.version = event.kind, event.reason_code, event.terms_version
    refund.lines, refund.minor = counts(event.lines), event.amount.minor
    refund.opened_at = refund.opened_at or at


def _rejected(ledger: Ledger, event: refunds.ApplicationRejectedV1, at: datetime) -> None:
    ledger.m.rejections[event.application_id] = event.reason_code
    if event.application.value == "exchange":
        exchange = ledger.exchange(event.application_id)
        exchange.state, exchange.ended_at = "rejected", at
        return
    refund = ledger.refund(event.application_id)
    if refund.state == "applied":
        refund.state = "rejected"
    elif refund.state == "sent" and refund.amended_reason:
        refund.state, refund.amended_reason = "refused", ""
        refund.lines = refund.lines_before or refund.lines


def _answered(ledger: Ledger, event: refunds.RefundAnswerDecidedV1, at: datetime) -> None:
    del at
    refund = ledger.refund(event.refund_id)
    if event.answer.value == "refuse" and refund.is_open:
        refund.state = "refused"


def _authorized(ledger: Ledger, event: refunds.ReturnAuthorizedV1, at: datetime) -> None:
    del at
    if event.refund_id is not None:
        ledger.refund(event.refund_id).state = "sending"
    elif event.exchange_id is not None:
        ledger.exchange(event.exchange_id).state = "sending"


def _liability(ledger: Ledger, event: refunds.FreightLiabilityDecidedV1, at: datetime) -> None:
    del at
    bears = event.return_leg.value == "seller"
    case_id = event.return_id or ""
    if event.cause.value == "quality" and bears:
        ledger.m.hang_on_fault.add(case_id)
    elif bears or case_id not in ledger.m.faults:
        ledger.m.hang_on_fault.discard(case_id)  # the shop bears it whatever is found
    if case_id in ledger.m.exchanges:
        ledger.exchange(case_id).seller_bears = bears
    elif case_id in ledger.m.refunds:
        refund = ledger.refund(case_id)
        refund.seller_bears, refund.freight_reason = bears, refund.reason_code


def _payment_asked(ledger: Ledger, event: refunds.RefundPaymentRequestedV1, at: datetime) -> None:
    money.asked(ledger, event, at)
    intent = ledger.m.intents.get(event.intent_id)
    if intent is None:
        refund = ledger.m.refunds.get(event.refund_id or "")
        intent = Intent(
            intent_id=event.intent_id,
            purpose=event.purpose.value,
            minor=event.amount.minor,
            lines=counts(event.lines),
            line_minors=minors(event.lines),
            tenders=_tenders(event),
            refund_id=event.refund_id,
            asked_at=at,
            kind=None if refund is None else refund.kind,
            keeps_goods=refund is not None and refund.kind in KEEPS_GOODS and not refund.is_ours,
        )
        ledger.m.intents[event.intent_id] = intent
        if refund is not None and event.purpose.value == "refund":
            refund.state = "asked"
    if intent.state == "failed" and event.amount.minor < intent.asked_minor and ledger.beside.gone_minor:
        money.cut(intent, event.amount.minor, minors(event.lines))
    intent.asked_minor = event.amount.minor
    if event.attempt_id not in intent.attempts:
        intent.attempts.append(event.attempt_id)
    if intent.state in ("failed", "reversed", "given_up"):
        intent.state = "asked"
        intent.given_up_minor, intent.is_unsure = intent.abandoned_minor, False
    ledger.m.ask(f"payment:{event.intent_id}", event, at)


def _tenders(event: refunds.RefundPaymentRequestedV1) -> Counter[str]:
    return Counter({tender.payment_id: tender.amount.minor for tender in event.tenders})


def _paid(ledger: Ledger, event: refunds.RefundPaidV1, at: datetime) -> None:
    intent = ledger.m.intents.get(event.intent_id)
    if intent is not None:
        intent.paid_minor += event.amount.minor
        if not event.amount.minor and not intent.out_minor:
            money.cut(intent, 0, Counter())
        intent.remedy_id = event.remedy_id
    elif not event.amount.minor:
        money.paid_nothing(ledger, event)
    if event.refund_id is not None:
        ledger.refund(event.refund_id).state = "paid"
    if event.order_outcome.value == "closed":
        ledger.m.ask("close", event, at)


def _stuck(ledger: Ledger, event: refunds.RefundPaymentStuckV1, at: datetime) -> None:
    del at
    intent = ledger.m.intents.get(event.intent_id)
    if intent is not None:
        intent.is_unsure = event.money_moved.value != "no"


def _abandoned(ledger: Ledger, event: refunds.RefundPaymentAbandonedV1, at: datetime) -> None:
    """A part that was given up stays given up, whatever other parts are paid again.

    A payment that surely did not move needs no person for that once the buyer confirmed the receipt.
    """
    del at
    intent = ledger.m.intents.get(event.intent_id)
    if intent is not None:
        intent.abandoned_minor += event.amount.minor
        intent.given_up_minor = max(intent.given_up_minor, intent.abandoned_minor)
        is_whole = intent.abandoned_minor >= intent.minor - intent.net_minor
        did_not_move = intent.state == "failed" and not intent.is_unsure
        if event.reason_code == "receipt_confirmed" and is_whole and did_not_move:
            intent.state = "given_up"
        if intent.state == "given_up":
            intent.waived_minor += event.amount.minor
            intent.waived_lines.update(minors(event.lines))
            intent.is_split_known &= bool(event.lines)


def _refund_closed(ledger: Ledger, event: refunds.RefundClosedV1, at: datetime) -> None:
    del at
    refund = ledger.refund(event.refund_id)
    refund.state, refund.ending = "closed", event.ending.value


def _exchange_opened(ledger: Ledger, event: refunds.ExchangeOpenedV1, at: datetime) -> None:
    del at
    exchange = ledger.exchange(event.exchange_id)
    exchange.state, exchange.lines, exchange.reship_id = "open", counts(event.lines), event.reship_id


def _exchange_ended(ledger: Ledger, event: refunds.ExchangeEndedV1, at: datetime) -> None:
    exchange = ledger.exchange(event.exchange_id)
    exchange.state, exchange.ending, exchange.ended_at = "ended", event.ending.value, at


def _hold_asked(ledger: Ledger, event: logistics.DispatchHoldRequestedV1, at: datetime) -> None:
    ledger.m.ask(f"hold:{event.request_id}", event, at)
    if event.action is logistics_enums.HoldAction.HOLD:
        refund_id = event.request_id.removesuffix(".hold")
        hold = Hold(event.request_id, counts(event.lines), at, refund_id=refund_id)
        ledger.m.holds.setdefault(event.request_id, hold)
        return
    hold_id = event.request_id.removesuffix(".release") + ".hold"
    if hold_id in ledger.m.holds:
        ledger.m.holds[hold_id].state = "releasing"
        ledger.m.asked.pop(f"hold:{hold_id}", None)


def _hold_resolved(ledger: Ledger, event: logistics.DispatchHoldResolvedV1, at: datetime) -> None:
    del at
    for hold in ledger.m.holds.values():
        if hold.refund_id == event.refund_id and hold.state != "releasing":
            hold.state = event.outcome.value


def _courier_asked(ledger: Ledger, event: logistics.CourierActionRequestedV1, at: datetime) -> None:
    ledger.m.ask(f"courier:{event.action.value}:{event.parcel_id}", event, at)
    if event.action is logistics_enums.CourierAction.INQUIRE:
        ledger.m.searches[event.parcel_id] = event.request_id
        ledger.m.search_reasons[event.parcel_id] = event.reason_code
        ledger.m.search_from[event.parcel_id] = at
    elif event.action is logistics_enums.CourierAction.INTERCEPT:
        ledger.m.recalls.add(event.parcel_id)


def _instruction(ledger: Ledger, event: logistics.WarehouseInstructionRequestedV1, at: datetime) -> None:
    ledger.m.ask(f"instruct:{event.instruction.value}:{event.parcel_id or ''}", event, at)
    if event.instruction is logistics_enums.Instruction.REFUSE_COLLECT:
        for collect in ledger.m.collects:
            box = ledger.goods.parcels.get(collect.box_id)
            names = {collect.box_id, collect.waybill, *(box.return_ids if box is not None else ())}
            collect.is_refused |= event.parcel_id is None or event.parcel_id in names


def _claim_asked(ledger: Ledger, event: logistics.CourierClaimRequestedV1, at: datetime) -> None:
    if event.action is logistics_enums.ClaimAction.FILE:
        ledger.m.ask(f"claim:{event.claim_id}", event, at)
        known = ledger.m.claims.get(event.claim_id)
        if known is None or known.is_over:
            claim = Claim(event.claim_id, event.parcel_id, event.kind.value, at)
            ledger.m.claims[event.claim_id] = claim
    elif event.action is logistics_enums.ClaimAction.WITHDRAW and event.claim_id in ledger.m.claims:
        ledger.m.claims[event.claim_id].withdrawn_at = at
        ledger.m.asked.pop(f"claim:{event.claim_id}", None)


def _claim_over(ledger: Ledger, event: logistics.CourierClaimConcludedV1, at: datetime) -> None:
    claim = ledger.m.claims.get(event.claim_id)
    if claim is not None:
        claim.ended, claim.ended_at = event.outcome.value, at
    ledger.m.asked.pop(f"claim:{event.claim_id}", None)


def _reship_asked(ledger: Ledger, event: logistics.ReshipRequestedV1, at: datetime) -> None:
    for action in logistics_enums.ReshipAction:
        ledger.m.asked.pop(f"reship:{action.value}:{event.reship_id}", None)
    ledger.m.reship_purposes[event.reship_id] = event.purpose.value
    ledger.m.reship_lines[event.reship_id] = counts(event.lines)
    if event.action is not logistics_enums.ReshipAction.RESERVE:
        ledger.m.reships[event.reship_id] = f"{event.action.value} asked"
    ledger.m.reship_requests[event.request_id] = event.reship_id
    ledger.m.ask(f"reship:{event.action.value}:{event.reship_id}", event, at)


def _reship_moved(ledger: Ledger, event: logistics.ReshipStatusChangedV1, at: datetime) -> None:
    del at
    ledger.m.reships[event.reship_id] = event.status.value
    if event.parcel_id is not None:
        ledger.m.reship_parcels[event.reship_id] = event.parcel_id
    for exchange in ledger.m.exchanges.values():
        if exchange.reship_id == event.reship_id and event.status.value == "reserved":
            exchange.was_reserved = True


def _reship_due(ledger: Ledger, event: refunds.ReshipDueV1, at: datetime) -> None:
    del at
    for exchange in ledger.m.exchanges.values():
        if exchange.reship_id == event.reship_id and event.purpose is ReshipPurpose.EXCHANGE:
            exchange.state = "due" if exchange.is_open else exchange.state
            exchange.replace_by = event.ship_by_at


def _remedy(ledger: Ledger, event: logistics.RemedyRefundDueV1, at: datetime) -> None:
    del at
    ledger.m.remedies[event.remedy_id] = counts(event.lines)
    is_lost = event.reason_code is logistics_enums.RemedyReason.LOST
    ledger.m.lost_last = frozenset(counts(event.lines)) if is_lost else frozenset()


def _task(ledger: Ledger, event: common.TaskRequestedV1, at: datetime) -> None:
    ledger.m.tasks[event.task_id] = Task(
        task_id=event.task_id,
        kind_code=event.kind_code,
        question_code=event.question_code,
        case_kind=event.case_kind,
        case_id=event.case_id,
        about_subject=event.about_subject,
        at=at,
        due_at=event.due_at,
        lost=ledger.m.lost_last if event.question_code == "remedy_without_open_order" else frozenset(),
    )
    if event.question_code == "refuse_collect":
        _taken_in(ledger, event, at)
    intent = ledger.m.intents.get(event.case_id)
    if event.question_code == "part_not_known" and intent is not None:
        intent.state, intent.given_up_minor = "reversed", 0


def _taken_in(ledger: Ledger, event: common.TaskRequestedV1, at: datetime) -> None:
    """A box that came at the shop's cost counts as taken in where nobody said that it was refused."""
    for box in ledger.goods.parcels.values():
        is_open = box.is_collect and not box.is_sent_off and box.standing != "home"
        if is_open and box.tracking_code in event.case_id:
            ledger.goods.told(box, "home", at)


def _task_withdrawn(ledger: Ledger, event: common.TaskWithdrawnV1, at: datetime) -> None:
    task = ledger.m.tasks.get(event.task_id)
    if task is not None and task.is_open:
        task.withdrawn_at = at


def _offer(ledger: Ledger, event: common.OfferMadeV1, at: datetime) -> None:
    key = f"offer:{event.case_kind}:{event.case_id}"
    ledger.m.offers[key] = event
    ledger.m.ask(key, event, at)


def _order_action(ledger: Ledger, event: common.OrderActionRequestedV1, at: datetime) -> None:
    ledger.m.ask(f"order:{event.action.value}:{event.case_id}", event, at)


def _evidence(ledger: Ledger, event: common.EvidenceRequestedV1, at: datetime) -> None:
    ledger.m.ask(f"evidence:{event.case_kind}:{event.case_id}", event, at)


def _buyer_claimed(ledger: Ledger, event: Any, at: datetime) -> None:
    claim = BuyerClaim(event.claim_id, counts(event.lines), at)
    ledger.m.buyer_claims.setdefault(event.claim_id, claim)


def _buyer_claim_over(ledger: Ledger, event: Any, at: datetime) -> None:
    del at
    claim = ledger.m.buyer_claims.get(event.claim_id)
    if claim is not None:
        claim.ended = event.how.value


def _buyer_claim_reduced(ledger: Ledger, event: Any, at: datetime) -> None:
    del at
    claim = ledger.m.buyer_claims.get(event.claim_id)
    if claim is not None:
        claim.lines.subtract(counts(event.lines))


def _review(ledger: Ledger, event: reviews.ReviewDecidedV1, at: datetime) -> None:
    del at
    rating = ledger.m.ratings.get(event.review_id or "")
    if rating is not None:
        rating.decisions.append(event.is_counted)


def _confirm(ledger: Ledger, event: refunds.OrderAutoConfirmRequestedV1, at: datetime) -> None:
    ledger.m.ask("confirm", event, at)


_BY_NAME: Mapping[str, Callable[[Ledger, Any, datetime], None]] = {
    "aftersales.buyer-claim.opened.v1": _buyer_claimed,
    "aftersales.buyer-claim.reduced.v1": _buyer_claim_reduced,
    "aftersales.buyer-claim.settled.v1": _buyer_claim_over,
}
"""Types that contracts may not have yet."""
HANDLERS: Mapping[type[Event], Callable[[Ledger, Any, datetime], None]] = {
    **{EVENTS[name]: handler for name, handler in _BY_NAME.items() if name in EVENTS},
    refunds.RefundOpenedV1: _opened,
    refunds.ApplicationRejectedV1: _rejected,
    refunds.RefundAnswerDecidedV1: _answered,
    refunds.ReturnAuthorizedV1: _authorized,
    refunds.FreightLiabilityDecidedV1: _liability,
    refunds.RefundPaymentRequestedV1: _payment_asked,
    refunds.RefundPaidV1: _paid,
    refunds.RefundPaymentAbandonedV1: _abandoned,
    refunds.RefundClosedV1: _refund_closed,
    refunds.RefundPaymentStuckV1: _stuck,
    refunds.ExchangeOpenedV1: _exchange_opened,
    refunds.ExchangeEndedV1: _exchange_ended,
    refunds.ReshipDueV1: _reship_due,
    refunds.OrderAutoConfirmRequestedV1: _confirm,
    logistics.DispatchHoldRequestedV1: _hold_asked,
    logistics.DispatchHoldResolvedV1: _hold_resolved,
    logistics.CourierActionRequestedV1: _courier_asked,
    logistics.CourierClaimRequestedV1: _claim_asked,
    logistics.CourierClaimConcludedV1: _claim_over,
    logistics.ReshipRequestedV1: _reship_asked,
    logistics.ReshipStatusChangedV1: _reship_moved,
    logistics.RemedyRefundDueV1: _remedy,
    logistics.WarehouseInstructionRequestedV1: _instruction,
    reviews.ReviewDecidedV1: _review,
    common.TaskRequestedV1: _task,
    common.TaskWithdrawnV1: _task_withdrawn,
    common.OfferMadeV1: _offer,
    common.OrderActionRequestedV1: _order_action,
    common.EvidenceRequestedV1: _evidence,
}
