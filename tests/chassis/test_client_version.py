"""The private parts of aiokafka that the chassis leans on are those that it was written for."""

import hashlib
import inspect
import re
from pathlib import Path
from typing import Any

import aiokafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState, TopicPartitionState
from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.producer.sender import Sender
from aiokafka.record import default_records, memory_records

from chassis import clock

INTERNALS, CLIENT, LENIENT = (
    "chassis/ingest/consumer_internals.py",
    "chassis/kafka_client.py",
    "chassis/ingest/lenient_records.py",
)
KNOWN: dict[Any, tuple[str, str]] = {
    Fetcher._get_actions_per_node: (INTERNALS, "1dab2cf937d165d0"),
    Fetcher._proc_fetch_request: (INTERNALS, "59bf948fff47eed5"),
    Fetcher._update_fetch_positions: (INTERNALS, "d7774d8241dc6a7e"),
    AIOKafkaConsumer.getmany: (INTERNALS, "bc6d248e42a4e9d9"),
    AIOKafkaConsumer.assignment: (INTERNALS, "d327de7a3898e92f"),
    AIOKafkaConsumer.position: (INTERNALS, "2512259a90a2ebd7"),
    SubscriptionState.assigned_partitions: (INTERNALS, "92937855f4e1a6e6"),
    Assignment: (INTERNALS, "ce6859542c70a3d4"),
    TopicPartitionState: (INTERNALS, "2b83334afadf6d98"),
    AIOKafkaConsumer.stop: (CLIENT, "bc5da9c98595299a"),
    AIOKafkaProducer.stop: (CLIENT, "43ef97147111893b"),
    MessageAccumulator.fail_all: (CLIENT, "f1e12e8100bfcb8c"),
    Sender.sender_task: (CLIENT, "2aa81bcdcedb2d20"),
    default_records._DefaultRecordBatchPy: (LENIENT, "f63fbb5a8a247d54"),
    memory_records._MemoryRecordsPy: (LENIENT, "795a0314fbca30af"),
}
"""Private parts that our code leans on: (where, digest of the source that it was written for)."""


def digest(part: Any) -> str:
    return hashlib.sha256(inspect.getsource(plain(part)).encode()).hexdigest()[:16]


def plain(part: Any) -> Any:
    return part.fget if isinstance(part, property) else part


@pytest.mark.parametrize("part", KNOWN, ids=lambda part: plain(part).__qualname__)
def test_a_private_part_of_the_client_is_the_one_that_is_known(part: Any) -> None:
    where, known = KNOWN[part]
    assert digest(part) == known, (
        f"aiokafka {aiokafka.__version__} has changed {plain(part).__qualname__}, which {where} leans on:"
        " read both, run the tests of the stack, then take the new digest over"
    )


async def test_what_is_reached_into_is_there() -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1", group_id="g")
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    missing = [
        f"{type(owner).__name__}.{name}"
        for owner, names in (
            (consumer, ("_subscription", "_fetcher", "_client")),
            (producer, ("_sender", "_message_accumulator", "client")),
        )
        for name in names
        if not hasattr(owner, name)
    ]
    await consumer.stop()
    await producer.stop()
    assert missing == [], f"aiokafka {aiokafka.__version__} has them no more: {missing}"
    parameters = inspect.signature(Fetcher).parameters
    assert "fetch_max_wait_ms" in parameters, f"the fetcher of aiokafka {aiokafka.__version__} takes no wait"
    assert {"_fetch_max_wait_ms", "_records"} <= names_in(Fetcher.__init__), (
        "the fetcher keeps them elsewhere"
    )
    assert "MemoryRecords" in names_in(Fetcher._proc_fetch_request), "records are decoded elsewhere"
    assert hasattr(fetcher, "MemoryRecords")


def names_in(function: Any) -> set[str]:
    return {*function.__code__.co_names, *function.__code__.co_varnames}


async def test_every_deal_of_partitions_is_a_set_of_its_own() -> None:
    """`KafkaReader` tells deals apart by the set that `assignment` returns."""
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    partition = TopicPartition("t", 0)
    consumer.assign([partition])
    first = consumer.assignment()
    assert first is consumer.assignment()
    consumer.assign([partition])
    assert consumer.assignment() == first
    assert consumer.assignment() is not first
    await consumer.stop()


def test_nobody_else_reaches_into_the_client() -> None:
    private = re.compile(r"\b(?:consumer|producer|fetcher|coordinator)\._[a-z]")
    chassis = Path(clock.__file__).parent
    found = {
        f"chassis/{path.relative_to(chassis).as_posix()}"
        for path in chassis.rglob("*.py")
        if private.search(path.read_text("utf-8"))
    }
    assert found == {INTERNALS, CLIENT}
