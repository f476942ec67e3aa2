"""Computes from an order's file which pieces are owed, which were sent by a moment, and their value."""

from collections.abc import Iterable
from datetime import datetime

from kernel.money import Money, allocate
from kernel.rules import rules_of
from services.logistics.order_file import Clock, Link, Mark, OpenRefund, OrderFile, Trigger
from services.logistics.parcels import Direction, Outcome
from services.logistics.shares import UNKNOWN_LINES, Share, merged, overlaps, within, without

NO_PICKUP = frozenset({"auto_delivered", "virtual", "none"})
"""Ways of delivery that no carrier has a part in."""


def whole(file: OrderFile) -> tuple[Share, ...]:
    """Lists every piece of the order."""
    return merged(Share(line.line_id, line.quantity_count) for line in file.lines) or UNKNOWN_LINES


def pieces(file: OrderFile, lines: tuple[Share, ...]) -> tuple[Share, ...]:
    """Takes the lines, or the whole order where none are named or none are known."""
    return lines if lines and file.lines else whole(file)


def still_owed(file: OrderFile) -> tuple[Share, ...]:
    """Lists the pieces that must be sent: all but those that were refunded."""
    return without(whole(file), file.repaid)


def _marks(file: OrderFile, mark: Mark, link: Link) -> bool:
    """Says whether the mark speaks of the parcel."""
    if mark.parcel_ids:
        return link.parcel_id in mark.parcel_ids
    return overlaps(pieces(file, mark.lines), link.lines)


def _links_of(file: OrderFile, mark: Mark) -> list[Link]:
    return [link for link in file.outbound() if _marks(file, mark, link)]


@rules_of("LG-064")
def is_true_mark(file: OrderFile, mark: Mark, by: datetime | None = None) -> bool:
    """Says whether the carrier had all goods of the mark in time, or by a later moment.

    Goods without a carrier need no proof.
    """
    if mark.delivery_kind in NO_PICKUP:
        return True
    links = _links_of(file, mark)
    if mark.parcel_ids and len(links) < len(set(mark.parcel_ids)):
        return False
    by = by or mark.pickup_by
    return bool(links) and all(link.sent_at is not None and link.sent_at <= by for link in links)


def sent_by(file: OrderFile, by: datetime) -> list[Share]:
    """Lists the pieces that were sent by a moment, as far as is known.

    A parcel counts from its earliest proof, or from a ship mark that is true or was not disproved by then.
    """
    believed = [mark for mark in file.marks if is_true_mark(file, mark) or by < mark.pickup_by]
    sent: list[Share] = []
    for link in file.outbound():
        moments = [mark.at for mark in believed if _marks(file, mark, link)]
        if link.sent_at is not None:
            moments.append(link.sent_at)
        if moments and min(moments) <= by:
            sent.extend(pieces(file, link.lines))
    for mark in believed:
        if mark.at <= by and (mark.delivery_kind in NO_PICKUP or not _links_of(file, mark)):
            sent.extend(pieces(file, mark.lines))
    return sent


def unsent(file: OrderFile, by: datetime) -> tuple[Share, ...]:
    """Lists the pieces that were still owed and not sent by a moment."""
    return without(still_owed(file), sent_by(file, by))


def not_under_way(file: OrderFile) -> tuple[Share, ...]:
    """Lists the pieces that neither a carrier has nor a delivery without carrier covers."""
    sent: list[Share] = []
    for link in file.outbound():
        if link.sent_at is not None:
            sent.extend(pieces(file, link.lines))
    for mark in file.marks:
        if mark.delivery_kind in NO_PICKUP:
            sent.extend(pieces(file, mark.lines))
    return without(still_owed(file), sent)


def false_lines(file: OrderFile, mark: Mark, by: datetime) -> tuple[Share, ...]:
    """Lists the owed pieces of a mark that no carrier had by a moment: of its parcels, else of the mark."""
    if is_true_mark(file, mark, by):
        return ()
    late = [
        share
        for link in _links_of(file, mark)
        if link.sent_at is None or link.sent_at > by
        for share in pieces(file, link.lines)
    ]
    owed = still_owed(file)
    return without(owed, without(owed, merged(late) or pieces(file, mark.lines)))


def _false_moment(file: OrderFile, clock: Clock, mark: Mark) -> datetime:
    """Finds the moment at which a mark without a pick-up makes the order late."""
    return max(mark.pickup_by, clock.limit_at, file.agreed_at or clock.limit_at)


def _falsely_marked(file: OrderFile, by: datetime) -> list[Share]:
    """Lists the pieces of marks that were disproved by a moment: they are late as such, and once."""
    disproved = (mark for mark in file.marks if mark.pickup_by <= by)
    return [share for mark in disproved for share in false_lines(file, mark, by)]


@rules_of("LG-063", "LG-064", "LG-065")
def _false_moments(file: OrderFile, clock: Clock) -> dict[datetime, tuple[Share, ...]]:
    """Lists when false marks make the order late, and with which pieces: not before the limit has passed."""
    told = [breach.moment for breach in file.breaches if breach.trigger is Trigger.FALSE_SHIPMENT]
    found: dict[datetime, tuple[Share, ...]] = {}
    for mark in file.marks:
        if any(moment >= mark.pickup_by for moment in told):
            continue
        moment = _false_moment(file, clock, mark)
        if lines := false_lines(file, mark, moment):
            earlier = found.get(moment, ())
            found[moment] = merged((*earlier, *without(lines, earlier)))
    return found


