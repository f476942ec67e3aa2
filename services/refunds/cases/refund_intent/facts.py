"""Defines the facts of a refund intent: attempts, answers, parts that lack, questions to a person."""

from datetime import datetime

from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value
from services.refunds.cases.refund_intent.messages import Moved
from services.refunds.payments import PaymentOrder
from services.refunds.shares import Tender


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
    """The provider's word does not fit ours."""

    question_code: str
    due_at: datetime


class SumDisputed(Value):
    """More reached the buyer than was granted: so much. The order's account asks a person.

    `surplus_minor`: of it what may come back before any of the grant.
    """

    question_code: str
    amount: Money
    surplus_minor: int = 0


class DoubtCleared(Value):
    """A person has answered about a payment that settled with another sum."""


class PartHeld(Value):
    """The buyer has all that lacked, in another currency."""

    part: PaymentOrder


class PaidNothing(Value):
    """Nothing is to be paid: of a gift, or because others have."""

    order: PaymentOrder


class PaymentCut(Value):
    """A part is not paid, because others paid it."""

    part: PaymentOrder
    outside_id: str


class CutAwaited(Value):
    """Others paid so much of a payment that may be under way. `minor` 0: it is over already."""

    minor: int
    outside_id: str
    is_held: bool = False


class StrayPaid(Value):
    """Money of an intent moved that nobody here had granted. `attempt_count`: 0 for an attempt of others."""

    amount: Money
    tenders: tuple[Tender, ...]
    attempt_id: str
    attempt_count: int = 0


class StrayReversed(Value):
    """Money came back that had moved without a grant, or after its payment was given up."""

    amount: Money
    reason_code: str = ""
    tenders: tuple[Tender, ...] = ()


class SurplusReturned(Value):
    """Money came back that the buyer had got beyond the grant: he lacks nothing of it."""

    minor: int


class SurplusDenied(Value):
    """Money beyond the grant did not move after all: what comes back now is of the grant."""

    minor: int


class PaidShort(Value):
    """Less settled than was ordered. `part` is the missing part, where known."""

    part: PaymentOrder | None
    look_at: datetime
    is_foreign: bool = False
    """It settled in another currency."""


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
    | Task | TaskWithdrawn | PaidShort | PaymentDisputed | SurplusReturned | SurplusDenied | RefundReversed
    | LackingAsked | FullnessDropped | PaymentUnwanted | PayeeAsked | PayeeKnown | SumDisputed | DoubtCleared
    | PartHeld | PaidNothing | PaymentCut | CutAwaited | StrayPaid | StrayReversed
    | PaymentAbandoned
)  # fmt: skip
