"""Decides on the search for a parcel: coverage, tracking, the courier's word, a person (A17)."""

from collections.abc import Sequence
from datetime import datetime

from kernel.ids import derived_id
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.rules import rule
from services.logistics.carriers import Capability
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Fact
from services.logistics.cases.lost_parcel.messages import Subject
from services.logistics.policy import Policy


def stamp(at: datetime) -> str:
    """Makes a word of a moment, to tell repeated requests of one case apart."""
    return at.strftime("%Y%m%d%H%M%S")


@rule("LG-015", "RF-037")
def not_served(now: datetime) -> Sequence[Fact]:
    """Calls the parcel back: a carrier that does not serve the address cannot deliver."""
    return [f.RecallDue("out_of_range", now), f.SearchClosed("out_of_range")]


@rule("LG-042")
def signed(subject: Subject, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts the signature of another person for the buyer as the buyer's, and tells the buyer of it."""
    located_at = f.ParcelLocated("signed_by_other", policy.attention.lasting(now))
    return [located_at, *_notice(subject, "parcel_signed", policy, now), f.SearchClosed("delivered")]


@rule("LG-016")
def located(subject: Subject, explanation_code: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Tells the buyer where the parcel is, once tracking or the courier says so.

    That ends the search for a parcel with a signature: nothing else will be heard of it.
    """
    facts: list[Fact] = [f.ParcelLocated(explanation_code, policy.attention.lasting(now))]
    facts += _notice(subject, "parcel_located", policy, now)
    if subject.is_signed:
        return [*facts, f.SearchClosed("delivered")]
    return facts + call_back(subject, now)


def call_back(subject: Subject, now: datetime) -> list[Fact]:
    """Calls back a parcel that is found while a refund is open, or after all of it was repaid (RF-034)."""
    is_unwanted = bool(subject.refund_ids) or not subject.rest
    return [f.RecallDue("refund_in_transit", now)] if is_unwanted else []


@rule("RF-034")
def found_and_refunded(subject: Subject, now: datetime) -> Sequence[Fact]:
    """Calls back a parcel that is known to be under way once a refund is open or paid."""
    return call_back(subject, now)


def _notice(subject: Subject, template_code: str, policy: Policy, now: datetime) -> Sequence[Notice]:
    if subject.customer_id is None:
        return []
    notice_id = derived_id(subject.name, template_code, stamp(now))
    values = {"parcel_id": subject.parcel_id}
    return [Notice(template_code, now + policy.attention.after_days, values, notice_id=notice_id)]


@rule("LG-016", "LG-021")
def ask(subject: Subject, reason_code: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks the courier where tracking gives no answer, through the courier's desk or by a person."""
    answer_by, attention = now + policy.lost.inquiry_hours, policy.attention.lasting(now)
    if not policy.carriers.of(subject.tracking.carrier_code).can(Capability.STATUS):
        task = Task("where_is_parcel", answer_by, "assessment", task_id=s.look_task_id(subject))
        return [f.SearchOpened(subject, attention), task]
    request_id = derived_id(subject.name, "inquire", stamp(now))
    return [f.InquiryAsked(request_id, reason_code, answer_by, attention)]


@rule("LG-016")
def presume(subject: Subject, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person say whether the parcel counts as lost, where the courier does not know or answer."""
    due_at = now + policy.lost.inquiry_hours
    task = Task("presume_lost", due_at, "assessment", task_id=s.presume_task_id(subject))
    return [f.InquiryUnanswered(task)]


@rule("LG-016")
def question_void(task_id: str) -> Sequence[Fact]:
    """Withdraws the question to a person, which the parcel or the courier answered."""
    return void(task_id, "answered")


def void(task_id: str, reason_code: str) -> Sequence[Fact]:
    """Withdraws a question to a person."""
    return [TaskWithdrawn(reason_code, task_id=task_id)]


@rule("LG-016")
def arrived(ending: str) -> Sequence[Fact]:
    """Ends the search: the parcel is there, with the buyer or back at the shop."""
    return [f.SearchClosed(ending)]
