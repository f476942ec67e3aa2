"""Spans of decisions: derived ids, sampling, what an outcome carries on; by OpenTelemetry's own SDK."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.engine.records import Cause, FactRecord
from chassis.observe.tracing import Tracer, is_chosen, open_tracer, parsed, trace_of
from chassis.settings import Tracing

AT = datetime(2026, 3, 2, tzinfo=UTC)
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = GIVEN[:-1] + "0"
EVENT = Cause("shop.order.placed.v1", "shop/orders", "e1", "order-1", None)


def fact(case_id: str, version: int, cause: Cause = EVENT, kind: str = "order") -> FactRecord:
    return FactRecord(
        "order-1", kind, case_id, version, "Opened", AT, "{}", "one,two", "p@2026-01-01", cause,
        "aftersales.case.changed.v1", "order-1", "{}",
    )  # fmt: skip


class Traced:
    """A tracer, and what it exported."""

    def __init__(self, ratio: float, service: str = "refunds") -> None:
        self.exporter = InMemorySpanExporter()
        self.tracer = Tracer(service, ratio, SimpleSpanProcessor(self.exporter))

    def batch(self, *facts: FactRecord) -> list[FactRecord]:
        """One batch that is committed; its facts as they are written."""
        written = list(facts)
        self.tracer.committed(self.tracer.decided(written, AT))
        return written

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()


def test_a_decision_is_one_span_that_continues_its_cause_and_goes_on_in_its_facts() -> None:
    traced = Traced(0.0)
    cause = replace(EVENT, trace=GIVEN)
    written = traced.batch(fact("c1", 1, cause), fact("c1", 2, cause), fact("c2", 1, cause))
    first, second = traced.spans
    for span in (first, second):
        assert span.context is not None
        assert span.parent is not None
        assert (span.context.trace_id, span.parent.span_id) == (int(GIVEN[3:35], 16), int(GIVEN[36:52], 16))
    assert first.attributes is not None
    assert first.attributes["aftersales.facts"] == ["Opened", "Opened"]
    assert first.attributes["aftersales.rules"] == ["one", "two"]
    traces = [one.cause.trace for one in written]
    assert traces[0] == traces[1] != traces[2]
    assert first.context is not None
    assert traces[0] == f"00-{GIVEN[3:35]}-{first.context.span_id:016x}-01"


def test_an_order_without_a_context_has_the_same_trace_in_every_service() -> None:
    refunds, reviews = Traced(1.0), Traced(1.0, "reviews")
    refunds.batch(fact("c1", 1))
    reviews.batch(fact("c1", 1))
    (one,), (other,) = refunds.spans, reviews.spans
    assert one.context is not None
    assert other.context is not None
    assert one.context.trace_id == other.context.trace_id == trace_of("order-1")
    assert one.context.span_id != other.context.span_id
    assert one.parent is None


def test_a_deadline_belongs_to_the_trace_of_its_subject() -> None:
    traced = Traced(1.0)
    traced.batch(fact("c1", 3, Cause("deadline", "aftersales/refunds", "order/c1/pay", "c1", None)))
    (span,) = traced.spans
    assert span.context is not None
    assert span.context.trace_id == trace_of("order-1")


def test_what_is_decided_again_after_a_rollback_is_told_once_with_the_same_ids() -> None:
    traced = Traced(1.0)
    traced.tracer.decided(lost := [fact("c1", 1)], AT)
    written = traced.batch(fact("c1", 1))
    assert len(traced.spans) == 1
    assert lost[0].cause.trace == written[0].cause.trace


def test_what_is_not_sampled_costs_nothing_and_passes_its_context_on_unchanged() -> None:
    traced = Traced(0.0)
    without, unsampled = fact("c1", 1), fact("c2", 1, replace(EVENT, trace=UNSAMPLED))
    written = traced.batch(without, unsampled)
    assert written[0] is without
    assert written[1] is unsampled
    assert traced.spans == ()


@pytest.mark.parametrize(
    "traceparent",
    [
        None, "", "x", GIVEN[:-1], "ff" + GIVEN[2:], GIVEN.upper(),
        GIVEN.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        GIVEN.replace("b7ad6b7169203331", "0" * 16), GIVEN + "x",
    ],
)  # fmt: skip
def test_a_context_that_is_none_is_not_followed(traceparent: str | None) -> None:
    assert parsed(traceparent) is None


def test_a_later_version_of_the_header_is_followed() -> None:
    found = parsed("01" + GIVEN[2:] + "-more")
    assert found is not None
    assert found.traceparent == GIVEN


def test_the_sampled_share_is_about_what_was_asked_for() -> None:
    chosen = sum(is_chosen(trace_of(f"order-{number}"), 0.25) for number in range(4_000))
    assert 800 < chosen < 1_200
    assert not any(is_chosen(trace_of(f"order-{number}"), 0.0) for number in range(100))
    assert all(is_chosen(trace_of(f"order-{number}"), 1.0) for number in range(100))


def test_without_an_endpoint_there_is_no_tracer() -> None:
    assert open_tracer(Tracing(), "refunds") is None
    tracer = open_tracer(Tracing(endpoint="http://127.0.0.1:9/v1/traces"), "refunds")
    assert tracer is not None
    tracer.close()
