"""Finds the tasks that a batch opens and ends: from its facts, and from the answers among its events. Pure.

A task ends when it is withdrawn or answered. An answer that its case declines ends nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from aftersales_contracts.aftersales.common import TaskRequestedV1, TaskWithdrawnV1
from aftersales_contracts.shop.desk import TaskCompletedV1
from chassis.engine.records import FactRecord, OpenTask, TaskChanges, TaskKey
from chassis.ingest.decoder import Accepted, Arrival

ASKED, WITHDRAWN = TaskRequestedV1.TYPE, TaskWithdrawnV1.TYPE
DECLINED = "aftersales.task.answer-declined.v1"
TASKS = "aftersales.task."
NO_CHANGES = TaskChanges()


class _Named(msgspec.Struct):
    """The part of an outcome about a task that the table keeps."""

    task_id: str
    shop_id: str = ""
    kind_code: str = ""
    question_code: str = ""
    due_at: datetime | None = None


_named = msgspec.json.Decoder(_Named).decode


def task_changes(facts: Sequence[FactRecord], arrivals: Iterable[Arrival]) -> TaskChanges:
    """Compares what was asked, withdrawn and answered, in the order of the facts; the last word counts."""
    answers = _answers(arrivals)
    told = [fact for fact in facts if fact.event_type is not None and fact.event_type.startswith(TASKS)]
    if not answers and not told:
        return NO_CHANGES
    for fact in told:
        if fact.event_type == DECLINED:
            answers.pop((fact.cause.source, fact.cause.id), None)
    changed: dict[TaskKey, OpenTask | None] = {}
    for fact in facts if answers else told:
        answered = answers.pop((fact.cause.source, fact.cause.id), None)
        if answered is not None:
            changed[answered] = None
        if fact.event_type == ASKED:
            task = _task(fact)
            changed[task.key] = task
        elif fact.event_type == WITHDRAWN:
            changed[fact.kind, fact.case_id, _named(fact.event or "").task_id] = None
    changed |= dict.fromkeys(answers.values())
    ended = sorted(key for key, task in changed.items() if task is None)
    return TaskChanges([task for _, task in sorted(changed.items()) if task is not None], ended)


def _answers(arrivals: Iterable[Arrival]) -> dict[tuple[str, str], TaskKey]:
    """Lists the tasks that were answered, by source and id of the answer."""
    found: dict[tuple[str, str], TaskKey] = {}
    for arrival in arrivals:
        verdict = arrival.verdict
        if isinstance(verdict, Accepted) and isinstance(verdict.received.data, TaskCompletedV1):
            data, envelope = verdict.received.data, verdict.received.envelope
            found[envelope.source, envelope.id] = data.case_kind, data.case_id, data.task_id
    return found


def _task(fact: FactRecord) -> OpenTask:
    named = _named(fact.event or "")
    return OpenTask(
        fact.kind, fact.case_id, named.task_id, fact.subject, named.shop_id,
        named.kind_code, named.question_code, fact.at, named.due_at or fact.at,
    )  # fmt: skip
