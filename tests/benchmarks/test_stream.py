"""The benchmark's events are real: the decoder accepts them and the rules lead them to payment. No timing."""

import re
from collections import Counter
from datetime import datetime, timedelta

import pytest

from aftersales_contracts.envelope import read
from benchmarks import baseline
from benchmarks.pending import ANSWER_WITHIN, GRACE, _cases, _story
from benchmarks.rules import play
from benchmarks.stream import SET_UP_STEPS, STEPS, Stream, announced, event_of, order_id
from chassis.engine.codec import Codec
from services.refunds.cases.order.messages import NAME as ORDER
from services.refunds.cases.refund_agreement.messages import NAME as AGREEMENT
from services.refunds.cases.refund_agreement.state import AwaitingAnswer

NOW = datetime.fromisoformat("2026-05-04T12:00:00+00:00")


@pytest.fixture
def stream() -> Stream:
    return Stream("s", 30, spread_count=7)


def test_a_copied_record_is_what_the_contracts_write(stream: Stream) -> None:
    for record in [*stream.set_up(NOW - stream.length), *stream.measured(NOW)]:
        topic, key, headers, value = record
        envelope, _ = read(key, headers, value)
        order, _, step = envelope.id.rpartition(".")
        assert announced(event_of(step, order), envelope.id, envelope.time) == (topic, key, headers, value)


def test_every_case_has_its_steps_in_order_and_time_only_goes_on(stream: Stream) -> None:
    records = [*stream.set_up(NOW - stream.length), *stream.measured(NOW)]
    assert len(records) == stream.set_up_count + stream.count
    seen: dict[str, list[str]] = {}
    last = NOW - timedelta(days=1)
    for _, key, headers, value in records:
        envelope, _ = read(key, headers, value)
        assert envelope.time > last
        last = envelope.time
        order, _, step = envelope.id.rpartition(".")
        seen.setdefault(order, []).append(step)
    assert last == NOW
    assert set(seen) == {order_id("s", number) for number in range(30)}
    assert set(map(tuple, seen.values())) == {(*SET_UP_STEPS, *STEPS)}


def test_the_rules_take_every_case_to_its_payment(stream: Stream) -> None:
    played = play([*stream.set_up(NOW - stream.length), *stream.measured(NOW)], NOW)
    assert (played.waiting_count, played.dead_count) == (0, 0)
    outcomes = Counter(fact.event_type for fact in played.facts)
    assert outcomes["aftersales.refund.opened.v1"] == 30
    assert outcomes["aftersales.refund.payment-requested.v1"] == 30
    assert outcomes["aftersales.refund.paid.v1"] == 30
    paid = [fact.event for fact in played.facts if fact.event_type == "aftersales.refund.paid.v1"]
    assert all(event is not None and '"minor":12400' in event for event in paid)


def test_the_baselines_publish_as_many_outcomes_as_the_rules_announce(stream: Stream) -> None:
    played = play([*stream.set_up(NOW - stream.length), *stream.measured(NOW)], NOW)
    measured = {event_of(step, "x").TYPE for step in STEPS}
    announced_counts = dict.fromkeys(measured, 0)
    for fact in played.facts:
        if fact.event_type is not None and fact.cause.type in measured:
            announced_counts[fact.cause.type] += 1
    assert {name: count / 30 for name, count in announced_counts.items()} == baseline.OUTCOMES


def test_a_pending_refund_fires_at_its_moment_and_pays() -> None:
    cases = {case.kind: case for case in _cases(NOW)}
    agreement = cases[AGREEMENT]
    assert isinstance(agreement.state, AwaitingAnswer)
    assert agreement.wake_at == NOW
    assert agreement.state.answer_by == NOW - GRACE
    assert cases[ORDER].subject == agreement.subject
    later = play(_story(NOW - GRACE - ANSWER_WITHIN), NOW)
    assert later.dead_count == 0


def test_a_pending_state_holds_nothing_of_its_order_but_ids() -> None:
    for case in _cases(NOW):
        text = Codec((type(case.state),)).encode(case.state)
        assert not re.search(r"bench-placeholder[a-z0-9]", text)
