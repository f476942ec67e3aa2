"""Decides on dispatch commitments: payment, ship marks, promises, missing goods (A22)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.commitments import not_under_way, sent_by, still_owed
from services.logistics.order_file import Clock, Mark, OrderFile, OrderLine, Source, Trigger
from services.logistics.policy import Dispatch, Policy
from services.logistics.shares import Share, without

Decisions = list[Decided[Fact]]


@rules_of("LG-053", "LG-054", "LG-055", "LG-056", "LG-063", "OR-011")
def clock_for(file: OrderFile, start_at: datetime, policy: Dispatch, zone: ZoneInfo) -> Clock:
    """Sets the dispatch clock: product promise, else the same day before the cut-off, else the shop's hours.

    The limit counts from payment (reading A11), and for presale goods it is their promise if that is later.
    """
    promised = [
        line.dispatch_by_at or start_at + timedelta(hours=line.dispatch_within_hours or 0)
        for line in file.lines
        if line.dispatch_by_at is not None or line.dispatch_within_hours is not None
    ]
    local = start_at.astimezone(zone)
    if promised:
        target_at, source = min(promised), Source.PRODUCT
    elif policy.cut_off is not None and local.hour < policy.cut_off:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        target_at, source = (midnight + timedelta(days=1)).astimezone(start_at.tzinfo), Source.SHOP
    else:
        target_at, source = start_at + policy.target_hours, Source.SHOP
    limit_at = start_at + policy.limit_hours
    presale = [line.dispatch_by_at for line in file.lines if line.is_presale and line.dispatch_by_at]
    if presale and all(line.is_presale for line in file.lines):
        limit_at = max(limit_at, *presale)
    grace_minutes = int(policy.grace_minutes / timedelta(minutes=1))
    return Clock(start_at, target_at, source, limit_at, grace_minutes)


@rule("OR-006", "OR-011")
def placed(message: m.Placed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets an order wait for its payment before anything may leave; paid on delivery, the clock runs."""
    file = OrderFile(
        order_id=message.order_id,
        customer_id=message.customer_id,
        region_code=message.region_code,
        is_cash_on_delivery=message.is_cash_on_delivery,
        lines=message.lines,
        placed_at=now,
    )
    known = f.OrderKnown(file, policy.attention.since(now))
    if not message.is_cash_on_delivery:
        return [known]
    clock = clock_for(file, now, policy.dispatch, policy.zone)
    return [known, f.ClockStarted(clock, policy.attention.since(now))]


