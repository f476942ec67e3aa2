"""The auto-confirm clock of an order stands while logistics seeks a parcel, has it back or resends it."""

from datetime import datetime, timedelta

import pytest

from aftersales_contracts.aftersales import logistics, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.components import Party, Tracking, Wanted
from aftersales_contracts.enums import Role
from aftersales_contracts.shop import aftersales
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0
from tests.services.logistics.told import courier, not_received

MARKED = 5 * HOUR
YTO = Tracking(carrier_code="yto", tracking_code="YT2")
GRACE = timedelta(minutes=10)


def sent(*more: tuple[Event, timedelta]) -> Flow:
    """An order in refunds and logistics: paid, marked after five hours, picked up after seven."""
    made = Flow(REFUNDS, LOGISTICS)
    told = [
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), MARKED),
        (shop.shipped(), MARKED),
        (shop.handed_over(), 6 * HOUR),
        (shop.scan("picked_up", T0 + 7 * HOUR), 7 * HOUR),
        *more,
    ]
    for event, after in told:
        made.tell(event, T0 + after)
    return made


def asked_at(flow: Flow) -> list[datetime]:
    """Lists the moments at which the order system was asked to confirm receipt."""
    return [x.at for x in flow.told if isinstance(x.event, refunds.OrderAutoConfirmRequestedV1)]


def doubts(flow: Flow) -> list[list[tuple[str, str]]]:
    """Lists the parcels in doubt as logistics announced them."""
    return [
        [(parcel.parcel_id, parcel.doubt.value) for parcel in event.parcels]
        for event in flow.outcomes(logistics.DeliveryDoubtsChangedV1)
    ]


def test_n1_nobody_confirms_a_parcel_that_is_searched() -> None:
    """OR-029, E-A16: the clock stands during the search; then the nine days that were left run on."""
    flow = sent((not_received(), MARKED + DAY))
    flow.pass_until(T0 + 40 * DAY)
    assert doubts(flow) == [[("k1", "searched")]]
    assert asked_at(flow) == []
    flow.tell(shop.scan("delivered", T0 + 41 * DAY), T0 + 41 * DAY)
    assert doubts(flow)[1:] == [[]]
    flow.pass_until(T0 + 50 * DAY + GRACE)
    assert asked_at(flow) == [T0 + 50 * DAY]


def test_n1_a_search_before_the_ship_mark_holds_the_clock_from_its_start() -> None:
    """OR-029: the news of the search is older than the mark that starts the clock."""
    flow = Flow(REFUNDS, LOGISTICS)
    for event, after in (
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 2 * HOUR),
        (shop.handed_over(), 3 * HOUR),
        (not_received(), 4 * HOUR),
        (shop.shipped(), MARKED),
    ):
        flow.tell(event, T0 + after)
    flow.pass_until(T0 + 30 * DAY)
    assert asked_at(flow) == []
    flow.tell(shop.scan("delivered", T0 + 30 * DAY), T0 + 30 * DAY)
    flow.pass_until(T0 + 40 * DAY + GRACE)
    assert asked_at(flow) == [T0 + 40 * DAY]


def test_nobody_confirms_a_parcel_that_comes_back() -> None:
    """OR-029, RF-036: from the refusal at the door until the parcel goes on after all."""
    flow = sent((shop.scan("refused", T0 + 2 * DAY), 2 * DAY))
    assert doubts(flow) == [[("k1", "returning")]]
    flow.tell(shop.scan("delivered", T0 + 3 * DAY), T0 + 3 * DAY)
    assert doubts(flow) == [[("k1", "returning")], []]
    flow.pass_until(T0 + 11 * DAY + MARKED)
    assert asked_at(flow) == []
    flow.pass_until(T0 + 11 * DAY + MARKED + GRACE)
    assert asked_at(flow) == [T0 + 11 * DAY + MARKED]


