"""Compares the contracts' topics with a broker's and brings the differences about. Never deletes one."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from aftersales_contracts.topics import TOPICS, Topic
from chassis import clock
from chassis.kafka_client import connection
from chassis.settings import Kafka
from cli import protocol
from cli.errors import CommandError

ALREADY_EXISTS = 36
SETTLING_SECONDS = 10.0
REPLICATION_MOST = max(topic.replication for topic in TOPICS.values())


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic of the contracts beside what the broker has."""

    topic: Topic
    partitions_there: int | None
    """Partitions on the broker; None where the topic is missing."""
    replication_there: int | None = None
    configs_there: Mapping[str, str] | None = None
    """Its configuration, defaults included."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **asdict(self.topic),
            "partitions_there": self.partitions_there,
            "replication_there": self.replication_there,
        }

    def differences(self, replication: int) -> list["Difference"]:
        """Lists the changes that make the topic as declared, on a cluster with so many copies."""
        name, topic = self.topic.name, self.topic
        wanted = min(topic.replication, replication)
        if self.partitions_there is None:
            return [Difference(name, "topic", None, f"{topic.partitions} partitions, {wanted} copies", True)]
        found: list[Difference] = []
        if self.partitions_there != topic.partitions:
            found.append(
                Difference(name, "partitions", str(self.partitions_there), str(topic.partitions), False)
            )
        if self.replication_there != wanted:
            found.append(Difference(name, "replication", str(self.replication_there), str(wanted), False))
        there = self.configs_there or {}
        for config, value in topic.configs(wanted).items():
            if there.get(config) != value:
                is_harmless = not _deletes(config, there.get(config), value)
                found.append(Difference(name, config, there.get(config), value, is_harmless))
        return found


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the cluster is not as declared."""

    topic: str
    what: str
    """`topic` where it is missing, `partitions`, `replication`, or a configuration's name."""
    there: str | None
    declared: str
    is_applied: bool
    """Whether `apply` makes the change by itself; a person does what moves keys, moves copies or deletes."""

    @property
    def deletes(self) -> bool:
        """Whether the change lets records go that are kept now."""
        return _deletes(self.what, self.there, self.declared)


def _deletes(config: str, there: str | None, declared: str) -> bool:
    """A shorter retention (-1 is for ever), or another way to clean up."""
    if config == "retention.ms" and there is not None:
        return there == "-1" or int(declared) < int(there)
    return config == "cleanup.policy" and there is not None


def _wanted(topic: Topic, replicas: int) -> NewTopic:
    copies = min(topic.replication, replicas)
    return NewTopic(topic.name, topic.partitions, copies, topic_configs=topic.configs(copies))


@asynccontextmanager
async def admin_client(broker: str | Kafka) -> AsyncGenerator[AIOKafkaAdminClient]:
    """A client for administration. Raises CommandError without a broker, and for what it refuses."""
    kafka = Kafka(bootstrap_servers=broker) if isinstance(broker, str) else broker
    admin = AIOKafkaAdminClient(**connection(kafka, "admin"))
    try:
        try:
            await admin.start()
        except (KafkaError, OSError) as error:
            raise CommandError(f"no Kafka at {kafka.bootstrap_servers}: {error}") from None
        try:
            yield admin
        except KafkaError as error:
            raise CommandError(f"the broker refuses: {error}") from None
    finally:
        await admin.close()


async def create(
    broker: str | Kafka, replicas: int = 1, topics: Iterable[Topic] = TOPICS.values()
) -> list[str]:
    """Makes the topics that are missing; returns their names."""
    async with admin_client(broker) as admin:
        there = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in there]
        await _create(admin, missing, replicas)
        return [topic.name for topic in missing]


async def compare(broker: str | Kafka) -> list[TopicState]:
    """Every topic of the contracts, and what the broker has of it."""
    async with admin_client(broker) as admin:
        return await _states(admin)


async def differences(broker: str | Kafka, replication: int) -> list[Difference]:
    """Everything in which the cluster is not as declared, with so many copies of each partition."""
    return [found for state in await compare(broker) for found in state.differences(replication)]


