"""Starts Kafka, PostgreSQL and the four services in containers of their own."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from secrets import token_hex
from types import TracebackType
from typing import Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from aftersales_contracts.topics import SERVICES

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
START_SECONDS = 180.0
LOOK_AGAIN_SECONDS = 0.2
ANSWER_SECONDS = 10.0
PORT = 8080
PREPARE = """
folder=$(mktemp -d)
for service in {services}; do printf %s {password} >$folder/${{service}}_database_password; done
aftersales access database --passwords $folder
aftersales migrate
aftersales topics apply
"""
LOG_LINES_COUNT = 30


class StartError(Exception):
    """A container does not start or has ended; the text has the end of its log."""


class Containers:
    """The whole system by clock marks: it stands still until somebody moves the clock. A context manager.

    `image` is that of Aftersales; `environment` more settings of its services.
    """

    def __init__(
        self,
        image: str,
        *,
        kafka_image: str = KAFKA_IMAGE,
        postgres_image: str = POSTGRES_IMAGE,
        environment: Mapping[str, str] | None = None,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._image, self._kafka_image, self._postgres_image = image, kafka_image, postgres_image
        self._environment = dict(environment or {})
        self._start_seconds = start_seconds
        self._password = token_hex(16)
        self._ends = ExitStack()
        self._services: dict[str, DockerContainer] = {}
        self._urls: dict[str, str] = {}
        self.bootstrap_servers = ""
        """The broker's address for programs on this machine."""
        self.inner_bootstrap_servers = "kafka:19092"
        """The broker's address for containers on `network`."""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def passed(self, service: str, mark: int) -> tuple[bool, datetime | None]:
        """Whether a service has done all up to a clock mark, and the moment of its next deadline.

        Raises StartError where it has ended.
        """
        answer = self._ask(service, f"/passed/{mark}")
        if answer is None:
            container = self._services[service]
            if not _runs(container):
                raise StartError(f"{service} has ended\n{_tail(container)}")
            return False, None
        due = answer["next_due_at"]
        return bool(answer["is_passed"]), None if due is None else datetime.fromisoformat(str(due))

    def log(self, service: str) -> str:
        """All that a service wrote."""
        return _tail(self._services[service], None)

    def _start(self) -> None:
        self.network = Network()
        self.network.create()
        self._ends.callback(self.network.remove)
        kafka, database = self._kafka(), self._database()
        self._wait("kafka", kafka, lambda: "Kafka Server started" in _tail(kafka, None))
        self._wait("database", database, lambda: _answers(database))
        self._prepare()
        for name in SERVICES:
            self._services[name] = self._service(name)
        for name, container in self._services.items():
            port = container.get_exposed_port(PORT)
            self._urls[name] = f"http://{container.get_container_host_ip()}:{port}"
            self._wait(name, container, partial(self._is_ready, name))

    def _made(self, image: str, name: str, environment: Mapping[str, str]) -> DockerContainer:
        return DockerContainer(image, env=dict(environment), network=self.network, network_aliases=[name])

    def _begun(self, name: str, container: DockerContainer) -> DockerContainer:
        self._ends.callback(container.stop)
        try:
            return container.start()
        except Exception as error:
            raise StartError(f"{name} does not start: {error}") from error

    def _kafka(self) -> DockerContainer:
        port = _free_port()
        made = self._made(self._kafka_image, "kafka", _kafka_settings(port)).with_bind_ports(9092, port)
        started = self._begun("kafka", made)
        self.bootstrap_servers = f"{started.get_container_host_ip()}:{port}"
        return started

    def _database(self) -> DockerContainer:
        made = self._made(self._postgres_image, "database", {"POSTGRES_PASSWORD": self._password})
        return self._begun("database", made.with_command("postgres -c fsync=off"))

    def _settings(self, user: str) -> dict[str, str]:
        return {
            "AFTERSALES_CLOCK": "marks",
            "AFTERSALES_KAFKA__BOOTSTRAP_SERVERS": self.inner_bootstrap_servers,
            "AFTERSALES_DATABASE__URL": f"postgresql://{user}:{self._password}@database:5432/postgres",
            "AFTERSALES_TOPICS_REPLICATION": "1",
            **self._environment,
        }

    def _prepare(self) -> None:
        made = self._made(self._image, "preparation", self._settings("postgres"))
        script = PREPARE.format(services=" ".join(SERVICES), password=self._password)
        container = self._begun("preparation", made.with_command(["sh", "-ec", script]))
        self._wait("preparation", container, lambda: not _runs(container), must_run=False)
        code = container.get_wrapped_container().wait()["StatusCode"]
        if code != 0:
            raise StartError(f"topics and tables were not made\n{_tail(container)}")

    def _service(self, name: str) -> DockerContainer:
        made = self._made(self._image, name, self._settings(f"aftersales_{name}"))
        made.with_command(["python", "-m", f"services.{name}"]).with_exposed_ports(PORT)
        return self._begun(name, made)

    def _is_ready(self, name: str) -> bool:
        return self._ask(name, "/ready") is not None

    def _ask(self, service: str, path: str) -> dict[str, object] | None:
        """The answer of a service; None where it has none, or says that it is not ready."""
        try:
            with urllib.request.urlopen(self._urls[service] + path, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http
                found: dict[str, object] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    raise StartError(f"the image has no {path}: it is older than this package") from None
            return None
        except OSError:
            return None

    def _wait(
        self, name: str, container: DockerContainer, is_done: Callable[[], bool], *, must_run: bool = True
    ) -> None:
        end = time.monotonic() + self._start_seconds
        while not is_done():
            if (must_run and not _runs(container)) or time.monotonic() > end:
                raise StartError(f"{name} is not ready\n{_tail(container)}")
            time.sleep(LOOK_AGAIN_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _kafka_settings(port: int) -> dict[str, str]:
    """One broker, told of the port by which this machine reaches it."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INNER",
        "KAFKA_LISTENERS": "INNER://:19092,OUTER://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"INNER://kafka:19092,OUTER://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INNER:PLAINTEXT,OUTER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_HEAP_OPTS": "-Xms200m -Xmx400m",
    }


def _runs(container: DockerContainer) -> bool:
    wrapped = container.get_wrapped_container()
    wrapped.reload()
    return str(wrapped.status) in {"created", "running", "restarting"}


def _answers(database: DockerContainer) -> bool:
    """Over TCP: while the database is being made, only its socket answers."""
    return bool(database.exec(["pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"]).exit_code == 0)


def _tail(container: DockerContainer, lines: int | None = LOG_LINES_COUNT) -> str:
    found = container.get_wrapped_container().logs(tail="all" if lines is None else lines)
    return bytes(found).decode(errors="replace")
