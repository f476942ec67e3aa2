"""The secure profile from a stranger's side: what is not proven, or not granted, is refused."""

from collections.abc import Iterator

import pytest

from tests.containers import engine
from tests.containers.compose import SERVICES, Compose, made

BROKER = "kafka:19092"
ADMINISTRATION = "kafka:19094"
"""Where a certificate says who it is."""
TO_BROKER = """
import asyncio, logging, socket, ssl, sys
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

logging.disable(logging.CRITICAL)
host, protocol, user, password_file, topic, group = sys.argv[1:]
password = open("/run/secrets/" + password_file).read().strip() if "/" not in password_file else "a guess"
context = None if "SSL" not in protocol else ssl.create_default_context(cafile="/run/secrets/ca.pem")
more = {}
if "SASL" in protocol:
    more = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": user, "sasl_plain_password": password}
if host == "address":
    host = socket.gethostbyname("kafka") + ":19092"
common = {"bootstrap_servers": host, "security_protocol": protocol, "ssl_context": context,
          "request_timeout_ms": 8000, **more}

async def main():
    if group:
        consumer = AIOKafkaConsumer(topic, group_id=group, **common)
        try:
            await consumer.start()
            await consumer.getmany(timeout_ms=2000)
        finally:
            await consumer.stop()
    else:
        producer = AIOKafkaProducer(acks="all", **common)
        try:
            await producer.start()
            await producer.send_and_wait(topic, b"not an event")
        finally:
            await producer.stop()

try:
    asyncio.run(asyncio.wait_for(main(), 40))
    print("done")
except Exception as error:
    print(type(error).__name__)
"""
TO_DATABASE = """
import asyncio, socket, sys
from urllib.parse import urlsplit
import asyncpg

url_file, mode, host, statement = sys.argv[1:]
parts = urlsplit(open("/run/secrets/" + url_file).read().strip()) if url_file else None
host = socket.gethostbyname("postgres") if host == "address" else host
user, password = (parts.username, parts.password) if parts else ("aftersales_refunds", "a guess")

async def main():
    url = f"postgresql://{user}:{password}@{host}:5432/aftersales?sslmode={mode}&sslrootcert=/run/secrets/ca.pem"
    connection = await asyncpg.connect(url, timeout=15)
    print(await connection.fetchval(statement))
    await connection.close()

try:
    asyncio.run(main())
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


def client(compose: Compose, network: str, script: str, *arguments: str) -> str:
    """What a program on a network of the project is answered; it has every secret of the deployment."""
    secrets = f"{compose.secrets}:/run/secrets:ro"
    return engine.docker(
        "run", "--rm", "--network", f"{compose.name}_{network}", "--volume", secrets,
        "--user", "0:0", engine.project_image(), "python", "-c", script, *arguments,
    ).strip()  # fmt: skip


def broker(
    compose: Compose,
    *,
    service: str = "refunds",
    protocol: str = "SASL_SSL",
    topic: str = "aftersales.refunds.v1",
    group: str = "",
    host: str = BROKER,
    guess: bool = False,
) -> str:
    """What the broker answers to somebody who publishes, or reads in a group."""
    password = "a/guess" if guess else f"{service}_kafka_password"
    return client(
        compose, "broker", TO_BROKER, host, protocol, f"aftersales-{service}", password, topic, group
    )


def database(
    compose: Compose, statement: str, *, url: str = "refunds_database_url", mode: str = "verify-full",
    host: str = "postgres",
) -> str:  # fmt: skip
    """What the database answers to somebody who connects and asks."""
    return client(compose, "database", TO_DATABASE, url, mode, host, statement)


def test_the_sample_works_as_without(compose: Compose) -> None:
    """All that the services need is granted."""
    said = compose("run", "--rm", "cli", "sample")
    assert "aftersales.refund.opened.v1" in said, said


def test_the_broker_refuses_who_is_not_proven(compose: Compose) -> None:
    """Plaintext, a wrong password, and no password at all; the same client with all of it gets through."""
    assert broker(compose) == "done"
    assert broker(compose, protocol="PLAINTEXT") == "KafkaConnectionError"
    assert broker(compose, protocol="SASL_PLAINTEXT") == "KafkaConnectionError"
    assert broker(compose, protocol="SSL") == "KafkaConnectionError"
    assert broker(compose, protocol="SSL", host=ADMINISTRATION) == "KafkaConnectionError"
    assert broker(compose, guess=True) in {"SaslAuthenticationFailed", "AuthenticationFailedError"}


def test_a_client_refuses_a_broker_of_another_name(compose: Compose) -> None:
    """The certificate is the broker's name's, not whoever's answers."""
    assert broker(compose, host="address") == "KafkaConnectionError"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_its_own_topics_only(compose: Compose, service: str) -> None:
    """Its outcomes, and nobody else's, nor what is told to us; and it reads in its own group only."""
    assert broker(compose, service=service, topic=f"aftersales.{service}.v1") == "done"
    others = [f"aftersales.{name}.v1" for name in SERVICES if name != service]
    for topic in (others[0], "shop.orders.v1", f"aftersales.{others[0].split('.')[1]}.dead.v1"):
        assert broker(compose, service=service, topic=topic) == "TopicAuthorizationFailedError", topic
    foreign = others[0].split(".")[1]
    refused = broker(compose, service=service, topic="shop.orders.v1", group=f"aftersales-{foreign}")
    assert refused == "GroupAuthorizationFailedError"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_its_own_tables_only(compose: Compose, service: str) -> None:
    """Neither reading nor writing, nor making a table beside its schema."""
    url = f"{service}_database_url"
    assert database(compose, f"SELECT count(*) >= 0 FROM {service}.cases", url=url) == "True"
    other = next(name for name in SERVICES if name != service)
    for statement in (
        f"SELECT count(*) FROM {other}.cases",
        f"UPDATE {other}.cursors SET position = 0",
        f"CREATE TABLE {other}.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "SELECT rolpassword FROM pg_authid LIMIT 1",
    ):
        assert database(compose, statement, url=url) == "InsufficientPrivilegeError", statement


def test_the_database_refuses_who_is_not_proven(compose: Compose) -> None:
    """Plaintext and a wrong password; a client refuses a database of another name."""
    assert database(compose, IS_ENCRYPTED) == "True"
    assert database(compose, IS_ENCRYPTED, mode="disable") == "InvalidAuthorizationSpecificationError"
    assert database(compose, IS_ENCRYPTED, url="") == "InvalidPasswordError"
    assert database(compose, IS_ENCRYPTED, host="address") == "SSLCertVerificationError"
