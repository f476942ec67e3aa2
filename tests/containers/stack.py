"""Kafka, PostgreSQL and the services in containers, behind the interface of cli's LocalStack.

Three networks: services reach the brokers over one and the database over another, both internal, so that
either can be taken from a single replica; the third carries only the ports that are published on loopback.
"""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import asyncpg
import docker
from aiokafka.errors import KafkaError
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from aftersales_contracts.topics import SERVICES
from chassis import clock
from chassis.store.migrate import migrate
from cli import topics
from cli.errors import CommandError
from cli.stack import Clock
from devstack import ports
from devstack.database import provision_async
from tests.containers import engine
from tests.containers.parts import MEBIBYTE, ContainerPart, published

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
READY_LIMIT_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.1
PROBE_SECONDS = 3.0
HTTP_PORT = 8080
SERVICE_MEMORY_BYTES = 512 * MEBIBYTE
PASSWORD = "only-for-this-test"
STARTED = "Kafka Server started"
DATABASE_FOLDER = "/var/lib/postgresql"


@dataclass
class ServiceContainer:
    """One replica of a service in a container."""

    name: str
    part: ContainerPart
    port: int

    @property
    def url(self) -> str:
        """Where its health and metrics are."""
        return f"http://127.0.0.1:{self.port}"

    def launch(self) -> None:
        """Starts it after it was ended; it is not ready yet."""
        self.part.launch()

    def is_ready(self) -> bool:
        """Whether it says that it reads, decides and publishes."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=PROBE_SECONDS) as answer:  # noqa: S310 - http
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self) -> str:
        """Returns the page that Prometheus would read."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=PROBE_SECONDS) as answer:  # noqa: S310 - http
            return str(answer.read().decode())


def kafka_settings(node: int, count: int, host_port: int) -> dict[str, str]:
    """Node 1 keeps the cluster's metadata and is a broker as well; the others are brokers only."""
    return {
        "KAFKA_NODE_ID": str(node),
        "KAFKA_PROCESS_ROLES": "broker,controller" if node == 1 else "broker",
        "KAFKA_LISTENERS": "INNER://:9092,OUTER://:9094" + (",CONTROLLER://:9093" if node == 1 else ""),
        "KAFKA_ADVERTISED_LISTENERS": f"INNER://kafka-{node}:9092,OUTER://127.0.0.1:{host_port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,INNER:PLAINTEXT,OUTER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INNER",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@kafka-1:9093",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_MIN_INSYNC_REPLICAS": str(min(2, count)),
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": str(count),
        "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "4",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": str(count),
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": str(min(2, count)),
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_BROKER_SESSION_TIMEOUT_MS": "6000",
        "KAFKA_HEAP_OPTS": "-Xmx400m -Xms200m",
        "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw",
    }


