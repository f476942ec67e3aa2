"""Decides on refunds against goods on their way: holds before shipment, call-backs after it (A05, A07)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.decider import Decided, NotYet
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.logistics.carriers import Capability
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.commitments import open_refunds, pieces, repaid_in, still_owed, whole
from services.logistics.order_file import Hold, HoldPhase, Link, OpenRefund, OrderFile
from services.logistics.parcels import Direction, Fault, Outcome, ParcelStatus
from services.logistics.policy import Policy
from services.logistics.shares import Share, merged, overlaps, without

Decisions = list[Decided[Fact]]


def refund_opened(file: OrderFile, opened: m.RefundOpened, policy: Policy, now: datetime) -> Decisions:
    """Holds goods that have not left, and calls back goods under way; a changed refund takes its place."""
    refund = OpenRefund(opened.refund_id, opened.kind, opened.lines)
    if refund in file.refunds:
        return []
    decided: Decisions = [Decided(f.RefundNoted(refund), ("RF-044",))]
    match opened.kind:
        case "unshipped":
            return decided + _hold(file, refund, policy, now)
        case "not_received":
            return decided + _traced(file, refund) + _call_back(file, refund)
        case _:
            return decided


def _under_way(file: OrderFile, lines: tuple[Share, ...]) -> list[Link]:
    """Lists the parcels that carry these lines to the buyer and have left."""
    return [link for link in file.outbound() if link.sent_at is not None and overlaps(link.lines, lines)]


@rules_of("RF-006", "RF-044")
def _carriers_of(file: OrderFile, refund_id: str, lines: tuple[Share, ...]) -> list[Link]:
    """Lists the parcels that the pieces of a refund left in: those that are back, where they are enough.

    Pieces that are back and repaid, or in another open refund, are not this one's.
    """
    links = _under_way(file, lines)
    back = [link for link in links if link.outcome is Outcome.RETURNED]
    others = [share for refund in file.refunds if refund.refund_id != refund_id for share in refund.lines]
    here = without((share for link in back for share in pieces(file, link.lines)), (*file.repaid, *others))
    return back if back and not without(pieces(file, lines), here) else links


def _have_left(file: OrderFile, lines: tuple[Share, ...]) -> bool:
    """Says whether all of these pieces have left."""
    sent = [share for link in _under_way(file, lines) for share in pieces(file, link.lines)]
    return not without(pieces(file, lines), sent)


@rule("RF-005", "RF-006", "RF-009", "LG-051")
def _hold(file: OrderFile, refund: OpenRefund, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks the warehouse first, and calls back goods that have left."""
    if file.is_refund_forbidden or file.closed_at is not None:
        return []
    hold = Hold(
        refund_id=refund.refund_id,
        request_id=derived_id(refund.refund_id, "hold"),
        lines=refund.lines,
        asked_at=now,
        ask_again_at=now + policy.dispatch.hold_answer_hours,
        give_up_at=now + policy.dispatch.hold_unknown_hours,
        phase=HoldPhase.ASKED,
    )
    if _have_left(file, refund.lines):
        return _too_late(file, hold, now)
    return [f.HoldAsked(hold, "hold", "refund_open", now, policy.attention.since(now))]


def _too_late(file: OrderFile, hold: Hold, now: datetime) -> list[Fact]:
    links = _carriers_of(file, hold.refund_id, hold.lines)
    ids = tuple(link.parcel_id for link in links)
    over = replace(hold, phase=HoldPhase.TOO_LATE, ask_again_at=None)
    resolved = f.HoldResolved(over, "too_late", ids, now)
    return [resolved, *_recalls(links, "refund_before_shipment")]


def _recalls(links: Sequence[Link], reason_code: str) -> list[Fact]:
    return [
        f.CallBackDue(link, reason_code, is_buyer_asked=True)
        for link in links
        if link.is_under_way and not link.is_called_back and not link.is_sought
    ]


@rule("RF-034", "RF-038", "RF-044", "LG-051")
def _call_back(file: OrderFile, refund: OpenRefund) -> Sequence[Fact]:
    """Calls back a parcel under way, on whose end the refund depends."""
    return _recalls(_under_way(file, refund.lines), "refund_in_transit")


@rule("RF-034", "RF-044")
def _traced(file: OrderFile, refund: OpenRefund) -> Sequence[Fact]:
    """Tells a refund which of its parcels the carrier has."""
    return [
        f.ParcelTraced(refund.refund_id, link)
        for link in _under_way(file, refund.lines)
        if link.pickup_at is not None and link.is_under_way
    ]


