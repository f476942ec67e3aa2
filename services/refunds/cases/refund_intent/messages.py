"""Defines the messages to a refund intent: the order to pay, and the answers of provider and workbench."""

from enum import StrEnum

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.money import Money
from kernel.value import Value
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.payments import PaymentOrder
from services.refunds.shares import Purpose, Tender

NAME = "refund-intent"
ATTEMPT_MARK = "try"
QUESTION_MARK = "question"
PAYEE_MARK = "payee"


class Moved(StrEnum):
    """The whereabouts of the money of a payment that did not settle."""

    NO = "no"
    UNKNOWN = "unknown"


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
    attempt_id: str = ""
    """The announcer's id of an attempt that is not ours."""


class PaidElsewhere(Value):
    """Others paid so much of what is granted; `outside_id`: by which movement or dispute."""

    minor: int
    outside_id: str
    is_held: bool = False
    """It is disputed, and may turn out not to be paid."""


class PaymentFailed(Value):
    attempt_count: int
    reason_code: str
    is_retryable: bool
    moved: Moved


class MoneyReversed(Value):
    """Money came back. `tenders`: through which payments it had gone, where that was told.

    `is_others`: it had moved under an id that we do not make.
    """

    amount: Money
    reason_code: str
    tenders: tuple[Tender, ...] = ()
    is_others: bool = False


class PersonDecided(Value):
    """The workbench's answer to a stuck or reversed payment: retry, not_moved, abandon.

    `question` is the number of the question that it answers, counted from 1; 0: none that is numbered; absent
    in what was stored before questions were. `amount`: where it is about that much only.
    """

    outcome_code: str
    question: int | None = None
    amount: Money | None = None


class PayeeNamed(Value):
    """The answer to a question for the payee of cash, counted from 1; without an account: not known."""

    payee_ref: str | None
    question: int


class FullnessLost(Value):
    """Money that was granted beside this was given up: this payment no longer returns the last of it."""


class ReceiptConfirmed(Value):
    """The buyer has the goods that this was granted for as not received."""


class MoreNotMoved(Value):
    """A person says that money beyond the grant, which the provider told of, did not move."""

    amount: Money


Message = (
    Pay | PaymentAccepted | MoneySettled | PaymentFailed | MoneyReversed | PersonDecided | PayeeNamed
    | FullnessLost | ReceiptConfirmed | PaidElsewhere | MoreNotMoved | DeadlinePassed
)  # fmt: skip


def to(order_id: str, intent_id: str, message: Message) -> Addressed:
    """Addresses one decision to pay the buyer of the order."""
    return Addressed(order_id, NAME, intent_id, message)


def intent_id_of(kind: str, case_id: str, purpose: Purpose, number: int = 1) -> str:
    """Derives the id of an intent from the case that pays, the purpose, and the payment's number.

    An exchange and a refund may have the same id; `kind` tells them apart.
    """
    mark = ("exchange",) if kind == "exchange" else ()
    return derived_id(case_id, *mark, purpose.value, str(number))


def refund_intent_of(refund_id: str) -> str:
    """Derives the id of the intent that pays a refund."""
    return intent_id_of(agreement.NAME, refund_id, Purpose.REFUND)


def is_our_id(intent_id: str) -> bool:
    """Tells whether an intent's id has the form of ours: a case, the purpose, a number."""
    _, purpose, number = f"..{intent_id}".rsplit(".", 2)
    return number.isdecimal() and purpose in list(Purpose)


def question_name_of(number: int) -> str:
    """Derives the name of the n-th question about an intent, from 1."""
    return f"{QUESTION_MARK}.{number}"


def question_id_of(intent_id: str, number: int) -> str:
    """Derives the task id of the n-th question about an intent, from 1."""
    return derived_id(intent_id, question_name_of(number))


def payee_name_of(number: int) -> str:
    """Derives the name of the n-th question for the payee of an intent, from 1."""
    return PAYEE_MARK if number == 1 else f"{PAYEE_MARK}.{number}"


def attempt_id_of(intent_id: str, attempt_count: int) -> str:
    """Derives the id of the n-th attempt of an intent, from 1."""
    return derived_id(intent_id, ATTEMPT_MARK, str(attempt_count))
