"""Answers for the made-up shop's buyers and sellers: agreements, returns, exchanges, offers, late parcels."""

from datetime import datetime, timedelta

from aftersales_contracts.aftersales.common import OfferMadeV1
from aftersales_contracts.aftersales.logistics import (
    LateShippingEstablishedV1,
    ReshipStatusChangedV1,
)
from aftersales_contracts.aftersales.logistics_enums import ReshipStatus
from aftersales_contracts.aftersales.refunds import RefundOpenedV1, ReturnAuthorizedV1
from aftersales_contracts.aftersales.reviews import ReviewNegativeReceivedV1
from aftersales_contracts.components import Inspection, Party, Share
from aftersales_contracts.enums import (
    Carriage,
    Condition,
    Disposition,
    OptionKind,
    ParcelStatus,
    RefundKind,
    Role,
)
from aftersales_contracts.shop.aftersales import (
    AnswerStage,
    ApplicationWithdrawnV1,
    ExchangeAnswer,
    ExchangeAnsweredV1,
    OfferAnsweredV1,
    RefundAgreedV1,
    RefundAmendedV1,
    RefundAppliedV1,
    RefundRefusedV1,
    ReturnAcceptedV1,
    ReturnSentV1,
)
from aftersales_contracts.shop.reviews import ReviewCauseCodedV1
from aftersales_contracts.shop.scans import ParcelArrivedV1
from aftersales_contracts.shop.shipments import ReturnInspectedV1
from simulator.plans import DAY, HOUR, LOST, Plan, Trouble, money
from simulator.replies import AGENT, Said
from simulator.script import exchange_id, refund_id, scan, tracking

SILENT_SELLER = frozenset({Trouble.RETURN_SILENT_SELLER, Trouble.REFUND_SILENT_SELLER})
SELLER = Party(role=Role.SELLER)


def on_late(plan: Plan, told: LateShippingEstablishedV1, at: datetime) -> Said:
    """A buyer who waited too long wants the money back, and names the reason."""
    del told, at
    if plan.trouble is not Trouble.LATE_SHIPPING_CLAIMED:
        return
    applied = RefundAppliedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        refund_id=refund_id(plan),
        terms_version=1,
        kind=RefundKind.UNSHIPPED,
        reason_code="late_shipment",
        amount=money(plan.total),
        freight=money(plan.freight) if plan.freight else None,
    )
    yield 5 * HOUR, "r1", applied


def on_refund_opened(plan: Plan, told: RefundOpenedV1, at: datetime) -> Said:
    """The seller agrees, refuses or says nothing; before shipment there is nothing to say."""
    del at
    if told.kind is RefundKind.UNSHIPPED or plan.trouble in SILENT_SELLER or plan.trouble in LOST:
        return
    if plan.trouble is Trouble.WITHDRAWN:
        withdrawn = ApplicationWithdrawnV1(
            shop_id=plan.shop_id,
            order_id=plan.order_id,
            refund_id=told.refund_id,
            by=Party(role=Role.BUYER, id=plan.customer_id),
        )
        yield 3 * HOUR, f"withdrawn.{told.refund_id}", withdrawn
        return
    is_refusal = plan.trouble in (Trouble.REFUSED_SILENT_BUYER, Trouble.REFUSED_THEN_AMENDED)
    if is_refusal and told.terms_version == 1:
        yield from _refused(plan, told)
        return
    delay = 4 * HOUR + plan.dice("agrees", told.terms_version) * 30 * HOUR
    yield delay, f"agreed.{told.refund_id}.{told.terms_version}", _agreed(plan, told, told.terms_version)


def _refused(plan: Plan, told: RefundOpenedV1) -> Said:
    refused = RefundRefusedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        refund_id=told.refund_id,
        terms_version=1,
        stage=AnswerStage.ANSWER,
        reason_code="amount_too_high",
        evidence_ids=[f"{plan.order_id}.chat1"],
        by=SELLER,
    )
    yield 6 * HOUR, f"refused.{told.refund_id}", refused
    if plan.trouble is Trouble.REFUSED_THEN_AMENDED:
        half = told.amount.minor // 2
        first = plan.lines[0]
        amended = RefundAmendedV1(
            shop_id=plan.shop_id,
            order_id=plan.order_id,
            refund_id=told.refund_id,
            terms_version=2,
            kind=told.kind,
            reason_code=told.reason_code,
            lines=[Share(line_id=first.line_id, quantity_count=first.quantity_count, amount=money(half))],
            amount=money(half),
            evidence_ids=[f"{plan.order_id}.photo1"],
        )
        yield 30 * HOUR, f"amended.{told.refund_id}", amended
        yield 44 * HOUR, f"agreed.{told.refund_id}.2", _agreed(plan, told, 2)


