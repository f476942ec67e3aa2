"""Defines the states of the parcel of a waybill, and its deadlines. Each holds the track."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, Told
from kernel.people import Task
from kernel.value import Value, replace
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.parcel import facts as f
from services.logistics.cases.parcel.facts import Fact
from services.logistics.parcels import Direction, Outcome, ParcelStatus
from services.logistics.track import Collect, Track, heard_at, outcome_of, status_of, with_scan


class Absent(Value):
    """Nothing was heard of the waybill."""


class Unknown(Value):
    """The waybill was scanned, but no order names it yet: followed in silence."""

    track: Track


class Registered(Value):
    """A waybill; the carrier has not shown that it has the parcel."""

    track: Track


class Moving(Value):
    """With the carrier, under way."""

    track: Track


class OutForDelivery(Value):
    """About to be delivered, or waiting to be fetched."""

    track: Track


class Problem(Value):
    """Failed attempt, out of range, bad address, held or damaged."""

    track: Track


class Refused(Value):
    """The recipient did not take the parcel."""

    track: Track


class Returning(Value):
    """The parcel is on the way back to the sender."""

    track: Track


class Delivered(Value):
    """The buyer has the goods."""

    track: Track


class Returned(Value):
    """The shop has the goods."""

    track: Track


class Lost(Value):
    """Nobody has the goods, on somebody's word."""

    track: Track


class Cancelled(Value):
    """The waybill is void, or was never claimed by an order."""

    track: Track


Ended = Delivered | Returned | Lost | Cancelled
Known = Unknown | Registered | Moving | OutForDelivery | Problem | Refused | Returning | Ended
State = Absent | Known


_BY_STATUS: Mapping[ParcelStatus, type[Known]] = {
    ParcelStatus.UNKNOWN: Registered,
    ParcelStatus.REGISTERED: Registered,
    ParcelStatus.OUT_FOR_DELIVERY: OutForDelivery,
    ParcelStatus.AVAILABLE_FOR_PICKUP: OutForDelivery,
    ParcelStatus.ATTEMPT_FAILED: Problem,
    ParcelStatus.OUT_OF_RANGE: Problem,
    ParcelStatus.ADDRESS_PROBLEM: Problem,
    ParcelStatus.HELD: Problem,
    ParcelStatus.PROBLEM: Problem,
    ParcelStatus.NOT_COLLECTED: Problem,
    ParcelStatus.DAMAGED: Problem,
    ParcelStatus.REFUSED: Refused,
    ParcelStatus.RETURNING: Returning,
    ParcelStatus.INTERCEPTED: Returning,
}
_BY_OUTCOME: Mapping[Outcome, type[Known]] = {
    Outcome.DELIVERED: Delivered,
    Outcome.RETURNED: Returned,
    Outcome.LOST: Lost,
    Outcome.DESTROYED: Lost,
}


