"""Three brokers and two replicas of each service, as `compose.scale.yaml` starts them."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.containers import engine
from tests.containers.compose import ONE_SHOTS, SERVICES, Compose, made

BROKERS = ("kafka", "kafka-2", "kafka-3")
PACK = """
import asyncio
from aiokafka import AIOKafkaProducer

async def send(codec):
    producer = AIOKafkaProducer(bootstrap_servers="kafka:19092", compression_type=codec, acks="all")
    await producer.start()
    for number in range(24):
        await producer.send_and_wait("shop.contacts.v1", b"not an event" * 20, str(number).encode())
    await producer.stop()
    print(codec)

for each in ("gzip", "snappy", "lz4", "zstd"):
    asyncio.run(asyncio.wait_for(send(each), 25))
"""


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The project, up once for all tests of this file."""
    folder = tmp_path_factory.mktemp("scale")
    project = made("aftersales-scale-test", ["compose.yaml", "compose.scale.yaml"], folder)
    try:
        engine.tell(f"scale: all healthy in {project.up():.0f} s")
        yield project
    finally:
        project.down(with_data=True)


def test_there_are_two_of_each_service_and_three_brokers(compose: Compose) -> None:
    """All of them healthy, for `up --wait` has ended well."""
    lines = compose("ps", "--format", "json").splitlines()
    running = Counter(json.loads(line)["Service"] for line in lines)
    assert running == {**dict.fromkeys(SERVICES, 2), **dict.fromkeys((*BROKERS, "postgres"), 1)}
    assert not set(ONE_SHOTS) & set(running)


def test_the_sample_gives_its_outcome(compose: Compose) -> None:
    """Whichever replicas read it."""
    said = compose("run", "--rm", "cli", "sample")
    assert "aftersales.refund.opened.v1" in said, said


def test_every_broker_takes_every_codec(compose: Compose) -> None:
    """B15: keys of all kinds reach leaders on all three brokers."""
    said = engine.docker(
        "run", "--rm", "--network", f"{compose.name}_broker", engine.project_image(), "python", "-c", PACK,
        limit_seconds=120,
    )  # fmt: skip
    assert said.split() == ["gzip", "snappy", "lz4", "zstd"]


def test_every_topic_has_three_copies(compose: Compose) -> None:
    """As declared, without having to say less."""
    assert json.loads(compose("run", "--rm", "cli", "topics", "diff", "--json")) == []
    assert compose("run", "--rm", "cli", "topics", "list", "--json").count('"replication_there": 3') == 18
