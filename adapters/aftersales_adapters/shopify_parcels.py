"""Tells Shopify's fulfilments: parcels, ship marks, waybills that are void."""

from pydantic import ValidationError

from aftersales_adapters.carriers import carrier_code, tracking_code
from aftersales_adapters.reading import Node
from aftersales_adapters.shopify_orders import PREFIX, order_id, own_id
from aftersales_adapters.telling import Telling, digest_id, refused
from aftersales_contracts.components import Share, Tracking
from aftersales_contracts.enums import ParcelDirection
from aftersales_contracts.shop.orders import DeliveryKind, OrderShippedV1
from aftersales_contracts.shop.shipments import FreightPayer, ParcelRegisteredV1, ParcelWaybillVoidedV1

ON_ITS_WAY = frozenset({"success"})
NOT_YET = frozenset({"pending", "open"})
UNDONE = frozenset({"cancelled", "error", "failure"})


def tell_fulfilment(telling: Telling, shop_id: str, node: Node) -> None:
    """Tells one fulfilment. Raises PayloadError for one without its order."""
    status = node["status"].need_text()
    order = order_id(node["order_id"])
    if status in NOT_YET:
        telling.remark(node["status"], "waits", f"{status}: told once the goods are on their way")
        return
    if status not in ON_ITS_WAY | UNDONE:
        telling.unknown(node["status"], "fulfilment status", status)
        return
    if not node["shipment_status"].is_absent:
        telling.remark(
            node["shipment_status"], "not_told", "a status without its moment: trackers tell of scans"
        )
    lines = _lines(node)
    at = node["created_at"].need_moment(telling.context.zone)
    parcels: list[str] = []
    for number, tracking in enumerate(_numbers(node), 1):
        own = f"{PREFIX}{node['id'].need_id()}"
        parcel = digest_id([own] if number == 1 else [own, str(number)])
        parcels.append(parcel)
        if number == 2:
            telling.remark(node["tracking_numbers"], "assumed", "the pieces are told inside the first parcel")
        inside = lines if number == 1 else []
        registered = _registered(telling, shop_id, node, parcel, tracking, inside)
        telling.tell(f"fulfillment/{parcel}/registered/{digest_id([tracking])}", at, registered, node)
    if status in UNDONE:
        for parcel in parcels:
            voided = ParcelWaybillVoidedV1(
                shop_id=shop_id, order_id=order, parcel_id=parcel, reason_code=f"fulfillment_{status}"
            )
            ended = node["updated_at"].need_moment(telling.context.zone)
            telling.tell(f"fulfillment/{parcel}/voided", ended, voided, node["status"])
        return
    shipped = OrderShippedV1(
        shop_id=shop_id, order_id=order, delivery_kind=_kind(node), parcel_ids=parcels, lines=lines
    )
    telling.tell(f"fulfillment/{own_id(node['id'])}/shipped", at, shipped, node)


def _registered(
    telling: Telling, shop_id: str, node: Node, parcel: str, tracking: str, lines: list[Share]
) -> ParcelRegisteredV1:
    carrier = carrier_code(telling, _company(telling, node))
    try:
        return ParcelRegisteredV1(
            shop_id=shop_id,
            order_id=order_id(node["order_id"]),
            parcel_id=parcel,
            direction=ParcelDirection.OUTBOUND,
            tracking=Tracking(carrier_code=carrier, tracking_code=tracking),
            lines=lines,
            freight_payer=FreightPayer.SENDER,
        )
    except ValidationError as error:
        raise refused(node, error) from None


def _company(telling: Telling, node: Node) -> Node:
    """The carrier, which may be left out."""
    company = node["tracking_company"]
    if company.is_absent:
        telling.remark(company, "assumed", "a number without its carrier: the carrier is other")
        return Node("other", company.place)
    return company


def _numbers(node: Node) -> list[str]:
    found = [tracking_code(one) for one in node["tracking_numbers"].items() if not one.is_absent]
    if not found and not node["tracking_number"].is_absent:
        found = [tracking_code(node["tracking_number"])]
    return list(dict.fromkeys(found))


def _lines(node: Node) -> list[Share]:
    counts: dict[str, int] = {}
    for line in node["line_items"].items():
        count = line["quantity"].need_count()
        if count:
            line_id = own_id(line["id"])
            counts[line_id] = counts.get(line_id, 0) + count
    if not counts:
        node["line_items"].fail("missing")
    try:
        return [Share(line_id=line_id, quantity_count=count) for line_id, count in counts.items()]
    except ValidationError as error:
        raise refused(node["line_items"], error) from None


def _kind(node: Node) -> DeliveryKind:
    lines = list(node["line_items"].items())
    travels = any(line["requires_shipping"].is_absent or line["requires_shipping"].flag() for line in lines)
    return DeliveryKind.EXPRESS if travels else DeliveryKind.VIRTUAL
