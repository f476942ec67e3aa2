"""Builds the AsyncAPI 3.1 document of the whole system, from the registry and the samples."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aftersales_contracts.base import Event, Outcome
from aftersales_contracts.envelope import MAX_ATTRIBUTE_CHARACTERS, Envelope
from aftersales_contracts.envelope import write as write_envelope
from aftersales_contracts.readers import READERS
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS, encode, read_data, topics_of
from aftersales_contracts.topics import ANY_TOPIC, LOCAL_BROKER, SERVICES, TOPICS, Topic

VERSION = "1.0.0"
"""Version of the document: the second number rises with each release of schemas."""

EXAMPLE_TIME = datetime(2014, 3, 15, 2, 14, 5, tzinfo=UTC)
_DAY_MS = 24 * 60 * 60 * 1000
_KAFKA_BINDING = "0.5.0"
_ATTRIBUTES: Mapping[str, str] = {
    "ce_specversion": "Version of CloudEvents.",
    "ce_id": "Unique per ce_source. The same id again is the same event, and has no further effect.",
    "ce_source": "Who announces it.",
    "ce_type": "The event type with its version.",
    "ce_time": "When it happened, RFC 3339 with an offset.",
    "ce_subject": "What it is about; equals the record's key, byte for byte.",
    "content-type": "Always JSON.",
    "ce_recordedtime": "When the source wrote it down, where that was later.",
    "ce_correlationid": "The case or request that it belongs to.",
    "ce_causationid": "Id of the event that led to it.",
    "ce_traceparent": "W3C trace context.",
    "ce_privacyclass": "pseudonymous (absent: this), personal or text.",
    "ce_dataschema": "URI of the schema that the data adheres to.",
}
_REQUIRED = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject"]
_DEAD_HEADERS: Mapping[str, str] = {
    "dead-reason": "Why: one of the reason codes. Codes are never renamed.",
    "dead-detail": "The place of the fault: header, field or limit; never content.",
    "dead-topic": "Topic that the record came on.",
    "dead-partition": "Partition that it came on.",
    "dead-offset": "Its offset there.",
    "dead-id": "Number of the dead letter in the service, for `aftersales dead-letters show`.",
}
_DEAD_OMITTED = "Only where the record was too large unpacked: its bytes and headers are left out here."

Document = dict[str, Any]


def document(samples: Mapping[str, Event]) -> Document:
    """The document; `samples` holds one event per type."""
    return {
        "asyncapi": "3.1.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": LOCAL_BROKER,
                "protocol": "kafka",
                "description": "The stack that `make run` starts; elsewhere ask your operator.",
            }
        },
        "channels": {name: _channel(topic) for name, topic in sorted(TOPICS.items())},
        "operations": _operations(),
        "components": {
            "schemas": {"headers": _headers(), "deadLetterHeaders": _dead_headers()},
            "messages": {
                **{name: _message(EVENTS[name], samples.get(name)) for name in sorted(EVENTS)},
                "dead-letter": _dead_message(),
            },
        },
    }


def load_samples(folder: Path) -> dict[str, Event]:
    """The samples of a folder: `<type>.json`, the data of one event. Raises KeyError for another name."""
    return {
        path.stem: read_data(EVENTS[path.stem], path.read_bytes()) for path in sorted(folder.glob("*.json"))
    }


def _info() -> Document:
    return {
        "title": "Aftersales",
        "version": VERSION,
        "description": (
            "After-sales cases of a marketplace as events on Kafka: what the shop tells us, and what\n"
            "refunds, logistics, reviews and customers announce. CloudEvents 1.0, binary mode.\n"
            "README.md beside this file says how to publish and how to read.\n"
        ),
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def messages_of(topic: Topic) -> list[str]:
    """The types that a topic carries; clock marks, which only replays use, are left to their own place."""
    return sorted(
        name
        for name, event_class in EVENTS.items()
        if event_class.TOPIC != ANY_TOPIC and topic.name in topics_of(event_class)
    )


def _channel(topic: Topic) -> Document:
    names = ["dead-letter"] if topic.side == "dead" else [*messages_of(topic), *_marks()]
    return {
        "address": topic.name,
        "description": f"{_side(topic)} Key: {topic.key}. Written by: {', '.join(topic.writers)}.",
        "messages": {_name(name): {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": topic.retention_days * _DAY_MS,
                },
                "bindingVersion": _KAFKA_BINDING,
            }
        },
        "x-privacy-class": topic.privacy,
    }


def _marks() -> list[str]:
    return sorted(name for name, event_class in EVENTS.items() if event_class.TOPIC == ANY_TOPIC)


def _side(topic: Topic) -> str:
    return {
        "in": "Told to us.",
        "out": "Told by us.",
        "dead": "Records that could not be used, bytes and headers as they came.",
    }[topic.side]


def _name(type_name: str) -> str:
    """A key that every AsyncAPI tool takes: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]", "_", type_name)


