"""The judge's own parts: each sees what it is there for, and the inputs are what they are said to be."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Any

import pytest

from aftersales_contracts.envelope import EnvelopeError, read
from aftersales_contracts.readers import READS
from aftersales_contracts.registry import EVENTS, read_as_newest, topics_of
from tests.faults.proof.fact_checks import Case, End, FactChecks, Money
from tests.faults.proof.generator import Generator, Input, Told
from tests.faults.proof.ledger import digest, place, place_of
from tests.faults.proof.log import Log, inbox_key
from tests.faults.proof.reducer import AGREEMENT, INTENT, Reducer
from tests.faults.proof.stories import CANARY
from tests.faults.proof.verdict import Verdict

COUNT = 20_000
ACCOUNT = ("o1", "CNY")


@pytest.fixture(scope="module")
def inputs() -> list[Input]:
    return list(Generator(7, COUNT, tag="s7"))


def test_the_same_seed_tells_the_same(inputs: list[Input]) -> None:
    again = list(Generator(7, COUNT, tag="s7"))
    assert [(one.draft.topic, one.draft.key, one.fate) for one in again] == [
        (one.draft.topic, one.draft.key, one.fate) for one in inputs
    ]


def test_the_shares_are_those_that_a_report_promises(inputs: list[Input]) -> None:
    kinds = Counter(one.fate.kind for one in inputs)
    assert kinds["repeat"] >= 0.05 * len(inputs)
    assert kinds["reject"] >= 0.01 * len(inputs)
    assert kinds["other_body"] > 50
    reasons = {reason for one in inputs for reason in one.fate.reasons}
    assert len(reasons) == 12


def test_every_type_that_a_service_is_told_from_outside_is_told(inputs: list[Input]) -> None:
    told = {
        (dict(one.draft.headers)["ce_type"] or b"").decode() for one in inputs if one.fate.kind == "effect"
    }
    read_types = {name for names in READS.values() for name in names if name.startswith("shop.")}
    assert read_types <= told


def test_good_inputs_are_good_by_the_contracts_and_poison_of_the_envelope_is_not(inputs: list[Input]) -> None:
    for one in inputs[:3_000]:
        draft = one.draft
        if one.fate.kind in ("effect", "repeat"):
            envelope, data = read(draft.key, draft.headers, draft.value)
            assert read_as_newest(envelope.type, data).subject_of() == envelope.subject
            assert draft.topic in topics_of(EVENTS[envelope.type])
        elif one.fate.reasons & {"not_cloudevents", "bad_utf8", "too_deep", "not_storable"} and (
            one.fate.scope == "topic"
        ):
            with pytest.raises(EnvelopeError):
                read(draft.key, draft.headers, draft.value)


def test_the_canary_is_in_what_is_told(inputs: list[Input]) -> None:
    assert sum(CANARY.encode() in (one.draft.value or b"") for one in inputs) > 1_000


def test_places_and_digests_tell_records_apart() -> None:
    assert place_of(place("shop.scans.v1", 23, 2**40)) == ("shop.scans.v1", 23, 2**40)
    records: list[Any] = [(b"k", (("a", b"b"),), b"v"), (b"k", (("a", None),), b"v"), (None, (), b"v")]
    assert len({digest(*record) for record in records}) == 3
    assert digest(b"k", [("a", b"b")], b"v") == digest(*records[0])


def _request(intent: str, minor: int, refund: str = "r1") -> dict[str, Any]:
    amount = {"minor": minor, "currency": "CNY"}
    return {"intent_id": intent, "order_id": "o1", "purpose": "refund", "amount": amount, "refund_id": refund}


def _fact(event_type: str, told: dict[str, Any], name: str = "") -> Any:

    return {"name": name, "case_id": told["intent_id"], "event_type": event_type, "event": dumps(told)}


REQUESTED, PAID = "aftersales.refund.payment-requested.v1", "aftersales.refund.paid.v1"


@pytest.mark.parametrize(
    ("facts", "broken"),
    [
        ([(REQUESTED, _request("i1", 60)), (PAID, _request("i1", 60))], 0),
        ([(REQUESTED, _request("i1", 60)), (REQUESTED, _request("i1", 60))], 0),
        ([(REQUESTED, _request("i1", 60)), (REQUESTED, _request("i2", 41, "r2"))], 1),
        ([(REQUESTED, _request("i1", 101))], 1),
        ([(REQUESTED, _request("i1", 60)), (PAID, _request("i1", 60)), (PAID, _request("i1", 60))], 1),
        ([(REQUESTED, _request("i1", 10)), (REQUESTED, _request("i2", 10))], 1),
    ],
)
def test_money_that_is_not_there_is_seen(facts: list[tuple[str, dict[str, Any]]], broken: int) -> None:
    verdict = Verdict()

    def blame(invariant: str, text: str, about: object = "") -> None:
        verdict.blame(invariant, "refunds", text, about)

    money = Money({ACCOUNT: {"p1": 100}}, blame)
    for event_type, told in facts:
        money.take(_fact(event_type, told))
    assert verdict.broken["I2"] == broken


def _judged(
    states: dict[str, str], story: str, *, is_in_time: bool = True, fired: int = 0, strays: int = 0
) -> Verdict:
    verdict, log = Verdict(), Log()
    due_at = datetime(2026, 1, 1, tzinfo=UTC)
    written = due_at + (timedelta(seconds=-5) if is_in_time else timedelta(seconds=5))
    log.written_ms["o1"], log.steps["o1"] = int(written.timestamp() * 1_000), 1
    ends: dict[Case, End] = {}
    for name, state in states.items():
        kind, _, rest = name.partition(".")
        end = ends["o1", kind, f"o1.{rest}" if rest else "o1"] = End(state=state)
        if state == "Settled":
            end.names["RefundPaid"] = 1
        if state == "Stray":
            end.names["StrayPaid"] = strays
        if name == f"{AGREEMENT}.r1" and fired:
            end.by_deadline["RefundDue"] = fired
            end.recorded_ms["RefundDue"] = log.written_ms["o1"]
    Reducer("refunds", log, ends, {story: 1}, verdict).check(Told("o1", story, due_at))
    return verdict


GRANTED = {f"{AGREEMENT}.r1": "Granted", f"{INTENT}.r1.refund.1": "Settled", "order": "Shipped"}


def test_a_story_that_ends_as_it_may_is_clean() -> None:
    assert _judged(GRANTED, "returned").is_clean
    assert _judged(GRANTED, "silent", fired=1).is_clean


def test_a_story_that_lost_a_step_is_seen() -> None:
    assert _judged({**GRANTED, f"{INTENT}.r1.refund.1": "Requested"}, "returned").broken["I7"] == 1
    assert _judged({"order": "Shipped"}, "returned").broken["I7"] == 1


def test_a_deadline_that_fired_twice_or_never_is_seen() -> None:
    assert _judged(GRANTED, "silent", fired=2).broken["I5"] == 1
    assert _judged(GRANTED, "silent").broken["I5"] == 1


def test_an_answer_in_time_may_not_lose_to_a_deadline() -> None:
    fired = {f"{AGREEMENT}.r1": "Granted", f"{INTENT}.r1.refund.1": "Requested", "order": "Shipped"}
    assert _judged(fired, "refused").broken["I7"] == 1
    assert _judged(fired, "refused", is_in_time=False).is_clean


def test_a_payment_that_was_told_of_without_a_grant_is_none_and_is_known_once() -> None:
    refused = {f"{AGREEMENT}.r1": "Refused", f"{INTENT}.r1.refund.1": "Stray", "order": "Shipped"}
    assert _judged(refused, "refused", strays=1).is_clean
    assert _judged(refused, "refused", strays=2).broken["I7"] == 1
    assert _judged({**refused, f"{AGREEMENT}.r1": "Granted"}, "returned", strays=1).broken["I7"] == 1


NEWS, DUE = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "broken"),
    [
        ([("news", "n1", NEWS), ("deadline", "d", NEWS)], 0),
        ([("news", "n1", NEWS), ("deadline", "d", NEWS), ("deadline", "d", NEWS)], 1),
        ([("news", "n1", NEWS), ("deadline", "d", NEWS), ("news", "n2", DUE), ("deadline", "d", NEWS)], 0),
        ([("news", "n1", NEWS), ("deadline", "d", DUE), ("news", "n2", DUE), ("deadline", "d", DUE)], 1),
        ([("news", "n1", NEWS), ("news", "n1", NEWS)], 1),
    ],
)
def test_the_same_effect_of_a_deadline_is_seen_twice_but_where_older_news_set_it_anew(
    facts: list[tuple[str, str, datetime]], broken: int
) -> None:
    told = [(cause, "Filed" if cause == "deadline" else name, name, at, "") for cause, name, at in facts]
    assert _of_facts(told).broken.total() == broken


@pytest.mark.parametrize(
    ("name", "bodies", "broken"),
    [
        ("DoubtsChanged", "aba", 0),
        ("DoubtsChanged", "aa", 1),
        ("DoubtsChanged", "abba", 1),
        ("Filed", "aba", 1),
    ],
)
def test_how_a_case_stands_is_told_anew_only_where_it_stood_otherwise_in_between(
    name: str, bodies: str, broken: int
) -> None:
    causes = {"a": "n1", "b": "n2"}
    assert _of_facts([("news", name, causes[body], NEWS, body) for body in bodies]).broken.total() == broken


def _of_facts(facts: list[tuple[str, str, str, datetime, str]]) -> Verdict:
    """Judges facts of one case: the type of the cause, the name, the cause, the moment, the body."""
    verdict, log = Verdict(), Log()
    known = {inbox_key("shop", name): 1 for name in ("n1", "n2")}
    checks = FactChecks("logistics", log, known, verdict)
    for number, (cause, name, cause_id, at, body) in enumerate(facts, start=1):
        source = "aftersales/logistics" if cause == "deadline" else "shop"
        row: Any = {
            "subject": "o1", "kind": "courier-claim", "case_id": "o1.claim", "version": number, "event": None,
            "name": name, "at": at, "recorded_at": NEWS, "body": body, "position": number,
            "cause_type": cause, "cause_source": source, "cause_id": cause_id,
        }  # fmt: skip
        checks.take(row)
    return verdict