@pytest.mark.parametrize("is_read_late", [False, True])
def test_news_of_the_way_back_is_no_way_to_the_buyer(is_read_late: bool) -> None:
    """OR-029, RF-036: the parcel moves after it was turned; the turn may be read after that."""
    turned = (shop.scan("returning", T0 + DAY), 37 * HOUR if is_read_late else DAY)
    moves = (shop.scan("in_transit", T0 + 36 * HOUR), 36 * HOUR)
    flow = sent(*sorted((turned, moves), key=lambda entry: entry[1]))
    assert doubts(flow) == [[("k1", "returning")]]
    for day in (3, 7, 11):
        flow.tell(shop.scan("in_transit", T0 + day * DAY), T0 + day * DAY)
    flow.pass_until(T0 + 14 * DAY)
    assert (doubts(flow)[1:], asked_at(flow)) == ([], [])
    flow.tell(shop.scan("delivered", T0 + 14 * DAY), T0 + 14 * DAY)
    assert doubts(flow)[1:] == [[]]


def test_nobody_confirms_goods_that_came_back_while_nobody_is_paid() -> None:
    """OR-029, RF-036: goods at the shop hold the clock until the refund for them is opened."""
    flow = sent((shop.scan("refused", T0 + 2 * DAY), 2 * DAY), (shop.scan("returned", T0 + 3 * DAY), 3 * DAY))
    assert [x.remedy_id for x in flow.outcomes(logistics.RemedyRefundDueV1)] == ["k1.returned"]
    assert doubts(flow) == [[("k1", "returning")], []]
    assert [x.refund_id for x in flow.outcomes(refunds.RefundOpenedV1)] == ["k1.returned.refund"]
    flow.pass_until(T0 + 40 * DAY)
    assert asked_at(flow) == []


def test_nobody_confirms_goods_that_are_sent_again() -> None:
    """OR-029, LG-019: from the loss until the resend is delivered."""
    flow = sent((courier("k1.call", "lost"), 3 * DAY))
    flow.pass_until(T0 + 6 * DAY)
    assert doubts(flow) == [[("k1", "searched")], [("k1", "resent")]]
    again = shop.registered("k2", direction="reship", tracking=YTO, request_id="k1.reship.send")
    flow.tell(again, T0 + 7 * DAY)
    flow.tell(shop.handed_over("k2", "yto"), T0 + 8 * DAY)
    arrived_at = T0 + 8 * DAY + 12 * HOUR
    flow.tell(shop.scan("delivered", arrived_at, tracking=YTO), arrived_at)
    assert doubts(flow)[2:] == [[]]
    silent_after = 7 * HOUR + 2 * DAY
    flow.pass_until(arrived_at + MARKED + 10 * DAY - silent_after)
    assert asked_at(flow) == []
    flow.pass_until(arrived_at + MARKED + 10 * DAY - silent_after + GRACE)
    assert len(asked_at(flow)) == 1


def test_nobody_confirms_goods_that_are_being_exchanged() -> None:
    """OR-029, E-A16: an open exchange holds the clock as a refund does; what was left runs on after it."""
    flow = sent((shop.scan("delivered", T0 + 2 * DAY), 2 * DAY))
    exchange = aftersales.ExchangeAppliedV1(
        shop_id=SHOP, order_id=ORDER, exchange_id="x1", lines=[shop.share()], reason_code="quality",
        wanted=[Wanted(line_id="l1", sku_id="s-l1")],
    )  # fmt: skip
    flow.tell(exchange, T0 + 3 * DAY)
    assert flow.outcomes(refunds.ExchangeOpenedV1)
    flow.pass_until(T0 + 3 * DAY + 12 * HOUR)
    withdrawn = aftersales.ApplicationWithdrawnV1(
        shop_id=SHOP, order_id=ORDER, exchange_id="x1", by=Party(role=Role.BUYER)
    )
    flow.tell(withdrawn, T0 + 4 * DAY)
    flow.pass_until(T0 + 20 * DAY)
    assert asked_at(flow)[0] == T0 + MARKED + 11 * DAY
