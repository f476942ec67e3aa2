"""Services in memory: the real handling over lanes kept here, outcomes read by whoever reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aftersales_contracts.base import Event
from aftersales_contracts.registry import EVENTS, encode, read_data
from chassis.engine.engine import Handling, Limits
from chassis.engine.records import Cause, FactRecord
from chassis.engine.registry import Wiring
from chassis.engine.subject import Lane
from chassis.service import Service
from kernel.decider import Addressed

LIMITS = Limits(wait=timedelta(hours=24), attempts=1, retry_delay=lambda _: timedelta(seconds=1))
CAUSE = Cause("test", "test", "test", correlation="test", trace=None)


@dataclass(frozen=True)
class Told:
    """An outcome and when it was decided."""

    at: datetime
    service: str
    event: Event


class Flow:
    """A few services that hear each other; time passes only when told to."""

    def __init__(self, *services: Service) -> None:
        self._wirings = [Wiring(service) for service in services]
        self._lanes: list[dict[str, Lane]] = [{} for _ in services]
        self.told: list[Told] = []
        self.facts: list[FactRecord] = []
        self.dead: list[object] = []

    def tell(self, event: Event, at: datetime) -> None:
        """An event from outside; whatever is due before it happens first."""
        self.pass_until(at)
        self._tell(event, at)

    def _tell(self, event: Event, at: datetime) -> None:
        again = read_data(type(event), encode(event))
        for number, wiring in enumerate(self._wirings):
            read = wiring.service.reads.get(type(event))
            if read is not None:
                shop_id = str(getattr(event, "shop_id", ""))
                self._arrive(number, read(again), at, shop_id)

    def _arrive(self, number: int, messages: Sequence[Addressed], at: datetime, shop_id: str) -> None:
        lanes = self._lanes[number]
        for message in messages:
            lanes.setdefault(message.subject, Lane(message.subject))
        handling = Handling(self._wirings[number], lanes, at, at, LIMITS)
        handling.arrive(messages, at, shop_id, CAUSE, None, at)
        self._settle(number, handling, at)

    def _settle(self, number: int, handling: Handling, at: datetime) -> None:
        """What was handed to other subjects, and then what was announced."""
        lanes = self._lanes[number]
        while handling.mailbox:
            letter = handling.mailbox.pop(0)
            lane = lanes.setdefault(letter.addressed.subject, Lane(letter.addressed.subject))
            lane.waiting.append(letter)
            handling.wake(lane.subject)
        facts = list(handling.facts)
        self.facts += facts
        self.dead += handling.dead
        for fact in facts:
            if fact.event_type is not None and fact.event is not None:
                event = read_data(EVENTS[fact.event_type], fact.event.encode())
                self.told.append(Told(fact.at, self._wirings[number].service.name, event))
                self._tell(event, at)

    def pass_until(self, until: datetime) -> None:
        """Fires every deadline up to a moment, the earliest of all services first."""
        while True:
            due = [
                (case.wake_at, number, subject)
                for number, lanes in enumerate(self._lanes)
                for subject, lane in lanes.items()
                for case in lane.cases.values()
                if case.wake_at is not None and case.wake_at <= until
            ]
            if not due:
                return
            at, number, subject = min(due)
            handling = Handling(self._wirings[number], self._lanes[number], at, at, LIMITS)
            handling.wake(subject)
            self._settle(number, handling, at)

    def outcomes(self, event_class: type[Any]) -> list[Any]:
        """What was announced of one type, in order."""
        return [x.event for x in self.told if isinstance(x.event, event_class)]

    def state(self, kind: str, case_id: str) -> Any:
        """The state of one case. Raises KeyError where there is none."""
        for lanes in self._lanes:
            for lane in lanes.values():
                case = lane.cases.get((kind, case_id))
                if case is not None:
                    return case.state
        raise KeyError(kind, case_id)

    def waiting(self) -> list[str]:
        """Messages that wait for something, by class."""
        return [
            f"{letter.reason}:{type(letter.addressed.message).__name__}"
            for lanes in self._lanes
            for lane in lanes.values()
            for letter in (*lane.waiting, *lane.held)
        ]
