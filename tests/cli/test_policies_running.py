"""Cases under packs of the operator's own, while the files change: by real processes on a real stack."""

from pathlib import Path

import pytest

import devstack
from aftersales_contracts.aftersales import refunds
from cli.access import connected
from cli.errors import CommandError
from cli.policy import FOLDER
from cli.stack import LocalStack
from tests.journeys.people import SHOP, line
from tests.journeys.stage import DAY, GRACE, HOUR, Order, Stage
from tests.support.running import Running, running_on

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
SHOPS = f'[shops]\n"{SHOP}" = "mine"\n'
FIRST_VERSION = """
["mine@2015-01-01"]
extends = "taobao-classic@2014-01-01"
agreement = { send_days = 4 }
"""
NEWER_VERSION = """
["mine@2015-03-02"]
extends = "mine@2015-01-01"
agreement = { send_days = 5 }
"""
APPLIED = 3 * DAY
ANSWER = 5 * DAY
FIRST_NAME, NEWER_NAME, PACKAGE_NAME = "mine@2015-01-01", "mine@2015-03-02", "taobao-classic@2014-01-01"


def write(path: Path, text: str | None) -> None:
    """Puts these packs there, or takes the file away."""
    if text is None:
        path.unlink()
    else:
        path.write_text(text)


async def restart(world: Running, path: Path, text: str | None) -> None:
    """Ends refunds, changes its packs, and starts it again."""
    await world.stop("refunds")
    write(path, text)
    await world.start("refunds")


async def applies(stage: Stage, order: Order, version: str) -> None:
    """The refund is opened under that version."""
    await stage.at(APPLIED + len(stage.orders) * HOUR, order.buyer.applies("with_return", 12_000, "quality"))
    assert order.heard(refunds.RefundOpenedV1).policy_version == version


async def test_a_case_keeps_its_version_when_the_file_is_newer_or_gone(
    stack: devstack.Stack, tmp_path: Path
) -> None:
    path = tmp_path / "refunds.toml"
    write(path, SHOPS + FIRST_VERSION)
    environment = {FOLDER: str(tmp_path)}
    async with (
        LocalStack(clock="marks", stack=stack, environment=environment) as local,
        running_on(local) as world,
    ):
        stage = Stage(world)
        orders = [stage.order(f"packs-{number}") for number in range(3)]
        for order in orders:
            await stage.sold(order, line("coat", 1, 12_000), alipay=12_000)
            await stage.delivered(order)
        stage.orders = orders[:1]
        await applies(stage, orders[0], FIRST_NAME)

        await restart(world, path, SHOPS + FIRST_VERSION + NEWER_VERSION)
        stage.orders = orders[:2]
        await applies(stage, orders[1], NEWER_NAME)

        await restart(world, path, None)
        stage.orders = orders
        await applies(stage, orders[2], PACKAGE_NAME)

        await stage.until(APPLIED + 3 * HOUR + ANSWER + GRACE)
        for number, (order, version, days) in enumerate(
            zip(orders, (FIRST_NAME, NEWER_NAME, PACKAGE_NAME), (4, 5, 7), strict=True), 1
        ):
            back = order.heard(refunds.ReturnAuthorizedV1, after=APPLIED + number * HOUR + ANSWER)
            assert (back.policy_version, back.send_by_at) == (
                version,
                stage.start + APPLIED + number * HOUR + ANSWER + days * DAY,
            )
        assert await world.dead_letters("refunds") == {}

        with pytest.raises(CommandError) as refused:
            await restart(world, path, SHOPS + FIRST_VERSION.replace("send_days = 4", "send_days = 6"))
        told = str(refused.value)
        assert f'"policy_file": "{path}"' in told
        assert r"\"mine@2015-01-01\".agreement.send_days" in told
        assert "6, but cases run under it with 4 (the kept hash is " in told
        async with connected(local.database_url) as connection:
            kept = await connection.fetch("SELECT name FROM refunds.policy_versions ORDER BY name")
        assert {FIRST_NAME, NEWER_NAME, PACKAGE_NAME} <= {row["name"] for row in kept}
