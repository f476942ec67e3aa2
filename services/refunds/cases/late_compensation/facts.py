"""Defines the facts of a compensation: lateness, claims, and decisions about money."""

from datetime import datetime

from kernel.money import Money
from kernel.value import Value
from services.refunds.cases.late_compensation.messages import Goods


class LatenessEstablished(Value):
    trigger: str
    lapse_by: datetime


class ClaimFiled(Value):
    """A new claim, or an earlier one of that refund with other goods."""

    refund_id: str
    base: Money
    lapse_by: datetime
    goods: tuple[Goods, ...] = ()


class ClaimPaidFirst(Value):
    """The refund was paid before lateness was established. `base` and `goods`: what it gave back."""

    refund_id: str = ""
    lapse_by: datetime | None = None
    base: Money | None = None
    goods: tuple[Goods, ...] = ()


class ClaimDropped(Value):
    refund_id: str
    lapse_by: datetime


class LapseSet(Value):
    lapse_by: datetime


class CompensationDue(Value):
    """A refund raises what the order is owed by `amount`. `base`: the part of its goods' money that counts.

    `given_back`: all that the refund gave back for goods so far, by line in `goods`, if that is not what was
    claimed.
    """

    refund_id: str
    base: Money
    rate_bps: int
    cap: Money
    amount: Money
    reason_code: str
    compensation_number: int = 1
    given_back: Money | None = None
    goods: tuple[Goods, ...] = ()


class CompensationRefused(Value):
    """Nothing is due, and the buyer asked for it: for this refund, or (no `refund_id`) for all that run."""

    base: Money
    rate_bps: int
    cap: Money
    reason_code: str
    refund_id: str = ""
    lapse_by: datetime | None = None
    given_back: Money | None = None
    goods: tuple[Goods, ...] = ()


class Lapsed(Value):
    """Nobody asked, or nobody asked for more."""


class CompensationPaid(Value):
    """A compensation was paid. `lapse_by` None: no further claim counts."""

    compensation_number: int = 1
    lapse_by: datetime | None = None


class CompensationGivenUp(Value):
    """A compensation, or a part of it, that was due will not be paid. It is not owed by a later refund."""

    amount: Money
    rate_bps: int
    cap: Money
    compensation_number: int = 1
    reason_code: str = "payment_abandoned"


class CompensationDisputed(Value):
    """Later news speaks against a compensation that is paid or on its way."""

    reason_code: str
    due_at: datetime


Fact = (
    LatenessEstablished | ClaimFiled | ClaimPaidFirst | ClaimDropped | LapseSet | CompensationDue
    | CompensationRefused | Lapsed | CompensationPaid | CompensationGivenUp | CompensationDisputed
)  # fmt: skip
