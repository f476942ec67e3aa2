"""The fuzzer in small: its inputs hold, are the same each time, reach far, and a fault is found."""

from typing import Any

import pytest

from aftersales_contracts.reasons import Reason
from chassis.ingest.schema_errors import explain
from tests.fuzz.engine import fuzz, make_mutator

COUNT = 2_500
BEHIND_THE_DECODER = {Reason.ID_REUSED, Reason.WAITED_TOO_LONG, Reason.RULE_FAILED, Reason.RECORDS_LOST}


def test_every_input_is_judged_and_every_reason_is_met() -> None:
    tally = fuzz(1, COUNT)
    assert [str(found) for found in tally.found] == []
    assert tally.inputs == COUNT
    assert {*Reason} - BEHIND_THE_DECODER <= tally.outcomes.keys()
    assert sum(name.startswith(("shop.", "aftersales.")) for name in tally.outcomes) > 20
    assert tally.kept > 100


def test_the_same_seed_draws_the_same_inputs() -> None:
    one, two = make_mutator(3), make_mutator(3)
    for _ in range(200):
        assert one.change(one.fresh(), ()) == two.change(two.fresh(), ())
    assert fuzz(5, 300).outcomes == fuzz(5, 300).outcomes


def test_a_detail_that_repeats_content_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def indiscreet(error: Any, event_class: Any) -> tuple[Reason, str]:
        return explain(error, event_class)[0], str(error)

    monkeypatch.setattr("chassis.ingest.decoder.explain", indiscreet)
    assert any("repeats content" in found.fault for found in fuzz(1, 500).found)


def test_an_exception_that_leaves_the_decoder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("chassis.ingest.decoder.explain", careless)
    found = fuzz(1, 500).found
    assert {f.fault for f in found} == {"ZeroDivisionError left the border"}
    assert "StoredOrigin(" in str(found[0])
