"""Events and questions about lost parcels, short to write in tests, and what logistics did about them."""

from collections.abc import Sequence
from datetime import timedelta

from aftersales_contracts import components, enums
from aftersales_contracts.aftersales import common, logistics, refunds
from aftersales_contracts.aftersales.refunds_enums import ExchangeEnding
from aftersales_contracts.base import Event
from aftersales_contracts.shop import aftersales, orders
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0
from tests.services.logistics.told import (
    courier,
    flow,
    of_case,
    on_the_way,
    refund_opened,
    refund_paid,
    task_done,
)

SECOND = components.Tracking(carrier_code="sto", tracking_code="773009")
BOTH = [shop.share("l1"), shop.share("l2", 2)]


def tell(story: Flow, event: Event, after: timedelta) -> None:
    story.tell(event, T0 + after)


def said(parcel_id: str, outcome: str = "lost", request_id: str = "any") -> Event:
    return courier(request_id, outcome).model_copy(update={"parcel_id": parcel_id})


def scan(status: str, after: timedelta, tracking: components.Tracking = shop.TRACKING) -> Event:
    return shop.scan(status, T0 + after, tracking=tracking)


def second(direction: str) -> Flow:
    """The buyer has the first parcel; another one is on its way to him since day 3."""
    return on_the_way(
        (scan("delivered", 2 * DAY), 2 * DAY),
        (shop.registered("e1", direction=direction, tracking=SECOND), 3 * DAY),
        (shop.handed_over("e1"), 3 * DAY),
        (scan("in_transit", 3 * DAY + HOUR, SECOND), 3 * DAY + HOUR),
    )


def two_lines(*more: tuple[Event, timedelta]) -> Flow:
    """One piece of l1 and two of l2 in one parcel, under way after a day."""
    return flow(
        (shop.placed([shop.line("l1"), shop.line("l2", 2)]), 0 * HOUR),
        (shop.paid(30_000), HOUR),
        (shop.registered(lines=BOTH), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.handed_over(), 6 * HOUR),
        (scan("in_transit", 20 * HOUR), 20 * HOUR),
        *more,
    )


def opened(kind: str, *lines: components.Share) -> refunds.RefundOpenedV1:
    return refund_opened(kind).model_copy(update={"lines": list(lines)})


def paid(*lines: components.Share) -> refunds.RefundPaidV1:
    return refund_paid().model_copy(update={"lines": list(lines), "is_full": False})


def exchange_opened() -> refunds.ExchangeOpenedV1:
    wanted = components.Wanted(line_id="l1", sku_id="s-xl")
    return refunds.ExchangeOpenedV1(
        **of_case("exchange", "x1"),
        exchange_id="x1",
        reship_id="x1.reship",
        lines=[shop.share()],
        wanted=[wanted],
    )


def exchange_ended(ending: str) -> refunds.ExchangeEndedV1:
    return refunds.ExchangeEndedV1(
        **of_case("exchange", "x1"), exchange_id="x1", ending=ExchangeEnding(ending)
    )


def choose(story: Flow, option_id: str, after: timedelta) -> None:
    offer = story.outcomes(common.OfferMadeV1)[-1]
    answer = aftersales.OfferAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        offer_id=offer.offer_id,
        case_id=offer.case_id,
        case_kind=offer.case_kind,
        option_id=option_id,
    )
    tell(story, answer, after)


def settle_questions(story: Flow, after: timedelta) -> None:
    """The supervisor approves of the last loss, and the order carries it."""
    asked = [x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == "lost_parcel_report"]
    tell(story, task_done(asked[-1]), after)
    memo = [x for x in story.outcomes(common.OrderActionRequestedV1) if x.purpose == enums.MemoPurpose.LOSS]
    stored = orders.OrderMemoStoredV1(
        shop_id=SHOP,
        order_id=ORDER,
        memo_ref="m1",
        purpose=enums.MemoPurpose.LOSS,
        request_id=memo[-1].request_id,
    )
    tell(story, stored, after)


def claims(story: Flow) -> list[str]:
    return [x.action.value for x in story.outcomes(logistics.CourierClaimRequestedV1)]


def offered(story: Flow) -> list[list[tuple[str, int]]]:
    made = story.outcomes(common.OfferMadeV1)
    return [[(s.line_id, s.quantity_count) for s in offer.options[0].lines or ()] for offer in made]


def counted(lines: Sequence[components.Share]) -> list[tuple[str, int]]:
    return [(share.line_id, share.quantity_count) for share in lines]


def remedies(story: Flow) -> list[list[tuple[str, int]]]:
    return [counted(x.lines) for x in story.outcomes(logistics.RemedyRefundDueV1)]


def resends(story: Flow) -> list[tuple[str, list[tuple[str, int]]]]:
    return [(x.action.value, counted(x.lines)) for x in story.outcomes(logistics.ReshipRequestedV1)]
