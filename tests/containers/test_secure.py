"""The secure profile from a stranger's side: what is not proven, or not granted, is refused."""

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest

from chassis.operate.provision import role_of
from tests.containers import engine
from tests.containers.compose import SERVICES, Compose, made

BROKER = "kafka:19092"
ADMINISTRATION = "kafka:19094"
"""Where a certificate says who it is."""
TO_BROKER = """
import asyncio, json, logging, socket, ssl, sys
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

logging.disable(logging.CRITICAL)

async def attempt(host, protocol, user, password, topic, group, codec):
    context = ssl.create_default_context(cafile="/run/secrets/ca.pem") if "SSL" in protocol else None
    more = {}
    if "SASL" in protocol:
        more = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": user,
                "sasl_plain_password": password}
    if host == "address":
        host = socket.gethostbyname("kafka") + ":19092"
    common = {"bootstrap_servers": host, "security_protocol": protocol, "ssl_context": context,
              "request_timeout_ms": 8000, **more}
    client = AIOKafkaConsumer(topic, group_id=group, **common) if group else AIOKafkaProducer(
        compression_type=codec or None, **common)
    try:
        await client.start()
        if group:
            await client.getmany(timeout_ms=2000)
        else:
            await client.send_and_wait(topic, b"not an event")
    finally:
        await client.stop()

for each in json.loads(sys.argv[1]):
    try:
        asyncio.run(asyncio.wait_for(attempt(**each), 40))
        print("done")
    except Exception as error:
        print(type(error).__name__)
"""
TO_DATABASE = """
import asyncio, json, socket, sys
import asyncpg

async def attempt(host, mode, user, password, statement):
    host = socket.gethostbyname("postgres") if host == "address" else host
    url = f"postgresql://{user}:{password}@{host}:5432/aftersales?sslmode={mode}&sslrootcert=/run/secrets/ca.pem"
    connection = await asyncpg.connect(url, timeout=15)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()

for each in json.loads(sys.argv[1]):
    try:
        print(asyncio.run(attempt(**each)))
    except Exception as error:
        print(type(error).__name__)
"""
IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The secure project, up once for all tests of this file."""
    folder = tmp_path_factory.mktemp("secure")
    project = made("aftersales-secure-test", ["compose.yaml", "compose.secure.yaml"], folder)
    project.postgres_image = engine.postgres_with_tls()
    try:
        engine.tell(f"secure: all healthy in {project.up():.0f} s")
        yield project
    finally:
        project.down(with_data=True)


def client(compose: Compose, network: str, script: str, attempts: Sequence[Mapping[str, str]]) -> list[str]:
    """Returns the answers to a program on a network of the project. The program knows the authority."""
    authority = f"{compose.secrets}/ca.pem:/run/secrets/ca.pem:ro"
    said = engine.docker(
        "run", "--rm", "--network", f"{compose.name}_{network}", "--volume", authority,
        engine.project_image(), "python", "-c", script, json.dumps(attempts),
        limit_seconds=300,
    )  # fmt: skip
    return said.split()


def broker(compose: Compose, *attempts: Mapping[str, str], service: str = "refunds") -> list[str]:
    """Returns the broker's answers to a service that publishes, or reads in a group."""
    password = (compose.secrets / f"{service}_kafka_password").read_text("utf-8").strip()
    usual = {
        "host": BROKER,
        "protocol": "SASL_SSL",
        "user": f"aftersales-{service}",
        "password": password,
        "topic": f"aftersales.{service}.v1",
        "group": "",
        "codec": "",
    }
    return client(compose, "broker", TO_BROKER, [{**usual, **each} for each in attempts])


def database(compose: Compose, *attempts: Mapping[str, str], service: str = "refunds") -> list[str]:
    """Returns the database's answers to a service that connects and asks."""
    password = (compose.secrets / f"{service}_database_password").read_text("utf-8").strip()
    usual = {
        "host": "postgres",
        "mode": "verify-full",
        "user": role_of(service),
        "password": password,
        "statement": IS_ENCRYPTED,
    }
    return client(compose, "database", TO_DATABASE, [{**usual, **each} for each in attempts])


