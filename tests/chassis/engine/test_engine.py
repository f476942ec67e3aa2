"""The engine in memory: order, deadlines and the watermark, early messages, failures, messages told."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from aftersales_contracts.reasons import Reason
from chassis.engine.engine import Engine, Limits
from chassis.engine.records import Cause
from chassis.engine.registry import Registry
from chassis.engine.subject import Delivery, Subject
from kernel.decider import Deadline, DeadlinePassed
from tests.chassis import toy

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = Limits(wait=timedelta(days=7), attempts=3, retry_delay=lambda attempts: attempts * MINUTE)
CAUSE = Cause("shop.test.v1", "test", "e1", "o1", None)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


class Desk:
    """A subject that goes from batch to batch, as the store would keep it."""

    def __init__(self) -> None:
        self.registry = Registry(toy.TOY)
        self.subjects = {"o1": Subject("o1")}
        self.watermark = T0 - timedelta(days=1)
        self.wall = T0
        self.names: list[str] = []
        self.told: list[str] = []
        self.cross_subject: list[Delivery] = []
        self.dead: list[tuple[str, str]] = []

    def _batch(self) -> Engine:
        return Engine(self.registry, self.subjects, self.watermark, self.wall, LIMITS)

    def _note(self, batch: Engine) -> None:
        self.names += [fact.name for fact in batch.facts]
        self.told += [fact.data for fact in batch.facts]
        self.cross_subject += batch.cross_subject
        self.dead += [(letter.reason, letter.name) for letter in batch.dead]

    def arrive(self, message: object, at: datetime, read_to: datetime = FAR) -> None:
        batch = self._batch()
        batch.arrive(toy.tab("o1", message), at, "s1", CAUSE, None, read_to)
        self._note(batch)

    def fire_due(self, watermark: datetime) -> None:
        self.watermark = max(self.watermark, watermark)
        batch = self._batch()
        batch.fire_due("o1")
        self._note(batch)

    def state(self) -> object:
        return self.subjects["o1"].cases["tab", "o1"].state


@pytest.fixture
def desk() -> Iterator[Desk]:
    toy.BROKEN.clear()
    yield Desk()
    toy.BROKEN.clear()


def test_an_early_message_is_offered_again_when_the_case_moves(desk: Desk) -> None:
    desk.arrive(toy.Added(5), T0 + MINUTE)
    assert desk.names == []
    assert desk.subjects["o1"].cases["tab", "o1"].is_changed, (
        "a row to lock must be there for whoever opens it"
    )
    desk.arrive(toy.Opened(), T0)
    assert desk.names == ["TabOpened", "AmountAdded"]
    assert desk.state() == toy.Open(5, T0 + toy.HOUR)


def test_an_early_message_stepped_over_the_deadline_that_its_case_opened_with(desk: Desk) -> None:
    desk.arrive(toy.Added(5), T0 + MINUTE)
    desk.arrive(toy.Added(7), T0 + 2 * toy.HOUR)
    desk.arrive(toy.Paid(), T0 + 3 * toy.HOUR)
    desk.arrive(toy.Opened(), T0)
    assert desk.names == ["TabOpened", "AmountAdded"]
    assert [delivery.reason for delivery in desk.subjects["o1"].held] == ["horizon", "horizon"]
    desk.fire_due(T0 + 4 * toy.HOUR)
    assert desk.state() == toy.Closed(5, "lapsed")
    assert (desk.subjects["o1"].waiting, desk.subjects["o1"].held) == ([], [])


def test_an_answer_before_the_deadline_counts_and_one_after_it_does_not(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    desk.arrive(toy.Paid(), T0 + toy.HOUR)
    assert desk.state() == toy.Closed(0, "paid")
    late = Desk()
    late.arrive(toy.Opened(), T0)
    late.arrive(toy.Paid(), T0 + toy.HOUR + toy.GRACE + MINUTE)
    assert late.state() == toy.Closed(0, "lapsed")


def test_a_message_that_steps_over_an_undecided_deadline_waits_for_the_watermark(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    desk.arrive(toy.Paid(), T0 + 2 * toy.HOUR, read_to=T0 + MINUTE)
    assert desk.names == ["TabOpened"]
    assert [delivery.reason for delivery in desk.subjects["o1"].held] == ["horizon"]
    desk.arrive(toy.Added(3), T0 + 30 * MINUTE, read_to=T0 + MINUTE)
    assert desk.names == ["TabOpened", "AmountAdded"], "what lies before the deadline does not wait"
    desk.fire_due(T0 + 3 * toy.HOUR)
    assert desk.state() == toy.Closed(3, "lapsed")
    assert not desk.subjects["o1"].held


def test_a_deadline_fires_only_after_its_grace(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    desk.fire_due(T0 + toy.HOUR + 9 * MINUTE)
    assert isinstance(desk.state(), toy.Open)
    desk.arrive(toy.Paid(), T0 + toy.HOUR - MINUTE)
    assert desk.state() == toy.Closed(0, "paid"), "written in time, published late"


def test_an_answer_within_the_grace_waits_until_the_deadline_is_decided(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    desk.arrive(toy.Paid(), T0 + toy.HOUR + MINUTE)
    assert isinstance(desk.state(), toy.Open)
    desk.fire_due(T0 + toy.HOUR + toy.GRACE)
    assert desk.state() == toy.Closed(0, "lapsed")


def test_a_failing_rule_sets_aside_its_own_message_and_those_behind_it_keep_their_order(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    toy.BROKEN.add("Added")
    desk.arrive(toy.Added(1), T0 + MINUTE)
    desk.arrive(toy.Paid(), T0 + 2 * MINUTE)
    assert [delivery.reason for delivery in desk.subjects["o1"].waiting] == ["failed", "behind"]
    assert desk.subjects["o1"].cases["tab", "o1"].wake_at is None, (
        "a blocked case is not woken by its deadline"
    )
    toy.BROKEN.clear()
    desk.fire_due(T0 + 3 * MINUTE)
    assert isinstance(desk.state(), toy.Open), "not before its delay is over"
    desk.wall = T0 + MINUTE
    desk.fire_due(T0 + 3 * MINUTE)
    assert desk.state() == toy.Closed(1, "paid")
    assert desk.subjects["o1"].waiting == []


def test_a_rule_that_keeps_failing_ends_as_a_dead_letter_and_the_case_goes_on(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    toy.BROKEN.add("Added")
    desk.arrive(toy.Added(1), T0 + MINUTE)
    desk.arrive(toy.Paid(), T0 + 2 * MINUTE)
    for _ in range(3):
        desk.wall += toy.HOUR
        desk.fire_due(T0 + 3 * MINUTE)
    assert desk.dead == [(Reason.RULE_FAILED, "Added")]
    assert desk.state() == toy.Closed(0, "paid")


def test_a_failing_deadline_parks_its_case_instead_of_spinning(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    toy.BROKEN.add("DeadlinePassed")
    for _ in range(6):
        desk.wall += toy.HOUR
        desk.fire_due(T0 + 2 * toy.HOUR)
    assert desk.dead == [(Reason.RULE_FAILED, "DeadlinePassed")]
    assert [delivery.reason for delivery in desk.subjects["o1"].waiting] == ["parked"]
    assert desk.subjects["o1"].cases["tab", "o1"].wake_at is None


def test_a_message_that_is_never_needed_becomes_a_dead_letter(desk: Desk) -> None:
    desk.arrive(toy.Added(5), T0)
    desk.fire_due(T0 + timedelta(days=7) - MINUTE)
    assert desk.dead == []
    desk.fire_due(T0 + timedelta(days=7))
    assert desk.dead == [(Reason.WAITED_TOO_LONG, "Added")]
    assert desk.subjects["o1"].waiting == []


def test_what_is_told_stays_in_the_subject_or_becomes_a_cross_subject_delivery(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    desk.arrive(toy.Paid(), T0 + MINUTE)
    assert desk.names == ["TabOpened", "TabClosed", "TabOpened"]
    assert [(p.addressed.subject, p.due_at) for p in desk.cross_subject] == [
        ("ledger-s1", T0 + MINUTE),
        ("ledger-s1", T0 + MINUTE),
    ]


def test_a_cross_subject_delivery_is_made_when_the_watermark_has_passed_it(desk: Desk) -> None:
    deliveries = [
        Delivery(toy.tab("o1", m)[0], T0, "s1", CAUSE, None, None, "mailbox", due_at=T0)
        for m in (toy.Opened(), toy.Added(2))
    ]
    desk.subjects["o1"].waiting += deliveries
    desk.fire_due(T0 - MINUTE)
    assert desk.names == []
    desk.fire_due(T0)
    assert desk.state() == toy.Open(2, T0 + toy.HOUR)


def test_one_outcome_per_announced_fact_with_gapless_versions(desk: Desk) -> None:
    batch = Engine(desk.registry, desk.subjects, T0, T0, LIMITS)
    for message in (toy.Opened(), toy.Added(7), toy.Paid(), toy.Paid()):
        batch.arrive(toy.tab("o1", message), T0, "s1", CAUSE, None, FAR)
    tab = [fact for fact in batch.facts if fact.kind == "tab"]
    assert [fact.version for fact in tab] == [1, 2, 3]
    assert tab[2].event_type == "aftersales.toy.closed.v1"
    assert tab[2].event is not None
    assert '"total_count":7' in tab[2].event
    assert '"rule_ids":["OR-015"]' in tab[2].event


def test_a_failed_message_that_proved_early_was_due_for_ever(desk: Desk) -> None:
    toy.BROKEN.add("Added")
    desk.arrive(toy.Added(5), T0 + MINUTE)
    toy.BROKEN.clear()
    desk.wall += 2 * MINUTE
    desk.fire_due(T0 + MINUTE)
    (delivery,) = desk.subjects["o1"].waiting
    assert (delivery.reason, delivery.retry_at) == ("early", None)
    desk.arrive(toy.Opened(), T0)
    assert desk.names == ["TabOpened", "AmountAdded"]


def rules_fail(desk: Desk, *names: str) -> None:
    """So often that what they fail for is buried or parked."""
    toy.BROKEN.update(names)
    for _ in range(LIMITS.attempts):
        desk.wall += toy.HOUR
        desk.fire_due(desk.watermark)
    toy.BROKEN.clear()


def test_a_state_that_cannot_be_read_ended_as_a_dead_letter_and_not_as_a_subject_left_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.arrive(toy.Opened(), T0)

    def unreadable(state: object) -> Sequence[Deadline]:
        raise KeyError("Open")

    broken = dataclasses.replace(toy.TAB_KIND, deadlines=unreadable)
    monkeypatch.setitem(desk.registry.kinds, "tab", broken)
    desk.fire_due(T0 + 2 * toy.HOUR)
    for _ in range(LIMITS.attempts):
        desk.wall += toy.HOUR
        desk.fire_due(T0 + 2 * toy.HOUR)
    assert desk.dead == [("rule_failed", "DeadlinePassed")]
    assert [delivery.reason for delivery in desk.subjects["o1"].waiting] == ["parked"]


def test_a_message_sent_again_released_a_parked_case(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    toy.BROKEN.add("DeadlinePassed")
    desk.fire_due(T0 + 2 * toy.HOUR)
    rules_fail(desk, "DeadlinePassed")
    assert [delivery.reason for delivery in desk.subjects["o1"].waiting] == ["parked"]
    again = Delivery(toy.tab("o1", toy.Added(5))[0], T0 + MINUTE, "s1", CAUSE, None, 12, "failed")
    again.retry_at = desk.wall
    desk.subjects["o1"].waiting.insert(0, again)
    desk.fire_due(T0 + 2 * toy.HOUR)
    assert [delivery.reason for delivery in desk.subjects["o1"].waiting] == ["behind", "parked"]
    assert desk.names == ["TabOpened"]
    desk.subjects["o1"].waiting[1].reason, desk.subjects["o1"].waiting[1].retry_at = "failed", desk.wall
    desk.fire_due(T0 + 2 * toy.HOUR)
    assert desk.state() == toy.Closed(0, "lapsed")
    assert desk.subjects["o1"].waiting == []


def test_two_failed_messages_of_a_case_keep_their_order(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    for number in (1, 2):
        again = Delivery(
            toy.tab("o1", toy.Added(number))[0], T0 + number * MINUTE, "s1", CAUSE, None, number, "failed"
        )
        again.retry_at = desk.wall
        desk.subjects["o1"].waiting.append(again)
    desk.fire_due(T0)
    assert [data for data in desk.told if "amount" in data] == ['{"amount":1}', '{"amount":2}']
    assert desk.subjects["o1"].waiting == []


def test_a_moment_that_the_state_does_not_list_woke_its_case_for_ever(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    case = desk.subjects["o1"].cases["tab", "o1"]
    case.wake_at, case.is_changed = T0 + MINUTE, False
    desk.fire_due(T0 + 2 * MINUTE)
    assert case.wake_at == T0 + toy.HOUR + toy.GRACE
    assert case.is_changed
    assert desk.names == ["TabOpened"]


def test_a_rule_tells_cases_of_its_subject_at_once_and_others_by_cross_subject_delivery(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    desk.arrive(toy.Shared(), T0 + MINUTE)
    assert desk.names == ["TabOpened", "Told", "TabOpened"]
    assert json.loads(desk.told[1])["messages"] == [
        {"kind": "ledger", "case_id": "o1", "message": "Opened", "data": {}},
        {"kind": "ledger", "case_id": "s1", "message": "Opened", "data": {}},
    ]
    assert desk.subjects["o1"].cases["ledger", "o1"].version == 1
    assert [delivery.addressed.subject for delivery in desk.cross_subject] == ["ledger-s1"]


def test_a_deadline_that_the_state_no_longer_lists_decides_nothing(desk: Desk) -> None:
    desk.arrive(toy.Opened(), T0)
    before = list(desk.names)
    desk.arrive(DeadlinePassed("pay", T0), T0 + MINUTE)
    assert (desk.names, desk.dead) == (before, [])
    desk.arrive(DeadlinePassed("pay", T0 + toy.HOUR), T0 + MINUTE)
    assert desk.names[:2] == [*before, "TabClosed"]
