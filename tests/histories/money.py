"""Money that moves beside what the services ask for: what others say of it, and what must not follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.base import Event
from aftersales_contracts.shop import desk, orders, payments
from tests.histories.breach import Breach
from tests.histories.goods import Where
from tests.histories.matters import KEEPS_GOODS, Intent, counts

if TYPE_CHECKING:
    from tests.histories.ledger import Ledger

NAMES: Mapping[str, str] = {
    "asked_beyond_money": "nothing is asked for that others gave back, or that the payer disputes",
    "surplus_lost": "money that an order does not need goes back, or a person is asked",
    "surplus_over": "no more of a surplus is given back than came in",
    "paid_while_doubted": "nothing new is paid while a person is asked about another sum",
}
_INCOMING = frozenset(
    {"surplus_paid", "paid_after_close", "payment_in_another_currency", "refund_owed_again"}
)
_SUMS = frozenset({"other_amount_settled", "paid_twice", "paid_while_asked", "paid_after_abandoning"})
_NOT_MOVED = frozenset({"not_moved", "refused", "unfounded"})
_ENDS = frozenset({"retry", "not_moved", "abandon", "confirmed", "approved", "done"})


@dataclass
class MoneyBeside:
    """Payments beyond the first, money that others gave back, disputes, and doubted sums."""

    extra: Counter[str] = field(default_factory=Counter[str])
    kept: bool = False
    """A person said that some of it stays."""
    kept_minor: int = 0
    outside: Counter[str] = field(default_factory=Counter[str])
    repaid: Counter[str] = field(default_factory=Counter[str])
    """Pieces that others repaid whole before they were marked as shipped: they are not to be sent."""
    attempts: set[str] = field(default_factory=set[str])
    disputes: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    doubts: set[str] = field(default_factory=set[str])
    doubted_count: int = 0
    retried: set[str] = field(default_factory=set[str])
    """Payments that a person wants to be made all the same."""
    wrong: list[Breach] = field(default_factory=list[Breach])

    @property
    def gone_minor(self) -> int:
        """Money that others gave back, and money that is disputed or lost by a dispute."""
        held = sum(minor for stage, minor in self.disputes.values() if stage != "won")
        return sum(self.outside.values()) + held


def paid_again(ledger: Ledger, event: orders.OrderPaidV1) -> None:
    """More payments of an order that is paid: what it lacks is none here, the rest is the buyer's."""
    for one in event.payments:
        if one.payment_id not in ledger.tenders:
            ledger.beside.extra[one.payment_id] = one.amount.minor


def stray(ledger: Ledger, event: payments.RefundSettledV1) -> None:
    """Money of an intent that was never asked for; an attempt moves it once."""
    if event.attempt_id not in ledger.beside.attempts:
        ledger.beside.attempts.add(event.attempt_id)
        _all_repaid(ledger, event.amount.minor)
        ledger.beside.outside[event.intent_id] += event.amount.minor


def _all_repaid(ledger: Ledger, minor: int) -> None:
    """Where others give back all that is left, pieces that are not shipped are not to be sent."""
    intents = [one for one in ledger.m.intents.values() if one.purpose == "refund"]
    left = ledger.paid_minor - ledger.beside.gone_minor - sum(_worth(ledger, one) for one in intents)
    if 0 < left <= minor:
        ledger.beside.repaid.update(ledger.goods.ordered - ledger.marked_lines)


def over_minor(ledger: Ledger) -> int:
    """Money that our own payments moved beyond their grants."""
    return sum(max(one.net_minor - one.minor, 0) for one in ledger.m.intents.values())


def given_up_and_moved_minor(ledger: Ledger) -> int:
    """Money of payments that were given up, and of which the provider said again that it had moved.

    A person is asked then, and the account takes it for gone until he knows better.
    """
    if not any(task.question_code == "paid_after_abandoning" for task in ledger.m.tasks.values()):
        return 0
    return sum(one.given_up_minor for one in ledger.m.intents.values() if one.purpose == "refund")


def is_all_back(ledger: Ledger, coming: Counter[str]) -> bool:
    """Whether others gave back all that was paid but for the goods that the buyer has or will have.

    So did a payment of ours that moved more than was granted. Goods will be his where the warehouse was asked
    to send them; money of which a person said that it stays is the shop's.
    """
    if not (ledger.beside.gone_minor or over_minor(ledger)):
        return False
    pieces = (_his_pieces(ledger) + coming) & ledger.goods.ordered
    his = sum(ledger.piece_prices[name] * count for name, count in pieces.items())
    return left_minor(ledger) - ledger.beside.kept_minor <= his


