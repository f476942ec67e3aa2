"""What the case `refund-intent` is, hears and says. Its rules are in cases/refund_intent."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.refunds.values import Purpose, Share, Tender


class Moved(StrEnum):
    """Whether money moved although a payment did not settle."""

    NO = "no"
    UNKNOWN = "unknown"


class Order(Value):
    """What is to be paid, as it was granted; later only the part of it that the buyer has not got."""

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


class Absent(Value):
    pass


class Requested(Value):
    order: Order
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


class Accepted(Value):
    """The provider took it; it is expected to settle by `settle_by`."""

    order: Order
    attempt_count: int
    settle_by: datetime


class Unknown(Value):
    """The provider does not know whether money moved: the same attempt is asked again, never a new one."""

    order: Order
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


class Stuck(Value):
    """A person looks; a late answer of the provider still counts."""

    order: Order
    attempt_count: int
    moved: Moved
    look_at: datetime | None
    look_count: int


class Settled(Value):
    """Paid by `settled_attempt`, of `attempt_count` attempts made."""

    order: Order
    attempt_count: int
    settled_attempt: int
    is_disputed: bool = False
    """More was paid than ordered: what comes back of it need not be missing."""


class Reversed(Value):
    """Settled money came back, or less settled than ordered: a person decides whether to pay that part.

    `part` is absent where nobody knows what exactly the buyer has not got.
    """

    order: Order
    attempt_count: int
    look_at: datetime | None
    look_count: int
    part: Order | None = None


class Abandoned(Value):
    pass


Pending = Requested | Accepted | Unknown | Stuck
State = Absent | Pending | Settled | Reversed | Abandoned


# Messages. `attempt_count` is the attempt that the provider speaks of, counted from 1; 0: not one of ours.


class Pay(Value):
    order: Order


class PaymentAccepted(Value):
    attempt_count: int


class MoneySettled(Value):
    """`tenders`: through which payments, where it was told."""

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
    """What the workbench answers to a stuck or reversed payment: retry, abandon; all else changes nothing."""

    outcome_code: str


Message = (
    Pay | PaymentAccepted | MoneySettled | PaymentFailed | MoneyReversed | PersonDecided | DeadlinePassed
)


# Facts.


class PaymentRequested(Value):
    """Asked for the first time, again under the same ids, or as a new attempt; `stuck_at` bounds them."""

    order: Order
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


class RetryAwaited(Value):
    """The attempt failed for sure; the next one starts at `again_at`."""

    again_at: datetime


class PaymentTaken(Value):
    settle_by: datetime


class OutcomeUnknown(Value):
    again_at: datetime


class PaymentStuck(Value):
    attempt_count: int
    moved: Moved
    look_at: datetime


class PersonAsked(Value):
    """A task; `look_at` is when to ask again, absent when it was asked often enough."""

    question_code: str
    due_at: datetime
    look_at: datetime | None


class RefundPaid(Value):
    amount: Money
    attempt_count: int


class PaymentDisputed(Value):
    """The provider's word does not fit ours: another amount, or money twice."""

    question_code: str
    due_at: datetime


class PaidShort(Value):
    """Less settled than was ordered; `part` is what is missing, where that is known."""

    part: Order | None
    look_at: datetime


class RefundReversed(Value):
    """`part` is what came back, where that is known."""

    amount: Money
    reason_code: str
    look_at: datetime
    part: Order | None = None


class PaymentAbandoned(Value):
    order: Order


Fact = (
    PaymentRequested | RetryAwaited | PaymentTaken | OutcomeUnknown | PaymentStuck | PersonAsked | RefundPaid
    | PaidShort | PaymentDisputed | RefundReversed | PaymentAbandoned
)  # fmt: skip
