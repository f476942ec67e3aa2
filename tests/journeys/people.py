"""Everybody around an order, who says what; amounts in fen, moments are those at which it is said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftersales_contracts import components, enums
from aftersales_contracts.aftersales import common, customers, logistics, refunds
from aftersales_contracts.base import Event, Money
from aftersales_contracts.shop import aftersales, contacts, desk, orders, payments, reviews, scans, shipments
from aftersales_contracts.shop import customers as shop_customers

SHOP = "tao-shop"
BUYER = components.Party(role=enums.Role.BUYER)
SELLER = components.Party(role=enums.Role.SELLER, id="agent-7")
SYSTEM = components.Party(role=enums.Role.SYSTEM)
Told = Event | Callable[[datetime], Event]
"""An event that somebody tells; a function where the event names its own moment."""


def cny(minor: int) -> Money:
    """Fen."""
    return Money(minor=minor, currency="CNY")


def line(line_id: str, count: int, unit_price: int, **terms: object) -> components.Line:
    """A line of an order; freight is the buyer's unless told otherwise."""
    values: dict[str, object] = {
        "line_id": line_id,
        "product_id": f"p-{line_id}",
        "sku_id": f"{line_id}-m",
        "quantity_count": count,
        "unit_price": cny(unit_price),
        "freight_terms": enums.FreightTerms.BUYER_PAYS,
        **terms,
    }
    return components.Line.model_validate(values)


def share(line_id: str, count: int = 1, amount: int | None = None) -> components.Share:
    """Pieces of a line, and what they stand for."""
    return components.Share(
        line_id=line_id, quantity_count=count, amount=None if amount is None else cny(amount)
    )


@dataclass(frozen=True)
class Parcel:
    """A parcel and its waybill."""

    parcel_id: str
    tracking: components.Tracking


@dataclass(frozen=True)
class Names:
    """Who and what it is about."""

    name: str
    customer_id: str
    ids: dict[str, Any]
    """shop_id and order_id, for the data of an event."""
    person: dict[str, Any]
    """shop_id and customer_id."""


