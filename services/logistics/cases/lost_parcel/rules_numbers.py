"""Decides on a search for a parcel under a number that is not its own: all that was asked is void."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Decided
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import messages as m
from services.logistics.cases.lost_parcel import rules_found as found
from services.logistics.cases.lost_parcel import rules_search as search
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Fact, Found
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]
WRONG = "number_corrected"


def corrected(state: s.Known, message: m.NumberCorrected, policy: Policy, now: datetime) -> Decisions:
    """Takes over the right number. Nothing is lost under the wrong one; a remedy that was given stands."""
    renumbered = _renumbered(state, message)
    match state:
        case s.Open() | s.CourierInquiry() | s.Located():
            return renumbered + _ended(state, message, policy, now)
        case s.LostConfirmed():
            void = found.questions_void(state, WRONG) + _claim_void(state, now)
            return void + renumbered + _ended(state, message, policy, now)
        case s.Resent() | s.RefundDue() | s.ExchangeDue():
            decided = _claim_void(state, now) + renumbered
            is_known = message.tracking is not None
            return decided + found.recall(replace(state, is_recalled=False), now) if is_known else decided
        case s.Closed():
            return _claim_void(state, now) + renumbered
        case _:
            assert_never(state)


@rule("LG-016")
def _renumbered(state: s.Known, message: m.NumberCorrected) -> Sequence[Fact]:
    """Notes the id and the number that the parcel has now."""
    subject = state.subject
    after = replace(
        subject,
        registered_id="" if message.parcel_id == subject.parcel_id else message.parcel_id,
        tracking=message.tracking or subject.tracking,
        number_count=message.number_count,
    )
    return [f.SubjectRenumbered(after)]


def _ended(
    state: s.Open | s.CourierInquiry | s.Located | s.LostConfirmed,
    message: m.NumberCorrected,
    policy: Policy,
    now: datetime,
) -> Decisions:
    """Ends the search; where the buyer misses the parcel, it goes on until he has it."""
    asked = s.asked_of(state)
    void = _asked_void(asked) if asked and message.is_reported else []
    if message.is_reported:
        return void + _sought_on(policy, now)
    return _not_sought()


@rule("LG-016")
def _asked_void(task_id: str) -> Sequence[Fact]:
    """Withdraws the question about the whereabouts of the parcel."""
    return search.void(task_id, WRONG)


@rule("LG-016")
def _sought_on(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Waits for the parcel under its own number."""
    return [f.ParcelLocated(WRONG, policy.attention.lasting(now))]


@rule("LG-016")
def _not_sought() -> Sequence[Fact]:
    """Ends a search that only the silence of the wrong number had begun."""
    return [f.SearchClosed(WRONG)]


@rule("LG-017", "LG-022")
def _claim_void(state: s.Known, now: datetime) -> Sequence[Fact]:
    """Drops the claim: the carrier lost nothing under that number."""
    return [f.TurnedUp(WRONG, Found.MOVING, now)] if state.subject.has_claim else []
