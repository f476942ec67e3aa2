"""Decides on a number that is not the parcel's own: its news counts no more, the right one is watched."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided, NotYet
from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.cases.dispatch.rules_resends import reship_of
from services.logistics.cases.intercept import messages as intercept
from services.logistics.commitments import open_refunds
from services.logistics.order_file import Link, OrderFile
from services.logistics.parcels import ParcelStatus, Tracking
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]


def wrong_link(file: OrderFile, added: m.ParcelAdded) -> Link | None:
    """Finds the parcel whose number was wrong and that the new waybill is for.

    A resend takes the place of a parcel that keeps its number.
    """
    replaces = added.replaces_parcel_id
    wrong = file.link(replaces) or next(
        (link for link in file.links if replaces and link.registered_with == replaces and not link.is_void),
        None,
    )
    if wrong is None or wrong.is_void or wrong.direction is not added.link.direction:
        return None
    return wrong if reship_of(file, added) in {None, wrong.reship_id} else None


def replaced_before(file: OrderFile, added: m.ParcelAdded) -> Link | None:
    """Finds the parcel that was registered in the place of this one before this one was read of."""
    return next(
        (
            link
            for link in file.links
            if link.replaces_parcel_id == added.link.parcel_id and link.direction is added.link.direction
        ),
        None,
    )


def replaced(file: OrderFile, wrong: Link, added: Link) -> Decisions:
    """Puts the parcel of a registration in the place of the one with the wrong number."""
    right = replace(
        _without_scans(wrong, added.tracking),
        parcel_id=added.parcel_id,
        lines=added.lines or wrong.lines,
        value=added.value or wrong.value,
        replaces_parcel_id=wrong.parcel_id,
        registered_with=added.registered_with,
        search_id=wrong.searched_as if wrong.was_sought else None,
        number_count=1,
    )
    return _renumbered(file, wrong, right)


@rules_of("OR-009")
def is_of_other_number(known: Link, added: Link) -> bool:
    """Says whether a parcel is registered anew under another number; one known to be wrong is told again."""
    is_wrong = added.tracking in known.wrong_numbers
    return known.tracking != added.tracking and not known.is_void and not is_wrong


def corrected(file: OrderFile, message: m.NumberCorrected, policy: Policy, now: datetime) -> Decisions:
    """Takes the word that a number was wrong; one that is not the parcel's number any more is known."""
    link = file.current(message.parcel_id)
    if link is None:
        raise NotYet
    if link.is_void or link.tracking != message.wrong or link.tracking == message.tracking:
        return []
    if message.tracking is None and link.is_numberless:
        return []
    return renumbered(file, link, message.tracking, policy, now)


def renumbered(
    file: OrderFile, wrong: Link, tracking: Tracking | None, policy: Policy, now: datetime
) -> Decisions:
    """Gives the parcel another number, or none."""
    known = tuple(each for each in wrong.wrong_numbers if each not in (wrong.tracking, tracking))
    right = replace(
        _without_scans(wrong, tracking or wrong.tracking),
        wrong_numbers=(*known, wrong.tracking),
        is_numberless=tracking is None,
        is_called_back=wrong.is_called_back and tracking is None,
        number_count=wrong.number_count + 1,
        renumbered_at=now,
    )
    decided = _renumbered(file, wrong, right)
    return decided + _number_asked(wrong, policy, now) if tracking is None else decided


@rules_of("LG-016", "LG-018")
def is_of_wrong_number(link: Link, request_id: str) -> bool:
    """Says whether a request to the carrier named a number that the parcel has no longer.

    The id of an inquiry ends with the moment at which it was made.
    """
    if link.renumbered_at is None:
        return False
    if request_id in intercept.recall_ids(link.parcel_id, link.number_count - 1):
        return True
    stamp = request_id.rpartition(".inquire.")[2]
    return stamp.isdigit() and stamp < link.renumbered_at.strftime("%Y%m%d%H%M%S")


def _without_scans(link: Link, tracking: Tracking) -> Link:
    """Keeps what is known of the parcel itself: its goods, its departure, its remedy."""
    return replace(
        link,
        tracking=tracking,
        pickup_at=None,
        status=ParcelStatus.REGISTERED,
        status_at=None,
        signed_by=None,
        is_stalled=False,
        outcome=None,
        is_called_back=False,
        is_turned=False,
        was_out_of_range=False,
        is_numberless=False,
    )


def _renumbered(file: OrderFile, wrong: Link, right: Link) -> Decisions:
    is_reported = bool(wrong.problem_ids) and wrong.direction.is_to_buyer
    decided: Decisions = [Decided(f.LinkRenumbered(wrong, right, is_reported), ("OR-009", "LG-016"))]
    if wrong.is_numberless:
        decided += _number_found(wrong)
    return decided + _called_back_again(file, wrong, right)


@rule("RF-034", "LG-050")
def _called_back_again(file: OrderFile, wrong: Link, right: Link) -> Sequence[Fact]:
    """Calls the parcel back under its own number, where it was called back under the other."""
    if not wrong.is_called_back or right.is_numberless or right.remedy is not None or not right.is_under_way:
        return []
    reason_code = "refund_in_transit" if open_refunds(file, right.lines) else "number_corrected"
    return [f.CallBackDue(right, reason_code, is_buyer_asked=False)]


@rule("OR-009")
def _number_asked(link: Link, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person find out the right number: until then nothing is heard of the parcel."""
    due_at = now + policy.attention.after_days
    return [Task("parcel_number", due_at, task_id=_number_task(link.parcel_id, link.number_count + 1))]


@rule("OR-009")
def _number_found(link: Link) -> Sequence[Fact]:
    """Withdraws the question for the right number."""
    return [TaskWithdrawn("number_known", task_id=_number_task(link.parcel_id, link.number_count))]


def _number_task(parcel_id: str, number_count: int) -> str:
    return derived_id(parcel_id, "number", str(number_count))
