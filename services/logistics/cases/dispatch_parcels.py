"""News of the order's parcels, searches for them, and what is passed on to the cases that wait for it."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases import dispatch_messages as m
from services.logistics.cases.dispatch_late import Decisions
from services.logistics.cases.dispatch_refunds import back_without_refund, refused, undeliverable
from services.logistics.cases.order_file import Link, OrderFile, open_refunds
from services.logistics.cases.values import (
    MemoStored,
    Outcome,
    ParcelStatus,
    RequestDeclined,
    derived_id,
    overlaps,
)


def _known(file: OrderFile, parcel_id: str) -> Link:
    link = file.link(parcel_id)
    if link is None:
        raise NotYet
    return link


def parcel_moved(file: OrderFile, moved: m.ParcelMoved, now: datetime) -> Decisions:
    """The picture of a parcel, and what follows for the order."""
    link = _known(file, moved.parcel_id)
    link = replace(
        link,
        status=moved.status,
        status_at=moved.at,
        signed_by=moved.signed_by,
        outcome=moved.outcome,
        was_out_of_range=link.was_out_of_range or moved.status is ParcelStatus.OUT_OF_RANGE,
    )
    file = file.with_link(link)
    decided: Decisions = [Decided(f.ParcelNewsNoted(link, now), ("RF-044",))]
    decided += refused(file, link)
    decided += undeliverable(file, link, now)
    if link.outcome is Outcome.LOST and not link.is_sought and link.remedy is None:
        decided += _search(file, link, "courier_lost", can_wait=False)
    decided += back_without_refund(file, link.parcel_id)
    return decided


def parcel_stalled(file: OrderFile, stalled: m.ParcelStalled, now: datetime) -> Decisions:
    """A parcel to the buyer that is silent too long is looked for."""
    link = _known(file, stalled.parcel_id)
    if link.is_stalled == stalled.is_stalled:
        return []
    link = replace(link, is_stalled=stalled.is_stalled)
    decided: Decisions = [Decided(f.ParcelNewsNoted(link, now), ("LG-016",))]
    if stalled.is_stalled and link.direction.is_to_buyer and not link.is_sought and link.outcome is None:
        decided += _search(file, link, "silence", can_wait=False)
    return decided


@rule("LG-016")
def _search(file: OrderFile, link: Link, reason_code: str, *, can_wait: bool) -> Sequence[f.Fact]:
    """The lost-parcel case looks for it."""
    refund_ids = tuple(refund.refund_id for refund in open_refunds(file, link.lines))
    return [f.SearchDue(link, reason_code, refund_ids, can_wait)]


def problem_reported(file: OrderFile, report: m.ProblemReported) -> Decisions:
    """The buyer did not get a parcel that left."""
    links = [
        link
        for link in file.links
        if link.direction.is_to_buyer
        and not link.is_void
        and not link.is_sought
        and link.sent_at is not None
        and link.outcome not in {Outcome.RETURNED, Outcome.LOST}
        and (link.parcel_id == report.parcel_id if report.parcel_id else overlaps(link.lines, report.lines))
    ]
    decided: Decisions = []
    for link in links:
        is_signed = report.problem == "signed_not_received" or link.outcome is Outcome.DELIVERED
        reason_code = "signed_not_received" if is_signed else "not_received"
        decided += _search(file, link, reason_code, can_wait=not link.is_stalled)
    return decided


def courier_said_lost(file: OrderFile, said: m.CourierSaidLost) -> Decisions:
    """The carrier's word that it lost the parcel, asked or not."""
    link = _known(file, said.parcel_id)
    if link.outcome is not None or link.remedy is not None:
        return []
    return _search(file, link, "courier_lost", can_wait=False)


def search_closed(file: OrderFile, message: m.SearchClosed) -> Decisions:
    """The lost-parcel case has let go of the parcel, given a remedy, or taken it up again."""
    link = _known(file, message.parcel_id)
    link = replace(link, is_sought=message.is_open, remedy=message.remedy)
    decided: Decisions = [Decided(f.SearchEnded(link), ("LG-018",))]
    return decided + back_without_refund(file.with_link(link), link.parcel_id)


