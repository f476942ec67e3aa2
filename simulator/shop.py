"""Runs a made-up shop: orders with every kind of trouble, and everybody outside who answers our outcomes.

All of it follows from a seed and the ids alone, so that two runs publish and answer alike.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales_contracts.aftersales.common import (
    EvidenceRequestedV1,
    OfferMadeV1,
    OrderActionRequestedV1,
    TaskRequestedV1,
)
from aftersales_contracts.aftersales.customers import (
    CallRequestedV1,
    MessageSendRequestedV1,
    OrderCloseRequestedV1,
)
from aftersales_contracts.aftersales.logistics import (
    CourierActionRequestedV1,
    CourierClaimRequestedV1,
    DispatchHoldRequestedV1,
    LateShippingEstablishedV1,
    ReshipRequestedV1,
    ReshipStatusChangedV1,
    WarehouseInstructionRequestedV1,
)
from aftersales_contracts.aftersales.refunds import (
    OrderAutoConfirmRequestedV1,
    RefundOpenedV1,
    RefundPaidV1,
    RefundPaymentRequestedV1,
    ReturnAuthorizedV1,
)
from aftersales_contracts.aftersales.reviews import ReviewNegativeReceivedV1
from aftersales_contracts.base import Event
from aftersales_contracts.registry import EVENTS, read_data
from simulator import buyers, order_system, replies
from simulator.outcomes import Announced
from simulator.outside import Reply
from simulator.plans import Plan, make_plan
from simulator.records import Record, share
from simulator.rubbish import SPOILERS, rubbish_beside, spoil
from simulator.script import SOURCES, told

START = datetime(2024, 3, 4, tzinfo=UTC)
SPAN = timedelta(days=14)
TROUBLE_RATE = 0.4
REPEAT_SHARE = 0.03
LATE_SHARE = 0.04
RUBBISH_SHARE = 0.05

HANDLERS: dict[type[Event], Callable[[Plan, Any, datetime], replies.Said]] = {
    RefundPaymentRequestedV1: order_system.on_payment_requested,
    RefundPaidV1: order_system.on_paid,
    OrderAutoConfirmRequestedV1: order_system.on_auto_confirm,
    OrderCloseRequestedV1: order_system.on_close_requested,
    OrderActionRequestedV1: order_system.on_order_action,
    DispatchHoldRequestedV1: replies.on_hold,
    WarehouseInstructionRequestedV1: replies.on_instruction,
    ReshipRequestedV1: replies.on_reship,
    CourierActionRequestedV1: replies.on_courier_action,
    CourierClaimRequestedV1: replies.on_courier_claim,
    CallRequestedV1: replies.on_call,
    MessageSendRequestedV1: replies.on_message,
    EvidenceRequestedV1: replies.on_evidence,
    TaskRequestedV1: replies.on_task,
    LateShippingEstablishedV1: buyers.on_late,
    RefundOpenedV1: buyers.on_refund_opened,
    ReturnAuthorizedV1: buyers.on_return_authorized,
    ReshipStatusChangedV1: buyers.on_reship_status,
    OfferMadeV1: buyers.on_offer,
    ReviewNegativeReceivedV1: buyers.on_negative_review,
}
"""Who answers what."""


@dataclass(frozen=True, slots=True)
class Mischief:
    """Faults between the shop and the broker, as shares of all records (rubbish: of all orders)."""

    repeat_share: float = REPEAT_SHARE
    late_share: float = LATE_SHARE
    rubbish_share: float = RUBBISH_SHARE


class World:
    """The made-up shop and its outside. `orders_count` orders are placed within `span` from `start`."""

    def __init__(
        self,
        orders_count: int,
        *,
        seed: int = 1,
        start: datetime = START,
        span: timedelta = SPAN,
        trouble_rate: float = TROUBLE_RATE,
        mischief: Mischief | None = None,
    ) -> None:
        plans = (make_plan(seed, number, start, span, trouble_rate) for number in range(orders_count))
        self._plans = {plan.order_id: plan for plan in plans}
        self._mischief = mischief or Mischief()

    @property
    def plans(self) -> Sequence[Plan]:
        """The plan of each order."""
        return list(self._plans.values())

    def records(self) -> Iterator[Record]:
        """Everything that happens by itself, in order of publishing; only open orders are in memory."""
        waiting: list[tuple[datetime, str, str, int, Record]] = []
        count = 0
        for number, plan in enumerate(sorted(self._plans.values(), key=lambda plan: plan.placed_at)):
            for record in self._spoiled(number, plan):
                count += 1
                heapq.heappush(waiting, (*record.order, count, record))
            begins_at = plan.placed_at - timedelta(hours=1)
            while waiting and waiting[0][0] < begins_at:
                yield heapq.heappop(waiting)[-1]
        while waiting:
            yield heapq.heappop(waiting)[-1]

    def _spoiled(self, number: int, plan: Plan) -> Iterator[Record]:
        """The plan's records, some repeated, some published late, some with rubbish beside them."""
        reasons = list(SPOILERS)
        is_calm = self._mischief.rubbish_share == 0
        for record in told(plan):
            dice = share(record.id, "mischief")
            if dice < self._mischief.late_share:
                delay = timedelta(minutes=1 + share(record.id, "late") ** 3 * 600)
                yield replace(record, at=record.at + delay)
            else:
                yield record
            if share(record.id, "repeat") < self._mischief.repeat_share:
                delay = timedelta(minutes=2 + share(record.id, "again") ** 2 * 2_000)
                yield replace(record, at=record.at + delay)
            # Each reason once, beside the first orders; afterwards by dice.
            if record.type == "shop.order.placed.v1" and number < len(reasons) and not is_calm:
                yield spoil(record, reasons[number])
            elif not is_calm:
                yield from rubbish_beside(record, self._mischief.rubbish_share)

    def answer(self, outcome: Announced) -> Sequence[Reply]:
        """Returns the outside's replies to an outcome; the same for the same outcome."""
        event_class = EVENTS.get(outcome.envelope.type)
        handler = HANDLERS.get(event_class) if event_class is not None else None
        if event_class is None or handler is None:
            return ()
        data = read_data(event_class, outcome.data)
        order_id = getattr(data, "order_id", None) or outcome.envelope.subject
        plan = self._plans.get(order_id)
        if plan is None:
            return ()
        return [
            Reply(delay, SOURCES[event.TOPIC], f"{plan.order_id}.{name}", event)
            for delay, name, event in handler(plan, data, outcome.envelope.time)
        ]
