"""Defines requests of Kafka's protocol that its client library has no method for; reads their answers."""
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false
# The library declares API_KEY and API_VERSION as properties, and sets them like this itself.

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

from cli.errors import CommandError

TOPIC_RESOURCE = 2
SET = 0
SCRAM_SHA_512 = 2


class _IncrementalAlterConfigsResponse(Response):
    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "responses",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
            ),
        ),
    )


class _IncrementalAlterConfigs(RequestStruct):
    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = _IncrementalAlterConfigsResponse
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                (
                    "configs",
                    Array(
                        ("name", String("utf-8")),
                        ("operation", Int8),
                        ("value", String("utf-8")),
                    ),
                ),
            ),
        ),
        ("validate_only", Boolean),
    )


class SetTopicConfigs(Request[_IncrementalAlterConfigs]):
    """Sets the named configurations of topics and leaves all others as they are."""

    API_KEY = 44

    def __init__(self, configs: Mapping[str, Mapping[str, str]]) -> None:
        self._configs = configs

    def build(self, request_struct_class: type[_IncrementalAlterConfigs]) -> _IncrementalAlterConfigs:
        """As the protocol wants it."""
        resources = [
            (TOPIC_RESOURCE, topic, [(name, SET, value) for name, value in sorted(values.items())])
            for topic, values in sorted(self._configs.items())
        ]
        return request_struct_class(resources, False)


class _AlterUserScramCredentialsResponse(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterUserScramCredentials(RequestStruct):
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AlterUserScramCredentialsResponse
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class SetScramCredentials(Request[_AlterUserScramCredentials]):
    """Gives users (name, iterations, salt, salted password) their SCRAM-SHA-512 credentials."""

    API_KEY = 51

    def __init__(self, users: Iterable[tuple[str, int, bytes, bytes]]) -> None:
        self._users = users

    def build(self, request_struct_class: type[_AlterUserScramCredentials]) -> _AlterUserScramCredentials:
        """As the protocol wants it."""
        upsertions: list[tuple[Any, ...]] = [
            (name, SCRAM_SHA_512, iterations, salt, salted, {})
            for name, iterations, salt, salted in self._users
        ]
        return request_struct_class([], upsertions, {})


def check(results: Iterable[tuple[str, int, str | None]]) -> None:
    """Raises CommandError for the first (name, error code, message) that is a refusal."""
    for name, code, message in results:
        if code:
            raise CommandError(f"the broker refuses {name}: {message or f'error {code}'}")


def resource_results(answer: Any) -> list[tuple[str, int, str | None]]:
    """(resource, error code, message) of an answer about configurations."""
    return [(name, code, message) for code, message, _, name, *_ in answer.responses]
