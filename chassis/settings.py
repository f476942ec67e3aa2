"""Reads the settings of a process from the environment and from files. Every field has a meaning.

A variable is `AFTERSALES_` and the path of the field, joined by two underscores:
`AFTERSALES_KAFKA__BOOTSTRAP_SERVERS`. With `_FILE` appended the variable names a file that holds the value. A
file of the variable's name in `AFTERSALES_SECRETS_DIR` (default `/run/secrets`) is read too. The environment
wins over named files, named files over the folder.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
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
    """The broker, the connection, reading and writing."""

    bootstrap_servers: str = Field(default="127.0.0.1:9092", min_length=1)
    """Brokers to ask first, `host:port`, separated by commas."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Protection of the connection."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """Mechanism of sign-in, where the protocol says SASL."""
    sasl_username: str = ""
    """Principal of this service, where the protocol says SASL."""
    sasl_password: SecretStr = SecretStr("")
    """Password of that principal."""
    tls_ca_file: Path | None = None
    """PEM file of the authorities that vouch for the broker; the system's if absent."""
    tls_cert_file: Path | None = None
    """PEM file of the client certificate, where the broker asks for one."""
    tls_key_file: Path | None = None
    """PEM file of the client certificate's key."""
    tls_key_password: SecretStr | None = None
    """Password of that key."""
    client_id: str = Field(default="aftersales", min_length=1)
    """Start of the client id: a dash and the service's name follow. Quotas and the broker's logs use the
    client id.
    """
    group_prefix: str = Field(default="aftersales", min_length=1)
    """Start of the consumer group: a dash and the service's name follow."""
    group_instance_id: str | None = None
    """Name of this replica for static membership: a restarted replica then keeps its partitions."""
    session_timeout_ms: int = Field(default=30_000, ge=6_000, le=300_000)
    """Longest silence of a process without losing its partitions."""
    heartbeat_interval_ms: int = Field(default=1_000, ge=200)
    """Pause between heartbeats. The next heartbeat tells a member of a rebalance."""
    max_poll_interval_ms: int = Field(default=600_000, ge=10_000)
    """Longest pause between polls without losing partitions; longer than the worst batch."""
    request_timeout_ms: int = Field(default=20_000, ge=1_000)
    """Longest wait for the broker's answer to a request."""
    fetch_max_wait_ms: int = Field(default=30, ge=1, le=5_000)
    """The longest that the broker may hold an empty fetch that skips paused or buffered partitions."""
    fetch_idle_wait_ms: int = Field(default=500, ge=1, le=5_000)
    """The longest that the broker may hold a fetch that covers all partitions. A record ends the wait;
    otherwise this is the age of an idle partition's watermark.
    """
    fetch_partition_bytes: int = Field(default=64 * 1024, ge=16 * 1024)
    """Most bytes that one fetch brings of one partition. A larger single record still comes."""
    poll_ms: int = Field(default=500, ge=1, le=1_000)
    """Longest wait of one poll; a record ends the wait."""
    isolation: Literal["read_committed", "read_uncommitted"] = "read_committed"
    """Whether records of aborted transactions are hidden (`read_committed`)."""
    linger_ms: int = Field(default=2, ge=0, le=1_000)
    """Longest wait of the producer for more records to send together."""
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = "none"
    """Compression of published records; all but gzip need the `cramjam` package."""
    max_request_bytes: int = Field(default=4 * 1024 * 1024, ge=64 * 1024)
    """Largest request of the producer; larger than the largest record of a dead letter."""

    @field_validator("group_instance_id", mode="before")
    @classmethod
    def _of_one(cls, value: object) -> object:
        return value or None  # an empty name would be one that all replicas share

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
        """Tells whether the connection is encrypted."""
        return self.security_protocol.endswith("SSL")

    @property
    def uses_sasl(self) -> bool:
        """Tells whether the process signs in."""
        return self.security_protocol.startswith("SASL")

    def group_of(self, service: str) -> str:
        """Names the consumer group of a service."""
        return f"{self.group_prefix}-{service}"

    def client_of(self, service: str) -> str:
        """Names the client id of a service."""
        return f"{self.client_id}-{service}"


