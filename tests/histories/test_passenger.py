"""Two orders in one parcel: the second changes nothing for the first, and hears the same of the parcel."""

import pytest

from aftersales_contracts.aftersales.logistics import ParcelOutcomeDecidedV1
from aftersales_contracts.registry import encode
from tests.histories.generate import History, generate
from tests.histories.passenger import OTHER, SEAT, Passenger
from tests.histories.verbs import play
from tests.histories.world import ORDER, World

SEEDS = range(700_001, 700_021)


def played(history: History, world: World) -> World:
    for action in history.actions:
        play(world, action)
    world.wait_until(world.now)
    return world


def ends(world: World, parcel_id: str) -> list[str]:
    said = [x.event for x in world.story if isinstance(x.event, ParcelOutcomeDecidedV1)]
    return [x.outcome.value for x in said if x.parcel_id == parcel_id]


@pytest.mark.parametrize("seed", SEEDS)
def test_b7_a_second_order_in_the_parcel_changes_nothing_for_the_first(seed: int) -> None:
    """OR-009, LG-064: and hears every end of the parcel, of whose waybill nothing was voided."""
    history, _ = generate(seed)
    alone = played(history, World(history.shape))
    flow = Passenger()
    both = played(history, World(history.shape, lambda: flow))

    def told(world: World) -> list[bytes]:
        return [encode(x.event) for x in world.story if x.is_outcome]

    assert len(told(both)) == len(told(alone))
    assert set(both.breaches) == set(alone.breaches)
    if flow.shared and not both.ledger.goods.parcels[flow.shared].is_void:
        mine = ends(both, flow.shared)
        assert flow.ends()[-1:] == mine[-1:]
        first, second = (flow.state("dispatch", x).file for x in (ORDER, OTHER))
        assert second.link(SEAT).sent_at == first.link(flow.shared).sent_at