class ContainerStack:
    """Brokers, a database and services on networks of their own. Use as an async context manager.

    `replicas` says how many of a service where it is not one: the second of refunds is `refunds-2`. A
    database with `disk_bytes` has a disk of that size, which outlives its container.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        services: Sequence[str] = SERVICES,
        replicas: Mapping[str, int] | None = None,
        broker_count: int = 1,
        disk_bytes: int | None = None,
        environment: Mapping[str, str] | None = None,
        image: str | None = None,
    ) -> None:
        self._clock: Clock = clock
        self._names = tuple(services)
        self._replicas = replicas or {}
        self._broker_count = broker_count
        self._disk_bytes = disk_bytes
        self._extra = dict(environment or {})
        self.image = image
        self._ends = ExitStack()
        self.services: dict[str, ServiceContainer] = {}
        self.brokers: list[ContainerPart] = []
        self.role_urls: dict[str, str] = {}
        """Service -> connection string of its role, as the services see the database."""

    @property
    def bootstrap_servers(self) -> str:
        """The brokers' addresses for the test itself."""
        return ",".join(f"127.0.0.1:{port}" for port in self._broker_ports)

    @property
    def database_url(self) -> str:
        """The superuser's connection string for the test itself."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self._database_port}/postgres"

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._ends.close)

    async def _start(self) -> None:
        began = clock.monotonic()
        self.image = self.image or await asyncio.to_thread(engine.project_image)
        self._database_port, *self._broker_ports = ports.free(1 + self._broker_count)
        self.edge = self._network(internal=False)
        self.broker_network = self._network(internal=True)
        self.database_network = self._network(internal=True)
        self.database = self._database()
        self.brokers = [self._broker(node) for node in range(1, self._broker_count + 1)]
        parts = [self.database, *self.brokers]
        await asyncio.gather(*(asyncio.to_thread(self._keep, part) for part in parts))
        await asyncio.gather(self._prepare_topics(), self._prepare_database())
        for name in self._names:
            for number in range(1, self._replicas.get(name, 1) + 1):
                self.services[name if number == 1 else f"{name}-{number}"] = self.make_service(name)
        replicas = [service.part for service in self.services.values()]
        await asyncio.gather(*(asyncio.to_thread(self._keep, part) for part in replicas))
        await self.wait_ready()
        took = clock.monotonic() - began
        engine.tell(f"{len(parts)} parts and {len(replicas)} replicas ready in {took:.0f} s")

    def _network(self, *, internal: bool) -> Network:
        network = Network(docker_network_kw={"internal": internal}).create()
        self._ends.callback(network._docker.client.close)
        self._ends.callback(network.remove)
        return network

    def _keep(self, part: ContainerPart) -> None:
        self._ends.callback(part.remove)
        part.start()

    def _made(
        self, image: str, first: Network, alias: str, environment: Mapping[str, str]
    ) -> DockerContainer:
        made = DockerContainer(image, env=dict(environment), network=first, network_aliases=[alias])
        return made.with_kwargs(restart_policy={"Name": "unless-stopped"})

    def _broker(self, node: int) -> ContainerPart:
        alias, host_port = f"kafka-{node}", self._broker_ports[node - 1]
        settings = kafka_settings(node, self._broker_count, host_port)
        made = self._made(KAFKA_IMAGE, self.broker_network, alias, settings)
        return ContainerPart(alias, published(made, 9094, host_port), {self.edge: f"{alias}-edge"})

    def _database(self) -> ContainerPart:
        made = self._made(POSTGRES_IMAGE, self.database_network, "database", {"POSTGRES_PASSWORD": PASSWORD})
        made.with_command("postgres -c max_wal_size=64MB -c min_wal_size=32MB")
        if self._disk_bytes is not None:
            made.with_volume_mapping(self._disk(self._disk_bytes), DATABASE_FOLDER, "rw")
        return ContainerPart(
            "database", published(made, 5432, self._database_port), {self.edge: "database-edge"}
        )

    def _disk(self, size_bytes: int) -> str:
        """A disk of that size. It lies in memory, and `holder` keeps it while the database is down."""
        client = docker.from_env()
        self._ends.callback(client.close)
        options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={size_bytes}"}
        volume = client.volumes.create(driver="local", driver_opts=options)
        self._ends.callback(volume.remove)
        made = DockerContainer(POSTGRES_IMAGE, network=self.edge)
        made.with_volume_mapping(volume.name, DATABASE_FOLDER, "rw")
        made.with_kwargs(entrypoint=["sleep", "infinity"], user="0")
        self.holder = ContainerPart("the database's disk", made)
        self._keep(self.holder)
        return str(volume.name)

    def make_service(self, name: str, image: str | None = None) -> ServiceContainer:
        """A replica, not started yet: confined as in deploy/compose.yaml, its port on loopback."""
        (host_port,) = ports.free(1)
        environment = {
            "AFTERSALES_CLOCK": self._clock,
            "AFTERSALES_KAFKA__BOOTSTRAP_SERVERS": ",".join(f"{part.name}:9092" for part in self.brokers),
            "AFTERSALES_DATABASE__URL": self.role_urls[name],
            "AFTERSALES_HTTP__HOST": "0.0.0.0",  # noqa: S104 - inside the container; published on loopback
            "AFTERSALES_HTTP__PORT": str(HTTP_PORT),
            **self._extra,
        }
        made = self._made(image or str(self.image), self.broker_network, name, environment)
        made.with_command(["python", "-m", f"services.{name}"])
        made.with_kwargs(
            restart_policy={"Name": "unless-stopped"},
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            mem_limit=SERVICE_MEMORY_BYTES,
            memswap_limit=SERVICE_MEMORY_BYTES,
            pids_limit=200,
        )
        links = {self.database_network: name, self.edge: f"{name}-edge"}
        return ServiceContainer(
            name, ContainerPart(name, published(made, HTTP_PORT, host_port), links), host_port
        )

    async def add(self, key: str, name: str, image: str | None = None) -> ServiceContainer:
        """Starts one more replica; the stack ends it with the others."""
        service = self.services[key] = self.make_service(name, image)
        await asyncio.to_thread(self._keep, service.part)
        return service

    async def _prepare_topics(self) -> None:
        end = clock.monotonic() + READY_LIMIT_SECONDS
        for broker in self.brokers:
            await asyncio.to_thread(broker.wait_said, STARTED, READY_LIMIT_SECONDS)
        while True:
            try:
                await topics.create(self.bootstrap_servers, replicas=self._broker_count)
            except (CommandError, KafkaError):
                assert clock.monotonic() < end, self.brokers[0].tail()
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            else:
                return

    async def _prepare_database(self) -> None:
        await self.wait_database()
        urls = await provision_async(self.database_url, self._names)
        for name, url in urls.items():  # Alembic keeps its context in module globals: one at a time
            await migrate(url, name)
            self.role_urls[name] = url.replace(f"127.0.0.1:{self._database_port}", "database:5432")

    async def wait_database(self) -> None:
        """Returns once the database answers."""
        end = clock.monotonic() + READY_LIMIT_SECONDS
        while True:
            try:
                connection = await asyncpg.connect(self.database_url, timeout=5)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                assert clock.monotonic() < end, self.database.tail()
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            else:
                await connection.close()
                return

    async def wait_ready(self, limit_seconds: float = READY_LIMIT_SECONDS) -> None:
        """Returns once every replica is ready. Raises AssertionError with its log where one is not."""
        end = clock.monotonic() + limit_seconds
        waiting = list(self.services.values())
        while waiting:
            ready = await asyncio.gather(*(asyncio.to_thread(service.is_ready) for service in waiting))
            waiting = [service for service, is_ready in zip(waiting, ready, strict=True) if not is_ready]
            if waiting:
                late = waiting[0]
                assert clock.monotonic() < end, f"{late.name} is not ready\n{late.part.tail()}"
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
