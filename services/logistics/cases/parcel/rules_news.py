"""Says how the picture of a parcel differs from the one before: status, pick-up, turn, silence, end."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided, tell
from kernel.rules import rule
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.parcel import facts as f
from services.logistics.cases.parcel import messages as m
from services.logistics.cases.parcel import state as s
from services.logistics.cases.parcel.facts import Fact
from services.logistics.cases.parcel.state import State, evolve, fold
from services.logistics.parcels import Basis, Direction, Fault, Outcome, ParcelStatus
from services.logistics.policy import Policy
from services.logistics.track import (
    BEFORE_CARRIER,
    Collect,
    Decision,
    Track,
    heard_at,
    outcome_of,
    picture,
)

Decisions = list[Decided[Fact]]


@rule("RF-069")
def refuse_collect(track: Track, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses goods that come back freight-collect."""
    if track.collect is not Collect.NONE or track.identity is None:
        return []
    request_id = m.collect_request_id(track.identity.parcel_id)
    return [f.CollectRefusalAsked(request_id, now + policy.parcel.instruction_answer_hours)]


def declare(track: Track, decision: Decision, rule_id: str) -> Decisions:
    """Takes a statement about the end; the same said again counts where scans refuted it meanwhile."""
    said = track.declared
    if said is not None and (_stands(track, decision.outcome) or said.at >= decision.at):
        return []
    return [Decided(f.EndDeclared(decision), (rule_id,))]


def _stands(track: Track, outcome: Outcome) -> bool:
    known = outcome_of(track)
    is_same = track.declared is not None and track.declared.outcome is outcome
    return is_same and (known is None or known.outcome is outcome)


def track_after(state: State, decided: Decisions) -> Track:
    state = reduce(evolve, [entry.fact for entry in decided], state)
    if isinstance(state, s.Absent):
        raise TypeError("a decision about a parcel opens its track first")
    return state.track


def follow(state: State, decided: Decisions, policy: Policy, now: datetime) -> Decisions:
    """Says how the new picture differs from the old one; nothing of a parcel without an order."""
    after = track_after(state, decided)
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
            return refuse_collect(track, policy, now)
        if track.collect is not Collect.TAKEN:
            return []
    return declare(track, Decision(Outcome.RETURNED, Basis.SCAN, arrived_at), "RF-044")


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
