"""Decides on one order on its way out: its commitments, its parcels, refunds against them.

The order's file serves all of logistics: news of parcels and refunds is passed on to the order's other cases.
"""

from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from services.logistics.attention import draw
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch import rules_address as address
from services.logistics.cases.dispatch import rules_commitments as commitments
from services.logistics.cases.dispatch import rules_lateness as lateness
from services.logistics.cases.dispatch import rules_numbers as numbers
from services.logistics.cases.dispatch import rules_parcels as parcels
from services.logistics.cases.dispatch import rules_refunds as refunds
from services.logistics.cases.dispatch import rules_resends as resends
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.cases.dispatch.messages import Message
from services.logistics.cases.dispatch.state import Absent, Known, State, after
from services.logistics.news import MemoStored, RequestDeclined
from services.logistics.order_file import OrderFile
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]
NEEDS_NO_ORDER = (m.SearchClosed, m.InstructionAnswered, MemoStored, RequestDeclined, DeadlinePassed)
"""Messages that mean nothing for an order that is not known, and need not wait for it."""


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers the message; then says which goods have become late, or turn out to have been in time."""
    if isinstance(message, m.Placed):
        return _placed(message, policy, now) if isinstance(state, Absent) else []
    if isinstance(state, Absent):
        if isinstance(message, NEEDS_NO_ORDER):
            return []
        raise NotYet
    if isinstance(message, DeadlinePassed):
        return _deadline_passed(state, message, policy)
    decided = _answer(state.file, message, policy, now)
    return decided + _consequences(state.file, decided, policy, now) if decided else []


def _placed(message: m.Placed, policy: Policy, now: datetime) -> Decisions:
    """Opens the order's file; goods that are paid on delivery are due at once."""
    decided = [*commitments.placed(message, policy, now)]
    files = [entry.fact.file for entry in decided if isinstance(entry.fact, f.OrderKnown)]
    return decided + [asked for file in files for asked in address.asked(after(file, decided), policy, now)]


def _paid(file: OrderFile, policy: Policy, now: datetime) -> Decisions:
    decided: Decisions = [*commitments.paid(file, policy, now)]
    if not decided:
        return []
    decided += address.asked(after(file, decided), policy, now)
    for link in file.links:
        decided += refunds.back_without_refund(after(file, decided), link.parcel_id)
    return decided


def _lines(
    file: OrderFile, message: m.TermsChanged | m.OrderEdited, policy: Policy, now: datetime
) -> Decisions:
    if isinstance(message, m.OrderEdited):
        return [*commitments.order_edited(file, message.lines, policy, now)]
    return [*commitments.terms_changed(file, message.lines)]