def _agreed(plan: Plan, told: RefundOpenedV1, terms_version: int) -> RefundAgreedV1:
    has_return = told.kind in (RefundKind.WITH_RETURN, RefundKind.NO_REASON)
    return RefundAgreedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        refund_id=told.refund_id,
        terms_version=terms_version,
        stage=AnswerStage.ANSWER,
        return_address_ref="vault/addresses/returns" if has_return else None,
        by=AGENT,
    )


def on_return_authorized(plan: Plan, told: ReturnAuthorizedV1, at: datetime) -> Said:
    """The buyer sends the goods back, the warehouse checks them, the seller confirms."""
    if plan.trouble is Trouble.RETURN_SILENT_BUYER:
        return
    waybill = tracking(plan, "ret")
    pieces = [Share(line_id=line.line_id, quantity_count=line.quantity_count) for line in told.lines]
    sent_after = 6 * HOUR + plan.dice("sends") * 2 * DAY
    sent = ReturnSentV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        refund_id=told.refund_id,
        exchange_id=told.exchange_id,
        return_id=told.return_id,
        lines=pieces,
        carriage=Carriage.EXPRESS,
        tracking=waybill,
        freight_paid_amount=money(1_200),
        has_note=True,
    )
    yield sent_after, f"sent.{told.return_id}", sent
    for after, status in ((2 * HOUR, ParcelStatus.PICKED_UP), (20 * HOUR, ParcelStatus.IN_TRANSIT)):
        moment = at + sent_after + after
        yield sent_after + after, f"scan-ret-{status.value}", scan(waybill, moment, status)
    yield from _checked(plan, told, pieces, sent_after + 3 * DAY)


def _checked(plan: Plan, told: ReturnAuthorizedV1, pieces: list[Share], after: timedelta) -> Said:
    waybill = tracking(plan, "ret")
    arrived = ParcelArrivedV1(
        carrier_code=waybill.carrier_code,
        tracking_code=waybill.tracking_code,
        warehouse_id="wh-1",
        order_id=plan.order_id,
        return_id=told.return_id,
    )
    yield after, f"arrived.{told.return_id}", arrived
    if plan.trouble is Trouble.RETURN_SILENT_SELLER:
        return
    inspected = ReturnInspectedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        return_id=told.return_id,
        parcel_id=f"{plan.order_id}.ret",
        lines=[
            Inspection(
                line_id=piece.line_id,
                received_count=piece.quantity_count,
                accepted_count=piece.quantity_count,
                condition=Condition.RESALEABLE,
                is_packaging_complete=True,
                is_fault_confirmed=True if plan.trouble is Trouble.RETURN else None,
                disposition=Disposition.RESTOCK,
            )
            for piece in pieces
        ],
    )
    yield after + 4 * HOUR, f"inspected.{told.return_id}", inspected
    accepted = ReturnAcceptedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        refund_id=told.refund_id,
        exchange_id=told.exchange_id,
        return_id=told.return_id,
        lines=pieces,
        by=AGENT,
    )
    yield after + 6 * HOUR, f"return-accepted.{told.return_id}", accepted


def on_reship_status(plan: Plan, told: ReshipStatusChangedV1, at: datetime) -> Said:
    """The seller approves an exchange once the goods are kept for it."""
    del at
    if told.status is not ReshipStatus.RESERVED or plan.trouble is not Trouble.EXCHANGE:
        return
    approved = ExchangeAnsweredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        exchange_id=exchange_id(plan),
        answer=ExchangeAnswer.APPROVED,
        by=AGENT,
    )
    yield 3 * HOUR, "exchange-approved", approved


def on_offer(plan: Plan, told: OfferMadeV1, at: datetime) -> Said:
    """The buyer takes what the plan says, or lets the time pass."""
    del at
    wishes = {
        Trouble.LOST_REFUND: OptionKind.REFUND,
        Trouble.LOST_RESHIP: OptionKind.RESHIP,
        Trouble.LOST_TURNED_UP: OptionKind.RESHIP,
        Trouble.EXCHANGE_NO_STOCK: OptionKind.REFUND,
    }
    wanted = wishes.get(plan.trouble)
    option = next((option for option in told.options if option.kind is wanted), None)
    if option is None:
        return
    answered = OfferAnsweredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        offer_id=told.offer_id,
        case_id=told.case_id,
        case_kind=told.case_kind,
        option_id=option.option_id,
    )
    yield 9 * HOUR, f"offer.{told.offer_id}", answered


def on_negative_review(plan: Plan, told: ReviewNegativeReceivedV1, at: datetime) -> Said:
    """An agent reads it and names the cause."""
    del at
    coded = ReviewCauseCodedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        review_id=told.review_id,
        cause_code="courier_speed" if plan.dice("cause") < 0.5 else "quality",
        by=AGENT,
    )
    yield 3 * HOUR, f"cause.{told.review_id}", coded