@rule("RF-034", "RF-044")
def picked_up_after(file: OrderFile, link: Link) -> Sequence[Fact]:
    """Tells the not-received refunds of a parcel that the carrier has it now."""
    if link.direction is not Direction.OUTBOUND or not link.is_under_way:
        return []
    refunds = [refund for refund in open_refunds(file, link.lines) if refund.kind == "not_received"]
    return [f.ParcelTraced(refund.refund_id, link) for refund in refunds]


@rule("RF-005", "RF-006", "LG-051")
def hold_answered(file: OrderFile, answer: m.HoldAnswered, now: datetime) -> Sequence[Fact]:
    """Takes the warehouse's answer. `unknown` is no answer: the hold goes on being asked."""
    hold = next((hold for hold in file.holds if hold.request_id == answer.request_id), None)
    if hold is None:
        if any(derived_id(h.refund_id, "hold") == answer.request_id for h in file.holds):
            return []
        raise NotYet
    if hold.phase is HoldPhase.RELEASING:
        return [f.HoldDropped(replace(hold, phase=HoldPhase.OVER), now)]
    if hold.phase not in {HoldPhase.ASKED, HoldPhase.UNKNOWN} or answer.outcome == "unknown":
        return []
    if answer.outcome == "stopped":
        stopped = replace(hold, phase=HoldPhase.STOPPED, ask_again_at=None)
        return [f.HoldResolved(stopped, "stopped", answer.parcel_ids, now)]
    named = [link for link in file.outbound() if link.parcel_id in answer.parcel_ids]
    links = {link.parcel_id: link for link in (*_under_way(file, hold.lines), *named)}
    over = replace(hold, phase=HoldPhase.TOO_LATE, ask_again_at=None)
    ids = tuple(sorted(links.keys() | set(answer.parcel_ids)))
    recalls = [
        f.CallBackDue(link, "refund_before_shipment", is_buyer_asked=True)
        for link in links.values()
        if link.outcome is None and not link.is_called_back and not link.is_sought
    ]
    return [f.HoldResolved(over, "too_late", ids, now), *recalls]


@rule("RF-006")
def overtaken_holds(file: OrderFile, now: datetime) -> Sequence[Fact]:
    """Calls back goods that left although they were to be held, whatever the warehouse will answer."""
    phases = {HoldPhase.ASKED, HoldPhase.STOPPED, HoldPhase.UNKNOWN}
    for hold in file.holds:
        if hold.phase in phases and _have_left(file, hold.lines):
            return _too_late(file, hold, now)
    return []


@rule("RF-005")
def hold_unanswered(file: OrderFile, due_at: datetime, policy: Policy) -> Sequence[Fact]:
    """Asks for the hold once more, and lets a person ring the warehouse."""
    facts: list[Fact] = []
    for hold in file.holds:
        if hold.ask_again_at == due_at and hold.phase in {HoldPhase.ASKED, HoldPhase.RELEASING}:
            action = "hold" if hold.phase is HoldPhase.ASKED else "release"
            again = replace(hold, ask_again_at=None)
            attention = policy.attention.since(due_at)
            facts.append(f.HoldAsked(again, action, "unanswered", due_at, attention))
            task_id = derived_id(hold.request_id, "unanswered")
            facts.append(Task("hold_unanswered", hold.give_up_at, task_id=task_id))
    return facts


@rule("RF-005")
def hold_given_up(file: OrderFile, due_at: datetime) -> Sequence[Fact]:
    """Gives up where nobody knows about the goods; the refund's own two days decide."""
    facts: list[Fact] = []
    for hold in file.holds:
        if hold.give_up_at != due_at:
            continue
        if hold.phase is HoldPhase.ASKED:
            unknown = replace(hold, phase=HoldPhase.UNKNOWN, ask_again_at=None)
            facts.append(f.HoldResolved(unknown, "unknown", (), due_at))
        elif hold.phase is HoldPhase.RELEASING:
            facts.append(f.HoldDropped(replace(hold, phase=HoldPhase.OVER), due_at))
    return facts


