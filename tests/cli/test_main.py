"""The command: what it says when something is wrong, and what it says to tools."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chassis.settings import Kafka
from cli import access
from cli.access import BROKERS, DATABASE, external
from cli.errors import CommandError
from cli.main import app

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """A runner in a world where nothing runs."""
    monkeypatch.setenv("AFTERSALES_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(BROKERS, raising=False)
    monkeypatch.delenv(DATABASE, raising=False)
    return CliRunner()


@pytest.mark.parametrize(
    "arguments",
    [
        ["case", "show", "o1"],
        ["explain", "e1"],
        ["dead-letters", "list"],
        ["dead-letters", "show", "refunds/1"],
        ["dead-letters", "resend", "refunds/1", "--by", "ann", "--why", "fixed"],
        ["topics", "list"],
        ["topics", "diff"],
        ["topics", "apply"],
        ["migrate"],
    ],
)
def test_without_a_stack_one_line_says_what_to_do(runner: CliRunner, arguments: list[str]) -> None:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert "aftersales run" in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_without_tables_is_said_at_once(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(app, ["replay", "orders", str(tmp_path)])
    assert result.exit_code == 1
    assert "orders.csv" in result.stderr


@pytest.mark.parametrize("missing", ["--by", "--why"])
def test_sending_again_wants_who_and_why(runner: CliRunner, missing: str) -> None:
    given = {"--by": "ann", "--why": "fixed"}
    words = [word for name, value in given.items() if name != missing for word in (name, value)]
    result = runner.invoke(app, ["dead-letters", "resend", "refunds/1", *words])
    assert result.exit_code == 2
    assert missing in result.stderr


@pytest.mark.parametrize("number", ["12", "refunds/x", "nobody/1"])
def test_a_dead_letter_has_a_service_and_a_number(runner: CliRunner, number: str) -> None:
    result = runner.invoke(app, ["dead-letters", "show", number])
    assert result.exit_code == 1
    assert "refunds/12" in result.stderr


def test_half_of_an_external_stack_is_refused(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BROKERS, NOWHERE)
    with pytest.raises(CommandError, match=DATABASE):
        external()


def test_an_external_stack_is_taken_from_the_environment(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BROKERS, NOWHERE)
    monkeypatch.setenv(DATABASE, f"postgresql://someone@{NOWHERE}/aftersales")
    assert external() == access.Access(
        Kafka(bootstrap_servers=NOWHERE), f"postgresql://someone@{NOWHERE}/aftersales"
    )
    result = runner.invoke(app, ["case", "show", "o1"])
    assert result.exit_code == 1
    assert "no database" in result.stderr


def test_help_names_every_command(runner: CliRunner) -> None:
    result = runner.invoke(app, ["--help"])
    assert result.exit_code == 0
    for name in ("demo", "run", "replay", "case", "explain", "dead-letters", "topics", "policy", "migrate"):
        assert name in result.stdout


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    from datetime import UTC, datetime

    from cli.console import say_json

    say_json({"at": datetime(2024, 1, 2, tzinfo=UTC), "who": "尔"})
    assert json.loads(capsys.readouterr().out) == {"at": "2024-01-02 00:00:00+00:00", "who": "尔"}


def test_a_database_named_in_the_folder_of_secrets_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / DATABASE).write_text("postgresql://who@database/aftersales\n")
    monkeypatch.setenv("AFTERSALES_SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv(DATABASE, raising=False)
    monkeypatch.setenv(BROKERS, "broker:9092")
    assert access.database_url() == "postgresql://who@database/aftersales"
    named = external()
    assert named is not None
    assert (named.bootstrap_servers, named.database_url) == ("broker:9092", access.database_url())
