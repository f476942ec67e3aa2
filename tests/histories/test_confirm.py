"""Nobody is asked to confirm while a parcel comes back whose goods the buyer lacks."""

from datetime import timedelta

from tests.histories.crossings import START, do
from tests.histories.generate import History, replay
from tests.histories.silent import broken
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