@rule("RF-003", "RF-005")
def refund_closed(file: OrderFile, closed: m.RefundClosed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets the goods leave again without the refund."""
    refund = next((r for r in file.refunds if r.refund_id == closed.refund_id), None)
    if refund is None:
        raise NotYet
    facts: list[Fact] = [f.RefundEnded((refund,), is_paid=False, repaid=())]
    hold = file.hold(refund.refund_id)
    if hold is not None and hold.phase in {HoldPhase.ASKED, HoldPhase.STOPPED, HoldPhase.UNKNOWN}:
        releasing = replace(
            hold,
            request_id=derived_id(refund.refund_id, "release"),
            phase=HoldPhase.RELEASING,
            ask_again_at=now + policy.dispatch.hold_answer_hours,
            give_up_at=now + policy.dispatch.hold_unknown_hours,
        )
        facts.append(f.HoldAsked(releasing, "release", "refund_closed", now, policy.attention.since(now)))
    return facts


@rule("RF-005", "RF-035")
def refund_paid(file: OrderFile, paid: m.RefundPaid, now: datetime) -> Sequence[Fact]:
    """Frees pieces that were refunded from being sent; their hold stays as it is and asks nothing more.

    A part of the money that is paid later, or again, frees no more pieces; nor does another refund of pieces
    that are back and were repaid as such.
    """
    payment_id = paid.refund_id or paid.remedy_id or ""
    if payment_id in file.paid_ids and not paid.is_full:
        return []
    refunds = tuple(r for r in file.refunds if r.refund_id == paid.refund_id)
    is_remedy = paid.remedy_id is not None or any(r.kind in {"unshipped", "not_received"} for r in refunds)
    named = pieces(file, paid.lines) if paid.lines else ()
    at_shop = _at_the_shop(file, named, but=file.repaid_here)
    repaid = whole(file) if paid.is_full else named if is_remedy else at_shop
    is_return = any(r.kind in {"with_return", "no_reason"} for r in refunds)
    given_back = without(named, repaid) if is_return else ()
    here = () if paid.remedy_id else at_shop
    ended = f.RefundEnded(refunds, True, repaid, given_back, payment_id, here)
    facts: list[Fact] = [ended] if refunds or repaid else []
    facts += _recalls(_all_repaid(file, repaid), "refund_in_transit") if repaid else []
    for refund in refunds:
        hold = file.hold(refund.refund_id)
        if hold is not None and hold.phase is not HoldPhase.OVER:
            facts.append(f.HoldDropped(replace(hold, phase=HoldPhase.OVER, ask_again_at=None), now))
    return facts


def _at_the_shop(file: OrderFile, paid: tuple[Share, ...], but: tuple[Share, ...] = ()) -> tuple[Share, ...]:
    """Lists the paid pieces that a carrier brought back, other than some: nobody is to send them again."""
    back = merged(
        share
        for link in file.outbound()
        if link.outcome is Outcome.RETURNED
        for share in pieces(file, link.lines)
    )
    return without(paid, without(paid, without(back, but)))


def _all_repaid(file: OrderFile, repaid: tuple[Share, ...]) -> list[Link]:
    """Lists the parcels to the buyer that hold nothing but pieces that are repaid, and none that is owed."""
    after = replace(file, repaid=(*file.repaid, *repaid))
    return [
        link
        for link in file.links
        if link.direction.is_to_buyer and link.remedy is None and not _is_owed(after, link)
    ]


def closed(file: OrderFile, message: m.Closed, now: datetime) -> Decisions:
    """Stops the order, or some of its lines, that the order system closed."""
    if file.closed_at is not None:
        return []
    off = _off(file, message)
    if message.lines and without(whole(file), (*file.repaid, *off)):
        ended = f.RefundEnded((), is_paid=False, repaid=off, closed=message.lines)
        return [Decided(ended, ("OR-005",))]
    dropped = [
        f.HoldDropped(replace(hold, phase=HoldPhase.OVER, ask_again_at=None), now)
        for hold in file.holds
        if hold.phase is not HoldPhase.OVER
    ]
    facts: list[Fact] = [*dropped, f.OrderStopped(now)]
    return [Decided(fact, ("OR-005",)) for fact in facts]


def _off(file: OrderFile, told: m.Closed) -> tuple[Share, ...]:
    """Lists the closed pieces that we did not refund: an order system repeats those that we did."""
    if told.cause not in ("refunded", "refunded_unshipped"):
        return told.lines
    ours = without(file.repaid, file.closed_beyond)
    return without(without((*file.closed, *told.lines), ours), file.closed_beyond)


@rules_of("RF-005", "RF-006")
def _is_owed(file: OrderFile, link: Link) -> bool:
    """Says whether pieces of the parcel are still to be sent, beside those that other parcels carry."""
    goods = pieces(file, link.lines)
    if without(goods, file.repaid) or link.direction is not Direction.OUTBOUND:
        return bool(without(goods, file.repaid))
    others = [
        share
        for other in file.outbound()
        if other.parcel_id != link.parcel_id and other.sent_at is not None and not _comes_back(other)
        for share in pieces(file, other.lines)
    ]
    return without(goods, without(still_owed(file), others)) != goods


def _comes_back(link: Link) -> bool:
    """Says whether the buyer does not get the parcel, as far as is known."""
    is_settled = link.remedy is not None or link.is_sought or link.is_called_back
    return is_settled or link.outcome not in (None, Outcome.DELIVERED)


@rule("RF-006")
def left_after_close(file: OrderFile, link: Link, now: datetime) -> Sequence[Fact]:
    """Calls back goods that left a closed order and lets a person look; the money stands."""
    is_over = file.closed_at is not None or not _is_owed(file, link)
    is_seen_to = link.is_called_back or link.is_sought or link.remedy is not None
    if not is_over or is_seen_to or link.direction is not Direction.OUTBOUND or not link.is_under_way:
        return []
    task_id = derived_id(link.parcel_id, "left-after-close")
    due_at = now + timedelta(days=1)
    task = Task("goods_left_closed_order", due_at, "reconciliation", task_id=task_id)
    return [f.CallBackDue(link, "order_closed", is_buyer_asked=True), task]


@rule("RF-036", "LG-050")
def refused(file: OrderFile, link: Link) -> Sequence[Fact]:
    """Calls back a refused parcel."""
    if link.status is not ParcelStatus.REFUSED or link.outcome is not None:
        return []
    if not link.direction.is_to_buyer or link.is_called_back or link.is_sought:
        return []
    return [f.CallBackDue(link, "refused", is_buyer_asked=False)] if file.link(link.parcel_id) else []


@rule("RF-037", "RF-038", "LG-021")
def undeliverable(file: OrderFile, link: Link, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Calls a parcel out of range or with a bad address back if a refund is open; else a person decides.

    Where the carrier changes addresses under way, the question is for the right address.
    """
    if link.status not in {ParcelStatus.OUT_OF_RANGE, ParcelStatus.ADDRESS_PROBLEM}:
        return []
    if not link.direction.is_to_buyer or link.is_called_back or link.is_sought or link.outcome is not None:
        return []
    if open_refunds(file, link.lines):
        return [f.CallBackDue(link, link.status.value, is_buyer_asked=False)]
    task_id = derived_id(link.parcel_id, link.status.value)
    carrier = policy.carriers.of(link.tracking.carrier_code)
    is_changeable = link.status is ParcelStatus.ADDRESS_PROBLEM and carrier.can(Capability.ADDRESS_CHANGE)
    question_code = "correct_address" if is_changeable else link.status.value
    return [Task(question_code, now + timedelta(days=1), "assessment", task_id=task_id)]


def _is_paid_as_returned(link: Link) -> bool:
    return link.direction is Direction.OUTBOUND or (link.direction is Direction.RESHIP and link.was_lost)


@rule("RF-006", "RF-036", "RF-037", "RF-038", "LG-050")
def back_without_refund(file: OrderFile, parcel_id: str) -> Sequence[Fact]:
    """Pays the buyer for goods that are back, where the buyer has nothing and no refund is open.

    A resend that comes back is left to the search that sent it, but for one that was lost in between: that
    search has left it to another, which ended when the resend was found.
    """
    link = file.link(parcel_id)
    if link is None or link.outcome is not Outcome.RETURNED or not _is_paid_as_returned(link):
        return []
    is_settled = link.remedy is not None or link.is_sought or file.closed_at or file.succeeded_at
    lines = without(pieces(file, link.lines), repaid_in(file, link))
    if is_settled or file.clock is None or not lines or open_refunds(file, link.lines):
        return []
    reason, fault = f.Reason.UNWANTED, Fault.UNKNOWN
    if link.is_called_back:
        reason, fault = f.Reason.REFUSED, Fault.BUYER
    if link.was_out_of_range:
        reason, fault = f.Reason.OUT_OF_RANGE, Fault.UNKNOWN
    return [f.RemedyDue(derived_id(parcel_id, "returned"), parcel_id, lines, reason, fault)]


@rule("OR-006")
def unpaid_goods_out(file: OrderFile, closed: m.Closed, now: datetime) -> Sequence[Fact]:
    """Calls back goods that left an order which was never paid."""
    is_unpaid = closed.cause.startswith("unpaid") or closed.cause in ("declined", "fraud")
    if file.clock is not None or not is_unpaid:
        return []
    links = [link for link in file.outbound() if link.is_under_way and not link.is_called_back]
    if not links:
        return []
    task_id = derived_id(file.order_id, "unpaid-goods-out")
    task = Task("unpaid_goods_out", now + timedelta(days=1), "reconciliation", task_id=task_id)
    recalls: list[Fact] = [f.CallBackDue(link, "unpaid", is_buyer_asked=False) for link in links]
    return [*recalls, task]
