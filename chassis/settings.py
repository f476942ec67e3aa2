"""Settings of a process, from the environment and from files; every field says what it means.

A variable is `AFTERSALES_` and the path of the field, joined by two underscores:
`AFTERSALES_KAFKA__BOOTSTRAP_SERVERS`. With `_FILE` behind it the variable names a file that holds
the value; a file of the variable's name in `AFTERSALES_SECRETS_DIR` (`/run/secrets` if nothing is
said) is read too. The environment wins over named files, those over the folder.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "AFTERSALES_"
SECRETS_DIR = "/run/secrets"
SECRET_BYTES_MAX = 64 * 1024


class Section(BaseModel):
    """One group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Kafka(Section):
    """The broker, how to reach it, and how this process reads and writes."""

    bootstrap_servers: str = Field(default="127.0.0.1:9092", min_length=1)
    """Brokers to ask first, `host:port`, separated by commas."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How the connection is protected."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How the process proves who it is, where the protocol says SASL."""
    sasl_username: str = ""
    """Principal of this service."""
    sasl_password: SecretStr = SecretStr("")
    """Its password."""
    tls_ca_file: Path | None = None
    """PEM file of the authorities that the broker's certificate is checked by; the system's if absent."""
    tls_cert_file: Path | None = None
    """PEM file of the client certificate, where the broker asks for one."""
    tls_key_file: Path | None = None
    """PEM file of the client certificate's key."""
    tls_key_password: SecretStr | None = None
    """Password of that key."""
    client_id: str = Field(default="aftersales", min_length=1)
    """Client id is this, a dash and the service's name: quotas and the broker's logs go by it."""
    group_prefix: str = Field(default="aftersales", min_length=1)
    """Consumer group is this, a dash and the service's name."""
    group_instance_id: str | None = None
    """Static membership: a name of its own per replica lets it restart without moving partitions."""
    session_timeout_ms: int = Field(default=30_000, ge=6_000, le=300_000)
    """A process that sends no heartbeat for so long loses its partitions."""
    heartbeat_interval_ms: int = Field(default=1_000, ge=200)
    """Pause between heartbeats; a member learns of a rebalance by the next one."""
    max_poll_interval_ms: int = Field(default=600_000, ge=10_000)
    """A process that reads nothing for so long loses its partitions; longer than the worst batch."""
    request_timeout_ms: int = Field(default=20_000, ge=1_000)
    """A request to the broker without an answer is given up after so long."""
    fetch_max_wait_ms: int = Field(default=30, ge=1, le=5_000)
    """How long the broker may hold an empty fetch that skips paused or buffered partitions."""
    fetch_idle_wait_ms: int = Field(default=500, ge=1, le=5_000)
    """How long the broker may hold a fetch that covers all partitions. A record ends the wait; otherwise this
    is the age of an idle partition's watermark.
    """
    fetch_partition_bytes: int = Field(default=64 * 1024, ge=16 * 1024)
    """Most that one fetch brings of one partition (a larger single record still comes)."""
    poll_ms: int = Field(default=500, ge=1, le=1_000)
    """Longest wait of one look for records; a record ends it at once."""
    isolation: Literal["read_committed", "read_uncommitted"] = "read_committed"
    """Whether records of transactions that were rolled back are hidden."""
    linger_ms: int = Field(default=2, ge=0, le=1_000)
    """The producer waits so long for more records to send together."""
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = "none"
    """Compression of what is published; all but gzip need the `cramjam` package."""
    max_request_bytes: int = Field(default=4 * 1024 * 1024, ge=64 * 1024)
    """Largest request of the producer; above the largest record that a dead letter may carry."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.security_protocol.startswith("SASL") and not self.sasl_username:
            raise ValueError("sasl_username is needed where security_protocol says SASL")
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file belong together")
        if self.heartbeat_interval_ms * 3 > self.session_timeout_ms:
            raise ValueError("session_timeout_ms must be at least three heartbeats")
        return self

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol.endswith("SSL")

    @property
    def uses_sasl(self) -> bool:
        """Whether the process signs in."""
        return self.security_protocol.startswith("SASL")

    def group_of(self, service: str) -> str:
        """Consumer group of a service."""
        return f"{self.group_prefix}-{service}"

    def client_of(self, service: str) -> str:
        """Client id of a service."""
        return f"{self.client_id}-{service}"


class Database(Section):
    """PostgreSQL."""

    url: SecretStr = SecretStr("postgresql://postgres@127.0.0.1:5432/aftersales")
    """Where it is and who connects: `postgresql://user:password@host:port/name?sslmode=verify-full`."""
    schema_name: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """Schema of the service; its own name if absent."""
    pool_min: int = Field(default=1, ge=0, le=100)
    """Connections kept open."""
    pool_max: int = Field(default=6, ge=2, le=100)
    """Most connections for batches, deadlines and health; relay and timer loop lead with one more each."""
    connect_timeout_ms: int = Field(default=5_000, ge=100)
    """Giving up to connect after so long."""
    statement_timeout_ms: int = Field(default=30_000, ge=100)
    """The server ends a statement that runs longer."""
    lock_timeout_ms: int = Field(default=10_000, ge=100)
    """The server ends a statement that waits longer for a lock."""
    idle_transaction_timeout_ms: int = Field(default=30_000, ge=100)
    """The server ends a session that leaves a transaction open for longer."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError("pool_min is more than pool_max")
        return self


