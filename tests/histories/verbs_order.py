"""Actions of the order system as events."""

from collections.abc import Callable, Mapping
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.base import Event
from aftersales_contracts.enums import FreightTerms, MemoPurpose, PaymentMethod, SaleService, SellerType
from aftersales_contracts.shop import orders
from tests.histories.world import CUSTOMER, SELLER, Action, World

Made = Event | None


def _lines(world: World, prices: Mapping[str, int]) -> list[components.Line]:
    terms = FreightTerms.FREE if world.shape.is_free else FreightTerms.BUYER_PAYS
    services = [SaleService.SEVEN_DAY_NO_REASON] if world.shape.is_serviced else []
    return [
        components.Line(
            line_id=line_id, product_id=f"p-{line_id}", sku_id=f"s-{line_id}", style_id=f"p-{line_id}",
            quantity_count=count, unit_price=world.money(prices.get(line_id, price)), freight_terms=terms,
            services=services,
        )
        for line_id, count, price in world.shape.lines
    ]  # fmt: skip


def _place(world: World, _action: Action) -> Made:
    shape = world.shape
    return orders.OrderPlacedV1(
        **world.keys,
        customer_id=CUSTOMER,
        seller_type=SellerType.C_SHOP,
        platform_code="taobao",
        lines=_lines(world, {}),
        freight=world.money(shape.freight),
        total=world.money(shape.total),
        region_code="CN-31",
    )


def _edit(world: World, action: Action) -> Made:
    """Changes the freight, and prices as `line=price`, while nobody has paid."""
    if world.ledger.placed is None or world.ledger.paid_at is not None:
        return None
    freight, *changed = action.args
    named = dict(str(text).split("=") for text in changed)
    lines = _lines(world, {line_id: int(price) for line_id, price in named.items()})
    total = sum(line.amount_minor for line in lines) + int(freight)
    return orders.OrderTermsChangedV1(
        **world.keys, by=SELLER, lines=lines, freight=world.money(int(freight)), total=world.money(total)
    )


def _pay(world: World, _action: Action) -> Made:
    """Pays what is owed now, in as many parts as the order says."""
    total = world.ledger.total_minor
    if total == 0:
        return None
    first = min(world.shape.tenders[0], total - 1) if world.shape.tenders else 0
    parts = [part for part in (first, total - first) if part]
    return orders.OrderPaidV1(
        **world.keys,
        payments=[
            components.Payment(payment_id=f"pay{n}", method=PaymentMethod.ALIPAY, amount=world.money(minor))
            for n, minor in enumerate(parts, 1)
        ],
        paid_amount=world.money(total),
    )


def _mark(world: World, action: Action) -> Made:
    """The ship mark, for the parcel that it names or for the whole order."""
    parcel = world.ledger.goods.parcels.get(action.about)
    lines = None
    if parcel is not None:
        lines = [components.Share(line_id=name, quantity_count=count) for name, count in parcel.lines.items()]
    return orders.OrderShippedV1(
        **world.keys,
        delivery_kind=orders.DeliveryKind.EXPRESS,
        parcel_ids=[action.about] if parcel is not None else [],
        lines=lines,
    )


def _succeed(world: World, action: Action) -> Made:
    return orders.OrderSucceededV1(**world.keys, cause=orders.SuccessCause(action.about))


def _confirm(world: World, action: Action) -> Made:
    """The order system's answer to the wish to confirm."""
    asked = world.ledger.m.asked.get("confirm")
    if asked is None:
        return None
    if action.about == "yes":
        return orders.OrderSucceededV1(**world.keys, cause=orders.SuccessCause.AUTO_CONFIRM)
    request: Any = asked.event
    del world.ledger.m.asked["confirm"]
    return orders.OrderRequestDeclinedV1(
        **world.keys, request_id=request.request_id, reason_code="refund_open"
    )


def _close(world: World, _action: Action) -> Made:
    if world.ledger.m.asked.pop("close", None) is None:
        return None
    is_sent = any(not p.is_back and p.is_gone for p in world.ledger.goods.parcels.values())
    cause = orders.CloseCause.REFUNDED if is_sent else orders.CloseCause.REFUNDED_UNSHIPPED
    return orders.OrderClosedV1(**world.keys, cause=cause, by=SELLER)


def _memo(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    if action.args == ("no",):
        return orders.OrderRequestDeclinedV1(
            **world.keys, request_id=request.request_id, reason_code="not_possible"
        )
    return orders.OrderMemoStoredV1(
        **world.keys,
        memo_ref="memo",
        purpose=request.purpose or MemoPurpose.LOSS,
        request_id=request.request_id,
    )


VERBS: Mapping[str, Callable[[World, Action], Made]] = {
    "place": _place, "edit": _edit, "pay": _pay, "mark": _mark, "succeed": _succeed, "confirm": _confirm,
    "close": _close, "memo": _memo,
}  # fmt: skip
