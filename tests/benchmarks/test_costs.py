"""Processor time per event from readings that are made up. No timing."""

import pytest

from benchmarks.costs import GROSS, Cost, Round, Spent, Spread, cells, compare, idle_lines, lines, turns


def _round(factor: float = 1.0) -> Round:
    """An idle second costs 10, 20 and 30 ms; an event 100, 50 and 25 us, a deadline twice that."""

    def spent(wall_seconds: float, count: int, times: float) -> Spent:
        parts = [(100, 10), (50, 20), (25, 30)]
        return Spent(
            wall_seconds,
            *(count * times * factor * us / 1e6 + wall_seconds * ms / 1e3 for us, ms in parts),
        )

    return Round(spent(5, 0, 0), spent(4, 1_000, 2), 1_000, spent(20, 6_000, 1), 6_000)


def _close(cost: Cost, *wanted: float) -> bool:
    return (cost.service, cost.postgresql, cost.broker) == pytest.approx(wanted)


def test_a_window_is_the_difference_of_two_readings() -> None:
    assert Spent(9, 8, 7, 6) - Spent(5, 1, 2, 3) == Spent(4, 7, 5, 3)


def test_idle_time_is_taken_off_by_the_length_of_the_window() -> None:
    done = _round()
    assert _close(done.idle_cost(), 10_000, 20_000, 30_000)
    assert _close(done.cost("live event"), 100, 50, 25)
    assert _close(done.cost("deadline"), 200, 100, 50)
    assert done.cost("deadline").total == pytest.approx(350)


def test_gross_costs_have_the_idle_time_within() -> None:
    assert _close(_round().gross("deadline"), 200 + 40, 100 + 80, 50 + 120)


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    spread = Spread.of([3.0, 1.0, 100.0])
    assert spread == Spread(3.0, 1.0, 100.0)
    assert str(Spread.of([1_234.4, 1_300, 1_200])) == "1,234 (1,200 to 1,300)"


def test_the_total_is_summed_up_in_each_round_and_not_from_medians() -> None:
    total = {(line.kind, line.part): line.spread for line in lines([_round(f) for f in (1, 2, 9)])}
    assert total["live event", "total"].median == pytest.approx(350)
    assert total["live event", "total"].most == pytest.approx(9 * 175)
    assert total["deadline", GROSS].least == pytest.approx(350 + 240)
    assert total["deadline", "broker"].least == pytest.approx(50)


def test_the_table_has_a_row_for_each_kind_and_one_for_the_idle_second() -> None:
    rounds = [_round()]
    assert [row[0] for row in cells(rounds)] == ["live event", "deadline", "idle second"]
    assert {len(row) for row in cells(rounds)} == {6}
    assert idle_lines(rounds)[-1].spread.median == pytest.approx(60_000)


def test_two_checkouts_are_compared_by_the_ratio_of_their_medians() -> None:
    before = [_round(factor) for factor in (1.0, 1.1, 5.0)]
    after = [_round(factor) for factor in (1.1, 1.21, 1.0)]
    for row in (row for row in compare(before, after) if row.before.part != GROSS):
        assert row.ratio == pytest.approx(1.0)
        assert row.is_met
        assert (row.pairs.median, row.pairs.least) == pytest.approx((1.1, 0.2))
    assert not any(row.is_met for row in compare([_round()], [_round(1.06)]) if row.before.part != GROSS)


def test_there_is_no_ratio_where_the_idle_cost_was_more_than_what_was_spent() -> None:
    good = _round()
    odd = Round(good.idle, good.deadlines, good.deadlines_count, Spent(20, 0, 20, 20), good.live_count)
    found = {(row.before.kind, row.before.part): row for row in compare([good], [odd])}
    assert found["live event", "service"].ratio is None
    assert found["live event", "service"].is_met is None
    assert found["deadline", "service"].is_met


def test_rounds_alternate_so_that_drift_falls_on_both() -> None:
    assert turns(3, "A", "B") == [("A", "B"), ("B", "A"), ("A", "B")]
