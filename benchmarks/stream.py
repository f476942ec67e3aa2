"""Makes the refund agreement stream: real contract events of many cases that run side by side.

Each event is built and encoded once by the contracts, for an order with a placeholder in its ids;
the other cases are the same bytes with their own ids and moments. So a million events cost seconds,
and every one of them is what its class says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftersales_contracts.base import Event, Money
from aftersales_contracts.components import Line, Party, Payment, Share, Tender, Tracking
from aftersales_contracts.enums import (
    Carriage,
    FreightTerms,
    PaymentMethod,
    RefundKind,
    Role,
    SaleService,
    SellerType,
)
from aftersales_contracts.envelope import Envelope, time_text, write
from aftersales_contracts.registry import encode
from aftersales_contracts.shop.aftersales import (
    AnswerStage,
    RefundAgreedV1,
    RefundAppliedV1,
    ReturnAcceptedV1,
    ReturnSentV1,
)
from aftersales_contracts.shop.orders import DeliveryKind, OrderPaidV1, OrderPlacedV1, OrderShippedV1
from aftersales_contracts.shop.payments import RefundPaymentAcceptedV1, RefundSettledV1
from kernel.money import allocate
from services.refunds.cases.refund_agreement.messages import NAME as AGREEMENT
from services.refunds.cases.refund_intent.messages import attempt_id_of, intent_id_of
from services.refunds.shares import Purpose

PLACEHOLDER = "bench-placeholder"
SHOP_ID = "tb:shop-5531"
CURRENCY = "CNY"
PIECE_MINOR = 12_400
LINE_MINOR = 2 * PIECE_MINOR
OTHER_LINE_MINOR = 8_800
FREIGHT_MINOR = 1_200
ALIPAY_MINOR = 30_600
VOUCHER_MINOR = LINE_MINOR + OTHER_LINE_MINOR + FREIGHT_MINOR - ALIPAY_MINOR

SOURCES = {
    "shop.orders.v1": "bench/orders",
    "shop.aftersales.v1": "bench/aftersales",
    "shop.payments.v1": "bench/payments",
}
SET_UP_STEPS = ("placed", "paid", "shipped")
STEPS = ("applied", "agreed", "sent", "accepted", "taken", "settled")
"""Application, the seller's answer, return, receipt, the provider's acceptance, payment."""

Headers = list[tuple[str, bytes]]
Record = tuple[str, bytes, Headers, bytes]
"""Topic, key, headers, value."""


def order_id(prefix: str, number: int) -> str:
    """The order of one case."""
    return f"{prefix}-{number:07d}"


def refund_id(order: str) -> str:
    """The refund on an order."""
    return f"{order}.r1"


def intent_id(order: str) -> str:
    """The decision to pay, derived from the refund as the service derives it."""
    return intent_id_of(AGREEMENT, refund_id(order), Purpose.REFUND)


def event_of(step: str, order: str) -> Event:
    """The event of one step, built by its contract class. Raises KeyError for an unknown step."""
    return {
        "placed": _placed,
        "paid": _paid,
        "shipped": _shipped,
        "applied": _applied,
        "agreed": _agreed,
        "sent": _sent,
        "accepted": _accepted,
        "taken": _taken,
        "settled": _settled,
    }[step](order)


def applied(order: str, kind: RefundKind) -> RefundAppliedV1:
    """An application for one piece of the first line."""
    return RefundAppliedV1(
        shop_id=SHOP_ID,
        order_id=order,
        refund_id=refund_id(order),
        terms_version=1,
        kind=kind,
        reason_code="no_longer_wanted",
        lines=[Share(line_id="1", quantity_count=1, amount=_money(PIECE_MINOR))],
        amount=_money(PIECE_MINOR),
        statement_ref=f"statement/{refund_id(order)}",
    )


def announced(event: Event, event_id: str, at: datetime) -> Record:
    """The record of one event as its announcer publishes it."""
    envelope = Envelope(event_id, SOURCES[event.TOPIC], event.TYPE, at, event.subject_of())
    key, headers, value = write(envelope, encode(event))
    return event.TOPIC, key, headers, value


@dataclass(frozen=True, slots=True)
class _Template:
    """One step's record with the placeholder still in it."""

    step: bytes
    topic: str
    headers: Headers
    value: bytes
    id_place: int
    time_place: int
    subject_place: int


