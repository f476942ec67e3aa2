"""Declares the compensation of an order. It reads no event: the order tells it everything."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import base as contract
from aftersales_contracts.aftersales import common, refunds, refunds_enums
from chassis.engine.outcomes import about_order, money, order_task
from chassis.service import Announce, Kind, Reaction
from kernel.decider import Addressed, CaseView
from kernel.people import Task
from kernel.picture import Picture, Pictures, ended
from services.refunds.cases.late_compensation import state as s
from services.refunds.cases.late_compensation.facts import (
    CompensationDisputed,
    CompensationDue,
    CompensationGivenUp,
    CompensationRefused,
    Fact,
)
from services.refunds.cases.late_compensation.messages import NAME, Message
from services.refunds.cases.late_compensation.rules import decide
from services.refunds.cases.late_compensation.state import Absent, Ended, State, deadlines, evolve
from services.refunds.cases.order import messages as order
from services.refunds.cases.refund_intent.messages import intent_id_of
from services.refunds.policy import Policy
from services.refunds.shares import Purpose


def _due(fact: CompensationDue, view: CaseView[State]) -> refunds.CompensationDecidedV1:
    return refunds.CompensationDecidedV1(
        **about_order(view),
        base_amount=money(fact.base),
        rate_bps=fact.rate_bps,
        cap=money(fact.cap),
        amount=money(fact.amount),
        outcome=refunds_enums.CompensationOutcome.DUE,
        reason_code=fact.reason_code,
    )


def _refused(fact: CompensationRefused, view: CaseView[State]) -> refunds.CompensationDecidedV1:
    return refunds.CompensationDecidedV1(
        **about_order(view),
        base_amount=money(fact.base),
        rate_bps=fact.rate_bps,
        cap=money(fact.cap),
        amount=contract.Money(minor=0, currency=fact.base.currency),
        outcome=refunds_enums.CompensationOutcome.NOT_DUE,
        reason_code=fact.reason_code,
    )


def _given_up(fact: CompensationGivenUp, view: CaseView[State]) -> refunds.CompensationDecidedV1:
    nothing = contract.Money(minor=0, currency=fact.amount.currency)
    return refunds.CompensationDecidedV1(
        **about_order(view),
        base_amount=nothing,
        rate_bps=fact.rate_bps,
        cap=money(fact.cap),
        amount=nothing,
        outcome=refunds_enums.CompensationOutcome.NOT_DUE,
        reason_code=fact.reason_code,
    )


def _disputed(fact: CompensationDisputed, view: CaseView[State]) -> common.TaskRequestedV1:
    asked = Task("compensated_but_in_time", fact.due_at, "reconciliation", name="compensation")
    return order_task(asked, view)


ANNOUNCES: Mapping[type, Announce] = {
    CompensationDue: _due,
    CompensationRefused: _refused,
    CompensationGivenUp: _given_up,
    CompensationDisputed: _disputed,
}


def _payment(fact: CompensationDue, view: CaseView[State]) -> Sequence[Addressed]:
    """Asks the order for the money."""
    purpose = Purpose.LATE_COMPENSATION
    intent_id = intent_id_of(view.kind, view.case_id, purpose, fact.compensation_number)
    return [order.to(view.subject, order.PaymentAsked(view.case_id, intent_id, purpose, fact.amount))]


TELLS: Mapping[type, Reaction] = {CompensationDue: _payment}

PICTURES: Pictures = {
    s.Established: Picture("established", "buyer", ("apply_refund",)),
    s.Claimed: Picture("claimed", "seller"),
    s.Due: Picture("due", "system"),
    s.Paid: ended("paid"),
    s.Void: ended("void"),
}

LATE_COMPENSATION: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
)
