"""Tells what happens to an order of the shop by itself: everything that waits for none of our outcomes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from aftersales_contracts.base import Event
from aftersales_contracts.components import Party, Share, Tracking, Wanted
from aftersales_contracts.enums import (
    Channel,
    ConsentPurpose,
    ParcelDirection,
    ParcelStatus,
    Rating,
    RefundKind,
    Role,
    SignedBy,
)
from aftersales_contracts.shop.aftersales import (
    ExchangeAppliedV1,
    ProblemKind,
    ProblemReportedV1,
    RefundAppliedV1,
    Wish,
)
from aftersales_contracts.shop.customers import ConsentGrantedV1
from aftersales_contracts.shop.orders import (
    CloseCause,
    DeliveryKind,
    OrderClosedV1,
    OrderPaidV1,
    OrderPlacedV1,
    OrderShippedV1,
    OrderSucceededV1,
    SuccessCause,
)
from aftersales_contracts.shop.reviews import Rater, ReviewGivenV1
from aftersales_contracts.shop.scans import ParcelScannedV1
from aftersales_contracts.shop.shipments import FreightPayer, ParcelHandedOverV1, ParcelRegisteredV1
from simulator.plans import (
    AFTER_DELIVERY,
    BAD_REVIEW,
    DAY,
    HOUR,
    LOST,
    MINUTE,
    NEVER_SHIPPED,
    SIZES,
    Plan,
    Trouble,
    money,
)
from simulator.records import Record, announce

CARRIER_CODE = "yto"
SOURCES = {
    "shop.orders.v1": "shop/orders",
    "shop.shipments.v1": "shop/warehouse",
    "shop.scans.v1": "yto/tracking",
    "shop.aftersales.v1": "shop/aftersales",
    "shop.payments.v1": "alipay/refunds",
    "shop.reviews.v1": "shop/reviews",
    "shop.contacts.v1": "shop/contacts",
    "shop.customers.v1": "shop/consents",
    "shop.standing.v1": "shop/rules",
    "shop.desk.v1": "shop/desk",
}
"""Who announces on each topic."""

Told = tuple[str, datetime, Event]
"""Name within the order, moment, event."""


def told(plan: Plan) -> Iterator[Record]:
    """Every event of the plan, by moment."""
    for name, at, event in sorted(_story(plan), key=lambda entry: (entry[1], entry[0])):
        published_at = at + timedelta(minutes=7) if name == "paid-late" else None
        yield announce(
            event,
            at=at,
            source=SOURCES[event.TOPIC],
            event_id=f"{plan.order_id}.{name}",
            published_at=published_at,
        )


def refund_id(plan: Plan) -> str:
    """The order's first refund application."""
    return f"{plan.order_id}.r1"


def exchange_id(plan: Plan) -> str:
    """The order's exchange."""
    return f"{plan.order_id}.x1"


def parcel_id(plan: Plan) -> str:
    """The order's parcel."""
    return f"{plan.order_id}.p1"


def tracking(plan: Plan, which: str = "p1") -> Tracking:
    """The waybill of one of the order's parcels."""
    return Tracking(carrier_code=CARRIER_CODE, tracking_code=f"YT{plan.order_id}-{which}".upper())


def scan(
    waybill: Tracking, at: datetime, status: ParcelStatus, place_name: str | None = None
) -> ParcelScannedV1:
    """One scan by the carrier."""
    return ParcelScannedV1(
        carrier_code=waybill.carrier_code,
        tracking_code=waybill.tracking_code,
        occurred_at=at,
        status=status,
        raw_status_code=f"yto_{status.value}",
        place_name=place_name,
        signed_by=SignedBy.BUYER if status is ParcelStatus.DELIVERED else None,
    )


def application(
    plan: Plan, kind: RefundKind, reason_code: str, shares: list[Share], amount: int, *, refund: str
) -> RefundAppliedV1:
    """A buyer's refund application of `amount` fen, freight not among it."""
    return RefundAppliedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        refund_id=refund,
        terms_version=1,
        kind=kind,
        reason_code=reason_code,
        lines=shares,
        amount=money(amount),
        evidence_ids=[f"{plan.order_id}.photo1"] if reason_code in ("quality", "not_as_described") else [],
    )


