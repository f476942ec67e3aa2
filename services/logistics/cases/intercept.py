"""The intercept: a parcel under way is called back, by the carrier and by asking the buyer to refuse it."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.rules import rule
from kernel.value import Value, replace
from services.logistics.carriers import Capability
from services.logistics.cases.values import (
    Attention,
    AttentionDrawn,
    NoticeAsked,
    Outcome,
    ParcelNews,
    TaskOpened,
    Tracking,
    derived_id,
    draw,
)
from services.logistics.policy import Policy


class Recall(Value):
    """What is called back, and why."""

    request_id: str
    order_id: str
    customer_id: str | None
    parcel_id: str
    tracking: Tracking
    reason_code: str
    is_buyer_asked: bool


# States.


class Absent(Value):
    """Nothing is called back."""


class Asked(Value):
    """The carrier was asked."""

    recall: Recall
    answer_by: datetime | None
    attention: Attention


class Accepted(Value):
    """The carrier will bring it back."""

    recall: Recall
    attention: Attention


class Refused(Value):
    """The carrier will not, or cannot; the buyer may still refuse it, and the scans will tell."""

    recall: Recall


class Back(Value):
    """The goods are back."""

    recall: Recall


class Missed(Value):
    """It was delivered, or lost, instead."""

    recall: Recall


Known = Asked | Accepted | Refused | Back | Missed
State = Absent | Known


# Messages.


class RecallWanted(Value):
    """Call it back."""

    recall: Recall


class CarrierAnswered(Value):
    """What the carrier says to it."""

    outcome: str


Message = RecallWanted | CarrierAnswered | ParcelNews | DeadlinePassed


# Facts.


class RecallAsked(Value):
    """The carrier is asked (courier.action-requested)."""

    recall: Recall
    answer_by: datetime
    attention: Attention


class RecallImpossible(Value):
    """The carrier has no such service: only the buyer can send it back."""

    recall: Recall


class RecallAccepted(Value):
    """The carrier will bring it back."""

    attention: Attention


class RecallRefused(Value):
    """The carrier will not."""

    reason_code: str


class RecallUnanswered(Value):
    """No answer in time: a person asks, and the scans decide (task.requested)."""

    task_id: str
    due_at: datetime


class RecallEnded(Value):
    """The parcel's own end answers the question."""

    is_back: bool


Fact = (
    RecallAsked
    | RecallImpossible
    | RecallAccepted
    | RecallRefused
    | RecallUnanswered
    | RecallEnded
    | AttentionDrawn
    | NoticeAsked
    | TaskOpened
)
Decisions = list[Decided[Fact]]


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """What a message means for the parcel that is to come back."""
    match message:
        case RecallWanted(recall=recall):
            return _wanted(recall, policy, now) if isinstance(state, Absent) else []
        case CarrierAnswered():
            if isinstance(state, Absent):
                raise NotYet
            return _answered(state, message, policy, now)
        case ParcelNews(outcome=outcome) if outcome is not None:
            return _ended(outcome) if isinstance(state, Asked | Accepted | Refused) else []
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            return []


def _wanted(recall: Recall, policy: Policy, now: datetime) -> Decisions:
    decided = _ask_carrier(recall, policy, now)
    return decided + _ask_buyer(recall, policy, now)


@rule("RF-006", "RF-034", "RF-036", "RF-037", "RF-038", "LG-021", "LG-050")
def _ask_carrier(recall: Recall, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The carrier is asked to bring it back, if it offers that; else a person rings."""
    if policy.carriers.of(recall.tracking.carrier_code).can(Capability.RECALL):
        answer_by = now + policy.intercept.answer
        return [RecallAsked(recall, answer_by, policy.attention(now, policy.intercept.back))]
    task_id = derived_id(recall.request_id, "by-hand")
    due_at = now + policy.intercept.answer
    return [RecallImpossible(recall), TaskOpened(task_id, "assessment", "recall_by_hand", due_at)]


@rule("RF-006", "RF-034", "LG-051")
def _ask_buyer(recall: Recall, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The shop asks the buyer to refuse the parcel when it comes."""
    if not recall.is_buyer_asked or recall.customer_id is None:
        return []
    notice_id = derived_id(recall.request_id, "refuse")
    values = {"parcel_id": recall.parcel_id}
    expires_at = now + policy.intercept.back
    return [NoticeAsked(notice_id, "buyer", "please_refuse_parcel", expires_at, values)]


@rule("RF-034", "LG-050")
def _answered(state: Known, answer: CarrierAnswered, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The carrier's answer; whatever it says, the parcel's own scans have the last word."""
    if not isinstance(state, Asked):
        return []
    match answer.outcome:
        case "accepted":
            return [RecallAccepted(policy.attention(now, policy.intercept.back))]
        case "refused" | "too_late" | "not_served":
            return [RecallRefused(answer.outcome)]
        case _:
            return []


@rule("RF-006", "RF-036", "LG-050")
def _ended(outcome: Outcome) -> Sequence[Fact]:
    """It is back, or it never will be."""
    return [RecallEnded(is_back=outcome is Outcome.RETURNED)]


@rule("LG-050")
def _unanswered(state: Asked, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Nobody answered: a person asks, the scans decide."""
    task_id = derived_id(state.recall.request_id, "unanswered")
    return [RecallUnanswered(task_id, now + policy.attention_after)]


def _deadline_passed(state: State, passed: DeadlinePassed, policy: Policy) -> Decisions:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match state:
        case Asked() if passed.name == "answer":
            return _unanswered(state, policy, passed.due_at)
        case Asked() | Accepted():
            name = f"intercept.{state.recall.request_id}"
            return [Decided(draw(name, "parcel_not_back", state.attention), ("LG-050",))]
        case _:
            return []


def evolve(state: State, fact: Fact) -> State:
    """The state after a fact."""
    match fact:
        case RecallAsked(recall=recall, answer_by=answer_by, attention=attention):
            return Asked(recall, answer_by, attention)
        case RecallImpossible(recall=recall):
            return Refused(recall)
        case _ if isinstance(state, Absent):
            return state
        case RecallAccepted(attention=attention):
            return Accepted(state.recall, attention)
        case RecallRefused():
            return Refused(state.recall)
        case RecallUnanswered():
            return replace(state, answer_by=None) if isinstance(state, Asked) else state
        case RecallEnded(is_back=is_back):
            return Back(state.recall) if is_back else Missed(state.recall)
        case AttentionDrawn(attention=attention) if isinstance(state, Asked | Accepted):
            return replace(state, attention=attention)
        case _:
            return state


def deadlines(state: State) -> Sequence[Deadline]:
    """What must be looked at, and when."""
    match state:
        case Asked(answer_by=answer_by) if answer_by is not None:
            return [Deadline("answer", answer_by)]
        case Asked() | Accepted():
            return state.attention.deadlines()
        case _:
            return []


INTERCEPT: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
