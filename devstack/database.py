"""Makes databases on the local server: fresh ones for tests, with the services' roles and schemas."""

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

import asyncpg

from chassis.operate.provision import provision as provision_roles
from chassis.operate.provision import role_of
from devstack.loops import run_apart

SERVICES = ("refunds", "logistics", "reviews", "customers")


def provision(database_url: str, services: Sequence[str] = SERVICES) -> dict[str, str]:
    """Makes role and schema of each service; returns service -> connection string of its role.

    `database_url` is the superuser's. Idempotent: a role's password follows from the superuser's, so
    connection strings given out before stay valid, for all databases of the server. Can be called with or
    without a running event loop.
    """
    return run_apart(provision_async(database_url, services))


async def provision_async(database_url: str, services: Sequence[str] = SERVICES) -> dict[str, str]:
    """The same for asynchronous callers."""
    passwords = {service: _password(database_url, service) for service in services}
    connection = await asyncpg.connect(database_url)
    try:
        await provision_roles(connection, passwords)
    finally:
        await connection.close()
    parts = urlsplit(database_url)
    server = f"{parts.hostname}:{parts.port}"
    return {
        service: parts._replace(netloc=f"{role_of(service)}:{password}@{server}").geturl()
        for service, password in passwords.items()
    }


def create(database_url: str, name: str) -> str:
    """Makes an empty database; returns the superuser's connection string to it."""
    run_apart(_administer(database_url, f'create database "{name}"'))
    return urlsplit(database_url)._replace(path=f"/{name}").geturl()


def drop(database_url: str, name: str) -> None:
    """Drops a database, if it is there, and ends the sessions that still use it."""
    run_apart(_administer(database_url, f'drop database if exists "{name}" with (force)'))


async def _administer(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(urlsplit(database_url)._replace(path="/postgres").geturl())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _password(database_url: str, service: str) -> str:
    secret = urlsplit(database_url).password or ""
    return hmac.new(secret.encode(), service.encode(), hashlib.sha256).hexdigest()[:32]
