"""`docker compose up` as the operator's guide says it: healthy, of use, confined, and its data outlive it."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.registry import encode
from aftersales_contracts.shop.orders import OrderPlacedV1
from chassis import clock
from chassis.operate.provision import role_of
from tests.containers import engine
from tests.containers.compose import ONE_SHOTS, SERVICES, Compose, made

UP_SECONDS = 90
"""The promise, for a machine with two cores that does nothing else."""
SETTLE_SECONDS = 10
IDLE_SECONDS = 30
IDLE_PERCENT_MOST = 5
"""The promise, of one core."""
CPU_TIME = "cat /sys/fs/cgroup/cpu.stat 2>/dev/null || cat /sys/fs/cgroup/cpuacct/cpuacct.usage"
DEFAULT_ROUTE = "00000000"
READ_SECONDS = 60.0
SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"
COUNTS = " UNION ALL ".join(
    f"SELECT '{name}', (SELECT count(*) FROM {name}.cases), (SELECT count(*) FROM {name}.facts),"
    f" (SELECT sum(next_offset) FROM {name}.intake)"
    for name in SERVICES
)


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The project, up once for all tests of this file."""
    project = made("aftersales-test", ["compose.yaml"], tmp_path_factory.mktemp("compose"))
    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    try:
        took = project.up()
        engine.tell(f"compose: all healthy in {took:.0f} s{' on a busy machine' if is_busy else ''}")
        assert took < UP_SECONDS * (4 if is_busy else 1)
        yield project
    finally:
        project.down(with_data=True)


def test_everything_is_healthy_and_the_one_shots_are_done(compose: Compose) -> None:
    """`up --wait` says so by its status; here it is looked at, container by container."""
    for name, container in compose.containers().items():
        state = container["State"]
        if name in ONE_SHOTS:
            assert (state["Status"], state["ExitCode"]) == ("exited", 0), name
        else:
            assert (state["Status"], state["Health"]["Status"]) == ("running", "healthy"), name
    assert {*SERVICES, *ONE_SHOTS, "kafka", "postgres"} == set(compose.containers())


def test_the_sample_gives_its_outcome(compose: Compose) -> None:
    """The documented command publishes an order and shows what the services decided about it."""
    said = compose("run", "--rm", "cli", "sample")
    assert "aftersales.refund.opened.v1" in said, said


