"""`aftersales conformance` (P9): what a producer recorded, judged by the services' own border."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord
from typer.testing import CliRunner, Result

import devstack
from aftersales_contracts.asyncapi import document, example_envelope, load_samples
from aftersales_contracts.envelope import write
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS, encode
from chassis.engine.records import StoredOrigin
from chassis.ingest.decoder import Decoder, Rejected
from chassis.settings import Kafka, Limits
from cli import recordings
from cli.access import load_services
from cli.errors import CommandError
from cli.main import app

CONTRACTS = Path(__file__).parents[2] / "contracts"
SAMPLES = load_samples(CONTRACTS / "samples")
NOW = datetime(2014, 3, 20, tzinfo=UTC)
AT = ["--at", NOW.isoformat()]
APPLIED = SAMPLES["shop.refund.applied.v1"]
DATA: dict[str, Any] = json.loads(encode(APPLIED))


def event(**fields: Any) -> dict[str, Any]:
    """A sound application as a CloudEvent in structured mode, with the given attributes changed."""
    sound = {
        "specversion": "1.0",
        "id": "refund-1/applied",
        "source": "shop/workbench",
        "type": APPLIED.TYPE,
        "time": (NOW - timedelta(hours=1)).isoformat(),
        "subject": APPLIED.subject_of(),
        "data": DATA,
    }
    return {name: value for name, value in {**sound, **fields}.items() if value is not ...}


def kcat(topic: str, partition: int = 0, key: str | None = None, **data: Any) -> dict[str, Any]:
    """The sound application as `kcat -J` prints the record of binary mode."""
    raw_key, headers, _ = write(example_envelope(APPLIED), encode(APPLIED))
    flat = [text for name, value in headers for text in (name, value.decode())]
    return {
        "topic": topic,
        "partition": partition,
        "offset": 41,
        "tstype": "create",
        "ts": 1395309845000,
        "broker": 1,
        "headers": flat,
        "key": raw_key.decode() if key is None else key,
        "payload": json.dumps({**DATA, **data}),
    }


def run(tmp_path: Path, lines: Sequence[object], *options: str) -> Result:
    """Judges a file with one of these on each line; a text is written as it is."""
    file = tmp_path / "recorded.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return CliRunner().invoke(app, ["conformance", str(file), *AT, *options])


def judged(tmp_path: Path, lines: Sequence[object], *options: str) -> tuple[Result, list[dict[str, Any]]]:
    result = run(tmp_path, lines, "--json", *options)
    return result, json.loads(result.stdout)["events"]


def test_sound_events_of_every_type_are_taken(tmp_path: Path) -> None:
    lines = []
    for sample in SAMPLES.values():
        envelope = example_envelope(sample)
        lines.append(
            event(
                id=envelope.type,
                source=envelope.source,
                type=envelope.type,
                time=envelope.time.isoformat(),
                subject=envelope.subject,
                data=json.loads(encode(sample)),
            )
        )
    result, found = judged(tmp_path, lines)

    assert [one for one in found if one["verdict"] != "taken"] == []
    assert [one["remarks"] for one in found if "remarks" in one] == []
    assert {one["type"] for one in found} == set(EVENTS)
    assert result.exit_code == 0


def test_records_of_kcat_and_examples_of_asyncapi_are_read_too(tmp_path: Path) -> None:
    [example] = document(SAMPLES)["components"]["messages"][APPLIED.TYPE]["examples"]

    result, found = judged(tmp_path, [kcat("shop.aftersales.v1"), example])

    assert result.exit_code == 0
    assert [one["verdict"] for one in found] == ["taken", "repeated"]
    assert found[0]["where"] == "line 1 (shop.aftersales.v1/0/41)"
    assert found[0]["readers"] == ["refunds"]


BAD: list[tuple[object, Reason, str]] = [
    (event(data={**DATA, "amount": 49.0}), Reason.FAILED_SCHEMA, "amount: not an object (Money)"),
    (event(data={**DATA, "amount": None}), Reason.FAILED_SCHEMA, "amount: null, where a value is needed"),
    (
        event(data={key: value for key, value in DATA.items() if key != "refund_id"}),
        Reason.FAILED_SCHEMA,
        "refund_id: missing",
    ),
    (
        event(data={**DATA, "amount": {"minor": 1, "currency": "CNY"}}),
        Reason.FAILED_SCHEMA,
        "data: ",
    ),
    (event(data=[]), Reason.FAILED_SCHEMA, "data: not an object"),
    (event(type="shop.refund.applied.v7"), Reason.UNKNOWN_VERSION, "known: shop.refund.applied.v1"),
    (event(type="shop.refund.aplied.v1"), Reason.UNKNOWN_TYPE, "no such event type in the contracts"),
    (event(id=...), Reason.NOT_CLOUDEVENTS, "id is missing"),
    (event(source=""), Reason.NOT_CLOUDEVENTS, "source is empty"),
    (event(specversion="0.3"), Reason.NOT_CLOUDEVENTS, "specversion is not 1.0"),
    (event(time="2014-03-19 23:00"), Reason.NOT_CLOUDEVENTS, "time is not an RFC 3339 moment with an offset"),
    (event(data=...), Reason.NOT_CLOUDEVENTS, "exactly one of data and data_base64 is needed"),
    (event(time="2014-03-20T01:00:00Z"), Reason.TIME_OUT_OF_BOUNDS, "time: more than 300 seconds ahead"),
    (event(time="2011-01-01T00:00:00Z"), Reason.TIME_OUT_OF_BOUNDS, "time: more than 800 days ago"),
    (event(subject="another-order"), Reason.WRONG_KEY, "the data names another subject"),
    (event(partitionkey="another-order"), Reason.WRONG_KEY, "the record's key is not the event's subject"),
    (event(data={**DATA, "terms_version": 2**70}), Reason.NOT_STORABLE, "terms_version: more than"),
    (event(data={**DATA, "statement_ref": "a\x00"}), Reason.NOT_STORABLE, "data has a NUL character"),
    (event(data={**DATA, "deep": json.loads("[" * 40 + "]" * 40)}), Reason.TOO_DEEP, "more than 32 levels"),
    (event(subject="x" * 300), Reason.TOO_LARGE, "subject: more than 256 characters"),
    ("{not json", Reason.BAD_JSON, "value"),
    ("just a line", Reason.BAD_JSON, "value"),
    ({"order_id": "o-1"}, Reason.NOT_CLOUDEVENTS, "specversion is not 1.0"),
    (kcat("shop.orders.v1"), Reason.WRONG_TOPIC, "this topic does not carry the type"),
    (kcat("shop.aftersales.v1", key="another"), Reason.WRONG_KEY, "the record's key is not"),
    (kcat("shop.aftersales.v1", amount=49.0), Reason.FAILED_SCHEMA, "amount: not an object (Money)"),
    ({**kcat("shop.aftersales.v1"), "headers": []}, Reason.NOT_CLOUDEVENTS, "ce_specversion is not 1.0"),
    ({**kcat("shop.aftersales.v1"), "payload": None}, Reason.NOT_CLOUDEVENTS, "the record has no value"),
    ({**kcat("shop.aftersales.v1"), "key": None}, Reason.WRONG_KEY, "the record's key is not"),
]


@pytest.mark.parametrize(("line", "reason", "detail"), BAD, ids=lambda value: str(value)[:40])
def test_a_bad_event_is_refused_with_the_words_of_its_dead_letter(
    line: object, reason: Reason, detail: str, tmp_path: Path
) -> None:
    result, [one] = judged(tmp_path, [line])

    assert result.exit_code == 1
    assert one["verdict"] == "refused"
    assert one["reason"] == reason.value
    assert detail in one["detail"]


def test_the_verdict_is_that_of_the_service_that_reads_the_type(tmp_path: Path) -> None:
    """The same record through refunds' own decoder, word for word."""
    _, [one] = judged(tmp_path, [kcat("shop.aftersales.v1", amount=49.0, lines="1")])
    decoder = Decoder(load_services(("refunds",))["refunds"], Limits(), by_marks=False, now=lambda: NOW)
    key, headers, _ = write(example_envelope(APPLIED), encode(APPLIED))
    value = json.dumps({**DATA, "amount": 49.0, "lines": "1"}).encode()

    entry = decoder.read(StoredOrigin("shop.aftersales.v1", 0, 41, key, tuple(headers), value))

    assert isinstance(entry, Rejected)
    assert (one["reason"], one["detail"]) == (entry.reason.value, entry.detail)


