"""Defines the states of the dispatch of an order, and its deadlines.

Each state holds the order's file; its class says for what the order waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from kernel.decider import Deadline, Decided
from kernel.value import Value, replace
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.commitments import late_moments, not_under_way, open_questions, still_owed, unsent
from services.logistics.order_file import Breach, Hold, HoldPhase, Link, Mark, OrderFile, Trigger


class Absent(Value):
    """Nothing is known of the order."""


class AwaitingPayment(Value):
    """Placed; nothing may leave before the payment is confirmed (OR-006)."""

    file: OrderFile
    attention: Attention


class Due(Value):
    """The dispatch clock runs."""

    file: OrderFile
    attention: Attention


class Overdue(Value):
    """The target was missed; no breach yet."""

    file: OrderFile
    attention: Attention


class Breached(Value):
    """Late shipping is established and goods have still not left."""

    file: OrderFile
    attention: Attention


class Held(Value):
    """Goods stand still for an open refund; the clock with them."""

    file: OrderFile
    attention: Attention


class HandedOver(Value):
    """Everything that is owed left, or the buyer has it."""

    file: OrderFile
    attention: Attention


class Stopped(Value):
    """The order was closed: nothing more is to leave."""

    file: OrderFile
    attention: Attention


Ended = HandedOver | Stopped
Known = AwaitingPayment | Due | Overdue | Breached | Held | Ended
State = Absent | Known


def phase(file: OrderFile, attention: Attention) -> Known:
    """Finds the state of an order with this file."""
    if file.closed_at is not None or not still_owed(file):
        return Stopped(file, attention)
    if file.succeeded_at is not None or not not_under_way(file):
        return HandedOver(file, attention)
    if file.is_held:
        return Held(file, attention)
    if file.clock is None:
        return AwaitingPayment(file, attention)
    if file.breaches:
        return Breached(file, attention)
    return Overdue(file, attention) if file.is_overdue else Due(file, attention)


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact."""
    if isinstance(fact, f.OrderKnown):
        return phase(fact.file, fact.attention)
    if isinstance(state, Absent):
        return state
    attention = state.attention
    if isinstance(fact, f.ClockStarted | f.LateEstablished | f.HoldAsked | AttentionDrawn):
        attention = fact.attention
    return phase(fold(state.file, fact), attention)


def after(file: OrderFile, decided: Iterable[Decided[Fact]]) -> OrderFile:
    """Applies the facts of a decision to the file."""
    for entry in decided:
        file = fold(file, entry.fact)
    return file


def fold(file: OrderFile, fact: Fact) -> OrderFile:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact to the order's file; facts that only ask or tell others leave the file as it is."""
    if isinstance(fact, f.Telling):
        return file
    match fact:
        case f.LinesChanged(lines=lines, removed=removed):
            return replace(file, lines=lines, repaid=(*file.repaid, *removed))
        case f.ClockStarted(clock=clock):
            return replace(file, clock=clock)
        case f.MarkNoted(mark=mark):
            return replace(file, marks=(*file.marks, mark))
        case f.MarkChanged(mark=mark):
            return _with_mark(file, mark)
        case (
            f.LinkChanged(link=link)
            | f.GateReturnKnown(link=link)
            | f.DepartureNoted(link=link)
            | f.VoidNoted(link=link)
            | f.ParcelNewsNoted(link=link)
            | f.SearchEnded(link=link)
        ):
            return file.with_link(link)
        case f.LinkRenumbered(wrong=wrong, right=right):
            return _renumbered(file, wrong, right)
        case f.CallBackDue(link=link):
            return file.with_link(replace(link, is_called_back=True))
        case f.SearchDue(link=link):
            return file.with_link(replace(link, is_sought=True, was_sought=True))
        case f.ReshipParcelKnown(link=link, reship_id=reship_id):
            return file.with_link(replace(link, reship_id=reship_id))
        case f.RemedyDue(parcel_id=parcel_id):
            paid = file.link(parcel_id)
            return file.with_link(replace(paid, remedy="refund", is_paid_as_returned=True)) if paid else file
        case f.OrderStopped(at=at):
            return replace(file, closed_at=at)
        case f.OrderSucceeded(at=at):
            return replace(file, succeeded_at=at)
        case f.TargetMissed():
            return replace(file, is_overdue=True)
        case f.LateEstablished(trigger=trigger, moment=moment):
            return replace(file, breaches=(*file.breaches, Breach(trigger, moment, still_owed(file))))
        case f.LateWithdrawn(trigger=trigger, moment=moment):
            kept = tuple(b for b in file.breaches if (b.trigger, b.moment) != (trigger, moment))
            return replace(file, breaches=kept)
        case f.HoldAsked() | f.HoldResolved() | f.HoldDropped():
            return _with_hold(file, fact.hold, fact.at)
        case f.RefundNoted(refund=refund):
            others = (each for each in file.refunds if each.refund_id != refund.refund_id)
            return replace(file, refunds=(*others, refund))
        case f.RefundEnded():
            return _without_refunds(file, fact)
        case f.ExchangeEnded():
            return _without_exchange(file, fact)
        case f.PromiseNoted():
            return _with_promise(file, fact)
        case f.CarrierInstructed(request_id=request_id, due_at=due_at):
            return replace(file, instruction_id=request_id, instruction_due_at=due_at)
        case f.AddressCheckAsked(check=check) | f.AddressCheckChanged(check=check):
            return replace(file, address_check=check)
        case f.InstructionSettled():
            return replace(file, instruction_due_at=None)
        case f.ShortageKnown():
            return replace(file, has_shortage=True)
        case f.ResendKnown(resend=resend):
            return replace(file, resends=(*file.resends, resend))
        case f.ResendUnwanted():
            return _without_resend(file, fact)
        case _:
            assert_never(fact)


