"""Events of one small order, for the tests of logistics."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aftersales_contracts import base, components, enums
from aftersales_contracts.shop import orders, scans, shipments

T0 = datetime(2024, 5, 6, 2, 0, tzinfo=UTC)
"""A Monday, ten in the morning in Shanghai."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHOP = "tb-shop"
ORDER = "o1"
TRACKING = components.Tracking(carrier_code="sto", tracking_code="773001")

OTHER = components.Tracking(carrier_code="sto", tracking_code="773002")


def cny(minor: int) -> base.Money:
    """Fen."""
    return base.Money(minor=minor, currency="CNY")


def share(line_id: str = "l1", count: int = 1) -> components.Share:
    """Pieces of a line."""
    return components.Share(line_id=line_id, quantity_count=count)


def line(line_id: str = "l1", count: int = 1, **terms: object) -> components.Line:
    """A line at 100 yuan a piece."""
    values: dict[str, object] = {
        "line_id": line_id,
        "product_id": f"p-{line_id}",
        "sku_id": f"s-{line_id}",
        "quantity_count": count,
        "unit_price": cny(10_000),
        "freight_terms": enums.FreightTerms.FREE,
        **terms,
    }
    return components.Line.model_validate(values)


def placed(
    lines: Sequence[components.Line] = (), *, shop_id: str = SHOP, order_id: str = ORDER, cash: bool = False
) -> orders.OrderPlacedV1:
    """The order."""
    lines = list(lines) or [line()]
    return orders.OrderPlacedV1(
        shop_id=shop_id,
        order_id=order_id,
        customer_id="c1",
        seller_type=enums.SellerType.C_SHOP,
        platform_code="taobao",
        payment_mode=orders.PaymentMode.CASH_ON_DELIVERY if cash else orders.PaymentMode.PREPAID,
        lines=lines,
        freight=cny(0),
        total=cny(sum(each.amount_minor for each in lines)),
        region_code="CN-31",
    )


def paid(minor: int = 10_000) -> orders.OrderPaidV1:
    """The payment."""
    payment = components.Payment(payment_id="pay1", method=enums.PaymentMethod.ALIPAY, amount=cny(minor))
    return orders.OrderPaidV1(shop_id=SHOP, order_id=ORDER, payments=[payment], paid_amount=cny(minor))


def shipped(parcel_ids: Sequence[str] = ("k1",), kind: str = "express") -> orders.OrderShippedV1:
    """The ship mark."""
    return orders.OrderShippedV1(
        shop_id=SHOP,
        order_id=ORDER,
        delivery_kind=orders.DeliveryKind(kind),
        parcel_ids=list(parcel_ids),
    )


def registered(
    parcel_id: str = "k1",
    *,
    lines: Sequence[components.Share] = (),
    direction: str = "outbound",
    tracking: components.Tracking = TRACKING,
    request_id: str | None = None,
    collect: bool = False,
) -> shipments.ParcelRegisteredV1:
    """A waybill."""
    return shipments.ParcelRegisteredV1(
        shop_id=SHOP,
        order_id=ORDER,
        parcel_id=parcel_id,
        direction=enums.ParcelDirection(direction),
        tracking=tracking,
        lines=list(lines) or [share()],
        freight_payer=shipments.FreightPayer.RECIPIENT if collect else shipments.FreightPayer.SENDER,
        request_id=request_id,
    )


def handed_over(parcel_id: str = "k1", carrier_code: str = "sto") -> shipments.ParcelHandedOverV1:
    """The parcel left the warehouse."""
    return shipments.ParcelHandedOverV1(
        shop_id=SHOP, order_id=ORDER, parcel_id=parcel_id, carrier_code=carrier_code
    )


def scan(
    status: str, at: datetime, *, tracking: components.Tracking = TRACKING, signed_by: str | None = None
) -> scans.ParcelScannedV1:
    """A scan of the carrier."""
    return scans.ParcelScannedV1(
        carrier_code=tracking.carrier_code,
        tracking_code=tracking.tracking_code,
        occurred_at=at,
        status=enums.ParcelStatus(status),
        raw_status_code=f"raw-{status}",
        signed_by=enums.SignedBy(signed_by) if signed_by else None,
    )
