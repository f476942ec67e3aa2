"""The examples of the contracts run as they are printed, on a real broker."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.partitioner import DefaultPartitioner
from pydantic import ValidationError

from aftersales_contracts.base import Event
from aftersales_contracts.envelope import Envelope, read
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS, read_data, topic_of
from aftersales_contracts.shop.aftersales import RefundAppliedV1
from aftersales_contracts.topics import TOPICS
from cli.stack import LocalStack
from devstack import jars
from tests.support import tools

CONTRACTS = Path(__file__).parents[2] / "contracts"
EXAMPLES = CONTRACTS / "examples"
STORY = [
    "shop.order.placed.v1",
    "shop.order.paid.v1",
    "shop.parcel.registered.v1",
    "shop.order.shipped.v1",
    "shop.refund.applied.v1",
]
COMMANDS = {
    "python_package": f"{sys.executable} python_package.py",
    "python_plain": f"{sys.executable} python_plain.py",
    "node": 'order="$(node node/publish.js)" && node node/read.js "$order"',
    "kcat": "bash kcat.sh",
    "go": "cd go && go run .",
    "java": 'java -cp "$CLASSPATH" java/Example.java',
}
PRINTED = (".py", ".js", ".sh", ".json", ".go", ".mod", ".java")


def environment(name: str, bootstrap: str) -> dict[str, str]:
    """Returns all that an example needs, and nothing more: its tool on the path and the broker's address."""
    found = {**os.environ, "KAFKA_BOOTSTRAP": bootstrap, "PYTHONPATH": str(CONTRACTS)}
    if name == "node":
        found |= {
            "NODE_PATH": str(tools.node_modules()),
            "PATH": f"{tools.node().parent}:{os.environ['PATH']}",
        }
    if name == "java":
        javac()
        found["CLASSPATH"] = jars.class_path()
    if name == "go":
        go()
    if name == "kcat":
        found["PATH"] = f"{tools.kcat().parent}:{os.environ['PATH']}"
    return found


