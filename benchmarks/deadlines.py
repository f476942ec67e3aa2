"""Measures the cost of deadlines: a herd due at once beside live events, and a great many that only wait."""

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from benchmarks import broker
from benchmarks.lab import BenchmarkError, Lab, Measured, utc_now
from benchmarks.pending import pend
from benchmarks.scale import Scale
from benchmarks.stream import Stream
from benchmarks.throughput import Tell, run_ours

HERD = "herd"
GRANTED = b"aftersales.refund.payment-requested.v1"
HERD_GAP_MICROSECONDS = 50
"""Short, so that all live events lie after the herd's moment and before its first repeated payment."""


@dataclass(frozen=True, slots=True)
class Herd:
    """Deadlines that paid, and live events, while both were there; and live events by themselves."""

    count: int
    seconds: float
    """From the first to the last of the deadlines."""
    together_seconds: float
    """While both were at work: what the rates are taken over."""
    deadlines_rate: float
    live_rate: float
    alone: list[Measured]

    def ratios(self) -> dict[str, float]:
        """Deadlines against the live events beside them, and these against live events alone."""
        return {
            "deadlines_to_live": self.deadlines_rate / self.live_rate,
            "live_during_herd": self.live_rate / median(run.rate for run in self.alone),
        }


@dataclass(frozen=True, slots=True)
class Pending:
    """Live events with and without deadlines that are not due for days."""

    count: int
    without: list[Measured]
    beside: list[Measured]

    def ratios(self) -> dict[str, float]:
        beside = median(run.rate for run in self.beside)
        return {"live_with_pending": beside / median(run.rate for run in self.without)}


async def run_herd(lab: Lab, scale: Scale, tell: Tell) -> Herd:
    """One process; live events alone, then with the herd, then alone again."""
    await lab.make_database(HERD)
    alone = [await _live_alone(lab, scale, "h0")]
    stream = Stream("h1", scale.herd_live_cases_count, gap_microseconds=HERD_GAP_MICROSECONDS)
    async with lab.serving(HERD) as parts:
        await lab.publish(stream.set_up(utc_now() - timedelta(minutes=10)))
        await lab.caught_up(HERD, parts)
    tell(f"live events alone {alone[0].rate:,.0f}/s; writing {scale.herd_count:,} deadlines")
    before = await lab.ends([broker.OUTCOME_TOPIC])
    until = utc_now()
    await lab.publish(stream.measured(until))
    async with lab.connection(HERD) as connection:
        await pend(connection, HERD, scale.herd_count, until - stream.length - timedelta(seconds=5))
        await connection.execute("ANALYZE cases")
    await lab.settle()
    async with lab.serving(HERD) as parts:
        await lab.caught_up(HERD, parts, is_due_too=True)
    seen = await lab.outcomes(broker.OUTCOME_TOPIC, before)
    alone.append(await _live_alone(lab, scale, "h2"))
    return _herd(scale.herd_count, stream, seen, alone)


async def _live_alone(lab: Lab, scale: Scale, prefix: str) -> Measured:
    return await run_ours(lab, HERD, Stream(prefix, scale.cases_count))


def _herd(count: int, stream: Stream, seen: list[broker.Seen], alone: list[Measured]) -> Herd:
    paid = [s.published_at for s in seen if s.key.startswith(b"herd-") and s.headers["ce_type"] == GRANTED]
    live = [s.published_at for s in seen if not s.key.startswith(b"herd-")]
    if len(paid) != count:
        raise BenchmarkError(f"{len(paid)} payments for {count} deadlines")
    start, end = max(min(paid), min(live)), min(max(paid), max(live))
    seconds = end - start
    if seconds <= 0:
        raise BenchmarkError("deadlines and live events were never at work together")
    events_per_outcome = stream.count / len(live)
    return Herd(
        count=count,
        seconds=max(paid) - min(paid),
        together_seconds=seconds,
        deadlines_rate=sum(start <= moment <= end for moment in paid) / seconds,
        live_rate=sum(start <= moment <= end for moment in live) * events_per_outcome / seconds,
        alone=alone,
    )


async def run_pending(lab: Lab, scale: Scale, tell: Tell) -> Pending:
    """The same stream on two databases, in turn: one with waiting deadlines, one without."""
    for name in ("without", "beside"):
        await lab.make_database(name)
    tell(f"writing {scale.pending_count:,} deadlines that are not due")
    async with lab.connection("beside") as connection:
        first_at = utc_now() + timedelta(days=1)
        await pend(connection, "p", scale.pending_count, first_at, moments_count=500, with_orders=False)
        await connection.execute("VACUUM ANALYZE cases")
    runs: dict[str, list[Measured]] = {"without": [], "beside": []}
    for number in range(scale.pending_rounds_count):
        for name in ("without", "beside") if number % 2 == 0 else ("beside", "without"):
            done = await run_ours(lab, name, Stream(f"p{number}{name[0]}", scale.cases_count))
            runs[name].append(done)
            tell(f"round {number + 1}: {name} pending deadlines {done.rate:,.0f} events/s")
    return Pending(scale.pending_count, runs["without"], runs["beside"])