@rules_of("OR-009")
def marked_at(file: OrderFile, link: Link) -> datetime | None:
    """Finds the ship mark of a parcel to the buyer: the first that names it or goods that are in it."""
    moments = [
        mark.at
        for mark in file.marks
        if link.parcel_id in mark.parcel_ids or overlaps(pieces(file, mark.lines), pieces(file, link.lines))
    ]
    return min(moments) if moments and link.direction is Direction.OUTBOUND else None


def is_picked_up(file: OrderFile, mark: Mark) -> bool:
    """Says whether the carrier has all goods of the mark by now, in time or late."""
    return is_true_mark(file, mark, datetime.max.replace(tzinfo=mark.at.tzinfo))


def open_questions(file: OrderFile) -> list[Mark]:
    """Lists the marks that no pick-up followed so far and about which nobody was asked (LG-064).

    One that makes the order late at that very moment needs no question.
    """
    if file.closed_at or file.succeeded_at or file.is_held:
        return []
    late = {breach.moment for breach in file.breaches if breach.trigger is Trigger.FALSE_SHIPMENT}
    return [
        mark
        for mark in file.marks
        if not mark.is_asked
        and mark.pickup_by not in late
        and (file.clock is None or mark.pickup_by < _false_moment(file, file.clock, mark))
        and false_lines(file, mark, mark.pickup_by)
    ]


def late_moments(file: OrderFile) -> list[tuple[Trigger, datetime, tuple[Share, ...]]]:
    """Lists when the order will be late, and with which pieces, if nothing more is heard (LG-063..065).

    Nothing is late while goods are held.
    """
    clock = file.clock
    if clock is None or file.closed_at or file.succeeded_at or file.is_held:
        return []
    triggers = {breach.trigger for breach in file.breaches}
    found: list[tuple[Trigger, datetime, tuple[Share, ...]]] = []
    if file.agreed_at is not None and Trigger.AGREED_TIME not in triggers:
        found.append((Trigger.AGREED_TIME, file.agreed_at, unsent(file, file.agreed_at)))
    is_limit_yielding = file.agreed_at is not None and file.agreed_at > clock.limit_at
    if Trigger.UNSHIPPED_72H not in triggers and not is_limit_yielding:
        rest = without(unsent(file, clock.limit_at), _falsely_marked(file, clock.limit_at))
        found.append((Trigger.UNSHIPPED_72H, clock.limit_at, rest))
    found.extend(
        (Trigger.FALSE_SHIPMENT, moment, lines) for moment, lines in _false_moments(file, clock).items()
    )
    return [late for late in found if late[2]]


def value_of(file: OrderFile, lines: Iterable[Share]) -> Money | None:
    """Adds up the price of these pieces; None where the order does not have the lines."""
    total: Money | None = None
    counts = {share.line_id: share.quantity_count for share in pieces(file, merged(lines))}
    for line in file.lines:
        count = min(counts.get(line.line_id, 0), line.quantity_count)
        if count:
            minor = allocate(line.net.minor, [count, line.quantity_count - count])[0]
            part = Money(minor, line.net.currency)
            total = part if total is None else total + part
    return total


@rules_of("RF-035", "LG-018")
def repaid_in(file: OrderFile, link: Link) -> tuple[Share, ...]:
    """Lists the pieces of a parcel for which the buyer has the money, or gave back the goods.

    Pieces that were refunded because they never came are those of parcels that did not arrive; what
    other parcels of the order account for is not counted again. A lost parcel accounts for the pieces that
    were not sent again. Goods that an exchange sends back are in no parcel but the one that brings them.
    """
    others = [other for other in file.links if other.parcel_id != link.parcel_id and not other.is_void]
    accounted = [share for other in others for share in _accounted(file, other)]
    firsts = {Direction.OUTBOUND, Direction.RESHIP}
    ends = {Outcome.DELIVERED, Outcome.RETURNED}
    arrived = [other for other in others if other.outcome in ends and other.direction in firsts]
    given_back = [*file.given_back]
    given_back += [
        share
        for resend in file.resends
        if resend.is_settled and not (resend.is_sent_back and link.direction is Direction.TO_BUYER)
        for share in resend.lines
    ]
    came_back = without(given_back, [share for other in arrived for share in pieces(file, other.lines)])
    settled = without((*_repaid_of(file, link), *came_back), accounted)
    for other in file.links:
        if other.parcel_id == link.parcel_id or not settled:
            break
        if other.is_sought and other.remedy is None and other.direction in firsts:
            settled = without(settled, within(pieces(file, other.lines), settled))
    return within(pieces(file, link.lines), settled) if settled else ()


def _repaid_of(file: OrderFile, link: Link) -> tuple[Share, ...]:
    """Lists the repaid pieces that can be those of the parcel; of those that are back the first ones."""
    if link.outcome is not Outcome.RETURNED:
        return without(file.repaid, file.repaid_here)
    here, others = merged(file.repaid_here), merged(())
    for other in file.links:
        if other.parcel_id == link.parcel_id or not here:
            break
        if other.outcome is Outcome.RETURNED:
            taken = within(pieces(file, other.lines), here)
            here, others = without(here, taken), (*others, *taken)
    return without(file.repaid, others)


def _accounted(file: OrderFile, lost: Link) -> tuple[Share, ...]:
    """Lists the pieces of a lost parcel that nothing was sent for."""
    goods = pieces(file, lost.lines)
    if lost.remedy != "reship":
        return goods if lost.remedy == "refund" else ()
    resends = [resend for resend in file.resends if resend.replaces_parcel_id == lost.parcel_id]
    return without(goods, resends[-1].lines) if resends and resends[-1].lines else ()


def open_refunds(file: OrderFile, lines: tuple[Share, ...]) -> list[OpenRefund]:
    """Lists the open refunds that touch these lines."""
    return [refund for refund in file.refunds if overlaps(refund.lines, lines)]
