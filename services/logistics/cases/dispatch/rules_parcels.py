"""Decides on the order's parcels: departures, news, searches, answers of warehouse and order system."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import HERE, Addressed, Decided, NotYet, tell
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule
from kernel.value import replace
from services.logistics.carriers import Capability
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch import rules_numbers as numbers
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.cases.dispatch.rules_refunds import (
    back_without_refund,
    picked_up_after,
    refused,
    undeliverable,
)
from services.logistics.cases.dispatch.rules_resends import reship_of
from services.logistics.cases.lost_parcel import messages as lost_parcel
from services.logistics.cases.parcel import messages as parcel
from services.logistics.cases.reship import messages as reship
from services.logistics.commitments import open_refunds, value_of
from services.logistics.delivery import in_doubt
from services.logistics.news import MemoStored, RequestDeclined
from services.logistics.order_file import Link, OrderFile
from services.logistics.parcels import Basis, Direction, Outcome, ParcelStatus, parcel_case_id
from services.logistics.policy import Policy
from services.logistics.shares import overlaps

Decisions = list[Decided[Fact]]


def _known(file: OrderFile, parcel_id: str) -> Link:
    link = file.link(parcel_id)
    if link is None:
        raise NotYet
    return link


def _current(file: OrderFile, parcel_id: str) -> Link:
    """Finds the parcel that people mean by an id, also where it was registered anew since."""
    return _known(file, file.current_id(parcel_id))


def parcel_added(file: OrderFile, added: m.ParcelAdded, policy: Policy, now: datetime) -> Decisions:
    """Notes a parcel of the order; the case of a resend hears of its parcel.

    A declared amount counts where the carrier insures one (LG-021).
    """
    known = file.link(added.link.parcel_id)
    if known is not None:
        is_other = numbers.is_of_other_number(known, added.link)
        return numbers.renumbered(file, known, added.link.tracking, policy, now) if is_other else []
    is_insured = policy.carriers.of(added.link.tracking.carrier_code).can(Capability.DECLARED_VALUE)
    declared = added.declared_amount if is_insured else None
    value = declared or value_of(file, added.link.lines)
    link = replace(added.link, value=value, replaces_parcel_id=added.replaces_parcel_id)
    if (right := numbers.replaced_before(file, added)) is not None:
        return [Decided(f.LinkRenumbered(link, right, is_reported=False), ("OR-009", "LG-016"))]
    if (wrong := numbers.wrong_link(file, added)) is not None:
        return numbers.replaced(file, wrong, link)
    decided: Decisions = [Decided(f.LinkChanged(link), ())]
    reship_id = reship_of(file, added)
    if reship_id is not None:
        decided.append(Decided(f.ReshipParcelKnown(link, reship_id), ()))
    return decided + _cash_not_collected(file, link, policy, now)


@rule("LG-021")
def _cash_not_collected(file: OrderFile, link: Link, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person choose another carrier where this one does not collect the cash of the order."""
    can_collect = policy.carriers.of(link.tracking.carrier_code).can(Capability.CASH_COLLECTION)
    if can_collect or not file.is_cash_on_delivery or link.direction is not Direction.OUTBOUND:
        return []
    task_id = derived_id(link.parcel_id, "cash")
    return [Task("carrier_collects_no_cash", now + policy.attention.after_days, task_id=task_id)]


@rule("RF-069")
def collect_arrived(file: OrderFile, arrived: m.CollectArrived) -> Sequence[Fact]:
    """Takes a freight-collect parcel at the gate for a return of the order, so that it is not taken in."""
    if any(link.tracking == arrived.tracking for link in file.links):
        return []
    return [f.GateReturnKnown(Link(parcel_case_id(arrived.tracking), arrived.tracking, Direction.RETURN, ()))]


def parcel_left(file: OrderFile, left: m.ParcelLeft, policy: Policy, now: datetime) -> Decisions:
    """Notes that the parcel left the warehouse; before the payment was booked that is normal."""
    link, at = _current(file, left.parcel_id), left.at or now
    if link.left_at is not None and link.left_at <= at:
        return []
    link = replace(link, left_at=at)
    decided: Decisions = [Decided(f.DepartureNoted(link), ("LG-063",))]
    return decided + _wrong_carrier(file, link, left.carrier_code, policy)


@rule("LG-057")
def _wrong_carrier(file: OrderFile, link: Link, carrier_code: str, policy: Policy) -> Sequence[Fact]:
    """Notes a broken promise where another carrier than the agreed one is used."""
    agreed = file.agreed_carrier_code
    if agreed is None or agreed == carrier_code or not policy.dispatch.is_agreed_carrier_binding:
        return []
    return [f.WrongCarrierUsed(link.parcel_id, carrier_code, policy.dispatch.wrong_carrier_points)]


