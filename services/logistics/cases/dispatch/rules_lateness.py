"""Decides on late shipping: commitments that were missed, and lateness that turns out to be none (A23)."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.commitments import (
    is_picked_up,
    is_true_mark,
    late_moments,
    open_questions,
    sent_by,
    unsent,
)
from services.logistics.order_file import Breach, Mark, OrderFile, Trigger
from services.logistics.policy import Policy
from services.logistics.shares import Share, without

Decisions = list[Decided[Fact]]
PICKUP_QUESTION = "ship_mark_without_pickup"


@rule("LG-053", "LG-056")
def target_missed(file: OrderFile, due_at: datetime, policy: Policy) -> Sequence[Fact]:
    """Tells the warehouse and the buyer that the commitment was missed."""
    if file.clock is None:
        return []
    notice_id = derived_id(file.order_id, "dispatch-delayed")
    expires_at = due_at + policy.attention.after_days
    notice = Notice("dispatch_delayed", expires_at, {}, notice_id=notice_id)
    missed = f.TargetMissed(due_at, file.clock.target_source, unsent(file, due_at))
    return [missed, notice] if file.customer_id is not None else [missed]


def established(file: OrderFile, policy: Policy, until: datetime, *, inclusive: bool) -> Decisions:
    """Establishes everything that is late by a moment (`inclusive`: or at it) and was not said yet."""
    decided: Decisions = []
    for trigger, moment, lines in late_moments(file):
        if moment < until or (inclusive and moment == until):
            decided += _LATE[trigger](trigger, moment, lines, policy)
    return decided


@rule("LG-065")
def _agreed_missed(
    trigger: Trigger, moment: datetime, lines: tuple[Share, ...], policy: Policy
) -> Sequence[Fact]:
    """Counts a missed agreed time as late, even inside the general limit."""
    return [f.LateEstablished(trigger, moment, lines, policy.attention.since(moment))]


@rule("LG-063", "OR-011")
def _limit_missed(
    trigger: Trigger, moment: datetime, lines: tuple[Share, ...], policy: Policy
) -> Sequence[Fact]:
    """Counts goods not sent within the limit after payment as out of stock."""
    return [f.LateEstablished(trigger, moment, lines, policy.attention.since(moment))]


@rule("LG-064")
def _mark_disproved(
    trigger: Trigger, moment: datetime, lines: tuple[Share, ...], policy: Policy
) -> Sequence[Fact]:
    """Counts a ship mark that no pick-up followed until the limit as not shipped."""
    return [f.LateEstablished(trigger, moment, lines, policy.attention.since(moment))]


_LATE = {
    Trigger.AGREED_TIME: _agreed_missed,
    Trigger.UNSHIPPED_72H: _limit_missed,
    Trigger.FALSE_SHIPMENT: _mark_disproved,
}


@rule("LG-064")
def pickup_missing(file: OrderFile, due_at: datetime, policy: Policy) -> Sequence[Fact]:
    """Lets a person find out where goods are that were marked as sent and that no carrier has after a day."""
    marks = [mark for mark in open_questions(file) if mark.pickup_by == due_at]
    if not marks:
        return []
    task = Task(PICKUP_QUESTION, due_at + policy.attention.after_days, task_id=_pickup_task(file, marks[0]))
    return [*(f.MarkChanged(replace(mark, is_asked=True)) for mark in marks), task]


def _pickup_task(file: OrderFile, mark: Mark) -> str:
    return derived_id(file.order_id, "pickup", mark.pickup_by.strftime("%Y%m%d%H%M%S"))


@rule("LG-064")
def pickup_answered(file: OrderFile) -> Sequence[Fact]:
    """Takes the question back once the carrier has the goods, or the order is over."""
    is_over = file.closed_at is not None or file.succeeded_at is not None
    marks = [mark for mark in file.marks if mark.is_asked and (is_over or is_picked_up(file, mark))]
    reason_code = "order_over" if is_over else "picked_up"
    tasks = dict.fromkeys(_pickup_task(file, mark) for mark in marks)
    return [
        *(f.MarkChanged(replace(mark, is_asked=False)) for mark in marks),
        *(TaskWithdrawn(reason_code, task_id=task_id) for task_id in tasks),
    ]


@rule("LG-063", "LG-064", "LG-065")
def withdrawn(file: OrderFile) -> Sequence[Fact]:
    """Withdraws lateness that later-read news of an earlier hand-over or pick-up disproves."""
    return [
        f.LateWithdrawn(breach.trigger, breach.moment, "earlier_pickup")
        for breach in file.breaches
        if _was_in_time(file, breach)
    ]


def _was_in_time(file: OrderFile, breach: Breach) -> bool:
    if breach.trigger is Trigger.STOCKOUT_STATED:
        return False
    if breach.trigger is Trigger.FALSE_SHIPMENT:
        marks = [mark for mark in file.marks if mark.pickup_by <= breach.moment]
        return all(is_true_mark(file, mark, breach.moment) for mark in marks)
    return not without(breach.owed, sent_by(file, breach.moment))
