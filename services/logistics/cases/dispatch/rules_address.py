"""Decides on the check of recipient, address and postcode before anything leaves (OR-006)."""

from collections.abc import Sequence
from datetime import datetime

from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.commitments import not_under_way
from services.logistics.order_file import AddressCheck, OrderFile
from services.logistics.policy import Policy


@rule("OR-006")
def asked(file: OrderFile, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks the warehouse once, when goods are due that have not left yet."""
    hours = policy.dispatch.address_check_hours
    if not hours or file.clock is None or file.address_check is not None or not not_under_way(file):
        return []
    return [f.AddressCheckAsked(AddressCheck(derived_id(file.order_id, "address"), now + hours))]


@rule("OR-006")
def answered(file: OrderFile, answer: m.InstructionAnswered, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Takes the answer. A person sees to an address that is not right, while goods are still here."""
    check = file.address_check
    if check is None or check.request_id != answer.request_id:
        return []
    is_wrong = answer.outcome == "refused" and not _is_over(file)
    is_known = is_wrong and check.task_id == _task_id(check, "wrong")
    if is_known or (check.due_at is None and check.task_id is None):
        return []
    void = _withdrawn(check, "answered")
    if is_wrong:
        return [*void, *_given_to_person(check, "wrong", policy, now)]
    return [*void, f.AddressCheckChanged(replace(check, due_at=None, task_id=None))]


@rule("OR-006")
def unanswered(file: OrderFile, now: datetime, policy: Policy) -> Sequence[Fact]:
    """Lets a person look where nobody says whether the address is right. A late answer still counts."""
    check = file.address_check
    return [] if check is None else _given_to_person(check, "unchecked", policy, now)


@rule("OR-006")
def over(file: OrderFile) -> Sequence[Fact]:
    """Withdraws the question to a person once everything left, or nothing is to leave any more."""
    check = file.address_check
    if check is None or check.task_id is None or not _is_over(file):
        return []
    return [*_withdrawn(check, "goods_left"), f.AddressCheckChanged(replace(check, task_id=None))]


def _is_over(file: OrderFile) -> bool:
    return file.closed_at is not None or file.succeeded_at is not None or not not_under_way(file)


def _given_to_person(check: AddressCheck, word: str, policy: Policy, now: datetime) -> list[Fact]:
    task_id, due_at = _task_id(check, word), now + policy.attention.after_days
    changed = f.AddressCheckChanged(replace(check, due_at=None, task_id=task_id))
    return [changed, Task(f"address_{word}", due_at, task_id=task_id)]


def _withdrawn(check: AddressCheck, reason_code: str) -> list[Fact]:
    return [] if check.task_id is None else [TaskWithdrawn(reason_code, task_id=check.task_id)]


def _task_id(check: AddressCheck, word: str) -> str:
    return derived_id(check.request_id, word)
