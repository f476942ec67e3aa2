"""How facts change the parcel case, and the deadlines that run in each state."""

from collections.abc import Sequence

from kernel.decider import Deadline
from kernel.value import replace
from services.logistics.cases import parcel_words as w
from services.logistics.cases.track import Collect, Track, heard_at, outcome_of, status_of, with_scan
from services.logistics.cases.values import AttentionDrawn, Outcome, ParcelStatus

ENDED = (w.Delivered, w.Returned, w.Lost, w.Cancelled)

_BY_STATUS: dict[ParcelStatus, type[w.Known]] = {
    ParcelStatus.UNKNOWN: w.Registered,
    ParcelStatus.REGISTERED: w.Registered,
    ParcelStatus.OUT_FOR_DELIVERY: w.OutForDelivery,
    ParcelStatus.AVAILABLE_FOR_PICKUP: w.OutForDelivery,
    ParcelStatus.ATTEMPT_FAILED: w.Problem,
    ParcelStatus.OUT_OF_RANGE: w.Problem,
    ParcelStatus.ADDRESS_PROBLEM: w.Problem,
    ParcelStatus.HELD: w.Problem,
    ParcelStatus.DAMAGED: w.Problem,
    ParcelStatus.REFUSED: w.Refused,
    ParcelStatus.RETURNING: w.Returning,
}
_BY_OUTCOME: dict[Outcome, type[w.Known]] = {
    Outcome.DELIVERED: w.Delivered,
    Outcome.RETURNED: w.Returned,
    Outcome.LOST: w.Lost,
    Outcome.DESTROYED: w.Lost,
}


def _phase(track: Track) -> w.Known:
    if track.is_void:
        return w.Cancelled(track)
    if track.identity is None:
        return w.Unknown(track)
    decision = outcome_of(track)
    if decision is not None:
        return _BY_OUTCOME[decision.outcome](track)
    return _BY_STATUS.get(status_of(track), w.Moving)(track)


def evolve(state: w.State, fact: w.Fact) -> w.State:
    """The state after a fact."""
    if isinstance(fact, w.TrackOpened):
        track = Track(fact.tracking, fact.attention, fact.generation, fact.starts_after)
        return _phase(track)
    return state if isinstance(state, w.Absent) else _phase(fold(state.track, fact))


def fold(track: Track, fact: w.Fact) -> Track:  # noqa: C901, PLR0911  one branch per fact
    match fact:
        case w.ScanNoted(scan=scan, silence_at=silence_at):
            moved = with_scan(track, scan)
            is_older = track.stalled_stage is not None and heard_at(moved) == heard_at(track)
            return replace(moved, silence_at=None if is_older else silence_at)
        case w.IdentityKnown(identity=identity, at=at, silence_at=silence_at, attention=attention):
            return replace(
                track, identity=identity, registered_at=at, silence_at=silence_at, attention=attention
            )
        case w.DepartureKnown(at=at, silence_at=silence_at):
            return replace(track, left_at=at, silence_at=silence_at)
        case w.WaybillVoided() | w.Forgotten():
            return replace(track, is_void=True)
        case w.ArrivalNoted(at=at, is_collect=is_collect, silence_at=silence_at):
            return replace(track, arrived_at=at, is_arrived_collect=is_collect, silence_at=silence_at)
        case w.EndDeclared(decision=decision):
            return replace(track, declared=decision)
        case w.StallOpened(stage=stage, since_at=since_at, attention=attention):
            return replace(
                track, stalled_stage=stage, stalled_since_at=since_at, silence_at=None, attention=attention
            )
        case w.StallCleared():
            return replace(track, stalled_stage=None, stalled_since_at=None)
        case w.OutcomeDecided(decision=decision):
            return replace(track, decided=decision)
        case w.CollectRefusalAsked(answer_by=answer_by):
            return replace(track, collect=Collect.ASKED, collect_answer_by=answer_by)
        case w.CollectSettled(is_refused=is_refused):
            collect = Collect.REFUSED if is_refused else Collect.TAKEN
            return replace(track, collect=collect, collect_answer_by=None)
        case AttentionDrawn(attention=attention):
            return replace(track, attention=attention)
        case _:
            return track


def deadlines(state: w.State) -> Sequence[Deadline]:
    """What must be looked at, and when."""
    if isinstance(state, w.Absent):
        return []
    track = state.track
    found: list[Deadline] = []
    if track.collect_answer_by is not None and not isinstance(state, ENDED):
        found.append(Deadline("collect", track.collect_answer_by))
    if isinstance(state, ENDED):
        return found
    if isinstance(state, w.Unknown):
        return [Deadline("forget", track.silence_at)] if track.silence_at else track.attention.deadlines()
    if track.silence_at is not None and track.stalled_stage is None:
        return [*found, Deadline("silence", track.silence_at)]
    return found or track.attention.deadlines()
