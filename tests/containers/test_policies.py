"""Packs of the operator's own, mounted as the guide says: a shop's numbers change, wrong ones are refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from aftersales_contracts.registry import EVENTS, read_data
from chassis import clock
from cli.sample import STORY, sample_data
from simulator.records import announce
from tests.containers.compose import Compose, made

FOLDER = "/etc/aftersales-policies"
PACK = """
[shops]
"{shop}" = "mine"

["mine@2026-01-01"]
extends = "taobao-classic@2014-01-01"
agreement = {{ answer_days = {{ with_return = {days} }} }}
"""
SHOP, OTHER = "tb:own", "tb:other"
OPENED = """
SELECT policy, event FROM refunds.facts
WHERE event_type = 'aftersales.refund.opened.v1' AND event::json->>'order_id' LIKE '%-{tag}'
"""
LIMIT_SECONDS = 60


@dataclass
class Packed:
    """The project, and the folder that is mounted."""

    compose: Compose
    folder: Path

    def write(self, text: str) -> None:
        """Puts the packs of refunds there, for everybody to read."""
        path = self.folder / "refunds.toml"
        path.write_text(text, "utf-8")
        path.chmod(0o644)

    def restart(self) -> bool:
        """Starts refunds anew; tells whether it became healthy."""
        done = self.compose.run(
            "up", "--detach", "--wait", "--wait-timeout", str(LIMIT_SECONDS), "--force-recreate", "--no-deps",
            "refunds",
        )  # fmt: skip
        return done.returncode == 0


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packed]:
    """Broker, database and refunds, with a pack for one shop."""
    home = tmp_path_factory.mktemp("policies")
    folder = home / "packs"
    folder.mkdir()
    folder.chmod(0o755)
    project = made("aftersales-policies", ["compose.yaml"], home)
    project.policies = folder
    found = Packed(project, folder)
    found.write(PACK.format(shop=SHOP, days=9))
    try:
        project("up", "--detach", "--wait", "--wait-timeout", "400", "refunds")
        yield found
    finally:
        project.down(with_data=True)


async def apply_for_a_refund(compose: Compose, shop: str) -> tuple[str, timedelta]:
    """An order of that shop and a refund application: (version, time that the seller has to answer)."""
    now, tag = clock.now(), clock.new_id()[:8]
    producer = AIOKafkaProducer(bootstrap_servers=f"localhost:{compose.ports[0]}")
    await producer.start()
    try:
        for number, event_type in enumerate(STORY):
            data = {**sample_data(event_type, tag, now), "shop_id": shop}
            one = announce(
                read_data(EVENTS[event_type], json.dumps(data).encode()),
                at=now - timedelta(minutes=len(STORY) - number),
                source="shop/test",
                event_id=f"{tag}/{number}",
            )
            await producer.send_and_wait(one.topic, one.value, key=one.key, headers=list(one.headers))
    finally:
        await producer.stop()
    applied_at = now - timedelta(minutes=1)
    end = clock.monotonic() + LIMIT_SECONDS
    while not (row := compose.sql(OPENED.format(tag=tag))):
        assert clock.monotonic() < end, compose("logs", "--tail", "30", "refunds")
    version, _, event = row.partition("|")
    return version, datetime.fromisoformat(json.loads(event)["answer_by_at"]) - applied_at


async def test_a_mounted_pack_changes_the_numbers_of_its_shop_and_of_no_other(packed: Packed) -> None:
    own = await apply_for_a_refund(packed.compose, SHOP)
    other = await apply_for_a_refund(packed.compose, OTHER)
    assert own == ("mine@2026-01-01", timedelta(days=9))
    assert other == ("taobao-classic@2014-01-01", timedelta(days=5))
    said = packed.compose("run", "--rm", "cli", "policy", "show", SHOP, "--json")
    numbers = {
        number["key"]: (number["value"], number["file"])
        for one in json.loads(said)
        if one["service"] == "refunds"
        for number in one["numbers"]
    }
    assert numbers["agreement.answer_days.with_return"] == (9, f"{FOLDER}/refunds.toml")
    assert numbers["agreement.answer_days.no_return"] == (5, "the package")


def test_the_folder_is_mounted_for_reading_only(packed: Packed) -> None:
    container = packed.compose.containers()["refunds"]
    (mount,) = [one for one in container["Mounts"] if one["Destination"] == FOLDER]
    assert mount["RW"] is False
    assert container["HostConfig"]["ReadonlyRootfs"]


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (
            PACK.format(shop=SHOP, days=9).replace("answer_days", "answer_hours"),
            '"mine@2026-01-01".agreement.answer_hours',
            "no such number; there is answer_days",
        ),
        (
            PACK.format(shop=SHOP, days=8),
            '"mine@2026-01-01".agreement.answer_days.with_return',
            "8, but cases run under it with 9 ",
        ),
    ],
    ids=["unknown key", "other numbers of a running version"],
)
def test_a_wrong_pack_stops_the_start_with_file_key_and_reason(
    packed: Packed, text: str, key: str, reason: str
) -> None:
    packed.write(text)
    try:
        assert not packed.restart()
        lines = packed.compose("logs", "--no-log-prefix", "refunds").splitlines()
        refused = [json.loads(line[line.index("{") :]) for line in lines if "policies are refused" in line]
        assert refused, lines
        assert refused[-1]["policy_file"] == f"{FOLDER}/refunds.toml"
        assert refused[-1]["policy_key"] == key
        assert refused[-1]["policy_reason"].startswith(reason)
        checked = packed.compose.run("run", "--rm", "cli", "policy", "check", FOLDER, "--database")
        assert checked.returncode == 1
        assert f"{FOLDER}/refunds.toml: {key}: {reason}" in checked.stderr
    finally:
        packed.write(PACK.format(shop=SHOP, days=9))
    assert packed.restart()


async def test_the_numbers_outlive_their_file(packed: Packed) -> None:
    """Without its file the service starts, keeps the version for its cases, and opens new ones as before."""
    before = await apply_for_a_refund(packed.compose, SHOP)
    (packed.folder / "refunds.toml").unlink()
    assert packed.restart()
    after = await apply_for_a_refund(packed.compose, SHOP)
    assert (before, after) == (
        ("mine@2026-01-01", timedelta(days=9)),
        ("taobao-classic@2014-01-01", timedelta(days=5)),
    )
    kept = "SELECT (numbers->'agreement'->'answer_days'->>'with_return') FROM refunds.policy_versions"
    assert packed.compose.sql(f"{kept} WHERE name = 'mine@2026-01-01'") == "9"
    running = "SELECT count(*) > 0 FROM refunds.cases WHERE policy = 'mine@2026-01-01' AND NOT is_ended"
    assert packed.compose.sql(running) == "t"
