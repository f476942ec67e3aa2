"""Decides on goods that are sent again: which parcel carries the goods, and when nobody wants the goods."""

from collections.abc import Sequence

from kernel.decider import HERE, Addressed, Decided, NotYet, tell
from kernel.rules import rule
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.cases.lost_parcel import messages as lost_parcel
from services.logistics.cases.reship import messages as reship
from services.logistics.order_file import Link, OrderFile
from services.logistics.parcels import Outcome

Decisions = list[Decided[Fact]]


def reship_of(file: OrderFile, added: m.ParcelAdded) -> str | None:
    """Finds the reship that the parcel carries out: the one it names, else the first that waits for it."""
    for resend in file.resends:
        if added.request_id == reship.request_id(resend.reship_id, "send"):
            return resend.reship_id
    if not added.link.direction.is_resend:
        return None
    taken = {link.reship_id for link in file.links if not link.is_void}
    lines = {share.line_id for share in added.link.lines}
    for resend in sorted(file.resends, key=lambda resend: resend.unwanted_for is not None):
        if resend.reship_id not in taken and lines & {share.line_id for share in resend.lines}:
            return resend.reship_id
    return None


def resend_noted(file: OrderFile, noted: m.ResendNoted) -> Decisions:
    """Notes the reship that stands for these lines."""
    if any(resend.reship_id == noted.resend.reship_id for resend in file.resends):
        return []
    return [Decided(f.ResendKnown(noted.resend), ("RF-120",))]


def exchange_over(file: OrderFile, over: m.ExchangeOver) -> Decisions:
    """Notes that an exchange is over, and lets go of goods that were kept for it."""
    resends = [resend for resend in file.resends if resend.exchange_id == over.exchange_id]
    decided: Decisions = []
    if any(not resend.is_over for resend in resends):
        is_sent_back = over.is_settled and not over.is_completed
        ended = f.ExchangeEnded(over.exchange_id, over.is_settled, is_sent_back)
        decided.append(Decided(ended, ("RF-118",)))
    if over.is_completed:
        return decided
    for resend in resends:
        unwanted = tell(reship.to(HERE, resend.reship_id, reship.Unwanted()))
        decided.append(Decided(unwanted, ("RF-121",)))
    return decided


@rule("RF-035", "LG-018")
def resend_revoked(file: OrderFile, revoked: m.ResendRevoked) -> Sequence[Fact]:
    """Lets go of the resend of a lost parcel, or calls it back if it is under way.

    A refund wins over it, and so does the lost parcel that the buyer has after all.
    """
    links = [link for link in file.links if link.reship_id == revoked.reship_id and not link.is_void]
    if all(link.sent_at is None for link in links):
        return [f.ResendUnwanted(revoked.reship_id, revoked.parcel_id)]
    if not revoked.is_found:
        return [fact for link in links for fact in _called_back(file, link, revoked.parcel_id)]
    gone = [link for link in links if link.sent_at and link.outcome in {None, Outcome.DELIVERED}]
    facts: list[Fact] = [
        f.CallBackDue(link, "turned_up", is_buyer_asked=True)
        for link in gone
        if link.is_under_way and not link.is_called_back
    ]
    return [*facts, tell(_left(file, revoked.parcel_id))] if gone else []


@rule("RF-035", "LG-018")
def unwanted_left(file: OrderFile, link: Link) -> Sequence[Fact]:
    """Calls back a resend that left although it was let go of."""
    for resend in file.resends:
        if resend.reship_id == link.reship_id and resend.unwanted_for is not None:
            return _called_back(file, link, resend.unwanted_for)
    return []


def _called_back(file: OrderFile, link: Link, parcel_id: str) -> Sequence[Fact]:
    if not link.is_under_way or link.is_called_back or link.is_sought:
        return []
    return [f.CallBackDue(link, "refund_in_transit", is_buyer_asked=True), tell(_left(file, parcel_id))]


def _left(file: OrderFile, parcel_id: str) -> Addressed:
    link = file.current(parcel_id)
    search_id = link.searched_as if link is not None else parcel_id
    return lost_parcel.to(HERE, search_id, lost_parcel.ResendLeft())


def reship_answered(file: OrderFile, answer: m.ReshipAnswered) -> Decisions:
    """Passes the answer on to the reship that asked."""
    for resend in file.resends:
        asked = {reship.request_id(resend.reship_id, action) for action in ("reserve", "send", "cancel")}
        if answer.request_id in asked:
            said = reship.Answered(answer.request_id, answer.outcome, answer.until_at)
            return [Decided(tell(reship.to(HERE, resend.reship_id, said)), ("RF-121",))]
    raise NotYet
