"""Defines the messages to a refund intent: the order to pay, and the answers of provider and workbench."""

from enum import StrEnum

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.money import Money
from kernel.value import Value
from services.refunds.shares import Purpose, Share, Tender

NAME = "refund-intent"
ATTEMPT_MARK = "try"


class Moved(StrEnum):
    """The whereabouts of the money of a payment that did not settle."""

    NO = "no"
    UNKNOWN = "unknown"


class PaymentOrder(Value):
    """The payment as it was granted; later only the part that the buyer has not got."""

    case_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool
    is_full: bool
    remedy_id: str | None


# `attempt_count` is the attempt that the provider speaks of, counted from 1; 0: not one of ours.


class Pay(Value):
    order: PaymentOrder


class PaymentAccepted(Value):
    attempt_count: int


class MoneySettled(Value):
    """Money moved. `tenders`: through which payments, where it was told."""

    attempt_count: int
    amount: Money
    has_moved_now: bool
    tenders: tuple[Tender, ...] = ()


class PaymentFailed(Value):
    attempt_count: int
    reason_code: str
    is_retryable: bool
    moved: Moved


class MoneyReversed(Value):
    amount: Money
    reason_code: str


class PersonDecided(Value):
    """The workbench's answer to a stuck or reversed payment: retry, abandon; all else changes nothing."""

    outcome_code: str


Message = (
    Pay | PaymentAccepted | MoneySettled | PaymentFailed | MoneyReversed | PersonDecided | DeadlinePassed
)


def to(order_id: str, intent_id: str, message: Message) -> Addressed:
    """Addresses one decision to pay the buyer of the order."""
    return Addressed(order_id, NAME, intent_id, message)


def intent_id_of(kind: str, case_id: str, purpose: Purpose, number: int = 1) -> str:
    """Derives the id of an intent from the case that pays, the purpose, and the payment's number.

    An exchange and a refund may have the same id; `kind` tells them apart.
    """
    mark = ("exchange",) if kind == "exchange" else ()
    return derived_id(case_id, *mark, purpose.value, str(number))


def attempt_id_of(intent_id: str, attempt_count: int) -> str:
    """Derives the id of the n-th attempt of an intent, from 1."""
    return derived_id(intent_id, ATTEMPT_MARK, str(attempt_count))
