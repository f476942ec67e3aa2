"""Refunds of some pieces of a line: the parcels that carry its other pieces go on (RF-005, RF-006)."""

from collections.abc import Sequence

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.base import Event
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, T0, TRACKING
from tests.services.logistics.told import clean, flow, questions, recalls, refund_opened, refund_paid

SECOND = components.Tracking(carrier_code="sto", tracking_code="773002")


def of(count: int, event: Event) -> Event:
    """The refund, or its payment, of so many pieces of the line and not of the whole order."""
    update: dict[str, object] = {"lines": [shop.share("l1", count)]}
    if hasattr(event, "is_full"):
        update["is_full"] = False
    return event.model_copy(update=update)


def parcel(parcel_id: str, count: int, tracking: components.Tracking = TRACKING) -> Event:
    return shop.registered(parcel_id, lines=[shop.share("l1", count)], tracking=tracking)


def ordered(count: int, *events: Sequence[Event]) -> Flow:
    """An order of so many pieces of one line, paid after an hour; what is told then, hour by hour."""
    story = flow((shop.placed([shop.line("l1", count)]), 0 * HOUR), (shop.paid(), HOUR))
    for number, told in enumerate(events):
        for event in told:
            story.tell(event, T0 + (2 + number) * HOUR)
    return story


def asked(story: Flow) -> list[tuple[str, str]]:
    """The call-backs: parcel and reason."""
    actions = story.outcomes(logistics.CourierActionRequestedV1)
    return [(one.parcel_id, one.reason_code) for one in actions if one.action.value == "intercept"]


def gone(parcel_id: str) -> Event:
    return shop.handed_over().model_copy(update={"parcel_id": parcel_id})


def test_the_piece_that_is_still_owed_is_not_called_back_and_one_beyond_it_is() -> None:
    """RF-006: one of two pieces is refunded, the other leaves; then the refunded one leaves all the same."""
    story = ordered(
        2, [of(1, refund_opened())], [of(1, refund_paid())], [parcel("k1", 1), gone("k1")],
    )  # fmt: skip
    assert asked(story) == []
    for event in (parcel("k2", 1, SECOND), gone("k2")):
        story.tell(event, T0 + 8 * HOUR)
    assert asked(story) == [("k2", "order_closed")]
    assert questions(story)[-1] == "goods_left_closed_order"
    clean(story)


def test_another_piece_is_owed_once_the_first_came_back() -> None:
    """RF-006: what a carrier brought back is not with the buyer."""
    story = ordered(
        3, [of(1, refund_opened())], [of(1, refund_paid())], [parcel("k1", 2), gone("k1")],
        [shop.scan("returned", T0 + 5 * HOUR)], [parcel("k2", 1, SECOND), gone("k2")],
    )  # fmt: skip
    assert asked(story) == []
    clean(story)


def test_a_remedy_for_pieces_that_are_back_calls_no_other_parcel_of_the_line_back() -> None:
    """RF-006, RF-044: two of three pieces were refused at the door; the third goes on to the buyer."""
    story = ordered(
        3, [parcel("k1", 2), parcel("k2", 1, SECOND), gone("k1"), gone("k2")],
        [shop.scan("returned", T0 + 3 * HOUR)], [of(2, refund_opened())],
    )  # fmt: skip
    (resolved,) = story.outcomes(logistics.DispatchHoldResolvedV1)
    assert (resolved.outcome.value, resolved.parcel_ids) == ("too_late", ["k1"])
    assert recalls(story) == []
    story.tell(of(2, refund_paid()), T0 + 6 * HOUR)
    story.tell(shop.scan("delivered", T0 + DAY, tracking=SECOND), T0 + DAY)
    assert recalls(story) == []
    assert story.outcomes(common.TaskRequestedV1) == []


def test_a_refund_of_more_than_is_back_calls_the_rest_back() -> None:
    """RF-006: all three are refunded, and two are back."""
    story = ordered(
        3, [parcel("k1", 2), parcel("k2", 1, SECOND), gone("k1"), gone("k2")],
        [shop.scan("returned", T0 + 3 * HOUR)], [of(3, refund_opened())],
    )  # fmt: skip
    assert asked(story) == [("k2", "refund_before_shipment")]


def test_pieces_that_are_back_and_repaid_stand_for_no_second_refund() -> None:
    """RF-006: the refund of the second piece is for the one that is under way."""
    story = ordered(
        2, [parcel("k1", 1), parcel("k2", 1, SECOND), gone("k1"), gone("k2")],
        [shop.scan("returned", T0 + 3 * HOUR)], [of(1, refund_opened())], [of(1, refund_paid())],
        [of(1, refund_opened()).model_copy(update={"refund_id": "r2"})],
    )  # fmt: skip
    assert asked(story) == [("k2", "refund_before_shipment")]
