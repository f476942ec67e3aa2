"""Processor time is measured on real events, of the checkout that was named. No timing."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import baseline
from benchmarks.checkout import Checkout
from benchmarks.lab import ROOT, BenchmarkError
from benchmarks.processor import DEADLINE_OUTCOMES, LIVE_OUTCOMES, applications
from benchmarks.rules import _LIMITS, play
from benchmarks.stream import STEPS, Stream
from benchmarks.watch import behind, total
from chassis.engine.engine import Engine
from chassis.engine.registry import Registry
from services.refunds.service import REFUNDS

DUE_AT = datetime.fromisoformat("2026-05-04T12:00:00+00:00")
TICK = timedelta(microseconds=1)


def test_every_application_is_due_at_its_moment_and_not_before() -> None:
    waiting = Stream("d", 20, spread_count=7)
    orders = waiting.set_up(DUE_AT - timedelta(days=6))
    played = play([*orders, *applications(waiting, DUE_AT)], DUE_AT - TICK)
    assert played.dead_count == 0
    for moment, count in ((DUE_AT - TICK, 0), (DUE_AT, 20 * DEADLINE_OUTCOMES)):
        engine = Engine(Registry(REFUNDS), played.subjects, moment, moment, _LIMITS)
        for subject in played.subjects:
            engine.fire_due(subject)
        assert sum(fact.event_type is not None for fact in engine.facts) == count


def test_a_live_case_has_as_many_outcomes_as_its_events() -> None:
    assert sum(baseline.OUTCOMES.values()) == LIVE_OUTCOMES
    assert len(baseline.OUTCOMES) == len(STEPS)


def test_outcomes_are_counted_by_the_ends_of_partitions() -> None:
    before = {("t", 0): 7, ("t", 1): 4}
    assert total({("t", 0): 9, ("t", 1): 4, ("t", 2): 3}, before) == 5


def test_a_group_that_never_committed_stands_where_the_topics_begin() -> None:
    start = {("t", 0): 7, ("t", 1): 4}
    ends = {("t", 0): 9, ("t", 1): 4}
    assert behind(ends, start, {}) == 2
    assert behind(ends, start, {("t", 0): 8}) == 1
    assert behind(ends, start, {("t", 0): 9}) == 0


async def test_the_service_is_the_checkout_s_own() -> None:
    own = Checkout.own("own")
    version = await own.check()
    assert version.startswith("3.")
    stranger = Checkout("stranger", ROOT / "docs", own.python)
    with pytest.raises(BenchmarkError):
        await stranger.check()


def test_no_variable_leads_a_process_to_modules_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("AFTERSALES_KAFKA__GROUP_PREFIX", "nowhere")
    environment = Checkout("other", Path("/other"), Path("/other/python")).environment({"A": "b"})
    assert "nowhere" not in "".join(environment.values())
    assert environment["PYTHONSAFEPATH"] == "1"
    assert environment["A"] == "b"


def test_a_checkout_without_its_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="make setup"):
        Checkout.at("other", tmp_path)
