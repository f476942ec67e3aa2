"""The account takes in what is told, and judges each outcome by it: for each a right case and a wrong one."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import logistics, logistics_enums, refunds, refunds_enums, reviews
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share
from tests.histories.crossings import DAY, HOUR, ONE, START, arrived, do
from tests.histories.generate import History, replay
from tests.histories.goods import Where
from tests.histories.matters import Collect
from tests.histories.silent import announce, broken, of_case, played
from tests.histories.verbs import play
from tests.histories.world import Shape, World


def paid(minor: int, currency: str = "CNY") -> refunds.RefundPaymentRequestedV1:
    """Money for the piece goes back."""
    amount = Money(minor=minor, currency=currency)
    return refunds.RefundPaymentRequestedV1(
        **of_case("refund-intent", "r1.refund.1"), intent_id="r1.refund.1", attempt_id="r1.refund.1.try.1",
        purpose=refunds_enums.IntentPurpose.REFUND, amount=amount, payee=refunds_enums.Payee.BUYER,
        lines=[Share(line_id="a", quantity_count=1, amount=amount)], refund_id="r1",
    )  # fmt: skip


def names(world: World) -> set[str]:
    return {breach.name for breach in world.breaches.values()}


@pytest.mark.parametrize(("minor", "found"), [(9_000, set[str]()), (9_001, {"a"})])
def test_a_price_that_was_edited_before_the_payment_is_the_price(minor: int, found: set[str]) -> None:
    world = played(ONE, do(0, "place"), do(1, "edit", "", 300, "a=9000"), do(1, "pay"))
    assert world.ledger.paid_minor == 9_300
    announce(world, paid(minor))
    assert broken(world.end(), "line_over_price") == found


def test_a_paid_order_is_not_edited() -> None:
    world = played(ONE, *START)
    assert not play(world, do(1, "edit", "", 0, "a=9000"))
    assert world.ledger.price("a") == 10_000


@pytest.mark.parametrize(("shop", "is_broken"), [("olist-1", False), ("shop-1", True)])
def test_money_is_told_in_the_currency_of_the_order(shop: str, is_broken: bool) -> None:
    world = played(Shape((("a", 1, 10_000),), shop=shop), *START)
    announce(world, paid(100, "BRL"))
    assert ("words_currency" in names(world)) is is_broken


def decided(review_id: str, *, is_counted: bool) -> reviews.ReviewDecidedV1:
    return reviews.ReviewDecidedV1(
        **of_case("review", "o1"), review_id=review_id, is_counted=is_counted, reason_code="in_window"
    )


RATED = (*arrived("a:1"), do(HOUR, "rate", "v1", "a", "good", "buyer"))


def test_a_rating_counts_only_after_the_success() -> None:
    early = played(ONE, *RATED)
    announce(early, decided("v1", is_counted=True))
    assert names(early) == {"words_review"}
    late = played(ONE, *RATED, do(HOUR, "succeed", "buyer"))
    announce(late, decided("v1", is_counted=True))
    assert not broken(late.end(), "words_review")


def test_a_rating_counts_once_per_side_and_line() -> None:
    world = played(ONE, *RATED, do(HOUR, "rate", "v2", "a", "bad", "buyer"), do(1, "succeed", "buyer"))
    announce(world, decided("v1", is_counted=True), decided("v2", is_counted=False))
    assert not names(world)
    announce(world, decided("v2", is_counted=True))
    assert names(world) == {"words_review"}


def test_the_platform_gives_an_id_to_one_rating_also_while_it_is_on_its_way() -> None:
    world = played(ONE, *arrived("a:1"), do(HOUR, "later", "rate", 180, "v1", "a", "bad", "buyer"))
    assert not play(world, do(HOUR, "rate", "v1", "a", "bad", "seller"))
    assert play(world, do(HOUR, "rate", "v2", "a", "bad", "seller"))


def test_a_rating_gets_an_answer() -> None:
    world = played(ONE, *RATED, do(HOUR, "succeed", "buyer"))
    assert broken(world.end(), "rating_unanswered") == {"v1"}
    world = played(ONE, *RATED, do(HOUR, "succeed", "buyer"))
    announce(world, decided("v1", is_counted=False))
    assert not broken(world.end(), "rating_unanswered")


BACK = (
    *arrived("a:1"),
    do(HOUR, "exchange", "x1", "quality", "a:1"),
    do(DAY, "send", "x1", "B1", 0, "express", "a:1"),
    do(DAY, "arrive", "B1", "collect"),
)


def refusal(name: str) -> logistics.WarehouseInstructionRequestedV1:
    return logistics.WarehouseInstructionRequestedV1(
        **of_case("parcel", "sf/B1"), request_id=f"{name}.collect", parcel_id=name,
        instruction=logistics_enums.Instruction.REFUSE_COLLECT,
    )  # fmt: skip


def _expected() -> World:
    """A box at the gate at the shop's cost, of an exchange whose goods are awaited."""
    world = played(ONE, *BACK[:-1])
    world.ledger.exchange("x1").state = "sent"
    assert play(world, BACK[-1])
    return world


