"""Who may do what: a database role and a Kafka principal per service, each with the least rights it needs.

The rights on topics follow from what the services read and announce, so they change with the code.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from aftersales_contracts.topics import SERVICES, TOPICS, outcome_topic
from chassis.provision import provision
from chassis.settings import Kafka
from chassis.topics import inputs
from cli import protocol
from cli.access import connected, load_services
from cli.errors import CommandError
from cli.topics import admin_client, send

OPERATOR = "operator"
ITERATIONS_COUNT = 8192
ANY = 1
LITERAL = 3
ALLOW = 3


class Resource(IntEnum):
    """What a right is about, as Kafka numbers it."""

    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    """What it allows, as Kafka numbers it. Reading and writing include describing."""

    READ = 3
    WRITE = 4
    DESCRIBE_CONFIGS = 10


@dataclass(frozen=True, order=True, slots=True)
class Right:
    """One thing that a principal may do."""

    principal: str
    resource: int
    name: str
    operation: int

    @property
    def wire(self) -> tuple[int, str, int, str, str, int, int]:
        """As an access rule of Kafka: from any host."""
        return self.resource, self.name, LITERAL, f"User:{self.principal}", "*", self.operation, ALLOW


def principal_of(name: str) -> str:
    """The Kafka principal of a service, or of the operator."""
    return f"aftersales-{name}"


PRINCIPALS = tuple(principal_of(name) for name in (*SERVICES, OPERATOR))


def rights(group_prefix: str = "aftersales") -> set[Right]:
    """What the services and the operator may do on Kafka; anything else is refused.

    A service reads its inputs in its own group, and writes its outcomes and its dead letters. The operator
    reads everything, and writes to what is told to us: samples, and dead letters sent again.
    """
    found: set[Right] = set()
    for name, service in load_services().items():
        who = principal_of(name)
        found |= {Right(who, Resource.TOPIC, topic, Operation.READ) for topic in inputs(service)}
        own = (outcome_topic(name), f"aftersales.{name}.dead.v1")
        found |= {Right(who, Resource.TOPIC, topic, Operation.WRITE) for topic in own}
        found.add(Right(who, Resource.GROUP, f"{group_prefix}-{name}", Operation.READ))
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


async def provision_broker(kafka: Kafka, passwords: Path) -> tuple[list[Right], list[Right]]:
    """Gives every principal its password and exactly its rights; returns (rights given, rights taken).

    Passwords are in files `<name>_kafka_password`. Rights of others, and their passwords, stay.
    """
    users = [
        (principal_of(name), *_salted(_password(passwords / f"{name}_kafka_password")))
        for name in (*SERVICES, OPERATOR)
    ]
    async with admin_client(kafka) as admin:
        answer = await send(admin, protocol.SetScramCredentials(users))
        protocol.check((user, code, message) for user, code, message, _ in answer.results)
        wanted, there = rights(kafka.group_prefix), await _present(admin)
        given, taken = sorted(wanted - there), sorted(there - wanted)
        for answer in await asyncio.gather(*(send(admin, CreateAclsRequest(*each.wire)) for each in given)):
            protocol.check(("a right", code, message) for code, message in answer.creation_responses)
        for answer in await asyncio.gather(*(send(admin, DeleteAclsRequest(*each.wire)) for each in taken)):
            protocol.check(("a right", code, message) for code, message, _ in answer.filter_responses)
    return given, taken


async def _present(admin: AIOKafkaAdminClient) -> set[Right]:
    found: set[Right] = set()
    for principal in PRINCIPALS:
        # Any resource of any name and pattern, any host, operation and permission.
        request = DescribeAclsRequest(ANY, None, ANY, f"User:{principal}", None, ANY, ANY)  # pyright: ignore[reportArgumentType]  # None: any
        answer = await send(admin, request)
        protocol.check([(f"to list the rights of {principal}", answer.error_code, answer.error_message)])
        found |= set(_listed(principal, answer.resources))
    return found


def _listed(principal: str, resources: Iterable[Any]) -> Iterable[Right]:
    for resource, name, _, entries in resources:
        for _, _, operation, _ in entries:
            yield Right(principal, resource, name, operation)


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
