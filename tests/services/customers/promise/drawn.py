"""Lists the messages that explore the diagram of `promise`."""

from datetime import UTC, datetime

from services.customers.cases.promise import messages as p
from services.customers.promised import Promise, PromiseKind

MESSAGES: list[object] = [
    p.Given(Promise("p1", PromiseKind.GIFT, "o1", "c1")),
    p.Given(Promise("p1", PromiseKind.SHIP_BY, "o1", "c1")),
    p.HandedOver("sf"),
    p.DispatchCompleted(datetime(2026, 1, 5, tzinfo=UTC)),
    p.Judged("confirmed"),
]
