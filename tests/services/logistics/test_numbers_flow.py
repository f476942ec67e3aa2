"""Tracking numbers that were wrong and are corrected (B8); the tests are named after what went wrong."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.base import Event
from aftersales_contracts.shop import shipments
from services.logistics.cases.intercept import state as intercept
from services.logistics.cases.lost_parcel import state as lost_parcel
from services.logistics.cases.parcel import state as parcel
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.losses import claims, resends, said
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0, TRACKING
from tests.services.logistics.told import (
    clean,
    courier,
    flow,
    not_received,
    on_the_way,
    outcomes,
    questions,
    recalls,
    refund_opened,
    triggers,
)
from tests.services.test_confirm_clock import asked_at, doubts, sent

RIGHT = components.Tracking(carrier_code="yto", tracking_code="YT77")
THIRD = components.Tracking(carrier_code="zto", tracking_code="ZT88")
Told = tuple[Event, timedelta]


def again(
    parcel_id: str = "k2", replaces: str = "k1", tracking: components.Tracking = RIGHT
) -> shipments.ParcelRegisteredV1:
    """The parcel is registered once more, under its own number."""
    registered = shop.registered(parcel_id, tracking=tracking)
    return registered.model_copy(update={"replaces_parcel_id": replaces})


def wrong(
    tracking: components.Tracking | None = None,
    was: components.Tracking = TRACKING,
    parcel_id: str = "k1",
) -> shipments.ParcelNumberCorrectedV1:
    """The number was wrong."""
    return shipments.ParcelNumberCorrectedV1(
        shop_id=SHOP, order_id=ORDER, parcel_id=parcel_id, wrong_tracking=was, tracking=tracking
    )


def mistaken(*scans: tuple[str, timedelta]) -> Flow:
    """An order that left after six hours, under a number that is not the parcel's; scans of that number."""
    return flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.handed_over(), 6 * HOUR),
        *((shop.scan(status, T0 + after), after) for status, after in scans),
    )


CORRECTIONS: list[list[Event]] = [
    [again()],
    [wrong(RIGHT)],
    [wrong(), wrong(RIGHT)],
    [wrong(), again()],
    [shop.registered(tracking=RIGHT)],
]
"""Every way to tell the right number."""


def tell(story: Flow, events: Sequence[Event], after: timedelta) -> None:
    for event in events:
        story.tell(event, T0 + after)


def open_tasks(story: Flow) -> list[str]:
    """The questions to people that are open."""
    withdrawn = {each.task_id for each in story.outcomes(common.TaskWithdrawnV1)}
    asked = story.outcomes(common.TaskRequestedV1)
    return [each.question_code for each in asked if each.task_id not in withdrawn]


