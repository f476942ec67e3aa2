"""The end of a parcel is judged with the way before it (B6); the tests are named after what went wrong."""

from itertools import permutations

import pytest

from aftersales_contracts.aftersales import logistics
from aftersales_contracts.enums import SignedBy
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, T0
from tests.services.logistics.told import clean, flow, outcomes
from tests.services.test_confirm_clock import asked_at, doubts, sent


def scanned(*statuses: str) -> Flow:
    """An order in refunds and logistics whose parcel is scanned so, a day between two scans."""
    return sent(*((shop.scan(each, T0 + day * DAY), day * DAY) for day, each in enumerate(statuses, start=1)))


BACK = [
    ("returning", "delivered"),
    ("returning", "in_transit", "delivered"),
    ("returning", "attempt_failed", "available_for_pickup", "delivered"),
    ("intercepted", "in_transit", "delivered"),
    ("out_for_delivery", "refused", "in_transit", "delivered"),
    ("out_for_delivery", "refused", "returning", "in_transit", "delivered"),
    ("available_for_pickup", "not_collected", "in_transit", "delivered"),
    ("out_for_delivery", "returning", "out_for_delivery", "returning", "delivered"),
    ("out_for_delivery", "returning", "returned", "delivered"),
    ("returning", "problem", "delivered"),
]
TO_BUYER = [
    ("out_for_delivery", "delivered"),
    ("out_for_delivery", "refused", "delivered"),
    ("refused", "out_for_delivery", "delivered"),
    ("refused", "in_transit", "out_for_delivery", "delivered"),
    ("refused", "available_for_pickup", "delivered"),
    ("returning", "in_transit", "out_for_delivery", "delivered"),
    ("intercepted", "out_for_delivery", "delivered"),
    ("not_collected", "delivered"),
    ("attempt_failed", "in_transit", "delivered"),
    ("missorted", "in_transit", "delivered"),
    ("problem", "in_transit", "delivered"),
    ("returned", "out_for_delivery", "delivered"),
]


@pytest.mark.parametrize("statuses", BACK)
def test_b6_delivered_on_the_way_back_is_back_at_the_shop(statuses: tuple[str, ...]) -> None:
    """RF-036, RF-044, LG-050: nobody is asked to confirm it, and the buyer is owed his money."""
    story = scanned(*statuses)
    assert set(outcomes(story)) == {"returned"}
    last = story.outcomes(logistics.ParcelStatusChangedV1)[-1]
    assert (last.status.value, last.raw_status_code) in {("returned", f"raw-{statuses[-1]}"),
                                                        ("returned", "raw-returned")}  # fmt: skip
    assert [x.lines[0].quantity_count for x in story.outcomes(logistics.RemedyRefundDueV1)] == [1]
    story.pass_until(T0 + 60 * DAY)
    assert asked_at(story) == []
    clean(story)


@pytest.mark.parametrize("statuses", TO_BUYER)
def test_b6_delivered_to_the_buyer_after_all(statuses: tuple[str, ...]) -> None:
    """LG-050: who refused a parcel may take it; what came back may go out again."""
    story = scanned(*statuses)
    assert outcomes(story)[-1] == "delivered"
    assert story.outcomes(logistics.ParcelStatusChangedV1)[-1].status.value == "delivered"
    assert doubts(story)[-1:] in ([], [[]])
    clean(story)


@pytest.mark.parametrize("statuses", [*(each[-3:] for each in BACK), *(each[-3:] for each in TO_BUYER)])
def test_b6_the_end_does_not_hang_on_the_order_in_which_scans_are_read(statuses: tuple[str, ...]) -> None:
    """OR-009"""
    scans = [shop.scan(each, T0 + day * DAY) for day, each in enumerate(statuses, start=1)]
    ends = set()
    for order in permutations(scans):
        story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (shop.registered(), 2 * HOUR))
        for event in order:
            story.tell(event, T0 + 9 * DAY)
        ends.add(outcomes(story)[-1])
    assert len(ends) == 1


def test_b6_whoever_had_sent_it_signed_for_it() -> None:
    """RF-044: without any scan of the way back."""
    signed = shop.scan("delivered", T0 + 3 * DAY).model_copy(update={"signed_by": SignedBy.SENDER})
    story = sent((signed, 3 * DAY))
    assert outcomes(story) == ["returned"]
    story.pass_until(T0 + 60 * DAY)
    assert asked_at(story) == []


def test_b6_a_second_delivery_after_a_return_revises_the_first() -> None:
    """RF-044: the buyer had it, gave it back to the carrier, and it reached the shop."""
    story = scanned("delivered", "returning", "delivered")
    told = story.outcomes(logistics.ParcelOutcomeDecidedV1)
    assert [(x.outcome.value, x.revises_outcome and x.revises_outcome.value) for x in told] == [
        ("delivered", None),
        ("returned", "delivered"),
    ]


def test_b6_a_return_that_turns_round_is_back_with_the_buyer() -> None:
    """RF-044: the same for goods that the buyer sends back."""
    story = sent(
        (shop.scan("delivered", T0 + DAY), DAY),
        (shop.registered("rt", direction="return", tracking=shop.OTHER), 2 * DAY),
        *(
            (shop.scan(each, T0 + day * DAY, tracking=shop.OTHER), day * DAY)
            for day, each in enumerate(("picked_up", "returning", "delivered"), start=3)
        ),
    )
    assert outcomes(story) == ["delivered", "delivered"]
