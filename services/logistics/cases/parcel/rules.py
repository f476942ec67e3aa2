"""Decides on the parcel of one waybill: scans make a picture, silence is noticed, the end is decided.

Without an order a parcel is followed and nothing is said of it. Every end may be revised.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet, tell
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.logistics.attention import draw
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.parcel import facts as f
from services.logistics.cases.parcel import messages as m
from services.logistics.cases.parcel import state as s
from services.logistics.cases.parcel.facts import Fact
from services.logistics.cases.parcel.messages import Message
from services.logistics.cases.parcel.state import State, evolve, fold
from services.logistics.delays import patience_until
from services.logistics.parcels import (
    Basis,
    Direction,
    Fault,
    Outcome,
    ParcelStatus,
    Tracking,
    parcel_case_id,
)
from services.logistics.policy import Policy
from services.logistics.track import (
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

Decisions = list[Decided[Fact]]


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers scans, the warehouse, the order and time; then says what follows from the new picture."""
    match message:
        case m.Scanned():
            decided = _scanned(state, message, policy, now)
        case m.RegisteredAs():
            decided = _registered(state, message, policy, now)
        case m.Arrived():
            decided = _arrived(state, message, policy, now)
        case m.Left() | m.ShipMarked() | m.Voided() | m.Inspected() | m.DeclaredLost() | m.CollectAnswered():
            decided = _told(state, message, policy, now)
        case DeadlinePassed():
            return [] if isinstance(state, s.Absent) else _deadline_passed(state, message, policy)
        case _:
            assert_never(message)
    return decided + _follow(state, decided, policy, now) if decided else []


def _opened(tracking: Tracking, before: Track | None, policy: Policy, now: datetime) -> Decided[Fact]:
    """Opens a track; after an earlier parcel on the same waybill, of the next generation."""
    generation = before.generation + 1 if before else 1
    starts_after = (before.last_at or before.starts_after) if before else None
    return Decided(f.TrackOpened(tracking, generation, starts_after, policy.attention.since(now)), ())


def _silence_at(track: Track, policy: Policy, now: datetime) -> datetime | None:
    """Finds the moment at which silence is too long; a parcel without an order is forgotten then.

    News that was too old when it was told is a silence from then on, not before.
    """
    if track.identity is None:
        seen_at = track.last_at or track.arrived_at
        return max(seen_at + policy.parcel.generation_days, now) if seen_at else None
    stage, heard = stage_of(track), heard_at(track)
    if stage is None or heard is None:
        return None
    patience = policy.parcel.silence_hours[stage]
    return max(patience_until(track, stage, heard, patience, policy.delays, policy.zone), now)


def _scanned(state: State, message: m.Scanned, policy: Policy, now: datetime) -> Decisions:
    scan = _as_told(message.scan, now)
    decided: Decisions = []
    if isinstance(state, s.Absent):
        decided.append(_opened(message.tracking, None, policy, now))
    else:
        if is_of_another(state.track, scan.at, policy.parcel.early_days):
            return _of_another(scan)
        last_at, patience = state.track.last_at, policy.parcel.generation_days
        if isinstance(state, s.Unknown):
            patience = policy.parcel.early_days
            if last_at is not None and scan.at < last_at - patience:
                return _of_another(scan)
        if isinstance(state, s.Ended | s.Unknown) and last_at is not None and scan.at > last_at + patience:
            decided.append(_opened(message.tracking, state.track, policy, now))
    track = _after(state, decided)
    moved = with_scan(track, scan)
    return decided if moved == track else decided + _note(scan, _silence_at(moved, policy, now))


@rules_of("OR-009", "LG-016")
def _as_told(scan: Scan, now: datetime) -> Scan:
    """Counts a scan of a moment that was still to come when it was told as of the telling."""
    return replace(scan, at=now, told_at=scan.at) if scan.at > now else scan


@rule("OR-009")
def _of_another(scan: Scan) -> Sequence[Fact]:
    """Keeps a scan of the parcel that had the waybill before, of which nothing follows."""
    return [f.ScanOfAnother(scan)]


@rule("OR-009", "LG-016")
def _note(scan: Scan, silence_at: datetime | None) -> Sequence[Fact]:
    """Counts a scan by its own time, whenever it is read."""
    return [f.ScanNoted(scan, silence_at)]


def _registered(state: State, message: m.RegisteredAs, policy: Policy, now: datetime) -> Decisions:
    """Gives the waybill its order; a recycled code, or one whose waybill was void, starts a new track."""
    identity = message.identity
    decided: Decisions = []
    if isinstance(state, s.Absent):
        decided.append(_opened(message.tracking, None, policy, now))
    else:
        track = state.track
        known = track.identity
        if known is not None and known.parcel_id == identity.parcel_id:
            return []
        used_at = track.last_at or track.registered_at
        lifetime = policy.parcel.generation_days if known is not None else policy.parcel.early_days
        is_recycled = used_at is not None and now > used_at + lifetime
        if is_recycled or track.is_void:
            decided.append(_opened(message.tracking, track, policy, now))
        elif known is not None:
            return (
                []
                if known.order_id == identity.order_id
                else _conflict(track, identity.parcel_id, now, policy)
            )
    track = replace(_after(state, decided), identity=identity, registered_at=now)
    attention = policy.attention.since(now)
    known_as = f.IdentityKnown(identity, now, _silence_at(track, policy, now), attention)
    decided.append(Decided(known_as, ("OR-009",)))
    is_return = identity.direction is Direction.RETURN
    return decided + _refuse_collect(track, policy, now) if message.is_collect and is_return else decided


