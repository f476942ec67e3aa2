"""Control orders: a refund story told step by step, always the same but for the names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.base import Event, Money
from aftersales_contracts.shop import aftersales, customers, orders, payments, reviews, shipments
from aftersales_contracts.topics import SERVICES
from chassis.store.database import Connection
from simulator.records import Record, announce
from simulator.script import SOURCES

STEP = timedelta(seconds=20)
"""Short: by the wall clock a payment that was asked for is asked for again a quarter of an hour later, and
all runs that are compared have to be over before."""
STEP_COUNT = 8
"""No service reads two records of a step about one case: by the wall clock it could read either first."""
AMOUNT = 10_000
FACTS = """
SELECT kind, case_id, version, name, at, data::text AS data, rules, policy, cause_type, cause_id,
       event_type, event_key, event
FROM {0}.facts
WHERE concat_ws(' ', subject, case_id, data::text, cause_id) LIKE '%' || $1 || '%'
ORDER BY kind, case_id, version
"""
STATES = """
SELECT kind, case_id, version, state_name, state::text AS state, wake_at, is_ended, policy FROM {0}.cases
WHERE concat_ws(' ', subject, case_id, state::text) LIKE '%' || $1 || '%'
ORDER BY kind, case_id
"""
DERIVED = re.compile(r"\b[0-9a-f]{16,64}\b")


@dataclass(frozen=True)
class Control:
    """One order, named by the run that tells it; even ones are shipped, odd ones stopped before."""

    run: str
    number: int
    start: datetime

    @property
    def name(self) -> str:
        """The order id."""
        return f"{self.run}-{self.number:04}"

    def step(self, number: int) -> list[Record]:
        """Returns the records that are published in that step."""
        told = self._unshipped(number) if self.number % 2 else self._shipped(number)
        at = self.start + number * STEP
        return [
            announce(event, at=at, source=SOURCES[event.TOPIC], event_id=f"{self.name}.{number}.{place}")
            for place, event in enumerate(told)
        ]

    def _ids(self, **more: Any) -> dict[str, Any]:
        return {"shop_id": f"{self.name}.shop", "order_id": self.name, **more}

    def _refund(self, **more: Any) -> dict[str, Any]:
        return self._ids(refund_id=f"{self.name}.r1", terms_version=1, **more)

    def _common(self, number: int) -> Sequence[Event] | None:
        if number == 0:
            consent = {"shop_id": f"{self.name}.shop", "customer_id": f"{self.name}.buyer"}
            consent |= {"channel": "sms", "purpose": "service", "source_code": "checkout"}
            return self._placed(), customers.ConsentGrantedV1.model_validate(consent)
        if number == 1:
            paid = components.Payment.model_validate(
                {"payment_id": f"{self.name}.pay", "method": "alipay", "amount": _money()}
            )
            return (orders.OrderPaidV1(**self._ids(payments=[paid], paid_amount=_money())),)
        if number == STEP_COUNT - 1:
            cause = "refunded" if self.number % 2 == 0 else "refunded_unshipped"
            closed = self._ids(cause=cause, by={"role": "system"})
            return (orders.OrderClosedV1.model_validate(closed),)
        if number == STEP_COUNT - 2:
            intent = f"{self.name}.r1.refund.1"
            ids = self._ids(intent_id=intent, attempt_id=f"{intent}.try.1", amount=_money())
            return (payments.RefundSettledV1(**ids, provider_ref="ref", has_moved_now=True),)
        return None

    def _placed(self) -> orders.OrderPlacedV1:
        line = {
            "line_id": "a", "product_id": f"{self.name}.p", "sku_id": f"{self.name}.k", "quantity_count": 1,
            "unit_price": _money(), "freight_terms": "free",
        }  # fmt: skip
        more: dict[str, Any] = {
            "customer_id": f"{self.name}.buyer", "buyer_account_id": f"{self.name}.account",
            "seller_type": "c_shop", "platform_code": "taobao", "lines": [line],
            "freight": Money(minor=0, currency="CNY"), "total": _money(),
        }  # fmt: skip
        return orders.OrderPlacedV1.model_validate(self._ids(**more))

    def _shipped(self, number: int) -> Sequence[Event]:
        parcel = f"{self.name}.k1"
        if number == 2:
            tracking = {"carrier_code": "sto", "tracking_code": f"{self.name}.w"}
            registered = self._ids(
                parcel_id=parcel, direction="outbound", tracking=tracking, freight_payer="sender",
                lines=[{"line_id": "a", "quantity_count": 1}],
            )  # fmt: skip
            return (shipments.ParcelRegisteredV1.model_validate(registered),)
        if number == 3:
            shipped = self._ids(delivery_kind="express", parcel_ids=[parcel])
            return (orders.OrderShippedV1.model_validate(shipped),)
        if number == 4:
            applied = self._refund(kind="no_return", reason_code="quality", amount=_money())
            given = self._ids(
                review_id=f"{self.name}.v1", rater="buyer", rating="bad", line_id="a",
                product_id=f"{self.name}.p",
            )  # fmt: skip
            return (
                aftersales.RefundAppliedV1.model_validate(applied),
                reviews.ReviewGivenV1.model_validate(given),
            )
        if number == 5:
            agreed = self._refund(stage="answer", by={"role": "seller"})
            return (aftersales.RefundAgreedV1.model_validate(agreed),)
        return self._common(number) or ()

    def _unshipped(self, number: int) -> Sequence[Event]:
        if number == 2:
            applied = self._refund(kind="unshipped", reason_code="changed_mind", amount=_money())
            return (aftersales.RefundAppliedV1.model_validate(applied),)
        if number == 4:
            answered = self._ids(request_id=f"{self.name}.r1.hold", outcome="stopped")
            return (shipments.DispatchHoldAnsweredV1.model_validate(answered),)
        return self._common(number) or ()


def controls(run: str, count: int, start: datetime) -> list[Control]:
    """So many orders; runs with names of the same length can be compared."""
    return [Control(run, number, start) for number in range(count)]


def _money() -> Money:
    return Money(minor=AMOUNT, currency="CNY")


async def ends_of(
    connection: Connection, run: str, services: Sequence[str] = SERVICES
) -> list[tuple[Any, ...]]:
    """All facts and states of a run's orders in these services, with names that no longer tell the run."""
    found: list[tuple[Any, ...]] = []
    for service in services:
        for query in (FACTS, STATES):
            rows = await connection.fetch(query.format(service), f"{run}-")
            found += [(service, *(_neutral(value, run) for value in row)) for row in rows]
    return sorted(found, key=repr)


def _neutral(value: Any, run: str) -> Any:
    """Names without the run; ids derived from names by a hash are all one."""
    return DERIVED.sub("#", value.replace(f"{run}-", "run-")) if isinstance(value, str) else value
