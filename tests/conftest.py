"""Shares one local stack for the session, and makes a database for each module that wants one."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

import devstack
from devstack import database as databases


@dataclass(frozen=True)
class Database:
    """An empty database of the session's PostgreSQL with the services' roles and schemas in it."""

    name: str
    url: str
    """The superuser's connection string."""
    services: Mapping[str, str]
    """Service -> connection string of its role."""


def make_database(stack: devstack.Stack) -> Iterator[Database]:
    name = f"test_{secrets.token_hex(4)}"
    url = databases.create(stack.database_url, name)
    try:
        yield Database(name, url, databases.provision(url))
    finally:
        databases.drop(stack.database_url, name)


@pytest.fixture(scope="session")
def stack() -> Iterator[devstack.Stack]:
    """A real Kafka and a real PostgreSQL, started when the first test asks.

    Tests that stop or kill a part start a stack of their own.
    """
    with devstack.start() as running:
        yield running


@pytest.fixture(scope="module")
def database(stack: devstack.Stack) -> Iterator[Database]:
    """A fresh database for the module's tests."""
    yield from make_database(stack)


@pytest.fixture
def own_database(stack: devstack.Stack) -> Iterator[Database]:
    """A fresh database for one test."""
    yield from make_database(stack)
