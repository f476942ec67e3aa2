"""Counts what a history gave the invariants to judge, and which matters of the order were open at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from aftersales_contracts.aftersales import common, logistics, logistics_enums, refunds, reviews
from aftersales_contracts.base import Event
from tests.histories.goods import Where
from tests.histories.invariants import MUST_END
from tests.histories.ledger import Ledger
from tests.histories.matters import WANTS_BACK
from tests.services.flow import Standing

Pair = tuple[str, str]


def open_matters(ledger: Ledger) -> frozenset[str]:
    """The kinds of matter that are open now."""
    m = ledger.m
    found = {f"refund {refund.kind.value}" for refund in m.refunds.values() if refund.is_open}
    found |= {"exchange" for exchange in m.exchanges.values() if exchange.is_open}
    for key in m.asked:
        kind = key.split(":")[0]
        if kind in ("payment", "claim", "hold", "offer", "reship", "confirm"):
            found.add(kind)
    for parcel in ledger.goods.parcels.values():
        if parcel.standing == "lost":
            found.add("lost parcel")
        elif parcel.turned_at is not None and parcel.standing == "moving":
            found.add("parcel on its way back")
    if m.searches:
        found.add("search")
    if m.open_tasks():
        found.add("task")
    if any(intent.state == "reversed" for intent in m.intents.values()):
        found.add("reversed payment")
    if ledger.succeeded_at is not None:
        found.add("after success")
    if ledger.is_over:
        found.add("after close")
    return frozenset(found)


def pairs(matters: frozenset[str]) -> Iterator[Pair]:
    """Every two of them."""
    yield from combinations(sorted(matters), 2)


def _always(_event: Any) -> bool:
    return True


def _is_purpose(*purposes: str) -> Callable[[Any], bool]:
    return lambda event: event.purpose.value in purposes


def _is_filed(event: Any) -> bool:
    return event.action is logistics_enums.ClaimAction.FILE


def _is_inquiry(event: Any) -> bool:
    return event.action is logistics_enums.CourierAction.INQUIRE


def _is_recall(event: Any) -> bool:
    return event.action is logistics_enums.CourierAction.INTERCEPT


def _is_late_by_hours(event: Any) -> bool:
    return event.trigger.value in ("unshipped_72h", "false_shipment")


WORDS: Mapping[str, tuple[type[Event], Callable[[Any], bool]]] = {
    "confirm_too_early": (refunds.OrderAutoConfirmRequestedV1, _always),
    "words_release": (refunds.OrderAutoConfirmRequestedV1, _always),
    "words_full": (refunds.RefundPaidV1, lambda event: event.is_full),
    "words_parcel": (logistics.ParcelOutcomeDecidedV1, _always),
    "words_late": (logistics.LateShippingEstablishedV1, _is_late_by_hours),
    "words_remedy": (logistics.RemedyRefundDueV1, _always),
    "words_claim": (logistics.CourierClaimRequestedV1, _is_filed),
    "two_claims": (logistics.CourierClaimRequestedV1, _is_filed),
    "words_recall": (logistics.CourierActionRequestedV1, _is_recall),
    "two_searches": (logistics.CourierActionRequestedV1, _is_inquiry),
    "words_offer": (common.OfferMadeV1, lambda event: event.case_kind == "lost-parcel"),
    "words_reship": (
        logistics.ReshipStatusChangedV1,
        lambda event: event.status.value in ("sent", "delivered"),
    ),
    "words_opened_unpaid": (refunds.RefundOpenedV1, _always),
    "words_busy": (refunds.ApplicationRejectedV1, lambda event: event.reason_code == "line_busy"),
    "words_currency": (refunds.RefundPaymentRequestedV1, _always),
    "words_review": (reviews.ReviewDecidedV1, lambda event: event.is_counted),
    "money_asked_twice": (refunds.RefundPaymentRequestedV1, _is_purpose("refund")),
    "paid_after_receipt": (refunds.RefundPaymentRequestedV1, _is_purpose("refund")),
    "freight_over": (refunds.RefundPaymentRequestedV1, _is_purpose("freight")),
    "freight_unowed": (refunds.RefundPaymentRequestedV1, _is_purpose("freight")),
    "compensation_over": (refunds.RefundPaymentRequestedV1, _is_purpose("late_compensation")),
}
"""The outcomes that each invariant of their words judges."""


def judged(ledger: Ledger, outcomes: Sequence[Event], cases: Sequence[Standing]) -> Counter[str]:
    """Counts the subjects that each invariant had to judge in a history."""
    found: Counter[str] = Counter(dead_message=1)
    by_type: dict[type[Event], list[Event]] = {}
    for event in outcomes:
        by_type.setdefault(type(event), []).append(event)
    for name, (event_class, is_meant) in WORDS.items():
        found[name] += sum(is_meant(event) for event in by_type.get(event_class, ()))
    found["picture_gap"] = len(ledger.chains.last)
    found["words_buyer_claim"] = len(ledger.m.buyer_claims)
    found.update(_goods_and_money(ledger))
    found.update(_matters(ledger))
    found["case_without_end"] = sum(case.kind in MUST_END for case in cases)
    return found


def _goods_and_money(ledger: Ledger) -> Mapping[str, int]:
    intents = [intent for intent in ledger.m.intents.values() if intent.purpose == "refund"]
    paid = {line_id for intent in intents if intent.net_minor > 0 for line_id in intent.lines}
    came = {piece.line_id for piece in ledger.goods.pieces if piece.was_with_buyer}
    stray = {p.line_id for p in ledger.goods.pieces if p.has_left and p.where in (Where.SHOP, Where.LOST)}
    unfit = {piece.line_id for piece in ledger.goods.pieces if piece.is_refused}
    return {
        "goods_and_money": len(paid & came),
        "neither": len(stray),
        "paid_over_paid_in": int(bool(intents)),
        "line_over_price": len({line_id for intent in intents for line_id in intent.lines}),
        "tender_over": len({tender for intent in intents for tender in intent.tenders}),
        "reversed_money_lost": sum(intent.back_minor > 0 for intent in ledger.m.intents.values()),
        "paid_not_accepted": sum(
            intent.kind in WANTS_BACK and any(line_id in unfit for line_id in intent.lines)
            for intent in intents
        ),
    }


def _matters(ledger: Ledger) -> Mapping[str, int]:
    m = ledger.m
    named = Counter(line_id for case in m.cases() for line_id in case.lines)
    found = [parcel for parcel in ledger.goods.parcels.values() if parcel.standing in ("there", "home")]
    return {
        "line_in_two_cases": sum(count > 1 for count in named.values()),
        "hold_kept": len(m.holds),
        "stock_kept": sum(
            x.was_reserved and x.state in ("ended", "rejected") and x.ending != "completed"
            for x in m.exchanges.values()
        ),
        "claim_on_found": sum(
            claim.parcel_id == parcel.parcel_id for claim in m.claims.values() for parcel in found
        ),
        "task_left_open": len(m.tasks),
        "application_unanswered": len(m.refunds) + len(m.exchanges),
        "freight_owed_unpaid": sum(minor > 0 for minor in m.laid_out.values()),
        "rating_unanswered": len(m.ratings) if ledger.succeeded_at is not None else 0,
        "collect_unrefused": sum(collect.is_expected for collect in m.collects),
        "asked_beyond_money": len(ledger.beside.outside) + len(ledger.beside.disputes),
        "surplus_lost": len(ledger.beside.extra),
        "surplus_over": sum(intent.purpose == "surplus" for intent in m.intents.values()),
        "paid_while_doubted": ledger.beside.doubted_count,
    }
