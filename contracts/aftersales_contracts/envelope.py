"""Reads and writes the envelope of every record: CloudEvents 1.0 in the Kafka protocol binding.

Written in binary mode (attributes in `ce_*` headers, the data alone as the value), read in binary and
in structured mode. The record's key is the subject.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn

from aftersales_contracts.raw_json import RepeatedMemberError, depth_fault, members
from aftersales_contracts.reasons import Reason

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
MAX_VALUE_BYTES = 1024 * 1024
MAX_DEPTH = 32
"""Objects and arrays inside each other in the data."""
MAX_HEADERS_COUNT = 64
MAX_ATTRIBUTE_CHARACTERS = 256

REQUIRED = ("id", "source", "type", "time", "subject")
OPTIONAL = ("recordedtime", "correlationid", "causationid", "traceparent", "privacyclass", "dataschema")
_CONTENT_TYPE_BYTES = CONTENT_TYPE.encode()
_SPEC_VERSION_BYTES = SPEC_VERSION.encode()
_FIXED_HEADERS = (("ce_specversion", _SPEC_VERSION_BYTES), ("content-type", _CONTENT_TYPE_BYTES))
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class EnvelopeError(ValueError):
    """A record that is no usable CloudEvent: `reason`, and `detail`, which names the place and no content."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Envelope(NamedTuple):
    """The context attributes of one event; `time` and `recordedtime` are aware, in UTC once read."""

    id: str
    """Unique per source; the same id again is the same event."""
    source: str
    type: str
    time: datetime
    """The moment when the event happened."""
    subject: str
    """The subject of the event, and the record's key."""
    recordedtime: datetime | None = None
    """The moment when the source wrote the event down."""
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    privacyclass: str | None = None
    """`pseudonymous` where absent, `personal` or `text`."""
    dataschema: str | None = None


def read(
    key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None
) -> tuple[Envelope, bytes]:
    """The envelope and the data (UTF-8, not yet parsed in binary mode) of one record.

    Clients hand out None for a header without a value.
    Raises EnvelopeError; whether the data is JSON of the right schema is decided by who parses it.
    """
    if not value:
        _refuse(Reason.NOT_CLOUDEVENTS, "the record has no value")
    if len(value) > MAX_VALUE_BYTES:
        _refuse(Reason.TOO_LARGE, f"value: more than {MAX_VALUE_BYTES} bytes")
    if len(headers) > MAX_HEADERS_COUNT:
        _refuse(Reason.TOO_LARGE, f"headers: more than {MAX_HEADERS_COUNT}")
    found: dict[str, Any] = dict(headers)
    if len(found) != len(headers):
        _refuse_duplicates(headers)
    content_type = found.get("content-type")
    if content_type == _CONTENT_TYPE_BYTES or not _is_structured(content_type):
        envelope, data = _binary(found), value
    else:
        envelope, data = _structured(value)
    _check_data(data)
    if key is None or key != envelope.subject.encode():
        _refuse(Reason.WRONG_KEY, "the record's key is not the event's subject")
    return envelope, data