@rule("OR-006", "OR-011", "LG-053", "LG-054", "LG-055", "LG-056")
def paid(file: OrderFile, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Starts the dispatch clock with the payment."""
    if file.clock is not None:
        return []
    return [f.ClockStarted(clock_for(file, now, policy.dispatch, policy.zone), policy.attention.since(now))]


@rule("OR-006")
def terms_changed(file: OrderFile, lines: tuple[OrderLine, ...]) -> Sequence[Fact]:
    """Changes the lines until the payment; goods that left already stay as they are."""
    return [f.LinesChanged(lines)] if file.clock is None and lines != file.lines else []


@rule("OR-006", "OR-011")
def order_edited(
    file: OrderFile, lines: tuple[OrderLine, ...], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Takes over the lines of an edited order: pieces that were removed need not be sent any more.

    Where all that was there before has left, the clock of what is added begins now.
    """
    if file.closed_at is not None or file.succeeded_at is not None:
        return []
    if file.clock is None:
        return [f.LinesChanged(lines)] if lines != file.lines else []
    before = {line.line_id: line for line in file.lines}
    now_there = {line.line_id: line.quantity_count for line in lines}
    kept = [line for line in file.lines if line.line_id not in now_there]
    fresh = [_not_fewer(line, before.get(line.line_id)) for line in lines]
    removed = tuple(
        Share(line.line_id, fewer)
        for line in file.lines
        if (fewer := line.quantity_count - now_there.get(line.line_id, 0) - _gone(file, line.line_id)) > 0
    )
    all_lines = (*fresh, *kept)
    if not removed and all_lines == file.lines:
        return []
    changed = f.LinesChanged(all_lines, removed)
    edited = replace(file, lines=all_lines, repaid=(*file.repaid, *removed))
    if not_under_way(file) or not not_under_way(edited):
        return [changed]
    clock = clock_for(replace(edited, lines=tuple(fresh)), now, policy.dispatch, policy.zone)
    return [changed, f.ClockStarted(clock, policy.attention.since(now))]


def _not_fewer(line: OrderLine, before: OrderLine | None) -> OrderLine:
    count = line.quantity_count if before is None else max(line.quantity_count, before.quantity_count)
    return replace(line, quantity_count=count)


def _gone(file: OrderFile, line_id: str) -> int:
    """Counts pieces that were taken out of the order before."""
    return sum(share.quantity_count for share in file.repaid if share.line_id == line_id)


@rule("OR-010")
def succeeded(file: OrderFile, succeeded: m.Succeeded, now: datetime) -> Sequence[Fact]:
    """Ends the clock: the buyer has the goods. A part of the order ends nothing."""
    if file.succeeded_at is not None or succeeded.lines:
        return []
    return [f.OrderSucceeded(now)]


@rule("LG-064")
def ship_marked(file: OrderFile, marked: m.ShipMarked, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Believes a ship mark for the time in which the carrier should fetch the goods."""
    parcel_ids = tuple(sorted({file.current_id(each) for each in marked.parcel_ids}))
    mark = Mark(now, marked.delivery_kind, parcel_ids, marked.lines, now + policy.dispatch.pickup_hours)
    is_known = any(replace(known, is_asked=False) == mark for known in file.marks)
    return [] if is_known else [f.MarkNoted(mark)]


def promised(file: OrderFile, promise: m.Promised, policy: Policy, now: datetime) -> Decisions:
    """Binds dispatch to a promise of staff."""
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
def _time_promised(file: OrderFile, agreed_at: datetime) -> Sequence[Fact]:
    """Puts an agreed ship time in the place of every general one (reading A10)."""
    if file.agreed_at == agreed_at:
        return []
    return [f.PromiseNoted(agreed_at, None, is_refund_forbidden=False)]


@rule("RF-007", "LG-065")
def later_date_agreed(file: OrderFile, agreed: m.LaterDateAgreed) -> Sequence[Fact]:
    """Takes the later date to which the buyer agreed as the time agreed now."""
    if file.agreed_at is not None and file.agreed_at >= agreed.until_at:
        return []
    return [f.PromiseNoted(agreed.until_at, None, is_refund_forbidden=False)]


@rule("CP-032", "LG-055", "LG-059")
def completed(before: OrderFile, file: OrderFile, now: datetime) -> Sequence[Fact]:
    """Says when the last parcel of an order with a promised ship time left."""
    if file.agreed_at is None or file.closed_at is not None or not_under_way(file) or not still_owed(file):
        return []
    if before.agreed_at is not None and not not_under_way(before):
        return []
    left = [link.sent_at for link in file.outbound() if link.sent_at is not None]
    return [f.DispatchCompleted(max(left, default=now))]


@rule("LG-057")
def _carrier_promised(file: OrderFile, carrier_code: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Tells the warehouse to use an agreed courier."""
    if file.agreed_carrier_code == carrier_code:
        return []
    facts: list[Fact] = [f.PromiseNoted(None, carrier_code, is_refund_forbidden=False)]
    if all(link.sent_at is None for link in file.outbound()):
        request_id = derived_id(file.order_id, "carrier", now.strftime("%Y%m%d%H%M%S"))
        due_at = now + policy.dispatch.instruction_answer_hours
        facts.append(f.CarrierInstructed(request_id, carrier_code, due_at))
    return facts


@rule("RF-009")
def _no_refund_promised(file: OrderFile) -> Sequence[Fact]:
    """Lets no hold stop the goods where staff promised to ship and not to refund."""
    return [] if file.is_refund_forbidden else [f.PromiseNoted(None, None, is_refund_forbidden=True)]


def shortage_noted(file: OrderFile, noted: m.ShortageNoted, policy: Policy, now: datetime) -> Decisions:
    """Lets the buyer choose where goods that have not left are missing; that may be a stock-out."""
    lines = without(noted.lines, sent_by(file, now))
    if not lines or file.closed_at is not None or file.succeeded_at is not None:
        return []
    decided: Decisions = [Decided(f.ShortageKnown(lines, noted.expected_at), ("RF-007",))]
    return [*decided, *_stockout_stated(file, lines, noted, policy, now)]


@rule("LG-062")
def _stockout_stated(
    file: OrderFile, lines: tuple[Share, ...], noted: m.ShortageNoted, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Establishes a stock-out by the word that sold goods are not to be had, unless they come in time."""
    is_known = any(breach.trigger is Trigger.STOCKOUT_STATED for breach in file.breaches)
    limit_at = file.clock.limit_at if file.clock else None
    is_in_time = noted.expected_at is not None and limit_at is not None and noted.expected_at <= limit_at
    if limit_at is None or is_known or (is_in_time and not noted.is_stated):
        return []
    return [f.LateEstablished(Trigger.STOCKOUT_STATED, now, lines, policy.attention.since(now))]