def test_the_sample_works_as_without(compose: Compose) -> None:
    """All that the services need is granted."""
    said = compose("run", "--rm", "cli", "sample")
    assert "aftersales.refund.opened.v1" in said, said


def test_the_operator_may_see_where_the_groups_stand(compose: Compose) -> None:
    """The restore's first look; setting them is refused because somebody reads, not for want of a right."""
    said = compose("run", "--rm", "cli", "rewind", "--dry-run")
    assert "group" in said
    refused = compose.run("run", "--rm", "cli", "rewind", "refunds")
    assert refused.returncode == 1
    assert "stop every replica first" in refused.stderr


def test_the_operator_may_set_a_group_that_nobody_reads_in(compose: Compose) -> None:
    """As after a restore to a moment that is one record of each partition earlier."""
    compose("stop", "refunds")
    compose.sql("UPDATE refunds.intake SET next_offset = next_offset - 1 WHERE next_offset > 0")
    assert "reads on at" in compose("run", "--rm", "cli", "rewind", "refunds")
    assert "every group stands" in compose("run", "--rm", "cli", "rewind", "refunds", "--dry-run")
    compose.up()


def test_the_broker_refuses_who_is_not_proven(compose: Compose) -> None:
    """Plaintext, no password, a wrong one, no certificate; the same client with all of it gets through."""
    assert broker(
        compose,
        {},
        {"protocol": "PLAINTEXT"},
        {"protocol": "SASL_PLAINTEXT"},
        {"protocol": "SSL"},
        {"protocol": "SSL", "host": ADMINISTRATION},
        {"password": "a guess"},
        {},
    ) == ["done", *["KafkaConnectionError"] * 5, "done"]


def test_the_broker_takes_every_codec(compose: Compose) -> None:
    """B15: the broker may execute the native code of the codecs."""
    codecs = ("gzip", "snappy", "lz4", "zstd")
    assert broker(compose, *({"codec": codec} for codec in codecs)) == ["done"] * len(codecs)


def test_a_client_refuses_a_broker_of_another_name(compose: Compose) -> None:
    """The certificate is that of the broker's name, whoever answers."""
    assert broker(compose, {"host": "address"}, {}) == ["KafkaConnectionError", "done"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_its_own_topics_only(compose: Compose, service: str) -> None:
    """Its outcomes, and nobody else's, nor what is told to us; and it reads in its own group only."""
    other = next(name for name in SERVICES if name != service)
    foreign = (f"aftersales.{other}.v1", f"aftersales.{other}.dead.v1", "shop.orders.v1")
    answers = broker(
        compose,
        {},
        *({"topic": topic} for topic in foreign),
        {"topic": "shop.orders.v1", "group": f"aftersales-{other}"},
        service=service,
    )
    assert answers == [
        "done",
        *["TopicAuthorizationFailedError"] * len(foreign),
        "GroupAuthorizationFailedError",
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_its_own_tables_only(compose: Compose, service: str) -> None:
    """Neither reading nor writing, nor making a table beside its schema."""
    other = next(name for name in SERVICES if name != service)
    refused = (
        f"SELECT count(*) FROM {other}.cases",
        f"UPDATE {other}.cursors SET position = 0",
        f"CREATE TABLE {other}.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "SELECT rolpassword FROM pg_authid LIMIT 1",
    )
    own = f"SELECT count(*) >= 0 FROM {service}.cases"
    answers = database(compose, *({"statement": one} for one in (own, *refused)), service=service)
    assert answers == ["True", *["InsufficientPrivilegeError"] * len(refused)]


def test_the_database_refuses_who_is_not_proven(compose: Compose) -> None:
    """Plaintext and a wrong password; a client refuses a database of another name."""
    assert database(compose, {}, {"mode": "disable"}, {"password": "a-guess"}, {"host": "address"}) == [
        "True",
        "InvalidAuthorizationSpecificationError",
        "InvalidPasswordError",
        "SSLCertVerificationError",
    ]
