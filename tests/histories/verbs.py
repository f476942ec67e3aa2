"""Actions as events: each function makes the event of one verb, or None where it means nothing now."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.base import Event
from aftersales_contracts.enums import (
    Carriage,
    FreightTerms,
    MemoPurpose,
    MoneyMoved,
    PaymentMethod,
    PromiseKind,
    RefundKind,
    SaleService,
    SellerType,
)
from aftersales_contracts.shop import aftersales, contacts, desk, orders, payments
from tests.histories import verbs_goods
from tests.histories.goods import Where
from tests.histories.world import BUYER, CUSTOMER, KEYS, PERSON, SELLER, SHOP, Action, World, money, shares

Made = Event | None


def make(world: World, action: Action) -> Made:
    """The event of an action, if it can be done now."""
    return VERBS[action.verb](world, action)


def play(world: World, action: Action) -> bool:
    """Does an action; tells whether it meant anything."""
    world.wait_until(world.now + timedelta(minutes=action.wait))
    if action.verb == "wait":
        return True
    event = make(world, action)
    if event is None:
        return False
    world.tell(event)
    return True


# Order system.


def _place(world: World, _action: Action) -> Made:
    shape = world.shape
    terms = FreightTerms.FREE if shape.is_free else FreightTerms.BUYER_PAYS
    return orders.OrderPlacedV1(
        **KEYS,
        customer_id=CUSTOMER,
        seller_type=SellerType.C_SHOP,
        platform_code="taobao",
        lines=[
            components.Line(
                line_id=line_id, product_id=f"p-{line_id}", sku_id=f"s-{line_id}", style_id=f"p-{line_id}",
                quantity_count=count, unit_price=money(price), freight_terms=terms,
                services=[SaleService.SEVEN_DAY_NO_REASON],
            )
            for line_id, count, price in shape.lines
        ],
        freight=money(shape.freight),
        total=money(shape.total),
        region_code="CN-31",
    )  # fmt: skip


def _pay(world: World, _action: Action) -> Made:
    tenders = world.shape.tenders or (world.shape.total,)
    return orders.OrderPaidV1(
        **KEYS,
        payments=[
            components.Payment(payment_id=f"pay{n}", method=PaymentMethod.ALIPAY, amount=money(minor))
            for n, minor in enumerate(tenders, 1)
        ],
        paid_amount=money(world.shape.total),
    )


def _mark(world: World, action: Action) -> Made:
    """The ship mark, for the parcel that it names or for the whole order."""
    parcel = world.ledger.goods.parcels.get(action.about)
    lines = None
    if parcel is not None:
        lines = [components.Share(line_id=name, quantity_count=count) for name, count in parcel.lines.items()]
    return orders.OrderShippedV1(
        **KEYS,
        delivery_kind=orders.DeliveryKind.EXPRESS,
        parcel_ids=[action.about] if parcel is not None else [],
        lines=lines,
    )


def _succeed(_world: World, action: Action) -> Made:
    return orders.OrderSucceededV1(**KEYS, cause=orders.SuccessCause(action.about))


def _confirm(world: World, action: Action) -> Made:
    """The order system's answer to the wish to confirm."""
    asked = world.ledger.m.asked.get("confirm")
    if asked is None:
        return None
    if action.about == "yes":
        return orders.OrderSucceededV1(**KEYS, cause=orders.SuccessCause.AUTO_CONFIRM)
    request: Any = asked.event
    del world.ledger.m.asked["confirm"]
    return orders.OrderRequestDeclinedV1(**KEYS, request_id=request.request_id, reason_code="refund_open")


def _close(world: World, _action: Action) -> Made:
    if world.ledger.m.asked.pop("close", None) is None:
        return None
    is_sent = any(not p.is_back and p.is_gone for p in world.ledger.goods.parcels.values())
    cause = orders.CloseCause.REFUNDED if is_sent else orders.CloseCause.REFUNDED_UNSHIPPED
    return orders.OrderClosedV1(**KEYS, cause=cause, by=SELLER)


