"""Plays conversations of the contracts through the running services, on real Kafka and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aftersales_contracts import conversations
from aftersales_contracts.conversations import Step
from aftersales_contracts.registry import EVENTS, read_data
from simulator.outcomes import Announced
from tests.journeys.stage import FIRST, STEP
from tests.services.conversations import CONVERSATIONS, Script
from tests.services.flow import Told
from tests.support.running import Running

WEEK = timedelta(days=7)
MONDAY = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)


@dataclass(kw_only=True)
class PlayOnKafka(Script):
    """A conversation under way; of all that is announced it hears what has its mark."""

    world: Running
    _told: list[Told] = field(default_factory=list[Told])

    @property
    def told(self) -> Sequence[Told]:
        """All that was announced with this mark, in order."""
        return self._told

    async def step(self, step: Step) -> None:
        """Tells what is told, finds what is announced. Raises UntrueError where it is not."""
        self.now += step.after
        if step.is_outcome:
            await self._until_now()
            self.hear(step)
            return
        told = self.filled(step)
        self.heard = len(self.told)
        await self.world.publish(told, at=self.now)
        await self._until_now()

    async def _until_now(self) -> None:
        known = len(self.world.announced)
        if self.world.at == self.now:  # said at the same moment as what came before
            await self.world.tick(self.now)
        await self.world.until(self.now, STEP)
        self._told += [_told(each) for each in self.world.announced[known:] if self._is_mine(each)]

    def _is_mine(self, outcome: Announced) -> bool:
        return self.mark.encode() in outcome.data


def _told(outcome: Announced) -> Told:
    envelope = outcome.envelope
    event = read_data(EVENTS[envelope.type], outcome.data)
    return Told(envelope.time, envelope.source.removeprefix("aftersales/"), event)


async def begun(world: Running, name: str) -> PlayOnKafka:
    """Plays all that comes before a conversation, from the next Monday on."""
    chain = conversations.in_order(CONVERSATIONS, name)
    number = list(CONVERSATIONS).index(name)
    now = MONDAY if world.at < MONDAY else MONDAY + ((world.at - MONDAY) // WEEK + 1) * WEEK
    play = PlayOnKafka(world=world, now=now, mark=f"~{number:02d}")
    for before in chain[:-1]:
        for step in before.steps:
            await play.step(step)
        play.matched.update(range(len(play.told)))  # what they leave untold is theirs to say
    return play
