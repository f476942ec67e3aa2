"""Defines the tables of one service. Rows only: no methods, no rules; the hot path writes by set-based SQL.

Every service has the same tables in a schema of its own (`search_path` names the schema). Migrations are
plain SQL in chassis/store/migrations; a test compares them with these definitions.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

MOMENT = DateTime(timezone=True)


class Table(SQLModel, registry=registry()):
    """Base of the chassis tables, with metadata of its own."""


class CaseRow(Table, table=True):
    """A case: its state, and when the case is due."""

    __tablename__ = "cases"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("cases_due", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        Index("cases_open", "kind", "opened_at", postgresql_where=text("NOT is_ended")),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    subject: str = Field(primary_key=True, sa_type=Text)
    kind: str = Field(primary_key=True, sa_type=Text)
    case_id: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(sa_type=BigInteger)
    """Number of facts so far; fences every update."""
    state_name: str = Field(sa_type=Text)
    state: str = Field(sa_type=JSON)
    shop_id: str = Field(sa_type=Text)
    policy: str = Field(sa_type=Text)
    """Version of the policy that the case opened under; empty before its first fact."""
    wake_at: datetime | None = Field(default=None, sa_type=MOMENT)
    """Event time of the earliest deadline, its grace included."""
    is_ended: bool
    opened_at: datetime = Field(sa_type=MOMENT)
    moved_at: datetime = Field(sa_type=MOMENT)
    mark: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    """In a replay: the mark whose round moved the case last. The next round decides its deadlines."""


class FactRow(Table, table=True):
    """One decided fact: history for `explain`, outbox for the relay. Append-only, in commit order."""

    __tablename__ = "facts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("facts_of_case", "case_id"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    position: int = Field(primary_key=True, sa_type=BigInteger)
    recorded_at: datetime = Field(primary_key=True, sa_type=MOMENT)
    """By the machine's clock. Old partitions are dropped by it, and the age of unsent outcomes is told by it.
    """
    subject: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    case_id: str = Field(sa_type=Text)
    version: int = Field(sa_type=BigInteger)
    name: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=MOMENT)
    data: str = Field(sa_type=JSON)
    rules: str = Field(sa_type=Text)
    """Rule ids, joined by commas."""
    policy: str = Field(sa_type=Text)
    cause_type: str = Field(sa_type=Text)
    cause_source: str = Field(sa_type=Text)
    cause_id: str = Field(sa_type=Text)
    correlation: str = Field(sa_type=Text)
    trace: str | None = Field(default=None, sa_type=Text)
    event_type: str | None = Field(default=None, sa_type=Text)
    event_key: str | None = Field(default=None, sa_type=Text)
    event: str | None = Field(default=None, sa_type=Text)
    """The announced data, exactly as published; absent where the fact is not announced."""


class InboxRow(Table, table=True):
    """One accepted event, to recognise its repeats by (source, id)."""

    __tablename__ = "inbox"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"postgresql_partition_by": "RANGE (month)"},)

    month: date = Field(primary_key=True)
    """First day of the month of the event's own time: a repeat always falls into the same partition."""
    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """16 bytes, blake2b of source and id."""
    body_hash: int = Field(sa_type=BigInteger)


