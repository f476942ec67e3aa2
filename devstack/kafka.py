"""Runs Apache Kafka as one KRaft node, broker and controller in one process, on the loopback address."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devstack import jars, java, ports
from devstack.errors import PartFailed
from devstack.part import Part, Temporary

CLUSTER_ID = "aftersalesDevStackAAAA"
READY_LINE = "Kafka Server started"
START_LIMIT_S = 90.0
MESSAGE_MAX_BYTES = 2_000_000

PROPERTIES: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "message.max.bytes": str(MESSAGE_MAX_BYTES),
    "replica.fetch.max.bytes": str(MESSAGE_MAX_BYTES),
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A killed broker may come back only when its old registration has expired (9 s by default).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "log.segment.bytes": str(64 * 1024 * 1024),
    "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
}
"""Properties that every stack shares. Durable, real groups, transactions and administration; small."""

LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.logFile=System.out",
)
MODULE_ACCESS = ("--enable-native-access=ALL-UNNAMED",)


@dataclass
class Kafka:
    """The broker. Its data, ports and log stay the same over stop, kill and start."""

    home: Path
    logs: Path
    port: int
    controller_port: int
    fast_start: bool = True
    """Skip the optimising compiler: starts sooner, serves slower. For tests, not for measuring."""
    temporary: Temporary | None = None
    by_way_of: Mapping[int, int] = field(default_factory=dict[int, int])
    """Further ports that it listens on -> the port that it tells clients of that one to come back to:
    who connects by way of something in between (a proxy of a test) is never sent past it."""

    def __post_init__(self) -> None:
        self.part = Part(
            "Kafka",
            self.logs / "kafka.log",
            remove_if_orphaned=[self.home] if self.temporary else [],
            home_if_orphaned=self.temporary,
        )

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.part.pid

    def start(self) -> None:
        """Starts the broker and returns once it serves. Raises PartMissing, PartFailed, StackError."""
        class_path = jars.class_path()
        properties = self._prepare(class_path)
        seen_bytes = self.part.log.stat().st_size if self.part.log.exists() else 0
        command = [*_java(class_path, fast_start=self.fast_start), "kafka.Kafka", str(properties)]
        self.part.launch(command, {"LC_ALL": "C"})
        self.part.wait_until(lambda: self._serves(seen_bytes), START_LIMIT_S)

    def stop(self) -> None:
        self.part.stop()

    def kill(self) -> None:
        self.part.kill()

    def _serves(self, seen_bytes: int) -> bool:
        with self.part.log.open("rb") as log:
            log.seek(seen_bytes)
            return READY_LINE.encode() in log.read() and ports.answers(self.port)

    def _prepare(self, class_path: str) -> Path:
        """Writes the properties and, the first time, the formatted data folder."""
        data = self.home / "data"
        if not data.is_dir():
            shutil.copytree(_formatted(class_path), data)
        own = {
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "log.dirs": str(data),
        }
        return _write(self.home / "server.properties", {**PROPERTIES, **own, **self._further(own)})

    def _further(self, own: Mapping[str, str]) -> dict[str, str]:
        """The properties that the further listeners change."""
        if not self.by_way_of:
            return {}
        names = {f"WAY{number}": ports for number, ports in enumerate(self.by_way_of.items())}
        protocols = [PROPERTIES["listener.security.protocol.map"], *(f"{name}:PLAINTEXT" for name in names)]
        listeners = [f"{name}://127.0.0.1:{port}" for name, (port, _) in names.items()]
        advertised = [f"{name}://127.0.0.1:{told}" for name, (_, told) in names.items()]
        return {
            "listener.security.protocol.map": ",".join(protocols),
            "listeners": ",".join([own["listeners"], *listeners]),
            "advertised.listeners": ",".join([own["advertised.listeners"], *advertised]),
            "inter.broker.listener.name": "PLAINTEXT",
            **{f"listener.name.{name.lower()}.num.network.threads": "1" for name in names},
        }


def _write(path: Path, properties: Mapping[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), "utf-8")
    return path


def _java(class_path: str, *, fast_start: bool) -> list[str]:
    speed = ["-XX:TieredStopAtLevel=1", "-Xshare:auto"] if fast_start else []
    heap = ["-Xmx512m"] if fast_start else ["-Xms1g", "-Xmx1g"]
    collector = ["-XX:+UseSerialGC"] if fast_start else ["-XX:+UseG1GC"]
    return [str(java.executable()), *heap, *collector, *speed, *LOGGING, *MODULE_ACCESS, "-cp", class_path]


def prepare() -> None:
    """Brings and makes all that a start needs, so that the first one is as fast as any. Raises StackError."""
    _formatted(jars.class_path())


def _formatted(class_path: str) -> Path:
    """A data folder as Kafka's own tool formats it, made once and copied into each new stack.

    Its two small files say the same in every stack; the tool needs more than a second to write them.
    """
    formatted = jars.home() / "formatted"
    if formatted.is_dir():
        return formatted
    with tempfile.TemporaryDirectory(dir=jars.home(), prefix=".format-") as work:
        data = Path(work) / "data"
        one = {"listeners": "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2", "log.dirs": str(data)}
        voters = {"controller.quorum.voters": "1@127.0.0.1:2"}
        properties = _write(Path(work) / "server.properties", {**PROPERTIES, **one, **voters})
        tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
        done = subprocess.run(
            [*_java(class_path, fast_start=True), *tool], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise PartFailed(f"Kafka's storage tool failed\n{done.stdout}{done.stderr}")
        try:
            data.rename(formatted)
        except OSError:
            if not formatted.is_dir():  # otherwise another process was faster
                raise
    return formatted
