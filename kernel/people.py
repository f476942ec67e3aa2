"""Defines the facts by which every kind of case asks and tells people."""

from collections.abc import Mapping
from datetime import datetime

from kernel.value import Value


class Task(Value):
    """A person must decide or act (task.requested).

    `task_id` is the whole id. Without it, `name` follows the case's id; without both, `task` and the
    case's version do, so that each task of a case has its own.
    """

    question_code: str
    due_at: datetime
    kind_code: str = "attention"
    name: str = ""
    task_id: str = ""


class TaskWithdrawn(Value):
    """A question to a person is void (task.withdrawn). `name` and `task_id` are those of its `Task`."""

    reason_code: str
    name: str = ""
    task_id: str = ""


class Notice(Value):
    """The buyer or the seller must be told (notice.requested). `notice_id` and `name` as with `Task`.

    `expires_at`: the moment after which the notice is of no use.
    """

    template_code: str
    expires_at: datetime
    values: Mapping[str, str]
    to: str = "buyer"
    purpose: str = "service"
    channels: tuple[str, ...] = ("chat", "sms")
    name: str = ""
    notice_id: str = ""