def _conflict(track: Track, parcel_id: str, now: datetime, policy: Policy) -> Decisions:
    """Lets a person look where two orders name the same waybill within its lifetime."""
    task_id = derived_id(parcel_case_id(track.tracking), parcel_id, "waybill")
    due_at = now + policy.attention.after_days
    return [Decided(Task("waybill_of_two_orders", due_at, "reconciliation", task_id=task_id), ())]


@rule("RF-069")
def _refuse_collect(track: Track, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses goods that come back freight-collect."""
    if track.collect is not Collect.NONE or track.identity is None:
        return []
    request_id = m.collect_request_id(track.identity.parcel_id)
    return [f.CollectRefusalAsked(request_id, now + policy.parcel.instruction_answer_hours)]


def _arrived(state: State, message: m.Arrived, policy: Policy, now: datetime) -> Decisions:
    decided: Decisions = []
    if isinstance(state, s.Absent):
        decided.append(_opened(message.tracking, None, policy, now))
    track = _after(state, decided)
    if track.arrived_at is not None or is_of_another(track, now, policy.parcel.early_days):
        return []
    silence_at = _silence_at(replace(track, arrived_at=now), policy, now)
    decided.append(Decided(f.ArrivalNoted(now, message.is_collect, silence_at), ("RF-044", "RF-069")))
    return decided + _unregistered_collect(track, message)


@rule("RF-069")
def _unregistered_collect(track: Track, arrived: m.Arrived) -> Sequence[Fact]:
    """Asks the order about a freight-collect parcel that names it and that nobody registered."""
    if track.identity is not None or not arrived.is_collect or arrived.order_id is None:
        return []
    return [tell(dispatch.to(arrived.order_id, dispatch.CollectArrived(arrived.tracking)))]


def _told(
    state: State,
    message: m.Left | m.ShipMarked | m.Voided | m.Inspected | m.DeclaredLost | m.CollectAnswered,
    policy: Policy,
    now: datetime,
) -> Decisions:
    """Takes news from the order's file, which names the parcel: only the present one is meant."""
    if isinstance(state, s.Absent) or state.track.identity is None:
        raise NotYet
    track = state.track
    if state.track.identity.parcel_id != message.parcel_id:
        return []
    match message:
        case m.Left(at=at, region_code=region_code):
            known = [moment for moment in (track.left_at, track.pickup_at) if moment is not None]
            if any(moment <= at for moment in known):
                return []
            moved = replace(track, left_at=at, region_code=region_code or track.region_code)
            departed = f.DepartureKnown(at, _silence_at(moved, policy, now), region_code)
            return [Decided(departed, ("LG-064",))]
        case m.ShipMarked(at=at, region_code=region_code):
            is_known = track.shipped_at is not None and track.shipped_at <= at
            return [] if is_known else [Decided(f.ShipMarkKnown(at, region_code), ("OR-009",))]
        case m.Voided():
            return [] if track.is_void else [Decided(f.WaybillVoided(), ("RF-005",))]
        case m.Inspected():
            return _declare(track, Decision(Outcome.RETURNED, Basis.INSPECTION, now), "RF-044")
        case m.DeclaredLost(basis=basis, is_over_signature=is_over):
            return _declare(track, Decision(Outcome.LOST, basis, now, is_over), "LG-018")
        case m.CollectAnswered(is_done=is_done):
            return _collect_answered(track, now, is_done=is_done) if track.collect is Collect.ASKED else []
        case _:
            assert_never(message)


@rule("RF-069")
def _collect_answered(track: Track, now: datetime, *, is_done: bool) -> Sequence[Fact]:
    """Counts a return that was not taken in as the buyer's again, unless its goods were checked meanwhile."""
    settled = f.CollectSettled(is_done)
    if not is_done or outcome_of(track) is not None:
        return [settled]
    return [settled, f.EndDeclared(Decision(Outcome.DELIVERED, Basis.WAREHOUSE, now))]


def _declare(track: Track, decision: Decision, rule_id: str) -> Decisions:
    """Takes a statement about the end; the same said again counts where scans refuted it meanwhile."""
    said = track.declared
    if said is not None and (_stands(track, decision.outcome) or said.at >= decision.at):
        return []
    return [Decided(f.EndDeclared(decision), (rule_id,))]


def _stands(track: Track, outcome: Outcome) -> bool:
    known = outcome_of(track)
    is_same = track.declared is not None and track.declared.outcome is outcome
    return is_same and (known is None or known.outcome is outcome)


def _after(state: State, decided: Decisions) -> Track:
    state = reduce(evolve, [entry.fact for entry in decided], state)
    if isinstance(state, s.Absent):
        raise TypeError("a decision about a parcel opens its track first")
    return state.track


def _follow(state: State, decided: Decisions, policy: Policy, now: datetime) -> Decisions:
    """Says how the new picture differs from the old one; nothing of a parcel without an order."""
    after = _after(state, decided)
    if after.identity is None:
        return []
    is_new = isinstance(state, s.Absent) or state.track.identity != after.identity
    before = None if isinstance(state, s.Absent) or is_new else state.track
    follows = _at_gate(after, policy, now)
    after = reduce(fold, [entry.fact for entry in follows], after)
    follows += _status(before, after)
    news = _picked_up(before, after) + _turned_back(before, after)
    return follows + news + _outcome(after) + _stall_cleared(after)


@rule("OR-009")
def _status(before: Track | None, after: Track) -> Sequence[Fact]:
    """Tells the status from the carrier on, folded by the scans' own times.

    The buyer sees it from the ship mark on: then what was told before is told again.
    """
    seen, seen_before = picture(after), picture(before) if before else None
    if seen is None or seen.status in BEFORE_CARRIER or after.is_void:
        return []
    is_back = before is not None and outcome_of(before) is not None and outcome_of(after) is None
    if seen_before is not None and seen_before.status is seen.status and not is_back:
        is_shown = before is not None and before.is_hidden and not after.is_hidden
        return [f.StatusShown(seen)] if is_shown else []
    is_late = before is not None and before.last_at is not None and seen.at < before.last_at
    return [f.StatusChanged(seen, is_late)]


@rule("LG-064")
def _picked_up(before: Track | None, after: Track) -> Sequence[Fact]:
    """Tells the order of an earlier proof that the carrier has a parcel to the buyer."""
    identity, at = after.identity, after.pickup_at
    if identity is None or at is None or not identity.direction.is_to_buyer:
        return []
    if before is not None and before.pickup_at == at:
        return []
    return [tell(dispatch.to(identity.order_id, dispatch.PickedUp(identity.parcel_id, at)))]


@rule("OR-029", "RF-036")
def _turned_back(before: Track | None, after: Track) -> Sequence[Fact]:
    """Tells the order of a parcel to the buyer that was refused or comes back, however late that is known."""
    identity = after.identity
    if identity is None or not after.is_turned or not identity.direction.is_to_buyer:
        return []
    if before is not None and before.is_turned:
        return []
    return [tell(dispatch.to(identity.order_id, dispatch.TurnedBack(identity.parcel_id)))]


def _at_gate(track: Track, policy: Policy, now: datetime) -> Decisions:
    """Counts a parcel at the gate as back, unless it is a return that is not to be taken in (RF-069)."""
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
def _stall_cleared(after: Track) -> Sequence[Fact]:
    """Ends the silence with any later news."""
    stage, since, heard = after.stalled_stage, after.stalled_since_at, heard_at(after)
    if stage is None or since is None:
        return []
    is_heard = heard is not None and heard > since
    return (
        [f.StallCleared(stage, since)] if is_heard or outcome_of(after) is not None or after.is_void else []
    )


@rule("RF-006", "RF-034", "RF-036", "RF-037", "RF-044", "LG-042", "LG-050")
def _outcome(after: Track) -> Sequence[Fact]:
    """Announces the end once, and again only if another end turns out."""
    decision, said = outcome_of(after), after.decided
    if decision is None or (said is not None and said.outcome is decision.outcome):
        return []
    fault = Fault.COURIER if decision.outcome is Outcome.LOST else Fault.UNKNOWN
    motion = after.motion
    if decision.outcome is Outcome.RETURNED and motion is not None and motion.status is ParcelStatus.REFUSED:
        fault = Fault.BUYER
    return [f.OutcomeDecided(decision, said.outcome if said else None, fault)]


def _deadline_passed(state: s.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match passed.name:
        case "silence":
            return _silent(state.track, policy, passed.due_at)
        case "forget":
            return [Decided(f.Forgotten(), ())]
        case "collect":
            return _collect_unanswered(state, policy, passed.due_at)
        case _:
            case_name = f"parcel.{parcel_case_id(state.track.tracking)}"
            question_code = type(state).__name__.lower()
            return [Decided(draw(case_name, question_code, state.track.attention), ())]


@rule("LG-016", "LG-033")
def _silent(track: Track, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Looks into a silence longer than the stage's own patience; silence alone loses nothing."""
    stage, heard = stage_of(track), heard_at(track)
    if stage is None or heard is None:
        return []
    return [f.StallOpened(stage, heard, policy.attention.since(now))]


def _collect_unanswered(state: s.Known, policy: Policy, now: datetime) -> Decisions:
    """Counts the parcel as taken in where nobody says whether it was refused, and lets a person look."""
    case_id = parcel_case_id(state.track.tracking)
    task_id = derived_id(case_id, "collect", str(state.track.generation))
    task = Task("refuse_collect", now + policy.attention.after_days, task_id=task_id)
    settled: Decisions = [
        Decided(f.CollectSettled(is_refused=False), ("RF-069",)),
        Decided(task, ("RF-069",)),
    ]
    return settled + _follow(state, settled, policy, now)
