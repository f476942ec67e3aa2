"""The local stack: real, durable, the same again after a crash, and gone when its process is."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

import devstack
from devstack import ports
from devstack.stack import running, wipe

pytestmark = [pytest.mark.stack, pytest.mark.faults]
TOPIC = "devstack.test.v1"
GONE_LIMIT_S = 30

STARTER = """
import signal, sys, time, devstack
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
stack = devstack.start()
print(stack.kafka.pid, stack.postgres.pid, stack.home, stack.postgres.data, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def own_stack() -> Iterator[devstack.Stack]:
    with devstack.start() as stack:
        yield stack


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + GONE_LIMIT_S
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.05)


async def make_topic(stack: devstack.Stack, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def publish(stack: devstack.Stack, value: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.bootstrap_servers, enable_idempotence=True, max_request_size=2_000_000
    )
    await producer.start()
    try:
        await producer.send_and_wait(TOPIC, value, key=b"k", partition=0)
    finally:
        await producer.stop()


async def published(stack: devstack.Stack) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.bootstrap_servers,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4_000_000,
    )
    await consumer.start()
    try:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        last = (await consumer.end_offsets([partition]))[partition]
        values: list[bytes] = []
        while len(values) < last:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                values += [record.value or b"" for record in records]
        return values
    finally:
        await consumer.stop()


async def test_a_killed_broker_comes_back_at_its_port_with_what_it_acknowledged(
    own_stack: devstack.Stack,
) -> None:
    await make_topic(own_stack, TOPIC)
    await publish(own_stack, b"before")
    address = own_stack.bootstrap_servers
    own_stack.kafka.kill()
    with pytest.raises(devstack.StackError):
        _ = own_stack.kafka.pid
    own_stack.kafka.start()
    await publish(own_stack, b"x" * 1_500_000)
    assert own_stack.bootstrap_servers == address
    assert [len(value) for value in await published(own_stack)] == [len(b"before"), 1_500_000]


async def test_topics_are_never_made_by_accident(own_stack: devstack.Stack) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=own_stack.bootstrap_servers, request_timeout_ms=2000)
    await producer.start()
    try:
        with pytest.raises((UnknownTopicOrPartitionError, TimeoutError)):
            await producer.client._wait_on_metadata("nobody.made.this.v1")
    finally:
        await producer.stop()


async def test_a_killed_database_comes_back_with_what_it_committed(own_stack: devstack.Stack) -> None:
    connection = await asyncpg.connect(own_stack.database_url)
    assert await connection.fetchval("show fsync") == "on"
    assert (await connection.fetchval("show server_version")).startswith("18")
    await connection.execute("create table kept (n int)")
    await connection.execute("insert into kept values (42)")
    own_stack.postgres.kill()
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.fetchval("select 1")
    connection.terminate()
    own_stack.postgres.start()
    connection = await asyncpg.connect(own_stack.database_url)
    try:
        assert await connection.fetchval("select n from kept") == 42
    finally:
        await connection.close()


async def test_a_frozen_database_goes_on_where_it_stood(own_stack: devstack.Stack) -> None:
    own_stack.postgres.part.pause()
    try:
        with pytest.raises(TimeoutError):
            await asyncpg.connect(own_stack.database_url, timeout=1)
    finally:
        own_stack.postgres.part.resume()
    connection = await asyncpg.connect(own_stack.database_url, timeout=10)
    await connection.close()


async def test_nobody_gets_in_without_the_password(own_stack: devstack.Stack) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own_stack.database_url.replace(own_stack.postgres.password, "guessed"))


def test_a_stack_with_a_home_is_the_same_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with devstack.start(home) as stack:
        first = (stack.bootstrap_servers, stack.database_url)
        assert running(home) is not None
        with pytest.raises(devstack.StackError, match="is running"):
            devstack.start(home)
        with pytest.raises(devstack.StackError, match="is running"):
            wipe(home)
    assert running(home) is None
    with devstack.start(home) as stack:
        assert (stack.bootstrap_servers, stack.database_url) == first
        data = stack.postgres.data
    assert data.exists()
    wipe(home)
    assert not home.exists()
    assert not data.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_its_process_dies(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as starter:
        assert starter.stdout is not None
        kafka, postgres, home, data = starter.stdout.readline().split()
        starter.send_signal(how)
        starter.wait()
    wait_until(lambda: not alive(int(kafka)) and not alive(int(postgres)), "programs are still running")
    wait_until(lambda: not Path(home).exists() and not Path(data).exists(), "data are still there")


def test_a_stack_that_nobody_stopped_ends_with_its_process_in_order() -> None:
    program = STARTER.replace("time.sleep(600)", "")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    kafka, postgres, home, data = done.stdout.split()
    assert (done.returncode, done.stderr) == (0, "")
    assert not alive(int(kafka))
    assert not alive(int(postgres))
    assert not Path(home).exists()
    assert not Path(data).exists()


def test_the_command_line_leaves_one_running_and_stops_it(tmp_path: Path) -> None:
    def devstack_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "devstack", "--home", str(tmp_path / "home"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert devstack_command("status").returncode == 3
    up = devstack_command("up", "--detach")
    assert up.returncode == 0, up.stderr
    assert "AFTERSALES_DATABASE__URL=postgresql://" in up.stdout
    assert devstack_command("up").returncode == 1
    assert devstack_command("status").stdout == up.stdout
    assert devstack_command("down").returncode == 0
    assert devstack_command("status").returncode == 3
    assert devstack_command("wipe").returncode == 0


def test_chosen_ports_are_free_and_different() -> None:
    chosen = ports.free(5)
    assert len(set(chosen)) == 5
    assert all(ports.is_free(port) for port in chosen)
    with closing(__import__("socket").create_server(("127.0.0.1", chosen[0]))):
        assert not ports.is_free(chosen[0])
        assert ports.answers(chosen[0])
