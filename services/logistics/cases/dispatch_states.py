"""States of the dispatch case, how facts change them, and the deadlines that run in each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.decider import Deadline
from kernel.value import Value, replace
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases.order_file import (
    Breach,
    Hold,
    HoldPhase,
    OrderFile,
    Resend,
    Trigger,
    false_lines,
    is_true_mark,
    not_under_way,
    still_owed,
    unsent,
)
from services.logistics.cases.values import Attention, AttentionDrawn, Share

# States. Each holds the order's file; the class says what the order waits for.


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


Known = AwaitingPayment | Due | Overdue | Breached | Held | HandedOver | Stopped
State = Absent | Known


def phase(file: OrderFile, attention: Attention) -> Known:
    """The state that an order with this file is in."""
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


def evolve(state: State, fact: f.Fact) -> State:
    """The state after a fact."""
    if isinstance(fact, f.OrderKnown):
        return phase(fact.file, fact.attention)
    if isinstance(state, Absent):
        return state
    attention = state.attention
    if isinstance(fact, f.ClockStarted | f.LateEstablished | f.HoldAsked | AttentionDrawn):
        attention = fact.attention
    return phase(fold(state.file, fact), attention)


def fold(file: OrderFile, fact: f.Fact) -> OrderFile:  # noqa: PLR0911  one branch per fact
    """The order's file after a fact; facts that only tell others leave it as it is."""
    match fact:
        case f.LinesChanged(lines=lines):
            return replace(file, lines=lines)
        case f.ClockStarted(clock=clock):
            return replace(file, clock=clock)
        case f.MarkNoted(mark=mark):
            return replace(file, marks=(*file.marks, mark))
        case (
            f.LinkChanged(link=link)
            | f.DepartureNoted(link=link)
            | f.VoidNoted(link=link)
            | f.ParcelNewsNoted(link=link)
            | f.SearchEnded(link=link)
        ):
            return file.with_link(link)
        case f.CallBackDue(link=link):
            return file.with_link(replace(link, is_called_back=True))
        case f.SearchDue(link=link):
            return file.with_link(replace(link, is_sought=True, was_sought=True))
        case f.ReshipParcelKnown(link=link, reship_id=reship_id):
            return file.with_link(replace(link, reship_id=reship_id))
        case f.RemedyDue(parcel_id=parcel_id):
            paid = file.link(parcel_id)
            return file.with_link(replace(paid, remedy="refund")) if paid else file
        case f.OrderStopped(at=at):
            return replace(file, closed_at=at)
        case f.OrderSucceeded(at=at):
            return replace(file, succeeded_at=at)
        case _:
            return _fold_lateness(file, fact)


def _fold_lateness(file: OrderFile, fact: f.Fact) -> OrderFile:  # noqa: PLR0911  one branch per fact
    match fact:
        case f.TargetMissed():
            return replace(file, is_overdue=True)
        case f.LateEstablished(trigger=trigger, moment=moment):
            return replace(file, breaches=(*file.breaches, Breach(trigger, moment, still_owed(file))))
        case f.LateWithdrawn(trigger=trigger, moment=moment):
            kept = tuple(b for b in file.breaches if (b.trigger, b.moment) != (trigger, moment))
            return replace(file, breaches=kept)
        case (
            f.HoldAsked(hold=hold, at=at) | f.HoldResolved(hold=hold, at=at) | f.HoldDropped(hold=hold, at=at)
        ):
            return _with_hold(file, hold, at)
        case f.RefundNoted(refund=refund):
            return replace(file, refunds=(*file.refunds, refund))
        case f.RefundEnded(refunds=ended, repaid=repaid):
            ids = {refund.refund_id for refund in ended}
            refunds = tuple(refund for refund in file.refunds if refund.refund_id not in ids)
            return replace(file, refunds=refunds, repaid=(*file.repaid, *repaid))
        case f.PromiseNoted():
            return replace(
                file,
                agreed_at=fact.agreed_at or file.agreed_at,
                agreed_carrier_code=fact.carrier_code or file.agreed_carrier_code,
                is_refund_forbidden=fact.is_refund_forbidden or file.is_refund_forbidden,
            )
        case f.CarrierInstructed(request_id=request_id, due_at=due_at):
            return replace(file, instruction_id=request_id, instruction_due_at=due_at)
        case f.InstructionSettled():
            return replace(file, instruction_due_at=None)
        case f.ShortageKnown():
            return replace(file, has_shortage=True)
        case f.ResendKnown() | f.ResendUnwanted():
            return replace(file, resends=_resends(file.resends, fact))
        case _:
            return file