def test_a_repeat_is_taken_and_a_reused_id_is_not(tmp_path: Path) -> None:
    other = event(data={**DATA, "reason_code": "quality"})

    result, found = judged(tmp_path, [event(), event(), other, event(source="shop/other")])

    assert [one["verdict"] for one in found] == ["taken", "repeated", "refused", "taken"]
    assert found[2]["reason"] == "id_reused"
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("line", "remark"),
    [
        (event(data={**DATA, "amout": 1}), "amout: no field of RefundAppliedV1; nobody reads it"),
        (
            event(data={**DATA, "amount": {**DATA["amount"], "cur": "CNY"}}),
            "amount.cur: no field of Money; nobody reads it",
        ),
        (
            event(
                type="aftersales.refund.paid.v1",
                data=json.loads(encode(SAMPLES["aftersales.refund.paid.v1"])),
                subject=SAMPLES["aftersales.refund.paid.v1"].subject_of(),
            ),
            "announced by refunds alone, as aftersales/refunds",
        ),
        (event(data={**DATA, "kind": "not_recieved"}), "kind: not among the known values of RefundKind"),
    ],
)
def test_what_is_taken_and_probably_not_meant_is_remarked_on(
    line: dict[str, Any], remark: str, tmp_path: Path
) -> None:
    result, [one] = judged(tmp_path, [line])

    assert (result.exit_code, one["verdict"], one["remarks"]) == (0, "taken", [remark])
    assert run(tmp_path, [line], "--strict").exit_code == 1


