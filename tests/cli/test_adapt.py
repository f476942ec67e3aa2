"""`aftersales adapt`: events on standard output, everything else on standard error."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.access import BROKERS
from cli.main import app

PAYLOADS = Path(__file__).parents[1] / "adapters" / "payloads"
PUSH = PAYLOADS / "kuaidi100_push.json"


def test_the_events_of_a_file_are_lines_of_json_and_remarks_are_beside_them() -> None:
    result = CliRunner().invoke(app, ["adapt", "kuaidi100", str(PUSH), "--carrier", "shunfeng=sf"])
    assert result.exit_code == 0, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(events) == 6
    assert {event["subject"] for event in events} == {"sf/SF1020304050607"}
    assert {event["type"] for event in events} == {"shop.parcel.scanned.v1"}
    assert "unknown status: 1099 (1)" in result.stderr


def test_a_payload_may_come_by_standard_input_and_one_a_line() -> None:
    line = json.dumps(json.loads(PUSH.read_text("utf-8")), ensure_ascii=False)
    result = CliRunner().invoke(app, ["adapt", "kuaidi100", "-", "--lines"], input=f"{line}\n\n{line}\n")
    assert result.exit_code == 0, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["id"] for event in events[:6]] == [event["id"] for event in events[6:]]


def test_without_a_broker_nothing_is_published_and_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BROKERS, "127.0.0.1:1")
    result = CliRunner().invoke(app, ["adapt", "kuaidi100", str(PUSH), "--publish"])
    assert result.exit_code == 1
    assert "not published to 127.0.0.1:1" in " ".join(result.stderr.split())
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pigeon", str(PUSH)], "no such kind: pigeon; there are easypost"),
        (["easypost", str(PUSH)], "carrier: missing"),
        (["easypost", "no-such-file.json"], "no-such-file.json cannot be read"),
        (["kuaidi100", str(PUSH), "--zone", "Nowhere/City"], "no time zone of that name: Nowhere/City"),
        (["kuaidi100", str(PUSH), "--carrier", "sf"], "a carrier is NAME=CODE"),
        (["kuaidi100", str(PUSH), "--lines"], "line 1: payload: no JSON"),
    ],
)
def test_what_cannot_be_adapted_is_said_in_a_line(words: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["adapt", *words])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