def inquiries(story: Flow) -> list[str]:
    asked = story.outcomes(logistics.CourierActionRequestedV1)
    return [each.tracking.tracking_code for each in asked if each.action.value == "inquire"]


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize(
    "scans", [[], [("picked_up", 7 * HOUR), ("in_transit", 8 * HOUR)], [("lost", 9 * HOUR)]]
)
def test_b8_a_corrected_number_ends_the_watch_of_the_wrong_one(
    correction: Sequence[Event], scans: Sequence[tuple[str, timedelta]]
) -> None:
    """OR-009, LG-016: nothing is asked about the wrong number, and the right one is followed to its end."""
    story = mistaken(*scans)
    tell(story, correction, 20 * HOUR)
    for status, after in (("picked_up", DAY), ("out_for_delivery", 2 * DAY), ("delivered", 3 * DAY)):
        story.tell(shop.scan(status, T0 + after, tracking=RIGHT), T0 + after)
    story.tell(shop.scan("in_transit", T0 + 4 * DAY), T0 + 4 * DAY)
    story.pass_until(T0 + 130 * DAY)
    assert outcomes(story)[-1:] == ["delivered"]
    assert inquiries(story) == []
    assert open_tasks(story) == []
    assert triggers(story) == []
    assert isinstance(story.state("parcel", "sto/773001"), parcel.Unknown | parcel.Cancelled)
    assert isinstance(story.state("parcel", "yto/YT77"), parcel.Delivered)
    clean(story)


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("days", [2, 6])
def test_b8_the_correction_comes_after_the_inquiry_or_the_task(
    correction: Sequence[Event], days: int
) -> None:
    """LG-016: the wrong number is silent after a day, and presumed lost three days later."""
    story = mistaken()
    story.pass_until(T0 + days * DAY)
    assert inquiries(story) == ["773001"]
    assert ("presume_lost" in open_tasks(story)) is (days == 6)
    tell(story, correction, days * DAY)
    assert open_tasks(story) == []
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel.Closed)
    at = (days + 1) * DAY
    story.tell(shop.scan("delivered", T0 + at, tracking=RIGHT), T0 + at)
    story.tell(courier("k1.inquire.20240507080000", "lost"), T0 + at + HOUR)
    story.pass_until(T0 + 130 * DAY)
    assert outcomes(story)[-1:] == ["delivered"]
    assert claims(story) == []
    assert open_tasks(story) == []


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("request_id", ["k1.inquire.20240507080000", "k1.intercept"])
def test_b8_the_courier_answers_about_the_wrong_number(correction: Sequence[Event], request_id: str) -> None:
    """LG-016, LG-018: lost under a number that is not the parcel's is no loss."""
    story = mistaken()
    story.tell(refund_opened("not_received"), T0 + 10 * HOUR)
    story.pass_until(T0 + 2 * DAY)
    tell(story, correction, 2 * DAY)
    story.tell(courier(request_id, "lost"), T0 + 2 * DAY + HOUR)
    assert claims(story) == []
    assert "lost" not in outcomes(story)
    clean(story)


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_b8_the_right_number_is_watched_for_silence(correction: Sequence[Event]) -> None:
    """LG-016: the parcel left, and its own number says nothing either."""
    story = mistaken(("picked_up", 7 * HOUR))
    tell(story, correction, 20 * HOUR)
    story.pass_until(T0 + 3 * DAY)
    assert inquiries(story) == ["YT77"]


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_b8_a_loss_under_the_wrong_number_is_none(correction: Sequence[Event]) -> None:
    """LG-018, LG-022: report, claim and choice are void."""
    story = mistaken()
    story.tell(said("k1"), T0 + 2 * DAY)
    assert claims(story) == ["file"]
    tell(story, correction, 2 * DAY + HOUR)
    assert claims(story) == ["file", "withdraw"]
    assert open_tasks(story) == []
    story.tell(shop.scan("delivered", T0 + 3 * DAY, tracking=RIGHT), T0 + 3 * DAY)
    story.pass_until(T0 + 130 * DAY)
    assert resends(story) == []
    assert outcomes(story)[-1:] == ["delivered"]
    assert open_tasks(story) == []


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_b8_goods_that_were_sent_again_call_the_right_parcel_back(correction: Sequence[Event]) -> None:
    """LG-017: the buyer has a remedy already."""
    story = mistaken()
    story.tell(said("k1"), T0 + 2 * DAY)
    story.pass_until(T0 + 4 * DAY + HOUR)
    assert resends(story) == [("send", [("l1", 1)])]
    tell(story, correction, 5 * DAY)
    assert recalls(story) == ["turned_up"]
    asked = story.outcomes(logistics.CourierActionRequestedV1)[-1]
    assert asked.tracking == RIGHT
    assert claims(story) == ["file", "withdraw"]


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_b8_a_parcel_that_was_called_back_is_called_back_under_its_own_number(
    correction: Sequence[Event],
) -> None:
    """RF-034: each request under an id of its own."""
    story = mistaken(("picked_up", 7 * HOUR))
    story.tell(refund_opened("not_received"), T0 + 10 * HOUR)
    tell(story, correction, 20 * HOUR)
    asked = story.outcomes(logistics.CourierActionRequestedV1)
    assert [each.tracking for each in asked] == [TRACKING, RIGHT]
    assert len({each.request_id for each in asked}) == 2
    assert isinstance(story.state("intercept", "k1.intercept"), intercept.Dropped)
    story.tell(courier("k1.intercept", "accepted"), T0 + 21 * HOUR)
    answered = courier(asked[1].request_id, "accepted").model_copy(update={"parcel_id": asked[1].parcel_id})
    story.tell(answered, T0 + 22 * HOUR)
    assert isinstance(story.state("intercept", asked[1].request_id), intercept.Accepted)
    clean(story)


def test_b8_the_buyer_who_misses_the_parcel_is_not_forgotten() -> None:
    """LG-016, OR-029: the search goes on until he has it under its own number."""
    for correction in CORRECTIONS:
        story = sent((not_received(), 2 * DAY))
        tell(story, correction, 3 * DAY)
        story.pass_until(T0 + 4 * DAY)
        assert doubts(story)[-1][-1][1] == "searched"
        assert asked_at(story) == []
        story.tell(shop.scan("delivered", T0 + 5 * DAY, tracking=RIGHT), T0 + 5 * DAY)
        assert doubts(story)[-1] == []
        assert open_tasks(story) == []
        clean(story)


