"""Return freight without a fault is wrong where the shop bears it for a fault that nobody found by then."""

from datetime import timedelta

from aftersales_contracts.aftersales import refunds, refunds_enums
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share
from aftersales_contracts.enums import ReshipPurpose
from tests.histories.crossings import DAY, HOUR, ONE, arrived, do
from tests.histories.silent import announce, broken, of_case, played
from tests.histories.verbs import play
from tests.histories.world import Action

QUALITY, OTHER = refunds_enums.LiabilityCause.QUALITY, refunds_enums.LiabilityCause.NOT_QUALITY
SENT = (
    *arrived("a:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(DAY, "send", "r1", "B1", 1_200, "express", "a:1"),
)
EXCHANGED = (
    *arrived("a:1"),
    do(HOUR, "exchange", "x1", "quality", "a:1"),
    do(DAY, "send", "x1", "B1", 1_200, "express", "a:1"),
)


def checked(fault: str) -> Action:
    return do(HOUR, "inspect", "B1", "", "resaleable", fault, "a:1:1")


def liable(
    case_kind: str, case_id: str, cause: refunds_enums.LiabilityCause
) -> refunds.FreightLiabilityDecidedV1:
    return refunds.FreightLiabilityDecidedV1(
        **of_case(case_kind, case_id), return_id=case_id, cause=cause,
        return_leg=refunds_enums.FreightBearer.SELLER, is_original_freight_refunded=False,
    )  # fmt: skip


def freight(case_id: str) -> refunds.RefundPaymentRequestedV1:
    return refunds.RefundPaymentRequestedV1(
        **of_case("refund-intent", f"{case_id}.freight.1"), intent_id=f"{case_id}.freight.1",
        attempt_id=f"{case_id}.freight.1.try.1", purpose=refunds_enums.IntentPurpose.FREIGHT,
        amount=Money(minor=1_200, currency="CNY"), payee=refunds_enums.Payee.BUYER, lines=[],
    )  # fmt: skip


def repaid(cause: refunds_enums.LiabilityCause, *faults: str) -> set[str]:
    """The freight of a refund is paid after these findings."""
    world = played(ONE, *SENT)
    world.ledger.refund("r1").lines["a"] = 1
    announce(world, liable("refund-agreement", "r1", cause))
    for fault in faults:
        assert play(world, checked(fault))
    announce(world, freight("r1"))
    return broken(world.breaches.values(), "freight_unowed")


def test_freight_for_a_fault_that_nobody_found() -> None:
    assert repaid(QUALITY, "no") == {"r1"}
    assert repaid(QUALITY, "no", "no") == {"r1"}
    assert repaid(QUALITY) == set()


def test_a_fault_that_was_found_once_is_a_fault() -> None:
    assert (repaid(QUALITY, "yes", "no"), repaid(QUALITY, "no", "yes")) == (set(), set())


def test_freight_that_the_shop_bears_without_a_fault_hangs_on_none() -> None:
    assert repaid(OTHER, "no") == set()


def test_freight_that_the_shop_bears_without_a_fault_after_one_was_refuted_hangs_on_none() -> None:
    """RF-071: the buyer changes the application into one without a reason, whose freight the shop bears."""
    for last, found in ((OTHER, set[str]()), (QUALITY, {"r1"})):
        world = played(ONE, *SENT)
        world.ledger.refund("r1").lines["a"] = 1
        announce(world, liable("refund-agreement", "r1", QUALITY))
        assert play(world, checked("no"))
        announce(world, liable("refund-agreement", "r1", last), freight("r1"))
        assert broken(world.breaches.values(), "freight_unowed") == found


def exchanged(after: timedelta) -> set[str]:
    """Nothing was sent by the third day; the freight is repaid so long after that moment."""
    world = played(ONE, *EXCHANGED)
    exchange = world.ledger.exchange("x1")
    exchange.lines["a"], exchange.reship_id = 1, "x1.reship"
    announce(world, liable("exchange", "x1", QUALITY))
    assert play(world, checked("no"))
    ship_by = world.now + timedelta(days=3)
    due = refunds.ReshipDueV1(
        **of_case("exchange", "x1"), reship_id="x1.reship", purpose=ReshipPurpose.EXCHANGE,
        ship_by_at=ship_by, lines=[Share(line_id="a", quantity_count=1)], sku_ids=["s"],
        cost_bearer=refunds_enums.FreightBearer.SELLER,
    )  # fmt: skip
    announce(world, due)
    world.wait_until(ship_by + after)
    announce(world, freight("x1"))
    return broken(world.breaches.values(), "freight_unowed")


def test_a_breach_of_an_exchange_repays_what_the_buyer_laid_out() -> None:
    """RF-118, RF-120: whoever was to bear it."""
    assert exchanged(timedelta()) == set()
    assert exchanged(-timedelta(hours=1)) == {"x1"}
