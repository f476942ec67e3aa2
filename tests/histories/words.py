"""Whether an outcome's words are true at its moment: judged before the account takes it in."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from aftersales_contracts.aftersales import common, logistics, logistics_enums, refunds, reviews
from aftersales_contracts.base import Event, Money
from aftersales_contracts.registry import EVENTS
from tests.histories import money
from tests.histories.both_or_neither import is_paid_by_others
from tests.histories.breach import Breach
from tests.histories.excuses import is_denied
from tests.histories.goods import Where
from tests.histories.ledger import Ledger
from tests.histories.matters import BuyerClaim, Intent, counts, minors

LATE_REASONS = frozenset({"late_shipment", "out_of_stock"})
COMPENSATION_CAPS: Mapping[str, int] = {"CNY": 50_000, "BRL": 40_000}
MEANT = frozenset({"approved", "confirmed", "done", "refused", "declined", "rejected"})
"""Answers to a report of a loss; any other word is asked about again."""
SHIP_WITHIN = timedelta(hours=72)
NAMES: Mapping[str, str] = {
    "confirm_too_early": "nobody is asked to confirm while a refund, exchange, search or return is open",
    "words_release": "the amount to release is what was paid less what goes back",
    "words_full": "a refund is called full only if nothing of the goods' money is left",
    "words_parcel": "a parcel's outcome is what its scans and the people about it said",
    "words_late": "shipping is called late only when the 72 hours are over and goods are not gone",
    "words_remedy": "no remedy for a parcel that the buyer has",
    "words_claim": "no claim for a parcel that is there",
    "words_recall": "no parcel is called back that is there",
    "words_offer": "goods that the buyer sent back are not offered to him as if they were lost on the way",
    "words_reship": "a resend is called sent or delivered only if its parcel is",
    "words_opened_unpaid": "no refund is opened before the order is paid",
    "words_busy": "a line is called busy only if a case is open",
    "words_currency": "money is told in the currency of the order",
    "words_review": "a rating counts from the order's success on, once per side and line",
    "words_buyer_claim": "a claim on the buyer is for pieces that he has beside their money",
    "two_claims": "one claim per parcel",
    "two_searches": "one search and one report per parcel, until it is found",
    "money_asked_twice": "a refund is paid by one payment, and not again once it is paid",
    "paid_after_receipt": "nothing is paid as not received after the buyer confirmed receipt",
    "freight_over": "no more freight than the buyer laid out, once",
    "freight_unowed": "no return freight for goods without the fault",
    "compensation_over": "compensation is 30 % of the goods money that such refunds gave back, capped",
}


def judge(ledger: Ledger, event: Event, at: datetime) -> Iterator[Breach]:
    """Yields what is wrong with an outcome."""
    for amount in _amounts(event):
        if amount.currency != ledger.currency and ledger.currency:
            yield Breach("words_currency", event.TYPE, ledger.currency, at, f"says {amount.currency}")
    check = CHECKS.get(type(event))
    if check is None:
        return
    for name, tag, about, detail in check(ledger, event, at):
        yield Breach(name, tag, about, at, detail)


def _amounts(event: Event) -> Iterator[Money]:
    for name in _money_fields(type(event)):
        amount = getattr(event, name)
        if amount is not None:
            yield amount


_MONEY = (str(Money), str(Money | None))


@cache
def _money_fields(event_class: type[Event]) -> tuple[str, ...]:
    fields = event_class.model_fields.items()
    return tuple(name for name, field in fields if str(field.annotation) in _MONEY)


Found = Iterator[tuple[str, str, str, str]]


def _confirm(ledger: Ledger, event: refunds.OrderAutoConfirmRequestedV1, at: datetime) -> Found:
    m = ledger.m
    going_back = sum(i.minor - i.given_up_minor for i in m.intents.values() if i.purpose == "refund")
    expected = ledger.paid_minor - going_back
    gone = ledger.beside.gone_minor + money.over_minor(ledger) + money.given_up_and_moved_minor(ledger)
    is_fine = max(expected - gone, 0) <= event.release_amount.minor <= expected
    if event.release_amount.minor != expected and not (gone and is_fine):
        yield "words_release", "", "order", f"asks to release {event.release_amount.minor}, left {expected}"
    for refund in m.refunds.values():
        if refund.is_open:
            yield "confirm_too_early", "refund", refund.refund_id, "a refund is open"
    for exchange in m.exchanges.values():
        if exchange.is_open:
            yield "confirm_too_early", "exchange", exchange.exchange_id, "an exchange is open"
    for parcel_id in m.searches:
        parcel = ledger.goods.parcels.get(parcel_id)
        if parcel is not None and parcel.standing == "moving" and not parcel.is_back:
            yield "confirm_too_early", "search", parcel_id, "the parcel is being searched"
    if not gone or event.release_amount.minor:  # else nothing is left of the money
        yield from _goods_back(ledger, at)
    for parcel in ledger.goods.parcels.values():
        is_coming = parcel.turned_at is not None or parcel.parcel_id in m.recalls
        is_owed = any(ledger.is_owed(line_id) for line_id in parcel.lines)
        if not parcel.is_back and is_coming and is_owed and parcel.standing == "moving":
            yield "confirm_too_early", "return", parcel.parcel_id, "the parcel is coming back"


def _goods_back(ledger: Ledger, at: datetime) -> Found:
    for line_id in ledger.goods.ordered:
        back = _back_by(ledger, line_id, at)
        is_judged = back <= ledger.m.settled_with_money(ledger.piece_prices)[line_id] and is_denied(
            ledger, line_id
        )
        missing = ledger.missing(line_id) - _lost_on_its_way_back(ledger, line_id)
        if back and not is_judged and missing > 0 and not is_paid_by_others(ledger, line_id, missing):
            yield "confirm_too_early", "goods back", line_id, "the goods are at the shop"


def _back_by(ledger: Ledger, line_id: str, at: datetime) -> int:
    """Pieces that are at the shop after they were out of it, since that moment at the latest."""
    here = [p for p in ledger.goods.pieces if p.line_id == line_id and p.where is Where.SHOP and p.has_left]
    return sum(piece.moved_at is None or piece.moved_at <= at for piece in here)


def _lost_on_its_way_back(ledger: Ledger, line_id: str) -> int:
    """Pieces that the buyer sent and the courier lost, about which a person was asked."""
    asked = {task.task_id for task in ledger.m.tasks.values() if task.question_code == "return_lost"}
    boxes = {
        parcel.parcel_id
        for parcel in ledger.goods.parcels.values()
        if parcel.is_back and any(f"{name}.return-lost" in asked for name in parcel.return_ids)
    }
    here = [piece for piece in ledger.goods.pieces if piece.line_id == line_id]
    return sum(piece.where is Where.LOST and piece.parcel_id in boxes for piece in here)


def _paid(ledger: Ledger, event: refunds.RefundPaidV1, at: datetime) -> Found:
    del at
    if not event.is_full or event.purpose.value != "refund":
        return
    asked = sum(
        max(sum(intent.line_minors.values()) - intent.given_up_minor, 0)
        for intent in ledger.m.intents.values()
        if intent.purpose == "refund"
    )
    whole = sum(ledger.prices.values())
    if asked + ledger.beside.gone_minor + money.over_minor(ledger) < whole:
        yield "words_full", "", event.intent_id, f"called full with {asked} of {whole}"


def _parcel(ledger: Ledger, event: logistics.ParcelOutcomeDecidedV1, at: datetime) -> Found:
    del at
    parcel = ledger.goods.parcels.get(event.parcel_id)
    if parcel is None:
        return
    outcome = event.outcome.value
    is_told = {
        "delivered": parcel.says("there") or (parcel.is_back and (parcel.says("home") or parcel.is_sent_off)),
        "returned": parcel.says("home")
        or (parcel.is_back and (parcel.says("there") or (parcel.is_collect and not parcel.is_sent_off))),
        "lost": parcel.says("lost") or _was_declared_lost(ledger, event.parcel_id),
    }
    if not is_told.get(outcome, True):
        yield "words_parcel", outcome, event.parcel_id, f"called {outcome}, is {parcel.standing}"


def _was_declared_lost(ledger: Ledger, parcel_id: str) -> bool:
    tasks = ledger.m.tasks.values()
    return any(task.case_id == parcel_id and task.answered_at is not None for task in tasks)


def _late(ledger: Ledger, event: logistics.LateShippingEstablishedV1, at: datetime) -> Found:
    hours = (logistics_enums.LateTrigger.UNSHIPPED_72H, logistics_enums.LateTrigger.FALSE_SHIPMENT)
    if event.trigger not in hours or ledger.paid_at is None:
        return
    if at < ledger.paid_at + SHIP_WITHIN:
        yield "words_late", event.trigger.value, "order", f"late {at - ledger.paid_at} after payment"


def _remedy(ledger: Ledger, event: logistics.RemedyRefundDueV1, at: datetime) -> Found:
    del at
    parcel = ledger.goods.parcels.get(event.parcel_id or "")
    if parcel is not None and parcel.standing == "there" and not parcel.is_back:
        yield "words_remedy", "", parcel.parcel_id, "the buyer has the parcel"


def _claim(ledger: Ledger, event: logistics.CourierClaimRequestedV1, at: datetime) -> Found:
    del at
    if event.action is not logistics_enums.ClaimAction.FILE:
        return
    parcel = ledger.goods.parcels.get(event.parcel_id)
    if parcel is not None and parcel.standing in ("there", "home"):
        yield "words_claim", "", event.parcel_id, f"claimed, but is {parcel.standing}"
    known = ledger.m.claims.get(event.claim_id)
    if known is not None and known.ended in ("paid", "partial"):
        yield "two_claims", "paid", event.parcel_id, "the carrier paid and has not got it back"
    others = [c for c in ledger.m.claims.values() if c.parcel_id == event.parcel_id]
    others = [c for c in others if c.claim_id != event.claim_id and c.withdrawn_at is None]
    if others:
        yield "two_claims", "", event.parcel_id, f"{others[0].claim_id} and {event.claim_id}"


def _courier(ledger: Ledger, event: logistics.CourierActionRequestedV1, at: datetime) -> Found:
    del at
    parcel = ledger.goods.parcels.get(event.parcel_id)
    is_recall = event.action is logistics_enums.CourierAction.INTERCEPT
    if is_recall and parcel is not None and parcel.standing in ("there", "home"):
        yield "words_recall", "", event.parcel_id, f"called back, but is {parcel.standing}"
    if event.action is not logistics_enums.CourierAction.INQUIRE:
        return
    known = ledger.m.searches.get(event.parcel_id)
    if known is not None and known != event.request_id:
        yield "two_searches", "inquiries", event.parcel_id, f"{known} and {event.request_id}"


def _offer(ledger: Ledger, event: common.OfferMadeV1, at: datetime) -> Found:
    del at
    is_return = any(event.case_id in parcel.return_ids for parcel in ledger.goods.parcels.values())
    if event.case_kind == "lost-parcel" and is_return:
        yield "words_offer", "", event.case_id, "the buyer is offered what he sent back"


YES, NO = ("approved", "confirmed", "done"), ("refused", "declined", "rejected")
"""Answers to a report; it is asked for again after any other."""


def _task(ledger: Ledger, event: common.TaskRequestedV1, at: datetime) -> Found:
    del at
    if event.question_code != "lost_parcel_report":
        return
    parcel = ledger.goods.parcels.get(event.case_id)
    for task in ledger.m.tasks.values():
        if task.question_code != event.question_code or task.case_id != event.case_id:
            continue
        if task.answer and task.answer not in MEANT:
            continue
        is_found = parcel is not None and any(
            when >= task.at and word != "lost" for when, word in parcel.heard
        )
        is_no_answer = task.answer not in ("", *YES, *NO)
        if task.task_id != event.task_id and not is_found and not is_no_answer:
            yield "two_searches", "reports", event.case_id, f"{task.task_id} and {event.task_id}"


def _reship(ledger: Ledger, event: logistics.ReshipStatusChangedV1, at: datetime) -> Found:
    del at
    parcel = ledger.goods.parcels.get(event.parcel_id or "")
    status = event.status.value
    if status == "sent" and (parcel is None or not parcel.is_gone):
        yield "words_reship", status, event.reship_id, "its parcel has not left"
    if status == "delivered" and (parcel is None or not parcel.says("there")):
        yield "words_reship", status, event.reship_id, "its parcel is not delivered"


def _opened(ledger: Ledger, event: refunds.RefundOpenedV1, at: datetime) -> Found:
    if ledger.paid_at is None or at < ledger.paid_at:
        yield "words_opened_unpaid", "", event.refund_id, "the order is not paid"


def _rejected(ledger: Ledger, event: refunds.ApplicationRejectedV1, at: datetime) -> Found:
    del at
    if event.reason_code != "line_busy":
        return
    is_busy = any(
        case.is_open or case.state in ("asked", "applied")
        for case in ledger.m.cases()
        if getattr(case, "refund_id", "") != event.application_id
    )
    if not is_busy:
        yield "words_busy", "", event.application_id, "no case is open"


def _payment(ledger: Ledger, event: refunds.RefundPaymentRequestedV1, at: datetime) -> Found:
    intent = ledger.m.intents.get(event.intent_id)
    purpose = event.purpose.value
    if intent is not None:
        if event.attempt_id not in intent.attempts and intent.net_minor + event.amount.minor > intent.minor:
            yield "money_asked_twice", "again", event.intent_id, "asked again though it is paid"
        return
    if purpose == "refund":
        yield from _refund_payment(ledger, event, at)
    fresh = Intent(
        event.intent_id, purpose, event.amount.minor, counts(event.lines), minors(event.lines),
        counts(None), event.refund_id, at,
    )  # fmt: skip
    if purpose == "freight":
        yield from _freight_payment(ledger, fresh, at)
    if purpose == "late_compensation":
        yield from _compensation(ledger, fresh)


def _refund_payment(ledger: Ledger, event: refunds.RefundPaymentRequestedV1, at: datetime) -> Found:
    for other in ledger.m.intents.values():
        is_same = other.refund_id == event.refund_id and other.purpose == "refund"
        if is_same and other.state != "given_up":
            yield "money_asked_twice", "intents", event.intent_id, f"and {other.intent_id}"
    refund = ledger.m.refunds.get(event.refund_id or "")
    has_confirmed = ledger.succeeded_at is not None and ledger.success_cause == "buyer"
    if refund is None or refund.is_ours or not has_confirmed or ledger.succeeded_at is None:
        return
    if refund.kind.value == "not_received" and ledger.succeeded_at < at:
        yield "paid_after_receipt", "", refund.refund_id, "the buyer had confirmed receipt"


def _freight_payment(ledger: Ledger, intent: Intent, at: datetime) -> Found:
    m = ledger.m
    case_id = m.case_of(intent)
    before = sum(i.minor for i in m.intents.values() if i.purpose == "freight" and m.case_of(i) == case_id)
    laid_out = m.laid_out.get(case_id, 0)
    if before + intent.minor > laid_out:
        yield "freight_over", "", intent.intent_id, f"{before + intent.minor} of {laid_out} laid out"
    exchange = m.exchanges.get(case_id)
    is_breached = exchange is not None and exchange.replace_by is not None and exchange.replace_by <= at
    if m.is_without_fault(case_id, at) and not is_breached:
        yield "freight_unowed", "", case_id, "the warehouse found no fault"


def _compensation(ledger: Ledger, intent: Intent) -> Found:
    m = ledger.m
    base: dict[str, int] = {}
    for paid in m.intents.values():
        refund = m.refunds.get(paid.refund_id or "")
        if paid.purpose == "refund" and refund is not None and refund.reason_code in LATE_REASONS:
            for line_id, minor in paid.line_minors.items():
                base[line_id] = min(base.get(line_id, 0) + minor, ledger.price(line_id))
    granted = sum(i.minor for i in m.intents.values() if i.purpose == "late_compensation") + intent.minor
    allowed = min((sum(base.values()) * 3_000 + 5_000) // 10_000, COMPENSATION_CAPS[ledger.currency])
    if granted > allowed:
        yield "compensation_over", "", intent.intent_id, f"{granted}, allowed {allowed}"


def _buyer_claim(ledger: Ledger, event: Any, at: datetime) -> Found:
    """The money may still be on its way; earlier claims of the same pieces do not count again.

    The rest of money of which a part was given up counts; what was taken back the buyer has no more, and
    about a bill for goods that he has not after all a person is asked.
    """
    del at
    m = ledger.m
    for line_id, count in counts(event.lines).items():
        asked = [i for i in m.intents.values() if i.purpose == "refund"]
        asked = [i for i in asked if i.state != "given_up" or i.net_minor > 0]
        repaid = sum(i.lines[line_id] for i in asked if not i.keeps_goods) + ledger.beside.repaid[line_id]
        repaid = min(repaid, ledger.goods.ordered[line_id])  # money of a piece may go back in parts
        claims = [c for c in m.buyer_claims.values() if c.ended not in ("void", "taken_back")]
        claims = [c for c in claims if c.claim_id != event.claim_id and not _is_billed_in_vain(ledger, c)]
        before = sum(claim.lines[line_id] for claim in claims)
        over = ledger.goods.count(line_id, Where.BUYER) + repaid - ledger.goods.ordered[line_id]
        if over < count + before and not _is_unpaid(ledger, line_id, count + before):
            detail = f"{count} and {before} before claimed, {over} too many"
            yield "words_buyer_claim", "", event.claim_id, detail


def _is_billed_in_vain(ledger: Ledger, claim: BuyerClaim) -> bool:
    """Whether a person was asked to give back what the buyer paid for such pieces: he has them not."""
    tasks = [task for task in ledger.m.tasks.values() if task.question_code == "billed_goods_back"]
    return any(task.case_id == claim.claim_id for task in tasks)


def _is_unpaid(ledger: Ledger, line_id: str, count: int) -> bool:
    """Whether others gave back so much that the buyer has these pieces for nothing."""
    if not ledger.beside.gone_minor or ledger.goods.count(line_id, Where.BUYER) < count:
        return False
    his = [piece for piece in ledger.goods.pieces if piece.where is Where.BUYER]
    worth = sum(ledger.piece_prices[piece.line_id] for piece in his)
    return money.left_minor(ledger) <= worth - count * ledger.piece_prices[line_id]


def _review(ledger: Ledger, event: reviews.ReviewDecidedV1, at: datetime) -> Found:
    del at
    rating = ledger.m.ratings.get(event.review_id or "")
    if rating is None or not event.is_counted:
        return
    if ledger.succeeded_at is None:
        yield "words_review", "before success", event.review_id or "", "it counts before the success"
    for review_id, other in ledger.m.ratings.items():
        is_same = (other.line_id, other.rater) == (rating.line_id, rating.rater)
        if is_same and review_id != event.review_id and any(other.decisions):
            yield "words_review", "twice", event.review_id or "", f"{review_id} counts as well"


_CLAIM = "aftersales.buyer-claim.opened.v1"
CHECKS: Mapping[type[Event], Callable[[Ledger, Any, datetime], Found]] = {
    **({EVENTS[_CLAIM]: _buyer_claim} if _CLAIM in EVENTS else {}),
    refunds.OrderAutoConfirmRequestedV1: _confirm,
    refunds.RefundPaidV1: _paid,
    refunds.RefundOpenedV1: _opened,
    refunds.ApplicationRejectedV1: _rejected,
    refunds.RefundPaymentRequestedV1: _payment,
    reviews.ReviewDecidedV1: _review,
    logistics.ParcelOutcomeDecidedV1: _parcel,
    logistics.LateShippingEstablishedV1: _late,
    logistics.RemedyRefundDueV1: _remedy,
    logistics.CourierClaimRequestedV1: _claim,
    logistics.CourierActionRequestedV1: _courier,
    logistics.ReshipStatusChangedV1: _reship,
    common.OfferMadeV1: _offer,
    common.TaskRequestedV1: _task,
}