def _memo(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    if action.args == ("no",):
        return orders.OrderRequestDeclinedV1(
            **KEYS, request_id=request.request_id, reason_code="not_possible"
        )
    return orders.OrderMemoStoredV1(
        **KEYS, memo_ref="memo", purpose=request.purpose or MemoPurpose.LOSS, request_id=request.request_id
    )


# Buyer.


def _amounts(world: World, lines: tuple[str | int, ...], percent: int) -> list[int]:
    priced = [(str(x).split(":")[0], int(str(x).split(":")[1])) for x in lines]
    return [max(world.shape.price(line_id) * count * percent // 100, 1) for line_id, count in priced]


def _terms(world: World, action: Action, version: int) -> dict[str, Any]:
    kind, reason, percent, freight, *lines = action.args
    amounts = _amounts(world, tuple(lines), int(percent))
    with_freight = int(freight)
    return {
        **KEYS, "refund_id": action.about, "terms_version": version, "kind": RefundKind(str(kind)),
        "reason_code": str(reason), "lines": shares(lines, amounts),
        "amount": money(sum(amounts) + with_freight),
        "freight": money(with_freight) if with_freight else None,
    }  # fmt: skip


def _apply(world: World, action: Action) -> Made:
    return aftersales.RefundAppliedV1(**_terms(world, action, 1))


def _amend(world: World, action: Action) -> Made:
    refund = world.ledger.m.refunds.get(action.about)
    if refund is None or refund.state != "refused":
        return None
    return aftersales.RefundAmendedV1(**_terms(world, action, refund.version + 1))


def _take_back(world: World, action: Action) -> Made:
    if action.about in world.ledger.m.refunds:
        return aftersales.ApplicationWithdrawnV1(**KEYS, refund_id=action.about, by=BUYER)
    if action.about in world.ledger.m.exchanges:
        return aftersales.ApplicationWithdrawnV1(**KEYS, exchange_id=action.about, by=BUYER)
    return None


def _exchange(_world: World, action: Action) -> Made:
    reason, *lines = action.args
    wanted = [components.Wanted(line_id=str(x).split(":")[0], sku_id=f"s-{str(x)[0]}-xl") for x in lines]
    return aftersales.ExchangeAppliedV1(
        **KEYS, exchange_id=action.about, lines=shares(lines), wanted=wanted, reason_code=str(reason)
    )


def _case_ids(world: World, case_id: str) -> dict[str, Any] | None:
    if case_id in world.ledger.m.refunds:
        return {"refund_id": case_id}
    return {"exchange_id": case_id} if case_id in world.ledger.m.exchanges else None


def _send(world: World, action: Action) -> Made:
    """The buyer sends goods back in a box; two returns may lie in one."""
    box, freight, carriage, *lines = action.args
    ids = _case_ids(world, action.about)
    goods = world.ledger.goods
    is_here = all(goods.count(share.line_id, Where.BUYER) >= share.quantity_count for share in shares(lines))
    if ids is None or not is_here:
        return None
    others = [p for p in goods.parcels.values() if action.about in p.return_ids and p.parcel_id != box]
    return aftersales.ReturnSentV1(
        **KEYS,
        **ids,
        return_id=f"{action.about}.{box}" if others else action.about,
        lines=shares(lines),
        carriage=Carriage(str(carriage)),
        tracking=components.Tracking(carrier_code="sf", tracking_code=str(box)),
        freight_paid_amount=money(int(freight)) if freight else None,
    )


def _choose(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    offer: Any = asked.event
    option = str(action.args[0])
    if option and option not in {each.option_id for each in offer.options}:
        return None
    return aftersales.OfferAnsweredV1(
        **KEYS, offer_id=offer.offer_id, case_id=offer.case_id, case_kind=offer.case_kind,
        option_id=option or None,
    )  # fmt: skip


def _problem(_world: World, action: Action) -> Made:
    return aftersales.ProblemReportedV1(
        **KEYS,
        problem_id=f"q-{action.about}",
        problem=aftersales.ProblemKind(str(action.args[0])),
        wanted=aftersales.Wish.UNKNOWN,
        parcel_id=action.about or None,
    )


# Seller.


def _agree(world: World, action: Action) -> Made:
    refund = world.ledger.m.refunds.get(action.about)
    if refund is None or refund.version == 0:
        return None
    return aftersales.RefundAgreedV1(
        **KEYS, refund_id=action.about, terms_version=refund.version,
        stage=aftersales.AnswerStage(str(action.args[0])), by=SELLER,
    )  # fmt: skip


def _refuse(world: World, action: Action) -> Made:
    refund = world.ledger.m.refunds.get(action.about)
    if refund is None or refund.version == 0:
        return None
    return aftersales.RefundRefusedV1(
        **KEYS, refund_id=action.about, terms_version=refund.version,
        stage=aftersales.AnswerStage(str(action.args[0])), reason_code="not_so", by=SELLER,
        evidence_ids=["e1", "e2", "e3"] if action.args[-1] == "shown" else [],
    )  # fmt: skip


def _accept(world: World, action: Action) -> Made:
    ids = _case_ids(world, action.about)
    if ids is None:
        return None
    return aftersales.ReturnAcceptedV1(
        **KEYS, **ids, return_id=action.about, lines=shares(action.args), by=SELLER
    )


def _answer_exchange(world: World, action: Action) -> Made:
    if action.about not in world.ledger.m.exchanges:
        return None
    answer = aftersales.ExchangeAnswer(str(action.args[0]))
    return aftersales.ExchangeAnsweredV1(**KEYS, exchange_id=action.about, answer=answer, by=SELLER)


def _evidence(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    return aftersales.EvidenceSubmittedV1(
        **KEYS, evidence_id=f"ev-{request.kinds[0].value}", kind=request.kinds[0], store_ref="vault",
        request_id=request.request_id, case_id=request.case_id, case_kind=request.case_kind, by=SELLER,
    )  # fmt: skip


def _promise(_world: World, action: Action) -> Made:
    return contacts.PromiseMadeV1(
        shop_id=SHOP, customer_id=CUSTOMER, promise_id="pr1", kind=PromiseKind(action.about),
        order_id=KEYS["order_id"], by=SELLER,
    )  # fmt: skip


# Payment provider and desk.


def _attempt(world: World, intent_id: str) -> dict[str, Any] | None:
    intent = world.ledger.m.intents.get(intent_id)
    if intent is None or not intent.attempts:
        return None
    return {**KEYS, "intent_id": intent_id, "attempt_id": intent.attempts[-1]}


def _take(world: World, action: Action) -> Made:
    ids = _attempt(world, action.about)
    return None if ids is None else payments.RefundPaymentAcceptedV1(**ids, provider_ref="ref")


def _settle(world: World, action: Action) -> Made:
    """The money moves, or a part of it; once per attempt."""
    ids = _attempt(world, action.about)
    asked = world.ledger.m.asked.get(f"payment:{action.about}")
    if ids is None or asked is None:
        return None
    request: Any = asked.event
    minor = max(request.amount.minor * int(action.args[0]) // 100, 1)
    is_whole = minor == sum(tender.amount.minor for tender in request.tenders)
    return payments.RefundSettledV1(
        **ids, amount=money(minor), tenders=request.tenders if is_whole else [], provider_ref="ref",
        has_moved_now=True,
    )  # fmt: skip


def _settle_again(world: World, action: Action) -> Made:
    """The provider repeats what it said."""
    intent = world.ledger.m.intents.get(action.about)
    if intent is None or not intent.settled_attempts:
        return None
    return payments.RefundSettledV1(
        **KEYS, intent_id=action.about, attempt_id=max(intent.settled_attempts),
        amount=money(intent.asked_minor), provider_ref="ref", has_moved_now=False,
    )  # fmt: skip


def _fail(world: World, action: Action) -> Made:
    ids = _attempt(world, action.about)
    if ids is None or f"payment:{action.about}" not in world.ledger.m.asked:
        return None
    return payments.RefundFailedV1(
        **ids, reason_code="bank_down", is_retryable=action.args[0] == "again",
        money_moved=MoneyMoved(str(action.args[1])),
    )  # fmt: skip


def _reverse(world: World, action: Action) -> Made:
    intent = world.ledger.m.intents.get(action.about)
    if intent is None or intent.net_minor <= 0:
        return None
    minor = max(intent.net_minor * int(action.args[0]) // 100, 1)
    return payments.RefundReversedV1(
        **KEYS, intent_id=action.about, amount=money(minor), reason_code="account_closed"
    )


def _task(world: World, action: Action) -> Made:
    """The desk answers the latest open task of that question and case."""
    tasks = [task for task in world.ledger.m.open_tasks() if task.key == action.about]
    if not tasks:
        return None
    task = tasks[-1]
    return desk.TaskCompletedV1(
        shop_id=SHOP, task_id=task.task_id, case_kind=task.case_kind, case_id=task.case_id,
        about_subject=task.about_subject, outcome_code=str(action.args[0]), by=PERSON,
    )  # fmt: skip


VERBS: Mapping[str, Callable[[World, Action], Made]] = {
    **verbs_goods.VERBS,
    "place": _place, "pay": _pay, "mark": _mark, "succeed": _succeed, "confirm": _confirm, "close": _close,
    "memo": _memo, "apply": _apply, "amend": _amend, "take_back": _take_back, "exchange": _exchange,
    "send": _send, "choose": _choose, "problem": _problem, "agree": _agree, "refuse": _refuse,
    "accept": _accept, "answer_exchange": _answer_exchange, "evidence": _evidence, "promise": _promise,
    "take": _take, "settle": _settle, "settle_again": _settle_again, "fail": _fail, "reverse": _reverse,
    "task": _task,
}  # fmt: skip