class WaitingRow(Table, table=True):
    """A message that a case cannot take yet, that failed, or that a case of another subject told."""

    __tablename__ = "waiting"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("waiting_of_subject", "subject"),
        Index("waiting_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("waiting_retry", "retry_at", postgresql_where=text("retry_at IS NOT NULL")),
        Index("waiting_expires", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    subject: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    case_id: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=MOMENT)
    name: str = Field(sa_type=Text)
    message: str = Field(sa_type=JSON)
    shop_id: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    """early, horizon (held for the watermark), mailbox (cross-subject delivery), failed, behind or parked."""
    attempts: int
    due_at: datetime | None = Field(default=None, sa_type=MOMENT)
    """Event time from which a cross-subject delivery is made."""
    retry_at: datetime | None = Field(default=None, sa_type=MOMENT)
    """Machine time of the next attempt (failed)."""
    expires_at: datetime | None = Field(default=None, sa_type=MOMENT)
    """Event time after which the message is a dead letter."""
    error: str | None = Field(default=None, sa_type=Text)
    since: datetime = Field(sa_type=MOMENT, sa_column_kwargs={"server_default": text("clock_timestamp()")})
    """Moment of setting aside, by the machine's clock."""
    cause_type: str = Field(sa_type=Text)
    cause_source: str = Field(sa_type=Text)
    cause_id: str = Field(sa_type=Text)
    correlation: str = Field(sa_type=Text)
    trace: str | None = Field(default=None, sa_type=Text)
    topic: str | None = Field(default=None, sa_type=Text)
    partition: int | None = Field(default=None)
    offset: int | None = Field(default=None, sa_type=BigInteger)
    key: bytes | None = Field(default=None, sa_type=LargeBinary)
    headers: str | None = Field(default=None, sa_type=JSON)
    value: bytes | None = Field(default=None, sa_type=LargeBinary)


class DeadLetterRow(Table, table=True):
    """A record that could not be used: the original as it came, its place, and the reason."""

    __tablename__ = "dead_letters"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "dead_letters_once",
            "topic",
            "partition",
            "offset",
            unique=True,
            postgresql_where=text("topic <> '' AND kind = ''"),
        ),
        Index("dead_letters_of_event", "event_id", postgresql_where=text("event_id <> ''")),
    )

    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=MOMENT)
    reason: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    topic: str = Field(sa_type=Text)
    """Empty where no record was the cause (a deadline whose rule fails)."""
    partition: int
    offset: int = Field(sa_type=BigInteger)
    key: bytes | None = Field(default=None, sa_type=LargeBinary)
    headers: str = Field(sa_type=JSON)
    """List of [name, value in base64]."""
    value: bytes | None = Field(default=None, sa_type=LargeBinary)
    event_type: str = Field(sa_type=Text)
    event_source: str = Field(sa_type=Text)
    event_id: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    case_id: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    """Class of the message that failed; empty for a record that the decoder refused."""
    message: str | None = Field(default=None, sa_type=JSON)
    shop_id: str = Field(sa_type=Text)
    resent_at: datetime | None = Field(default=None, sa_type=MOMENT)
    resent_by: str | None = Field(default=None, sa_type=Text)
    resent_why: str | None = Field(default=None, sa_type=Text)
    recorded_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs={"server_default": text("now()")})
    """By the machine's clock; `at` is the event's time for a message of a case."""
    correlation: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    trace: str | None = Field(default=None, sa_type=Text)


class TaskRow(Table, table=True):
    """A question to a person that nobody has answered yet. Its row goes with the answer or the withdrawal."""

    __tablename__ = "tasks"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("tasks_due", "due_at"),)

    kind: str = Field(primary_key=True, sa_type=Text)
    case_id: str = Field(primary_key=True, sa_type=Text)
    task_id: str = Field(primary_key=True, sa_type=Text)
    subject: str = Field(sa_type=Text)
    shop_id: str = Field(sa_type=Text)
    kind_code: str = Field(sa_type=Text)
    """Kind of task, for routing."""
    question_code: str = Field(sa_type=Text)
    asked_at: datetime = Field(sa_type=MOMENT)
    due_at: datetime = Field(sa_type=MOMENT)


class IntakeRow(Table, table=True):
    """Progress of one input partition: offset, watermark, clock mark."""

    __tablename__ = "intake"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    topic: str = Field(primary_key=True, sa_type=Text)
    partition: int = Field(primary_key=True)
    next_offset: int = Field(sa_type=BigInteger)
    stands_at: datetime | None = Field(default=None, sa_type=MOMENT)
    """The watermark: event time up to which the partition has been read; never goes back. The column keeps
    its word."""
    mark: int = Field(sa_type=BigInteger)
    """Number of the last clock mark handled; 0 by the wall clock."""


class CursorRow(Table, table=True):
    """A position in the log: `head` is the last one given. `relay` and `waker` (timer loop) have a leader."""

    __tablename__ = "cursors"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    name: str = Field(primary_key=True, sa_type=Text)
    position: int = Field(sa_type=BigInteger)
    holder: str | None = Field(default=None, sa_type=Text)
    """The database session that leads: its process id and start."""
    lease_until: datetime | None = Field(default=None, sa_type=MOMENT)
    """Database time after which another process may lead."""


class PolicyVersionRow(Table, table=True):
    """A policy version that the service has started with. Append-only."""

    __tablename__ = "policy_versions"  # pyright: ignore[reportAssignmentType]

    name: str = Field(primary_key=True, sa_type=Text)
    base: str = Field(sa_type=Text)
    """The package's version that it stands on."""
    file: str = Field(sa_type=Text)
    digest: str = Field(sa_type=Text)
    """SHA-256 of the numbers, keys sorted."""
    numbers: str = Field(sa_type=JSON)
    """All numbers as the file gives them, `extends` resolved."""
    seen_at: datetime = Field(sa_type=MOMENT, sa_column_kwargs={"server_default": text("clock_timestamp()")})
