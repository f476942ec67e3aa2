"""Decides on sold goods that are missing: the buyer is told and chooses, the product goes off sale."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided
from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.logistics.attention import draw
from services.logistics.cases.stock_shortage import messages as m
from services.logistics.cases.stock_shortage import state as s
from services.logistics.cases.stock_shortage.messages import Message
from services.logistics.cases.stock_shortage.state import Fact, Shortage, State
from services.logistics.news import TaskDone
from services.logistics.policy import Policy
from services.logistics.shares import Share, overlaps, without

Decisions = list[Decided[Fact]]
SETTLED = frozenset({"done", "settled"})
"""Answers of a person by which nothing is left to settle."""


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers the warehouse, the buyer, departures, refunds and time; takes back what nobody need answer."""
    decided = _answer(state, message, policy, now)
    return decided + _moot(state, decided)


def _answer(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    match message:
        case m.ShortageFound():
            return _found(state, message, policy, now)
        case m.OfferAnswered():
            return _answered(state, message) if isinstance(state, s.Told) else []
        case TaskDone():
            return _task_done(state, message) if isinstance(state, s.Told) else []
        case m.GoodsLeft(lines=lines):
            return _goods_left(state, lines) if isinstance(state, s.Told | s.Waiting) else []
        case m.RefundTakesOver(lines=lines):
            return _taken_over(state, lines) if isinstance(state, s.Told | s.Waiting) else []
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            assert_never(message)


def _found(state: State, found: m.ShortageFound, policy: Policy, now: datetime) -> Decisions:
    is_new = isinstance(state, s.Absent | s.Released) or without(found.lines, state.shortage.lines)
    if not is_new:
        return []
    count = 0 if isinstance(state, s.Absent) else state.shortage.offer_count
    shortage = Shortage(found.order_id, found.lines, found.expected_at, count)
    noted: Decisions = [Decided(s.ShortageNoted(shortage), ("RF-007",))]
    return noted + _tell(shortage, policy, now) + _off_sale(found, now)


@rule("RF-007", "LG-058")
def _tell(shortage: Shortage, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Tells the buyer at once, who may wait or have the money."""
    offer_id = derived_id(shortage.order_id, "shortage", str(shortage.offer_count + 1))
    expected_at = shortage.expected_at
    later = expected_at if expected_at and expected_at > now else now + policy.shortage.wait_days
    choose_by = now + policy.shortage.choice_hours
    return [s.BuyerTold(offer_id, later, choose_by, policy.attention.since(now))]


@rule("LG-058")
def _off_sale(found: m.ShortageFound, now: datetime) -> Sequence[Fact]:
    """Takes off sale the products that are not to be had."""
    moment = now.strftime("%Y%m%d%H%M%S")
    return [
        s.SaleStopped(derived_id(found.order_id, "delist", product_id, moment), product_id)
        for product_id in found.product_ids
    ]


@rule("RF-007")
def _answered(state: s.Told, answer: m.OfferAnswered) -> Sequence[Fact]:
    """Lets the buyer wait or have the money; declining both leaves the choice to a person."""
    return _chosen(state, answer.option_id) if answer.offer_id == state.offer_id else []


def _chosen(state: s.Told, option_id: str | None) -> list[Fact]:
    shortage = state.shortage
    match option_id:
        case "wait":
            return [s.LaterDateTaken(state.wait_until_at)]
        case "refund":
            remedy_id = derived_id(shortage.order_id, "no-stock", str(shortage.offer_count))
            return [s.RefundTaken(remedy_id, shortage.lines)]
        case _:
            return []


@rule("RF-007")
def _task_done(state: s.Told, done: TaskDone) -> Sequence[Fact]:
    """Takes what the person heard from the buyer, or that the shortage was settled by hand."""
    if done.task_id not in state.open_task_ids:
        return []
    if done.outcome_code in SETTLED:
        return [s.TaskNoted(done.task_id), s.ShortageOver()]
    return [s.TaskNoted(done.task_id), *_chosen(state, done.outcome_code)]


@rule("RF-007")
def _moot(state: State, decided: Decisions) -> Sequence[Fact]:
    """Takes back what a person was asked about a choice that is made, or needs none any more."""
    after = reduce(s.evolve, [entry.fact for entry in decided], state)
    if not isinstance(state, s.Told) or (isinstance(after, s.Told) and after.offer_id == state.offer_id):
        return []
    answered = {entry.fact.task_id for entry in decided if isinstance(entry.fact, s.TaskNoted)}
    return [
        TaskWithdrawn("settled", task_id=task_id)
        for task_id in state.open_task_ids
        if task_id not in answered
    ]


@rule("RF-007")
def _goods_left(state: s.Told | s.Waiting, lines: tuple[Share, ...]) -> Sequence[Fact]:
    """Counts goods that left as not missing."""
    left = without(state.shortage.lines, lines) if lines else ()
    if not left:
        return [s.ShortageOver()]
    return [s.ShortageNoted(replace(state.shortage, lines=left))] if left != state.shortage.lines else []


@rule("RF-007")
def _taken_over(state: s.Told | s.Waiting, lines: tuple[Share, ...]) -> Sequence[Fact]:
    """Lets a refund of the buyer's own settle the shortage."""
    return [s.ShortageOver()] if overlaps(lines, state.shortage.lines) else []


def _deadline_passed(state: State, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match state:
        case s.Told() if passed.name == "choice":
            return _not_chosen(state, policy, passed.due_at)
        case s.Told() if passed.name == "unsettled":
            return _given_up()
        case s.Told():
            return [Decided(draw(f"shortage.{state.offer_id}", "shortage", state.attention), ("RF-007",))]
        case s.Waiting():
            return _tell(state.shortage, policy, passed.due_at)
        case s.Absent() | s.Released() | s.RefundDue():
            return []
        case _:
            assert_never(state)


@rule("RF-007")
def _given_up() -> Sequence[Fact]:
    """Ends a choice that nobody made; the order's own limit and the buyer's refund remain."""
    return [s.ShortageOver()]


@rule("RF-007")
def _not_chosen(state: s.Told, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person ring where no answer came; the dispatch limit runs on."""
    task_id = derived_id(state.offer_id, "ring")
    return [s.ChoiceMissed(Task("shortage_choice", now + policy.attention.after_days, task_id=task_id))]