def _phase(track: Track) -> Known:
    if track.is_void:
        return Cancelled(track)
    if track.identity is None:
        return Unknown(track)
    decision = outcome_of(track)
    if decision is not None:
        return _BY_OUTCOME[decision.outcome](track)
    return _BY_STATUS.get(status_of(track), Moving)(track)


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact."""
    if isinstance(fact, f.TrackOpened):
        return _phase(opened(fact))
    if isinstance(fact, f.TrackTaken):
        return _phase(fact.track)
    return state if isinstance(state, Absent) else _phase(fold(state.track, fact))


def opened(fact: f.TrackOpened) -> Track:
    """Begins a track."""
    return Track(fact.tracking, fact.attention, fact.generation, fact.starts_after)


def fold(track: Track, fact: Fact) -> Track:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact to the track; a new track begins from nothing."""
    match fact:
        case f.TrackOpened():
            return opened(fact)
        case f.TrackTaken(track=taken):
            return taken
        case f.SharerKnown(sharer=sharer):
            return replace(track, sharers=(*track.sharers, sharer))
        case f.ScanNoted(scan=scan, silence_at=silence_at):
            moved = with_scan(track, scan)
            is_older = track.stalled_stage is not None and heard_at(moved) == heard_at(track)
            return replace(moved, silence_at=None if is_older else silence_at)
        case f.NumberWrong(parcel_id=parcel_id, forget_at=forget_at):
            return _unnamed(track, parcel_id, forget_at)
        case f.IdentityKnown(identity=identity, at=at, silence_at=silence_at, attention=attention):
            corrected_at = at if fact.is_corrected else None
            return replace(
                track,
                identity=identity,
                registered_at=at,
                silence_at=silence_at,
                attention=attention,
                is_hidden=identity.direction is Direction.OUTBOUND,
                corrected_at=corrected_at,
                wrong_ids=tuple(each for each in track.wrong_ids if each != identity.parcel_id),
            )
        case f.CorrectionKnown(at=at, silence_at=silence_at):
            return replace(track, corrected_at=at, silence_at=silence_at)
        case f.ShipMarkKnown(at=at, region_code=region_code):
            region_code = region_code or track.region_code
            return replace(track, is_hidden=False, shipped_at=at, region_code=region_code)
        case f.DepartureKnown(at=at, silence_at=silence_at, region_code=region_code):
            region_code = region_code or track.region_code
            return replace(track, left_at=at, silence_at=silence_at, region_code=region_code)
        case f.WaybillVoided() | f.Forgotten():
            return replace(track, is_void=True)
        case f.ArrivalNoted(at=at, is_collect=is_collect, silence_at=silence_at):
            return replace(track, arrived_at=at, is_arrived_collect=is_collect, silence_at=silence_at)
        case f.EndDeclared(decision=decision):
            return replace(track, declared=decision)
        case f.StallOpened(stage=stage, since_at=since_at, attention=attention):
            return replace(
                track, stalled_stage=stage, stalled_since_at=since_at, silence_at=None, attention=attention
            )
        case f.StallCleared():
            return replace(track, stalled_stage=None, stalled_since_at=None)
        case f.OutcomeDecided(decision=decision):
            return replace(track, decided=decision)
        case f.CollectRefusalAsked(answer_by=answer_by):
            return replace(track, collect=Collect.ASKED, collect_answer_by=answer_by)
        case f.CollectSettled(is_refused=is_refused):
            collect = Collect.REFUSED if is_refused else Collect.TAKEN
            return replace(track, collect=collect, collect_answer_by=None)
        case AttentionDrawn(attention=attention):
            return replace(track, attention=attention)
        case f.OutcomeUnknown() | f.StatusChanged() | f.StatusShown() | f.ScanOfAnother() | Task() | Told():
            return track
        case _:
            assert_never(fact)


def _unnamed(track: Track, parcel_id: str, forget_at: datetime) -> Track:
    """Keeps the scans for the order whose number it is, and nothing that was known of the parcel."""
    return Track(
        tracking=track.tracking,
        attention=track.attention,
        generation=track.generation,
        starts_after=track.starts_after,
        motion=track.motion,
        end=track.end,
        pickup_at=track.pickup_at,
        last_at=track.last_at,
        silence_at=forget_at,
        is_turned=track.is_turned,
        way=track.way,
        is_back=track.is_back,
        expected_at=track.expected_at,
        expected_said_at=track.expected_said_at,
        share_id=track.share_id,
        sharers=track.sharers,
        wrong_ids=(*track.wrong_ids, parcel_id),
    )


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when a parcel under way must be looked at; an end has no deadline."""
    if isinstance(state, Absent | Ended):
        return []
    track = state.track
    found: list[Deadline] = []
    if track.collect_answer_by is not None:
        found.append(Deadline("collect", track.collect_answer_by))
    if isinstance(state, Unknown):
        return [Deadline("forget", track.silence_at)] if track.silence_at else track.attention.deadlines()
    if track.silence_at is not None and track.stalled_stage is None:
        return [*found, Deadline("silence", track.silence_at)]
    return found or track.attention.deadlines()
