"""Computes which parcels of an order are in doubt on their way to the buyer."""

from enum import StrEnum

from kernel.rules import rules_of
from kernel.value import Value
from services.logistics.commitments import pieces, repaid_in
from services.logistics.order_file import Link, OrderFile
from services.logistics.parcels import Direction, Outcome
from services.logistics.shares import overlaps, without
from services.logistics.track import TURNED


class Doubt(StrEnum):
    """The reason for which the delivery of a parcel is open."""

    SEARCHED = "searched"
    RETURNING = "returning"
    RESENT = "resent"


class InDoubt(Value):
    """A parcel to the buyer whose delivery is open."""

    parcel_id: str
    doubt: Doubt


@rules_of("OR-029", "LG-016", "LG-019", "RF-036")
def in_doubt(file: OrderFile) -> tuple[InDoubt, ...]:
    """Lists the parcels whose delivery is open; the buyer cannot confirm the receipt of their goods.

    The list has the order of the parcels' ids, so that equal lists are equal.
    """
    doubts = ((link, _doubt(file, link)) for link in file.links if link.direction.is_to_buyer)
    found = (InDoubt(link.parcel_id, doubt) for link, doubt in doubts if doubt is not None)
    return tuple(sorted(found, key=lambda each: each.parcel_id))


def _doubt(file: OrderFile, link: Link) -> Doubt | None:
    if link.is_void or link.outcome is Outcome.DELIVERED:
        return None
    if link.is_sought or link.is_numberless or _is_rest_owed(file, link):
        return Doubt.SEARCHED
    if _is_resend_open(file, link):
        return Doubt.RESENT
    if link.outcome is Outcome.RETURNED:
        return Doubt.RETURNING if _is_unsettled(file, link) else None
    return Doubt.RETURNING if link.outcome is None and _is_coming_back(file, link) else None


def _is_coming_back(file: OrderFile, link: Link) -> bool:
    """Says whether the parcel is on its way to the shop; one that turned up after its remedy is recalled."""
    if link.is_called_back or link.is_turned or link.status in TURNED:
        return True
    return link.remedy is not None and _is_owed(file, link)


def _is_resend_open(file: OrderFile, lost: Link) -> bool:
    """Says whether the goods of a lost parcel are to be sent again and have not arrived."""
    if lost.remedy != "reship":
        return False
    resends = [each for each in file.resends if each.replaces_parcel_id == lost.parcel_id]
    if not resends:
        return False
    carriers = [link for link in file.links if link.reship_id == resends[-1].reship_id]
    return not carriers or carriers[-1].outcome is None


def _is_rest_owed(file: OrderFile, lost: Link) -> bool:
    """Says whether pieces of a lost parcel are neither sent again nor repaid, while others were sent."""
    if lost.remedy != "reship" or lost.outcome is not Outcome.LOST:
        return False
    resends = [each for each in file.resends if each.replaces_parcel_id == lost.parcel_id]
    sent_again = resends[-1].lines if resends else ()
    if not sent_again:
        return False
    return bool(without(pieces(file, lost.lines), (*sent_again, *repaid_in(file, lost))))


def _is_unsettled(file: OrderFile, back: Link) -> bool:
    """Says whether the goods of a parcel that came back are neither paid for nor with the buyer."""
    if back.direction not in {Direction.OUTBOUND, Direction.RESHIP} or back.remedy is not None:
        return False
    return _is_owed(file, back)


def _is_owed(file: OrderFile, back: Link) -> bool:
    """Says whether the buyer has neither the goods of the parcel nor their money."""
    is_replaced = any(
        link.direction.is_resend and link.outcome is Outcome.DELIVERED and overlaps(link.lines, back.lines)
        for link in file.links
    )
    return not is_replaced and bool(without(pieces(file, back.lines), file.repaid))
