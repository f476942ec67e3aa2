"""Nobody is asked to confirm while a parcel comes back whose goods the buyer lacks."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.base import Money
from tests.histories.crossings import DAY, HOUR, START, arrived, do
from tests.histories.generate import History, replay
from tests.histories.silent import announce, broken, of_case, played, task
from tests.histories.test_ledger import paid
from tests.histories.verbs import play
from tests.histories.words import judge
from tests.histories.world import Action, Shape, World

LOST = (
    *START,
    do(1, "register", "k1", "sto", "a:1"),
    do(1, "hand_over", "k1"),
    do(1, "mark", "k1"),
    do(1, "scan", "k1", "lost", "sto", 0),
)
FOUND = do(1, "scan", "k1", "in_transit", "sto", 0)
PRICE_DIFFERENCE = (
    do(1, "task", "lost-parcel:lost_parcel_report:k1", "approved"),
    do(1, "apply", "r2", "with_return", "out_of_stock", 1, 0, "a:1"),
    do(1, "memo", "order:add_memo:k1"),
)


def confirmed(shape: Shape, *actions: Action) -> tuple[World, set[str]]:
    world = replay(History(shape, actions))
    world.wait_until(world.now + timedelta(days=40))
    return world, broken(world.breaches.values(), "confirm_too_early")


def test_a_parcel_that_turned_up_after_its_remedy_holds_the_clock() -> None:
    """OR-029, LG-018: a person has to decide on the remedy; the buyer has neither goods nor money."""
    shop = Shape((("a", 1, 10_000),), shop="notice-talk-first")
    world, found = confirmed(shop, *LOST, *PRICE_DIFFERENCE, FOUND)
    assert "k1" in world.ledger.m.recalls
    assert found == set()
    assert not [said for said in world.story if said.event.TYPE.startswith("aftersales.order.auto-confirm")]
    assert world.ledger.is_owed("a")


@pytest.mark.parametrize(
    ("is_asked", "is_paid", "found"), [(True, True, set[str]()), (False, True, {"a"}), (True, False, {"a"})]
)
def test_a_return_that_the_courier_lost_is_none_of_the_goods_at_the_shop(
    *, is_asked: bool, is_paid: bool, found: set[str]
) -> None:
    """One piece is back and paid, the other was lost on its way back: a person was asked about that one."""
    world = played(
        Shape((("a", 2, 20_000),)),
        *arrived("a:2"),
        do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
        do(HOUR, "send", "r1", "B1", 0, "express", "a:1"),
        do(HOUR, "arrive", "B1"),
        do(HOUR, "apply", "r2", "with_return", "quality", 100, 0, "a:1"),
        do(HOUR, "send", "r2", "B2", 0, "express", "a:1"),
        do(DAY, "scan", "B2", "lost", "sf", 0),
    )
    world.ledger.refund("r2").state = "closed"
    if is_paid:
        announce(world, paid(10_000))
    if is_asked:
        announce(
            world, task(world, "dispatch", "o1", "return_lost", kind="assessment", name="r2.return-lost")
        )
    left = world.ledger.paid_minor - 10_000 * is_paid
    confirm = refunds.OrderAutoConfirmRequestedV1(
        **of_case("order", "o1"), request_id="confirm.1",
        release_amount=Money(minor=left, currency="CNY"),
    )  # fmt: skip
    announce(world, confirm)
    assert broken(world.breaches.values(), "confirm_too_early") == found


@pytest.mark.parametrize(("ago", "found"), [(timedelta(minutes=10), set[str]()), (timedelta(0), {"a"})])
def test_what_came_back_after_the_moment_of_the_wish_holds_no_clock(ago: timedelta, found: set[str]) -> None:
    """The wish is of the moment of its deadline, and told later: the parcel was not back by then."""
    world = played(Shape((("a", 1, 10_000),)), *arrived("a:1"))
    assert play(world, do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"))
    assert play(world, do(HOUR, "send", "r1", "B1", 0, "express", "a:1"))
    assert play(world, do(HOUR, "arrive", "B1"))
    confirm = refunds.OrderAutoConfirmRequestedV1(
        **of_case("order", "o1"), request_id="confirm.1",
        release_amount=Money(minor=world.ledger.paid_minor, currency="CNY"),
    )  # fmt: skip
    breaches = judge(world.ledger, confirm, world.now - ago)
    assert broken(breaches, "confirm_too_early") == found


@pytest.mark.parametrize(
    ("answer", "is_paid", "found"),
    [("refused", True, set[str]()), ("", True, {"a"}), ("refused", False, {"a"})],
)
def test_a_person_may_say_that_nothing_is_owed_for_lost_pieces(
    answer: str, *, is_paid: bool, found: set[str]
) -> None:
    """The piece that is back is paid; the other was lost, and nothing is given for it."""
    world = played(
        Shape((("a", 2, 20_000),)),
        *arrived("a:1"),
        do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
        do(HOUR, "send", "r1", "B1", 0, "express", "a:1"),
        do(HOUR, "arrive", "B1"),
        do(HOUR, "register", "k2", "sto", "a:1"),
        do(HOUR, "hand_over", "k2"),
        do(DAY, "scan", "k2", "lost", "sto", 0),
    )
    if is_paid:
        announce(world, paid(10_000))
    asked = task(world, "order", "o1", "remedy_on_other_refund", name="o1.goods.1")
    announce(world, asked)
    if answer:
        assert play(world, do(HOUR, "task", "order:remedy_on_other_refund:o1", answer))
    confirm = refunds.OrderAutoConfirmRequestedV1(
        **of_case("order", "o1"), request_id="confirm.1",
        release_amount=Money(minor=world.ledger.paid_minor - 10_000 * is_paid, currency="CNY"),
    )  # fmt: skip
    announce(world, confirm)
    assert broken(world.breaches.values(), "confirm_too_early") == found
