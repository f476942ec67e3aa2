"""Decides on the parcel of one waybill: scans make a picture, silence is noticed, the end is decided.

Without an order a parcel is followed and nothing is said of it. Every end may be revised.
"""

from collections.abc import Sequence
from datetime import datetime
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
from services.logistics.cases.parcel import rules_news as news
from services.logistics.cases.parcel import rules_shared as shared
from services.logistics.cases.parcel import state as s
from services.logistics.cases.parcel.facts import Fact
from services.logistics.cases.parcel.messages import Message
from services.logistics.cases.parcel.state import State
from services.logistics.delays import patience_until
from services.logistics.parcels import (
    Basis,
    Direction,
    Outcome,
    Tracking,
    parcel_case_id,
)
from services.logistics.policy import Policy
from services.logistics.track import (
    Collect,
    Decision,
    Scan,
    Track,
    heard_at,
    is_of_another,
    outcome_of,
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
        case m.Joined():
            decided = _joined(state, message, policy, now)
        case m.LeftTogether(at=at):
            decided = _left_together(state, at, policy, now)
        case m.Misnumbered():
            decided = _misnumbered(state, message, policy, now)
        case m.Left() | m.ShipMarked() | m.Voided() | m.Inspected() | m.DeclaredLost() | m.CollectAnswered():
            decided = _told(state, message, policy, now)
        case DeadlinePassed():
            return [] if isinstance(state, s.Absent) else _deadline_passed(state, message, policy)
        case _:
            assert_never(message)
    passed = shared.passed_on(None if isinstance(state, s.Absent) else state.track, message)
    return [*decided, *(news.follow(state, decided, policy, now) if decided else []), *passed]


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
    scan = _as_told(state, message.scan, now)
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
    track = news.track_after(state, decided)
    moved = with_scan(track, scan)
    return decided if moved == track else decided + _note(scan, _silence_at(moved, policy, now))


@rules_of("OR-009", "LG-016")
def _as_told(state: State, scan: Scan, now: datetime) -> Scan:
    """Counts a scan of a moment that was still to come when it was told as of the telling, the first one."""
    known = () if isinstance(state, s.Absent) else (state.track.motion, state.track.end)
    for seen in known:
        if seen is not None and seen.told_at == scan.at and replace(seen, at=scan.at, told_at=None) == scan:
            return seen
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
        name = (identity.order_id, identity.parcel_id)
        if known is not None and (known.order_id, known.parcel_id) == name:
            return _correction(track, policy, now) if message.is_corrected else []
        if identity.parcel_id in track.wrong_ids and not message.is_corrected:
            return []
        if shared.sharer_of(track, *name) is not None:
            return []
        used_at = track.last_at or track.registered_at
        lifetime = policy.parcel.generation_days if known is not None else policy.parcel.early_days
        is_recycled = used_at is not None and now > used_at + lifetime
        if is_recycled or track.is_void:
            decided.append(_opened(message.tracking, track, policy, now))
        elif known is not None:
            if shared.can_share(track, identity, policy, now):
                return shared.joined(track, message)
            is_own = known.order_id == identity.order_id
            return [] if is_own else _conflict(track, identity.parcel_id, now, policy)
    corrected_at = now if message.is_corrected else None
    track = replace(
        news.track_after(state, decided), identity=identity, registered_at=now, corrected_at=corrected_at
    )
    attention = policy.attention.since(now)
    silence_at = _silence_at(track, policy, now)
    known_as = f.IdentityKnown(identity, now, silence_at, attention, message.is_corrected)
    decided.append(Decided(known_as, ("OR-009",)))
    is_return = identity.direction is Direction.RETURN
    return decided + news.refuse_collect(track, policy, now) if message.is_collect and is_return else decided


def _joined(state: State, message: m.Joined, policy: Policy, now: datetime) -> Decisions:
    """Begins the case of another order in the parcel."""
    if not isinstance(state, s.Absent):
        return []
    known, identity = message.track, message.identity
    bare = replace(
        known, identity=None, registered_at=None, decided=None, shipped_at=None, region_code=None,
        stalled_stage=None, stalled_since_at=None, collect=Collect.NONE, collect_answer_by=None,
    )  # fmt: skip
    track = replace(bare, identity=identity, registered_at=now)
    known_as = f.IdentityKnown(identity, now, _silence_at(track, policy, now), policy.attention.since(now))
    decided: Decisions = [
        Decided(f.TrackTaken(bare), ("OR-009",)),
        Decided(known_as, ("OR-009",)),
    ]
    if known.left_at is None:
        return decided
    return [*decided, Decided(tell(*shared.left_together(track, known.left_at)), ("LG-064",))]


def _left_together(state: State, at: datetime, policy: Policy, now: datetime) -> Decisions:
    """Notes that the parcel left, as another order in it was told, and tells its own order."""
    if isinstance(state, s.Absent) or state.track.identity is None or state.track.is_void:
        return []
    track = state.track
    if track.left_at is not None and track.left_at <= at:
        return []
    moved = replace(track, left_at=at)
    departed: Decided[Fact] = Decided(f.DepartureKnown(at, _silence_at(moved, policy, now)), ("LG-064",))
    return [departed, Decided(tell(*shared.left_together(track, at)), ("LG-064",))]


@rule("LG-016")
def _correction(track: Track, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Waits for news from now on: until now the parcel was known by another number."""
    if track.corrected_at is not None:
        return []
    return [f.CorrectionKnown(now, _silence_at(replace(track, corrected_at=now), policy, now))]


@rule("OR-009", "LG-016")
def _misnumbered(state: State, message: m.Misnumbered, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Ends all that was said of a parcel which has another number; the scans wait for their own order."""
    if isinstance(state, s.Absent) or not shared.is_for(state.track.identity, message):
        return []
    track = state.track
    facts: list[Fact] = []
    if track.stalled_stage is not None and track.stalled_since_at is not None:
        facts.append(f.StallCleared(track.stalled_stage, track.stalled_since_at))
    if track.decided is not None:
        facts.append(f.OutcomeUnknown(track.decided.outcome))
    return [*facts, f.NumberWrong(message.parcel_id, now + policy.parcel.generation_days)]


def _conflict(track: Track, parcel_id: str, now: datetime, policy: Policy) -> Decisions:
    """Lets a person look where two orders name the same waybill within its lifetime."""
    task_id = derived_id(parcel_case_id(track.tracking), parcel_id, "waybill")
    due_at = now + policy.attention.after_days
    return [Decided(Task("waybill_of_two_orders", due_at, "reconciliation", task_id=task_id), ())]


def _arrived(state: State, message: m.Arrived, policy: Policy, now: datetime) -> Decisions:
    decided: Decisions = []
    if isinstance(state, s.Absent):
        decided.append(_opened(message.tracking, None, policy, now))
    track = news.track_after(state, decided)
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
    if isinstance(state, s.Absent) or (state.track.identity is None and not state.track.sharers):
        raise NotYet
    track = state.track
    if not shared.is_for(track.identity, message):
        return _others_left(state, message, policy, now)
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
            return news.declare(track, Decision(Outcome.RETURNED, Basis.INSPECTION, now), "RF-044")
        case m.DeclaredLost(basis=basis, is_over_signature=is_over):
            return news.declare(track, Decision(Outcome.LOST, basis, now, is_over), "LG-018")
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


def _others_left(
    state: State,
    message: m.Left | m.ShipMarked | m.Voided | m.Inspected | m.DeclaredLost | m.CollectAnswered,
    policy: Policy,
    now: datetime,
) -> Decisions:
    """Takes what was told of another order in the parcel and is true of the whole parcel."""
    if isinstance(state, s.Absent) or all(x.parcel_id != message.parcel_id for x in state.track.sharers):
        return []
    track = state.track
    match message:
        case m.Left(at=at):
            return _left_together(state, at, policy, now)
        case m.Inspected():
            return news.declare(track, Decision(Outcome.RETURNED, Basis.INSPECTION, now), "RF-044")
        case m.DeclaredLost(basis=basis, is_over_signature=is_over):
            return news.declare(track, Decision(Outcome.LOST, basis, now, is_over), "LG-018")
        case m.ShipMarked() | m.Voided() | m.CollectAnswered():
            return []
        case _:
            assert_never(message)


def _deadline_passed(state: s.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match passed.name:
        case "silence":
            return _silent(state.track, policy, passed.due_at)
        case "forget":
            return [Decided(f.Forgotten(), ())]
        case "collect":
            return _collect_unanswered(state, policy, passed.due_at)
        case _:
            case_name = f"parcel.{shared.case_name(state.track)}"
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
    case_id = shared.case_name(state.track)
    task_id = derived_id(case_id, "collect", str(state.track.generation))
    task = Task("refuse_collect", now + policy.attention.after_days, task_id=task_id)
    settled: Decisions = [
        Decided(f.CollectSettled(is_refused=False), ("RF-069",)),
        Decided(task, ("RF-069",)),
    ]
    return settled + news.follow(state, settled, policy, now)