def run(command: str, surroundings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs an example to its end."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=EXAMPLES,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def go() -> None:
    """Skips the test where Go is missing, or the modules of the example can be neither found nor fetched."""
    if shutil.which("go") is None:
        tools.missing("go", "install Go 1.24 or newer")
    made = run("cd go && go mod download", dict(os.environ))
    if made.returncode:
        tools.missing("franz-go", f"`go mod download` needs a network once: {made.stderr.strip()[:200]}")


def javac() -> str:
    """The Java compiler."""
    return shutil.which("javac") or tools.missing("javac", "install a JDK, 17 or newer")


def pages() -> dict[str, str]:
    """The text of every page for other teams, by its path."""
    found = [CONTRACTS / "README.md", *sorted((CONTRACTS / "docs").glob("*.md"))]
    return {str(path.relative_to(CONTRACTS)): path.read_text(encoding="utf-8") for path in found}


def test_the_pages_print_them_as_they_are() -> None:
    text = pages()["docs/examples.md"] + pages()["docs/dead-letters.md"]
    printed = re.findall(r"^<!-- (\S+) -->\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    shown = dict(printed)

    examples = {path for path in EXAMPLES.rglob("*") if path.suffix in PRINTED}
    own = {path for path in examples if "node_modules" not in path.parts and path.name != "package-lock.json"}
    assert {f"examples/{path.relative_to(EXAMPLES)}" for path in own} == set(shown)
    for name, code in shown.items():
        assert code == (CONTRACTS / name).read_text(encoding="utf-8"), name


def test_a_page_lists_every_topic_with_its_numbers() -> None:
    text = pages()["docs/records.md"]
    for topic in TOPICS.values():
        if topic.side != "dead":
            assert f"| `{topic.name}` | {topic.key} | {topic.partitions} | {topic.retention_days} d |" in text


def test_the_entrance_is_short_and_leads_to_every_page() -> None:
    entrance = pages()["README.md"]
    assert len(entrance.splitlines()) <= 80
    for name in pages():
        assert name == "README.md" or f"]({name})" in entrance, name
    assert "](conversations/README.md)" in entrance


def test_every_reason_of_a_dead_letter_is_explained() -> None:
    text = pages()["docs/dead-letters.md"]
    assert [reason.value for reason in Reason if f"`{reason.value}`" not in text] == []


@pytest.mark.timeout(300)
def test_the_go_example_compiles() -> None:
    go()

    made = run("cd go && go vet ./...", dict(os.environ))

    assert made.returncode == 0, made.stderr


def test_the_java_example_compiles_without_a_warning(tmp_path: Path) -> None:
    compiler = javac()
    surroundings = {**os.environ, "CLASSPATH": jars.class_path()}

    made = run(f"{compiler} -Xlint:all -Werror -d {tmp_path} java/Example.java", surroundings)

    assert made.returncode == 0, made.stderr


@dataclass(frozen=True)
class System:
    """A broker with all topics and the service that the examples read, by the clock on the wall."""

    bootstrap: str
    commands: ThreadPoolExecutor


@pytest.fixture(scope="module")
async def system() -> AsyncIterator[System]:
    """A stack of its own: what runs by the wall clock shares no topics with what runs by clock marks."""
    async with LocalStack(clock="wall", services=("refunds",)) as local:
        with ThreadPoolExecutor(1) as commands:
            yield System(local.bootstrap_servers, commands)


async def story_of(consumer: AIOKafkaConsumer) -> list[Event]:
    """The next five events on the topics, each read through the envelope and its own class."""
    found: list[tuple[Envelope, Event]] = []
    async with asyncio.timeout(60):
        while len(found) < len(STORY):
            record = await consumer.getone()
            envelope, data = read(record.key, record.headers, record.value)
            event = read_data(EVENTS[envelope.type], data)
            assert record.topic == topic_of(event)
            everywhere = list(range(TOPICS[record.topic].partitions))
            assert record.partition == DefaultPartitioner()(record.key, everywhere, everywhere)
            assert envelope.subject == event.subject_of()
            found.append((envelope, event))
    assert len({(envelope.source, envelope.id) for envelope, _ in found}) == len(STORY)
    return [event for _, event in sorted(found, key=lambda pair: STORY.index(pair[0].type))]


@pytest.mark.stack
@pytest.mark.parametrize("name", sorted(COMMANDS))
async def test_what_an_example_publishes_is_right_and_it_finds_its_outcome(name: str, system: System) -> None:
    """Each record is a sound event, in the partition of its key; the reader ends at the outcome."""
    surroundings = environment(name, system.bootstrap)
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in TOPICS.values() if topic.side == "in"), bootstrap_servers=system.bootstrap
    )
    async with consumer:
        await consumer.seek_to_end()
        ended = asyncio.get_running_loop().run_in_executor(system.commands, run, COMMANDS[name], surroundings)
        events = await story_of(consumer)

    assert [event.TYPE for event in events] == STORY
    applied = events[-1]
    assert isinstance(applied, RefundAppliedV1)
    made = await ended
    assert made.returncode == 0, made.stderr
    assert f"opened: {applied.refund_id}" in made.stdout


@pytest.mark.stack
async def test_the_mistake_of_the_example_is_one_and_its_reason_is_printed(system: System) -> None:
    """The example publishes data off its schema. Refunds sets the record aside; the example reads why."""
    surroundings = environment("dead_letter", system.bootstrap)
    command = f"{sys.executable} dead_letter.py"
    async with AIOKafkaConsumer("shop.aftersales.v1", bootstrap_servers=system.bootstrap) as consumer:
        await consumer.seek_to_end()
        ended = asyncio.get_running_loop().run_in_executor(system.commands, run, command, surroundings)
        async with asyncio.timeout(60):
            record = await consumer.getone()

    envelope, data = read(record.key, record.headers, record.value)
    with pytest.raises(ValidationError) as wrong:
        read_data(EVENTS[envelope.type], data)
    assert [fault["loc"] for fault in wrong.value.errors()] == [("amount",)]
    made = await ended
    assert made.returncode == 0, made.stderr
    assert "dead-reason: failed_schema\ndead-detail: " in made.stdout
    assert (
        f"dead-topic: shop.aftersales.v1\ndead-partition: {record.partition}\ndead-offset: {record.offset}\n"
        in made.stdout
    )
