"""Events of one order as a shop would publish them, short to write; amounts in minor units of `currency`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.aftersales import logistics, logistics_enums
from aftersales_contracts.base import Money
from aftersales_contracts.enums import (
    Carriage,
    Condition,
    Disposition,
    FreightTerms,
    MoneyMoved,
    ParcelDirection,
    PaymentMethod,
    RefundKind,
    Role,
    SellerType,
)
from aftersales_contracts.shop import aftersales, orders, payments, shipments

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
GRACE = 10 * MINUTE
BUYER = components.Party(role=Role.BUYER)
SELLER = components.Party(role=Role.SELLER)
ORDER_ID = "o1"
KEYS: dict[str, Any] = {"shop_id": "shop-1", "order_id": ORDER_ID}


def money(minor: int, currency: str = "CNY") -> Money:
    return Money(minor=minor, currency=currency)


def share(line_id: str, count: int = 1, minor: int | None = None, currency: str = "CNY") -> components.Share:
    amount = None if minor is None else money(minor, currency)
    return components.Share(line_id=line_id, quantity_count=count, amount=amount)


def placed(
    lines: Sequence[tuple[str, int, int]] = (("a", 1, 10_000),),
    freight: int = 0,
    *,
    is_free: bool = True,
    currency: str = "CNY",
    **extra: Any,
) -> orders.OrderPlacedV1:
    """Lines as (id, pieces, price per piece)."""
    terms = FreightTerms.FREE if is_free else FreightTerms.BUYER_PAYS
    return orders.OrderPlacedV1(
        **KEYS,
        customer_id="c1",
        seller_type=SellerType.C_SHOP,
        platform_code="taobao",
        lines=[
            components.Line(
                line_id=line_id, product_id=f"p-{line_id}", sku_id=f"s-{line_id}", quantity_count=count,
                unit_price=money(price, currency), freight_terms=terms, **extra,
            )
            for line_id, count, price in lines
        ],
        freight=money(freight, currency),
        total=money(sum(count * price for _, count, price in lines) + freight, currency),
    )  # fmt: skip


def paid(*amounts: int, currency: str = "CNY") -> orders.OrderPaidV1:
    tenders = amounts or (10_000,)
    return orders.OrderPaidV1(
        **KEYS,
        payments=[
            components.Payment(
                payment_id=f"pay{number}", method=PaymentMethod.ALIPAY, amount=money(minor, currency)
            )
            for number, minor in enumerate(tenders, 1)
        ],
        paid_amount=money(sum(tenders), currency),
    )


def shipped(
    kind: orders.DeliveryKind = orders.DeliveryKind.EXPRESS, lines: list[components.Share] | None = None
) -> orders.OrderShippedV1:
    return orders.OrderShippedV1(**KEYS, delivery_kind=kind, lines=lines)


def succeeded(cause: orders.SuccessCause = orders.SuccessCause.BUYER) -> orders.OrderSucceededV1:
    return orders.OrderSucceededV1(**KEYS, cause=cause)


def closed(cause: orders.CloseCause = orders.CloseCause.REFUNDED) -> orders.OrderClosedV1:
    return orders.OrderClosedV1(**KEYS, cause=cause, by=SELLER)


def applied(
    kind: RefundKind = RefundKind.WITH_RETURN,
    amount: int = 10_000,
    *,
    refund_id: str = "r1",
    lines: list[components.Share] | None = None,
    reason: str = "quality",
    currency: str = "CNY",
    **extra: Any,
) -> aftersales.RefundAppliedV1:
    return aftersales.RefundAppliedV1(
        **KEYS, refund_id=refund_id, terms_version=extra.pop("version", 1), kind=kind, reason_code=reason,
        lines=lines, amount=money(amount, currency), **extra,
    )  # fmt: skip


def amended(
    kind: RefundKind,
    amount: int,
    version: int = 2,
    refund_id: str = "r1",
    *,
    lines: list[components.Share] | None = None,
    reason: str = "quality",
) -> aftersales.RefundAmendedV1:
    return aftersales.RefundAmendedV1(
        **KEYS, refund_id=refund_id, terms_version=version, kind=kind, reason_code=reason, lines=lines,
        amount=money(amount),
    )  # fmt: skip


def agreed(version: int = 1, refund_id: str = "r1") -> aftersales.RefundAgreedV1:
    return aftersales.RefundAgreedV1(
        **KEYS, refund_id=refund_id, terms_version=version, stage=aftersales.AnswerStage.ANSWER, by=SELLER
    )


def refused(
    version: int = 1, refund_id: str = "r1", stage: aftersales.AnswerStage = aftersales.AnswerStage.ANSWER
) -> aftersales.RefundRefusedV1:
    return aftersales.RefundRefusedV1(
        **KEYS, refund_id=refund_id, terms_version=version, stage=stage, reason_code="worn", by=SELLER
    )


def withdrawn(refund_id: str = "r1") -> aftersales.ApplicationWithdrawnV1:
    return aftersales.ApplicationWithdrawnV1(**KEYS, refund_id=refund_id, by=BUYER)


def _named(ids: dict[str, str]) -> dict[str, Any]:
    return {**(ids or {"refund_id": "r1"})}


def sent(
    carriage: Carriage = Carriage.EXPRESS,
    freight: int | None = None,
    lines: Sequence[components.Share] = (share("a"),),
    return_id: str = "ret1",
    currency: str = "CNY",
    **ids: str,
) -> aftersales.ReturnSentV1:
    return aftersales.ReturnSentV1(
        **KEYS, **_named(ids), return_id=return_id, lines=list(lines), carriage=carriage,
        tracking=components.Tracking(carrier_code="sf", tracking_code="SF1"),
        freight_paid_amount=None if freight is None else money(freight, currency),
    )  # fmt: skip


def accepted(*lines: components.Share, **ids: str) -> aftersales.ReturnAcceptedV1:
    return aftersales.ReturnAcceptedV1(**KEYS, **_named(ids), return_id="ret1", lines=list(lines), by=SELLER)


def inspected(
    line_id: str = "a",
    received: int = 1,
    accepted_count: int = 1,
    condition: Condition = Condition.RESALEABLE,
    **extra: Any,
) -> shipments.ReturnInspectedV1:
    wanted_sku_id, return_id = extra.pop("wanted_sku_id", None), extra.pop("return_id", None)
    parcel_id = extra.pop("parcel_id", "back1")
    return shipments.ReturnInspectedV1(
        **KEYS, parcel_id=parcel_id, return_id=return_id, wanted_sku_id=wanted_sku_id,
        lines=[
            components.Inspection(
                line_id=line_id, received_count=received, accepted_count=accepted_count, condition=condition,
                is_packaging_complete=True, disposition=Disposition.RESTOCK, **extra,
            )
        ],
    )  # fmt: skip


def settled(
    amount: int, intent_id: str = "r1.refund.1", attempt: int = 1, *, is_now: bool = True
) -> payments.RefundSettledV1:
    return payments.RefundSettledV1(
        **KEYS, intent_id=intent_id, attempt_id=f"{intent_id}.try.{attempt}", amount=money(amount),
        provider_ref="ref", has_moved_now=is_now,
    )  # fmt: skip


def failed(
    intent_id: str = "r1.refund.1",
    attempt: int = 1,
    *,
    is_retryable: bool = True,
    moved: MoneyMoved = MoneyMoved.NO,
) -> payments.RefundFailedV1:
    return payments.RefundFailedV1(
        **KEYS, intent_id=intent_id, attempt_id=f"{intent_id}.try.{attempt}", reason_code="bank_down",
        is_retryable=is_retryable, money_moved=moved,
    )  # fmt: skip


def outcome_of(case_kind: str, case_id: str, service: str = "logistics") -> dict[str, Any]:
    """Builds the fields that every outcome of another service carries."""
    return {
        "case_id": case_id, "case_kind": case_kind, "case_version": 1, "rule_ids": [],
        "policy_version": f"{service}@2014-01-01", **KEYS,
    }  # fmt: skip


def hold(outcome: logistics_enums.HoldResolution, refund_id: str = "r1") -> logistics.DispatchHoldResolvedV1:
    return logistics.DispatchHoldResolvedV1(
        **outcome_of("dispatch", ORDER_ID), outcome=outcome, parcel_ids=[], refund_id=refund_id
    )


def hold_stopped(refund_id: str = "r1") -> logistics.DispatchHoldResolvedV1:
    return hold(logistics_enums.HoldResolution.STOPPED, refund_id)


def parcel(
    outcome: logistics_enums.ParcelOutcome,
    *lines: str | components.Share,
    parcel_id: str = "parcel1",
    direction: ParcelDirection = ParcelDirection.OUTBOUND,
) -> logistics.ParcelOutcomeDecidedV1:
    """Lines by name mean one piece of each."""
    return logistics.ParcelOutcomeDecidedV1(
        **outcome_of("parcel", parcel_id), parcel_id=parcel_id, direction=direction,
        lines=[share(line) if isinstance(line, str) else line for line in lines], outcome=outcome,
        basis=logistics_enums.OutcomeBasis.SCAN, fault=logistics_enums.Fault.UNKNOWN,
    )  # fmt: skip


def remedy(
    *lines: components.Share,
    remedy_id: str = "rem1",
    reason: logistics_enums.RemedyReason = logistics_enums.RemedyReason.LOST,
) -> logistics.RemedyRefundDueV1:
    return logistics.RemedyRefundDueV1(
        **outcome_of("lost-parcel", "parcel1"), remedy_id=remedy_id, lines=list(lines), reason_code=reason,
        fault=logistics_enums.Fault.COURIER,
    )  # fmt: skip


def reship(
    status: logistics_enums.ReshipStatus, reship_id: str = "x1.reship"
) -> logistics.ReshipStatusChangedV1:
    return logistics.ReshipStatusChangedV1(
        **outcome_of("reship", reship_id), reship_id=reship_id, status=status
    )


def late(
    trigger: logistics_enums.LateTrigger = logistics_enums.LateTrigger.UNSHIPPED_72H,
) -> logistics.LateShippingEstablishedV1:
    return logistics.LateShippingEstablishedV1(
        **outcome_of("dispatch", ORDER_ID), trigger=trigger, lines=[share("a")]
    )


def late_withdrawn(
    trigger: logistics_enums.LateTrigger = logistics_enums.LateTrigger.UNSHIPPED_72H,
) -> logistics.LateShippingWithdrawnV1:
    return logistics.LateShippingWithdrawnV1(
        **outcome_of("dispatch", ORDER_ID), trigger=trigger, reason_code="picked_up_in_time"
    )


def exchange_applied(reason: str = "size", exchange_id: str = "x1") -> aftersales.ExchangeAppliedV1:
    return aftersales.ExchangeAppliedV1(
        **KEYS, exchange_id=exchange_id, lines=[share("a")],
        wanted=[components.Wanted(line_id="a", sku_id="s-a-xl")], reason_code=reason,
    )  # fmt: skip


def exchange_answered(
    answer: aftersales.ExchangeAnswer = aftersales.ExchangeAnswer.APPROVED,
) -> aftersales.ExchangeAnsweredV1:
    return aftersales.ExchangeAnsweredV1(**KEYS, exchange_id="x1", answer=answer, by=SELLER)


def reported(
    problem: aftersales.ProblemKind = aftersales.ProblemKind.QUALITY, *line_ids: str
) -> aftersales.ProblemReportedV1:
    lines = [share(line_id) for line_id in line_ids] or None
    return aftersales.ProblemReportedV1(
        **KEYS, problem_id="p1", problem=problem, wanted=aftersales.Wish.UNKNOWN, lines=lines
    )
