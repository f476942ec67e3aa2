"""Services in memory: the real engine over subjects kept here, outcomes read by whoever reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aftersales_contracts.aftersales.common import CaseChangedV1
from aftersales_contracts.base import Event
from aftersales_contracts.registry import EVENTS, encode, read_data
from chassis.engine.engine import Engine, Limits
from chassis.engine.records import Cause, FactRecord
from chassis.engine.registry import Registry
from chassis.engine.subject import Subject
from chassis.service import Service
from kernel.decider import Addressed
from tests.services.dates import Dates

LIMITS = Limits(wait=timedelta(hours=24), attempts=1, retry_delay=lambda _: timedelta(seconds=1))
CAUSE = Cause("test", "test", "test", correlation="test", trace=None)


@dataclass(frozen=True)
class Told:
    """An outcome and when it was decided."""

    at: datetime
    service: str
    event: Event


@dataclass(frozen=True)
class Standing:
    """A case as it stands: the name of its state and the moment of its next deadline."""

    kind: str
    case_id: str
    state: str
    is_ended: bool
    wake_at: datetime | None


class UnwrittenFacts(Registry):
    """Prepares a service whose facts are not encoded, where nobody reads them back."""

    def _data(self, kind_name: str, fact: Any) -> str:
        del kind_name, fact
        return ""


class Flow:
    """A few services that hear each other; time passes only when told to.

    `wired`: services that are prepared already; many flows may share them.
    """

    def __init__(self, *services: Service, wired: Sequence[Registry] = (), limits: Limits = LIMITS) -> None:
        self._registries = [*wired, *(Registry(service) for service in services)]
        self._subjects: list[dict[str, Subject]] = [{} for _ in self._registries]
        self._limits = limits
        self.told: list[Told] = []
        self.facts: list[FactRecord] = []
        self.dead: list[object] = []
        self._dates = Dates()

    def tell(self, event: Event, at: datetime) -> None:
        """An event from outside; whatever is due before it happens first."""
        self.pass_until(at)
        self.deliver(event, at)

    def hear(self, told: Told, at: datetime) -> None:
        """An outcome is announced: it is noted, and whoever reads it takes it."""
        self.told.append(told)
        self.deliver(told.event, at)

    def deliver(self, event: Event, at: datetime) -> None:
        """Every service that reads the event takes it, as it comes back from the wire."""
        self.take(read_data(type(event), encode(event)), at)

    def take(self, event: Event, at: datetime) -> None:
        """Every service that reads the event takes it."""
        shop_id = str(getattr(event, "shop_id", ""))
        for number, registry in enumerate(self._registries):
            read = registry.service.reads.get(type(event))
            if read is not None:
                self._arrive(number, read(event), at, shop_id)

    def _arrive(self, number: int, messages: Sequence[Addressed], at: datetime, shop_id: str) -> None:
        subjects = self._subjects[number]
        for message in messages:
            subjects.setdefault(message.subject, Subject(message.subject))
        engine = Engine(self._registries[number], subjects, at, at, self._limits)
        engine.arrive(messages, at, shop_id, CAUSE, None, at)
        self._settle(number, engine, at)

    def _settle(self, number: int, engine: Engine, at: datetime) -> None:
        """Delivers what was told to other subjects, then what was announced."""
        subjects = self._subjects[number]
        while engine.cross_subject:
            delivery = engine.cross_subject.pop(0)
            subject = subjects.setdefault(delivery.addressed.subject, Subject(delivery.addressed.subject))
            subject.waiting.append(delivery)
            engine.fire_due(subject.id)
        facts = list(engine.facts)
        self._dates.check(facts, at)
        self.facts += facts
        self.dead += engine.dead
        service = self._registries[number].service.name
        told = [
            Told(fact.at, service, read_data(EVENTS[fact.event_type], fact.event.encode()))
            for fact in facts
            if fact.event_type is not None and fact.event is not None
        ]
        # Pictures first: nobody acts on them, and what an outcome leads to is decided after all of these.
        for outcome in sorted(told, key=lambda each: not isinstance(each.event, CaseChangedV1)):
            self.hear(outcome, at)

    def pass_until(self, until: datetime) -> None:
        """Fires every deadline up to a moment, the earliest of all services first."""
        while True:
            due = [
                (case.wake_at, number, subject_id)
                for number, subjects in enumerate(self._subjects)
                for subject_id, subject in subjects.items()
                for case in subject.cases.values()
                if case.wake_at is not None and case.wake_at <= until
            ]
            if not due:
                return
            at, number, subject_id = min(due)
            engine = Engine(self._registries[number], self._subjects[number], at, at, self._limits)
            engine.fire_due(subject_id)
            self._settle(number, engine, at)

    def outcomes(self, event_class: type[Any]) -> list[Any]:
        """Outcomes of one type, in the order in which they were announced."""
        return [x.event for x in self.told if isinstance(x.event, event_class)]

    def state(self, kind: str, case_id: str) -> Any:
        """The state of one case. Raises KeyError where there is none."""
        for subjects in self._subjects:
            for subject in subjects.values():
                case = subject.cases.get((kind, case_id))
                if case is not None:
                    return case.state
        raise KeyError(kind, case_id)

    def standings(self) -> Iterator[Standing]:
        """Every case that was told something."""
        for registry, subjects in zip(self._registries, self._subjects, strict=True):
            for subject in subjects.values():
                for case in subject.cases.values():
                    if case.version:
                        is_ended = type(case.state) in registry.ended[case.kind]
                        name = type(case.state).__name__
                        yield Standing(case.kind, case.case_id, name, is_ended, case.wake_at)

    def next_wake(self) -> datetime | None:
        """The earliest deadline of all cases."""
        moments = [
            case.wake_at
            for subjects in self._subjects
            for subject in subjects.values()
            for case in subject.cases.values()
            if case.wake_at is not None
        ]
        return min(moments, default=None)

    def waiting(self) -> list[str]:
        """Messages that wait for something, by class."""
        return [
            f"{delivery.reason}:{type(delivery.addressed.message).__name__}"
            for subjects in self._subjects
            for subject in subjects.values()
            for delivery in (*subject.waiting, *subject.held)
        ]