async def apply(
    broker: str | Kafka, replication: int, *, adds_partitions: bool = False, lowers_retention: bool = False
) -> tuple[list[Difference], list[Difference]]:
    """Makes the changes that do no harm; returns (the changes made, the changes left).

    Makes missing topics and sets configurations. Partitions are added only where `adds_partitions`
    says so, for it moves keys; what lets records go is set only where `lowers_retention` says so; copies
    are never moved, and no topic is ever deleted.
    """

    def is_wanted(found: Difference) -> bool:
        is_asked_for = (adds_partitions and _is_addable(found)) or (lowers_retention and found.deletes)
        return found.is_applied or is_asked_for

    async with admin_client(broker) as admin:
        states = await _states(admin)
        before = [found for state in states for found in state.differences(replication)]
        wanted = [found for found in before if is_wanted(found)]
        missing = [state.topic for state in states if state.partitions_there is None]
        await _create(admin, missing, replication)
        await _configure(admin, [found for found in wanted if found.what not in ("topic", "partitions")])
        await _add_partitions(admin, [found for found in wanted if found.what == "partitions"])
        after = await _settled(admin, replication, is_wanted)
    left = {(found.topic, found.what) for found in after}
    return [found for found in before if (found.topic, found.what) not in left], after


async def _settled(
    admin: AIOKafkaAdminClient, replication: int, is_wanted: Callable[[Difference], bool]
) -> list[Difference]:
    """Returns the differences left once every broker knows of the changes; brokers learn a moment later."""
    end = clock.monotonic() + SETTLING_SECONDS
    while True:
        left = [found for state in await _states(admin) for found in state.differences(replication)]
        if clock.monotonic() > end or not any(is_wanted(found) for found in left):
            return left
        await asyncio.sleep(0.2)


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replicas: int) -> None:
    if not topics:
        return
    answer: Any = await admin.create_topics([_wanted(topic, replicas) for topic in topics])
    protocol.check(
        (f"topic {name}", 0 if code == ALREADY_EXISTS else code, message[0] if message else None)
        for name, code, *message in answer.topic_errors
    )


async def _states(admin: AIOKafkaAdminClient) -> list[TopicState]:
    there = set(await admin.list_topics())
    names = [name for name in TOPICS if name in there]
    described = {entry["topic"]: entry["partitions"] for entry in await admin.describe_topics(names)}
    configs = await _configs(admin, names)
    states: list[TopicState] = []
    for name, topic in TOPICS.items():
        if name not in described:
            states.append(TopicState(topic, None))
            continue
        partitions = described[name]
        copies = min(len(partition["replicas"]) for partition in partitions)
        states.append(TopicState(topic, len(partitions), copies, configs[name]))
    return states


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    (answer,) = await admin.describe_configs(asked)
    found: dict[str, dict[str, str]] = {}
    resources: Any = getattr(answer, "resources")  # noqa: B009  fields of answers have no types
    for code, message, _, name, entries in resources:
        protocol.check([(f"to describe {name}", code, message)])
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _configure(admin: AIOKafkaAdminClient, wanted: Sequence[Difference]) -> None:
    if not wanted:
        return
    configs: dict[str, dict[str, str]] = {}
    for found in wanted:
        configs.setdefault(found.topic, {})[found.what] = found.declared
    answer = await send(admin, protocol.SetTopicConfigs(configs))
    protocol.check(protocol.resource_results(answer))


async def _add_partitions(admin: AIOKafkaAdminClient, wanted: Sequence[Difference]) -> None:
    more = {found.topic: NewPartitions(int(found.declared)) for found in wanted}
    if more:
        await admin.create_partitions(more)


def _is_addable(found: Difference) -> bool:
    """Whether partitions are missing; surplus ones cannot be taken away."""
    return found.what == "partitions" and int(found.declared) > int(found.there or 0)


async def send(admin: AIOKafkaAdminClient, request: Any) -> Any:
    """The answer of one broker to a request that the client has no method for."""
    return await admin._send_request(request)
