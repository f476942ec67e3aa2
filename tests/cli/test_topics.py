"""Topics on a real broker: made, compared with the declaration, brought to it."""

import asyncio
import json

import pytest
from aiokafka.admin import NewTopic
from typer.testing import CliRunner

import devstack
from aftersales_contracts.topics import TOPICS, Topic
from cli import topics
from cli.access import BROKERS
from cli.errors import CommandError
from cli.main import app
from cli.protocol import SetTopicConfigs

ORDERS = TOPICS["shop.orders.v1"]


def test_a_topic_wants_as_many_written_copies_as_the_cluster_can_lose_one_of() -> None:
    assert [ORDERS.configs(copies)["min.insync.replicas"] for copies in (1, 2, 3)] == ["1", "1", "2"]


def test_what_differs_is_named_with_both_values() -> None:
    there = {**ORDERS.configs(3), "retention.ms": "1", "min.insync.replicas": "1"}
    state = topics.TopicState(ORDERS, 6, 1, there)
    found = [(each.what, each.there, each.declared, each.is_applied) for each in state.differences(3)]
    assert found == [
        ("partitions", "6", "12", False),
        ("replication", "1", "3", False),
        ("min.insync.replicas", "1", "2", True),
        ("retention.ms", "1", str(90 * 86_400_000), True),
    ]
    assert topics.TopicState(ORDERS, 12, 3, ORDERS.configs(3)).differences(3) == []
    (missing,) = topics.TopicState(ORDERS, None).differences(3)
    assert (missing.what, missing.there, missing.is_applied) == ("topic", None, True)


@pytest.mark.parametrize(
    ("config", "there", "is_applied"),
    [
        ("retention.ms", str(400 * 86_400_000), False),
        ("retention.ms", "-1", False),
        ("retention.ms", "1000", True),
        ("cleanup.policy", "compact", False),
        ("max.message.bytes", "9999999", True),
    ],
)
def test_what_would_delete_records_is_left_to_a_person(config: str, there: str, is_applied: bool) -> None:
    state = topics.TopicState(ORDERS, 12, 3, {**ORDERS.configs(3), config: there})
    (found,) = state.differences(3)
    assert (found.what, found.is_applied, found.deletes) == (config, is_applied, not is_applied)


@pytest.mark.stack
async def test_topics_are_made_once_and_as_the_contracts_say(stack: devstack.Stack) -> None:
    before = {
        state.topic.name for state in await topics.compare(stack.bootstrap_servers) if state.partitions_there
    }
    made = await topics.create(stack.bootstrap_servers)
    assert set(made) | before == set(TOPICS)
    assert await topics.create(stack.bootstrap_servers) == []
    states = await topics.compare(stack.bootstrap_servers)
    assert [state.topic.name for state in states] == list(TOPICS)
    assert all(state.partitions_there == state.topic.partitions for state in states)
    assert states[0].as_json()["partitions_there"] == states[0].topic.partitions
    assert await topics.differences(stack.bootstrap_servers, 1) == []
    copies = await topics.differences(stack.bootstrap_servers, 3)
    assert {found.what for found in copies} == {"replication", "min.insync.replicas"}


async def _change(broker: str, topic: str, **configs: str) -> None:
    async with topics.admin_client(broker) as admin:
        named = {name.replace("_", "."): value for name, value in configs.items()}
        await topics.send(admin, SetTopicConfigs({topic: named}))


async def _declare(monkeypatch: pytest.MonkeyPatch, broker: str, name: str, partitions: int) -> Topic:
    """A declaration of one topic, of which the broker has only so many partitions."""
    topic = Topic(name, "order id", 4, 7, ("nobody",), "in")
    monkeypatch.setattr(topics, "TOPICS", {name: topic})
    async with topics.admin_client(broker) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=topic.configs(1))])
    for _ in range(100):  # the broker answers for a topic a moment after it is made
        (state,) = await topics.compare(broker)
        if state.partitions_there is not None:
            break
        await asyncio.sleep(0.1)
    return topic


@pytest.mark.stack
async def test_apply_sets_what_differs_and_leaves_other_settings_alone(
    stack: devstack.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = stack.bootstrap_servers
    topic = await _declare(monkeypatch, broker, "test.apply.v1", 4)
    await _change(broker, topic.name, retention_ms="1000", max_message_bytes="2000", segment_ms="77777")
    done, left = await topics.apply(broker, 1)
    assert {found.what for found in done} == {"retention.ms", "max.message.bytes"}
    assert left == []
    (state,) = await topics.compare(broker)
    assert state.configs_there is not None
    assert state.configs_there["segment.ms"] == "77777"
    assert await topics.apply(broker, 1) == ([], [])


@pytest.mark.stack
async def test_a_longer_retention_on_the_broker_is_lowered_only_where_that_is_asked_for(
    stack: devstack.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = stack.bootstrap_servers
    topic = await _declare(monkeypatch, broker, "test.longer.v1", 4)
    declared = topic.configs(1)["retention.ms"]
    await _change(broker, topic.name, retention_ms="-1")
    for _ in range(100):  # the broker says so a moment after it is changed
        (state,) = await topics.compare(broker)
        if (state.configs_there or {})["retention.ms"] == "-1":
            break
        await asyncio.sleep(0.1)
    done, left = await topics.apply(broker, 1)
    assert done == []
    assert [(found.what, found.there, found.declared) for found in left] == [("retention.ms", "-1", declared)]
    done, left = await topics.apply(broker, 1, lowers_retention=True)
    assert [(found.what, found.there) for found in done] == [("retention.ms", "-1")]
    assert left == []


@pytest.mark.stack
async def test_partitions_are_added_only_where_that_is_asked_for(
    stack: devstack.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = stack.bootstrap_servers
    await _declare(monkeypatch, broker, "test.partitions.v1", 2)
    done, left = await topics.apply(broker, 1)
    assert done == []
    assert [(found.what, found.there, found.declared) for found in left] == [("partitions", "2", "4")]
    done, left = await topics.apply(broker, 1, adds_partitions=True)
    assert [(found.what, found.there) for found in done] == [("partitions", "2")]
    assert left == []
    (state,) = await topics.compare(broker)
    assert state.partitions_there == 4


@pytest.mark.stack
async def test_more_partitions_than_declared_stay(
    stack: devstack.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _declare(monkeypatch, stack.bootstrap_servers, "test.many.v1", 6)
    done, left = await topics.apply(stack.bootstrap_servers, 1, adds_partitions=True)
    assert done == []
    assert [(found.what, found.there, found.declared) for found in left] == [("partitions", "6", "4")]


@pytest.mark.stack
def test_diff_ends_with_status_2_and_json_names_every_difference(
    stack: devstack.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BROKERS, stack.bootstrap_servers)
    runner = CliRunner()
    one = ["--replication", "1"]
    assert runner.invoke(app, ["topics", "apply", *one]).exit_code == 0
    same = runner.invoke(app, ["topics", "diff", *one])
    assert (same.exit_code, same.stdout) == (0, "every topic is as declared\n")
    three = runner.invoke(app, ["topics", "diff", "--json"])
    assert three.exit_code == 2
    assert {found["topic"] for found in json.loads(three.stdout)} == set(TOPICS)


async def test_no_broker_is_one_clear_line() -> None:
    with pytest.raises(CommandError, match=r"no Kafka at 127\.0\.0\.1:1"):
        await topics.create("127.0.0.1:1")
