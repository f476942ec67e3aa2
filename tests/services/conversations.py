"""Plays conversations of the contracts through the four services in memory; what every player needs."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aftersales_contracts import conversations
from aftersales_contracts.base import CustomerEvent, Event, OrderEvent
from aftersales_contracts.conversations import Conversation, Step, span
from chassis.engine.registry import Registry
from services.customers.service import CUSTOMERS
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from services.reviews.service import REVIEWS
from tests.services.flow import Flow, Told
from tests.services.told import T0

FOLDER = Path(__file__).parents[2] / "contracts" / "conversations"
CONVERSATIONS = conversations.load(FOLDER)
WIRED = [Registry(service) for service in (REFUNDS, LOGISTICS, REVIEWS, CUSTOMERS)]
SHOP, ORDER, CUSTOMER = "shop-1", "order-1", "customer-1"
GRACE = timedelta(minutes=15)
"""Deadlines about money are decided ten minutes after they are due."""
_MADE = re.compile(r"\b[A-Za-z]+-\d+\b")
"""An id that a conversation makes: `refund-1`, also in `refund-1.reship`."""
_MOMENT = re.compile(r"\$now(?:\+(\w+))?")
UNTOLD = {"aftersales.case.changed.v1"}
"""Pictures of cases, which every step may change."""


class UntrueError(AssertionError):
    """The services do something else than the conversation says."""


@dataclass
class Script(ABC):
    """A conversation under way, wherever its services run: `told` is what they announced so far.

    `mark` stands behind each id that the conversation makes, so that many can be played side by side.
    """

    now: datetime = T0
    mark: str = ""
    kept: dict[str, Any] = field(default_factory=dict[str, Any])
    heard: int = 0
    """The outcomes that the steps so far have been found among."""
    matched: set[int] = field(default_factory=set[int])

    @property
    @abstractmethod
    def told(self) -> Sequence[Told]:
        """All that was announced, in order."""

    def hear(self, step: Step) -> Event:
        """Finds what is announced. Raises UntrueError where it is not."""
        found = self.find(step.tells, step.who, step.has)
        for name, source in step.keep.items():
            self.kept[name] = _plain(found)[source]
        if step.answer is not None and step.answer.until is not None:
            self._check_end(step, found)
        return found

    def filled(self, step: Step) -> Event:
        """The event that is told, complete and checked strictly."""
        event_class, data = step.event_class, dict(step.data)
        data.setdefault("shop_id", SHOP)
        if issubclass(event_class, OrderEvent):
            data.setdefault("order_id", ORDER)
        elif issubclass(event_class, CustomerEvent):
            data.setdefault("customer_id", CUSTOMER)
        if "shop_id" not in event_class.model_fields:
            del data["shop_id"]
        return event_class.model_validate_json(json.dumps(self._put(data)), strict=True)

    def _put(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._put(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._put(inner) for inner in value]
        if isinstance(value, str) and value.startswith("$"):
            moment = _MOMENT.fullmatch(value)
            if moment is None:
                return self.kept[value[1:]]
            return (self.now + (span(moment[1]) if moment[1] else timedelta(0))).isoformat()
        if isinstance(value, str) and self.mark:
            return _MADE.sub(lambda made: made[0] + self.mark, value)
        return value

    def find(self, tells: str, who: str | None, has: Mapping[str, Any]) -> Event:
        """The first outcome since the last thing told that fits and that no other step has taken."""
        wanted = self._put(dict(has))
        for number in range(self.heard, len(self.told)):
            told = self.told[number]
            fits = tells == told.event.TYPE and who in (None, told.service)
            if fits and number not in self.matched and _is_part(wanted, _plain(told.event)):
                self.matched.add(number)
                return told.event
        since = [f"{told.at} {told.event.TYPE} {_plain(told.event)}" for told in self.told[self.heard :]]
        lines = "\n".join(line for line in since if "case.changed" not in line)
        raise UntrueError(f"{self.now}: no {tells} with {wanted}; there is\n{lines}")

    def _check_end(self, step: Step, found: Event) -> None:
        assert step.answer is not None
        assert step.answer.within is not None
        assert step.answer.until is not None
        end: datetime = getattr(found, step.answer.until)
        at = next(told.at for told in self.told if told.event is found)
        if end - at != step.answer.within:
            raise UntrueError(f"{step.tells}: {step.answer.until} is {end - at} from then")

    def untold(self, besides: Sequence[str]) -> list[str]:
        """The outcomes that no step tells of."""
        return [
            f"{told.at} {told.service} {told.event.TYPE} {_plain(told.event)}"
            for number, told in enumerate(self.told)
            if number not in self.matched and told.event.TYPE not in {*besides, *UNTOLD}
        ]


@dataclass
class Play(Script):
    """A conversation under way in memory."""

    flow: Flow = field(default_factory=lambda: Flow(wired=WIRED))

    @property
    def told(self) -> Sequence[Told]:
        """All that was announced, in order."""
        return self.flow.told

    def step(self, step: Step) -> Event:
        """Tells what is told, finds what is announced. Raises UntrueError where it is not."""
        self.now += step.after
        if step.is_outcome:
            self.flow.pass_until(self.now)
            return self.hear(step)
        told = self.filled(step)
        self.heard = len(self.told)
        self.flow.tell(told, self.now)
        return told


def _plain(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = event.model_dump(mode="json", exclude_none=True)
    return data


def _is_part(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in found and _is_part(inner, found[name]) for name, inner in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_is_part(one, other) for one, other in zip(wanted, found, strict=True))
        )
    return bool(wanted == found)


def begun(name: str, among: Mapping[str, Conversation] = CONVERSATIONS) -> Play:
    """Plays all that comes before a conversation."""
    play = Play()
    for before in conversations.in_order(among, name)[:-1]:
        for step in before.steps:
            play.step(step)
        play.matched.update(range(len(play.told)))  # what they leave untold is theirs to say
    return play
