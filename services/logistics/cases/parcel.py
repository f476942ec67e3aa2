"""The parcel of one waybill: scans in any order become one picture, silence is noticed, the end is decided.

Without an order a parcel is followed and nothing is said of it. Every end may be revised.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import DeadlinePassed, Decided, Decider, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases import parcel_words as w
from services.logistics.cases.parcel_states import ENDED, deadlines, evolve, fold
from services.logistics.cases.track import (
    BEFORE_CARRIER,
    Collect,
    Decision,
    Scan,
    Track,
    heard_at,
    is_of_another,
    outcome_of,
    picture,
    stage_of,
    with_scan,
)
from services.logistics.cases.values import (
    Basis,
    Direction,
    Fault,
    Outcome,
    ParcelStatus,
    TaskOpened,
    Tracking,
    derived_id,
    draw,
    parcel_case_id,
)
from services.logistics.policy import Policy

Decisions = list[Decided[w.Fact]]


def decide(state: w.State, message: w.Message, policy: Policy, now: datetime) -> Decisions:
    """What a scan, the warehouse or the order says of the parcel, and what follows from the new picture."""
    if isinstance(message, DeadlinePassed):
        return [] if isinstance(state, w.Absent) else _deadline_passed(state, message, policy)
    match message:
        case w.Scanned():
            decided = _scanned(state, message, policy, now)
        case w.RegisteredAs():
            decided = _registered(state, message, policy, now)
        case w.Arrived():
            decided = _arrived(state, message, policy, now)
        case _:
            decided = _told(state, message, policy, now)
    return decided + _follow(state, decided, policy, now) if decided else []


# What is heard.


def _opened(tracking: Tracking, before: Track | None, policy: Policy, now: datetime) -> Decided[w.Fact]:
    """A new track; after an earlier parcel on the same waybill, of the next generation."""
    generation = before.generation + 1 if before else 1
    starts_after = (before.last_at or before.starts_after) if before else None
    return Decided(w.TrackOpened(tracking, generation, starts_after, policy.attention(now)), ())


def _silence_at(track: Track, policy: Policy) -> datetime | None:
    """When silence is too long; for a parcel without an order: when it is forgotten."""
    if track.identity is None:
        seen_at = track.last_at or track.arrived_at
        return seen_at + policy.parcel.generation if seen_at else None
    stage, heard = stage_of(track), heard_at(track)
    return heard + policy.parcel.silence[stage] if stage is not None and heard is not None else None


def _scanned(state: w.State, message: w.Scanned, policy: Policy, now: datetime) -> Decisions:
    scan = message.scan
    decided: Decisions = []
    if isinstance(state, w.Absent):
        decided.append(_opened(message.tracking, None, policy, now))
    else:
        if is_of_another(state.track, scan.at):
            return []
        last_at = state.track.last_at
        if isinstance(state, ENDED) and last_at is not None and scan.at > last_at + policy.parcel.generation:
            decided.append(_opened(message.tracking, state.track, policy, now))
    track = _after(state, decided)
    moved = with_scan(track, scan)
    return decided if moved == track else decided + _note(scan, _silence_at(moved, policy))


@rule("OR-009", "LG-016")
def _note(scan: Scan, silence_at: datetime | None) -> Sequence[w.Fact]:
    """A scan counts by its own time, whenever it is read."""
    return [w.ScanNoted(scan, silence_at)]


def _registered(state: w.State, message: w.RegisteredAs, policy: Policy, now: datetime) -> Decisions:
    """The waybill gets its order; a recycled code, or one whose waybill was void, starts a new track."""
    identity = message.identity
    decided: Decisions = []
    if isinstance(state, w.Absent):
        decided.append(_opened(message.tracking, None, policy, now))
    else:
        track = state.track
        known = track.identity
        if known is not None and known.parcel_id == identity.parcel_id:
            return []
        used_at = track.last_at or track.registered_at
        is_recycled = used_at is not None and now > used_at + policy.parcel.generation
        if is_recycled or track.is_void:
            decided.append(_opened(message.tracking, track, policy, now))
        elif known is not None:
            return (
                []
                if known.order_id == identity.order_id
                else _conflict(track, identity.parcel_id, now, policy)
            )
    track = replace(_after(state, decided), identity=identity, registered_at=now)
    attention = policy.attention(now)
    known_as = w.IdentityKnown(identity, now, _silence_at(track, policy), attention)
    decided.append(Decided(known_as, ("OR-009",)))
    is_return = identity.direction is Direction.RETURN
    return decided + _refuse_collect(track, policy, now) if message.is_collect and is_return else decided


def _conflict(track: Track, parcel_id: str, now: datetime, policy: Policy) -> Decisions:
    """Two orders name the same waybill within its lifetime: a person looks."""
    task_id = derived_id(parcel_case_id(track.tracking), parcel_id, "waybill")
    task = TaskOpened(task_id, "reconciliation", "waybill_of_two_orders", now + policy.attention_after)
    return [Decided(task, ())]


@rule("RF-069")
def _refuse_collect(track: Track, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Goods that come back freight-collect are not taken in."""
    if track.collect is not Collect.NONE or track.identity is None:
        return []
    request_id = derived_id(track.identity.parcel_id, "refuse-collect")
    return [w.CollectRefusalAsked(request_id, now + policy.parcel.instruction_answer)]