def picked_up(file: OrderFile, scan: m.PickedUp) -> Decisions:
    """Takes a scan as proof that the carrier has the parcel."""
    link = _known(file, scan.parcel_id)
    if link.pickup_at is not None and link.pickup_at <= scan.at:
        return []
    is_first = link.pickup_at is None
    link = replace(link, pickup_at=scan.at)
    decided: Decisions = [Decided(f.LinkChanged(link), ("LG-064",))]
    return decided + picked_up_after(file, link) if is_first else decided


@rule("OR-029", "RF-036")
def turned_back(file: OrderFile, message: m.TurnedBack) -> Sequence[Fact]:
    """Notes that the parcel is on its way to the shop; what the carrier says of that way changes nothing."""
    link = _known(file, message.parcel_id)
    return [] if link.is_turned else [f.LinkChanged(replace(link, is_turned=True))]


def voided(file: OrderFile, message: m.WaybillVoided) -> Decisions:
    """Takes the parcel as proof of nothing any more: the goods stayed."""
    link = _known(file, message.parcel_id)
    return [] if link.is_void else [Decided(f.VoidNoted(replace(link, is_void=True)), ("RF-005",))]


def parcel_moved(file: OrderFile, moved: m.ParcelMoved, policy: Policy, now: datetime) -> Decisions:
    """Notes the picture of a parcel, and decides its consequences for the order."""
    link = _known(file, moved.parcel_id)
    is_later = link.status_at is None or moved.at > link.status_at
    link = replace(
        link,
        status=moved.status,
        status_at=moved.at,
        is_stalled=link.is_stalled and not is_later,
        signed_by=moved.signed_by,
        outcome=moved.outcome,
        was_out_of_range=link.was_out_of_range or moved.status is ParcelStatus.OUT_OF_RANGE,
        was_lost=link.was_lost or moved.outcome is Outcome.LOST,
    )
    file = file.with_link(link)
    decided: Decisions = [Decided(f.ParcelNewsNoted(link, now), ("RF-044",))]
    decided += refused(file, link)
    decided += undeliverable(file, link, policy, now)
    if link.outcome is Outcome.LOST and not link.is_sought and link.remedy is None:
        if link.direction.is_to_buyer:
            decided += _search(file, link, "courier_lost", can_wait=False)
        else:
            decided += _return_lost(link, policy, now)
    decided += back_without_refund(file, link.parcel_id)
    return decided


