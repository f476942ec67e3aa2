"""The made-up shop: the same in every run, with every trouble, in events that anybody may read."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from aftersales_contracts.aftersales.refunds import (
    RefundOpenedV1,
    RefundPaymentRequestedV1,
    ReturnAuthorizedV1,
)
from aftersales_contracts.base import Money, OrderOutcome
from aftersales_contracts.components import Share
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.envelope import Envelope, EnvelopeError, read
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS, encode, read_data, topics_of
from aftersales_contracts.shop.aftersales import RefundAgreedV1, ReturnAcceptedV1, ReturnSentV1
from aftersales_contracts.shop.payments import RefundFailedV1, RefundSettledV1
from simulator.outcomes import Announced
from simulator.plans import Plan, Trouble
from simulator.rubbish import SPOILERS
from simulator.shop import HANDLERS, Mischief, World

CALM = Mischief(0, 0, 0)
AT = datetime(2024, 3, 20, 10, tzinfo=UTC)
ENVELOPE_REASONS = {
    "rubbish:not_cloudevents": Reason.NOT_CLOUDEVENTS,
    "rubbish:bad_utf8": Reason.BAD_UTF8,
    "rubbish:too_deep": Reason.TOO_DEEP,
    "rubbish:wrong_key": Reason.WRONG_KEY,
}


@pytest.fixture(scope="module")
def world() -> World:
    return World(120)


def plan_of(world: World, trouble: Trouble) -> Plan:
    return next(plan for plan in world.plans if plan.trouble is trouble)


def common(plan: Plan) -> dict[str, object]:
    return {
        "case_id": f"{plan.order_id}.r1",
        "case_kind": "refund-agreement",
        "case_version": 1,
        "shop_id": plan.shop_id,
        "rule_ids": ["RF-012"],
        "policy_version": "taobao-classic@2014-01-01",
        "order_id": plan.order_id,
    }


def announced(outcome: OrderOutcome) -> Announced:
    envelope = Envelope("refund-agreement/r1/1", "aftersales/refunds", outcome.TYPE, AT, outcome.order_id)
    return Announced(envelope, encode(outcome))


def test_two_runs_publish_alike() -> None:
    assert list(World(60).records()) == list(World(60).records())
    assert list(World(60, seed=2).records()) != list(World(60).records())


def test_records_come_by_the_moment_of_publishing(world: World) -> None:
    moments = [record.at for record in world.records()]
    assert moments == sorted(moments)


def test_even_a_small_shop_has_every_trouble_and_every_rubbish(world: World) -> None:
    assert {plan.trouble for plan in world.plans} == set(Trouble)
    kinds = Counter(record.type for record in world.records())
    assert {reason for reason in SPOILERS if not kinds[f"rubbish:{reason.value}"]} == set()


def test_whatever_is_not_rubbish_is_a_good_event_on_its_topic(world: World) -> None:
    for record in world.records():
        if record.type.startswith("rubbish:"):
            continue
        envelope, body = read(record.key, record.headers, record.value)
        data = read_data(EVENTS[envelope.type], body)
        assert record.topic in topics_of(type(data))
        assert data.subject_of() == envelope.subject


def test_rubbish_of_the_envelope_is_refused_for_its_reason(world: World) -> None:
    seen: set[str] = set()
    for record in world.records():
        if record.type in ENVELOPE_REASONS:
            with pytest.raises(EnvelopeError) as refused:
                read(record.key, record.headers, record.value)
            assert refused.value.reason is ENVELOPE_REASONS[record.type]
            seen.add(record.type)
    assert seen == set(ENVELOPE_REASONS)


def test_repeats_and_late_news_are_there_and_can_be_left_out(world: World) -> None:
    ids = Counter((record.id, record.type) for record in world.records())
    assert 10 < sum(count > 1 for count in ids.values()) < 0.1 * len(ids)
    calm = Counter(record.id for record in World(120, mischief=CALM).records())
    assert set(calm.values()) == {1}


def test_the_provider_settles_what_is_asked_once_it_does_not_fail(world: World) -> None:
    plan = plan_of(world, Trouble.RETURN)
    outcomes: Counter[str] = Counter()
    for attempt in range(200):
        amount = Money(minor=500, currency="CNY")
        asked = RefundPaymentRequestedV1.model_validate(
            {
                **common(plan),
                "intent_id": f"i{attempt}",
                "attempt_id": f"i{attempt}.1",
                "purpose": "refund",
                "amount": amount,
                "payee": "buyer",
            }
        )
        said = [reply.data for reply in world.answer(announced(asked))]
        settled = [data for data in said if isinstance(data, RefundSettledV1)]
        failed = [data for data in said if isinstance(data, RefundFailedV1)]
        assert bool(settled) != bool(failed)
        assert sum(data.has_moved_now for data in settled) == len(settled[:1])
        assert all(data.amount == amount for data in settled)
        outcomes["failed" if failed else "settled"] += 1
    assert 2 < outcomes["failed"] < 40


def opened(plan: Plan, kind: RefundKind) -> Announced:
    return announced(
        RefundOpenedV1.model_validate(
            {
                **common(plan),
                "refund_id": f"{plan.order_id}.r1",
                "kind": kind,
                "reason_code": "quality",
                "lines": [Share(line_id="1", quantity_count=1)],
                "amount": Money(minor=plan.goods, currency="CNY"),
                "terms_version": 1,
                "answer_by_at": AT + timedelta(days=5),
            }
        )
    )


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (Trouble.RETURN, [RefundAgreedV1]),
        (Trouble.RETURN_SILENT_SELLER, []),
        (Trouble.REFUND_SILENT_SELLER, []),
    ],
)
def test_sellers_answer_as_their_story_goes(world: World, trouble: Trouble, says: list[type]) -> None:
    plan = plan_of(world, trouble)
    replies = world.answer(opened(plan, RefundKind.WITH_RETURN))
    assert [type(reply.data) for reply in replies] == says
    assert list(world.answer(opened(plan, RefundKind.WITH_RETURN))) == list(replies)


@pytest.mark.parametrize(
    ("trouble", "sends", "accepts"),
    [
        (Trouble.RETURN, 1, 1),
        (Trouble.RETURN_SILENT_SELLER, 1, 0),
        (Trouble.RETURN_SILENT_BUYER, 0, 0),
    ],
)
def test_buyers_send_back_as_their_story_goes(
    world: World, trouble: Trouble, sends: int, accepts: int
) -> None:
    plan = plan_of(world, trouble)
    authorized = ReturnAuthorizedV1.model_validate(
        {
            **common(plan),
            "return_id": f"{plan.order_id}.ret",
            "refund_id": f"{plan.order_id}.r1",
            "lines": [Share(line_id="1", quantity_count=1)],
            "carriages": ["express"],
            "is_collect_forbidden": True,
            "needs_note": True,
            "send_by_at": AT + timedelta(days=7),
        }
    )
    said = Counter(type(reply.data) for reply in world.answer(announced(authorized)))
    assert (said[ReturnSentV1], said[ReturnAcceptedV1]) == (sends, accepts)


def test_nobody_answers_for_an_order_of_another_shop(world: World) -> None:
    plan = World(1, seed=9).plans[0]
    assert list(world.answer(opened(plan, RefundKind.WITH_RETURN))) == []


def test_every_outcome_that_somebody_answers_is_in_the_contracts() -> None:
    assert all(EVENTS[event_class.TYPE] is event_class for event_class in HANDLERS)