def left_minor(ledger: Ledger) -> int:
    """Money that the shop has of all that was paid; below 0 it gave back more."""
    ours = [one for one in ledger.m.intents.values() if one.purpose in ("refund", "surplus")]
    paid = ledger.paid_minor + sum(ledger.beside.extra.values())
    return paid - ledger.beside.gone_minor - sum(_worth(ledger, one) for one in ours)


def _his_pieces(ledger: Ledger) -> Counter[str]:
    """Pieces that the buyer has, and those that he will have: under way, or not sent yet and not repaid."""
    his, unsent = Counter[str](), Counter[str]()
    for piece in ledger.goods.pieces:
        his[piece.line_id] += piece.where in (Where.BUYER, Where.TO_BUYER)
        unsent[piece.line_id] += piece.where is Where.SHOP and not piece.has_left
    return his + (unsent - ledger.m.settled_with_money(ledger.piece_prices))


def cut(intent: Intent, minor: int, line_minors: Counter[str]) -> None:
    """Others paid a part of a payment of which nothing had moved: it is smaller from now on."""
    intent.minor, intent.line_minors = intent.net_minor + minor, line_minors
    intent.tenders = Counter()


def settled(ledger: Ledger, intent: Intent, event: payments.RefundSettledV1) -> None:
    """Another sum than was asked for: a person has to answer. What he wanted before is done."""
    ledger.beside.retried.discard(intent.intent_id)
    if event.amount.minor != intent.asked_minor:
        ledger.beside.doubts.add(intent.intent_id)
        ledger.beside.doubted_count += 1


def returned(ledger: Ledger, intent: Intent, minor: int) -> None:
    """Money that came back of a payment that had moved too much: no more than was granted is out."""
    if intent.net_minor - minor <= intent.minor < intent.net_minor:
        ledger.beside.doubts.discard(intent.intent_id)


def came_back(ledger: Ledger, event: payments.RefundReversedV1) -> None:
    """Money that others gave back, and that did not stay with the buyer."""
    known = ledger.beside.outside[event.intent_id]
    ledger.beside.outside[event.intent_id] = max(known - event.amount.minor, 0)


def paid_nothing(ledger: Ledger, event: refunds.RefundPaidV1) -> None:
    """Others had paid: the pieces of the refund are repaid all the same, but for those that stay with him."""
    refund = ledger.m.refunds.get(event.refund_id or "")
    if refund is not None and (refund.kind not in KEEPS_GOODS or refund.is_ours):
        ledger.beside.repaid.update(counts(event.lines))


def _made_outside(ledger: Ledger, event: payments.RefundMadeOutsideV1, at: datetime) -> None:
    del at
    if not event.lines:
        _all_repaid(ledger, event.amount.minor)
    ledger.beside.outside[event.outside_id] = event.amount.minor
    for line in event.lines or ():
        unsent = ledger.goods.ordered[line.line_id] - ledger.marked_lines[line.line_id]
        if unsent >= line.quantity_count and event.amount.minor >= ledger.piece_prices[line.line_id]:
            ledger.beside.repaid[line.line_id] += line.quantity_count


def _disputed(ledger: Ledger, event: payments.PaymentChargedBackV1, at: datetime) -> None:
    del at
    known = ledger.beside.disputes.get(event.dispute_id or "")
    if known is not None and event.stage.value == "opened":
        return  # it began once
    ledger.beside.disputes[event.dispute_id or ""] = (event.stage.value, event.amount.minor)


def answered(ledger: Ledger, event: desk.TaskCompletedV1, question_code: str) -> None:
    """A person's word about a surplus, or about another sum."""
    if question_code in _INCOMING and event.outcome_code in ("keep", "refused"):
        ledger.beside.kept = True
        given = sum(one.minor for one in ledger.m.intents.values() if one.purpose == "surplus")
        ledger.beside.kept_minor = max(sum(ledger.beside.extra.values()) - given, ledger.beside.kept_minor)
    if question_code in _SUMS and event.case_kind == "order" and event.outcome_code in _NOT_MOVED:
        _not_moved(ledger)
    if question_code in _SUMS and event.outcome_code in _ENDS | {"refused"}:
        ledger.beside.doubts -= {x for x in ledger.beside.doubts if event.case_kind == "order"}
    if event.case_kind == "refund-intent" and event.outcome_code in _ENDS:
        ledger.beside.doubts.discard(event.case_id)
        if event.outcome_code in ("retry", "not_moved"):
            ledger.beside.retried.add(event.case_id)


