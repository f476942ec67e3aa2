"""Lets a second order travel in the first parcel of an order: it changes nothing for the first one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aftersales_contracts.aftersales.logistics import ParcelOutcomeDecidedV1
from aftersales_contracts.base import Event, Money
from aftersales_contracts.components import Line, Payment, Share
from aftersales_contracts.enums import FreightTerms, PaymentMethod, SellerType
from aftersales_contracts.shop import orders, shipments
from tests.histories.world import SharedFlow
from tests.services.flow import Standing, Told

OTHER = "o2"
BUYER = "c2"
SEAT = "k-o2"


class Passenger(SharedFlow):
    """A flow in which the first parcel is registered with goods of another order as well.

    What is announced about that order is kept apart, so that the account of the first one does not see it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.others: list[Event] = []
        self.shared = ""

    def deliver(self, event: Event, at: datetime) -> None:
        """Takes the event; the first parcel to the buyer has another order inside."""
        if isinstance(event, shipments.ParcelRegisteredV1) and not self.shared:
            self.shared = event.parcel_id
            for first in self._order(event.shop_id):
                super().deliver(first, at)
            inside = [Share(line_id="z", quantity_count=1)]
            goods = shipments.OrderGoods(order_id=OTHER, parcel_id=SEAT, lines=inside)
            event = event.model_copy(update={"other_orders": [goods]})
        super().deliver(event, at)

    def hear(self, told: Told, at: datetime) -> None:
        """Keeps outcomes about the other order apart; services hear them as ever."""
        names = {getattr(told.event, name, None) for name in ("order_id", "customer_id", "about_subject")}
        if names & {OTHER, BUYER}:
            self.others.append(told.event)
            self.deliver(told.event, at)
        else:
            super().hear(told, at)

    def standings(self) -> Iterator[Standing]:
        """Leaves out the cases of the other order."""
        return (x for x in super().standings() if OTHER not in x.case_id and SEAT not in x.case_id)

    def ends(self) -> list[str]:
        """The ends of the parcel, as the other order heard them."""
        return [x.outcome.value for x in self.others if isinstance(x, ParcelOutcomeDecidedV1)]

    def _order(self, shop_id: str) -> tuple[Event, Event]:
        keys: dict[str, Any] = {"shop_id": shop_id, "order_id": OTHER}
        price = Money(minor=5_000, currency="CNY")
        line = Line(
            line_id="z", product_id="p-z", sku_id="s-z", quantity_count=1, unit_price=price,
            freight_terms=FreightTerms.FREE,
        )  # fmt: skip
        placed = orders.OrderPlacedV1(
            **keys, customer_id=BUYER, seller_type=SellerType.C_SHOP, platform_code="taobao", lines=[line],
            freight=Money(minor=0, currency="CNY"), total=price,
        )  # fmt: skip
        payment = Payment(payment_id="y-o2", method=PaymentMethod.ALIPAY, amount=price)
        return placed, orders.OrderPaidV1(**keys, payments=[payment], paid_amount=price)
