"""A service driven in memory, without chassis, broker or database: what rules do together, and nothing else.

    shop = Driver(REFUNDS)
    shop.tell(OrderPlacedV1(...), at)      # reads -> decide -> evolve -> tells, deadlines before it first
    shop.until(later)                      # lets time pass
    shop.outcomes                          # every outcome announced, in order; `pictures`: case.changed

It keeps the promises of design section 3 that rules may rely on: a deadline of a subject fires before a
message that is later than its due_at; an early message is offered again when its case moves. Every
state, message and fact goes through the storage codec, so that what cannot be stored fails here.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from aftersales_contracts.aftersales.common import CaseChangedV1
from aftersales_contracts.base import Event, Outcome
from aftersales_contracts.registry import encode
from chassis.engine.codec import Codec
from chassis.engine.pictures import Shown, case_changed, shown
from chassis.service import Kind, Service
from kernel.decider import Addressed, CaseView, Deadline, DeadlinePassed, NotYet, Told
from tests.support.chains import Chains

O = TypeVar("O", bound=Outcome)  # noqa: E741  an outcome class
Place = tuple[str, str, str]
"""Subject, kind, case id."""


@dataclass
class Case:
    """One case as it stands."""

    state: Any
    version: int = 0
    policy_version: str = ""
    policy: Any = None


@dataclass(frozen=True)
class Noted:
    """One fact and what led to it."""

    place: Place
    version: int
    fact: Any
    rules: tuple[str, ...]
    at: datetime
    before: Any
    after: Any


@dataclass
class Driver:
    """All cases of one service; `waiting` holds what came early."""

    service: Service
    shop_id: str = "shop-1"
    cases: dict[Place, Case] = field(default_factory=dict[Place, Case])
    facts: list[Noted] = field(default_factory=list[Noted])
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    pictures: list[CaseChangedV1] = field(default_factory=list[CaseChangedV1])
    """Pictures of the cases, each announced after the other outcomes of its decision."""
    waiting: list[tuple[Addressed, datetime]] = field(default_factory=list[tuple[Addressed, datetime]])

    def __post_init__(self) -> None:
        self._chains = Chains()
        self._kinds: dict[str, Kind[Any, Any, Any, Any]] = {kind.name: kind for kind in self.service.kinds}
        self._codecs = {
            kind.name: Codec((*kind.states, *kind.messages, *kind.facts)) for kind in self.service.kinds
        }

    def tell(self, data: Event, at: datetime) -> list[Outcome]:
        """Reads one event; returns the outcomes that it and the deadlines before it announced."""
        return self.send(self.service.reads[type(data)](data), at)

    def send(self, addressed: Iterable[Addressed], at: datetime) -> list[Outcome]:
        """Delivers messages, after every deadline of their subjects that lies before `at`."""
        start = len(self.outcomes)
        for one in addressed:
            self._pass_time(one.subject, at, is_message=True)
            self._deliver(one, at)
        return self.outcomes[start:]

    def until(self, at: datetime) -> list[Outcome]:
        """Lets time pass: every deadline whose grace is over fires, in order."""
        start = len(self.outcomes)
        for subject in dict.fromkeys(place[0] for place in list(self.cases)):
            self._pass_time(subject, at, is_message=False)
        return self.outcomes[start:]

    def state(self, kind: str, case_id: str, subject: str | None = None) -> Any:
        """The state of a case; its kind's initial state if it never moved."""
        case = self.cases.get((subject or self._subject_of(kind, case_id), kind, case_id))
        return self._kinds[kind].initial if case is None else case.state

    def announced(self, outcome_class: type[O]) -> list[O]:
        """Every outcome of one class, in order."""
        return [outcome for outcome in (*self.outcomes, *self.pictures) if isinstance(outcome, outcome_class)]

    def pending(self) -> list[tuple[Place, Deadline]]:
        """Every deadline that runs, earliest first."""
        found = [
            (place, deadline)
            for place, case in self.cases.items()
            for deadline in self._kinds[place[1]].deadlines(case.state)
        ]
        return sorted(found, key=lambda pair: (pair[1].due_at, pair[0], pair[1].name))

    def _subject_of(self, kind: str, case_id: str) -> str:
        return next((place[0] for place in self.cases if place[1:] == (kind, case_id)), "")

    def _pass_time(self, subject: str, at: datetime, *, is_message: bool) -> None:
        for _ in range(10_000):
            due = [
                (place, deadline)
                for place, deadline in self.pending()
                if place[0] == subject and (deadline.due_at < at if is_message else deadline.fires_at <= at)
            ]
            if not due:
                return
            (_, kind, case_id), deadline = due[0]
            passed = DeadlinePassed(deadline.name, deadline.due_at)
            self._deliver(Addressed(subject, kind, case_id, passed), deadline.due_at)
            still = self._kinds[kind].deadlines(self.cases[subject, kind, case_id].state)
            assert not any((d.name, d.due_at) == (deadline.name, deadline.due_at) for d in still), deadline
        raise AssertionError("deadlines never end")

    def _deliver(self, first: Addressed, at: datetime) -> None:
        queue = deque([(first, at)])
        while queue:
            addressed, moment = queue.popleft()
            place = (addressed.subject, addressed.kind, addressed.case_id)
            case = self.cases.get(place)
            if case is None:
                case = Case(self._kinds[addressed.kind].initial)
                self.cases[place] = case
            try:
                onward = self._step(place, case, addressed.message, moment)
            except NotYet:
                self.waiting.append((addressed, moment))
                continue
            if onward is None:
                continue
            queue.extend((target, moment) for target in onward)
            early = [one for one in self.waiting if (one[0].subject, one[0].kind, one[0].case_id) == place]
            for one in early:
                self.waiting.remove(one)
            queue.extend(early)

    def _step(self, place: Place, case: Case, message: Any, at: datetime) -> list[Addressed] | None:
        kind, codec = self._kinds[place[1]], self._codecs[place[1]]
        message = codec.decode(type(message).__name__, codec.encode(message))
        if not case.policy_version:
            case.policy_version, case.policy = self.service.policies.choose(self.shop_id, at)
        was = shown(kind, case.state)
        decided = kind.handle(case.state, message, case.policy, at)
        onward: list[Addressed] = []
        for entry in decided:
            before = case.state
            after = kind.evolve(before, entry.fact)
            case.state = codec.decode(type(after).__name__, codec.encode(after))
            assert case.state == after, f"{type(after).__name__} changes when it is stored"
            case.version += 1
            codec.encode(entry.fact)
            view = CaseView(
                *place, case.version, self.shop_id, case.policy_version, entry.rules, at, case.state
            )
            self.facts.append(Noted(place, case.version, entry.fact, entry.rules, at, before, after))
            announce = kind.announces.get(type(entry.fact))
            if announce is not None:
                self.outcomes.append(announce(entry.fact, view))
            if isinstance(entry.fact, Told):
                onward.extend(told.within(place[0]) for told in entry.fact.messages)
            elif (react := kind.tells.get(type(entry.fact))) is not None:
                onward.extend(told.within(place[0]) for told in react(entry.fact, view))
        if not decided:
            return None
        self._look(kind, place, case, was, at)
        return onward

    def _look(
        self, kind: Kind[Any, Any, Any, Any], place: Place, case: Case, was: Shown | None, at: datetime
    ) -> None:
        now = shown(kind, case.state)
        assert was is None or now is not None, f"{kind.name} is not to be seen any more"
        if now is None or now == was:
            return
        case.version += 1
        view = CaseView(*place, case.version, self.shop_id, case.policy_version, (), at, case.state)
        status = None if was is None else was.picture.status
        written = case_changed(kind, view, now, status)
        event = CaseChangedV1.model_validate_json(written)
        assert encode(event).decode() == written
        assert not self._chains.fault(event)
        self.pictures.append(event)
