"""P6: the open tasks of a batch, by what its facts ask and withdraw, and by the answers among its events."""

import json
from datetime import UTC, datetime, timedelta

from aftersales_contracts.aftersales.common import TaskRequestedV1, TaskWithdrawnV1
from aftersales_contracts.components import Party
from aftersales_contracts.enums import Role
from aftersales_contracts.envelope import Envelope
from aftersales_contracts.shop.desk import TaskCompletedV1
from chassis.engine.records import Cause, FactRecord, OpenTask, StoredOrigin
from chassis.ingest.decoder import Accepted, Arrival, Rejected
from chassis.runtime.open_tasks import DECLINED, NO_CHANGES, task_changes
from chassis.service import Received

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
OTHER = Cause("shop.order.paid.v1", "shop/orders", "e0", "o1", None)
KEY = ("exchange", "x1", "x1.note")


def cause(number: int) -> Cause:
    return Cause(TaskCompletedV1.TYPE, "desk", f"a{number}", "o1", None)


def fact(
    event_type: str | None, because: Cause = OTHER, task_id: str = "x1.note", days: int = 2
) -> FactRecord:
    told = {
        "task_id": task_id, "shop_id": "s1", "kind_code": "attention",
        "question_code": "note_names_other_variant",
        "due_at": (T0 + days * DAY).isoformat(), "lines": [{"line_id": "l1"}],
    }  # fmt: skip
    event = None if event_type is None else json.dumps(told)
    return FactRecord(
        "o1", "exchange", "x1", 3, "NoteDiffers", T0, "{}", "", "p", because, event_type, "o1", event
    )


def answer(number: int, task_id: str = "x1.note") -> Arrival:
    data = TaskCompletedV1(
        shop_id="s1", task_id=task_id, case_kind="exchange", case_id="x1", about_subject="o1",
        outcome_code="confirmed", by=Party(role=Role.AGENT),
    )  # fmt: skip
    envelope = Envelope(f"a{number}", "desk", TaskCompletedV1.TYPE, T0, "o1")
    verdict = Accepted(Received(envelope, data, T0), b"", 0, T0.date(), T0)
    return Arrival(StoredOrigin("shop.desk.v1", 0, number, b"o1", (), b"{}"), verdict)


ASKED = TaskRequestedV1.TYPE
WITHDRAWN = TaskWithdrawnV1.TYPE
OPEN = OpenTask(
    "exchange", "x1", "x1.note", "o1", "s1", "attention", "note_names_other_variant", T0, T0 + 2 * DAY
)


def test_a_question_is_open_until_it_is_withdrawn() -> None:
    assert task_changes([fact(ASKED)], []) == ([OPEN], [])
    assert task_changes([fact(WITHDRAWN)], []) == ([], [KEY])
    assert task_changes([fact(ASKED), fact(None), fact(WITHDRAWN)], []) == ([], [KEY])
    again = fact(ASKED, days=5)
    assert task_changes([fact(ASKED), fact(WITHDRAWN), again], []) == (
        [OPEN._replace(due_at=T0 + 5 * DAY)],
        [],
    )


def test_an_answer_ends_its_question_also_where_its_case_decides_nothing() -> None:
    assert task_changes([], [answer(1)]) == ([], [KEY])
    assert task_changes([fact(None, cause(1))], [answer(1)]) == ([], [KEY])
    assert task_changes([fact(ASKED), fact(None, cause(1))], [answer(1)]) == ([], [KEY])
    assert task_changes([fact(ASKED, task_id="x1.other")], [answer(1)]).ended == [KEY]


def test_a_question_that_follows_from_an_answer_is_open() -> None:
    assert task_changes([fact(None, cause(1)), fact(ASKED, cause(1))], [answer(1)]) == ([OPEN], [])


def test_an_answer_that_is_declined_ends_nothing() -> None:
    assert task_changes([fact(DECLINED, cause(1))], [answer(1)]) == ([], [])
    told = [fact(None, cause(1)), fact(DECLINED, cause(2))]
    assert task_changes(told, [answer(1), answer(2)]) == ([], [KEY]), "the first one counts"


def test_a_batch_without_questions_and_answers_changes_nothing() -> None:
    refused = Arrival(answer(1).record, Rejected("bad_json", "data"))  # type: ignore[arg-type]
    assert task_changes([fact(None), fact("aftersales.refund.opened.v1")], [refused]) is NO_CHANGES
