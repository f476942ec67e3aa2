"""Defines the facts of a refund intent: attempts, answers, parts that lack, questions to a person."""

from datetime import datetime

from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value
from services.refunds.cases.refund_intent.messages import Moved
from services.refunds.payments import PaymentOrder


class PaymentRequested(Value):
    """A payment is asked for: first, again under the same ids, or as a new attempt. `stuck_at` bounds all."""

    order: PaymentOrder
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
    """A task, once more. `look_at` is the moment to ask again; absent when it was asked often enough."""

    question_code: str
    due_at: datetime
    look_at: datetime | None
    name: str = ""


class RefundPaid(Value):
    amount: Money
    attempt_count: int


class PaymentDisputed(Value):
    """The provider's word does not fit ours: another amount, or money twice.

    `surplus_minor`: so much more than was granted reached the buyer.
    """

    question_code: str
    due_at: datetime
    surplus_minor: int = 0


class SurplusReturned(Value):
    """Money came back that the buyer had got beyond the grant: he lacks nothing of it."""

    minor: int


class PaidShort(Value):
    """Less settled than was ordered. `part` is the missing part, where known."""

    part: PaymentOrder | None
    look_at: datetime


class RefundReversed(Value):
    """Money came back. `part` is that money's part of the payment, where known."""

    amount: Money
    reason_code: str
    look_at: datetime
    part: PaymentOrder | None = None


class LackingAsked(Value):
    """A person is asked about what came back while another part was on its way."""

    look_at: datetime


class FullnessDropped(Value):
    """The payment no longer returns the last of the order's money."""


class PaymentUnwanted(Value):
    """The buyer confirmed receipt while the payment is on its way: no new attempt is made by itself."""


class PayeeAsked(Value):
    """A person is asked for the account to which cash is refunded, for the n-th time from 1."""

    due_at: datetime
    number: int


class PayeeKnown(Value):
    payee_ref: str


class PaymentAbandoned(Value):
    """This will not be paid. Pieces that went back to the order before count 0."""

    order: PaymentOrder
    reason_code: str = "given_up"


Fact = (
    PaymentRequested | RetryAwaited | PaymentTaken | OutcomeUnknown | PaymentStuck | PersonAsked | RefundPaid
    | Task | TaskWithdrawn | PaidShort | PaymentDisputed | SurplusReturned | RefundReversed | LackingAsked
    | FullnessDropped | PaymentUnwanted | PayeeAsked | PayeeKnown
    | PaymentAbandoned
)  # fmt: skip
