"""The account notices what is wrong, the generator repeats itself, and what holds goes on holding."""

import subprocess
import sys

import pytest

from tests.histories import crossings, planted
from tests.histories.breach import Breach
from tests.histories.generate import History, generate, replay
from tests.histories.report import NAMES
from tests.histories.shrink import shrink
from tests.histories.story import tell
from tests.histories.world import World

HISTORIES = range(40)
HOLDS = frozenset(
    {
        "paid_over_paid_in",
        "line_over_price",
        "tender_over",
        "freight_over",
        "dead_message",
        "words_parcel",
        "words_reship",
        "words_busy",
        "picture_gap",
    }
)
"""Invariants that no history breaks."""


def _outcomes(world: World) -> list[str]:
    return [f"{said.at} {said.event.TYPE} {said.event.model_dump_json()}" for said in world.story]


@pytest.mark.parametrize("seed", [3, 41, 1_007])
def test_the_same_seed_makes_the_same_history(seed: int) -> None:
    first, world = generate(seed)
    second, again = generate(seed)
    assert first == second
    assert _outcomes(world) == _outcomes(again)
    assert _outcomes(replay(first)) == _outcomes(world)


@pytest.mark.parametrize("name", planted.ALL)
def test_a_planted_fault_is_noticed(name: str) -> None:
    assert planted.ALL[name].shows()


def test_planted_faults_are_noticed_in_random_histories() -> None:
    found = planted.find(seed=1, limit=12)
    assert sum(number is not None for number in found.values()) >= len(found) // 2


@pytest.mark.parametrize("seed", HISTORIES)
def test_what_holds_today_holds(seed: int) -> None:
    history, world = generate(seed)
    broken = [breach for breach in world.breaches.values() if breach.name in HOLDS]
    assert not broken, tell(world, broken, seed=seed) + f"\n{history}"


@pytest.mark.parametrize("name", crossings.ALL)
def test_a_crossing_plays(name: str) -> None:
    crossing = crossings.ALL[name]
    world = crossing.play()
    assert crossing.invariant in NAMES
    assert not [breach for breach in world.breaches.values() if breach.name in HOLDS]


def test_an_ordinary_order_breaks_nothing() -> None:
    """Delivered and confirmed; returned, checked and paid; exchanged: no case crosses another."""
    do, day = crossings.do, crossings.DAY
    plain = (*crossings.arrived("a:1"), do(day, "succeed", "buyer"))
    returned = (
        *crossings.arrived("a:1"),
        do(60, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
        do(60, "agree", "r1", "answer"),
        do(day, "send", "r1", "B1", 1_200, "express", "a:1"),
        do(2 * day, "inspect", "B1", "r1", "resaleable", "yes", "a:1:1"),
        do(60, "accept", "r1", "a:1"),
        crossings.paid(),
        do(1, "settle", "r1.freight.1", 100),
        do(1, "close"),
    )
    exchanged = (
        *crossings.arrived("a:1"),
        *crossings.exchanged(),
        do(60, "carry", "reship:send:x1.reship", "e1", "sto"),
        do(60, "hand_over", "e1"),
        do(60, "scan", "e1", "in_transit", "sto", 0),
        do(day, "scan", "e1", "delivered", "sto", 0),
        do(day, "succeed", "buyer"),
    )
    for actions in (plain, returned, exchanged):
        world = replay(History(crossings.ONE, actions))
        assert not world.breaches, tell(world, list(world.breaches.values()))


def test_a_history_shrinks_to_what_matters() -> None:
    fault = planted.ALL["a claim is made twice"]
    noise = (crossings.do(60, "promise", "no_refund"), crossings.do(60, "problem", "k1", "not_received"))
    history = History(crossings.TWO, (*fault.actions, *noise))

    def is_broken(world: World) -> bool:
        return any(breach.name == "two_claims" for breach in world.breaches.values())

    shorter = shrink(history, is_broken, fault.flow)
    assert is_broken(replay(shorter, fault.flow))
    assert len(shorter.actions) < len(fault.actions)
    breach = next(iter(replay(shorter, fault.flow).breaches.values()))
    assert isinstance(breach, Breach)
    assert "BROKEN two_claims" in tell(replay(shorter, fault.flow), [breach])


def test_the_command_says_so_when_histories_are_broken() -> None:
    command = [sys.executable, "-m", "tests.histories", "--crossings"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == ("broken" in told.stdout), told.stderr
    assert len(told.stdout.splitlines()) == len(crossings.ALL)
