"""Dispatch commitments and late shipping: payment, ship marks, departures, promises (A22, A23)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kernel.decider import Decided, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases import dispatch_messages as m
from services.logistics.cases.dispatch_states import fold, late_moments
from services.logistics.cases.order_file import (
    Breach,
    Link,
    Mark,
    OrderFile,
    Trigger,
    clock_for,
    is_true_mark,
    sent_by,
    unsent,
    value_of,
)
from services.logistics.cases.values import NoticeAsked, Share, TaskOpened, derived_id, without
from services.logistics.policy import Policy

Decisions = list[Decided[f.Fact]]


def after(file: OrderFile, decided: Iterable[Decided[f.Fact]]) -> OrderFile:
    """The file once these facts are in it."""
    for entry in decided:
        file = fold(file, entry.fact)
    return file


@rule("OR-006", "OR-011")
def placed(message: m.Placed, policy: Policy, now: datetime) -> Sequence[f.Fact]:
    """An order waits for its payment before anything may leave; paid on delivery, its clock runs at once."""
    file = OrderFile(
        order_id=message.order_id,
        customer_id=message.customer_id,
        region_code=message.region_code,
        is_cash_on_delivery=message.is_cash_on_delivery,
        lines=message.lines,
        placed_at=now,
    )
    known = f.OrderKnown(file, policy.attention(now))
    if not message.is_cash_on_delivery:
        return [known]
    clock = clock_for(file, now, policy.dispatch, policy.zone)
    return [known, f.ClockStarted(clock, policy.attention(now))]


@rule("OR-006", "OR-011", "LG-053", "LG-054", "LG-055", "LG-056")
def paid(file: OrderFile, policy: Policy, now: datetime) -> Sequence[f.Fact]:
    """Payment starts the dispatch clock."""
    if file.clock is not None:
        return []
    return [f.ClockStarted(clock_for(file, now, policy.dispatch, policy.zone), policy.attention(now))]


@rule("LG-064")
def ship_marked(file: OrderFile, marked: m.ShipMarked, policy: Policy, now: datetime) -> Sequence[f.Fact]:
    """A ship mark is believed until the carrier should have had the goods."""
    mark = Mark(now, marked.delivery_kind, marked.parcel_ids, marked.lines, now + policy.dispatch.pickup)
    return [] if mark in file.marks else [f.MarkNoted(mark)]


def parcel_added(file: OrderFile, added: m.ParcelAdded) -> Decisions:
    """A parcel of the order is known; a resend's parcel goes to its case."""
    if file.link(added.link.parcel_id) is not None:
        return []
    value = added.declared_amount or value_of(file, added.link.lines)
    link = replace(added.link, value=value)
    decided: Decisions = [Decided(f.LinkChanged(link), ())]
    reship_id = _resend_of(file, added)
    if reship_id is not None:
        decided.append(Decided(f.ReshipParcelKnown(link, reship_id), ()))
    return decided


def _resend_of(file: OrderFile, added: m.ParcelAdded) -> str | None:
    """The reship case that the parcel carries out: the one it names, else the first that waits for it."""
    for resend in file.resends:
        if added.request_id == derived_id(resend.reship_id, "send"):
            return resend.reship_id
    if not added.link.direction.is_resend:
        return None
    taken = {link.reship_id for link in file.links}
    lines = {share.line_id for share in added.link.lines}
    for resend in sorted(file.resends, key=lambda resend: resend.unwanted_for is not None):
        if resend.reship_id not in taken and lines & {share.line_id for share in resend.lines}:
            return resend.reship_id
    return None


def parcel_left(file: OrderFile, left: m.ParcelLeft, policy: Policy, now: datetime) -> Decisions:
    """The parcel is out of the warehouse. Before the payment was booked this is normal, and not late."""
    link = file.link(left.parcel_id)
    if link is None:
        raise NotYet
    if link.left_at is not None and link.left_at <= now:
        return []
    link = replace(link, left_at=now)
    decided: Decisions = [Decided(f.DepartureNoted(link), ("LG-063",))]
    return decided + _wrong_carrier(file, link, left.carrier_code, policy)


def picked_up(file: OrderFile, scan: m.PickedUp) -> Decisions:
    """A scan proves that the carrier has the parcel."""
    link = file.link(scan.parcel_id)
    if link is None:
        raise NotYet
    if link.pickup_at is not None and link.pickup_at <= scan.at:
        return []
    return [Decided(f.LinkChanged(replace(link, pickup_at=scan.at)), ("LG-064",))]