class Database(Section):
    """The database, PostgreSQL."""

    url: SecretStr = SecretStr("postgresql://postgres@127.0.0.1:5432/aftersales")
    """Address of the database and user: `postgresql://user:password@host:port/name?sslmode=verify-full`."""
    schema_name: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """Schema of the service; the service's name if absent."""
    pool_min: int = Field(default=1, ge=0, le=100)
    """Least number of open connections."""
    pool_max: int = Field(default=6, ge=2, le=100)
    """Most connections for batches, deadlines and health. Relay and timer loop use one more each."""
    connect_timeout_ms: int = Field(default=5_000, ge=100)
    """Longest wait for a connection."""
    statement_timeout_ms: int = Field(default=30_000, ge=100)
    """Longest run of a statement: the server ends it then."""
    lock_timeout_ms: int = Field(default=10_000, ge=100)
    """Longest wait of a statement for a lock: the server ends the statement then."""
    idle_transaction_timeout_ms: int = Field(default=30_000, ge=100)
    """Longest open transaction without a statement: the server ends the session then."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError("pool_min is more than pool_max")
        return self


class Http(Section):
    """The HTTP server for health and metrics."""

    host: str = "127.0.0.1"
    """Address to listen on; loopback by default."""
    port: int = Field(default=0, ge=0, le=65_535)
    """Port to listen on; 0 switches the server off."""
    check_timeout_ms: int = Field(default=2_000, ge=50)
    """Longest run of a health check. A check without an answer has failed."""


class Webhooks(Section):
    """The receiver of webhooks (`aftersales receive`); the services do not read these."""

    host: str = "127.0.0.1"
    """Address on which webhooks are received; loopback by default, behind a proxy that ends TLS."""
    port: int = Field(default=8081, ge=0, le=65_535)
    """Port on which webhooks are received, at `/webhooks/<sender>`."""
    shop_id: str = ""
    """Shop of the payloads of Shopify and Taobao; empty: of Shopify the domain that its header names."""
    is_mall: bool = False
    """Whether the shop of Taobao is one of Tmall's."""
    payments: Literal["orders", "transactions"] = "orders"
    """Which webhooks of Shopify tell of payments; the others' payments are not counted."""
    zone: str = ""
    """IANA zone of times that name none, for senders whose documents name none either."""
    carriers: str = ""
    """Your codes of carriers by the sender's names: `shunfeng=sf,canada post=cp`."""
    body_bytes: int = Field(default=1024 * 1024, ge=1024, le=4 * 1024 * 1024)
    """Largest body of a webhook."""
    acknowledge_ms: int = Field(default=8_000, ge=100, le=60_000)
    """Longest wait for the broker before the sender is told to try again."""
    easypost_secret: SecretStr = SecretStr("")
    """Secret of EasyPost's webhook. Without its secret a sender has no path."""
    aftership_secret: SecretStr = SecretStr("")
    """Secret of AfterShip's webhooks."""
    shopify_secret: SecretStr = SecretStr("")
    """Secret of the app whose webhooks Shopify sends."""
    kuaidi100_secret: SecretStr = SecretStr("")
    """The `salt` of the subscription at Kuaidi100."""
    taobao_secret: SecretStr = SecretStr("")
    """Secret of the app at Taobao's open platform."""