def test_a_key_in_another_partition_than_with_murmur2_is_remarked_on(tmp_path: Path) -> None:
    """The contracts' silent mistake: librdkafka's default partitioner."""
    _, found = judged(tmp_path, [kcat("shop.aftersales.v1", number) for number in range(12)])

    quiet = [one for one in found if "remarks" not in one]
    assert len(quiet) == 1
    assert all("not hashed with murmur2" in one["remarks"][0] for one in found if one not in quiet)


def test_people_read_verdicts_remarks_and_a_summary(tmp_path: Path) -> None:
    result = run(tmp_path, [event(), event(), event(id="2", data={**DATA, "amount": 49.0}), "nonsense"])

    assert result.stdout.splitlines() == [
        "line 1  taken  shop.refund.applied.v1  refund-1/applied",
        "line 2  repeated  shop.refund.applied.v1  refund-1/applied",
        "line 3  refused  shop.refund.applied.v1  2",
        "    failed_schema: amount: not an object (Money)",
        "line 4  refused  (no type)",
        "    bad_json: value",
        "4 events: 1 taken, 1 repeated, 2 refused (bad_json 1, failed_schema 1)",
        "4 recorded without a key: judged as if the key were the subject",
    ]
    shown = run(tmp_path, [event(), "nonsense"], "--refused").stdout
    assert "line 1" not in shown
    assert "line 2  refused" in shown