def _resends(known: tuple[Resend, ...], fact: f.ResendKnown | f.ResendUnwanted) -> tuple[Resend, ...]:
    if isinstance(fact, f.ResendKnown):
        return (*known, fact.resend)
    return tuple(
        replace(resend, unwanted_for=fact.parcel_id or resend.unwanted_for)
        if resend.reship_id == fact.reship_id
        else resend
        for resend in known
    )


def _with_hold(file: OrderFile, hold: Hold, at: datetime) -> OrderFile:
    """The file with a hold as it is now; the clock stands still while any hold does."""
    others = tuple(other for other in file.holds if other.refund_id != hold.refund_id)
    after = replace(file, holds=(*others, hold))
    if after.is_held and file.paused_at is None:
        return replace(after, paused_at=at)
    if not after.is_held and file.paused_at is not None:
        stood = max(at - file.paused_at, timedelta(0))
        clock = file.clock.shifted(stood) if file.clock else None
        agreed_at = file.agreed_at + stood if file.agreed_at else None
        return replace(after, paused_at=None, clock=clock, agreed_at=agreed_at)
    return after


def late_moments(file: OrderFile) -> list[tuple[Trigger, datetime, tuple[Share, ...]]]:
    """What will be late, and when, if nothing more is heard (LG-063..065); nothing while goods are held."""
    clock = file.clock
    if clock is None or file.closed_at or file.succeeded_at or file.is_held:
        return []
    known = {(breach.trigger, breach.moment) for breach in file.breaches}
    triggers = {breach.trigger for breach in file.breaches}
    found: list[tuple[Trigger, datetime, tuple[Share, ...]]] = []
    if file.agreed_at is not None and Trigger.AGREED_TIME not in triggers:
        found.append((Trigger.AGREED_TIME, file.agreed_at, unsent(file, file.agreed_at)))
    is_limit_yielding = file.agreed_at is not None and file.agreed_at > clock.limit_at
    if Trigger.UNSHIPPED_72H not in triggers and not is_limit_yielding:
        found.append((Trigger.UNSHIPPED_72H, clock.limit_at, unsent(file, clock.limit_at)))
    found.extend(
        (Trigger.FALSE_SHIPMENT, mark.pickup_by, false_lines(file, mark))
        for mark in file.marks
        if not is_true_mark(file, mark) and (Trigger.FALSE_SHIPMENT, mark.pickup_by) not in known
    )
    return [late for late in found if late[2]]


NAMES = {
    Trigger.AGREED_TIME: "agreed",
    Trigger.UNSHIPPED_72H: "limit",
    Trigger.FALSE_SHIPMENT: "pickup",
}
"""Names of the deadlines that establish lateness."""


def deadlines(state: State) -> Sequence[Deadline]:
    """What must be looked at, and when."""
    if isinstance(state, Absent):
        return []
    file = state.file
    found = _hold_deadlines(file)
    if file.instruction_due_at is not None and not isinstance(state, HandedOver | Stopped):
        found.append(Deadline("instruction", file.instruction_due_at))
    if isinstance(state, HandedOver | Stopped):
        return found
    if file.clock is not None:
        grace = timedelta(minutes=file.clock.grace_minutes)
        late = late_moments(file)
        found.extend(Deadline(NAMES[trigger], moment, grace) for trigger, moment, _ in late)
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
