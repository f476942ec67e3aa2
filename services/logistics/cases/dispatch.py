"""The dispatch case: one order on its way out, its commitments, and the order's file for all of logistics.

What it knows of parcels and refunds other cases of the order need too; it hands that on.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kernel.decider import DeadlinePassed, Decided, Decider, NotYet
from kernel.rules import rule
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases import dispatch_late as late
from services.logistics.cases import dispatch_messages as m
from services.logistics.cases import dispatch_parcels as parcels
from services.logistics.cases import dispatch_refunds as refunds
from services.logistics.cases.dispatch_late import Decisions, after
from services.logistics.cases.dispatch_states import Absent, Known, State, deadlines, evolve
from services.logistics.cases.order_file import OrderLine
from services.logistics.cases.values import MemoStored, RequestDeclined, draw
from services.logistics.policy import Policy

NEEDS_NO_ORDER = (m.SearchClosed, m.InstructionAnswered, MemoStored, RequestDeclined, DeadlinePassed)
"""What means nothing for an order that is not known, and need not wait for it."""


def decide(state: State, message: m.Message, policy: Policy, now: datetime) -> Decisions:
    """What a message means for the order; then what has become late or turns out to have been in time."""
    if isinstance(message, m.Placed):
        return late.placed(message, policy, now) if isinstance(state, Absent) else []
    if isinstance(state, Absent):
        if isinstance(message, NEEDS_NO_ORDER):
            return []
        raise NotYet
    if isinstance(message, DeadlinePassed):
        return _deadline_passed(state, message, policy)
    decided = HANDLERS[type(message)](state, message, policy, now)
    if not decided:
        return []
    return decided + _consequences(state, decided, policy, now)


def _consequences(state: Known, decided: Decisions, policy: Policy, now: datetime) -> Decisions:
    file = after(state.file, decided)
    follows: Decisions = []
    departed = [e.fact.link for e in decided if isinstance(e.fact, f.DepartureNoted | f.LinkChanged)]
    for link in departed:
        if link.sent_at is not None:
            follows += refunds.left_after_close(file, link, now)
            follows += parcels.unwanted_left(after(file, follows), link)
    if departed:
        follows += refunds.overtaken_holds(after(file, follows), now)
    follows += late.withdrawn(after(file, follows))
    follows += late.established(after(file, follows), policy, now, inclusive=False)
    return follows


@rule("OR-006")
def _terms_changed(state: Known, lines: tuple[OrderLine, ...]) -> Sequence[f.Fact]:
    """Until the payment the lines may change; what left already stays as it is."""
    return [f.LinesChanged(lines)] if state.file.clock is None and lines != state.file.lines else []


@rule("OR-010")
def _succeeded(state: Known, succeeded: m.Succeeded, now: datetime) -> Sequence[f.Fact]:
    """The buyer has the goods: nothing is due any more. A part of the order ends nothing."""
    if state.file.succeeded_at is not None or succeeded.lines:
        return []
    return [f.OrderSucceeded(now)]


def _deadline_passed(state: Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match passed.name:
        case "target":
            return late.target_missed(state.file, passed.due_at, policy)
        case "hold":
            return refunds.hold_unanswered(state.file, passed.due_at, policy)
        case "hold-unknown":
            return refunds.hold_given_up(state.file, passed.due_at)
        case "instruction":
            return late.instruction_unanswered(state.file, passed.due_at, policy)
        case "attention":
            return _attention(state)
        case _:
            return late.established(state.file, policy, passed.due_at, inclusive=True)


def _attention(state: Known) -> Decisions:
    """Nothing moved for long; a person looks."""
    question_code = type(state).__name__.lower()
    return [Decided(draw(f"dispatch.{state.file.order_id}", question_code, state.attention), ())]


def _closed(state: Known, message: m.Closed, _policy: Policy, now: datetime) -> Decisions:
    unpaid = late.unpaid_goods_out(state.file, message, now)
    return unpaid + refunds.closed(after(state.file, unpaid), message, now)


Handler = Callable[[Known, Any, Policy, datetime], Decisions]

HANDLERS: Mapping[type, Handler] = {
    m.TermsChanged: lambda s, x, p, t: _terms_changed(s, x.lines),
    m.Paid: lambda s, x, p, t: late.paid(s.file, p, t),
    m.Closed: _closed,
    m.Succeeded: lambda s, x, p, t: _succeeded(s, x, t),
    m.ShipMarked: lambda s, x, p, t: late.ship_marked(s.file, x, p, t),
    m.Promised: lambda s, x, p, t: late.promised(s.file, x, p, t),
    m.LaterDateAgreed: lambda s, x, p, t: late.later_date_agreed(s.file, x),
    m.ShortageNoted: lambda s, x, p, t: late.shortage_noted(s.file, x, p, t),
    m.RefundOpened: lambda s, x, p, t: refunds.refund_opened(s.file, x, p, t),
    m.RefundClosed: lambda s, x, p, t: refunds.refund_closed(s.file, x, p, t),
    m.RefundPaid: lambda s, x, p, t: refunds.refund_paid(s.file, x, t),
    m.HoldAnswered: lambda s, x, p, t: refunds.hold_answered(s.file, x, t),
    m.ParcelAdded: lambda s, x, p, t: late.parcel_added(s.file, x),
    m.ParcelLeft: lambda s, x, p, t: late.parcel_left(s.file, x, p, t),
    m.PickedUp: lambda s, x, p, t: late.picked_up(s.file, x),
    m.WaybillVoided: lambda s, x, p, t: late.voided(s.file, x),
    m.ParcelMoved: lambda s, x, p, t: parcels.parcel_moved(s.file, x, t),
    m.ParcelStalled: lambda s, x, p, t: parcels.parcel_stalled(s.file, x, t),
    m.ProblemReported: lambda s, x, p, t: parcels.problem_reported(s.file, x),
    m.CourierSaidLost: lambda s, x, p, t: parcels.courier_said_lost(s.file, x),
    m.SearchClosed: lambda s, x, p, t: parcels.search_closed(s.file, x),
    m.Inspected: lambda s, x, p, t: parcels.inspected(s.file, x),
    m.InstructionAnswered: lambda s, x, p, t: parcels.instruction_answered(s.file, x),
    m.ResendNoted: lambda s, x, p, t: parcels.resend_noted(s.file, x),
    m.ExchangeOver: lambda s, x, p, t: parcels.exchange_over(s.file, x),
    m.ResendRevoked: lambda s, x, p, t: parcels.resend_revoked(s.file, x),
    m.ReshipAnswered: lambda s, x, p, t: parcels.reship_answered(s.file, x),
    MemoStored: lambda s, x, p, t: parcels.memo_stored(s.file, x),
    RequestDeclined: lambda s, x, p, t: parcels.request_declined(s.file, x),
}
"""What each message leads to: (state, message, policy, now) -> decisions."""


DISPATCH: Decider[State, m.Message, f.Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