class Http(Section):
    """The small server for health and metrics."""

    host: str = "127.0.0.1"
    """Address to listen on; loopback unless somebody decides otherwise."""
    port: int = Field(default=0, ge=0, le=65_535)
    """Port to listen on; 0 switches the server off."""
    check_timeout_ms: int = Field(default=2_000, ge=50)
    """A health check without an answer after so long counts as failed."""


class Limits(Section):
    """Bounds on everything that could grow."""

    batch_records: int = Field(default=1_000, ge=1, le=10_000)
    """Most records in one transaction."""
    batch_bytes: int = Field(default=4 * 1024 * 1024, ge=64 * 1024)
    """Most bytes of records in one transaction."""
    partition_records: int = Field(default=2_000, ge=10)
    """A partition with more records waiting in memory is paused."""
    buffered_records: int = Field(default=4_000, ge=100)
    """All partitions together: above it each may hold only its share."""
    buffered_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024)
    """The same in bytes of records."""
    patience_ms: int = Field(default=50, ge=0)
    """How long the merge waits for a partition that has more to read, while it reads live."""
    backlog_patience_ms: int = Field(default=5_000, ge=0)
    """The same at most while it catches up: waiting then grows to a twentieth of the records' age."""
    stand_refresh_ms: int = Field(default=500, ge=10)
    """How often the watermarks of idle partitions are written down. The variable keeps its old word."""
    value_bytes: int = Field(default=1024 * 1024, ge=1024)
    """Largest value of a record."""
    future_skew_seconds: int = Field(default=300, ge=0)
    """An event that is up to so far in the future counts as now; one further ahead is a dead letter."""
    past_days: int = Field(default=800, ge=1)
    """An event older than this is a dead letter: beyond it repeats are no longer recognised."""
    earliest_year: int = Field(default=2000, ge=1970, le=2100)
    """By clock marks: first year that an event's time may have."""
    latest_year: int = Field(default=2100, ge=1970, le=9000)
    """By clock marks: last year that an event's time may have."""
    wait_limit_days: int = Field(default=14, ge=1)
    """An early message that the case never came to need becomes a dead letter after so long."""
    rule_attempts: int = Field(default=6, ge=1, le=100)
    """How often a rule that fails is tried before its message becomes a dead letter."""
    retry_first_ms: int = Field(default=1_000, ge=1)
    """Delay before the second attempt; it doubles with each."""
    retry_most_ms: int = Field(default=600_000, ge=1)
    """Longest delay between two attempts."""
    reconnect_first_ms: int = Field(default=200, ge=1)
    """Pause after the first failed attempt to reach the broker; it doubles with each."""
    reconnect_most_ms: int = Field(default=10_000, ge=1)
    """Longest such pause."""
    stop_seconds: int = Field(default=15, ge=1)
    """A process that was asked to stop ends within so long; a batch in hand is rolled back."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.earliest_year > self.latest_year:
            raise ValueError("earliest_year lies after latest_year")
        if self.retry_first_ms > self.retry_most_ms or self.reconnect_first_ms > self.reconnect_most_ms:
            raise ValueError("a first delay is longer than the longest")
        return self

    def retry_delay(self, attempts: int) -> timedelta:
        """Delay after so many failed attempts of a rule; without jitter, for it is written down."""
        delay_ms = self.retry_first_ms * 2 ** min(max(attempts - 1, 0), 40)
        return timedelta(milliseconds=min(delay_ms, self.retry_most_ms))


class Log(Section):
    """What is written to standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least important level that is written."""
    format: Literal["json", "console"] = "json"
    """One JSON object per line, or text for people."""


class Tracing(Section):
    """Traces by OpenTelemetry, exported as OTLP over HTTP."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    """Where spans go, for example `http://collector:4318/v1/traces`; without one nothing is traced."""
    sample_ratio: float = Field(default=0.01, ge=0, le=1)
    """Share of the orders that are traced; an event that comes with a trace context says itself."""
    export_timeout_seconds: int = Field(default=5, ge=1, le=60)
    """An export without an answer is given up after so long; its spans are lost, nothing else is."""


class FileValues(EnvSettingsSource):
    """Values that lie in files: `<VARIABLE>_FILE` names one, and the folder of secrets holds some."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return dict(self._files())

    def _files(self) -> Iterator[tuple[str, str]]:
        folder = os.environ.get(f"{PREFIX}SECRETS_DIR")
        path = Path(folder or SECRETS_DIR)
        if folder and not path.is_dir():
            raise ValueError(f"{PREFIX}SECRETS_DIR is not a folder")
        if path.is_dir():
            for entry in sorted(path.iterdir()):
                if entry.name.upper().startswith(PREFIX) and entry.is_file():
                    yield entry.name.lower(), _content(entry, entry.name)
        for name, value in sorted(os.environ.items()):
            if _is_pointer(name):
                yield name.lower().removesuffix("_file"), _content(Path(value), name)


