"""Logs show what operators need, and nothing of what a record, an error or a library's text holds."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chassis.observe.logs import configure
from chassis.settings import Log

CANARIES = (
    "Wang Xiaoming",
    "wang.xiaoming@example.com",
    "+86 138 0013 8000",
    "13800138000",
    "4111 1111 1111 1111",
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    written = io.StringIO()
    configure(Log(level="DEBUG"), "refunds", written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_allowed_fields(stream: io.StringIO) -> None:
    logging.getLogger("chassis.runtime.batches").warning(
        "rule failed",
        extra={
            "topic": "shop.orders.v1",
            "partition": 3,
            "offset": 17,
            "case_id": "o-12345678901",
            "colour": "red",
        },
    )
    (line,) = lines(stream)
    assert line["event"] == "rule failed"
    assert line["level"] == "warning"
    assert line["service"] == "refunds"
    assert (line["topic"], line["partition"], line["offset"]) == ("shop.orders.v1", 3, 17)
    assert line["case_id"] == "o-12345678901"
    assert "colour" not in line
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize(
    "name", ["chassis.ingest.feed", "aiokafka.consumer.fetcher", "faststream", "asyncpg", "py.warnings"]
)
def test_no_personal_data_comes_through(stream: io.StringIO, name: str, canary: str) -> None:
    logger = logging.getLogger(name)
    logger.error(
        "payload %s of %r", canary, {"buyer": canary}, extra={"payload": canary, "message_text": canary}
    )
    logger.error("named %(who)s", {"who": canary})
    logger.error("again", extra={"headers": [("ce_id", canary.encode())], "detail": canary})
    try:
        raise ValueError(f"duplicate key: {canary}")
    except ValueError as error:
        logger.exception("failed with %s", error, extra={"data": canary})  # noqa: TRY401  as libraries do
    assert lines(stream)
    for secret in (canary, canary.replace(" ", ""), canary.rsplit(maxsplit=1)[-1]):
        assert secret not in stream.getvalue()


def test_texts_that_a_library_filled_in_itself_lose_what_looks_personal(stream: io.StringIO) -> None:
    logging.getLogger("aiokafka").error("cannot send 'Wang' to wang@example.com, call 138 0013 8000")
    (line,) = lines(stream)
    assert line["event"] == "cannot send * to * call *"


def test_an_exception_shows_class_and_places(stream: io.StringIO) -> None:
    def inner() -> None:
        raise KeyError("secret-value")

    try:
        inner()
    except KeyError:
        logging.getLogger("chassis.runtime.batches").exception("part ended", extra={"part": "relay"})
    (line,) = lines(stream)
    assert line["error"] == "KeyError"
    assert line["part"] == "relay"
    assert line["frames"][-1].endswith(" inner")
    assert "secret-value" not in stream.getvalue()


def test_technical_arguments_are_shown(stream: io.StringIO) -> None:
    logging.getLogger("aiokafka.conn").warning(
        "no answer from %s:%s after %d ms", "kafka-1.internal", 9092, 250
    )
    (line,) = lines(stream)
    assert line["event"] == "no answer from kafka-1.internal:9092 after 250 ms"


def test_an_outage_does_not_fill_the_disk(stream: io.StringIO) -> None:
    for number in range(500):
        logging.getLogger("aiokafka.consumer.fetcher").error(
            "Failed fetch messages from %s: %s", number, OSError()
        )
    assert len(lines(stream)) == 1


def test_console_format_is_for_people(stream: io.StringIO) -> None:
    configure(Log(format="console"), "refunds", stream)
    logging.getLogger("chassis.runtime.process").info("service started", extra={"port": 8080})
    assert "service started" in stream.getvalue()
    assert "port" in stream.getvalue()


def test_levels_are_kept(stream: io.StringIO) -> None:
    configure(Log(level="WARNING"), "refunds", stream)
    logging.getLogger("chassis.runtime.process").info("not shown")
    logging.getLogger("aiokafka").info("not shown")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("error", "level"),
    [("GroupCoordinatorNotAvailableError", "info"), ("GroupAuthorizationFailedError", "error")],
)
def test_a_broker_that_is_still_starting_is_no_error(error: str, level: str) -> None:
    """P7: the client asks again by itself; any other answer stays an error."""
    stream = io.StringIO()
    configure(Log(), "refunds", stream)
    logger = logging.getLogger("aiokafka.consumer.group_coordinator")
    logger.error("Group Coordinator Request failed: %s", error)
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == [level]