def test_b8_without_the_right_number_a_person_finds_it_and_nobody_confirms() -> None:
    """OR-029: nothing is heard of the parcel until then, and its goods left all the same."""
    story = sent((wrong(), 20 * HOUR), (wrong(), 21 * HOUR))
    assert questions(story) == ["parcel_number"]
    assert doubts(story) == [[("k1", "searched")]]
    story.pass_until(T0 + 30 * DAY)
    assert asked_at(story) == []
    assert inquiries(story) == []
    assert triggers(story) == []
    story.tell(wrong(RIGHT), T0 + 30 * DAY)
    story.tell(shop.scan("delivered", T0 + 30 * DAY, tracking=RIGHT), T0 + 30 * DAY)
    assert open_tasks(story) == []
    assert outcomes(story) == ["delivered"]
    assert doubts(story)[-1] == []


def test_b8_corrected_twice_and_back() -> None:
    """OR-009: the number before the last counts for nothing, and the first was right after all."""
    chains: list[tuple[list[Event], components.Tracking]] = [
        ([again(), again("k3", "k2", THIRD)], THIRD),
        ([wrong(RIGHT), wrong(THIRD, RIGHT)], THIRD),
        ([wrong(RIGHT), wrong(TRACKING, RIGHT)], TRACKING),
        ([again(), wrong(THIRD, RIGHT, "k2")], THIRD),
        ([wrong(RIGHT), again("k3", "k1", THIRD)], THIRD),
        ([wrong(), again("k3", "k1", THIRD)], THIRD),
    ]
    for chain, last in chains:
        story = mistaken(("picked_up", 7 * HOUR))
        tell(story, chain, 20 * HOUR)
        for number in (TRACKING, RIGHT, THIRD):
            status = "delivered" if number == last else "lost"
            story.tell(shop.scan(status, T0 + DAY, tracking=number), T0 + DAY)
        story.pass_until(T0 + 130 * DAY)
        assert outcomes(story)[-1:] == ["delivered"], chain
        assert "lost" not in outcomes(story)
        assert open_tasks(story) == []
        assert triggers(story) == []
        clean(story)


def test_b8_an_end_under_the_wrong_number_is_taken_back() -> None:
    """RF-044: it was another's parcel that was delivered; money may not rely on it."""
    for correction in CORRECTIONS:
        story = sent((shop.scan("delivered", T0 + DAY), DAY))
        tell(story, correction, 2 * DAY)
        told = story.outcomes(logistics.ParcelOutcomeDecidedV1)
        assert [(x.outcome.value, x.revises_outcome and x.revises_outcome.value) for x in told] == [
            ("delivered", None),
            ("unknown", "delivered"),
        ]
        story.tell(shop.scan("returned", T0 + 4 * DAY, tracking=RIGHT), T0 + 4 * DAY)
        assert outcomes(story)[-1] == "returned"
        assert len(story.outcomes(logistics.RemedyRefundDueV1)) == 1
        clean(story)


def test_b8_the_scans_of_a_wrong_number_are_kept_for_its_own_order() -> None:
    """OR-009: the order whose number it is registers it after the correction."""
    other = shop.registered("k9").model_copy(update={"order_id": "o2"})
    story = mistaken(("picked_up", 7 * HOUR))
    story.tell(wrong(RIGHT), T0 + 8 * HOUR)
    story.tell(shop.placed(order_id="o2"), T0 + 9 * HOUR)
    story.tell(other, T0 + 9 * HOUR)
    (told,) = [x for x in story.outcomes(logistics.ParcelStatusChangedV1) if x.order_id == "o2"]
    assert (told.parcel_id, told.status.value) == ("k9", "picked_up")
    assert story.state("dispatch", "o2").file.link("k9").pickup_at == T0 + 7 * HOUR
    clean(story)