class Limits(Section):
    """Bounds of everything that could grow."""

    batch_records: int = Field(default=1_000, ge=1, le=10_000)
    """Most records in one transaction."""
    batch_bytes: int = Field(default=4 * 1024 * 1024, ge=64 * 1024)
    """Most bytes of records in one transaction."""
    partition_records: int = Field(default=2_000, ge=10)
    """Most records of one partition in memory: a partition with more is paused."""
    buffered_records: int = Field(default=4_000, ge=100)
    """Most records of all partitions in memory: above it each partition may hold only its share."""
    buffered_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024)
    """Most bytes of all partitions in memory: above it each partition may hold only its share."""
    patience_ms: int = Field(default=50, ge=0)
    """Longest wait of the merge for a partition that has more to read, while reading live."""
    backlog_patience_ms: int = Field(default=5_000, ge=0)
    """Longest wait of the merge while catching up: the wait grows to a twentieth of the records' age."""
    stand_refresh_ms: int = Field(default=500, ge=10)
    """Pause between writes of idle partitions' watermarks. The variable keeps its old word, `stand`."""
    value_bytes: int = Field(default=1024 * 1024, ge=1024)
    """Largest value of a record."""
    future_skew_seconds: int = Field(default=300, ge=0)
    """Largest lead of an event's time over the clock: up to it the event counts as now, beyond it a dead
    letter.
    """
    past_days: int = Field(default=800, ge=1)
    """Oldest event in days. An older event is a dead letter, because repeats are no longer recognised."""
    earliest_year: int = Field(default=2000, ge=1970, le=2100)
    """In a replay: first year of an event's time."""
    latest_year: int = Field(default=2100, ge=1970, le=9000)
    """In a replay: last year of an event's time."""
    wait_limit_days: int = Field(default=14, ge=1)
    """Longest wait of an early message. After it the message is a dead letter."""
    rule_attempts: int = Field(default=6, ge=1, le=100)
    """Attempts of a failing rule. After the last attempt its message is a dead letter."""
    retry_first_ms: int = Field(default=1_000, ge=1)
    """Delay before the second attempt of a rule; each further attempt doubles it."""
    retry_most_ms: int = Field(default=600_000, ge=1)
    """Longest delay between two attempts of a rule."""
    reconnect_first_ms: int = Field(default=200, ge=1)
    """Pause after the first failed connection to the broker; each further failure doubles it."""
    reconnect_most_ms: int = Field(default=10_000, ge=1)
    """Longest pause between connections to the broker."""
    stop_seconds: int = Field(default=15, ge=1)
    """Longest stop of a process. A batch under way is rolled back."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.earliest_year > self.latest_year:
            raise ValueError("earliest_year lies after latest_year")
        if self.retry_first_ms > self.retry_most_ms or self.reconnect_first_ms > self.reconnect_most_ms:
            raise ValueError("a first delay is longer than the longest")
        return self

    def retry_delay(self, attempts: int) -> timedelta:
        """Computes the delay after so many failed attempts of a rule. Without jitter, because the delay is
        stored.
        """
        delay_ms = self.retry_first_ms * 2 ** min(max(attempts - 1, 0), 40)
        return timedelta(milliseconds=min(delay_ms, self.retry_most_ms))


class Log(Section):
    """Logs on standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lowest level that is written."""
    format: Literal["json", "console"] = "json"
    """Format of a line: a JSON object, or text for people."""


class Tracing(Section):
    """Traces by OpenTelemetry, exported as OTLP over HTTP."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    """Address for spans, for example `http://collector:4318/v1/traces`. Without an address nothing is traced.
    """
    sample_ratio: float = Field(default=0.01, ge=0, le=1)
    """Share of the orders that are traced. A trace context of an event wins."""
    export_timeout_seconds: int = Field(default=5, ge=1, le=60)
    """Longest wait for the collector's answer. After it the spans are lost, and nothing else."""


class FileValues(EnvSettingsSource):
    """Reads values from files: `<VARIABLE>_FILE` names one, the folder of secrets holds some."""

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
    """Reads the environment without the variables that only name a file."""

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
    """Watermark of a partition that is read to its end: the clock, or its last clock mark (replays)."""
    policies: Path | None = None
    """Folder with policy packs of your own, laid over the package's: `refunds.toml`, `logistics.toml`,
    `reviews.toml`, `customers.toml`. Read at start.
    """
    kafka: Kafka = Kafka()
    database: Database = Database()
    http: Http = Http()
    webhooks: Webhooks = Webhooks()
    limits: Limits = Limits()
    log: Log = Log()
    tracing: Tracing = Tracing()

    @field_validator("policies", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        return value or None  # an empty name would be the folder that the process happens to be in

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Orders the sources: the caller, then the environment, then files."""
        return init_settings, EnvironmentValues(settings_cls), FileValues(settings_cls)


def _paths(fields: Mapping[str, FieldInfo], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in fields.items():
        inner: Any = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from _paths(inner.model_fields, f"{prefix}{name}__")
        else:
            yield f"{prefix}{name}", field


def table() -> list[tuple[str, str, str]]:
    """Lists (variable, default, meaning) of every setting for operators. Secrets show no default."""
    rows: list[tuple[str, str, str]] = []
    for path, field in _paths(Settings.model_fields, PREFIX):
        default: Any = field.default
        shown = "(secret)" if isinstance(default, SecretStr) else str(default)
        rows.append(
            (path.upper(), "" if default is None else shown, " ".join((field.description or "").split()))
        )
    return rows


_PATHS = frozenset(path.lower() for path, _ in _paths(Settings.model_fields, PREFIX))
