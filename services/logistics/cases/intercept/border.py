"""Declares the intercept: the events that it reads and the outcomes of its facts."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.aftersales import logistics_enums as lw
from aftersales_contracts.base import Event
from aftersales_contracts.shop import shipments
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Read
from kernel.decider import Addressed, CaseView
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.intercept import messages as m
from services.logistics.cases.intercept import state as s
from services.logistics.cases.intercept.messages import NAME, Message
from services.logistics.cases.intercept.rules import decide
from services.logistics.cases.intercept.state import Ended, Fact, State, deadlines, evolve
from services.logistics.policy import Policy


def _courier_answered(data: shipments.CourierActionAnsweredV1) -> Sequence[Addressed]:
    """Reads the answer to a call-back; a loss concerns the order, whatever the courier was asked."""
    is_lost = data.outcome is shipments.CourierOutcome.LOST
    if is_lost or data.request_id not in m.recall_ids(data.parcel_id):
        return []
    return [m.to(data.order_id, data.request_id, m.CarrierAnswered(data.outcome.value))]


READS: Mapping[type[Event], Read] = {shipments.CourierActionAnsweredV1: _courier_answered}


def _recall_asked(fact: s.RecallAsked, view: CaseView[State]) -> logistics.CourierActionRequestedV1:
    """Announces the request to the carrier."""
    recall = fact.recall
    return logistics.CourierActionRequestedV1(
        **outcomes.about_order(view, recall.customer_id),
        request_id=recall.request_id,
        action=lw.CourierAction.INTERCEPT,
        parcel_id=recall.parcel_id,
        tracking=outcomes.tracking(recall.tracking),
        reason_code=recall.reason_code,
    )


def _notice(fact: Notice, view: CaseView[State]) -> common.NoticeRequestedV1:
    """Announces a notice to the buyer."""
    if isinstance(view.state, s.Absent):
        raise TypeError("nothing is called back")
    return outcomes.order_notice(fact, view, view.state.recall.customer_id)


def _task(fact: s.RecallUnanswered | AttentionDrawn, view: CaseView[State]) -> common.TaskRequestedV1:
    """Announces the task of a fact that does more than ask."""
    return outcomes.order_task(fact.task, view)


ANNOUNCES: Mapping[type, Announce] = {
    s.RecallAsked: _recall_asked,
    s.RecallUnanswered: _task,
    AttentionDrawn: _task,
    Task: outcomes.order_task,
    TaskWithdrawn: outcomes.order_task_withdrawn,
    Notice: _notice,
}

PICTURES: Pictures = {
    s.Asked: Picture("asked", "carrier"),
    s.Accepted: Picture("accepted", "carrier"),
    s.Refused: ended("refused"),
    s.Back: ended("back"),
    s.Missed: ended("missed"),
    s.Dropped: ended("dropped"),
}

INTERCEPT: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=s.Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    reads=READS,
    announces=ANNOUNCES,
    pictures=PICTURES,
)
