"""Defines the messages that several kinds are told in the same words."""

from datetime import datetime

from kernel.value import Value
from services.logistics.parcels import Outcome, ParcelStatus


class ParcelNews(Value):
    """A parcel of the order moved: its status now, since when, and the outcome if it has one."""

    parcel_id: str
    status: ParcelStatus
    at: datetime | None
    outcome: Outcome | None
    is_stalled: bool


class TaskDone(Value):
    """A person decided a task of the case."""

    task_id: str
    outcome_code: str


class MemoStored(Value):
    """A memo is on the order."""

    purpose: str
    request_id: str | None


class RequestDeclined(Value):
    """The order system did not carry out one of our requests."""

    request_id: str
    reason_code: str