def inspected(file: OrderFile, message: m.Inspected) -> Decisions:
    """Returned goods were checked: their parcel is back, and a note in it concerns the replacement."""
    link = next((link for link in file.links if link.parcel_id in message.parcel_ids), None)
    reship_ids = tuple(
        resend.reship_id
        for resend in file.resends
        if message.wanted_sku_id is not None and overlaps(resend.lines, message.lines)
    )
    if link is None and not reship_ids:
        return []
    return [Decided(f.ReturnChecked(link, message.wanted_sku_id, reship_ids), ("RF-122",))]


def instruction_answered(file: OrderFile, answer: m.InstructionAnswered) -> Decisions:
    """The answer about a freight-collect parcel goes to the parcel (RF-069)."""
    for link in file.links:
        if derived_id(link.parcel_id, "refuse-collect") == answer.request_id:
            return [Decided(f.CollectAnswerPassedOn(link, answer.outcome == "done"), ("RF-069",))]
    if answer.request_id == file.instruction_id and file.instruction_due_at is not None:
        return [Decided(f.InstructionSettled(answer.request_id), ("LG-057",))]
    return []


def resend_noted(file: OrderFile, noted: m.ResendNoted) -> Decisions:
    """A reship case stands for these lines."""
    if any(resend.reship_id == noted.resend.reship_id for resend in file.resends):
        return []
    return [Decided(f.ResendKnown(noted.resend), ("RF-120",))]


def exchange_over(file: OrderFile, over: m.ExchangeOver) -> Decisions:
    """What was kept for an exchange that is over is not wanted any more."""
    ids = [resend.reship_id for resend in file.resends if resend.exchange_id == over.exchange_id]
    return [Decided(f.ResendUnwanted(reship_id), ("RF-121",)) for reship_id in ids]


@rule("RF-035", "LG-018")
def resend_revoked(file: OrderFile, revoked: m.ResendRevoked) -> Sequence[f.Fact]:
    """The refund of a lost parcel wins over its resend: let go of, or called back if it is under way."""
    links = [link for link in file.links if link.reship_id == revoked.reship_id and not link.is_void]
    if all(link.sent_at is None for link in links):
        return [f.ResendUnwanted(revoked.reship_id, revoked.parcel_id)]
    return [fact for link in links for fact in _called_back(link, revoked.parcel_id)]


@rule("RF-035", "LG-018")
def unwanted_left(file: OrderFile, link: Link) -> Sequence[f.Fact]:
    """A resend that was let go of left all the same."""
    for resend in file.resends:
        if resend.reship_id == link.reship_id and resend.unwanted_for is not None:
            return _called_back(link, resend.unwanted_for)
    return []


def _called_back(link: Link, parcel_id: str) -> Sequence[f.Fact]:
    if not link.is_under_way or link.is_called_back or link.is_sought:
        return []
    return [f.CallBackDue(link, "refund_in_transit", is_buyer_asked=True), f.ResendGone(parcel_id)]


def reship_answered(file: OrderFile, answer: m.ReshipAnswered) -> Decisions:
    """The answer goes to the reship case that asked."""
    for resend in file.resends:
        asked = {derived_id(resend.reship_id, action) for action in ("reserve", "send", "cancel")}
        if answer.request_id in asked:
            return [Decided(f.ReshipAnswerPassedOn(resend.reship_id, answer), ("RF-121",))]
    raise NotYet


def _sought(file: OrderFile) -> tuple[str, ...]:
    return tuple(link.parcel_id for link in file.links if link.is_sought)


def memo_stored(file: OrderFile, memo: MemoStored) -> Decisions:
    """The memo of a loss goes to the cases that wait for it (LG-020)."""
    parcel_ids = _sought(file) if memo.purpose == "loss" else ()
    return [Decided(f.MemoPassedOn(memo, parcel_ids), ("LG-020",))] if parcel_ids else []


def request_declined(file: OrderFile, declined: RequestDeclined) -> Decisions:
    """A memo that the order system will not write."""
    parcel_ids = _sought(file)
    return [Decided(f.DeclinePassedOn(declined, parcel_ids), ("LG-020",))] if parcel_ids else []
