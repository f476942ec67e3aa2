"""What the case `refund-intent` is, hears and says. Its rules are in cases/refund_intent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.vocabulary import DeadlinePassed, Money
from services.refunds.values import Purpose, Share, Tender


class Moved(StrEnum):
    """Whether money moved although a payment did not settle."""

    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid, as it was granted; never changed, whatever the attempts."""

    case_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool
    is_full: bool
    remedy_id: str | None


# States.


@dataclass(frozen=True, slots=True)
class Absent:
    pass


@dataclass(frozen=True, slots=True)
class Requested:
    order: Order
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it; it is expected to settle by `settle_by`."""

    order: Order
    attempt_count: int
    settle_by: datetime


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider does not know whether money moved: the same attempt is asked again, never a new one."""

    order: Order
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


@dataclass(frozen=True, slots=True)
class Stuck:
    """A person looks; a late answer of the provider still counts."""

    order: Order
    attempt_count: int
    moved: Moved
    look_at: datetime | None
    look_count: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Paid by `settled_attempt`, of `attempt_count` attempts made."""

    order: Order
    attempt_count: int
    settled_attempt: int


@dataclass(frozen=True, slots=True)
class Reversed:
    """Settled money came back: a person decides whether to pay again."""

    order: Order
    attempt_count: int
    look_at: datetime | None
    look_count: int


@dataclass(frozen=True, slots=True)
class Abandoned:
    pass


Pending = Requested | Accepted | Unknown | Stuck
State = Absent | Pending | Settled | Reversed | Abandoned


# Messages. `attempt_count` is the attempt that the provider speaks of, counted from 1; 0: not one of ours.


@dataclass(frozen=True, slots=True)
class Pay:
    order: Order


@dataclass(frozen=True, slots=True)
class PaymentAccepted:
    attempt_count: int


@dataclass(frozen=True, slots=True)
class MoneySettled:
    attempt_count: int
    amount: Money
    has_moved_now: bool


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    attempt_count: int
    reason_code: str
    is_retryable: bool
    moved: Moved


@dataclass(frozen=True, slots=True)
class MoneyReversed:
    amount: Money
    reason_code: str


@dataclass(frozen=True, slots=True)
class PersonDecided:
    """What the workbench answers to a stuck or reversed payment: retry, abandon; all else changes nothing."""

    outcome_code: str


Message = (
    Pay | PaymentAccepted | MoneySettled | PaymentFailed | MoneyReversed | PersonDecided | DeadlinePassed
)


# Facts.


@dataclass(frozen=True, slots=True)
class PaymentRequested:
    """Asked for the first time, again under the same ids, or as a new attempt; `stuck_at` bounds them."""

    order: Order
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


@dataclass(frozen=True, slots=True)
class RetryAwaited:
    """The attempt failed for sure; the next one starts at `again_at`."""

    again_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentTaken:
    settle_by: datetime


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    again_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentStuck:
    attempt_count: int
    moved: Moved
    look_at: datetime


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """A task; `look_at` is when to ask again, absent when it was asked often enough."""

    question_code: str
    due_at: datetime
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundPaid:
    amount: Money
    attempt_count: int


@dataclass(frozen=True, slots=True)
class PaymentDisputed:
    """The provider's word does not fit ours: another amount, or money twice."""

    question_code: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RefundReversed:
    amount: Money
    reason_code: str
    look_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentAbandoned:
    order: Order


Fact = (
    PaymentRequested | RetryAwaited | PaymentTaken | OutcomeUnknown | PaymentStuck | PersonAsked | RefundPaid
    | PaymentDisputed | RefundReversed | PaymentAbandoned
)  # fmt: skip