def _arrived(state: w.State, message: w.Arrived, policy: Policy, now: datetime) -> Decisions:
    decided: Decisions = []
    if isinstance(state, w.Absent):
        decided.append(_opened(message.tracking, None, policy, now))
    track = _after(state, decided)
    if track.arrived_at is not None or is_of_another(track, now):
        return []
    silence_at = _silence_at(replace(track, arrived_at=now), policy)
    return [*decided, Decided(w.ArrivalNoted(now, message.is_collect, silence_at), ("RF-044", "RF-069"))]


def _told(
    state: w.State,
    message: w.Left | w.Voided | w.Inspected | w.DeclaredLost | w.CollectAnswered,
    policy: Policy,
    now: datetime,
) -> Decisions:
    """What the order's file passes on; it names the parcel, and only the present one is meant."""
    if isinstance(state, w.Absent) or state.track.identity is None:
        raise NotYet
    track = state.track
    if state.track.identity.parcel_id != message.parcel_id:
        return []
    match message:
        case w.Left(at=at):
            if track.left_at is not None and track.left_at <= at:
                return []
            moved = replace(track, left_at=at)
            return [Decided(w.DepartureKnown(at, _silence_at(moved, policy)), ("LG-064",))]
        case w.Voided():
            return [] if track.is_void else [Decided(w.WaybillVoided(), ("RF-005",))]
        case w.Inspected():
            return _declare(track, Decision(Outcome.RETURNED, Basis.INSPECTION, now), "RF-044")
        case w.DeclaredLost(basis=basis):
            return _declare(track, Decision(Outcome.LOST, basis, now), "LG-018")
        case w.CollectAnswered(is_done=is_done):
            is_open = track.collect is Collect.ASKED
            return [Decided(w.CollectSettled(is_done), ("RF-069",))] if is_open else []


def _declare(track: Track, decision: Decision, rule_id: str) -> Decisions:
    said = track.declared
    if said is not None and (said.outcome is decision.outcome or said.at >= decision.at):
        return []
    return [Decided(w.EndDeclared(decision), (rule_id,))]


# What follows.


def _after(state: w.State, decided: Decisions) -> Track:
    state = reduce(evolve, [entry.fact for entry in decided], state)
    if isinstance(state, w.Absent):
        raise TypeError("a decision about a parcel opens its track first")
    return state.track


def _follow(state: w.State, decided: Decisions, policy: Policy, now: datetime) -> Decisions:
    """What the new picture says that the old one did not; nothing of a parcel without an order."""
    after = _after(state, decided)
    if after.identity is None:
        return []
    to_buyer = after.identity.direction.is_to_buyer
    is_new = isinstance(state, w.Absent) or state.track.identity != after.identity
    before = None if isinstance(state, w.Absent) or is_new else state.track
    follows = _at_gate(after, policy, now)
    after = reduce(fold, [entry.fact for entry in follows], after)
    follows += _status(before, after)
    is_earlier = before is None or before.pickup_at != after.pickup_at
    if to_buyer and is_earlier and after.pickup_at is not None:
        follows.append(Decided(w.PickupKnown(after.pickup_at), ("LG-064",)))
    return follows + _outcome(after) + _stall_cleared(after)


