"""The conversations of the contracts, each played on real Kafka (P8): what a page says is what comes."""

import pytest

from tests.journeys.conversations import begun
from tests.journeys.stage import Stage
from tests.services.conversations import CONVERSATIONS

LAST = [name for name in CONVERSATIONS if name not in {each.after for each in CONVERSATIONS.values()}]
"""Those that no other comes after: each is played with all that comes before it."""


@pytest.mark.parametrize("name", LAST)
async def test_the_services_say_what_the_conversation_says_and_nothing_else(stage: Stage, name: str) -> None:
    play = await begun(stage.world, name)
    for step in CONVERSATIONS[name].steps:
        await play.step(step)

    assert play.untold(CONVERSATIONS[name].besides) == []


def test_each_conversation_is_played_with_those_that_come_after_it() -> None:
    played = set(LAST) | {CONVERSATIONS[name].after for name in LAST}
    while missing := {CONVERSATIONS[name].after for name in played if name} - played:
        played |= missing

    assert played - {None} == set(CONVERSATIONS)
