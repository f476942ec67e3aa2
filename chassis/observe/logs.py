"""Logs without personal data: one object per line, known fields only, no content of records.

A line shows constant text and fields of an allow-list. Arguments of foreign libraries are shown only where
they are numbers or plainly technical. Of exceptions the class and the places are shown; the message may
repeat values, and is not.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import IO, Any

import structlog

from chassis import clock
from chassis.settings import Log

ALLOWED = frozenset(
    {
        "service", "part", "topic", "partition", "offset", "group", "type", "reason", "rule", "kind",
        "case_id", "event_id", "count", "attempt", "position", "mark", "seconds", "lag", "error", "check",
        "host", "port", "version", "revision", "pid", "signal", "state", "topics", "partitions",
        "policy_file", "policy_key", "policy_reason",
    }
)  # fmt: skip
"""Fields that may be shown. Ids of cases and events are among them, so that a line can be followed up."""
IDS = frozenset({"case_id", "event_id"})
POLICY = frozenset({"policy_file", "policy_key", "policy_reason"})
"""Fields about the operator's own files of numbers, which hold no personal data: shown as they are."""
QUIET = {
    "aiokafka": logging.WARNING,
    "asyncio": logging.WARNING,
    "faststream": logging.ERROR,
    "uvicorn": logging.WARNING,
}
"""Libraries that log too much below this level."""
COORDINATOR = "aiokafka.consumer.group_coordinator"
STARTING = ("GroupCoordinatorNotAvailableError", "GroupLoadInProgressError")
"""Answers of a broker whose coordinator is not there yet."""
TEXT_MAX = 300
FRAMES_COUNT = 12
REPEAT_SECONDS = 10.0

_TECHNICAL = re.compile(r"[A-Za-z0-9_.:/\-]{1,100}")
_SECRET = re.compile(r"[^\s@]+@[^\s@]+|\d[\d \-]{5,}\d|'[^']*'|\"[^\"]*\"")
_PLACEHOLDER = re.compile(r"%(?:\([^)]*\))?[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]")


class RepeatFilter(logging.Filter):
    """Limits repeats of one text of one library: an outage must not fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._seen_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Returns False for a repeat."""
        if record.name.startswith(("chassis", "services", "__main__")) and record.levelno < logging.WARNING:
            return True
        about = [str(getattr(record, name, "")) for name in ("part", "policy_file", "policy_key")]
        key = (record.name, "|".join([str(record.msg)[:200], *about]))
        now = clock.monotonic()
        if now - self._seen_at.get(key, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        if len(self._seen_at) > 1_000:
            self._seen_at.clear()
        self._seen_at[key] = now
        return True


class StartingFilter(logging.Filter):
    """Takes a broker that is still starting for what it is: the client asks again, and nothing is wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lowers such a record to INFO. Where no coordinator ever comes, the service is never ready."""
        if record.name == COORDINATOR and any(name in record.getMessage() for name in STARTING):
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


class LineFormatter(logging.Formatter):
    """Formats a record as one line of allowed fields."""

    def __init__(self, service: str, *, as_json: bool) -> None:
        super().__init__()
        self._service = service
        self._render: Any = (
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        )

    def format(self, record: logging.LogRecord) -> str:
        """Formats the line."""
        line: MutableMapping[str, Any] = {
            "timestamp": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": text_of(record),
            "logger": record.name,
            "service": self._service,
        }
        line.update(fields_of(vars(record)))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["frames"] = places_of(record.exc_info[1])
        return str(self._render(None, record.levelname.lower(), line))


def text_of(record: logging.LogRecord) -> str:
    """Gives the constant text, with plainly technical arguments filled in."""
    text = scrub(str(record.msg), TEXT_MAX * 2)
    arguments: Any = record.args
    if arguments:
        values = list(arguments.values()) if isinstance(arguments, Mapping) else list(arguments)
        shown = iter([_argument(value) for value in values])
        text = _PLACEHOLDER.sub(lambda _: next(shown, "*"), text)
    return text[:TEXT_MAX]


def _argument(value: object) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, BaseException | type):
        return value.__name__ if isinstance(value, type) else type(value).__name__
    text = str(value)
    return text if _TECHNICAL.fullmatch(text) and not _SECRET.search(text) else "*"


def scrub(text: str, limit: int) -> str:
    """Removes what looks like an address, somebody's number, or a quotation."""
    return _SECRET.sub("*", "".join(c if c.isprintable() else " " for c in text[:limit]))


def fields_of(values: Mapping[str, object]) -> dict[str, object]:
    """Selects the allowed fields, each as a number or a short text."""
    shown: dict[str, object] = {}
    for name in ALLOWED & values.keys():
        value = values[name]
        if value is None or isinstance(value, bool | int | float):
            shown[name] = value
        elif name in IDS:
            shown[name] = "".join(c for c in str(value) if c.isprintable())[:160]
        elif name in POLICY:
            shown[name] = "".join(c if c.isprintable() else " " for c in str(value))[:TEXT_MAX]
        else:
            shown[name] = scrub(str(value), TEXT_MAX)
    return shown


def places_of(error: BaseException) -> list[str]:
    """Lists the places of an exception, innermost last: module, line, function. No messages, no values."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_COUNT:]
    return [f"{_module(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _module(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def configure(log: Log, service: str, stream: IO[str] | None = None) -> None:
    """Sends everything that this process logs, by any library, through one handler."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(LineFormatter(service, as_json=log.format == "json"))
    handler.addFilter(StartingFilter())
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(log.level)
    for name in (*QUIET, "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    logging.captureWarnings(True)
