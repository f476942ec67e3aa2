"""Two versions of the product side by side, on a stack of their own: it ends on a later version."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from tests.containers import engine
from tests.containers.checks import Proof, proving
from tests.containers.test_faults import (
    BITES_SECONDS,
    DISK_BYTES,
    eventually,
    migrate,
    replace_replicas,
    writers,
)
from tests.containers.versions import later_version, next_version

ORDER_COUNT = 24


@pytest_asyncio.fixture(scope="module")
async def proof() -> AsyncGenerator[Proof]:
    """The four services, refunds twice."""
    async with proving(order_count=ORDER_COUNT, replicas={"refunds": 2}, disk_bytes=DISK_BYTES) as made:
        yield made


async def test_two_versions_side_by_side_during_an_upgrade(proof: Proof, tmp_path: Path) -> None:
    """Migrations add before the new version starts, and take away when nobody runs the old one any more."""
    stack, run = proof.stack, "vers"
    for name in ("next", "later"):
        (tmp_path / name).mkdir()
    after = await asyncio.to_thread(next_version, tmp_path / "next")
    await proof.play(run, last=2)

    early = await stack.add("refunds-3@next", "refunds", after)
    await asyncio.to_thread(early.part.wait_said, "SchemaBehind", BITES_SECONDS)
    assert not early.is_ready(), "it must not work on tables that it does not know"
    await asyncio.gather(proof.tell(run, 2), migrate(proof, after))
    await eventually("does not see the migration", early, ready=True)
    await proof.rest()
    await proof.play(run, first=3, last=4)
    assert await writers(proof, run) == {"this", "next"}

    telling = asyncio.create_task(proof.play(run, first=4, last=6))
    await replace_replicas(proof, "next", after)
    await telling

    last = await asyncio.to_thread(later_version, tmp_path / "later")
    telling = asyncio.create_task(proof.play(run, first=6))
    await migrate(proof, last)
    await replace_replicas(proof, "later", last)
    await telling
    await stack.wait_ready()
    await proof.check(run)
    engine.tell(f"upgrade: {len(stack.services)} replicas replaced twice")
