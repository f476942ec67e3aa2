"""Declares the follow-up of an order's reviews: the answers that it reads, and its outcomes."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import common, customers
from aftersales_contracts.aftersales import reviews as out
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Role
from aftersales_contracts.shop import desk, standing
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Read
from kernel.decider import Addressed, CaseView
from kernel.people import Notice, Task
from kernel.picture import Picture, Pictures
from kernel.value import replace
from services.reviews.cases.review_followup import messages as m
from services.reviews.cases.review_followup import state as s
from services.reviews.cases.review_followup.messages import NAME, Message
from services.reviews.cases.review_followup.rules import NOTICES, decide
from services.reviews.cases.review_followup.state import Fact, State
from services.reviews.policy import Policy
from services.reviews.steps import Step

CHANNELS: Mapping[Step, tuple[str, ...]] = {Step.CALL: ("call",), Step.TEXT: ("sms", "call")}
"""Where a text may not be sent, the phone is left (CP-010)."""


def _complaint_filed(data: standing.ComplaintFiledV1) -> Sequence[Addressed]:
    """Reads a complaint about harassment, unless the buyer is accused."""
    is_harassment = data.kind == standing.ComplaintKind.HARASSMENT and data.against.role != Role.BUYER
    if data.order_id is None or not is_harassment:
        return []
    return [m.to(data.order_id, m.HarassmentReported())]


def _notice_resolved(data: customers.NoticeResolvedV1) -> Sequence[Addressed]:
    """Reads the outcome of an attempt to reach the buyer."""
    if not data.notice_id.startswith(NOTICES):
        return []
    channel = data.channel.value if data.channel else None
    message = m.ContactResolved(data.notice_id, data.outcome.value, channel, data.reason_code)
    return [m.to(data.order_id, message)]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads the result of a talk with the buyer."""
    message = m.Explained(is_settled=data.outcome_code == "explained")
    return [m.to(data.about_subject, message, data.case_id)]


READS: Mapping[type[Event], Read] = {
    standing.ComplaintFiledV1: _complaint_filed,
    customers.NoticeResolvedV1: _notice_resolved,
    desk.TaskCompletedV1: outcomes.mine(NAME, _task_completed),
}


def _contact_wanted(fact: s.ContactWanted, view: CaseView[State]) -> common.NoticeRequestedV1:
    """Asks to reach the buyer: about the buyer's trouble, and the shop's remedies (RV-025, RV-028)."""
    notice = Notice(
        template_code="review_followup",
        expires_at=fact.expires_at,
        values={"order_id": view.subject},
        purpose="review_followup",
        channels=CHANNELS[fact.step],
        notice_id=fact.notice_id,
    )
    return outcomes.order_notice(notice, view, fact.customer_id)


def _ended(fact: s.FollowupEnded, view: CaseView[State]) -> out.FollowupEndedV1:
    """Announces the end of the follow-up, and its attempts."""
    return out.FollowupEndedV1(
        **view.common(),
        order_id=view.subject,
        outcome=out.FollowupOutcome(fact.outcome.value),
        text_count=fact.text_count,
        call_count=fact.call_count,
    )


ANNOUNCES: Mapping[type, Announce] = {
    s.ContactWanted: _contact_wanted,
    Task: outcomes.order_task,
    s.FollowupEnded: _ended,
}

PICTURES: Pictures = {
    s.Contacting: Picture("contacting", "buyer", ("change_review",)),
    s.Ended: Picture("ended"),
}


def _detail(state: State, picture: Picture) -> Picture:
    """Adds the outcome."""
    return replace(picture, ending=state.outcome.value) if isinstance(state, s.Ended) else picture


REVIEW_FOLLOWUP: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=s.Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=s.Ended,
    decide=decide,
    evolve=s.evolve,
    deadlines=s.deadlines,
    reads=READS,
    announces=ANNOUNCES,
    pictures=PICTURES,
    detail=_detail,
)
