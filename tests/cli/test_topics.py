"""Topics on a real broker."""

import pytest

import devstack
from aftersales_contracts.topics import TOPICS
from cli import topics
from cli.errors import CommandError

pytestmark = pytest.mark.stack


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


async def test_no_broker_is_one_clear_line() -> None:
    with pytest.raises(CommandError, match=r"no Kafka at 127\.0\.0\.1:1"):
        await topics.create("127.0.0.1:1")