@dataclass
class Buyer:
    """The buyer, as the shop's pages and the marketplace report."""

    of: Names
    lines: list[components.Line] = field(default_factory=list[components.Line])
    paid_in: dict[str, int] = field(default_factory=dict[str, int])
    """Fen by payment."""
    laid_out: int = 0
    """Fen paid to carriers for returns."""

    def places(self, *lines: components.Line, freight: int = 0, **extra: Any) -> orders.OrderPlacedV1:
        self.lines = list(lines)
        total = sum(one.amount_minor for one in lines) + freight
        return orders.OrderPlacedV1(
            **self.of.ids, customer_id=self.of.customer_id, seller_type=enums.SellerType.C_SHOP,
            platform_code="taobao", lines=self.lines, freight=cny(freight), total=cny(total),
            region_code="CN-31", **extra,
        )  # fmt: skip

    def pays(self, **tenders: int) -> orders.OrderPaidV1:
        """By method; a payment per method."""
        self.paid_in = {f"{self.of.name}.{method}": minor for method, minor in tenders.items()}
        made = [
            components.Payment(
                payment_id=f"{self.of.name}.{method}",
                method=enums.PaymentMethod(method),
                amount=cny(minor),
            )
            for method, minor in tenders.items()
        ]
        return orders.OrderPaidV1(**self.of.ids, payments=made, paid_amount=cny(sum(tenders.values())))

    def applies(self, kind: str, amount: int, reason: str, **extra: Any) -> aftersales.RefundAppliedV1:
        terms: dict[str, Any] = {"refund_id": f"{self.of.name}.r1", "terms_version": 1, **extra}
        return aftersales.RefundAppliedV1(
            **self.of.ids,
            **terms,
            kind=enums.RefundKind(kind),
            reason_code=reason,
            amount=cny(amount),
        )

    def sends_back(
        self, to: refunds.ReturnAuthorizedV1, parcel: Parcel, *lines: components.Share,
        carriage: str = "express", freight: int | None = None,
    ) -> aftersales.ReturnSentV1:  # fmt: skip
        self.laid_out += freight or 0
        return aftersales.ReturnSentV1(
            **self.of.ids, return_id=to.return_id, refund_id=to.refund_id, exchange_id=to.exchange_id,
            lines=list(lines) or [share(one.line_id, one.quantity_count) for one in to.lines],
            carriage=enums.Carriage(carriage), tracking=parcel.tracking,
            freight_paid_amount=None if freight is None else cny(freight),
        )  # fmt: skip

    def wants_other(self, line_id: str, sku_id: str, reason: str) -> aftersales.ExchangeAppliedV1:
        return aftersales.ExchangeAppliedV1(
            **self.of.ids, exchange_id=f"{self.of.name}.x1", lines=[share(line_id)],
            wanted=[components.Wanted(line_id=line_id, sku_id=sku_id)], reason_code=reason,
        )  # fmt: skip

    def misses(self, parcel: Parcel) -> aftersales.ProblemReportedV1:
        return aftersales.ProblemReportedV1(
            **self.of.ids, problem_id=f"{self.of.name}.missing", parcel_id=parcel.parcel_id,
            problem=aftersales.ProblemKind.NOT_RECEIVED, wanted=aftersales.Wish.UNKNOWN,
        )  # fmt: skip

    def chooses(self, offer: common.OfferMadeV1, option_id: str) -> aftersales.OfferAnsweredV1:
        return aftersales.OfferAnsweredV1(
            **self.of.ids, offer_id=offer.offer_id, case_id=offer.case_id, case_kind=offer.case_kind,
            option_id=option_id,
        )  # fmt: skip

    def confirms(self) -> orders.OrderSucceededV1:
        return orders.OrderSucceededV1(**self.of.ids, cause=orders.SuccessCause.BUYER)

    def rates(self, rating: str, line_id: str) -> reviews.ReviewGivenV1:
        return reviews.ReviewGivenV1(
            **self.of.ids, review_id=f"{self.of.name}.v1", rater=reviews.Rater.BUYER,
            rating=enums.Rating(rating), line_id=line_id, product_id=f"p-{line_id}",
        )  # fmt: skip

    def rates_anew(self, rating: str) -> reviews.ReviewChangedV1:
        return reviews.ReviewChangedV1(
            **self.of.ids, review_id=f"{self.of.name}.v1", rating=enums.Rating(rating)
        )

    def allows(self, channel: str) -> shop_customers.ConsentGrantedV1:
        return shop_customers.ConsentGrantedV1.model_validate(
            {**self.of.person, "channel": channel, "purpose": "service", "source_code": "checkout"}
        )

    def opts_out(self, channel: str = "all") -> shop_customers.ConsentWithdrawnV1:
        return shop_customers.ConsentWithdrawnV1.model_validate(
            {**self.of.person, "channel": channel, "source": "reply"}
        )