def test_b8_news_under_the_old_id_is_about_the_right_parcel() -> None:
    """LG-063, LG-064: the hand-over and the ship mark name the first registration, late."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (again(), 6 * HOUR),
        (shop.shipped(), 7 * HOUR),
        (shop.handed_over(), 8 * HOUR),
        (shop.scan("in_transit", T0 + 10 * HOUR, tracking=RIGHT), 10 * HOUR),
        (shop.scan("delivered", T0 + DAY, tracking=RIGHT), DAY),
    )
    story.pass_until(T0 + 60 * DAY)
    assert triggers(story) == []
    assert outcomes(story) == ["delivered"]
    assert [x.is_visible for x in story.outcomes(logistics.ParcelStatusChangedV1)][-1]
    clean(story)


def test_b8_the_wrong_registration_is_read_after_the_right_one() -> None:
    """OR-009"""
    story = flow(
        (shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (again(), 5 * HOUR), (shop.registered(), 6 * HOUR)
    )
    story.tell(shop.handed_over(), T0 + 7 * HOUR)
    story.tell(shop.scan("lost", T0 + DAY), T0 + DAY)
    story.tell(shop.scan("delivered", T0 + DAY, tracking=RIGHT), T0 + DAY)
    story.pass_until(T0 + 130 * DAY)
    assert outcomes(story) == ["delivered"]
    assert open_tasks(story) == []


def test_b8_a_resend_in_the_place_of_a_lost_parcel_is_no_correction() -> None:
    """LG-017: the lost parcel keeps its number, its loss and its claim."""
    story = on_the_way((said("k1"), 2 * DAY))
    story.pass_until(T0 + 5 * DAY)
    asked = story.outcomes(logistics.ReshipRequestedV1)[-1]
    sent_again = shop.registered("e1", direction="reship", tracking=RIGHT, request_id=asked.request_id)
    story.tell(sent_again.model_copy(update={"replaces_parcel_id": "k1"}), T0 + 5 * DAY)
    assert claims(story) == ["file"]
    assert story.state("dispatch", ORDER).file.link("k1").replaced_by is None
    story.tell(shop.handed_over("e1"), T0 + 5 * DAY)
    fixed = shop.registered("e2", direction="reship", tracking=THIRD, request_id=asked.request_id)
    story.tell(fixed.model_copy(update={"replaces_parcel_id": "e1"}), T0 + 6 * DAY)
    assert story.state("dispatch", ORDER).file.link("e1").replaced_by == "e2"
    story.tell(shop.scan("delivered", T0 + 7 * DAY, tracking=THIRD), T0 + 7 * DAY)
    done = story.outcomes(logistics.ReshipStatusChangedV1)[-1]
    assert done.status.value == "delivered"


def test_b8_a_return_with_a_wrong_number() -> None:
    """RF-022, RF-044: the buyer mistyped the number of what he sends back."""
    story = on_the_way(
        (shop.scan("delivered", T0 + DAY), DAY),
        (shop.registered("rt", direction="return", tracking=shop.OTHER), 2 * DAY),
        (wrong(RIGHT, shop.OTHER, "rt"), 3 * DAY),
        (shop.scan("delivered", T0 + 4 * DAY, tracking=RIGHT), 4 * DAY),
        (shop.scan("lost", T0 + 4 * DAY, tracking=shop.OTHER), 4 * DAY),
    )
    assert outcomes(story) == ["delivered", "returned"]
    assert questions(story) == []


@pytest.mark.parametrize("correction", [wrong(RIGHT), shop.registered(tracking=RIGHT)])
def test_a_waybill_told_again_does_not_bring_the_wrong_number_back(correction: Event) -> None:
    """OR-009: the parcel was delivered under its own number, and stays so."""
    story = mistaken()
    story.tell(correction, T0 + 7 * HOUR)
    story.tell(shop.scan("delivered", T0 + DAY, tracking=RIGHT), T0 + DAY)
    story.tell(shop.registered(), T0 + DAY + HOUR)
    story.pass_until(T0 + 130 * DAY)
    assert outcomes(story) == ["delivered"]
    assert inquiries(story) == []
    assert open_tasks(story) == []
    clean(story)


def test_a_number_that_was_called_wrong_is_the_parcels_own_once_that_is_corrected() -> None:
    """OR-009: the last correction counts."""
    story = mistaken()
    story.tell(wrong(RIGHT), T0 + 7 * HOUR)
    story.tell(wrong(TRACKING, was=RIGHT), T0 + 8 * HOUR)
    story.tell(shop.registered(tracking=RIGHT), T0 + 9 * HOUR)
    story.tell(shop.scan("delivered", T0 + DAY), T0 + DAY)
    assert outcomes(story) == ["delivered"]
    clean(story)