def test_a_return_at_the_cost_of_the_shop_is_refused() -> None:
    """The box is named by its own id or by its return; nobody tells the warehouse of another one (RF-069)."""
    assert broken(_expected().end(), "collect_unrefused") == {"B1"}
    for name, found in (("B1", set[str]()), ("x1", set[str]()), ("B2", {"B1"})):
        world = _expected()
        announce(world, refusal(name))
        assert broken(world.end(), "collect_unrefused") == found


def test_a_box_that_nobody_registered_is_refused_by_its_waybill() -> None:
    for name, found in (("sf/U1", set[str]()), ("yto/U1", {"U1"})):
        world = played(ONE, *BACK[:-2])
        world.ledger.m.collects.append(Collect("U1", world.now, True, "sf/U1"))
        announce(world, refusal(name))
        assert broken(world.end(), "collect_unrefused") == found


@pytest.mark.parametrize(("answer", "where"), [("done", Where.BUYER), ("too_late", Where.SHOP)])
def test_goods_that_the_gate_refused_are_the_buyers(answer: str, where: Where) -> None:
    world = _expected()
    announce(world, refusal("x1"))
    assert world.ledger.goods.pieces[0].where is Where.BACK
    assert play(world, do(HOUR, "instruct", "instruct:refuse_collect:x1", answer))
    assert world.ledger.goods.pieces[0].where is where


def test_a_repeat_is_heard_and_changes_no_account() -> None:
    plain = (*START, do(HOUR, "apply", "r1", "unshipped", "other", 100, 0, "a:1"))
    world = replay(History(ONE, (*plain, do(1, "repeat", "shop.refund.applied.v1", 0))))
    heard = [said for said in world.story if said.event.TYPE == "shop.refund.applied.v1"]
    opened = [said for said in world.story if said.event.TYPE == "aftersales.refund.opened.v1"]
    assert (len(heard), len(opened)) == (2, 1)
    assert not play(world, do(1, "repeat", "shop.refund.applied.v1", 2))


def test_what_is_read_late_counts_from_then() -> None:
    world = World(ONE)
    for action in (*arrived("a:1"), do(1, "exchange", "x1", "size", "a:1")):
        assert play(world, action)
    key = "reship:reserve:x1.reship"
    assert play(world, do(HOUR, "later", "reship", 90, key, "reserved"))
    sent_at = world.now
    assert key in world.ledger.m.asked
    world.wait_until(sent_at + timedelta(minutes=91))
    assert key not in world.ledger.m.asked
    answer = next(said for said in world.story if said.event.TYPE == "shop.reship.answered.v1")
    assert answer.at == sent_at + timedelta(minutes=90)


GIVEN_UP = (
    *START,
    do(HOUR, "apply", "r1", "unshipped", "other", 100, 0, "a:1"),
    do(HOUR, "hold", "hold:r1.hold", "stopped"),
    do(HOUR, "settle", "r1.refund.1", 100),
    do(HOUR, "reverse", "r1.refund.1", 40),
    do(HOUR, "task", "refund-intent:payment_reversed:r1.refund.1", "abandon"),
    do(HOUR, "reverse", "r1.refund.1", 100),
    do(HOUR, "task", "refund-intent:payment_reversed:r1.refund.1", "retry"),
    do(HOUR, "settle", "r1.refund.1", 100),
)


def test_a_part_that_was_given_up_is_not_lost_when_another_is_paid_again() -> None:
    world = replay(History(ONE, GIVEN_UP))
    intent = world.ledger.m.intents["r1.refund.1"]
    assert (intent.net_minor, intent.given_up_minor) == (6_000, 4_000)
    assert "reversed_money_lost" not in names(world)


def test_a_part_that_nobody_gave_up_is_lost() -> None:
    world = replay(History(ONE, GIVEN_UP))
    world.ledger.m.intents["r1.refund.1"].given_up_minor = 3_999
    assert broken(world.end(), "reversed_money_lost") == {"r1.refund.1"}
