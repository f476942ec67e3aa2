"""Money that others move, as events: paid once more, given back outside, disputed."""

from collections.abc import Callable, Mapping

from aftersales_contracts import components
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ChargebackStage, PaymentMethod
from aftersales_contracts.shop import orders, payments
from tests.histories.world import Action, World

Made = Event | None


def _pay_again(world: World, action: Action) -> Made:
    """Another payment of the order, of so much of its total."""
    if world.ledger.paid_at is None:
        return None
    minor = max(world.ledger.total_minor * int(action.args[0]) // 100, 1)
    one = components.Payment(payment_id=action.about, method=PaymentMethod.ALIPAY, amount=world.money(minor))
    return orders.OrderPaidV1(**world.keys, payments=[one], paid_amount=world.money(minor))


def _outside(world: World, action: Action) -> Made:
    """So much of what was paid goes back at the provider's dashboard, with pieces or without."""
    percent, *lines = action.args
    if world.ledger.paid_at is None:
        return None
    minor = max(world.ledger.paid_minor * int(percent) // 100, 1)
    named = [components.Share(line_id=str(line), quantity_count=1) for line in lines] or None
    return payments.RefundMadeOutsideV1(
        **world.keys, outside_id=action.about, amount=world.money(minor), lines=named
    )


def _stray(world: World, action: Action) -> Made:
    """The provider says that an intent settled which nobody asked for."""
    if world.ledger.paid_at is None:
        return None
    minor = max(world.ledger.paid_minor * int(action.args[0]) // 100, 1)
    return payments.RefundSettledV1(
        **world.keys, intent_id=action.about, attempt_id=f"{action.about}.try.1", amount=world.money(minor),
        provider_ref="ref", has_moved_now=True,
    )  # fmt: skip


def _outside_back(world: World, action: Action) -> Made:
    """Money that others gave back returns, all of it or a part."""
    known = world.ledger.beside.outside[action.about]
    if not known:
        return None
    minor = max(known * int(action.args[0]) // 100, 1)
    return payments.RefundReversedV1(
        **world.keys, intent_id=action.about, amount=world.money(minor), reason_code="account_closed"
    )


def _dispute(world: World, action: Action) -> Made:
    """The payer disputes so much of the first payment; later stages are about the same."""
    stage, percent = action.args
    if world.ledger.paid_at is None:
        return None
    known = world.ledger.beside.disputes.get(action.about)
    payment_id = min(world.ledger.tenders)
    minor = max(world.ledger.tenders[payment_id] * int(percent) // 100, 1) if known is None else known[1]
    return payments.PaymentChargedBackV1(
        **world.keys, payment_id=payment_id, dispute_id=action.about, stage=ChargebackStage(str(stage)),
        amount=world.money(minor), reason_code="not_mine",
    )  # fmt: skip


VERBS: Mapping[str, Callable[[World, Action], Made]] = {
    "pay_again": _pay_again, "outside": _outside, "stray": _stray, "outside_back": _outside_back,
    "dispute": _dispute,
}  # fmt: skip
