"""Decides a batch: messages reach cases, deadlines come first, facts come out. Pure and in memory.

Time is an argument; storage and Kafka are elsewhere. A `Subject` holds everything loaded for one subject. A
message reaches a case only after every earlier deadline of the subject was decided, and a deadline is decided
only when the watermark has passed it. A failing rule sets its message aside; later messages of the case wait
behind.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftersales_contracts.reasons import Reason
from chassis.engine.decision import decision
from chassis.engine.due import GRACE_LIMIT, NEVER, first_moment
from chassis.engine.failures import CascadeTooLong, describe
from chassis.engine.records import Cause, DeadLetter, FactRecord, Origin
from chassis.engine.registry import Registry
from chassis.engine.subject import CROSS_SUBJECT, HELD, Case, Delivery, Subject
from kernel.decider import Addressed, Deadline, DeadlinePassed, NotYet

CASCADE_LIMIT = 1_000
"""Most steps that one message may lead to within its subject. More steps mean a rule that never rests."""
BLOCKING = frozenset({"failed", "parked"})
"""Reasons of a delivery that keep later deliveries of the case waiting."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds the engine: how long an early message waits, how often a failing rule is tried."""

    wait: timedelta
    attempts: int
    retry_delay: Callable[[int], timedelta]


class Engine:
    """Runs one batch over its subjects; results are in `facts`, `cross_subject`, `dead` and the subjects."""

    def __init__(
        self,
        registry: Registry,
        subjects: dict[str, Subject],
        watermark: datetime,
        wall_now: datetime,
        limits: Limits,
        round_number: int = 0,
    ) -> None:
        self._registry = registry
        self.subjects = subjects
        self._watermark = watermark
        self._wall_now = wall_now
        self._limits = limits
        self.round_number = round_number
        """In a replay: the round of this batch, else 0. A deadline of this round waits for the next one, so
        that outsiders can answer first.
        """
        self.facts: list[FactRecord] = []
        self.cross_subject: list[Delivery] = []
        self.dead: list[DeadLetter] = []
        self.gone: list[int] = []
        """Ids of the waiting rows to delete."""
        self.deadlines: list[tuple[str, datetime]] = []
        """Deadlines decided, for the lateness metric: (kind and name, fires_at)."""

    def arrive(
        self,
        addressed: Sequence[Addressed],
        at: datetime,
        shop_id: str,
        cause: Cause,
        origin: Origin | None,
        read_to: datetime,
    ) -> None:
        """Delivers the messages of a new event. All input up to `read_to` has been read."""
        watermark = max(self._watermark, min(read_to, at))
        for message in addressed:
            subject = self.subjects[message.subject]
            delivery = Delivery(message, at, shop_id, cause, origin)
            if subject.waiting:
                self._open_cross_subject(subject, min(at, watermark), watermark)
            self._reach(subject, delivery, watermark)
            if subject.held:
                self._resume(subject, watermark)

    def fire_due(self, subject_id: str) -> None:
        """Fires everything due for a subject: retries, cross-subject deliveries, deadlines, expiries."""
        subject = self.subjects[subject_id]
        for delivery in [p for p in subject.waiting if p.reason == "failed"]:
            if delivery.retry_at is not None and delivery.retry_at <= self._wall_now:
                self._retry(subject, delivery)
        self._open_cross_subject(subject, self._watermark, self._watermark)
        self._resume(subject, self._watermark)
        while not subject.held:
            self._advance(subject, self._watermark + GRACE_LIMIT, self._watermark, stop_at_watermark=True)
            if not subject.held:
                break
            self._resume(subject, self._watermark)
        self._correct(subject)
        self._expire(subject)

    def _open_cross_subject(self, subject: Subject, until: datetime, watermark: datetime) -> None:
        """Delivers the cross-subject deliveries up to a moment."""
        for delivery in [p for p in subject.waiting if p.reason == CROSS_SUBJECT]:
            if delivery.due_at is None or delivery.due_at > until:
                continue
            self._take(subject, delivery)
            delivery.due_at = None
            self._reach(subject, delivery, watermark)

    def _reach(self, subject: Subject, delivery: Delivery, watermark: datetime) -> None:
        """Delivers a message, or holds the message behind an earlier one or a deadline that must wait."""
        is_next = not subject.held or subject.held[0].at > delivery.at
        if is_next and self._advance(subject, delivery.at, watermark):
            self._deliver(subject, delivery)
        else:
            self._hold(subject, delivery)

    def _advance(
        self, subject: Subject, before: datetime, watermark: datetime, *, stop_at_watermark: bool = False
    ) -> bool:
        """Decides the deadlines before a moment. False where one must wait, or has freed a message."""
        while True:
            earliest: tuple[datetime, str, str, str, datetime] | None = None
            bound = before + GRACE_LIMIT
            for (kind, case_id), case in subject.cases.items():
                wake_at = case.wake_at
                if wake_at is None or wake_at >= bound or case.is_blocked:
                    continue
                is_newborn = 0 < self.round_number <= case.round_number
                for deadline in self._deadlines(subject, case, wake_at):
                    fires_at = NEVER if is_newborn else deadline.fires_at
                    if deadline.due_at >= before or (stop_at_watermark and fires_at > watermark):
                        continue
                    candidate = (deadline.due_at, kind, case_id, deadline.name, fires_at)
                    if earliest is None or candidate < earliest:
                        earliest = candidate
            if earliest is None:
                return True
            due_at, kind, case_id, name, fires_at = earliest
            if fires_at > watermark:
                return False
            self._fire(subject, kind, case_id, DeadlinePassed(name, due_at), fires_at)
            if subject.held and subject.held[0].at < before:
                return False

    def _deadlines(self, subject: Subject, case: Case, wake_at: datetime) -> Sequence[Deadline]:
        """Lists the deadlines of a case. A state that cannot be read fails its own case and no other."""
        try:
            return self._registry.kinds[case.kind].deadlines(case.state)
        except Exception as error:  # noqa: BLE001  as with any rule that fails
            address = Addressed(subject.id, case.kind, case.case_id, DeadlinePassed("unreadable", wake_at))
            cause = Cause(
                "deadline", self._registry.source, f"{case.kind}/{case.case_id}", case.case_id, None
            )
            self._fail(subject, case, Delivery(address, wake_at, case.shop_id, cause, None), error)
            return ()

    def _fire(
        self, subject: Subject, kind: str, case_id: str, passed: DeadlinePassed, fires_at: datetime
    ) -> None:
        cause = Cause("deadline", self._registry.source, f"{kind}/{case_id}/{passed.name}", case_id, None)
        case = subject.cases[kind, case_id]
        addressed = Addressed(subject.id, kind, case_id, passed)
        at = max(passed.due_at, case.moved_at or passed.due_at)  # not before what set the deadline
        self._deliver(subject, Delivery(addressed, at, case.shop_id, cause, None))
        self.deadlines.append((f"{kind}.{passed.name}", fires_at))

    def _resume(self, subject: Subject, watermark: datetime) -> None:
        """Delivers the held messages in order, as far as the watermark allows."""
        while subject.held:
            delivery = subject.held[0]
            can_go = self._advance(subject, delivery.at, watermark)
            if subject.held[0] is not delivery:
                continue  # a deadline has let go of one that comes before it
            if not can_go:
                return
            subject.held.pop(0)
            if delivery.waiting_id is not None:
                self.gone.append(delivery.waiting_id)
                delivery.waiting_id = None
            self._deliver(subject, delivery)

    def _deliver(self, subject: Subject, first: Delivery) -> None:
        """Delivers a message, and every message that it leads to within the subject."""
        queue = deque([first])
        steps = 0
        while queue:
            delivery = queue.popleft()
            steps += 1
            address = delivery.addressed
            case = self._case(subject, address.kind, address.case_id, delivery)
            if case.is_blocked:
                self._set_aside(subject, delivery, "behind")
                continue
            try:
                if steps > CASCADE_LIMIT:
                    raise CascadeTooLong(address.kind)
                onward = self._step(case, delivery)
            except NotYet as early:
                if type(address.message) is DeadlinePassed:
                    self._fail(subject, case, delivery, early)
                    continue
                self._set_aside(subject, delivery, "early")
                case.is_changed = case.is_changed or case.stored_version is None
                continue
            except Exception as error:  # noqa: BLE001  whatever a rule raises concerns its own message only
                self._fail(subject, case, delivery, error)
                continue
            if delivery.waiting_id is not None:
                self.gone.append(delivery.waiting_id)
                delivery.waiting_id = None
            if onward is None:
                continue
            for target in onward:
                queue.append(Delivery(target, delivery.at, case.shop_id, delivery.cause, delivery.origin))
            if subject.waiting:
                queue.extend(self._offered_again(subject, case, delivery.at))

    def _step(self, case: Case, delivery: Delivery) -> list[Addressed] | None:
        """Makes one decision and keeps it. The whole decision is made before any part of it is kept."""
        made = decision(self._registry, case, delivery)
        if made is None:
            return None
        case.state, case.version, case.shop_id = made.state, made.version, made.shop_id
        case.policy = made.policy if made.shop_id else ""  # a parcel may be scanned before its shop is known
        case.is_ended = type(made.state) in self._registry.ended[case.kind]
        case.wake_at, case.shown = made.wake_at, made.shown
        case.is_changed = True
        case.round_number = self.round_number
        if case.opened_at is None:
            case.opened_at = delivery.at
        case.moved_at = delivery.at if case.moved_at is None else max(case.moved_at, delivery.at)
        self.facts.extend(made.records)
        subject, shop_id = case.subject, made.shop_id
        return [target for target in made.onward if self._is_here(subject, target, delivery, shop_id)]

    def _is_here(self, subject: str, target: Addressed, delivery: Delivery, shop_id: str) -> bool:
        """Tells whether a message stays in the subject; one for another becomes a cross-subject delivery."""
        if target.subject == subject:
            return True
        delivery = Delivery(
            target, delivery.at, shop_id, delivery.cause, None, reason=CROSS_SUBJECT, due_at=delivery.at
        )
        self.cross_subject.append(delivery)
        return False

    def _case(self, subject: Subject, kind: str, case_id: str, delivery: Delivery) -> Case:
        case = subject.cases.get((kind, case_id))
        if case is None:
            case = Case(subject.id, kind, case_id, delivery.shop_id, self._registry.kinds[kind].initial)
            subject.cases[kind, case_id] = case
        return case

    def _offered_again(self, subject: Subject, case: Case, moved_at: datetime) -> Iterable[Delivery]:
        """Offers early messages to a case that has moved; those later than the move wait for deadlines."""
        for delivery in [p for p in subject.waiting_for(case) if p.reason == "early"]:
            subject.waiting.remove(delivery)
            if delivery.at <= moved_at:
                yield delivery
            else:
                self._hold(subject, delivery)

    def _take(self, subject: Subject, delivery: Delivery) -> None:
        subject.waiting.remove(delivery)
        if delivery.waiting_id is not None:
            self.gone.append(delivery.waiting_id)
            delivery.waiting_id = None

    def _hold(self, subject: Subject, delivery: Delivery) -> None:
        delivery.reason = HELD
        delivery.is_changed = True
        place = len(subject.held)
        while place and subject.held[place - 1].at > delivery.at:
            place -= 1
        subject.held.insert(place, delivery)

    def _set_aside(self, subject: Subject, delivery: Delivery, reason: str) -> None:
        if delivery.reason != reason or delivery.waiting_id is None:
            delivery.is_changed = True
        delivery.reason = reason
        delivery.due_at = None
        delivery.retry_at = delivery.retry_at if reason == "failed" else None
        if reason == "early" and delivery.expires_at is None:
            delivery.expires_at = max(delivery.at, self._watermark) + self._limits.wait
        place = len(subject.waiting)
        while place and subject.waiting[place - 1].at > delivery.at:
            place -= 1
        subject.waiting.insert(place, delivery)

    def _fail(self, subject: Subject, case: Case, delivery: Delivery, error: Exception) -> None:
        """Sets a message aside whose rule failed. The last attempt makes a dead letter."""
        delivery.attempts += 1
        delivery.error = describe(error)
        delivery.is_changed = True
        delivery.expires_at = None
        is_deadline = type(delivery.addressed.message) is DeadlinePassed
        if delivery.attempts >= self._limits.attempts:
            self._bury(delivery, Reason.RULE_FAILED, delivery.error)
            if not is_deadline:
                if delivery.waiting_id is not None:
                    self.gone.append(delivery.waiting_id)
                return
            delivery.retry_at = None
            self._set_aside(subject, delivery, "parked")
        else:
            delivery.retry_at = self._wall_now + self._limits.retry_delay(delivery.attempts)
            self._set_aside(subject, delivery, "failed")
        case.is_blocked = True
        case.wake_at = None
        case.is_changed = True

    def _retry(self, subject: Subject, delivery: Delivery) -> None:
        """Tries a failed message again, then the messages behind it."""
        address = delivery.addressed
        case = self._case(subject, address.kind, address.case_id, delivery)
        place = subject.waiting.index(delivery)
        del subject.waiting[place]
        others = [p for p in subject.waiting_for(case) if p.reason in BLOCKING]
        if any(p.reason == "parked" or p in subject.waiting[:place] for p in others):
            self._set_aside(subject, delivery, "behind")
            return
        case.is_blocked, case.is_changed, delivery.reason = False, True, "retried"
        try:
            case.wake_at = first_moment(self._registry.kinds[case.kind].deadlines(case.state))
        except Exception as error:  # noqa: BLE001  as with any rule that fails
            self._fail(subject, case, delivery, error)
        else:
            self._deliver(subject, delivery)
        if others:  # they failed later, and are tried in their turn
            case.is_blocked, case.wake_at = True, None
        for follower in [p for p in subject.waiting_for(case) if p.reason == "behind"]:
            if case.is_blocked:
                return
            subject.waiting.remove(follower)
            self._reach(subject, follower, self._watermark)

    def _correct(self, subject: Subject) -> None:
        """Replaces a `wake_at` that the state does not list: other code wrote it."""
        for case in subject.cases.values():
            wake_at = case.wake_at
            if (
                wake_at is None
                or wake_at > self._watermark
                or case.is_blocked
                or 0 < self.round_number <= case.round_number
            ):
                continue
            found = first_moment(self._deadlines(subject, case, wake_at))
            if found != wake_at and not case.is_blocked:
                case.wake_at, case.is_changed = found, True

    def _expire(self, subject: Subject) -> None:
        for delivery in list(subject.waiting):
            if delivery.expires_at is not None and delivery.expires_at <= self._watermark:
                self._take(subject, delivery)
                self._bury(delivery, Reason.WAITED_TOO_LONG, f"{delivery.addressed.kind} never took it")

    def _bury(self, delivery: Delivery, reason: Reason, detail: str) -> None:
        address, cause = delivery.addressed, delivery.cause
        name, message = self._registry.stored(address)
        self.dead.append(
            DeadLetter(
                delivery.at, reason, detail, delivery.origin, cause.type, cause.source, cause.id,
                address.subject, address.kind, address.case_id, name, message, delivery.shop_id,
                cause.correlation, cause.trace,
            )
        )  # fmt: skip
