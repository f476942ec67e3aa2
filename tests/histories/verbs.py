"""Actions as events: each function makes the event of one verb, or None where it means nothing now."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.base import Event, Money
from aftersales_contracts.enums import Carriage, MoneyMoved, PromiseKind, RefundKind
from aftersales_contracts.shop import aftersales, contacts, desk, payments
from tests.histories import verbs_goods, verbs_money, verbs_order, verbs_reviews
from tests.histories.goods import Where
from tests.histories.world import BUYER, CUSTOMER, ORDER, PERSON, SELLER, Action, World, shares

Made = Event | None


def make(world: World, action: Action) -> Made:
    """The event of an action, if it can be done now."""
    return VERBS[action.verb](world, action)


def play(world: World, action: Action) -> bool:
    """Does an action; tells whether it meant anything."""
    world.wait_until(world.now + timedelta(minutes=action.wait))
    if action.verb == "wait":
        return True
    if action.verb == "repeat":
        return _repeat(world, action)
    if action.verb == "later":
        return _later(world, action)
    event = make(world, action)
    if event is None:
        return False
    world.tell(event)
    return True


def _repeat(world: World, action: Action) -> bool:
    """The n-th event of a type is read once more."""
    known = [said.event for said in world.story if not said.is_outcome and action.about == said.event.TYPE]
    number = int(action.args[0])
    if number >= len(known):
        return False
    world.tell(known[number], is_repeat=True)
    return True


def _later(world: World, action: Action) -> bool:
    """An action now whose event is read only some minutes later: its verb, the minutes, then as ever."""
    minutes, about, *args = action.args
    event = make(world, Action(0, action.about, str(about), tuple(args)))
    if event is None:
        return False
    world.tell_later(event, world.now + timedelta(minutes=int(minutes)))
    return True


# Buyer.


def _amounts(world: World, lines: tuple[str | int, ...], percent: int) -> list[Money]:
    priced = [(str(x).split(":")[0], int(str(x).split(":")[1])) for x in lines]
    prices = world.ledger.piece_prices
    return [world.money(max(prices[line_id] * count * percent // 100, 1)) for line_id, count in priced]


def _terms(world: World, action: Action, version: int) -> dict[str, Any]:
    kind, reason, percent, freight, *lines = action.args
    amounts = _amounts(world, tuple(lines), int(percent))
    with_freight = int(freight)
    return {
        **world.keys, "refund_id": action.about, "terms_version": version, "kind": RefundKind(str(kind)),
        "reason_code": str(reason), "lines": shares(lines, amounts),
        "amount": world.money(sum(each.minor for each in amounts) + with_freight),
        "freight": world.money(with_freight) if with_freight else None,
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
        return aftersales.ApplicationWithdrawnV1(**world.keys, refund_id=action.about, by=BUYER)
    if action.about in world.ledger.m.exchanges:
        return aftersales.ApplicationWithdrawnV1(**world.keys, exchange_id=action.about, by=BUYER)
    return None


def _exchange(world: World, action: Action) -> Made:
    reason, *lines = action.args
    wanted = [components.Wanted(line_id=str(x).split(":")[0], sku_id=f"s-{str(x)[0]}-xl") for x in lines]
    return aftersales.ExchangeAppliedV1(
        **world.keys, exchange_id=action.about, lines=shares(lines), wanted=wanted, reason_code=str(reason)
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
        **world.keys,
        **ids,
        return_id=f"{action.about}.{box}" if others else action.about,
        lines=shares(lines),
        carriage=Carriage(str(carriage)),
        tracking=components.Tracking(carrier_code="sf", tracking_code=str(box)),
        freight_paid_amount=world.money(int(freight)) if freight else None,
    )


def _choose(world: World, action: Action) -> Made:
    """The buyer answers the latest offer of a case, or answers it anew."""
    offer: Any = world.ledger.m.offers.get(action.about)
    if offer is None:
        return None
    option = str(action.args[0])
    if option and option not in {each.option_id for each in offer.options}:
        return None
    return aftersales.OfferAnsweredV1(
        **world.keys, offer_id=offer.offer_id, case_id=offer.case_id, case_kind=offer.case_kind,
        option_id=option or None,
    )  # fmt: skip


def _problem(world: World, action: Action) -> Made:
    """The buyer has a problem, with the parcel that is named, and may wish for something."""
    problem, *wish = action.args
    return aftersales.ProblemReportedV1(
        **world.keys,
        problem_id=f"q-{action.about}",
        problem=aftersales.ProblemKind(str(problem)),
        wanted=aftersales.Wish(str(wish[0]) if wish else "unknown"),
        parcel_id=action.about or None,
    )


# Seller.


def _agree(world: World, action: Action) -> Made:
    refund = world.ledger.m.refunds.get(action.about)
    if refund is None or refund.version == 0:
        return None
    return aftersales.RefundAgreedV1(
        **world.keys, refund_id=action.about, terms_version=refund.version,
        stage=aftersales.AnswerStage(str(action.args[0])), by=SELLER,
    )  # fmt: skip


def _refuse(world: World, action: Action) -> Made:
    refund = world.ledger.m.refunds.get(action.about)
    if refund is None or refund.version == 0:
        return None
    return aftersales.RefundRefusedV1(
        **world.keys, refund_id=action.about, terms_version=refund.version,
        stage=aftersales.AnswerStage(str(action.args[0])), reason_code="not_so", by=SELLER,
        evidence_ids=["e1", "e2", "e3"] if action.args[-1] == "shown" else [],
    )  # fmt: skip


def _accept(world: World, action: Action) -> Made:
    ids = _case_ids(world, action.about)
    if ids is None:
        return None
    return aftersales.ReturnAcceptedV1(
        **world.keys, **ids, return_id=action.about, lines=shares(action.args), by=SELLER
    )


def _answer_exchange(world: World, action: Action) -> Made:
    if action.about not in world.ledger.m.exchanges:
        return None
    answer = aftersales.ExchangeAnswer(str(action.args[0]))
    return aftersales.ExchangeAnsweredV1(**world.keys, exchange_id=action.about, answer=answer, by=SELLER)


def _evidence(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    return aftersales.EvidenceSubmittedV1(
        **world.keys, evidence_id=f"ev-{request.kinds[0].value}", kind=request.kinds[0], store_ref="vault",
        request_id=request.request_id, case_id=request.case_id, case_kind=request.case_kind, by=SELLER,
    )  # fmt: skip


def _promise(world: World, action: Action) -> Made:
    return contacts.PromiseMadeV1(
        shop_id=world.shape.shop, customer_id=CUSTOMER, promise_id="pr1", kind=PromiseKind(action.about),
        order_id=ORDER, by=SELLER,
    )  # fmt: skip


# Payment provider and desk.


def _attempt(world: World, intent_id: str) -> dict[str, Any] | None:
    intent = world.ledger.m.intents.get(intent_id)
    if intent is None or not intent.attempts:
        return None
    return {**world.keys, "intent_id": intent_id, "attempt_id": intent.attempts[-1]}


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
        **ids, amount=world.money(minor), tenders=request.tenders if is_whole else [], provider_ref="ref",
        has_moved_now=True,
    )  # fmt: skip


def _settle_again(world: World, action: Action) -> Made:
    """The provider repeats what it said."""
    intent = world.ledger.m.intents.get(action.about)
    if intent is None or not intent.settled_attempts:
        return None
    return payments.RefundSettledV1(
        **world.keys, intent_id=action.about, attempt_id=max(intent.settled_attempts),
        amount=world.money(intent.asked_minor), provider_ref="ref", has_moved_now=False,
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
        **world.keys, intent_id=action.about, amount=world.money(minor), reason_code="account_closed"
    )


def _task(world: World, action: Action) -> Made:
    """The desk answers the latest open task of that question and case, or late, where none is open."""
    known = [task for task in world.ledger.m.tasks.values() if task.key == action.about]
    is_late = action.args[1:] == ("late",)
    tasks = [task for task in known if task.is_open or (is_late and task.answered_at is None)]
    if not tasks:
        return None
    task = tasks[-1]
    return desk.TaskCompletedV1(
        shop_id=world.shape.shop, task_id=task.task_id, case_kind=task.case_kind, case_id=task.case_id,
        about_subject=task.about_subject, outcome_code=str(action.args[0]), by=PERSON,
    )  # fmt: skip


VERBS: Mapping[str, Callable[[World, Action], Made]] = {
    **verbs_goods.VERBS, **verbs_order.VERBS, **verbs_reviews.VERBS, **verbs_money.VERBS,
    "apply": _apply, "amend": _amend, "take_back": _take_back, "exchange": _exchange,
    "send": _send, "choose": _choose, "problem": _problem, "agree": _agree, "refuse": _refuse,
    "accept": _accept, "answer_exchange": _answer_exchange, "evidence": _evidence, "promise": _promise,
    "take": _take, "settle": _settle, "settle_again": _settle_again, "fail": _fail, "reverse": _reverse,
    "task": _task,
}  # fmt: skip
