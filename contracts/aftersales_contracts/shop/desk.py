"""Defines the events of the staff workbench: `shop.desk.v1`, by the subject of the task."""

from pydantic import Field

from aftersales_contracts.base import Code, Count, Event, Id, Money
from aftersales_contracts.components import Party, Ref, Share, Subject

TOPIC = "shop.desk.v1"


class TaskCompletedV1(Event):
    """A person decided, or assessed evidence.

    Whose task it is stands in `case_kind`, `case_id` and `about_subject`, echoed from the
    `aftersales.task.requested.v1`; `about_subject` is also the envelope's subject and the key.
    """

    TYPE = "shop.task.completed.v1"
    TOPIC = TOPIC
    RULES = (
        "RF-007",
        "RF-035",
        "RF-040",
        "RF-041",
        "RF-048",
        "RF-087",
        "RF-090",
        "LG-003",
        "LG-007",
        "LG-008",
        "LG-010",
        "LG-020",
        "CU-015",
        "CU-018",
        "CP-063",
        "CP-080",
    )

    shop_id: Id
    task_id: Id
    case_kind: Code
    """Kinds are unique over the four services."""
    case_id: Id
    about_subject: Subject
    outcome_code: Code
    """Open list, by the question asked: approved, refused, confirmed, unfounded, unclear.

    was_promise_kept: confirmed or fulfilled, breached, unfounded or released. review_cause: the cause's code.
    """
    option_id: Id | None = None
    """The option chosen, where the task had options."""
    amount: Money | None = None
    """The amount that the person settled on."""
    lines: list[Share] | None = None
    """The pieces that the person settled on, for example what a packing slip shows."""
    weight_grams: Count | None = None
    """Grams, as read from evidence."""
    payee_ref: Ref | None = None
    """payee_of_cash: the account to which money goes that cannot go back the way it came (RF-048)."""
    note_ref: Ref | None = None
    evidence_ids: list[Id] = Field(default_factory=list[Id])
    by: Party

    def subject_of(self) -> str:
        return self.about_subject
