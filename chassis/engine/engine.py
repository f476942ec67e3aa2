"""What a batch means: messages to cases, deadlines in front of them, facts out. Pure and in memory.

Time is an argument, storage and Kafka are elsewhere. A lane is everything loaded for one subject.
A message reaches a case only after every deadline of its lane that lies before it was decided, and
a deadline is decided only when the horizon has passed it. A rule that fails sets aside its own
message; the messages of the same case that come after it wait behind it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftersales_contracts.reasons import Reason
from chassis.engine.due import GRACE_LIMIT, NEVER, first_moment
from chassis.engine.failures import CascadeTooLong, DeadlineIgnored, MessageUnreadable, describe
from chassis.engine.records import Cause, DeadLetter, FactRecord, Origin
from chassis.engine.registry import Wiring
from chassis.engine.subject import Case, Lane, Letter, Unreadable
from kernel.decider import Addressed, CaseView, Deadline, DeadlinePassed, NotYet, Told

CASCADE_LIMIT = 1_000
"""Steps that one message may lead to within its subject; more is a rule that never rests."""
BLOCKING = frozenset({"failed", "parked"})
"""Reasons of messages that keep those behind them waiting."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of handling: how long an early message waits, how often a failing rule is tried."""

    wait: timedelta
    attempts: int
    retry_delay: Callable[[int], timedelta]


