"""The table of policy versions: written once, by whoever is first, and changed by nobody."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from chassis.operate.erasure import erase
from chassis.operate.policy_folder import with_packs
from chassis.operate.retention import Before, prune
from chassis.runtime.policies import keep_policies
from chassis.runtime.process import Process
from chassis.service import Service
from chassis.settings import Settings
from chassis.store.policy_versions import keep
from chassis.store.watermarks import BEGINNING
from kernel.packs import PolicyError
from kernel.policy import PolicyBook
from services.refunds.service import REFUNDS
from tests.conftest import Database

pytestmark = pytest.mark.stack
MINE = "mine@2026-01-01"
PACK = f"""
["{MINE}"]
extends = "taobao-classic@2014-01-01"
agreement = {{ edit_days = 9 }}
"""
PACKAGE_COUNT = len(REFUNDS.policies.versions()) if isinstance(REFUNDS.policies, PolicyBook) else 0


def started(folder: Path, text: str | None = PACK) -> tuple[Service, PolicyBook[Any]]:
    """The service as a process has it, with these packs."""
    path = folder / "refunds.toml"
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text)
    service = with_packs(REFUNDS, folder)
    assert isinstance(service.policies, PolicyBook)
    return service, service.policies


async def rows(pool: asyncpg.Pool) -> dict[str, asyncpg.Record]:
    return {row["name"]: row for row in await pool.fetch("SELECT * FROM policy_versions")}


async def test_versions_are_written_once_with_all_their_numbers(
    refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    service, book = started(tmp_path)
    async with refunds_pool.acquire() as connection:
        assert await keep_policies(connection, service) == PACKAGE_COUNT + 1
        first = await rows(refunds_pool)
        assert await keep_policies(connection, service) == PACKAGE_COUNT + 1
    assert await rows(refunds_pool) == first
    mine = first[MINE]
    assert (mine["base"], mine["file"]) == ("taobao-classic@2014-01-01", "refunds.toml")
    assert json.loads(mine["numbers"]) == book.packs.tables[MINE]
    assert first["world-market@2014-01-01"]["file"] == "the package"


async def test_a_version_whose_file_is_gone_comes_back_with_its_numbers(
    refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    service, before = started(tmp_path)
    _, after = started(tmp_path, None)
    async with refunds_pool.acquire() as connection:
        await keep_policies(connection, service)
        with pytest.raises(KeyError):
            after.get(MINE)
        await keep(connection, after)
    assert after.get(MINE) == before.get(MINE)
    assert after.get(MINE).agreement.edit_days == timedelta(days=9)


async def test_a_replica_learns_a_version_that_another_one_brought(
    refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    old, old_book = started(tmp_path, None)
    new, _ = started(tmp_path)
    async with refunds_pool.acquire() as connection:
        counts = [await keep_policies(connection, service) for service in (old, new, old)]
    assert counts == [PACKAGE_COUNT, PACKAGE_COUNT + 1, PACKAGE_COUNT + 1]
    assert old_book.get(MINE).agreement.edit_days == timedelta(days=9)


async def test_a_running_process_learns_what_another_replica_brings(
    refunds_url: str, refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    process = Process(REFUNDS, Settings.model_validate({"database": {"url": refunds_url}}))
    pool = await process._open()
    other, _ = started(tmp_path)
    async with refunds_pool.acquire() as connection:
        await keep_policies(connection, other)
    feed: Any = SimpleNamespace(health=lambda: SimpleNamespace(lag={}, held={}))
    processor: Any = SimpleNamespace(watermark=BEGINNING)
    gauges = asyncio.create_task(process._gauges(pool, feed, processor))
    try:
        async with asyncio.timeout(20):
            while process._versions_count == PACKAGE_COUNT:
                await asyncio.sleep(0.01)
    finally:
        gauges.cancel()
        await asyncio.gather(gauges, return_exceptions=True)
        await pool.close()
    assert process.service.policies.get(MINE).agreement.edit_days == timedelta(days=9)
    with pytest.raises(KeyError):
        REFUNDS.policies.get(MINE)


async def test_versions_that_a_restore_took_away_are_written_again(
    own_database: Database, refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    service, _ = started(tmp_path)
    async with refunds_pool.acquire() as connection:
        await keep_policies(connection, service)
        first = await rows(refunds_pool)
        superuser = await asyncpg.connect(own_database.url)
        await superuser.execute("DELETE FROM refunds.policy_versions")
        await superuser.close()
        await keep_policies(connection, service)
    again = await rows(refunds_pool)
    assert {name: row["digest"] for name, row in again.items()} == {
        name: row["digest"] for name, row in first.items()
    }


async def test_other_numbers_are_refused_and_nothing_is_written(
    refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    service, _ = started(tmp_path)
    wrong = PACK.replace("edit_days = 9", "edit_days = 8") + PACK.replace("2026-01-01", "2026-05-05")
    other, _ = started(tmp_path, wrong)
    async with refunds_pool.acquire() as connection:
        await keep_policies(connection, service)
        before = await rows(refunds_pool)
        with pytest.raises(PolicyError) as caught:
            await keep_policies(connection, other)
    (fault,) = caught.value.faults
    assert (fault.file, fault.key) == (f"{tmp_path}/refunds.toml", f'"{MINE}".agreement.edit_days')
    assert fault.reason.startswith("8, but cases run under it with 9 ")
    assert await rows(refunds_pool) == before


async def test_replicas_that_start_at_once_write_each_version_once(
    refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    async def start() -> int:
        service, _ = started(tmp_path)
        async with refunds_pool.acquire() as connection:
            return await keep_policies(connection, service)

    assert await asyncio.gather(*(start() for _ in range(6))) == [PACKAGE_COUNT + 1] * 6
    assert len(await rows(refunds_pool)) == PACKAGE_COUNT + 1


async def test_the_service_can_add_versions_and_never_change_them(
    refunds_pool: asyncpg.Pool, tmp_path: Path
) -> None:
    service, _ = started(tmp_path)
    async with refunds_pool.acquire() as connection:
        await keep_policies(connection, service)
        for statement in (
            "UPDATE policy_versions SET digest = ''",
            "DELETE FROM policy_versions",
            "TRUNCATE policy_versions",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_pruning_and_erasing_leave_them(refunds_pool: asyncpg.Pool, tmp_path: Path) -> None:
    """Cases are kept for ever, and so are their numbers; nothing in them points to a person."""
    service, _ = started(tmp_path)
    async with refunds_pool.acquire() as connection:
        await keep_policies(connection, service)
        before = await rows(refunds_pool)
        now = datetime(2036, 1, 2, tzinfo=UTC)
        day = date(2033, 1, 1)
        await prune(
            connection, Before(day, day, datetime(2033, 1, 1, tzinfo=UTC)), now, 800, is_trial=False
        )  # fmt: skip
        changed = await erase(connection, "buyer-4711", "erased-1", set())
    assert "policy_versions" not in changed
    assert await rows(refunds_pool) == before