@rule("OR-009")
def _status(before: Track | None, after: Track) -> Sequence[w.Fact]:
    """The carrier has it: from then on its status may be seen, folded by the scans' own times."""
    seen, seen_before = picture(after), picture(before) if before else None
    if seen is None or seen.status in BEFORE_CARRIER or after.is_void:
        return []
    is_back = before is not None and outcome_of(before) is not None and outcome_of(after) is None
    if seen_before is not None and seen_before.status is seen.status and not is_back:
        return []
    is_late = before is not None and before.last_at is not None and seen.at < before.last_at
    return [w.StatusChanged(seen, is_late)]


def _at_gate(track: Track, policy: Policy, now: datetime) -> Decisions:
    """A parcel at the gate is back, unless it is a return that is not to be taken in (RF-069)."""
    said, arrived_at = track.declared, track.arrived_at
    if track.identity is None or arrived_at is None:
        return []
    if said is not None and not (said.outcome is Outcome.LOST and arrived_at > said.at):
        return []
    if track.is_arrived_collect and track.identity.direction is Direction.RETURN:
        if track.collect is Collect.NONE:
            return _refuse_collect(track, policy, now)
        if track.collect is not Collect.TAKEN:
            return []
    return _declare(track, Decision(Outcome.RETURNED, Basis.SCAN, arrived_at), "RF-044")


@rule("LG-016")
def _stall_cleared(after: Track) -> Sequence[w.Fact]:
    """Any later news ends the silence."""
    stage, since, heard = after.stalled_stage, after.stalled_since_at, heard_at(after)
    if stage is None or since is None:
        return []
    is_heard = heard is not None and heard > since
    return (
        [w.StallCleared(stage, since)] if is_heard or outcome_of(after) is not None or after.is_void else []
    )


@rule("RF-006", "RF-034", "RF-036", "RF-037", "RF-044", "LG-042", "LG-050")
def _outcome(after: Track) -> Sequence[w.Fact]:
    """The end is announced once, and again only if it is another one."""
    decision, said = outcome_of(after), after.decided
    if decision is None or (said is not None and said.outcome is decision.outcome):
        return []
    fault = Fault.COURIER if decision.outcome is Outcome.LOST else Fault.UNKNOWN
    motion = after.motion
    if decision.outcome is Outcome.RETURNED and motion is not None and motion.status is ParcelStatus.REFUSED:
        fault = Fault.BUYER
    return [w.OutcomeDecided(decision, said.outcome if said else None, fault)]


# What time does.


def _deadline_passed(state: w.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match passed.name:
        case "silence":
            return _silent(state.track, policy, passed.due_at)
        case "forget":
            return [Decided(w.Forgotten(), ())]
        case "collect":
            return _collect_unanswered(state, policy, passed.due_at)
        case _:
            case_name = f"parcel.{parcel_case_id(state.track.tracking)}"
            question_code = type(state).__name__.lower()
            return [Decided(draw(case_name, question_code, state.track.attention), ())]


@rule("LG-016", "LG-033")
def _silent(track: Track, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Each stage has its own patience; silence alone loses nothing, but it is looked into."""
    stage, heard = stage_of(track), heard_at(track)
    if stage is None or heard is None:
        return []
    return [w.StallOpened(stage, heard, policy.attention(now))]


def _collect_unanswered(state: w.Known, policy: Policy, now: datetime) -> Decisions:
    """Nobody says whether the parcel was refused: a person looks, and it counts as taken in."""
    case_id = parcel_case_id(state.track.tracking)
    task_id = derived_id(case_id, "collect", str(state.track.generation))
    task = TaskOpened(task_id, "attention", "refuse_collect", now + policy.attention_after)
    settled: Decisions = [
        Decided(w.CollectSettled(is_refused=False), ("RF-069",)),
        Decided(task, ("RF-069",)),
    ]
    return settled + _follow(state, settled, policy, now)


PARCEL: Decider[w.State, w.Message, w.Fact, Policy] = Decider(w.Absent(), decide, evolve, deadlines)
