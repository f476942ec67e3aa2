"""Claims on a carrier in the account: one that is filed again is another, and the carrier pays once."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import logistics, logistics_enums
from aftersales_contracts.base import Event, Money
from aftersales_contracts.components import Tracking
from tests.histories.crossings import DAY, HOUR, ONE, START, do, sent
from tests.histories.silent import announce, broken, of_case, played
from tests.histories.verbs import play
from tests.histories.world import T0, World

PRICE = Money(minor=10_000, currency="CNY")
NOTHING = Money(minor=0, currency="CNY")


def asked(action: str) -> logistics.CourierClaimRequestedV1:
    return logistics.CourierClaimRequestedV1(
        **of_case("courier-claim", "k1.claim"), claim_id="k1.claim", parcel_id="k1", amount=PRICE,
        action=logistics_enums.ClaimAction(action), kind=logistics_enums.ClaimKind.LOST,
        tracking=Tracking(carrier_code="sto", tracking_code="Tk1"), evidence_ids=[],
        file_by_at=T0 + timedelta(days=30),
    )  # fmt: skip


def over(outcome: str) -> logistics.CourierClaimConcludedV1:
    return logistics.CourierClaimConcludedV1(
        **of_case("courier-claim", "k1.claim"), claim_id="k1.claim",
        outcome=logistics_enums.ClaimOutcome(outcome), spent_on_buyer_amount=NOTHING,
        recovered_amount=PRICE if outcome == "paid" else NOTHING,
    )  # fmt: skip


def lost() -> World:
    return played(ONE, *START, *sent("a:1"), do(DAY, "scan", "k1", "lost", "sto", 0))


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        (["paid"], {"k1"}),
        (["partial"], {"k1"}),
        (["paid", "withdrawn"], set[str]()),
        (["rejected"], set[str]()),
        (["withdrawn"], set[str]()),
        ([], set[str]()),
    ],
)
def test_what_the_carrier_paid_is_not_claimed_again(ends: list[str], found: set[str]) -> None:
    """Unless he has it back; a claim that he does not answer is sent again."""
    world = lost()
    announce(world, asked("file"), *map(over, ends), asked("file"))
    assert broken(world.breaches.values(), "two_claims") == found


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ([asked("withdraw"), over("withdrawn")], set[str]()),
        ([], {"k1"}),
        ([asked("withdraw"), over("withdrawn"), asked("file")], {"k1"}),
    ],
    ids=["withdrawn", "open", "filed again"],
)
def test_a_claim_that_was_filed_again_is_withdrawn_again(ends: list[Event], found: set[str]) -> None:
    world = lost()
    announce(world, asked("file"), *ends)
    assert play(world, do(HOUR, "scan", "k1", "delivered", "sto", 0))
    assert broken(world.end(), "claim_on_found") == found


@pytest.mark.parametrize(("is_paid_first", "found"), [(True, set[str]()), (False, {"k1"})])
def test_a_claim_was_paid_before_the_parcel_was_found_if_nobody_had_heard_of_it(
    *, is_paid_first: bool, found: set[str]
) -> None:
    """The scan is older than the payment, and read after it."""
    world = lost()
    announce(world, asked("file"))
    if is_paid_first:
        announce(world, over("paid"))
    assert play(world, do(HOUR, "scan", "k1", "returned", "sto", 30))
    if not is_paid_first:
        world.wait_until(world.now + timedelta(hours=1))
        announce(world, over("paid"))
    assert broken(world.end(), "claim_on_found") == found
