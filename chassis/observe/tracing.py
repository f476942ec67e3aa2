"""Traces decisions along an order: a span per decision, exported in the background. Off without an endpoint.

Ids are derived, not drawn. An event without a trace context belongs to the trace of its correlation (mostly
the order id), so all services choose the same trace. A decision that is made again after a rollback has the
same ids. Spans hold names from the code and rule ids. Spans hold no id of an order, a customer or an event,
and no content.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from chassis import clock
from chassis.engine.records import Cause, FactRecord
from chassis.settings import Tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII)
SAMPLED = 0x01
LOW_64 = (1 << 64) - 1
SCOPE = "aftersales"
QUEUE_COUNT = 8_192
"""Most spans that wait for export. Further spans are dropped, so that a dead collector costs no memory."""
EXPORT_COUNT = 1_024
EXPORT_PAUSE_MS = 1_000


@dataclass(frozen=True, slots=True)
class Context:
    """A trace, the parent span (0: none), and whether the trace is recorded."""

    trace_id: int
    span_id: int
    is_sampled: bool

    @property
    def traceparent(self) -> str:
        """The context in W3C notation."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{SAMPLED if self.is_sampled else 0:02x}"


def parsed(traceparent: str | None) -> Context | None:
    """Parses a W3C trace context. None where the context is absent or invalid."""
    found = None if traceparent is None else TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return Context(trace_id, span_id, bool(flags & SAMPLED)) if trace_id and span_id else None


def trace_of(correlation: str) -> int:
    """Derives the trace of everything about one order (or customer, or parcel) that came without a trace."""
    return int.from_bytes(blake2b(correlation.encode(), digest_size=16, person=b"trace").digest()) or 1


def is_chosen(trace_id: int, ratio: float) -> bool:
    """Tells whether a trace is in the sampled share. Every service comes to the same answer."""
    return trace_id & LOW_64 < ratio * (1 << 64)


class Exporting(Protocol):
    """Exports finished spans: OpenTelemetry's batch processor. It takes spans at once and never waits."""

    def on_end(self, span: "ReadableSpan") -> None: ...
    def shutdown(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """The span of one decision, before it is committed."""

    facts: Sequence[FactRecord]
    cause: Cause
    parent: Context
    own: Context
    began_at: datetime


class Tracer:
    """Makes the spans of one process."""

    def __init__(self, service: str, sample_ratio: float, exporting: Exporting) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._service = service
        self._sample_ratio = sample_ratio
        self._exporting = exporting
        self._resource = Resource.create({"service.name": f"aftersales-{service}"})
        self._scope = InstrumentationScope(SCOPE)

    def decided(self, facts: list[FactRecord], began_at: datetime) -> list[Decision]:
        """Gives each decision of a batch a span before the batch is written. The facts carry its id."""
        decisions: list[Decision] = []
        last: tuple[Cause, str, str] | None = None
        group: list[FactRecord] = []
        for index, fact in enumerate(facts):
            cause = fact.cause
            parent = self.context_of(fact)
            if not parent.is_sampled:
                last = None
                continue
            decision = cause, fact.kind, fact.case_id
            if decision != last:
                last, group = decision, []
                own = Context(parent.trace_id, self._span_id(fact), is_sampled=True)
                decisions.append(Decision(group, cause, parent, own, began_at))
            group.append(fact)
            facts[index] = replace(fact, cause=replace(cause, trace=decisions[-1].own.traceparent))
        return decisions

    def committed(self, decisions: Sequence[Decision]) -> None:
        """Exports the spans of a batch that is in the database."""
        now = clock.now()
        for decision in decisions:
            self._exporting.on_end(self._span(decision, now))

    def close(self) -> None:
        """Exports the waiting spans. Takes as long as the collector takes, within the export's time limit."""
        self._exporting.shutdown()

    def context_of(self, fact: FactRecord) -> Context:
        """Finds the context of a fact's decision: that of the cause, else the trace of the correlation."""
        given = parsed(fact.cause.trace)
        if given is not None:
            return given
        trace_id = trace_of(fact.subject if fact.cause.type == "deadline" else fact.cause.correlation)
        return Context(trace_id, 0, is_chosen(trace_id, self._sample_ratio))

    def _span_id(self, fact: FactRecord) -> int:
        name = f"{self._service}/{fact.kind}/{fact.case_id}/{fact.version}"
        return int.from_bytes(blake2b(name.encode(), digest_size=8, person=b"span").digest()) or 1

    def _span(self, decision: Decision, ended_at: datetime) -> "ReadableSpan":
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, SpanKind, TraceFlags

        def context(of: Context, *, is_remote: bool) -> SpanContext:
            return SpanContext(of.trace_id, of.span_id, is_remote, TraceFlags(TraceFlags.SAMPLED))

        first = decision.facts[0]
        is_event = decision.cause.type != "deadline"
        return ReadableSpan(
            f"decide {first.kind}",
            context=context(decision.own, is_remote=False),
            parent=context(decision.parent, is_remote=True) if decision.parent.span_id else None,
            resource=self._resource,
            instrumentation_scope=self._scope,
            kind=SpanKind.CONSUMER if is_event else SpanKind.INTERNAL,
            attributes={
                "aftersales.case.kind": first.kind,
                "aftersales.cause.type": decision.cause.type,
                "aftersales.facts": [fact.name for fact in decision.facts],
                "aftersales.rules": sorted({r for f in decision.facts for r in f.rules.split(",") if r}),
                "aftersales.policy": first.policy,
                "aftersales.outcomes": [f.event_type for f in decision.facts if f.event_type is not None],
                "aftersales.event_time": first.at.isoformat(),
            },
            start_time=_nanoseconds(decision.began_at),
            end_time=_nanoseconds(max(ended_at, decision.began_at)),
        )


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000


def open_tracer(settings: Tracing, service: str) -> Tracer | None:
    """Opens the tracer of a process. None without an endpoint.

    OpenTelemetry's own variables, `OTEL_...`, set the rest (headers, certificates, compression, resource
    attributes). Raises ImportError where the extra `tracing` is not installed.
    """
    if settings.endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ImportError("an endpoint for traces is set: install aftersales[tracing]") from error
    exporter = OTLPSpanExporter(endpoint=settings.endpoint, timeout=settings.export_timeout_seconds)
    processor = BatchSpanProcessor(
        exporter,
        max_queue_size=QUEUE_COUNT,
        schedule_delay_millis=EXPORT_PAUSE_MS,
        max_export_batch_size=EXPORT_COUNT,
    )
    return Tracer(service, settings.sample_ratio, processor)