def test_containers_are_confined(compose: Compose) -> None:
    """Nobody is root or can become it, nothing can be written beside the volumes, ports are on loopback."""
    for name, container in compose.containers().items():
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"], name
        assert not host["CapAdd"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"]["Config"].get("max-size"), name
        assert container["Config"]["User"].split(":")[0] not in {"", "0", "root"}, name
        assert host["RestartPolicy"]["Name"] == ("no" if name in ONE_SHOTS else "unless-stopped"), name
        for bound in (host["PortBindings"] or {}).values():
            assert {each["HostIp"] for each in bound} == {"127.0.0.1"}, name


def test_a_service_runs_without_rights(compose: Compose) -> None:
    """The service's processes have no more rights than the settings promise."""
    look = "import os; print(os.getuid(), os.getgid())\nopen('/app/chassis/clock.py', 'a')"
    for name in SERVICES:
        done = compose.run("exec", "--no-TTY", name, "python", "-c", look)
        assert done.stdout.split() == ["10001", "10001"]
        assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr
        status = compose("exec", "--no-TTY", name, "cat", "/proc/1/status")
        fields: dict[str, Any] = dict(line.split(":", 1) for line in status.splitlines())
        assert int(fields["CapEff"], 16) == 0
        assert fields["NoNewPrivs"].strip() == "1"


def cpu_seconds(compose: Compose, service: str) -> float:
    """Processor time of all processes of the container so far, health checks included."""
    said = compose.shell(service, CPU_TIME)
    fields = dict(line.split() for line in said.splitlines() if " " in line)
    return int(fields["usage_usec"]) / 1e6 if fields else int(said) / 1e9


def test_a_service_without_work_uses_next_to_nothing(compose: Compose) -> None:
    """Over half a minute after the last event, on whatever machine this is; the figures are printed."""
    time.sleep(SETTLE_SECONDS)
    began, before = clock.monotonic(), {name: cpu_seconds(compose, name) for name in SERVICES}
    time.sleep(IDLE_SECONDS)
    passed, after = clock.monotonic() - began, {name: cpu_seconds(compose, name) for name in SERVICES}
    percent = {name: (after[name] - before[name]) / passed * 100 for name in SERVICES}
    engine.tell(f"idle, percent of a core: {', '.join(f'{n} {p:.1f}' for n, p in percent.items())}")
    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    assert max(percent.values()) < IDLE_PERCENT_MOST * (2 if is_busy else 1), percent


def test_a_service_has_no_way_out(compose: Compose) -> None:
    """It knows no route but to its own networks; the broker, which publishes a port, has one."""
    is_open = {
        name: DEFAULT_ROUTE in compose.shell(name, "cut -f 2 /proc/net/route").split()
        for name in (*SERVICES, "postgres", "kafka")
    }
    assert is_open == {**dict.fromkeys((*SERVICES, "postgres"), False), "kafka": True}


async def test_programs_on_the_machine_reach_kafka(compose: Compose) -> None:
    """At the published port, by the name that the broker gives for itself."""
    consumer = AIOKafkaConsumer(bootstrap_servers=f"localhost:{compose.ports[0]}")
    await consumer.start()
    try:
        assert "shop.orders.v1" in await consumer.topics()
    finally:
        await consumer.stop()


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_taken_and_read(compose: Compose, codec: str) -> None:
    """B15: a Go client packs by snappy unless told otherwise. Broker and services unpack each batch."""
    data = json.loads((SAMPLES / "shop.order.placed.v1.json").read_text("utf-8"))
    order = OrderPlacedV1.model_validate_json(json.dumps(data | {"order_id": f"packed-{codec}"}))
    key, headers, value = write(
        Envelope(f"packed-{codec}", "test/shop", order.TYPE, clock.now(), order.order_id), encode(order)
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=f"localhost:{compose.ports[0]}", compression_type=codec, request_timeout_ms=10_000
    )
    await producer.start()
    try:
        await producer.send_and_wait(order.TOPIC, value, key, headers=headers)
    finally:
        await producer.stop()
    until = clock.monotonic() + READ_SECONDS
    found = f"SELECT count(*) FROM refunds.cases WHERE subject = '{order.order_id}'"
    while compose.sql(found).strip() == "0" and clock.monotonic() < until:
        await asyncio.sleep(0.5)
    assert int(compose.sql(found)) > 0


@pytest.mark.parametrize("name", ["secure", "scale"])
def test_a_profile_without_its_file_starts_nothing(name: str, tmp_path: Path) -> None:
    """Not even what it does not need: nobody is to take the plain stack for the secured one."""
    project = made(f"aftersales-{name}-alone", ["compose.yaml"], tmp_path)
    try:
        done = project.run("--profile", name, "up", "--detach", "--wait")
        assert done.returncode != 0
        assert f"compose.{name}.yaml" in done.stderr
        assert project("ps", "--quiet", "--status", "running") == ""
    finally:
        project.down(with_data=True)


def test_a_dump_is_restored_on_a_server_without_roles(compose: Compose) -> None:
    """The guide's commands: roles are made, the empty schemas dropped, the dump restored, the groups set."""
    as_superuser = "-h /var/run/postgresql -U postgres"
    compose("stop", *SERVICES)
    before = counts(compose)
    compose.shell("postgres", f"pg_dump {as_superuser} -Fc aftersales > /tmp/aftersales.dump")
    for name in SERVICES:
        compose.sql(f"DROP OWNED BY {role_of(name)} CASCADE; DROP ROLE {role_of(name)}")
    compose("run", "--rm", "migrations")
    assert counts(compose)["refunds"][:2] == (0, 0)
    compose.sql(f"DROP SCHEMA {', '.join(SERVICES)} CASCADE")
    compose.shell("postgres", f"pg_restore {as_superuser} --exit-on-error -d aftersales /tmp/aftersales.dump")
    assert counts(compose) == before
    compose("run", "--rm", "cli", "rewind")
    compose.up()
    compose("run", "--rm", "cli", "sample")
    assert counts(compose)["refunds"][0] > before["refunds"][0]


def test_down_and_up_again_keeps_everything(compose: Compose) -> None:
    """Cases, facts and places in the topics; and a new sample is handled beside the old one."""
    compose("run", "--rm", "cli", "sample")
    before = counts(compose)
    assert before["refunds"][0] > 0
    compose.down(with_data=False)
    assert compose("ps", "--all", "--quiet") == ""
    took = compose.up()
    engine.tell(f"compose: healthy again in {took:.0f} s")
    after = counts(compose)
    assert {name: numbers[:2] for name, numbers in after.items()} == {
        name: numbers[:2] for name, numbers in before.items()
    }
    compose("run", "--rm", "cli", "sample")
    assert counts(compose)["refunds"][0] > after["refunds"][0]


def counts(compose: Compose) -> dict[str, tuple[int, ...]]:
    """Service -> cases, facts, records read."""
    rows = [line.split("|") for line in compose.sql(COUNTS).splitlines()]
    return {name: tuple(int(number or 0) for number in numbers) for name, *numbers in rows}