def voided(file: OrderFile, message: m.WaybillVoided) -> Decisions:
    """The goods stayed: the parcel proves nothing any more."""
    link = file.link(message.parcel_id)
    if link is None:
        raise NotYet
    return [] if link.is_void else [Decided(f.VoidNoted(replace(link, is_void=True)), ("RF-005",))]


@rule("LG-057")
def _wrong_carrier(file: OrderFile, link: Link, carrier_code: str, policy: Policy) -> Sequence[f.Fact]:
    """Another carrier than the agreed one breaks the promise."""
    agreed = file.agreed_carrier_code
    if agreed is None or agreed == carrier_code or not policy.dispatch.is_agreed_carrier_binding:
        return []
    return [f.WrongCarrierUsed(link.parcel_id, carrier_code, policy.dispatch.wrong_carrier_points)]


def promised(file: OrderFile, promise: m.Promised, policy: Policy, now: datetime) -> Decisions:
    """What staff promised binds dispatch."""
    match promise.kind:
        case "ship_by" if promise.due_at is not None:
            return _time_promised(file, promise.due_at)
        case "carrier" if promise.value_code is not None:
            return _carrier_promised(file, promise.value_code, policy, now)
        case "no_refund":
            return _no_refund_promised(file)
        case _:
            return []


@rule("LG-055", "LG-059", "LG-065")
def _time_promised(file: OrderFile, agreed_at: datetime) -> Sequence[f.Fact]:
    """A ship time that was agreed takes the place of every general one (reading A10)."""
    if file.agreed_at == agreed_at:
        return []
    return [f.PromiseNoted(agreed_at, None, is_refund_forbidden=False)]


@rule("RF-007", "LG-065")
def later_date_agreed(file: OrderFile, agreed: m.LaterDateAgreed) -> Sequence[f.Fact]:
    """The buyer agreed to wait: that is the time agreed now."""
    if file.agreed_at is not None and file.agreed_at >= agreed.until_at:
        return []
    return [f.PromiseNoted(agreed.until_at, None, is_refund_forbidden=False)]


@rule("LG-057")
def _carrier_promised(file: OrderFile, carrier_code: str, policy: Policy, now: datetime) -> Sequence[f.Fact]:
    """An agreed courier must be used: the warehouse is told."""
    if file.agreed_carrier_code == carrier_code:
        return []
    facts: list[f.Fact] = [f.PromiseNoted(None, carrier_code, is_refund_forbidden=False)]
    if all(link.sent_at is None for link in file.outbound()):
        request_id = derived_id(file.order_id, "carrier", now.strftime("%Y%m%d%H%M%S"))
        due_at = now + policy.dispatch.instruction_answer
        facts.append(f.CarrierInstructed(request_id, carrier_code, due_at))
    return facts


@rule("RF-009")
def _no_refund_promised(file: OrderFile) -> Sequence[f.Fact]:
    """Staff promised to ship and not to refund: no hold stops the goods."""
    return [] if file.is_refund_forbidden else [f.PromiseNoted(None, None, is_refund_forbidden=True)]


@rule("LG-057")
def instruction_unanswered(file: OrderFile, now: datetime, policy: Policy) -> Sequence[f.Fact]:
    """Nobody answered the instruction: a person looks."""
    request_id = file.instruction_id or file.order_id
    task_id = derived_id(request_id, "task")
    due_at = now + policy.attention_after
    return [f.InstructionSettled(request_id), TaskOpened(task_id, "attention", "agreed_carrier", due_at)]


@rule("LG-053", "LG-056")
def target_missed(file: OrderFile, due_at: datetime, policy: Policy) -> Sequence[f.Fact]:
    """The commitment was missed: the warehouse hears of it, and the buyer is told."""
    if file.clock is None:
        return []
    notice = NoticeAsked(
        notice_id=derived_id(file.order_id, "dispatch-delayed"),
        to="buyer",
        template_code="dispatch_delayed",
        expires_at=due_at + policy.attention_after,
        values={},
    )
    missed = f.TargetMissed(due_at, file.clock.target_source, unsent(file, due_at))
    return [missed, notice] if file.customer_id is not None else [missed]