class EnvironmentValues(EnvSettingsSource):
    """The environment without the variables that only name a file."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name: value for name, value in super()._load_env_vars().items() if not _is_pointer(name)}


def _is_pointer(variable: str) -> bool:
    name = variable.lower()
    return name.endswith("_file") and name not in _PATHS and name.removesuffix("_file") in _PATHS


def _content(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > SECRET_BYTES_MAX:
            raise ValueError(f"{name}: the file is larger than {SECRET_BYTES_MAX} bytes")
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{name}: the file cannot be read ({type(error).__name__})") from None


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        nested_model_default_partial_update=True,
        hide_input_in_errors=True,
    )
    PREFIX: ClassVar[str] = PREFIX

    clock: Literal["wall", "marks"] = "wall"
    """The watermark of a partition with nothing left to read: the clock, or its last clock mark (replays)."""
    kafka: Kafka = Kafka()
    database: Database = Database()
    http: Http = Http()
    limits: Limits = Limits()
    log: Log = Log()
    tracing: Tracing = Tracing()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the caller says, then the environment, then files."""
        return init_settings, EnvironmentValues(settings_cls), FileValues(settings_cls)


def _paths(fields: Mapping[str, FieldInfo], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in fields.items():
        inner: Any = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from _paths(inner.model_fields, f"{prefix}{name}__")
        else:
            yield f"{prefix}{name}", field


def table() -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting, for the operator's table; secrets show no default."""
    rows: list[tuple[str, str, str]] = []
    for path, field in _paths(Settings.model_fields, PREFIX):
        default: Any = field.default
        shown = "(secret)" if isinstance(default, SecretStr) else str(default)
        rows.append(
            (path.upper(), "" if default is None else shown, " ".join((field.description or "").split()))
        )
    return rows


_PATHS = frozenset(path.lower() for path, _ in _paths(Settings.model_fields, PREFIX))
