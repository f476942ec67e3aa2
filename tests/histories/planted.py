"""Planted faults: services that say something wrong, or do not hear something. The account has to notice."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aftersales_contracts.aftersales import common, logistics, logistics_enums, refunds, reviews
from aftersales_contracts.base import Event, Money
from aftersales_contracts.shop import payments, shipments
from tests.histories import crossings as c
from tests.histories.generate import History, generate, replay
from tests.histories.world import ORDER, Action, Shape, SharedFlow, World
from tests.services.flow import Told

Change = Callable[[Event], Sequence[Event]]
"""An outcome that is announced in place of another."""


@dataclass(frozen=True)
class Planted:
    """A fault, the invariant that has to notice it, and a short history in which it shows."""

    name: str
    change: Change
    invariant: str
    shape: Shape
    actions: tuple[Action, ...]
    deaf_to: type[Event] | None = None
    """An event that no service hears."""

    def flow(self) -> SharedFlow:
        return FaultyFlow(self)

    def is_found(self, world: World, healthy: World) -> bool:
        """Whether it is noticed, where nothing is broken without it."""
        return any(
            key not in healthy.breaches and breach.name == self.invariant
            for key, breach in world.breaches.items()
        )

    def shows(self) -> bool:
        """Whether its own history shows it."""
        history = History(self.shape, self.actions)
        return self.is_found(replay(history, self.flow), replay(history))


class FaultyFlow(SharedFlow):
    """Services with one fault between what they decide and what is announced."""

    def __init__(self, planted: Planted) -> None:
        super().__init__()
        self._planted = planted

    def hear(self, told: Told, at: datetime) -> None:
        """Announces what the fault makes of an outcome."""
        for said in self._planted.change(told.event):
            super().hear(Told(told.at, told.service, said), at)

    def deliver(self, event: Event, at: datetime) -> None:
        """Keeps from the services what the fault keeps from them."""
        deaf_to = self._planted.deaf_to
        if deaf_to is None or not isinstance(event, deaf_to):
            super().deliver(event, at)


def _as_it_is(event: Event) -> Sequence[Event]:
    return [event]


def _more(money: Money, minor: int) -> Money:
    return Money(minor=money.minor + minor, currency=money.currency)


def _unseen(status: str, event: Event) -> Sequence[Event]:
    """A change of a case is not announced."""
    return [] if isinstance(event, common.CaseChangedV1) and event.status == status else [event]


def _twice(purpose: str, event: Event) -> Sequence[Event]:
    """A payment is granted twice."""
    if isinstance(event, refunds.RefundPaymentRequestedV1) and event.purpose.value == purpose:
        again = {"intent_id": f"{event.intent_id}.b", "attempt_id": f"{event.attempt_id}.b"}
        return [event, event.model_copy(update=again)]
    return [event]


def _dearer(purpose: str, factor: int, event: Event) -> Sequence[Event]:
    """A payment is larger than it should be."""
    if isinstance(event, refunds.RefundPaymentRequestedV1) and event.purpose.value == purpose:
        amount = _more(event.amount, event.amount.minor * (factor - 1))
        return [event.model_copy(update={"amount": amount})]
    return [event]


def _without_release(event: Event) -> Sequence[Event]:
    is_release = isinstance(event, logistics.DispatchHoldRequestedV1) and (
        event.action is logistics_enums.HoldAction.RELEASE
    )
    return [] if is_release else [event]


def _claimed_twice(event: Event) -> Sequence[Event]:
    if isinstance(event, logistics.CourierClaimRequestedV1):
        return [event, event.model_copy(update={"claim_id": f"{event.claim_id}.b"})]
    return [event]


def _claim_kept(event: Event) -> Sequence[Event]:
    is_withdrawal = isinstance(event, logistics.CourierClaimRequestedV1) and (
        event.action is logistics_enums.ClaimAction.WITHDRAW
    )
    return [] if is_withdrawal or isinstance(event, logistics.CourierClaimConcludedV1) else [event]


def _searched_twice(event: Event) -> Sequence[Event]:
    if isinstance(event, logistics.CourierActionRequestedV1):
        return [event, event.model_copy(update={"request_id": f"{event.request_id}.b"})]
    return [event]


def _silent_about(event_class: type[Event], event: Event) -> Sequence[Event]:
    return [] if isinstance(event, event_class) else [event]


def _stock_kept(event: Event) -> Sequence[Event]:
    is_cancel = (
        isinstance(event, logistics.ReshipRequestedV1) and event.action is logistics_enums.ReshipAction.CANCEL
    )
    is_told = isinstance(event, logistics.ReshipStatusChangedV1) and event.status.value == "cancelled"
    return [] if is_cancel or is_told else [event]


def _releases_more(event: Event) -> Sequence[Event]:
    if isinstance(event, refunds.OrderAutoConfirmRequestedV1):
        return [event.model_copy(update={"release_amount": _more(event.release_amount, 1)})]
    return [event]


def _always_full(event: Event) -> Sequence[Event]:
    return (
        [event.model_copy(update={"is_full": True})] if isinstance(event, refunds.RefundPaidV1) else [event]
    )


def _called_lost(event: Event) -> Sequence[Event]:
    if isinstance(event, logistics.ParcelOutcomeDecidedV1):
        return [event.model_copy(update={"outcome": logistics_enums.ParcelOutcome.LOST})]
    return [event]


def _late_at_once(event: Event) -> Sequence[Event]:
    """Calls late a dispatch that is only overdue."""
    if not isinstance(event, logistics.DispatchOverdueV1):
        return [event]
    kept = {name: getattr(event, name) for name in type(event).model_fields}
    for name in ("source", "dispatch_by_at"):
        del kept[name]
    late = logistics.LateShippingEstablishedV1(**kept, trigger=logistics_enums.LateTrigger.UNSHIPPED_72H)
    return [event, late]


def _delivered_when_sent(event: Event) -> Sequence[Event]:
    if isinstance(event, logistics.ReshipStatusChangedV1) and event.status.value == "sent":
        return [event.model_copy(update={"status": logistics_enums.ReshipStatus.DELIVERED})]
    return [event]


def _in_dollars(event: Event) -> Sequence[Event]:
    if isinstance(event, refunds.RefundPaymentRequestedV1):
        amount = Money(minor=event.amount.minor, currency="USD")
        return [event.model_copy(update={"amount": amount, "tenders": []})]
    return [event]


def _always_counted(event: Event) -> Sequence[Event]:
    """Every rating counts, also a second one of the same side and line."""
    if isinstance(event, reviews.ReviewDecidedV1):
        return [event.model_copy(update={"is_counted": True})]
    return [event]


HOUR, DAY = c.HOUR, c.DAY
do = c.do
STOPPED = (
    *c.START,
    do(HOUR, "apply", "r1", "unshipped", "other", 100, 0, "a:1"),
    do(HOUR, "hold", "hold:r1.hold", "stopped"),
    c.paid(),
)
LOST = (*c.START, *c.sent("a:1"), do(DAY, "scan", "k1", "lost", "sto", 0))
RETURNED = (
    *c.arrived("a:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(HOUR, "agree", "r1", "answer"),
    do(DAY, "send", "r1", "B1", 1_200, "express", "a:1"),
)
REFUNDED_LOSS = (
    *LOST,
    do(HOUR, "choose", "offer:lost-parcel:k1", "refund"),
    do(HOUR, "memo", "order:add_memo:k1"),
    do(HOUR, "task", "lost-parcel:lost_parcel_report:k1", "approved"),
    do(HOUR, "claim", "claim:k1.claim", "paid"),
)
LATE = (
    *c.START,
    do(HOUR, "apply", "r1", "unshipped", "late_shipment", 100, 0, "a:1"),
    do(HOUR, "hold", "hold:r1.hold", "stopped"),
    c.paid(),
    do(4 * DAY, "settle", "o1.late_compensation.1", 100),
)
SURPLUS = f"order:surplus_paid:{ORDER}"
ALL: Mapping[str, Planted] = {
    planted.name: planted
    for planted in (
        Planted(
            "a refund is granted twice", partial(_twice, "refund"), "money_asked_twice", c.ONE, STOPPED
        ),
        Planted(
            "freight is paid twice", partial(_twice, "freight"), "freight_over", c.ONE,
            (
                *RETURNED,
                do(DAY, "inspect", "B1", "r1", "resaleable", "yes", "a:1:1"),
                do(1, "accept", "r1", "a:1"),
            ),
        ),
        Planted(
            "twice the amount is asked for", partial(_dearer, "refund", 2), "paid_over_paid_in", c.ONE,
            STOPPED,
        ),
        Planted(
            "compensation is doubled", partial(_dearer, "late_compensation", 2), "compensation_over", c.TWO,
            LATE,
        ),
        Planted(
            "a hold is not let go of", _without_release, "hold_kept", c.ONE,
            (*STOPPED[:3], do(HOUR, "register", "k1", "sto", "a:1"), do(HOUR, "mark", "k1")),
        ),
        Planted(
            "a reservation is not let go of", _stock_kept, "stock_kept", c.ONE,
            (
                *c.arrived("a:1"),
                do(HOUR, "exchange", "x1", "size", "a:1"),
                do(HOUR, "reship", "reship:reserve:x1.reship", "reserved"),
                do(HOUR, "take_back", "x1"),
            ),
        ),
        Planted("a claim is made twice", _claimed_twice, "two_claims", c.ONE, LOST),
        Planted(
            "a claim is not withdrawn", _claim_kept, "claim_on_found", c.ONE,
            (
                *LOST,
                do(DAY, "scan", "k1", "in_transit", "sto", 0),
                do(DAY, "scan", "k1", "delivered", "sto", 0),
            ),
        ),
        Planted(
            "a parcel is searched twice", _searched_twice, "two_searches", c.ONE,
            (*c.START, *c.sent("a:1"), do(7 * DAY, "wait")),
        ),
        Planted(
            "a task is not withdrawn", partial(_silent_about, common.TaskWithdrawnV1), "task_left_open",
            c.ONE,
            (
                *c.arrived("a:1"),
                do(HOUR, "apply", "r1", "no_return", "quality", 30, 0, "a:1"),
                do(HOUR, "agree", "r1", "answer"),
            ),
        ),
        Planted(
            "a rejection is not told", partial(_silent_about, refunds.ApplicationRejectedV1),
            "application_unanswered", c.ONE,
            (
                *c.arrived("a:1"),
                do(HOUR, "apply", "r1", "no_return", "quality", 30, 0, "a:1"),
                do(HOUR, "apply", "r2", "no_return", "quality", 30, 0, "a:1"),
            ),
        ),
        Planted(
            "a remedy is not told", partial(_silent_about, logistics.RemedyRefundDueV1), "neither", c.ONE,
            REFUNDED_LOSS,
        ),
        Planted(
            "a cent too much is released", _releases_more, "words_release", c.ONE,
            (*c.arrived("a:1"), do(12 * DAY, "wait")),
        ),
        Planted("every refund is called full", _always_full, "words_full", c.TWO, STOPPED),
        Planted("delivered is called lost", _called_lost, "words_parcel", c.ONE, c.arrived("a:1")),
        Planted(
            "overdue is called late", _late_at_once, "words_late", c.ONE, (*c.START, do(3 * DAY, "wait"))
        ),
        Planted(
            "sent is called delivered", _delivered_when_sent, "words_reship", c.ONE,
            (
                *c.arrived("a:1"),
                *c.exchanged(),
                do(HOUR, "carry", "reship:send:x1.reship", "e1", "sto"),
                do(HOUR, "hand_over", "e1"),
            ),
        ),
        Planted("money is told in dollars", _in_dollars, "words_currency", c.ONE, STOPPED),
        Planted(
            "a second rating counts", _always_counted, "words_review", c.ONE,
            (
                *c.arrived("a:1"),
                do(HOUR, "succeed", "buyer"),
                do(HOUR, "rate", "v1", "a", "good", "buyer"),
                do(HOUR, "rate", "v2", "a", "bad", "buyer"),
            ),
        ),
        Planted(
            "a rating is not answered", partial(_silent_about, reviews.ReviewDecidedV1), "rating_unanswered",
            c.ONE,
            (
                *c.arrived("a:1"),
                do(HOUR, "succeed", "buyer"),
                do(HOUR, "rate", "v1", "a", "good", "buyer"),
            ),
        ),
        Planted(
            "the gate is told nothing", partial(_silent_about, logistics.WarehouseInstructionRequestedV1),
            "collect_unrefused", c.ONE,
            (*RETURNED, do(DAY, "arrive", "B1", "collect")),
        ),
        Planted(
            "an inspection is not heard", _as_it_is, "paid_not_accepted", c.ONE,
            (
                *RETURNED,
                do(DAY, "inspect", "B1", "r1", "worn", "", "a:1:0"),
                do(12 * DAY, "settle", "r1.refund.1", 100),
            ),
            deaf_to=shipments.ReturnInspectedV1,
        ),
        Planted(
            "a surplus is given back twice", partial(_twice, "surplus"), "surplus_over", c.ONE,
            (*c.START, do(HOUR, "pay_again", "more1", 100), do(HOUR, "task", SURPLUS, "refund")),
        ),
        Planted(
            "nobody is asked about a surplus", partial(_silent_about, common.TaskRequestedV1), "surplus_lost",
            c.ONE, (*c.START, do(HOUR, "pay_again", "more1", 100)),
        ),
        Planted(
            "a refund outside is not heard", _as_it_is, "asked_beyond_money", c.ONE,
            (*c.START, do(1, "outside", "out1", 100), *STOPPED[len(c.START):]),
            deaf_to=payments.RefundMadeOutsideV1,
        ),
        Planted(
            "a dispute is not heard", _as_it_is, "asked_beyond_money", c.ONE,
            (*c.START, do(1, "dispute", "d1", "opened", 100), *STOPPED[len(c.START):]),
            deaf_to=payments.PaymentChargedBackV1,
        ),
        Planted(
            "a picture is not announced", partial(_unseen, "awaiting_return"), "picture_gap", c.ONE, RETURNED
        ),
        Planted(
            "a settlement is not heard", _as_it_is, "paid_while_doubted", c.TWO,
            (
                *c.arrived("a:1", "b:1"),
                do(60, "apply", "r1", "no_return", "quality", 100, 0, "a:1"),
                do(60, "agree", "r1", "answer"),
                do(60, "settle", "r1.refund.1", 130),
                do(60, "apply", "r2", "no_return", "quality", 50, 0, "b:1"),
                do(60, "agree", "r2", "answer"),
            ),
            deaf_to=payments.RefundSettledV1,
        ),
    )
}  # fmt: skip


def noticed(seed: int, names: Sequence[str]) -> list[str]:
    """Lists which of these faults are noticed in one random history."""
    history, healthy = generate(seed)
    return [name for name in names if ALL[name].is_found(replay(history, ALL[name].flow), healthy)]


Noticed = Callable[[int, Sequence[str]], Iterable[list[str]]]
"""Looks for faults in several histories that follow a seed."""


def find(seed: int, limit: int, several: Noticed | None = None) -> Mapping[str, int | None]:
    """After how many random histories each fault is noticed; None if in none of them."""
    found: dict[str, int | None] = dict.fromkeys(ALL)
    number = 0
    while number < limit and (missing := [name for name, after in found.items() if after is None]):
        for names in several(seed + number, missing) if several else [noticed(seed + number, missing)]:
            number += 1
            found |= {name: number for name in names if found[name] is None and number <= limit}
    return found