def _renumbered(file: OrderFile, wrong: Link, right: Link) -> OrderFile:
    """Puts the parcel with the right number in the place of the other, also where others name it."""
    if wrong.parcel_id == right.parcel_id:
        return file.with_link(right)
    marks = tuple(
        replace(
            mark,
            parcel_ids=tuple(right.parcel_id if x == wrong.parcel_id else x for x in mark.parcel_ids),
        )
        for mark in file.marks
    )
    resends = tuple(
        replace(resend, replaces_parcel_id=right.parcel_id)
        if resend.replaces_parcel_id == wrong.parcel_id
        else resend
        for resend in file.resends
    )
    gone = replace(wrong, is_void=True, is_sought=False, is_stalled=False, replaced_by=right.parcel_id)
    return replace(file.with_link(gone).with_link(right), marks=marks, resends=resends)


def _with_mark(file: OrderFile, changed: Mark) -> OrderFile:
    same = replace(changed, is_asked=not changed.is_asked)
    return replace(file, marks=tuple(changed if mark == same else mark for mark in file.marks))


def _without_refunds(file: OrderFile, ended: f.RefundEnded) -> OrderFile:
    ids = {refund.refund_id for refund in ended.refunds}
    refunds = tuple(refund for refund in file.refunds if refund.refund_id not in ids)
    given_back = (*file.given_back, *ended.given_back)
    repaid = (*file.repaid, *ended.repaid)
    here = (*file.repaid_here, *ended.here)
    paid_ids = (*file.paid_ids, ended.payment_id) if ended.is_paid and ended.payment_id else file.paid_ids
    after = replace(file, refunds=refunds, repaid=repaid, given_back=given_back)
    if ended.closed:
        beyond = (*file.closed_beyond, *ended.repaid)
        after = replace(after, closed=(*file.closed, *ended.closed), closed_beyond=beyond)
    return replace(after, repaid_here=here, paid_ids=paid_ids)


def _without_exchange(file: OrderFile, ended: f.ExchangeEnded) -> OrderFile:
    resends = tuple(
        replace(resend, is_over=True, is_settled=ended.is_settled, is_sent_back=ended.is_sent_back)
        if resend.exchange_id == ended.exchange_id
        else resend
        for resend in file.resends
    )
    return replace(file, resends=resends)


def _with_promise(file: OrderFile, noted: f.PromiseNoted) -> OrderFile:
    return replace(
        file,
        agreed_at=noted.agreed_at or file.agreed_at,
        agreed_carrier_code=noted.carrier_code or file.agreed_carrier_code,
        is_refund_forbidden=noted.is_refund_forbidden or file.is_refund_forbidden,
    )


def _without_resend(file: OrderFile, unwanted: f.ResendUnwanted) -> OrderFile:
    resends = tuple(
        replace(resend, unwanted_for=unwanted.parcel_id) if resend.reship_id == unwanted.reship_id else resend
        for resend in file.resends
    )
    return replace(file, resends=resends)


def _with_hold(file: OrderFile, hold: Hold, at: datetime) -> OrderFile:
    """Puts in a hold as it is now; the clock stands still while goods do."""
    others = tuple(other for other in file.holds if other.refund_id != hold.refund_id)
    changed = replace(file, holds=(*others, hold))
    if changed.is_held and file.paused_at is None:
        return replace(changed, paused_at=at)
    if not changed.is_held and file.paused_at is not None:
        stood = max(at - file.paused_at, timedelta(0))
        clock = file.clock.shifted(stood) if file.clock else None
        agreed_at = file.agreed_at + stood if file.agreed_at else None
        return replace(changed, paused_at=None, clock=clock, agreed_at=agreed_at)
    return changed


NAMES: Mapping[Trigger, str] = {
    Trigger.AGREED_TIME: "agreed",
    Trigger.UNSHIPPED_72H: "limit",
    Trigger.FALSE_SHIPMENT: "false-mark",
}
"""Names of the deadlines that establish lateness."""


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when the order must be looked at; an ended one waits at most for the answer to a hold."""
    if isinstance(state, Absent):
        return []
    file = state.file
    found = _hold_deadlines(file)
    if file.instruction_due_at is not None and not isinstance(state, HandedOver | Stopped):
        found.append(Deadline("instruction", file.instruction_due_at))
    if isinstance(state, HandedOver | Stopped):
        return found
    if file.address_check is not None and file.address_check.due_at is not None:
        found.append(Deadline("address", file.address_check.due_at))
    if file.clock is not None:
        grace = timedelta(minutes=file.clock.grace_minutes)
        late = late_moments(file)
        found.extend(Deadline(NAMES[trigger], moment, grace) for trigger, moment, _ in late)
        found.extend(Deadline("pickup", mark.pickup_by, grace) for mark in open_questions(file))
        if isinstance(state, Due) and unsent(file, file.clock.target_at):
            found.append(Deadline("target", file.clock.target_at))
    if not isinstance(state, Due) or not found:
        found.extend(state.attention.deadlines())
    return found


def _hold_deadlines(file: OrderFile) -> list[Deadline]:
    found: list[Deadline] = []
    for hold in file.holds:
        if hold.phase in {HoldPhase.ASKED, HoldPhase.RELEASING}:
            if hold.ask_again_at is not None:
                found.append(Deadline("hold", hold.ask_again_at))
            found.append(Deadline("hold-unknown", hold.give_up_at))
    return found
