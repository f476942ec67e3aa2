"""Events of adapters in the real refunds and logistics, which make of them what they mean."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from aftersales_adapters.result import Told
from aftersales_contracts.aftersales.logistics import ParcelStatusChangedV1
from aftersales_contracts.aftersales.refunds import ApplicationRejectedV1, RefundOpenedV1
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share, Tracking
from aftersales_contracts.enums import ParcelDirection, RefundKind
from aftersales_contracts.shop.aftersales import RefundAppliedV1
from aftersales_contracts.shop.shipments import FreightPayer, ParcelRegisteredV1
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from tests.adapters.given import adapted, payload
from tests.services.flow import Flow


def play(*events: Iterable[Told]) -> Flow:
    """Both services after these events, each at its moment; nothing became a dead letter."""
    flow = Flow(REFUNDS, LOGISTICS)
    told = sorted((one for some in events for one in some), key=lambda one: one.envelope.time)
    for one in told:
        flow.tell(one.event, one.envelope.time)
    assert flow.dead == []
    return flow


def statuses(flow: Flow) -> list[str]:
    """The statuses of the parcel that logistics announced."""
    found = [told.event for told in flow.told if isinstance(told.event, ParcelStatusChangedV1)]
    return [event.status.value for event in found]


def parcel(carrier: str, number: str, order: Iterable[Told]) -> Told:
    """A parcel of an order, registered under the tracker's number when the order was placed."""
    placed = next(iter(order))
    event = ParcelRegisteredV1(
        shop_id="shop-1",
        order_id=placed.envelope.subject,
        parcel_id=f"parcel-{number}",
        direction=ParcelDirection.OUTBOUND,
        tracking=Tracking(carrier_code=carrier, tracking_code=number),
        lines=[Share(line_id="866550311766439020", quantity_count=1)],
        freight_payer=FreightPayer.SENDER,
    )
    envelope = placed.envelope._replace(id=f"parcel-{number}", type=event.TYPE)
    return Told(envelope, event)


def test_a_web_shops_order_with_its_refund_is_taken_whole() -> None:
    flow = play(adapted("shopify", payload("shopify_order")).events)
    assert {told.service for told in flow.told} == {"logistics", "refunds"}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "told twice"])
@pytest.mark.parametrize(("minor", "is_opened"), [(14478, False), (8942, False), (8941, True)])
def test_money_that_a_web_shop_gave_back_is_not_asked_for_again(
    times: int, minor: int, is_opened: bool
) -> None:
    """144.78 came in, 55.37 went back by the shop itself: 89.41 are left, the tip and the duty among them."""
    order = adapted("shopify", payload("shopify_order")).events
    flow = play(*[order] * times)
    applied = RefundAppliedV1(
        shop_id="shop-1",
        order_id=order[0].envelope.subject,
        refund_id="r1",
        terms_version=1,
        kind=RefundKind.NO_RETURN,
        reason_code="quality",
        amount=Money(minor=minor, currency="CAD"),
    )
    flow.tell(applied, order[-1].envelope.time + timedelta(days=1))
    assert bool(flow.outcomes(RefundOpenedV1)) == is_opened
    assert [one.reason_code for one in flow.outcomes(ApplicationRejectedV1)] == (
        [] if is_opened else ["over_refundable"]
    )


def test_scans_of_a_tracker_reach_the_parcel_of_the_order() -> None:
    order = adapted("shopify", payload("shopify_order")).events
    scans = adapted("easypost", payload("easypost_tracker")).events
    flow = play(order, [parcel("usps", "9400110898825022579493", order)], scans)
    assert statuses(flow)[-1] == "delivered"


def test_scans_of_a_chinese_carrier_reach_the_parcel_of_the_order() -> None:
    order = adapted("shopify", payload("shopify_order")).events
    scans = adapted("kuaidi100", payload("kuaidi100_push")).events
    flow = play(order, [parcel("shunfeng", "SF1020304050607", order)], scans)
    assert statuses(flow)[-1] == "delivered"


def test_a_history_that_is_told_again_changes_nothing() -> None:
    order = adapted("shopify", payload("shopify_order")).events
    scans = adapted("kuaidi100", payload("kuaidi100_push")).events
    registered = parcel("shunfeng", "SF1020304050607", order)
    ids = [told.envelope.id for told in scans]
    again = [
        told for told in adapted("kuaidi100", payload("kuaidi100_push")).events if told.envelope.id not in ids
    ]
    assert again == []
    assert statuses(play(order, [registered], scans))[-1] == "delivered"


def test_a_taobao_refund_is_opened_and_its_goods_come_back() -> None:
    trade = adapted("taobao", payload("taobao_trade")).events
    running = [
        told for told in trade if told.event.TYPE not in ("shop.order.succeeded.v1", "shop.order.closed.v1")
    ]
    flow = play(running, adapted("taobao", payload("taobao_refund")).events)
    (opened,) = [told.event for told in flow.told if isinstance(told.event, RefundOpenedV1)]
    assert opened.refund_id == "tb:99300021"