def test_events_of_other_sources_are_left_out_and_counted(tmp_path: Path) -> None:
    result = run(tmp_path, [event(), "nonsense"], "--source", "shop/", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["summary"] == {
        "events": 1, "taken": 1, "repeated": 0, "refused": 0, "reasons": {}, "remarks": 0,
        "without_key": 1, "left_out": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "there is no event"),
        (" \n\n", "there is no event"),
        ("[{}]", "a JSON array: write one event a line"),
        ('{\n  "specversion": "1.0"\n}', "an event over several lines"),
    ],
)
def test_what_cannot_be_read_ends_with_two(content: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    file.write_text(content)

    for arguments, given in (([str(file)], None), (["-"], content)):
        result = CliRunner().invoke(app, ["conformance", *arguments], input=given)
        assert result.exit_code == 2
        assert told in " ".join(result.stderr.split())
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no-such-file.jsonl"], "no-such-file.jsonl is neither a file nor a topic of the contracts"),
        (["shop.orders.v1"], "shop.orders.v1 cannot be read at 127.0.0.1:1"),
        (["."], ". cannot be read: Is a directory"),
    ],
)
def test_without_file_or_broker_one_line_says_so(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERSALES_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")

    result = CliRunner().invoke(app, ["conformance", *arguments])

    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


class Consumer:
    """A consumer of two partitions, of which the second ends with the mark of a transaction, not a record."""

    def __init__(self, *, is_stuck: bool = False) -> None:
        self._is_stuck = is_stuck
        self._at = dict.fromkeys(self.ends, 0)

    ends = {TopicPartition("shop.orders.v1", 0): 3, TopicPartition("shop.orders.v1", 1): 2}  # noqa: RUF012

    def assign(self, places: list[TopicPartition]) -> None:
        assert set(places) == set(self.ends)

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        return self.ends

    def seek(self, place: TopicPartition, offset: int) -> None:
        self._at[place] = offset

    async def position(self, place: TopicPartition) -> int:
        return self._at[place]

    async def getmany(
        self, *places: TopicPartition, timeout_ms: int
    ) -> dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]:
        assert timeout_ms
        if self._is_stuck:
            return {}
        found = {}
        for place in places:
            records = range(self._at[place], 5 if place.partition == 0 else 1)
            found[place] = [
                ConsumerRecord(place.topic, place.partition, offset, 0, 0, b"k", b"v", None, 1, 1, ())
                for offset in records
            ]
            self._at[place] = max(self.ends[place], 5)
        return found


async def test_a_topic_is_read_up_to_the_end_that_it_had() -> None:
    """Later records are another run's; a mark at the end is no record to wait for."""
    found = [one async for one in recordings.to_the_end(Consumer(), "shop.orders.v1", 2, None)]
    assert [one.where for one in found] == [
        "shop.orders.v1/0/0", "shop.orders.v1/0/1", "shop.orders.v1/0/2", "shop.orders.v1/1/0",
    ]  # fmt: skip
    assert {one.partitions_count for one in found} == {2}

    last = [one async for one in recordings.to_the_end(Consumer(), "shop.orders.v1", 2, 1)]
    assert [one.where for one in last] == ["shop.orders.v1/0/2"]


async def test_an_end_that_is_not_reached_is_said() -> None:
    with pytest.raises(CommandError, match="its end is not reached"):
        _ = [one async for one in recordings.to_the_end(Consumer(is_stuck=True), "shop.orders.v1", 2, None)]


@pytest.mark.stack
async def test_a_topic_on_a_broker_is_judged_to_its_end(stack: devstack.Stack) -> None:
    """The topic is the test's own: services of other tests read those of the contracts on this broker."""
    topic, broker = "shop.aftersales.recorded", stack.bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    if topic not in await admin.list_topics():
        await admin.create_topics([NewTopic(topic, 12, 1)])
    await admin.close()
    key, headers, value = write(example_envelope(APPLIED), encode(APPLIED))
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        sent = await producer.send_and_wait(topic, value, key=key, headers=headers)

    found = [one async for one in recordings.from_topic(Kafka(bootstrap_servers=broker), topic)]

    place = f"{topic}/{sent.partition}/{sent.offset}"
    [own] = [one for one in found if one.where == place]
    assert (own.key, own.value, own.partitions_count) == (key, value, 12)
    with pytest.raises(CommandError, match="is not on"):
        _ = [one async for one in recordings.from_topic(Kafka(bootstrap_servers=broker), "shop.nothing.v1")]