class Handling:
    """One batch over its lanes; what it leads to is in `facts`, `mailbox`, `dead` and the lanes."""

    def __init__(
        self,
        wiring: Wiring,
        lanes: dict[str, Lane],
        horizon: datetime,
        wall_now: datetime,
        limits: Limits,
        mark: int = 0,
    ) -> None:
        self._wiring = wiring
        self.lanes = lanes
        self._horizon = horizon
        self._wall_now = wall_now
        self._limits = limits
        self.mark = mark
        """By clock marks: the mark whose batch this is. A deadline that came about in it is decided in the
        next, so that whoever is outside could answer first; 0 by the clock, which runs for all alike."""
        self.facts: list[FactRecord] = []
        self.mailbox: list[Letter] = []
        self.dead: list[DeadLetter] = []
        self.gone: list[int] = []
        """Ids of waiting rows that are done with."""
        self.deadlines: list[tuple[str, datetime]] = []
        """Deadlines decided: (kind and name, fires_at), for the lateness metric."""

    def arrive(
        self,
        addressed: Sequence[Addressed],
        at: datetime,
        shop_id: str,
        cause: Cause,
        origin: Origin | None,
        frontier: datetime,
    ) -> None:
        """A new event. `frontier`: the moment up to which all input has been read by now."""
        horizon = max(self._horizon, min(frontier, at))
        for message in addressed:
            lane = self.lanes[message.subject]
            letter = Letter(message, at, shop_id, cause, origin)
            if lane.waiting:
                self._open_mailbox(lane, min(at, horizon), horizon)
            self._reach(lane, letter, horizon)
            if lane.held:
                self._resume(lane, horizon)

    def wake(self, subject: str) -> None:
        """Everything of a subject that is due: retries, handed-on messages, deadlines, expiries."""
        lane = self.lanes[subject]
        for letter in [p for p in lane.waiting if p.reason == "failed"]:
            if letter.retry_at is not None and letter.retry_at <= self._wall_now:
                self._retry(lane, letter)
        self._open_mailbox(lane, self._horizon, self._horizon)
        self._resume(lane, self._horizon)
        while not lane.held:
            self._advance(lane, self._horizon + GRACE_LIMIT, self._horizon, stop_at_horizon=True)
            if not lane.held:
                break
            self._resume(lane, self._horizon)
        self._correct(lane)
        self._expire(lane)

    def _open_mailbox(self, lane: Lane, until: datetime, horizon: datetime) -> None:
        """Takes what other subjects handed on, up to a moment."""
        for letter in [p for p in lane.waiting if p.reason == "mailbox"]:
            if letter.due_at is None or letter.due_at > until:
                continue
            self._take(lane, letter)
            letter.due_at = None
            self._reach(lane, letter, horizon)

    def _reach(self, lane: Lane, letter: Letter, horizon: datetime) -> None:
        """Delivers a message, or holds it where something that comes before it has to wait."""
        is_next = not lane.held or lane.held[0].at > letter.at
        if is_next and self._advance(lane, letter.at, horizon):
            self._deliver(lane, letter)
        else:
            self._hold(lane, letter)

    def _advance(
        self, lane: Lane, before: datetime, horizon: datetime, *, stop_at_horizon: bool = False
    ) -> bool:
        """Decides the deadlines before a moment; False where one must wait, or freed an earlier message."""
        while True:
            earliest: tuple[datetime, str, str, str, datetime] | None = None
            bound = before + GRACE_LIMIT
            for (kind, case_id), case in lane.cases.items():
                wake_at = case.wake_at
                if wake_at is None or wake_at >= bound or case.is_blocked:
                    continue
                is_newborn = 0 < self.mark <= case.mark
                for deadline in self._deadlines(lane, case, wake_at):
                    fires_at = NEVER if is_newborn else deadline.fires_at
                    if deadline.due_at >= before or (stop_at_horizon and fires_at > horizon):
                        continue
                    candidate = (deadline.due_at, kind, case_id, deadline.name, fires_at)
                    if earliest is None or candidate < earliest:
                        earliest = candidate
            if earliest is None:
                return True
            due_at, kind, case_id, name, fires_at = earliest
            if fires_at > horizon:
                return False
            self._fire(lane, kind, case_id, DeadlinePassed(name, due_at), fires_at)
            if lane.held and lane.held[0].at < before:
                return False

    def _deadlines(self, lane: Lane, case: Case, wake_at: datetime) -> Sequence[Deadline]:
        """The deadlines of a case; a state that cannot be read any more fails its case and no other."""
        try:
            return self._wiring.kinds[case.kind].deadlines(case.state)
        except Exception as error:  # noqa: BLE001  as with any rule that fails
            address = Addressed(lane.subject, case.kind, case.case_id, DeadlinePassed("unreadable", wake_at))
            cause = Cause("deadline", self._wiring.source, f"{case.kind}/{case.case_id}", case.case_id, None)
            self._fail(lane, case, Letter(address, wake_at, case.shop_id, cause, None), error)
            return ()

    def _fire(self, lane: Lane, kind: str, case_id: str, passed: DeadlinePassed, fires_at: datetime) -> None:
        cause = Cause(
            "deadline",
            self._wiring.source,
            f"{kind}/{case_id}/{passed.name}",
            correlation=case_id,
            trace=None,
        )
        case = lane.cases[kind, case_id]
        addressed = Addressed(lane.subject, kind, case_id, passed)
        self._deliver(lane, Letter(addressed, passed.due_at, case.shop_id, cause, None))
        self.deadlines.append((f"{kind}.{passed.name}", fires_at))

    def _resume(self, lane: Lane, horizon: datetime) -> None:
        """Offers the held messages again, in order, as far as the horizon lets them pass."""
        while lane.held:
            letter = lane.held[0]
            can_go = self._advance(lane, letter.at, horizon)
            if lane.held[0] is not letter:
                continue  # a deadline has let go of one that comes before it
            if not can_go:
                return
            lane.held.pop(0)
            if letter.waiting_id is not None:
                self.gone.append(letter.waiting_id)
                letter.waiting_id = None
            self._deliver(lane, letter)

    def _deliver(self, lane: Lane, first: Letter) -> None:
        """A message and all that follows from it within its subject."""
        queue = deque([first])
        steps = 0
        while queue:
            letter = queue.popleft()
            steps += 1
            address = letter.addressed
            case = self._case(lane, address.kind, address.case_id, letter)
            if case.is_blocked:
                self._set_aside(lane, letter, "behind")
                continue
            try:
                if steps > CASCADE_LIMIT:
                    raise CascadeTooLong(address.kind)
                onward = self._step(case, letter)
            except NotYet as early:
                if type(address.message) is DeadlinePassed:
                    self._fail(lane, case, letter, early)
                    continue
                self._set_aside(lane, letter, "early")
                case.is_changed = case.is_changed or case.stored_version is None
                continue
            except Exception as error:  # noqa: BLE001  whatever a rule raises concerns its own message only
                self._fail(lane, case, letter, error)
                continue
            if letter.waiting_id is not None:
                self.gone.append(letter.waiting_id)
                letter.waiting_id = None
            if onward is None:
                continue
            for target in onward:
                queue.append(Letter(target, letter.at, case.shop_id, letter.cause, letter.origin))
            if lane.waiting:
                queue.extend(self._offered_again(lane, case, letter.at))

    def _step(self, case: Case, letter: Letter) -> list[Addressed] | None:
        """One decision. All of it is made before any of it is kept."""
        kind = self._wiring.kinds[case.kind]
        message = letter.addressed.message
        if isinstance(message, Unreadable):
            raise MessageUnreadable(message.name)
        shop_id = case.shop_id or letter.shop_id
        if case.policy:
            version_name, policy = case.policy, self._wiring.service.policies.get(case.policy)
        else:
            version_name, policy = self._wiring.service.policies.choose(shop_id, case.opened_at or letter.at)
        decided = kind.handle(case.state, message, policy, letter.at)
        if not decided:
            if type(message) is DeadlinePassed and kind.is_pending(case.state, message):
                raise DeadlineIgnored(message.name)
            return None
        state, version, onward = case.state, case.version, list[Addressed]()
        records: list[FactRecord] = []
        for entry in decided:
            fact = entry.fact
            state = kind.evolve(state, fact)
            version += 1
            view = CaseView(
                case.subject, case.kind, case.case_id, version, shop_id, version_name,
                entry.rules, letter.at, state,
            )  # fmt: skip
            records.append(self._wiring.record(kind, fact, view, letter.cause))
            if type(fact) is Told:
                onward.extend(told.within(case.subject) for told in fact.messages)
                continue
            react = kind.tells.get(type(fact))
            if react is not None:
                onward.extend(react(fact, view))
        deadlines = kind.deadlines(state)
        if type(message) is DeadlinePassed and kind.is_pending(state, message):
            raise DeadlineIgnored(message.name)
        wake_at = first_moment(deadlines)
        case.state, case.version, case.shop_id = state, version, shop_id
        case.policy = version_name if shop_id else ""  # a parcel may be scanned before its shop is known
        case.is_ended = type(state) in self._wiring.ended[case.kind]
        case.wake_at = wake_at
        case.is_changed = True
        case.mark = self.mark
        if case.opened_at is None:
            case.opened_at = letter.at
        case.moved_at = letter.at if case.moved_at is None else max(case.moved_at, letter.at)
        self.facts.extend(records)
        return [target for target in onward if self._is_here(case.subject, target, letter, shop_id)]

    def _is_here(self, subject: str, target: Addressed, letter: Letter, shop_id: str) -> bool:
        """Whether a message for another case stays in the subject; if not, it goes to the mailbox."""
        if target.subject == subject:
            return True
        letter = Letter(target, letter.at, shop_id, letter.cause, None, reason="mailbox", due_at=letter.at)
        self.mailbox.append(letter)
        return False

    def _case(self, lane: Lane, kind: str, case_id: str, letter: Letter) -> Case:
        case = lane.cases.get((kind, case_id))
        if case is None:
            case = Case(lane.subject, kind, case_id, letter.shop_id, self._wiring.kinds[kind].initial)
            lane.cases[kind, case_id] = case
        return case

    def _offered_again(self, lane: Lane, case: Case, moved_at: datetime) -> Iterable[Letter]:
        """The early messages of a case that has just moved; later ones than the move wait for deadlines."""
        for letter in [p for p in lane.waiting_for(case) if p.reason == "early"]:
            lane.waiting.remove(letter)
            if letter.at <= moved_at:
                yield letter
            else:
                self._hold(lane, letter)

    def _take(self, lane: Lane, letter: Letter) -> None:
        lane.waiting.remove(letter)
        if letter.waiting_id is not None:
            self.gone.append(letter.waiting_id)
            letter.waiting_id = None

    def _hold(self, lane: Lane, letter: Letter) -> None:
        letter.reason = "horizon"
        letter.is_changed = True
        place = len(lane.held)
        while place and lane.held[place - 1].at > letter.at:
            place -= 1
        lane.held.insert(place, letter)

    def _set_aside(self, lane: Lane, letter: Letter, reason: str) -> None:
        if letter.reason != reason or letter.waiting_id is None:
            letter.is_changed = True
        letter.reason = reason
        letter.due_at = None
        letter.retry_at = letter.retry_at if reason == "failed" else None
        if reason == "early" and letter.expires_at is None:
            letter.expires_at = max(letter.at, self._horizon) + self._limits.wait
        place = len(lane.waiting)
        while place and lane.waiting[place - 1].at > letter.at:
            place -= 1
        lane.waiting.insert(place, letter)

    def _fail(self, lane: Lane, case: Case, letter: Letter, error: Exception) -> None:
        """Sets a message aside whose rule failed; after the last attempt it is a dead letter."""
        letter.attempts += 1
        letter.error = describe(error)
        letter.is_changed = True
        letter.expires_at = None
        is_deadline = type(letter.addressed.message) is DeadlinePassed
        if letter.attempts >= self._limits.attempts:
            self._bury(letter, Reason.RULE_FAILED, letter.error)
            if not is_deadline:
                if letter.waiting_id is not None:
                    self.gone.append(letter.waiting_id)
                return
            letter.retry_at = None
            self._set_aside(lane, letter, "parked")
        else:
            letter.retry_at = self._wall_now + self._limits.retry_delay(letter.attempts)
            self._set_aside(lane, letter, "failed")
        case.is_blocked = True
        case.wake_at = None
        case.is_changed = True

    def _retry(self, lane: Lane, letter: Letter) -> None:
        """Another attempt of a failed message, then of those behind it."""
        address = letter.addressed
        case = self._case(lane, address.kind, address.case_id, letter)
        place = lane.waiting.index(letter)
        del lane.waiting[place]
        others = [p for p in lane.waiting_for(case) if p.reason in BLOCKING]
        if any(p.reason == "parked" or p in lane.waiting[:place] for p in others):
            self._set_aside(lane, letter, "behind")
            return
        case.is_blocked, case.is_changed, letter.reason = False, True, "retried"
        try:
            case.wake_at = first_moment(self._wiring.kinds[case.kind].deadlines(case.state))
        except Exception as error:  # noqa: BLE001  as with any rule that fails
            self._fail(lane, case, letter, error)
        else:
            self._deliver(lane, letter)
        if others:  # they failed later, and are tried in their turn
            case.is_blocked, case.wake_at = True, None
        for follower in [p for p in lane.waiting_for(case) if p.reason == "behind"]:
            if case.is_blocked:
                return
            lane.waiting.remove(follower)
            self._reach(lane, follower, self._horizon)

    def _correct(self, lane: Lane) -> None:
        """A moment that the state does not list any more, as other code wrote it, wakes nobody again."""
        for case in lane.cases.values():
            wake_at = case.wake_at
            if wake_at is None or wake_at > self._horizon or case.is_blocked or 0 < self.mark <= case.mark:
                continue
            found = first_moment(self._deadlines(lane, case, wake_at))
            if found != wake_at and not case.is_blocked:
                case.wake_at, case.is_changed = found, True

    def _expire(self, lane: Lane) -> None:
        for letter in list(lane.waiting):
            if letter.expires_at is not None and letter.expires_at <= self._horizon:
                self._take(lane, letter)
                self._bury(letter, Reason.WAITED_TOO_LONG, f"{letter.addressed.kind} never took it")

    def _bury(self, letter: Letter, reason: Reason, detail: str) -> None:
        address, cause = letter.addressed, letter.cause
        name, message = self._wiring.stored(address)
        self.dead.append(
            DeadLetter(
                letter.at, reason, detail, letter.origin, cause.type, cause.source, cause.id,
                address.subject, address.kind, address.case_id, name, message, letter.shop_id,
                cause.correlation, cause.trace,
            )
        )  # fmt: skip