@dataclass(frozen=True)
class Seller:
    """The shop's staff and its order system."""

    of: Names

    def marks_shipped(self, parcel: Parcel, kind: str = "express") -> orders.OrderShippedV1:
        return orders.OrderShippedV1(
            **self.of.ids, delivery_kind=orders.DeliveryKind(kind), parcel_ids=[parcel.parcel_id]
        )

    def agrees(self, opened: refunds.RefundOpenedV1) -> aftersales.RefundAgreedV1:
        return aftersales.RefundAgreedV1(
            **self.of.ids, refund_id=opened.refund_id, terms_version=opened.terms_version,
            stage=aftersales.AnswerStage.ANSWER, return_address_ref="warehouse-1", by=SELLER,
        )  # fmt: skip

    def refuses(self, opened: refunds.RefundOpenedV1, reason: str) -> aftersales.RefundRefusedV1:
        return aftersales.RefundRefusedV1(
            **self.of.ids, refund_id=opened.refund_id, terms_version=opened.terms_version,
            stage=aftersales.AnswerStage.ANSWER, reason_code=reason, by=SELLER,
            evidence_ids=["photo-1", "chat-1", "proof-1"],
        )  # fmt: skip

    def accepts(
        self, back: refunds.ReturnAuthorizedV1, *lines: components.Share
    ) -> aftersales.ReturnAcceptedV1:
        return aftersales.ReturnAcceptedV1(
            **self.of.ids, return_id=back.return_id, refund_id=back.refund_id, exchange_id=back.exchange_id,
            lines=list(lines) or [share(one.line_id, one.quantity_count) for one in back.lines], by=SELLER,
        )  # fmt: skip

    def approves(self, opened: refunds.ExchangeOpenedV1) -> aftersales.ExchangeAnsweredV1:
        return aftersales.ExchangeAnsweredV1(
            **self.of.ids, exchange_id=opened.exchange_id, answer=aftersales.ExchangeAnswer.APPROVED,
            by=SELLER,
        )  # fmt: skip

    def promises(self, kind: str) -> contacts.PromiseMadeV1:
        return contacts.PromiseMadeV1(
            **self.of.person, order_id=self.of.ids["order_id"], promise_id=f"{self.of.name}.promise",
            kind=enums.PromiseKind(kind), by=SELLER,
        )  # fmt: skip

    def does(self, task: common.TaskRequestedV1, outcome_code: str) -> desk.TaskCompletedV1:
        """A person is done with a task."""
        return desk.TaskCompletedV1(
            shop_id=SHOP, task_id=task.task_id, case_kind=task.case_kind, case_id=task.case_id,
            about_subject=task.about_subject, outcome_code=outcome_code, by=SELLER,
        )  # fmt: skip

    def phones(self, call: customers.CallRequestedV1, outcome: str) -> contacts.CallHeldV1:
        return contacts.CallHeldV1(
            **self.of.person, call_id=f"call.{call.request_id}", request_id=call.request_id,
            agent_id="agent-7", outcome=contacts.CallOutcome(outcome), has_introduced=True,
            is_identity_confirmed=outcome == "reached", summary_ref="calls/1",
        )  # fmt: skip


@dataclass(frozen=True)
class OrderSystem:
    """The marketplace's order system."""

    of: Names

    def changes_terms(self, *lines: components.Line, freight: int = 0) -> orders.OrderTermsChangedV1:
        total = sum(one.amount_minor for one in lines) + freight
        return orders.OrderTermsChangedV1(
            **self.of.ids, by=SELLER, lines=list(lines), freight=cny(freight), total=cny(total)
        )

    def closes(self, cause: str, request_id: str | None = None) -> orders.OrderClosedV1:
        return orders.OrderClosedV1(
            **self.of.ids, cause=orders.CloseCause(cause), by=SYSTEM, request_id=request_id
        )

    def declines(
        self, request: customers.OrderCloseRequestedV1, reason: str
    ) -> orders.OrderRequestDeclinedV1:
        return orders.OrderRequestDeclinedV1(**self.of.ids, request_id=request.request_id, reason_code=reason)

    def confirms(self) -> orders.OrderSucceededV1:
        return orders.OrderSucceededV1(**self.of.ids, cause=orders.SuccessCause.AUTO_CONFIRM)

    def stores_memo(self, request: common.OrderActionRequestedV1) -> orders.OrderMemoStoredV1:
        if request.purpose is None:
            raise ValueError("no memo is asked for")
        return orders.OrderMemoStoredV1(
            **self.of.ids, memo_ref="memos/1", purpose=request.purpose, request_id=request.request_id
        )


