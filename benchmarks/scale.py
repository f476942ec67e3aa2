"""Sets the sizes of a run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run of all benchmarks. A case is nine events, of which six are measured."""

    name: str
    rounds_count: int
    cases_count: int
    """Cases of one stream of a round."""
    per_message_count: int
    """Events of the per-message loop in a round."""
    herd_count: int
    """Deadlines that are due at once."""
    herd_live_cases_count: int
    """Cases of the live stream beside them; their events must outlast the deadlines or nearly so."""
    pending_count: int
    pending_rounds_count: int
    latency_seconds: int
    memory_cases_count: int
    processor_rounds_count: int
    processor_cases_count: int
    processor_deadlines_count: int


FULL = Scale(
    name="full",
    rounds_count=3,
    cases_count=10_000,
    per_message_count=2_000,
    herd_count=200_000,
    herd_live_cases_count=25_000,
    pending_count=1_000_000,
    pending_rounds_count=3,
    latency_seconds=20,
    memory_cases_count=56_000,
    processor_rounds_count=5,
    processor_cases_count=6_000,
    processor_deadlines_count=8_000,
)
QUICK = Scale(
    name="quick",
    rounds_count=1,
    cases_count=3_000,
    per_message_count=600,
    herd_count=20_000,
    herd_live_cases_count=4_000,
    pending_count=50_000,
    pending_rounds_count=1,
    latency_seconds=6,
    memory_cases_count=6_000,
    processor_rounds_count=2,
    processor_cases_count=1_000,
    processor_deadlines_count=1_500,
)
