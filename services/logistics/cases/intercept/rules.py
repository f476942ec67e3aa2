"""Decides on a parcel under way that is called back, by the carrier and by asking the buyer to refuse it."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.ids import derived_id
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.rules import rule
from services.logistics.attention import draw
from services.logistics.carriers import Capability
from services.logistics.cases.intercept import messages as m
from services.logistics.cases.intercept import state as s
from services.logistics.cases.intercept.messages import Message, Recall
from services.logistics.cases.intercept.state import Fact, State
from services.logistics.news import ParcelNews
from services.logistics.parcels import Outcome
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]
PROBLEMS = frozenset({"refused", "out_of_range", "address_problem"})
"""Reasons for which a parcel cannot be delivered."""


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers the wish to call back, the carrier, the parcel's end and time; takes back what they answer."""
    decided = _answer(state, message, policy, now)
    return decided + _moot(state, decided)


@rule("RF-034", "LG-050")
def _moot(state: State, decided: Decisions) -> Sequence[Fact]:
    """Takes back what a person was asked before the carrier answered, or the parcel ended."""
    after = reduce(s.evolve, [entry.fact for entry in decided], state)
    if not isinstance(state, s.Open) or type(after) is type(state):
        return []
    reason_code = type(after).__name__.lower()
    return [TaskWithdrawn(reason_code, task_id=task_id) for task_id in state.open_task_ids]


def _answer(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    match message:
        case m.RecallWanted(recall=recall):
            return _wanted(recall, policy, now) if isinstance(state, s.Absent) else []
        case m.CarrierAnswered():
            return _carrier_answered(state, message, policy, now)
        case m.NumberWrong():
            return _dropped() if isinstance(state, s.Asked | s.Accepted | s.Refused) else []
        case ParcelNews(outcome=outcome):
            is_open = isinstance(state, s.Asked | s.Accepted | s.Refused)
            return _ended(outcome) if is_open and outcome is not None else []
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            assert_never(message)


def _wanted(recall: Recall, policy: Policy, now: datetime) -> Decisions:
    return _ask_carrier(recall, policy, now) + _ask_buyer(recall, policy, now)


@rule("RF-006", "RF-034", "RF-036", "RF-037", "RF-038", "LG-021", "LG-050")
def _ask_carrier(recall: Recall, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks the carrier to bring the parcel back, if the carrier offers that; else a person rings.

    A parcel that cannot be delivered comes back unasked where the carrier returns problem parcels.
    """
    due_at = now + policy.intercept.answer_hours
    carrier, attention = policy.carriers.of(recall.tracking.carrier_code), policy.attention
    if carrier.can(Capability.RECALL):
        return [s.RecallAsked(recall, due_at, attention.lasting(now, policy.intercept.back_days))]
    if carrier.can(Capability.PROBLEM_RETURN) and recall.reason_code in PROBLEMS:
        return [s.ReturnExpected(recall, attention.lasting(now, policy.intercept.back_days))]
    task_id = derived_id(recall.request_id, "by-hand")
    return [s.RecallImpossible(recall), Task("recall_by_hand", due_at, "assessment", task_id=task_id)]


@rule("RF-006", "RF-034", "LG-051")
def _ask_buyer(recall: Recall, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks the buyer, in the shop's name, to refuse the parcel when it comes."""
    if not recall.is_buyer_asked or recall.customer_id is None:
        return []
    notice_id = derived_id(recall.request_id, "refuse")
    values = {"parcel_id": recall.parcel_id}
    expires_at = now + policy.intercept.back_days
    return [Notice("please_refuse_parcel", expires_at, values, notice_id=notice_id)]


def _carrier_answered(state: State, answer: m.CarrierAnswered, policy: Policy, now: datetime) -> Decisions:
    if isinstance(state, s.Absent):
        raise NotYet
    return _answered(answer, policy, now) if isinstance(state, s.Asked) else []


@rule("RF-034", "LG-050")
def _answered(answer: m.CarrierAnswered, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Notes the carrier's answer; the parcel's own scans have the last word."""
    match answer.outcome:
        case "accepted":
            return [s.RecallAccepted(policy.attention.lasting(now, policy.intercept.back_days))]
        case "refused" | "too_late" | "not_served":
            return [s.RecallRefused(answer.outcome)]
        case _:
            return []


@rule("RF-006", "RF-036", "LG-050")
def _ended(outcome: Outcome) -> Sequence[Fact]:
    """Ends the call-back: the parcel is back, or never will be."""
    return [s.RecallEnded(is_back=outcome is Outcome.RETURNED)]


@rule("LG-050")
def _dropped() -> Sequence[Fact]:
    """Ends the call-back under a number that is not the parcel's; the right one has its own."""
    return [s.RecallDropped()]


def _deadline_passed(state: State, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match state:
        case s.Asked() if passed.name == "answer":
            return _unanswered(state, policy, passed.due_at)
        case s.Asked() | s.Accepted():
            name = f"intercept.{state.recall.request_id}"
            return [Decided(draw(name, "parcel_not_back", state.attention), ("LG-050",))]
        case s.Absent() | s.Refused() | s.Back() | s.Missed() | s.Dropped():
            return []
        case _:
            assert_never(state)


@rule("LG-050")
def _unanswered(state: s.Asked, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person ask where nobody answered; the scans decide."""
    task_id = derived_id(state.recall.request_id, "unanswered")
    due_at = now + policy.attention.after_days
    return [s.RecallUnanswered(Task("recall_unanswered", due_at, task_id=task_id))]