def _operations() -> Document:
    operations: Document = {}
    for service in SERVICES:
        for name in sorted(READERS):
            if service in READERS[name]:
                operations[f"{service}_reads_{_name(name)}"] = _receive(service, TOPICS[name])
        for topic in (TOPICS[f"aftersales.{service}.v1"], TOPICS[f"aftersales.{service}.dead.v1"]):
            operations[f"{service}_announces_{_name(topic.name)}"] = {
                "action": "send",
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "summary": f"{service} announces on {topic.name}.",
                "messages": _channel_messages(topic),
            }
    return operations


def _receive(service: str, topic: Topic) -> Document:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{service} reads {topic.name}; types that it has no use for are passed over.",
        "messages": _channel_messages(topic),
        "bindings": {
            "kafka": {
                "groupId": {"type": "string", "enum": [f"aftersales-{service}"]},
                "bindingVersion": _KAFKA_BINDING,
            }
        },
    }


def _channel_messages(topic: Topic) -> list[Document]:
    names = ["dead-letter"] if topic.side == "dead" else messages_of(topic)
    return [{"$ref": f"#/channels/{topic.name}/messages/{_name(name)}"} for name in names]


def _headers() -> Document:
    properties: Document = {}
    for name, meaning in _ATTRIBUTES.items():
        properties[name] = {"type": "string", "description": meaning}
        if name in ("ce_time", "ce_recordedtime"):
            properties[name]["format"] = "date-time"
        else:
            properties[name] |= {"minLength": 1, "maxLength": MAX_ATTRIBUTE_CHARACTERS}
    properties["ce_specversion"] = {
        "type": "string",
        "const": "1.0",
        "description": _ATTRIBUTES["ce_specversion"],
    }
    return {
        "type": "object",
        "description": "CloudEvents attributes as Kafka headers, UTF-8. Other headers are left alone.",
        "properties": properties,
        "required": _REQUIRED,
    }


def _dead_headers() -> Document:
    properties: Document = {
        name: {"type": "string", "description": meaning} for name, meaning in _DEAD_HEADERS.items()
    }
    properties["dead-omitted"] = {"type": "string", "description": _DEAD_OMITTED}
    properties["dead-reason"]["enum"] = [reason.value for reason in Reason]
    return {
        "type": "object",
        "description": "Beside the headers that the record came with.",
        "properties": properties,
        "required": list(_DEAD_HEADERS),
    }


def _message(event_class: type[Event], sample: Event | None) -> Document:
    name = event_class.TYPE
    lines = (event_class.__doc__ or "").strip().split("\n")
    message: Document = {
        "name": name,
        "title": event_class.__name__,
        "summary": lines[0],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/headers"},
                {"type": "object", "properties": {"ce_type": {"type": "string", "const": name}}},
            ]
        },
        "payload": {"$ref": f"./schemas/{name}.schema.json"},
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_ATTRIBUTE_CHARACTERS,
                    "description": "The subject, UTF-8, byte for byte as in ce_subject.",
                },
                "bindingVersion": _KAFKA_BINDING,
            }
        },
    }
    if sample is not None:
        message["examples"] = [_example(sample)]
    if event_class.RULES:
        message["x-rules"] = list(event_class.RULES)
    return message


def example_envelope(event: Event) -> Envelope:
    """An envelope as it would be around a sample; only ids, source and subject depend on the event."""
    topic = min(topics_of(type(event)))
    if isinstance(event, Outcome):
        event_id = f"{event.case_kind}/{event.case_id}/{event.case_version}"
        source, correlation = f"aftersales/{TOPICS[topic].writers[0]}", event.case_id
    else:
        event_id = f"{event.TYPE.split('.', 1)[1]}-1"
        source, correlation = f"shop/{TOPICS[topic].writers[0].replace(' ', '-')}", event.subject_of()
    return Envelope(event_id, source, event.TYPE, EXAMPLE_TIME, event.subject_of(), correlationid=correlation)


def _example(event: Event) -> Document:
    """A sample as headers and payload of binary mode."""
    _, headers, data = write_envelope(example_envelope(event), encode(event))
    texts = {name: value.decode() for name, value in headers}
    return {"name": "sample", "headers": texts, "payload": json.loads(data)}


def _dead_message() -> Document:
    return {
        "name": "dead-letter",
        "title": "DeadLetter",
        "summary": "A record that could not be used, with the reason.",
        "headers": {"$ref": "#/components/schemas/deadLetterHeaders"},
        "payload": {"description": "The record's bytes as they came, whatever they are."},
        "contentType": "application/octet-stream",
    }
