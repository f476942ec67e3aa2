"""The AsyncAPI document tells the truth, and the official parser has nothing to say against it."""

import json
import os
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales_contracts import bundle
from aftersales_contracts.asyncapi import document, example_envelope, load_samples
from aftersales_contracts.envelope import read
from aftersales_contracts.json_schema import schemas
from aftersales_contracts.readers import READERS
from aftersales_contracts.registry import EVENTS, encode, read_data, topics_of
from aftersales_contracts.topics import SERVICES, TOPICS
from aftersales_contracts.yaml_text import to_yaml
from tests.support import tools

CONTRACTS = Path(__file__).parents[2] / "contracts"
SAMPLES = load_samples(CONTRACTS / "samples")
DOCUMENT = document(SAMPLES)
SCHEMAS = schemas()
BUNDLED = bundle.bundled(DOCUMENT, SCHEMAS)

READ_YAML = """
const { load } = require('js-yaml');
process.stdout.write(JSON.stringify(load(require('fs').readFileSync(0, 'utf8'))));
"""

PARSE = """
const { Parser, fromFile } = require('@asyncapi/parser');
fromFile(new Parser(), process.argv[1]).parse().then(({ document, diagnostics }) => {
  process.stdout.write(JSON.stringify({
    version: document?.version(),
    channels: document?.channels().all().map((channel) => channel.address()) ?? [],
    messages: document?.components().messages().all().map((message) => message.name()) ?? [],
    diagnostics: diagnostics.map(({ code, message, path }) => `${code} ${path.join('.')}: ${message}`),
  }));
});
"""


def run_node(program: str, *arguments: str, text: str = "") -> Any:
    """Returns the program's output, from JSON. Node finds its libraries where the tools are."""
    made = subprocess.run(
        [str(tools.node()), "-e", program, *arguments],
        input=text,
        env={**os.environ, "NODE_PATH": str(tools.node_modules())},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set[str]()
        return own.union(*(_references(item) for item in node.values()))
    return set[str]().union(*(_references(item) for item in node)) if isinstance(node, list) else set()


def test_every_reference_of_the_bundle_ends_within_it() -> None:
    for reference in _references(BUNDLED):
        place: Any = BUNDLED
        assert reference.startswith("#/"), reference
        for step in reference.removeprefix("#/").split("/"):
            place = place[step.replace("~1", "/").replace("~0", "~")]
    assert "$id" not in json.dumps(BUNDLED)


def test_the_bundle_has_each_event_and_component_once_by_its_title() -> None:
    """So that generated code says Money, and says it once."""
    components = BUNDLED["components"]["schemas"]
    payloads = {
        name: message["payload"]["$ref"].rpartition("/")[2]
        for name, message in BUNDLED["components"]["messages"].items()
        if name in EVENTS
    }

    assert payloads == {name: event_class.__name__ for name, event_class in EVENTS.items()}
    assert all(
        components[name]["title"] == name for name in components.keys() - DOCUMENT["components"]["schemas"]
    )
    assert components["RefundAppliedV1"]["properties"]["amount"]["$ref"] == "#/components/schemas/Money"
    assert components["RefundAppliedV1"]["x-schema-id"] == "urn:aftersales:event:shop.refund.applied.v1"


def test_two_components_of_one_name_are_no_bundle() -> None:
    money = {"title": "Money", "type": "string"}
    other = {**SCHEMAS["shop.refund.applied.v1"], "$defs": {"Money": money}}

    with pytest.raises(bundle.BundleError, match="Money"):
        bundle.bundled(DOCUMENT, {**SCHEMAS, "shop.refund.applied.v1": other})


@pytest.mark.parametrize("name", ["asyncapi.yaml", "asyncapi-bundled.yaml"])
def test_the_official_parser_accepts_it(name: str) -> None:
    """Schemas, bindings, references and the examples against their schemas: no error and no warning."""
    found = run_node(PARSE, str(CONTRACTS / name))

    assert found["diagnostics"] == []
    assert found["version"] == "3.1.0"
    assert sorted(found["channels"]) == sorted(TOPICS)
    assert set(found["messages"]) == {*EVENTS, "dead-letter"}


def test_the_yaml_says_what_the_document_says() -> None:
    assert run_node(READ_YAML, text=to_yaml(DOCUMENT)) == DOCUMENT


PATIENT = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(
        ["no", "Null", "1e3", "0x1", "~", "a: b", "a #b", "- a", "a\nb\n", "a\n b", "|", "2026-01-01"]
    )
)


@pytest.mark.timeout(300)
def test_any_value_can_be_told_in_yaml() -> None:
    values: list[Any] = []

    @given(
        st.lists(
            st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3))
        )
    )
    def collect(value: Any) -> None:
        values.append(value)

    collect()

    assert run_node(READ_YAML, text=to_yaml(values)) == values


def test_one_channel_per_topic_with_its_messages() -> None:
    assert sorted(DOCUMENT["channels"]) == sorted(TOPICS)
    for name, channel in DOCUMENT["channels"].items():
        binding = channel["bindings"]["kafka"]
        assert binding["partitions"] == TOPICS[name].partitions
        assert binding["topicConfiguration"]["retention.ms"] == TOPICS[name].retention_days * 86_400_000
        told = {message["$ref"].rpartition("/")[2] for message in channel["messages"].values()}
        dead = TOPICS[name].side == "dead"
        assert told == ({"dead-letter"} if dead else {t for t, c in EVENTS.items() if name in topics_of(c)})


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_example_is_a_record_that_reads(name: str) -> None:
    [example] = DOCUMENT["components"]["messages"][name]["examples"]
    headers = [(header, text.encode()) for header, text in example["headers"].items()]
    subject = example["headers"]["ce_subject"]

    envelope, data = read(subject.encode(), headers, json.dumps(example["payload"]).encode())

    assert envelope == example_envelope(SAMPLES[name])
    assert read_data(EVENTS[name], data) == SAMPLES[name]
    assert example["payload"] == json.loads(encode(SAMPLES[name]))


def test_operations_say_who_reads_and_who_announces() -> None:
    operations = DOCUMENT["operations"].values()
    receives = {
        (one["bindings"]["kafka"]["groupId"]["enum"][0], one["channel"]["$ref"].rpartition("/")[2])
        for one in operations
        if one["action"] == "receive"
    }
    sends = {one["channel"]["$ref"].rpartition("/")[2] for one in operations if one["action"] == "send"}

    assert receives == {(f"aftersales-{service}", name) for name in READERS for service in READERS[name]}
    assert sends == {name for name, topic in TOPICS.items() if topic.side != "in"}
    assert set(READERS) == {name for name, topic in TOPICS.items() if topic.side != "dead"}


@pytest.mark.parametrize("service", SERVICES)
def test_who_is_said_to_read_a_topic_reads_it(service: str) -> None:
    """The document and the wiring of the service agree."""
    registry = getattr(import_module(f"services.{service}.service"), service.upper())
    reads = {topic for event_class in registry.reads for topic in topics_of(event_class)}

    assert {name for name, services in READERS.items() if service in services} == reads