def _not_moved(ledger: Ledger) -> None:
    """Takes out money beyond the grant that did not move; of two such payments nobody says which it was."""
    over = [one for one in ledger.m.intents.values() if one.net_minor > one.minor]
    if len(over) == 1:
        over[0].out_minor = over[0].back_minor + over[0].minor


def asked(ledger: Ledger, event: refunds.RefundPaymentRequestedV1, at: datetime) -> None:
    """Judges a request that is new: the account must hold what it asks for, and nobody may have to answer."""
    beside, known = ledger.beside, ledger.m.intents.get(event.intent_id)
    if known is not None and event.attempt_id in known.attempts:
        return
    if beside.doubts and known is None:
        why = f"a person is asked about {sorted(beside.doubts)}"
        beside.wrong.append(Breach("paid_while_doubted", "", event.intent_id, at, why))
    if event.purpose.value != "refund" or not beside.gone_minor:
        return
    others = sum(_worth(ledger, one) for one in ledger.m.intents.values() if one.purpose == "refund")
    if known is not None and event.intent_id in beside.retried:
        return
    if known is not None:
        others += known.net_minor - _worth(ledger, known)
    total = others + event.amount.minor + beside.gone_minor
    if total > max(ledger.paid_minor + sum(beside.extra.values()), 0):
        text = f"{event.amount.minor} asked, {others} with the buyer or asked, {beside.gone_minor} gone"
        beside.wrong.append(Breach("asked_beyond_money", "", event.intent_id, at, text))


def _worth(ledger: Ledger, intent: Intent) -> int:
    """Money that the buyer has by a payment, or that is asked for and under way."""
    is_under_way = f"payment:{intent.intent_id}" in ledger.m.asked
    return max(intent.net_minor, 0) + (intent.asked_minor if is_under_way else 0)


def holds(ledger: Ledger) -> bool:
    """Whether a person is asked about another sum than was asked for, or about a dispute."""
    return any(task.question_code in _SUMS | {"payment_disputed"} for task in ledger.m.open_tasks())


def at_step(ledger: Ledger) -> Iterator[Breach]:
    """Yields requests that were wrong."""
    yield from ledger.beside.wrong


def at_end(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    """Yields surplus that nobody cares for, or that went back twice."""
    beside = ledger.beside
    given = [one for one in ledger.m.intents.values() if one.purpose == "surplus"]
    back = Counter[str]()
    for one in given:
        back.update(dict.fromkeys(one.tenders, min(_worth(ledger, one), one.minor)))
    questions = {task.question_code for task in ledger.m.open_tasks()}
    tasks = {task.case_id for task in ledger.m.open_tasks()}
    for payment_id, minor in beside.extra.items():
        if back[payment_id] > minor:
            yield Breach("surplus_over", "", payment_id, at, f"{back[payment_id]} of {minor}")
        is_asked = bool(questions & (_INCOMING | _SUMS)) or any(one.intent_id in tasks for one in given)
        left = minor - back[payment_id] - beside.gone_minor - over_minor(ledger)
        if left > 0 and not is_asked and not beside.kept and ledger.paid_at is not None:
            yield Breach("surplus_lost", "", payment_id, at, f"{left} of {minor}")


def _taken(ledger: Ledger, event: payments.RefundPaymentAcceptedV1, at: datetime) -> None:
    del at
    intent = ledger.m.intents.get(event.intent_id)
    if intent is not None and intent.state == "asked":
        intent.state = "taken"


def _failed(ledger: Ledger, event: payments.RefundFailedV1, at: datetime) -> None:
    del at
    intent = ledger.m.intents.get(event.intent_id)
    if intent is not None and intent.state in ("asked", "taken"):
        intent.state = "failed"
    if event.money_moved.value == "no" and not event.is_retryable:
        ledger.m.asked.pop(f"payment:{event.intent_id}", None)


HANDLERS: Mapping[type[Event], Callable[[Ledger, Any, datetime], None]] = {
    payments.RefundMadeOutsideV1: _made_outside,
    payments.PaymentChargedBackV1: _disputed,
    payments.RefundPaymentAcceptedV1: _taken,
    payments.RefundFailedV1: _failed,
}