def _answer(  # noqa: C901, PLR0911, PLR0912  one branch per message
    file: OrderFile, message: Message, policy: Policy, now: datetime
) -> Decisions:
    match message:
        case m.TermsChanged() | m.OrderEdited():
            return _lines(file, message, policy, now)
        case m.Paid():
            return _paid(file, policy, now)
        case m.Closed():
            return _closed(file, message, now)
        case m.Succeeded():
            return commitments.succeeded(file, message, now)
        case m.ShipMarked():
            return commitments.ship_marked(file, message, policy, now)
        case m.Promised():
            return commitments.promised(file, message, policy, now)
        case m.LaterDateAgreed():
            return commitments.later_date_agreed(file, message)
        case m.ShortageNoted():
            return commitments.shortage_noted(file, message, policy, now)
        case m.RefundOpened():
            return refunds.refund_opened(file, message, policy, now)
        case m.RefundClosed():
            return _refund_closed(file, message, policy, now)
        case m.RefundPaid():
            return refunds.refund_paid(file, message, now)
        case m.HoldAnswered():
            return refunds.hold_answered(file, message, now)
        case m.ParcelAdded():
            return parcels.parcel_added(file, message, policy, now)
        case m.ParcelLeft():
            return parcels.parcel_left(file, message, policy, now)
        case m.PickedUp():
            return parcels.picked_up(file, message)
        case m.TurnedBack():
            return parcels.turned_back(file, message)
        case m.CollectArrived():
            return parcels.collect_arrived(file, message)
        case m.NumberCorrected():
            return numbers.corrected(file, message, policy, now)
        case m.WaybillVoided():
            return parcels.voided(file, message)
        case m.ParcelMoved():
            return parcels.parcel_moved(file, message, policy, now)
        case m.ParcelStalled():
            return parcels.parcel_stalled(file, message, now)
        case m.ProblemReported():
            return parcels.problem_reported(file, message)
        case m.CourierSaidLost():
            return parcels.courier_said_lost(file, message)
        case m.SearchClosed():
            return parcels.search_closed(file, message)
        case m.Inspected():
            return parcels.inspected(file, message)
        case m.InstructionAnswered():
            return parcels.instruction_answered(file, message) + address.answered(file, message, policy, now)
        case MemoStored() | RequestDeclined():
            return parcels.memo_answered(file, message)
        case m.ResendNoted():
            return resends.resend_noted(file, message)
        case m.ExchangeOver():
            return resends.exchange_over(file, message)
        case m.ResendRevoked():
            return resends.resend_revoked(file, message)
        case m.ReshipAnswered():
            return resends.reship_answered(file, message)
        case m.Placed() | DeadlinePassed():
            return []
        case _:
            assert_never(message)


def _consequences(file: OrderFile, decided: Decisions, policy: Policy, now: datetime) -> Decisions:
    before, file = file, after(file, decided)
    follows: Decisions = []
    departed = [e.fact.link for e in decided if isinstance(e.fact, f.DepartureNoted | f.LinkChanged)]
    departed += [e.fact.right for e in decided if isinstance(e.fact, f.LinkRenumbered)]
    for link in departed:
        if link.sent_at is not None:
            follows += refunds.left_after_close(file, link, now)
            follows += resends.unwanted_left(after(file, follows), link)
    if departed:
        follows += refunds.overtaken_holds(after(file, follows), now)
    follows += lateness.pickup_answered(file)
    follows += lateness.withdrawn(after(file, follows))
    follows += lateness.established(after(file, follows), policy, now, inclusive=False)
    follows += address.over(after(file, follows))
    follows += commitments.completed(before, after(file, follows), now)
    return follows + parcels.doubts_changed(before, after(file, follows))


def _closed(file: OrderFile, message: m.Closed, now: datetime) -> Decisions:
    unpaid = refunds.unpaid_goods_out(file, message, now)
    return unpaid + refunds.closed(after(file, unpaid), message, now)


def _refund_closed(file: OrderFile, closed: m.RefundClosed, policy: Policy, now: datetime) -> Decisions:
    """Ends a refund; goods that came back while it seemed open may be owed to the buyer now."""
    decided: Decisions = [*refunds.refund_closed(file, closed, policy, now)]
    for link in file.links:
        decided += refunds.back_without_refund(after(file, decided), link.parcel_id)
    return decided


def _deadline_passed(state: Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match passed.name:
        case "target":
            return lateness.target_missed(state.file, passed.due_at, policy)
        case "pickup":
            return lateness.pickup_missing(state.file, passed.due_at, policy)
        case "hold":
            return refunds.hold_unanswered(state.file, passed.due_at, policy)
        case "hold-unknown":
            return refunds.hold_given_up(state.file, passed.due_at)
        case "address":
            return address.unanswered(state.file, passed.due_at, policy)
        case "instruction":
            return parcels.instruction_unanswered(state.file, passed.due_at, policy)
        case "attention":
            return _attention(state)
        case _:
            return lateness.established(state.file, policy, passed.due_at, inclusive=True)


def _attention(state: Known) -> Decisions:
    """Lets a person look where nothing moved for long."""
    question_code = type(state).__name__.lower()
    return [Decided(draw(f"dispatch.{state.file.order_id}", question_code, state.attention), ())]
