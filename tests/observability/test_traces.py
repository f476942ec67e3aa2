"""One order through the four services as real processes, read from the spans that they export."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import asyncpg
import pytest
import pytest_asyncio

from aftersales_contracts.topics import SERVICES
from chassis.observe.tracing import trace_of
from cli.played import POOL_SIZE
from cli.stack import LocalStack
from simulator.records import announce
from tests.journeys.people import line
from tests.journeys.stage import DAY, HOUR, Order, Stage
from tests.observability.collector import Collector, Exported, collecting
from tests.support.running import Running

pytestmark = [pytest.mark.stack, pytest.mark.journey, pytest.mark.timeout(300)]
ALL = {f"aftersales-{name}" for name in SERVICES}
GIVEN_TRACE = "0af7651916cd43dd8448eb211c80319c"
GIVEN = f"00-{GIVEN_TRACE}-b7ad6b7169203331-01"
RATED = 4 * DAY


@dataclass
class Told:
    """The story's order and spans, once every process has exported and ended."""

    order: Order
    spans: list[Exported]
    raw: bytes

    def of(self, trace_id: str) -> list[Exported]:
        """The spans of one trace."""
        return [span for span in self.spans if span.trace_id == trace_id]


async def play(stage: Stage) -> Order:
    """An order is sold, delivered and rated as bad; the rating comes with the platform's trace context."""
    order = stage.order("traced-order-4711")
    await stage.sold(order, line("kettle", 1, 9_000), alipay=9_000)
    await stage.plan(HOUR, order.buyer.allows("sms"))
    await stage.delivered(order)
    await stage.plan(3 * DAY, order.buyer.confirms())
    rating = order.buyer.rates("bad", "kettle")
    event = rating(stage.start + RATED) if callable(rating) else rating
    record = announce(event, at=stage.start + RATED, source="shop/other", event_id="rating-1")
    headers = (*record.headers, ("ce_traceparent", GIVEN.encode()))
    await stage.world.publish_record(replace(record, headers=headers))
    await stage.until(RATED + HOUR)
    return order


@pytest_asyncio.fixture(scope="module")
async def told() -> AsyncGenerator[Told]:
    with collecting() as collector:
        order = await run(collector)
        yield Told(order, collector.spans(), collector.raw)


async def run(collector: Collector) -> Order:
    """The story on a stack of its own; the services have ended when it returns."""
    environment = {
        "AFTERSALES_TRACING__ENDPOINT": collector.endpoint,
        "AFTERSALES_TRACING__SAMPLE_RATIO": "1",
    }
    async with (
        LocalStack(clock="marks", environment=environment) as local,
        asyncpg.create_pool(local.database_url, min_size=1, max_size=POOL_SIZE) as pool,
    ):
        world = Running(local, pool)
        async with world.driver:
            order = await play(Stage(world))
    return order


async def test_one_trace_shows_an_orders_way_through_all_services(told: Told) -> None:
    spans = told.of(f"{trace_of(told.order.order_id):032x}")
    assert {span.service for span in spans} == ALL
    by_id = {span.span_id: span for span in told.spans}
    assert len(by_id) == len(told.spans), "a span was exported twice"
    kinds = {str(span.attributes["aftersales.case.kind"]) for span in spans}
    assert {"unpaid-order", "dispatch", "review"} <= kinds, kinds


async def test_a_trace_that_an_event_brings_goes_on_in_what_is_decided_because_of_it(told: Told) -> None:
    spans = told.of(GIVEN_TRACE)
    assert {"aftersales-reviews", "aftersales-customers"} <= {span.service for span in spans}
    first = [span for span in spans if span.parent_id == GIVEN.split("-")[2]]
    assert first
    assert all(span.attributes["aftersales.cause.type"] == "shop.review.given.v1" for span in first)
    by_id = {span.span_id: span for span in spans}
    assert all(span.parent_id in by_id for span in spans if span not in first), "a parent is missing"
    hops = {(by_id[span.parent_id].service, span.service) for span in spans if span not in first}
    assert ("aftersales-reviews", "aftersales-customers") in hops
    outcomes = [one for one in told.order.announced() if one.envelope.traceparent is not None]
    parents = {str(one.envelope.traceparent).split("-")[2] for one in outcomes}
    assert parents <= {span.span_id for span in told.spans}, "an outcome names a span that nobody exported"
    assert len(outcomes) == len(list(told.order.announced()))


async def test_spans_name_rules_and_no_ids(told: Told) -> None:
    rules = {rule for span in told.spans for rule in span.attributes["aftersales.rules"]}
    assert {"OR", "RV"} <= {rule.split("-")[0] for rule in rules}, "rules of orders and of reviews"
    assert all(span.seconds >= 0 for span in told.spans)
    for canary in (told.order.order_id, told.order.customer_id, "rating-1", "W-traced"):
        assert canary.encode() not in told.raw
