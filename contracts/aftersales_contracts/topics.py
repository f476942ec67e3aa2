"""Defines the topics: who writes them, what is the key, how many partitions, how long they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SERVICES = ("refunds", "logistics", "reviews", "customers")
"""The four services; each announces on its own topic."""

LOCAL_BROKER = "127.0.0.1:9092"
"""The broker of `make run` and of compose on one machine, as AsyncAPI and the examples name it."""

COMMON_TOPIC = "aftersales.{service}.v1"
"""TOPIC of the types that several services announce: the topic of the service whose case it is."""

RECORD_BYTES_MAX = 2 * 1024 * 1024
"""More than any service accepts, so that a record that is too large is told of in a dead letter."""

DEAD_RECORD_BYTES_MAX = RECORD_BYTES_MAX + 64 * 1024
"""Room for any such record and for what is said about it."""

DAY_MS = 24 * 60 * 60 * 1000

ANY_TOPIC = "*"
"""TOPIC of clock marks: every topic that a service reads carries them."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One Kafka topic. None is compacted: several types share a key."""

    name: str
    key: str
    """The meaning of the key, in words; the key equals the CloudEvents subject."""
    partitions: int
    """The number of partitions at creation; a change would move keys, so the number stays."""
    retention_days: int
    writers: tuple[str, ...]
    """The announcers on the topic."""
    side: Literal["in", "out", "dead"]
    """Told to us, told by us, or set aside by us."""
    privacy: Literal["pseudonymous", "personal", "text"] = "pseudonymous"
    """The most personal data that the topic may hold."""
    replication: int = 3
    """Copies of each partition; a cluster of fewer brokers has to say so when the topics are applied."""
    min_insync_replicas: int = 2
    """So many copies must have a record before the record counts as written."""

    def configs(self, replication: int) -> dict[str, str]:
        """Returns the topic's configuration in Kafka's names, with so many copies of each partition."""
        dead = self.side == "dead"
        return {
            "cleanup.policy": "delete",
            "max.message.bytes": str(DEAD_RECORD_BYTES_MAX if dead else RECORD_BYTES_MAX),
            "message.timestamp.type": "CreateTime",
            "min.insync.replicas": str(min(self.min_insync_replicas, max(1, replication - 1))),
            "retention.ms": str(self.retention_days * DAY_MS),
        }


_IN = (
    Topic("shop.orders.v1", "order id", 12, 90, ("order system", "marketplace connector"), "in"),
    Topic("shop.shipments.v1", "order id", 12, 90, ("warehouse", "carrier desk"), "in"),
    Topic("shop.scans.v1", "carrier_code/tracking_code", 24, 30, ("carrier adapter", "warehouse gate"), "in"),
    Topic(
        "shop.aftersales.v1",
        "order id",
        12,
        180,
        ("buyer self-service", "seller workbench", "dispute centre"),
        "in",
    ),
    Topic("shop.payments.v1", "order id", 12, 400, ("payment provider", "finance desk"), "in"),
    Topic("shop.reviews.v1", "order id", 6, 400, ("review platform", "workbench"), "in"),
    Topic("shop.contacts.v1", "customer id", 12, 14, ("chat", "phone", "message gateway"), "in", "text"),
    Topic("shop.customers.v1", "customer id", 6, 400, ("CRM", "consent centre"), "in", "personal"),
    Topic("shop.standing.v1", "shop id", 3, 400, ("platform rule centre", "inspectors"), "in"),
    Topic("shop.desk.v1", "subject of the task, echoed", 6, 400, ("staff workbench",), "in"),
)

_OUT_KEYS = {
    "refunds": ("order id, or the subject of the case", 180),
    "logistics": ("order id, the subject of the case, or product id", 180),
    "reviews": ("order id, or the subject of the case", 400),
    "customers": ("order id, customer id, the subject of the case, or product id", 180),
}

_OUT = tuple(
    Topic(f"aftersales.{service}.v1", key, 12, days, (service,), "out")
    for service, (key, days) in _OUT_KEYS.items()
)

_DEAD = tuple(
    Topic(f"aftersales.{service}.dead.v1", "as received", 12, 30, (service,), "dead") for service in SERVICES
)

TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in (*_IN, *_OUT, *_DEAD)}
"""Every topic, by name."""


def outcome_topic(service: str) -> str:
    """The topic on which a service announces. Raises ValueError for a service that is none of ours."""
    if service not in SERVICES:
        raise ValueError(f"no such service: {service!r}")
    return COMMON_TOPIC.format(service=service)