def write(envelope: Envelope, data: bytes) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    """Key, headers and value of the record, in binary mode.

    Raises EnvelopeError for what `read` would refuse, so that no such record is ever published.
    """
    if not data:
        _refuse(Reason.NOT_CLOUDEVENTS, "the event has no data")
    if len(data) > MAX_VALUE_BYTES:
        _refuse(Reason.TOO_LARGE, f"value: more than {MAX_VALUE_BYTES} bytes")
    subject = _written("subject", envelope.subject)
    headers: list[tuple[str, bytes]] = [
        *_FIXED_HEADERS,
        ("ce_id", _written("id", envelope.id)),
        ("ce_source", _written("source", envelope.source)),
        ("ce_type", _written("type", envelope.type)),
        ("ce_time", time_text(envelope.time).encode()),
        ("ce_subject", subject),
    ]
    if envelope.recordedtime is not None:
        headers.append(("ce_recordedtime", time_text(envelope.recordedtime).encode()))
    if envelope.correlationid is not None:
        headers.append(("ce_correlationid", _written("correlationid", envelope.correlationid)))
    if envelope.causationid is not None:
        headers.append(("ce_causationid", _written("causationid", envelope.causationid)))
    if envelope.traceparent is not None:
        headers.append(("ce_traceparent", _written("traceparent", envelope.traceparent)))
    if envelope.privacyclass is not None:
        headers.append(("ce_privacyclass", _written("privacyclass", envelope.privacyclass)))
    if envelope.dataschema is not None:
        headers.append(("ce_dataschema", _written("dataschema", envelope.dataschema)))
    return subject, headers, data


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`; raises EnvelopeError for a moment without an offset."""
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:
            _refuse(Reason.NOT_CLOUDEVENTS, "a time has no offset")
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:-6] + "Z"


def _refuse(reason: Reason, detail: str) -> NoReturn:
    raise EnvelopeError(reason, detail)


def _refuse_duplicates(headers: Sequence[tuple[str, bytes | None]]) -> None:
    """Only names that mean something to us must be unique; others may repeat, as Kafka allows."""
    seen: set[str] = set()
    for name, _ in headers:
        if name in seen and (name == "content-type" or name.startswith("ce_")):
            _refuse(Reason.NOT_CLOUDEVENTS, f"header {_place(name)} is there twice")
        seen.add(name)


def _place(name: str) -> str:
    """The name of a header or attribute if it is one of the known, for nobody's content may be repeated."""
    bare = name.removeprefix("ce_")
    known = bare in REQUIRED or bare in OPTIONAL or bare in ("specversion", "content-type", "datacontenttype")
    return name if known else "of an extension"


def _is_structured(content_type: bytes | None) -> bool:
    """Whether the content type says structured mode; refuses batches and everything that is not JSON."""
    if content_type is None:
        return False
    media, _, parameters = content_type.decode("latin-1").lower().partition(";")
    media = media.strip()
    if "charset=" in parameters and "charset=utf-8" not in parameters.replace('"', "").replace(" ", ""):
        _refuse(Reason.NOT_CLOUDEVENTS, "header content-type: the character set is not UTF-8")
    if media == "application/cloudevents+json":
        return True
    if media.startswith("application/cloudevents") or not _is_json(media):
        _refuse(Reason.NOT_CLOUDEVENTS, "header content-type: neither JSON nor a CloudEvent in JSON")
    return False


def _is_json(media: str) -> bool:
    return media in (CONTENT_TYPE, "text/json") or media.endswith("+json")


def _binary(found: Mapping[str, bytes]) -> Envelope:
    """The envelope of a faultless record, checked all at once; anything else is looked at one by one."""
    if found.get("ce_specversion") != _SPEC_VERSION_BYTES:
        _refuse(Reason.NOT_CLOUDEVENTS, "header ce_specversion is not 1.0")
    optional = found.get
    try:
        event_id, source = found["ce_id"].decode(), found["ce_source"].decode()
        event_type, subject = found["ce_type"].decode(), found["ce_subject"].decode()
        moment, recordedtime = found["ce_time"].decode(), optional("ce_recordedtime", b"").decode()
        correlationid = optional("ce_correlationid", b"").decode()
        causationid = optional("ce_causationid", b"").decode()
        traceparent = optional("ce_traceparent", b"").decode()
        privacyclass = optional("ce_privacyclass", b"").decode()
        dataschema = optional("ce_dataschema", b"").decode()
    except (KeyError, AttributeError, UnicodeDecodeError):
        return _binary_unusual(found)
    text = (
        f"{event_id}{source}{event_type}{subject}{moment}{recordedtime}"
        f"{correlationid}{causationid}{traceparent}{privacyclass}{dataschema}"
    )
    if not (
        text.isprintable()
        and len(text) <= MAX_ATTRIBUTE_CHARACTERS
        and event_id
        and source
        and event_type
        and subject
        and moment
    ):
        return _binary_unusual(found)
    return Envelope(
        event_id,
        source,
        event_type,
        _moment("ce_time", moment),
        subject,
        _moment("ce_recordedtime", recordedtime) if recordedtime else None,
        correlationid or None,
        causationid or None,
        traceparent or None,
        privacyclass or None,
        dataschema or None,
    )


def _binary_unusual(found: Mapping[str, bytes]) -> Envelope:
    for name in REQUIRED:
        if f"ce_{name}" not in found:
            _refuse(Reason.NOT_CLOUDEVENTS, f"header ce_{name} is missing")
    names = [*REQUIRED, *(name for name in OPTIONAL if found.get(f"ce_{name}"))]
    return _from_texts({name: _header(f"ce_{name}", found[f"ce_{name}"]) for name in names}, "ce_")


def _from_texts(texts: Mapping[str, str], prefix: str) -> Envelope:
    recorded = texts.get("recordedtime")
    return Envelope(
        id=texts["id"],
        source=texts["source"],
        type=texts["type"],
        time=_moment(f"{prefix}time", texts["time"]),
        subject=texts["subject"],
        recordedtime=None if recorded is None else _moment(f"{prefix}recordedtime", recorded),
        correlationid=texts.get("correlationid"),
        causationid=texts.get("causationid"),
        traceparent=texts.get("traceparent"),
        privacyclass=texts.get("privacyclass"),
        dataschema=texts.get("dataschema"),
    )


def _header(name: str, raw: bytes | None) -> str:
    """The text of a header; Kafka clients may hand out None for a header without a value."""
    if raw is None:
        _refuse(Reason.NOT_CLOUDEVENTS, f"header {name} has no value")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        _refuse(Reason.BAD_UTF8, f"header {name}")
    if not text.isprintable() or not 0 < len(text) <= MAX_ATTRIBUTE_CHARACTERS:
        _check_text(name, text)
    return text


def _check_text(name: str, text: str) -> None:
    if not text:
        _refuse(Reason.NOT_CLOUDEVENTS, f"{name} is empty")
    if len(text) > MAX_ATTRIBUTE_CHARACTERS:
        _refuse(Reason.TOO_LARGE, f"{name}: more than {MAX_ATTRIBUTE_CHARACTERS} characters")
    if "\x00" in text:
        _refuse(Reason.NOT_STORABLE, f"{name} has a NUL character")
    if _CONTROL.search(text):
        _refuse(Reason.NOT_CLOUDEVENTS, f"{name} has a control character")


def _written(name: str, text: str) -> bytes:
    if not text.isprintable() or not 0 < len(text) <= MAX_ATTRIBUTE_CHARACTERS:
        _check_text(name, text)
    return text.encode()


def _moment(name: str, text: str) -> datetime:
    """A moment in UTC; finer than a microsecond is cut off.

    Python's parser also takes other ISO 8601 forms; the usual form is told apart by its signs alone.
    """
    usual = text[-1] == "Z" and text[4:17:3] == "--T::" and len(text) > 19
    if not usual and _RFC3339.fullmatch(text) is None:
        _refuse(Reason.NOT_CLOUDEVENTS, f"{name} is not an RFC 3339 moment with an offset")
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _moment_unusual(name, text)


def _moment_unusual(name: str, text: str) -> datetime:
    """Reads a moment that RFC 3339 allows and Python's parser does not: lower-case letters."""
    if text.upper() != text:
        return _moment(name, text.upper())
    _refuse(Reason.NOT_CLOUDEVENTS, f"{name} is not a moment that exists")


def _structured(value: bytes) -> tuple[Envelope, bytes]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        _refuse(Reason.BAD_UTF8, "value")
    _check_depth(value, MAX_DEPTH + 1)
    try:
        found = members(text)
    except RepeatedMemberError as repeated:
        _refuse(Reason.NOT_CLOUDEVENTS, f"{_place(repeated.name)} is there twice")
    except ValueError:
        _refuse(Reason.BAD_JSON, "value")
    attributes = {name: _attribute(name, found) for name in (*REQUIRED, *OPTIONAL)}
    if found.get("specversion", ("", None))[1] != SPEC_VERSION:
        _refuse(Reason.NOT_CLOUDEVENTS, "specversion is not 1.0")
    media = found.get("datacontenttype", ("", None))[1]
    if media is not None and not (
        isinstance(media, str) and _is_json(media.lower().partition(";")[0].strip())
    ):
        _refuse(Reason.NOT_CLOUDEVENTS, "datacontenttype is not JSON")
    texts = {name: text for name, text in attributes.items() if text is not None}
    for name in REQUIRED:
        if name not in texts:
            _refuse(Reason.NOT_CLOUDEVENTS, f"{name} is missing")
    envelope = _from_texts(texts, "")
    return envelope, _structured_data(found)


def _attribute(name: str, found: Mapping[str, tuple[str, object]]) -> str | None:
    """Null means absent; so does an optional attribute that is empty, in both modes."""
    value = found.get(name, ("", None))[1]
    if value is None or (value == "" and name in OPTIONAL):
        return None
    if not isinstance(value, str):
        _refuse(Reason.NOT_CLOUDEVENTS, f"{name} is not a string")
    _check_text(name, value)
    return value


def _structured_data(found: Mapping[str, tuple[str, object]]) -> bytes:
    """The bytes of `data` as they were sent, or those that `data_base64` stands for."""
    if ("data" in found) == ("data_base64" in found):
        _refuse(Reason.NOT_CLOUDEVENTS, "exactly one of data and data_base64 is needed")
    if "data" in found:
        return found["data"][0].encode()
    encoded = found["data_base64"][1]
    try:
        data = b64decode(encoded, validate=True) if isinstance(encoded, str) else b""
    except (Base64Error, ValueError):
        data = b""
    if not data:
        _refuse(Reason.NOT_CLOUDEVENTS, "data_base64 is no Base64")
    return data


def _check_data(data: bytes) -> None:
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            _refuse(Reason.BAD_UTF8, "data")
    _check_depth(data, MAX_DEPTH)
    if b"\\" in data and b"\\u0000" in data.replace(b"\\\\", b""):
        _refuse(Reason.NOT_STORABLE, "data has a NUL character")


def _check_depth(value: bytes, limit: int) -> None:
    fault = depth_fault(value, limit)
    if fault is not None:
        _refuse(
            fault, f"more than {MAX_DEPTH} levels" if fault is Reason.TOO_DEEP else "brackets do not match"
        )
