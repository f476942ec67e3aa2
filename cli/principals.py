"""Gives each service a database role and a Kafka principal, with the least rights it needs.

The rights on topics follow from what the services read and announce, so they change with the code.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from aftersales_contracts.topics import SERVICES, TOPICS, outcome_topic
from chassis.operate.provision import provision
from chassis.service import inputs
from chassis.settings import Kafka
from cli import protocol
from cli.access import connected, load_services
from cli.errors import CommandError
from cli.topics import admin_client, send

OPERATOR = "operator"
RECEIVER = "receiver"
RECEIVED = ("shop.orders.v1", "shop.shipments.v1", "shop.scans.v1", "shop.aftersales.v1", "shop.payments.v1")
"""The topics to which the receiver of webhooks writes."""
ITERATIONS_COUNT = 8192
ANY = 1
LITERAL = 3
ALLOW = 3


class Resource(IntEnum):
    """The kind of resource that a right is about, as Kafka numbers it."""

    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    """The operation that a right allows, as Kafka numbers it. Reading and writing include describing."""

    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11


@dataclass(frozen=True, order=True, slots=True)
class Right:
    """One access rule of Kafka; ours name a resource literally, from any host, and allow."""

    principal: str
    resource: int
    name: str
    operation: int
    pattern: int = LITERAL
    host: str = "*"
    permission: int = ALLOW

    @property
    def wire(self) -> tuple[int, str, int, str, str, int, int]:
        """As Kafka's requests want it."""
        who = f"User:{self.principal}"
        return self.resource, self.name, self.pattern, who, self.host, self.operation, self.permission

    def __str__(self) -> str:
        """The right in words, with every field in which it differs from ours."""
        known = {each.value: each.name.lower() for each in Operation}
        words = [self.principal, known.get(self.operation, f"operation {self.operation}"), self.name]
        if self.pattern != LITERAL:
            words.append("(prefix)")
        if self.host != "*":
            words.append(f"from {self.host}")
        if self.permission != ALLOW:
            words.append("(denied)")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The rights on the broker that were given, taken and left."""

    given: Sequence[Right]
    taken: Sequence[Right]
    surplus: Sequence[Right]
    """Rights on the broker that this release does not need, and that were left."""


def principal_of(name: str) -> str:
    """The Kafka principal of a service, of the operator or of the receiver of webhooks."""
    return f"aftersales-{name}"


PRINCIPALS = tuple(principal_of(name) for name in (*SERVICES, OPERATOR, RECEIVER))


def rights(group_prefix: str = "aftersales") -> set[Right]:
    """Returns the rights of services, operator and receiver on Kafka; anything else is refused.

    A service reads its inputs in its own group, and writes its outcomes and its dead letters. The operator
    reads everything, sets the groups after a restore, and writes to every topic but those of dead letters:
    samples to what is told to us, and dead letters sent again, which may be another service's outcomes. The
    receiver of webhooks writes what its adapters tell, and reads nothing.
    """
    who = principal_of(RECEIVER)
    found = {Right(who, Resource.TOPIC, topic, Operation.WRITE) for topic in RECEIVED}
    for name, service in load_services().items():
        who = principal_of(name)
        found |= {Right(who, Resource.TOPIC, topic, Operation.READ) for topic in inputs(service)}
        own = (outcome_topic(name), f"aftersales.{name}.dead.v1")
        found |= {Right(who, Resource.TOPIC, topic, Operation.WRITE) for topic in own}
        for reader in (who, principal_of(OPERATOR)):
            found.add(Right(reader, Resource.GROUP, f"{group_prefix}-{name}", Operation.READ))
    who = principal_of(OPERATOR)
    for topic in TOPICS.values():
        found.add(Right(who, Resource.TOPIC, topic.name, Operation.READ))
        found.add(Right(who, Resource.TOPIC, topic.name, Operation.DESCRIBE_CONFIGS))
        if topic.side != "dead":
            found.add(Right(who, Resource.TOPIC, topic.name, Operation.WRITE))
    return found


async def provision_database(url: str, passwords: Path) -> list[str]:
    """Makes role and schema of each service; passwords are in files `<service>_database_password`."""
    read = {service: _password(passwords / f"{service}_database_password") for service in SERVICES}
    async with connected(url) as connection:
        await provision(connection, read)
    return sorted(read)


async def provision_broker(kafka: Kafka, passwords: Path, *, revokes: bool = False) -> Outcome:
    """Gives every principal its password and the rights that it lacks.

    Rights that this release does not need stay, because replicas of the one before may still run by them;
    `revokes` takes them away, but for refusals. Passwords are in files `<name>_kafka_password`. Rights of
    others, and their passwords, stay. The receiver of webhooks needs no password where it does not run.
    """
    names = [*SERVICES, OPERATOR]
    if (passwords / f"{RECEIVER}_kafka_password").is_file():
        names.append(RECEIVER)
    users = [
        (principal_of(name), *_salted(_password(passwords / f"{name}_kafka_password"))) for name in names
    ]
    async with admin_client(kafka) as admin:
        answer = await send(admin, protocol.SetScramCredentials(users))
        protocol.check((user, code, message) for user, code, message, _ in answer.results)
        found = weighed(rights(kafka.group_prefix), await _present(admin), revokes=revokes)
        for answer in await asyncio.gather(
            *(send(admin, CreateAclsRequest(*each.wire)) for each in found.given)
        ):
            protocol.check(("a right", code, message) for code, message in answer.creation_responses)
        for answer in await asyncio.gather(
            *(send(admin, DeleteAclsRequest(*each.wire)) for each in found.taken)
        ):
            protocol.check(("a right", code, message) for code, message, *_ in answer.filter_responses)
    return found


def weighed(wanted: set[Right], there: set[Right], *, revokes: bool) -> Outcome:
    """Returns the rights to give and to take. A refusal is never taken, for that would allow."""
    beyond = sorted(there - wanted)
    taken = [each for each in beyond if revokes and each.permission == ALLOW]
    return Outcome(sorted(wanted - there), taken, [each for each in beyond if each not in taken])


async def _present(admin: AIOKafkaAdminClient) -> set[Right]:
    found: set[Right] = set()
    for principal in PRINCIPALS:
        # Any resource of any name and pattern, any host, operation and permission.
        request = DescribeAclsRequest(ANY, None, ANY, f"User:{principal}", None, ANY, ANY)  # pyright: ignore[reportArgumentType]  # None: any
        answer = await send(admin, request)
        protocol.check([(f"to list the rights of {principal}", answer.error_code, answer.error_message)])
        found |= set(listed(principal, answer.resources))
    return found


def listed(principal: str, resources: Iterable[Any]) -> Iterable[Right]:
    """The rights in Kafka's answer about one principal."""
    for resource, name, pattern, entries in resources:
        for _, host, operation, permission in entries:
            yield Right(principal, resource, name, operation, pattern, host, permission)


def _password(path: Path) -> str:
    try:
        password = path.read_text("utf-8").strip()
    except OSError as error:
        raise CommandError(f"{path.name} cannot be read ({type(error).__name__})") from None
    if len(password) < 16:
        raise CommandError(f"{path.name} holds no password of 16 characters or more")
    return password


def _salted(password: str) -> tuple[int, bytes, bytes]:
    """(iterations, salt, salted password): the broker never sees the password itself."""
    salt = os.urandom(32)
    return ITERATIONS_COUNT, salt, hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS_COUNT)