@dataclass(frozen=True)
class Warehouse:
    """The warehouse and the desk that talks to carriers."""

    of: Names

    def registers(
        self,
        parcel: Parcel,
        *lines: components.Share,
        direction: str = "outbound",
        request_id: str | None = None,
    ) -> shipments.ParcelRegisteredV1:
        return shipments.ParcelRegisteredV1(
            **self.of.ids, parcel_id=parcel.parcel_id, direction=enums.ParcelDirection(direction),
            tracking=parcel.tracking, lines=list(lines), freight_payer=shipments.FreightPayer.SENDER,
            request_id=request_id,
        )  # fmt: skip

    def hands_over(self, parcel: Parcel) -> shipments.ParcelHandedOverV1:
        return shipments.ParcelHandedOverV1(
            **self.of.ids, parcel_id=parcel.parcel_id, carrier_code=parcel.tracking.carrier_code
        )

    def answers_hold(
        self, request: logistics.DispatchHoldRequestedV1, outcome: str, *left: Parcel
    ) -> shipments.DispatchHoldAnsweredV1:
        return shipments.DispatchHoldAnsweredV1(
            **self.of.ids, request_id=request.request_id, outcome=shipments.HoldOutcome(outcome),
            parcel_ids=[parcel.parcel_id for parcel in left] or None,
        )  # fmt: skip

    def answers_resend(
        self, request: logistics.ReshipRequestedV1, outcome: str, until_at: datetime | None = None
    ) -> shipments.ReshipAnsweredV1:
        return shipments.ReshipAnsweredV1(
            **self.of.ids, request_id=request.request_id, outcome=shipments.ReshipOutcome(outcome),
            lines=request.lines, until_at=until_at,
        )  # fmt: skip

    def inspects(
        self, parcel: Parcel, back: refunds.ReturnAuthorizedV1, line_id: str, received: int = 1,
        accepted: int | None = None, **found: Any,
    ) -> shipments.ReturnInspectedV1:  # fmt: skip
        wanted_sku_id = found.pop("wanted_sku_id", None)
        is_fine = accepted is None or accepted == received
        checked = components.Inspection(
            line_id=line_id, received_count=received,
            accepted_count=received if accepted is None else accepted,
            condition=enums.Condition.RESALEABLE if is_fine else enums.Condition.WORN,
            is_packaging_complete=True, disposition=enums.Disposition.RESTOCK, **found,
        )  # fmt: skip
        return shipments.ReturnInspectedV1(
            **self.of.ids, return_id=back.return_id, parcel_id=parcel.parcel_id, lines=[checked],
            wanted_sku_id=wanted_sku_id,
        )  # fmt: skip


@dataclass(frozen=True)
class Carrier:
    """The carrier: scans by waybill, and its desk's answers by order."""

    of: Names

    def scan(self, parcel: Parcel, status: str, **extra: Any) -> Told:
        """A scan of the moment at which it is told, or of `happened` where the story says so."""

        def told(at: datetime) -> Event:
            return scans.ParcelScannedV1(
                carrier_code=parcel.tracking.carrier_code, tracking_code=parcel.tracking.tracking_code,
                occurred_at=at, status=enums.ParcelStatus(status), raw_status_code=f"raw-{status}", **extra,
            )  # fmt: skip

        return told

    def brings(self, parcel: Parcel) -> scans.ParcelArrivedV1:
        """The parcel is at the warehouse's gate."""
        return scans.ParcelArrivedV1(
            carrier_code=parcel.tracking.carrier_code, tracking_code=parcel.tracking.tracking_code,
            warehouse_id="warehouse-1",
        )  # fmt: skip

    def answers(
        self, request: logistics.CourierActionRequestedV1, outcome: str
    ) -> shipments.CourierActionAnsweredV1:
        return shipments.CourierActionAnsweredV1(
            **self.of.ids, request_id=request.request_id, parcel_id=request.parcel_id,
            outcome=shipments.CourierOutcome(outcome),
        )  # fmt: skip

    def answers_claim(
        self, claim: logistics.CourierClaimRequestedV1, step: str, amount: int | None = None
    ) -> shipments.CourierClaimAnsweredV1:
        return shipments.CourierClaimAnsweredV1(
            **self.of.ids, claim_id=claim.claim_id, outcome=shipments.CourierClaimStep(step),
            amount=None if amount is None else cny(amount),
        )  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """The payment provider."""

    of: Names

    def settles(self, request: refunds.RefundPaymentRequestedV1) -> payments.RefundSettledV1:
        return payments.RefundSettledV1(
            **self.of.ids, intent_id=request.intent_id, attempt_id=request.attempt_id, amount=request.amount,
            tenders=request.tenders, provider_ref="alipay/1", has_moved_now=True,
        )  # fmt: skip


@dataclass(frozen=True)
class Gateway:
    """The gateway that sends texts and chat messages."""

    of: Names

    def answers(
        self, request: customers.MessageSendRequestedV1, outcome: str
    ) -> contacts.MessageSendAnsweredV1:
        return contacts.MessageSendAnsweredV1(
            **self.of.person, request_id=request.request_id, channel=request.channel,
            outcome=contacts.SendOutcome(outcome),
        )  # fmt: skip


def shares(lines: Sequence[components.Line]) -> list[components.Share]:
    """All of these lines."""
    return [share(one.line_id, one.quantity_count) for one in lines]
