"""Measures events per second, end to end: our service in one and two processes, and the two baselines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from benchmarks import baseline, broker
from benchmarks.lab import Lab, Measured, frozen, measured, utc_now
from benchmarks.scale import Scale
from benchmarks.stream import Stream

Tell = Callable[[str], None]
PLAIN_TOPIC = "bench.plain.v1"
SINGLE_TOPIC = "bench.single.v1"


@dataclass
class Throughput:
    """Each contestant's rounds, in order."""

    rounds: dict[str, list[Measured]] = field(default_factory=dict[str, list[Measured]])

    def add(self, name: str, run: Measured) -> None:
        self.rounds.setdefault(name, []).append(run)

    def rate(self, name: str) -> float:
        """Median of the rounds, in events per second."""
        return median(run.rate for run in self.rounds[name])

    def ratios(self) -> dict[str, float]:
        """Ours against each of the others."""
        ours = self.rate("one_process")
        return {
            "per_message_loop": ours / self.rate("per_message_loop"),
            "plain_batch_loop": ours / self.rate("plain_batch_loop"),
            "two_processes": self.rate("two_processes") / ours,
        }


async def run_ours(lab: Lab, database: str, stream: Stream, processes_count: int = 1) -> Measured:
    """One run of our service over a stream of its own; the orders before it are the warm-up."""
    async with lab.serving(database, processes_count) as parts:
        await lab.publish(stream.set_up(utc_now() - stream.length))
        await lab.caught_up(database, parts)
        await lab.settle()
        before = await lab.ends([broker.OUTCOME_TOPIC])
        async with frozen(parts):
            await lab.publish(stream.measured(utc_now()))
        await lab.caught_up(database, parts)
        return measured(stream.count, await lab.outcomes(broker.OUTCOME_TOPIC, before))


async def run(lab: Lab, scale: Scale, tell: Tell) -> Throughput:
    """All rounds: in each every contestant runs once; whether one or two processes go first alternates."""
    await lab.make_database("rounds")
    result = Throughput()
    for number in range(scale.rounds_count):
        order = (1, 2) if number % 2 == 0 else (2, 1)
        start = await lab.ends(baseline.INPUTS)
        count = await _ours(lab, scale, result, number, order[0], tell)
        for name, module, topic, events in (
            ("plain_batch_loop", "plain_batch", PLAIN_TOPIC, count),
            ("per_message_loop", "per_message", SINGLE_TOPIC, min(count, scale.per_message_count)),
        ):
            done = await lab.run_baseline(module, topic, start, events)
            result.add(name, done)
            tell(f"round {number + 1}: {name} {done.rate:,.0f} events/s")
        await _ours(lab, scale, result, number, order[1], tell)
    return result


async def _ours(lab: Lab, scale: Scale, result: Throughput, number: int, processes: int, tell: Tell) -> int:
    stream = Stream(f"t{number}{processes}", scale.cases_count)
    done = await run_ours(lab, "rounds", stream, processes)
    name = "one_process" if processes == 1 else "two_processes"
    result.add(name, done)
    tell(f"round {number + 1}: {name} {done.rate:,.0f} events/s")
    return stream.count