def review(plan: Plan, rater: Rater, rating: Rating) -> ReviewGivenV1:
    """A rating of the order's first line."""
    return ReviewGivenV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        review_id=f"{plan.order_id}.v-{rater.value}",
        rater=rater,
        rating=rating,
        stars_score={Rating.GOOD: 5, Rating.NEUTRAL: 3}.get(rating, 1) if rater is Rater.BUYER else None,
        line_id=plan.lines[0].line_id,
        product_id=plan.lines[0].product_id,
        has_photos=rating is not Rating.GOOD,
    )


def reviews_after(plan: Plan, at: datetime) -> Iterator[Told]:
    """The ratings that both sides give once the trade has succeeded at `at`."""
    if plan.trouble in BAD_REVIEW:
        rating = Rating.NEUTRAL if plan.dice("neutral") < 0.3 else Rating.BAD
        yield "v-buyer", at + 20 * HOUR, review(plan, Rater.BUYER, rating)
    elif plan.reviews:
        given_at = at + HOUR + plan.dice("review") * 2 * DAY
        yield "v-buyer", given_at, review(plan, Rater.BUYER, Rating.GOOD)
        yield "v-seller", given_at + 5 * HOUR, review(plan, Rater.SELLER, Rating.GOOD)


def _story(plan: Plan) -> Iterator[Told]:
    yield "consent", plan.placed_at - MINUTE, _consent(plan)
    yield "placed", plan.placed_at, _placed(plan)
    if plan.trouble is Trouble.UNPAID:
        if plan.dice("cancels") < 0.3:
            yield "closed", plan.placed_at + 9 * HOUR, _cancelled(plan)
        return
    yield from _payment(plan)
    if plan.trouble in (Trouble.CHANGED_MIND, Trouble.CHANGED_MIND_TOO_LATE):
        yield "r1", plan.shipped_at - 20 * MINUTE, _unshipped(plan)
    if plan.trouble in NEVER_SHIPPED:
        return
    yield from _shipping(plan)
    if plan.trouble in LOST:
        yield "problem", plan.shipped_at + 6 * DAY, _not_received(plan)
        return
    yield from _travel(plan)
    if plan.trouble in AFTER_DELIVERY:
        yield from _complaint(plan)
    elif plan.confirms_receipt or plan.trouble in BAD_REVIEW:
        at = plan.delivered_at + 2 * HOUR + plan.dice("receipt") * 2 * DAY
        yield "succeeded", at, succeeded(plan, SuccessCause.BUYER)
        yield from reviews_after(plan, at)


def succeeded(plan: Plan, cause: SuccessCause) -> OrderSucceededV1:
    """Trade success."""
    return OrderSucceededV1(shop_id=plan.shop_id, order_id=plan.order_id, cause=cause)


def _consent(plan: Plan) -> ConsentGrantedV1:
    return ConsentGrantedV1(
        shop_id=plan.shop_id,
        customer_id=plan.customer_id,
        channel=Channel.SMS,
        purpose=ConsentPurpose.SERVICE,
        source_code="checkout",
    )


def _placed(plan: Plan) -> OrderPlacedV1:
    return OrderPlacedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        customer_id=plan.customer_id,
        buyer_account_id=plan.customer_id,
        seller_type=plan.seller_type,
        platform_code="taobao",
        lines=list(plan.lines),
        freight=money(plan.freight),
        total=money(plan.total),
        address_ref=f"vault/addresses/{plan.customer_id}",
        address_digest=f"d{plan.customer_id}",
        region_code="CN-31",
        has_consulted=plan.has_consulted,
    )


def _cancelled(plan: Plan) -> OrderClosedV1:
    return OrderClosedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        cause=CloseCause.UNPAID_CANCELLED,
        by=Party(role=Role.BUYER, id=plan.customer_id),
    )


def _payment(plan: Plan) -> Iterator[Told]:
    paid = OrderPaidV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        payments=list(plan.payments),
        paid_amount=money(plan.total),
    )
    if plan.trouble is Trouble.PAID_AT_THE_LAST_MOMENT:
        # Paid in time, told too late: crosses our request to close the order.
        yield "paid-late", plan.paid_at, paid
    else:
        yield "paid", plan.paid_at, paid