def established(file: OrderFile, policy: Policy, until: datetime, *, inclusive: bool) -> Decisions:
    """Everything that is late by a moment (`inclusive`: or at it) and was not said yet."""
    decided: Decisions = []
    for trigger, moment, lines in late_moments(file):
        if moment < until or (inclusive and moment == until):
            decided += _LATE[trigger](trigger, moment, lines, policy)
    return decided


@rule("LG-065")
def _agreed_missed(
    trigger: Trigger, moment: datetime, lines: tuple[Share, ...], policy: Policy
) -> Sequence[f.Fact]:
    """A missed agreed time is late, even inside the general limit."""
    return [f.LateEstablished(trigger, moment, lines, policy.attention(moment))]


@rule("LG-063", "OR-011")
def _limit_missed(
    trigger: Trigger, moment: datetime, lines: tuple[Share, ...], policy: Policy
) -> Sequence[f.Fact]:
    """Nothing sent within the limit after payment counts as out of stock."""
    return [f.LateEstablished(trigger, moment, lines, policy.attention(moment))]


@rule("LG-064")
def _mark_disproved(
    trigger: Trigger, moment: datetime, lines: tuple[Share, ...], policy: Policy
) -> Sequence[f.Fact]:
    """A ship mark that no pick-up follows counts as not shipped."""
    return [f.LateEstablished(trigger, moment, lines, policy.attention(moment))]


_LATE = {
    Trigger.AGREED_TIME: _agreed_missed,
    Trigger.UNSHIPPED_72H: _limit_missed,
    Trigger.FALSE_SHIPMENT: _mark_disproved,
}


def shortage_noted(file: OrderFile, noted: m.ShortageNoted, policy: Policy, now: datetime) -> Decisions:
    """Goods that have not left are missing: the buyer must choose, and it may be a stock-out already."""
    lines = without(noted.lines, sent_by(file, now))
    if not lines or file.closed_at is not None or file.succeeded_at is not None:
        return []
    decided: Decisions = [Decided(f.ShortageKnown(lines, noted.expected_at), ("RF-007",))]
    return [*decided, *_stockout_stated(file, lines, noted, policy, now)]


@rule("LG-062")
def _stockout_stated(
    file: OrderFile, lines: tuple[Share, ...], noted: m.ShortageNoted, policy: Policy, now: datetime
) -> Sequence[f.Fact]:
    """Saying that sold goods are not to be had establishes the stock-out, unless they come in time."""
    is_known = any(breach.trigger is Trigger.STOCKOUT_STATED for breach in file.breaches)
    limit_at = file.clock.limit_at if file.clock else None
    is_in_time = noted.expected_at is not None and limit_at is not None and noted.expected_at <= limit_at
    if limit_at is None or is_known or (is_in_time and not noted.is_stated):
        return []
    return [f.LateEstablished(Trigger.STOCKOUT_STATED, now, lines, policy.attention(now))]


@rule("LG-063", "LG-064", "LG-065")
def withdrawn(file: OrderFile) -> Sequence[f.Fact]:
    """Later-read news of an earlier hand-over or pick-up: it was in time after all."""
    return [
        f.LateWithdrawn(breach.trigger, breach.moment, "earlier_pickup")
        for breach in file.breaches
        if _was_in_time(file, breach)
    ]


def _was_in_time(file: OrderFile, breach: Breach) -> bool:
    if breach.trigger is Trigger.STOCKOUT_STATED:
        return False
    if breach.trigger is Trigger.FALSE_SHIPMENT:
        marks = [mark for mark in file.marks if mark.pickup_by == breach.moment]
        return all(is_true_mark(file, mark) for mark in marks)
    return not without(breach.owed, sent_by(file, breach.moment))


@rule("OR-006")
def unpaid_goods_out(file: OrderFile, closed: m.Closed, now: datetime) -> Sequence[f.Fact]:
    """Goods that left an order which was never paid are called back."""
    if file.clock is not None or not closed.cause.startswith("unpaid"):
        return []
    links = [link for link in file.outbound() if link.is_under_way and not link.is_called_back]
    if not links:
        return []
    task_id = derived_id(file.order_id, "unpaid-goods-out")
    task = TaskOpened(task_id, "reconciliation", "unpaid_goods_out", now + timedelta(days=1))
    recalls: list[f.Fact] = [f.CallBackDue(link, "unpaid", is_buyer_asked=False) for link in links]
    return [*recalls, task]