@rule("LG-018")
def _return_lost(link: Link, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person settle a lost return with its sender; the refund or exchange has its own deadline."""
    task_id = derived_id(link.parcel_id, "return-lost")
    return [Task("return_lost", now + policy.attention.after_days, "assessment", task_id=task_id)]


def parcel_stalled(file: OrderFile, stalled: m.ParcelStalled, now: datetime) -> Decisions:
    """Looks for a parcel to the buyer that is silent too long."""
    link = _known(file, stalled.parcel_id)
    if link.is_stalled == stalled.is_stalled:
        return []
    link = replace(link, is_stalled=stalled.is_stalled)
    decided: Decisions = [Decided(f.ParcelNewsNoted(link, now), ("LG-016",))]
    if stalled.is_stalled and link.direction.is_to_buyer and not link.is_sought and link.outcome is None:
        decided += _search(file, link, "silence", can_wait=False)
    return decided


@rule("LG-016")
def _search(file: OrderFile, link: Link, reason_code: str, *, can_wait: bool) -> Sequence[Fact]:
    """Lets the lost-parcel case look for the parcel."""
    refund_ids = tuple(refund.refund_id for refund in open_refunds(file, link.lines))
    return [f.SearchDue(link, reason_code, refund_ids, can_wait)]


def problem_reported(file: OrderFile, report: m.ProblemReported) -> Decisions:
    """Looks for a parcel that left and that the buyer did not get. One report is looked into once."""
    reported_id = file.current_id(report.parcel_id) if report.parcel_id else None
    links = [
        link
        for link in file.links
        if link.direction.is_to_buyer
        and not link.is_void
        and report.problem_id not in link.problem_ids
        and link.sent_at is not None
        and link.outcome not in {Outcome.RETURNED, Outcome.LOST}
        and (link.parcel_id == reported_id if reported_id else overlaps(link.lines, report.lines))
    ]
    decided: Decisions = []
    for known in links:
        link = replace(known, problem_ids=(*known.problem_ids, report.problem_id))
        if link.is_sought:
            decided.append(Decided(f.LinkChanged(link), ()))
            continue
        is_signed = report.problem == "signed_not_received" or link.outcome is Outcome.DELIVERED
        reason_code = "signed_not_received" if is_signed else "not_received"
        decided += _search(file, link, reason_code, can_wait=not link.is_stalled)
    return decided


def courier_said_lost(file: OrderFile, said: m.CourierSaidLost) -> Decisions:
    """Takes the carrier's word that it lost the parcel, asked or not.

    Of a parcel that was signed for it counts if a search asked about that signature.
    """
    link = _known(file, said.parcel_id)
    if numbers.is_of_wrong_number(link, said.request_id):
        return []
    if link.remedy is None and link.outcome is Outcome.DELIVERED and link.is_sought:
        return _search_answered(link, said)
    if link.remedy is not None or link.outcome is not None or link.is_void:
        return []
    if link.direction.is_to_buyer:
        return _search(file, link, "courier_lost", can_wait=False)
    lost = parcel.DeclaredLost(link.parcel_id, Basis.COURIER)
    return [Decided(tell(parcel.to(link.tracking, lost)), ("LG-018",))]


@rule("LG-018", "LG-042")
def _search_answered(link: Link, said: m.CourierSaidLost) -> Sequence[Fact]:
    """Passes the answer on to the search, which knows what it asked."""
    answered = lost_parcel.InquiryAnswered(said.request_id, "lost")
    return [tell(lost_parcel.to(HERE, link.searched_as, answered))]


def search_closed(file: OrderFile, message: m.SearchClosed) -> Decisions:
    """Notes that the search let go of the parcel, gave a remedy, or took the parcel up again.

    The money for goods that came back is no remedy of the search: it stays.
    """
    link = _known(file, message.parcel_id)
    remedy = message.remedy or ("refund" if link.is_paid_as_returned else None)
    link = replace(link, is_sought=message.is_open, remedy=remedy)
    decided: Decisions = [Decided(f.SearchEnded(link), ("LG-018",))]
    return decided + back_without_refund(file.with_link(link), link.parcel_id)


@rule("OR-029")
def doubts_changed(before: OrderFile, file: OrderFile) -> Sequence[Fact]:
    """Says which parcels are in doubt now, where others were before; an order that is over has no doubts."""
    if file.closed_at is not None or file.succeeded_at is not None:
        return []
    now = in_doubt(file)
    return [f.DoubtsChanged(now)] if now != in_doubt(before) else []


def inspected(file: OrderFile, message: m.Inspected) -> Decisions:
    """Tells the parcel that its goods are back, and the replacement of the note that lay in the parcel."""
    told: list[Addressed] = []
    ids = {file.current_id(parcel_id) for parcel_id in message.parcel_ids}
    link = next((link for link in file.links if link.parcel_id in ids), None)
    if link is not None:
        told.append(parcel.to(link.tracking, parcel.Inspected(link.parcel_id)))
    if message.wanted_sku_id is not None:
        note = reship.NoteSeen(message.wanted_sku_id)
        told += [
            reship.to(HERE, resend.reship_id, note)
            for resend in file.resends
            if overlaps(resend.lines, message.lines)
        ]
    return [Decided(tell(*told), ("RF-122",))] if told else []


def instruction_answered(file: OrderFile, answer: m.InstructionAnswered) -> Decisions:
    """Takes an answer to an instruction; that about a freight-collect parcel goes to the parcel (RF-069)."""
    for link in file.links:
        if parcel.collect_request_id(link.parcel_id) == answer.request_id:
            answered = parcel.CollectAnswered(link.parcel_id, answer.outcome == "done")
            return [Decided(tell(parcel.to(link.tracking, answered)), ("RF-069",))]
    if answer.request_id == file.instruction_id and file.instruction_due_at is not None:
        return [Decided(f.InstructionSettled(answer.request_id), ("LG-057",))]
    return []


@rule("LG-057")
def instruction_unanswered(file: OrderFile, now: datetime, policy: Policy) -> Sequence[Fact]:
    """Lets a person look where nobody answered the instruction."""
    request_id = file.instruction_id or file.order_id
    task_id, due_at = derived_id(request_id, "task"), now + policy.attention.after_days
    return [f.InstructionSettled(request_id), Task("agreed_carrier", due_at, task_id=task_id)]


def memo_answered(file: OrderFile, answer: MemoStored | RequestDeclined) -> Decisions:
    """Passes on to the searches that the order carries the loss, or that nobody notes it there."""
    is_of_loss = isinstance(answer, RequestDeclined) or answer.purpose == "loss"
    return _tell_searches(file, answer) if is_of_loss else []


@rule("LG-020")
def _tell_searches(file: OrderFile, message: MemoStored | RequestDeclined) -> Sequence[Fact]:
    """Tells every search; one whose resend may still fail remembers the memo."""
    ids = dict.fromkeys(link.searched_as for link in file.links if link.was_sought)
    told = [lost_parcel.to(HERE, search_id, message) for search_id in ids]
    return [tell(*told)] if told else []
