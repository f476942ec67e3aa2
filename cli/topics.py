"""Makes the topics of the contracts on a broker. Never deletes one."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from aftersales_contracts.topics import TOPICS, Topic
from cli.errors import CommandError

DAY_MS = 24 * 60 * 60 * 1000
RECORD_BYTES_MAX = 2 * 1024 * 1024
"""More than any service accepts, so that a record that is too large is told of in a dead letter."""
DEAD_RECORD_BYTES_MAX = RECORD_BYTES_MAX + 64 * 1024
"""Room for any such record and for what is said about it."""
ALREADY_EXISTS = 36


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic of the contracts beside what the broker has."""

    topic: Topic
    partitions_there: int | None
    """Partitions on the broker; None where the topic is missing."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self.topic), "partitions_there": self.partitions_there}


def _wanted(topic: Topic, replicas: int) -> NewTopic:
    configs = {
        "retention.ms": str(topic.retention_days * DAY_MS),
        "cleanup.policy": "delete",
        "max.message.bytes": str(DEAD_RECORD_BYTES_MAX if topic.side == "dead" else RECORD_BYTES_MAX),
        "message.timestamp.type": "CreateTime",
    }
    return NewTopic(topic.name, topic.partitions, replicas, topic_configs=configs)


async def _connected(bootstrap_servers: str) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, client_id="aftersales-topics")
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        raise CommandError(f"no Kafka at {bootstrap_servers}: {error}") from None
    return admin


async def create(
    bootstrap_servers: str, replicas: int = 1, topics: Iterable[Topic] = TOPICS.values()
) -> list[str]:
    """Makes the topics that are missing; returns their names."""
    admin = await _connected(bootstrap_servers)
    try:
        there = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in there]
        if not missing:
            return []
        answer: Any = await admin.create_topics([_wanted(topic, replicas) for topic in missing])
        for name, code, *message in answer.topic_errors:
            if code not in (0, ALREADY_EXISTS):
                raise CommandError(f"the broker refuses topic {name}: {message[0] if message else code}")
        return [topic.name for topic in missing]
    finally:
        await admin.close()


async def compare(bootstrap_servers: str) -> list[TopicState]:
    """Every topic of the contracts, and what the broker has of it."""
    admin = await _connected(bootstrap_servers)
    try:
        there = set(await admin.list_topics())
        names = [name for name in TOPICS if name in there]
        described = await admin.describe_topics(names) if names else []
        partitions = {entry["topic"]: len(entry["partitions"]) for entry in described}
        return [TopicState(topic, partitions.get(topic.name)) for topic in TOPICS.values()]
    finally:
        await admin.close()
