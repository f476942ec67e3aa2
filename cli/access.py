"""Finds Kafka, the database and the four services: every command starts from these."""

import importlib
import importlib.util
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from aftersales_contracts.topics import SERVICES
from chassis.service import Service
from chassis.settings import PREFIX, SECRETS_DIR, Kafka, Settings
from cli.errors import CommandError

BROKERS = f"{PREFIX}KAFKA__BOOTSTRAP_SERVERS"
DATABASE = f"{PREFIX}DATABASE__URL"


@dataclass(frozen=True, slots=True)
class Access:
    """A broker and a database whose user may read the schemas of all services."""

    kafka: Kafka
    database_url: str
    is_local: bool = False
    """Whether the access is the stack of `aftersales run`: one broker."""

    @property
    def bootstrap_servers(self) -> str:
        """Brokers to ask first."""
        return self.kafka.bootstrap_servers


def has_local_stack() -> bool:
    """Whether this is a checkout, which can start a stack of its own, and not the image, which cannot."""
    return importlib.util.find_spec("devstack") is not None


def home() -> Path:
    """Where `aftersales run` keeps the data of its stack."""
    from devstack import cache

    return cache.folder() / "stack"


def external() -> Access | None:
    """Returns the access that settings name; None for none. Raises CommandError for half of one."""
    named = [name for name in (BROKERS, DATABASE) if is_named(name)]
    if not named:
        return None
    if len(named) == 1:
        missing = DATABASE if named[0].startswith(BROKERS) else BROKERS
        raise CommandError(f"{named[0]} is set; set {missing} too, or neither for the local stack")
    settings = Settings()
    return Access(settings.kafka, settings.database.url.get_secret_value())


def present() -> Access:
    """Returns the access that settings name, else `aftersales run`'s. Raises CommandError without either."""
    named = external()
    if named is not None:
        return named
    if not has_local_stack():
        raise CommandError(f"set {BROKERS} and {DATABASE}")
    from devstack.stack import running

    layout = running(home())
    if layout is None:
        raise CommandError(f"nothing is running: start `aftersales run`, or set {BROKERS} and {DATABASE}")
    return Access(Kafka(bootstrap_servers=layout.bootstrap_servers), layout.database_url, is_local=True)


def broker() -> Kafka:
    """The broker that the settings name, with or without a database; else that of the local stack."""
    return Settings().kafka if is_named(BROKERS) else present().kafka


def database_url() -> str:
    """The database that the settings name, with or without a broker; else that of the local stack."""
    return Settings().database.url.get_secret_value() if is_named(DATABASE) else present().database_url


def is_named(variable: str) -> bool:
    """Whether the environment or the folder of secrets holds the setting, or the environment names a file."""
    folder = Path(os.environ.get(f"{PREFIX}SECRETS_DIR") or SECRETS_DIR)
    return variable in os.environ or f"{variable}_FILE" in os.environ or (folder / variable).is_file()


def load_services(names: Sequence[str] = SERVICES) -> dict[str, Service]:
    """The `Service` of each service, by name."""
    loaded: dict[str, Service] = {}
    for name in names:
        module = importlib.import_module(f"services.{name}.service")
        loaded[name] = getattr(module, name.upper())
    return loaded


@asynccontextmanager
async def connected(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    """One connection. Raises CommandError where the database cannot be reached."""
    try:
        connection = await asyncpg.connect(database_url, timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise CommandError(f"no database: {error or type(error).__name__}") from None
    try:
        yield connection
    finally:
        await connection.close()
