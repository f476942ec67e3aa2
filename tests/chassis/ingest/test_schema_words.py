"""Details of dead letters are in the contracts' words (P9): no library's word, and no content."""

import json
import re
from pathlib import Path
from random import Random

import pytest
from pydantic import ValidationError

from aftersales_contracts.asyncapi import load_samples
from aftersales_contracts.registry import EVENTS, encode, read_data
from aftersales_contracts.shop.aftersales import RefundAppliedV1
from chassis.ingest.schema_errors import explain
from chassis.ingest.schema_words import UNFIT
from tests.contracts.documents import ByModel, spoiled

SAMPLES = load_samples(Path(__file__).parents[3] / "contracts" / "samples")
APPLIED = json.loads(encode(SAMPLES["shop.refund.applied.v1"]))
LIBRARY = re.compile(
    r"(?<![a-z])(int|string|bool|list|dict|model|enum)_|_(length|than|equal)\b|value_error|pydantic"
)


def detail(document: object, event_class: type = RefundAppliedV1) -> str:
    with pytest.raises(ValidationError) as wrong:
        read_data(event_class, json.dumps(document).encode())
    return explain(wrong.value, event_class)[1]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": 49.0}, "amount: not an object (Money)"),
        ({"amount": {"minor": -1, "currency": "CNY"}}, "amount.minor: less than 0"),
        ({"amount": {"minor": 4900.5, "currency": "CNY"}}, "amount.minor: not a whole number"),
        (
            {"amount": {"minor": 4900, "currency": "cny"}},
            "amount.currency: not a currency: three capital letters of ISO 4217",
        ),
        ({"amount": {"currency": "CNY"}}, "amount.minor: missing"),
        ({"refund_id": ""}, "refund_id: empty"),
        ({"refund_id": 7}, "refund_id: not a text"),
        ({"refund_id": None}, "refund_id: null, where a value is needed"),
        ({"statement_ref": None}, "statement_ref: null is no value: leave the field out"),
        ({"refund_id": "a b"}, "refund_id: not an id: printable ASCII characters without spaces"),
        ({"lines": {}}, "lines: not a list"),
        ({"lines": ["1"]}, "lines.0: not an object (Share)"),
        ({"kind": "x" * 65}, "kind: not a text of 1 to 64 characters"),
        ({"is_agreed_beforehand": "yes"}, "is_agreed_beforehand: neither true nor false"),
        ({"terms_version": 2**60}, "terms_version: more than 9007199254740991"),
    ],
)
def test_a_detail_says_field_and_fault_as_the_contract_does(fields: dict[str, object], words: str) -> None:
    assert detail({**APPLIED, **fields}) == words


def test_a_moment_that_is_none_is_told_its_form() -> None:
    scan = json.loads(encode(SAMPLES["shop.parcel.scanned.v1"]))

    assert (
        detail({**scan, "occurred_at": "20261201"}, EVENTS["shop.parcel.scanned.v1"])
        == "occurred_at: not a moment: RFC 3339 with an offset, of the years 2000 to 2100"
    )


def test_data_that_is_no_object_is_told_so() -> None:
    assert detail([]) == "data: not an object"


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_whatever_is_wrong_has_words_of_its_own(name: str) -> None:
    """Documents with odd values in odd places: each detail has words, and none is a library's."""
    event_class, sample = EVENTS[name], json.loads(encode(SAMPLES[name]))
    refused = 0
    for number in range(120):
        dice = Random(f"{name} {number}")
        base = sample if number % 2 else ByModel(dice).make(event_class)
        try:
            read_data(event_class, json.dumps(spoiled(base, dice)).encode())
        except ValidationError as error:
            refused += 1
            _, told = explain(error, event_class)
            assert UNFIT not in told, told
            assert LIBRARY.search(told) is None, told
    assert refused