class Stream:
    """The events of `cases_count` cases, in order of event time, one every `gap`.

    `spread_count` cases run side by side: a case's next step comes that many slots later, so that a batch
    seldom holds two events of one case.
    """

    def __init__(
        self, prefix: str, cases_count: int, *, spread_count: int = 2_000, gap_microseconds: int = 1_000
    ) -> None:
        self.prefix = prefix
        self.cases_count = cases_count
        self._spread_count = min(spread_count, cases_count)
        self._gap = timedelta(microseconds=gap_microseconds)
        self._templates = {step: _template(step) for step in (*SET_UP_STEPS, *STEPS)}

    @property
    def set_up_count(self) -> int:
        """Events that only prepare the orders."""
        return self.cases_count * len(SET_UP_STEPS)

    @property
    def count(self) -> int:
        """Events that are measured."""
        return self.cases_count * len(STEPS)

    @property
    def length(self) -> timedelta:
        """From the first to the last measured event."""
        return self._gap * self.count

    def set_up(self, until: datetime) -> Iterator[Record]:
        """Orders placed, paid and shipped; the last event is at `until`."""
        return self._timed(SET_UP_STEPS, until - self._gap * self.set_up_count)

    def measured(self, until: datetime) -> Iterator[Record]:
        """The agreements; the last event is at `until`."""
        return self._timed(STEPS, until - self.length)

    def _timed(self, steps: Sequence[str], start: datetime) -> Iterator[Record]:
        at = start
        for step, number in self._slots(steps):
            at += self._gap
            yield self._record(self._templates[step], order_id(self.prefix, number), at)

    def _slots(self, steps: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Step and case of each slot: later steps of older cases beside first steps of new ones."""
        spread = self._spread_count
        for slot in range(self.cases_count + spread * (len(steps) - 1)):
            for place, step in reversed(list(enumerate(steps))):
                number = slot - place * spread
                if 0 <= number < self.cases_count:
                    yield step, number

    @staticmethod
    def _record(template: _Template, order: str, at: datetime) -> Record:
        key = order.encode()
        headers = template.headers.copy()
        headers[template.id_place] = ("ce_id", key + b"." + template.step)
        headers[template.time_place] = ("ce_time", time_text(at).encode())
        headers[template.subject_place] = ("ce_subject", key)
        return template.topic, key, headers, template.value.replace(_PLACEHOLDER_BYTES, key)


_PLACEHOLDER_BYTES = PLACEHOLDER.encode()
_ANY_MOMENT = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def _template(step: str) -> _Template:
    topic, _, headers, value = announced(event_of(step, PLACEHOLDER), f"{PLACEHOLDER}.{step}", _ANY_MOMENT)
    places = {name: place for place, (name, _) in enumerate(headers)}
    return _Template(
        step.encode(),
        topic,
        headers,
        value,
        places["ce_id"],
        places["ce_time"],
        places["ce_subject"],
    )


def _money(minor: int) -> Money:
    return Money(minor=minor, currency=CURRENCY)


def _placed(order: str) -> OrderPlacedV1:
    return OrderPlacedV1(
        shop_id=SHOP_ID,
        order_id=order,
        customer_id=f"{order}.c",
        seller_type=SellerType.C_SHOP,
        platform_code="taobao",
        lines=[
            Line(
                line_id="1",
                product_id="p-3301",
                sku_id="p-3301-red-M",
                quantity_count=2,
                unit_price=_money(PIECE_MINOR),
                freight_terms=FreightTerms.BUYER_PAYS,
                services=[SaleService.SEVEN_DAY_NO_REASON],
            ),
            Line(
                line_id="2",
                product_id="p-4410",
                sku_id="p-4410",
                quantity_count=1,
                unit_price=_money(OTHER_LINE_MINOR),
                freight_terms=FreightTerms.BUYER_PAYS,
            ),
        ],
        freight=_money(FREIGHT_MINOR),
        total=_money(ALIPAY_MINOR + VOUCHER_MINOR),
        address_ref=f"addresses/{order}",
        region_code="CN-33",
    )


def _paid(order: str) -> OrderPaidV1:
    return OrderPaidV1(
        shop_id=SHOP_ID,
        order_id=order,
        payments=[
            Payment(payment_id="1", method=PaymentMethod.ALIPAY, amount=_money(ALIPAY_MINOR)),
            Payment(payment_id="2", method=PaymentMethod.VOUCHER, amount=_money(VOUCHER_MINOR)),
        ],
        paid_amount=_money(ALIPAY_MINOR + VOUCHER_MINOR),
    )


def _shipped(order: str) -> OrderShippedV1:
    return OrderShippedV1(
        shop_id=SHOP_ID, order_id=order, delivery_kind=DeliveryKind.EXPRESS, parcel_ids=[f"{order}.p1"]
    )


def _applied(order: str) -> RefundAppliedV1:
    return applied(order, RefundKind.WITH_RETURN)


def _agreed(order: str) -> RefundAgreedV1:
    return RefundAgreedV1(
        shop_id=SHOP_ID,
        order_id=order,
        refund_id=refund_id(order),
        terms_version=1,
        stage=AnswerStage.ANSWER,
        return_address_ref="addresses/warehouse-2",
        by=Party(role=Role.SELLER, id="tb:acc-5531"),
    )


def _sent(order: str) -> ReturnSentV1:
    return ReturnSentV1(
        shop_id=SHOP_ID,
        order_id=order,
        refund_id=refund_id(order),
        return_id=f"{refund_id(order)}.return",
        lines=[Share(line_id="1", quantity_count=1)],
        carriage=Carriage.EXPRESS,
        tracking=Tracking(carrier_code="yto", tracking_code=f"YT-{order}"),
    )


def _accepted(order: str) -> ReturnAcceptedV1:
    return ReturnAcceptedV1(
        shop_id=SHOP_ID,
        order_id=order,
        refund_id=refund_id(order),
        return_id=f"{refund_id(order)}.return",
        lines=[Share(line_id="1", quantity_count=1)],
        by=Party(role=Role.SELLER, id="tb:acc-5531"),
    )


def _taken(order: str) -> RefundPaymentAcceptedV1:
    return RefundPaymentAcceptedV1(
        shop_id=SHOP_ID,
        order_id=order,
        intent_id=intent_id(order),
        attempt_id=attempt_id_of(intent_id(order), 1),
        provider_ref=f"alipay/{order}",
    )


def _settled(order: str) -> RefundSettledV1:
    alipay_minor, voucher_minor = allocate(PIECE_MINOR, [ALIPAY_MINOR, VOUCHER_MINOR])
    return RefundSettledV1(
        shop_id=SHOP_ID,
        order_id=order,
        intent_id=intent_id(order),
        attempt_id=attempt_id_of(intent_id(order), 1),
        amount=_money(PIECE_MINOR),
        tenders=[
            Tender(payment_id="1", amount=_money(alipay_minor)),
            Tender(payment_id="2", amount=_money(voucher_minor)),
        ],
        provider_ref=f"alipay/{order}",
        has_moved_now=True,
    )
