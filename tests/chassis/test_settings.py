"""Settings come from the environment and from files, are frozen, and never show a secret."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.settings import PREFIX, Limits, Settings, table


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def test_defaults_are_safe() -> None:
    settings = Settings()
    assert settings.clock == "wall"
    assert settings.http.host == "127.0.0.1"
    assert settings.http.port == 0
    assert settings.kafka.session_timeout_ms >= 30_000
    assert settings.kafka.group_of("refunds") == "aftersales-refunds"


def test_environment_reaches_nested_fields_and_leaves_their_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AFTERSALES_KAFKA__BOOTSTRAP_SERVERS", "a:1,b:2")
    monkeypatch.setenv("AFTERSALES_LIMITS__BATCH_RECORDS", "250")
    monkeypatch.setenv("AFTERSALES_CLOCK", "marks")
    settings = Settings()
    assert settings.kafka.bootstrap_servers == "a:1,b:2"
    assert settings.limits.batch_records == 250
    assert settings.limits.partition_records == Limits().partition_records
    assert settings.clock == "marks"


def test_a_variable_may_name_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://r:pass-word@db/aftersales\n", encoding="utf-8")
    monkeypatch.setenv("AFTERSALES_DATABASE__URL_FILE", str(secret))
    settings = Settings()
    assert settings.database.url.get_secret_value() == "postgresql://r:pass-word@db/aftersales"
    assert "pass-word" not in repr(settings)


def test_files_in_the_secrets_folder_are_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "AFTERSALES_KAFKA__SASL_PASSWORD").write_text("from-folder\n", encoding="utf-8")
    (tmp_path / "aftersales_kafka__client_id").write_text("from-folder", encoding="utf-8")
    (tmp_path / "unrelated").write_text("x", encoding="utf-8")
    monkeypatch.setenv("AFTERSALES_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("AFTERSALES_KAFKA__CLIENT_ID", "from-environment")
    settings = Settings()
    assert settings.kafka.sasl_password.get_secret_value() == "from-folder"
    assert settings.kafka.client_id == "from-environment"


def test_a_field_whose_own_name_ends_in_file_is_no_pointer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_KAFKA__TLS_CA_FILE", "/etc/ca.pem")
    assert Settings().kafka.tls_ca_file == Path("/etc/ca.pem")


def test_a_file_that_is_missing_is_said_by_the_variables_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_DATABASE__URL_FILE", "/nowhere/at/all")
    with pytest.raises(ValueError, match="AFTERSALES_DATABASE__URL_FILE"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AFTERSALES_CLOCK", "sundial"),
        ("AFTERSALES_HTTP__PORT", "70000"),
        ("AFTERSALES_KAFKA__SECURITY_PROTOCOL", "SASL_SSL"),
        ("AFTERSALES_KAFKA__TLS_CERT_FILE", "/etc/cert.pem"),
        ("AFTERSALES_KAFKA__HEARTBEAT_INTERVAL_MS", "20000"),
        ("AFTERSALES_DATABASE__POOL_MIN", "50"),
        ("AFTERSALES_LIMITS__BATCH_RECORD", "1"),
        ("AFTERSALES_LIMITS__RETRY_FIRST_MS", "9999999"),
    ],
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_errors_do_not_repeat_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_KAFKA__SASL_PASSWORD", "canary-secret")
    monkeypatch.setenv("AFTERSALES_KAFKA__SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "canary-secret" not in str(caught.value)


def test_settings_are_frozen() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.kafka.client_id = "other"  # type: ignore[misc]


def test_every_setting_is_explained() -> None:
    rows = table()
    assert len(rows) > 50
    assert [name for name, _, meaning in rows if not meaning] == []
    assert ("AFTERSALES_DATABASE__URL", "(secret)") in [(name, default) for name, default, _ in rows]


def test_retry_delays_double_up_to_a_bound() -> None:
    limits = Limits(retry_first_ms=100, retry_most_ms=1_000)
    assert [limits.retry_delay(n).total_seconds() for n in (1, 2, 3, 4, 5, 60)] == [
        0.1,
        0.2,
        0.4,
        0.8,
        1.0,
        1.0,
    ]