def _shipping(plan: Plan) -> Iterator[Told]:
    registered = ParcelRegisteredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        parcel_id=parcel_id(plan),
        direction=ParcelDirection.OUTBOUND,
        tracking=tracking(plan),
        lines=plan.pieces(),
        weight_grams=400 + 350 * len(plan.lines),
        freight_payer=FreightPayer.SENDER,
        declared_amount=money(plan.goods),
    )
    handed = ParcelHandedOverV1(
        shop_id=plan.shop_id, order_id=plan.order_id, parcel_id=parcel_id(plan), carrier_code=CARRIER_CODE
    )
    shipped = OrderShippedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        delivery_kind=DeliveryKind.EXPRESS,
        parcel_ids=[parcel_id(plan)],
    )
    at = plan.shipped_at
    yield "registered", at - HOUR, registered
    yield "handed-over", at, handed
    yield "shipped", at + 2 * MINUTE, shipped
    yield "scan-1", at + HOUR, scan(tracking(plan), at + HOUR, ParcelStatus.PICKED_UP, "Shanghai")
    yield "scan-2", at + 9 * HOUR, scan(tracking(plan), at + 9 * HOUR, ParcelStatus.IN_TRANSIT, "Hangzhou")


def _travel(plan: Plan) -> Iterator[Told]:
    at, number = plan.shipped_at + 27 * HOUR, 3
    while at < plan.delivered_at - 5 * HOUR:
        yield f"scan-{number}", at, scan(tracking(plan), at, ParcelStatus.IN_TRANSIT)
        at, number = at + 18 * HOUR, number + 1
    for at, status in (
        (plan.delivered_at - 4 * HOUR, ParcelStatus.OUT_FOR_DELIVERY),
        (plan.delivered_at, ParcelStatus.DELIVERED),
    ):
        yield f"scan-{status.value}", at, scan(tracking(plan), at, status, "Beijing")


def _unshipped(plan: Plan) -> RefundAppliedV1:
    return RefundAppliedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        refund_id=refund_id(plan),
        terms_version=1,
        kind=RefundKind.UNSHIPPED,
        reason_code="no_reason",
        amount=money(plan.total),
        freight=money(plan.freight) if plan.freight else None,
    )


def _not_received(plan: Plan) -> ProblemReportedV1:
    return ProblemReportedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        problem_id=f"{plan.order_id}.q1",
        problem=ProblemKind.NOT_RECEIVED,
        wanted=Wish.REFUND if plan.trouble is Trouble.LOST_REFUND else Wish.RESHIP,
        parcel_id=parcel_id(plan),
    )


def _complaint(plan: Plan) -> Iterator[Told]:
    at = plan.delivered_at + DAY + plan.dice("complains") * 2 * DAY
    trouble = plan.trouble
    if trouble in (Trouble.EXCHANGE, Trouble.EXCHANGE_NO_STOCK):
        yield "x1", at, _exchange(plan)
        return
    kinds = {
        Trouble.RETURN_NO_REASON: (RefundKind.NO_REASON, "no_reason"),
        Trouble.REFUND_SILENT_SELLER: (RefundKind.NO_RETURN, "not_as_described"),
        Trouble.REFUND_PARTLY: (RefundKind.NO_RETURN, "not_as_described"),
        Trouble.REFUSED_SILENT_BUYER: (RefundKind.NO_RETURN, "not_as_described"),
        Trouble.REFUSED_THEN_AMENDED: (RefundKind.NO_RETURN, "not_as_described"),
    }
    kind, reason_code = kinds.get(trouble, (RefundKind.WITH_RETURN, "quality"))
    shares, amount = plan.shares(), plan.goods
    if trouble in (Trouble.REFUND_PARTLY, Trouble.REFUSED_THEN_AMENDED):
        first = plan.lines[0]
        amount = first.amount_minor // 2
        shares = [Share(line_id=first.line_id, quantity_count=first.quantity_count, amount=money(amount))]
    yield "r1", at, application(plan, kind, reason_code, shares, amount, refund=refund_id(plan))


def _exchange(plan: Plan) -> ExchangeAppliedV1:
    line = plan.lines[0]
    size = line.sku_id.rpartition(".")[2]
    other = SIZES[(SIZES.index(size) + 1) % len(SIZES)]
    return ExchangeAppliedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        exchange_id=exchange_id(plan),
        lines=[Share(line_id=line.line_id, quantity_count=line.quantity_count)],
        wanted=[Wanted(line_id=line.line_id, sku_id=f"{line.product_id}.{other}")],
        reason_code="wrong_size",
    )
