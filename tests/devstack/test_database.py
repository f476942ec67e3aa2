"""One role and schema per service, and no way from one to another's."""

import asyncio

import asyncpg
import pytest

import devstack
from chassis.operate.provision import provision, role_of
from devstack import database as databases
from tests.conftest import Database

pytestmark = pytest.mark.stack


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_service_works_in_its_schema_without_naming_it(database: Database) -> None:
    await run(database.services["refunds"], "create table mine (n int)", "insert into mine values (1)")
    connection = await asyncpg.connect(database.services["refunds"])
    try:
        assert await connection.fetchval("select n from refunds.mine") == 1
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "select * from refunds.cases",
        "insert into refunds.cases values (1)",
        "create table refunds.intruder (n int)",
        "drop table refunds.cases",
        "create table public.shared (n int)",
        "create schema another",
        "set role aftersales_refunds",
        "alter role aftersales_refunds password 'x'",
    ],
)
async def test_a_service_has_no_access_to_anothers(database: Database, statement: str) -> None:
    await run(database.services["refunds"], "create table if not exists cases (n int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(database.services["logistics"], statement)


async def test_provisioning_again_changes_nothing_for_those_at_work(database: Database) -> None:
    await run(database.services["reviews"], "create table kept (n int)")
    again = await asyncio.gather(*(databases.provision_async(database.url) for _ in range(4)))
    assert all(urls == database.services for urls in again)
    await run(again[0]["reviews"], "insert into kept values (1)")


async def test_databases_of_one_server_keep_their_passwords(
    database: Database, own_database: Database
) -> None:
    await run(database.services["customers"], "select 1")
    await run(own_database.services["customers"], "select 1")


async def test_a_user_who_is_no_superuser_can_provision(
    stack: devstack.Stack, own_database: Database
) -> None:
    await run(
        own_database.url,
        "create role installer login createrole password 'p'",
        f"alter database {own_database.name} owner to installer",
    )
    superuser = f"postgres:{stack.postgres.password}"
    connection = await asyncpg.connect(own_database.url.replace(superuser, "installer:p"))
    try:
        for _ in range(2):
            await provision(connection, {"installed": "secret"})
    finally:
        await connection.close()
    url = own_database.url.replace(superuser, f"{role_of('installed')}:secret")
    await run(url, "create table mine (n int)")
    await run(
        own_database.url,
        f"alter database {own_database.name} owner to postgres",
        "drop schema installed cascade",
        f"drop owned by {role_of('installed')}",
        f"drop role {role_of('installed')}",
        "drop owned by installer",
        "drop role installer",
    )


@pytest.mark.parametrize("name", ["Refunds", "re-funds", "x; drop table y", "", "a" * 41])
async def test_only_plain_words_are_services(database: Database, name: str) -> None:
    connection = await asyncpg.connect(database.url)
    try:
        with pytest.raises(ValueError, match="not a service name"):
            await provision(connection, {name: "p"})
    finally:
        await connection.close()
