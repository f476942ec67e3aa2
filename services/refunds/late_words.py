"""What the case `late-compensation` is, hears and decides. Its rules: cases/late_compensation."""

from datetime import datetime

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.refunds.values import Goods


class Claim(Value):
    """A refund for late shipping; `base` is what its `goods` cost, without freight."""

    refund_id: str
    base: Money
    is_paid: bool
    goods: tuple[Goods, ...] = ()


class Owed(Value):
    """What the paid refunds of the order came to: the goods that count, and 30 % of them up to the cap.

    `compensation_count` payments were asked for, the last one for `refund_id`; `unsettled` are the
    numbers of those that are on their way.
    """

    refund_id: str
    base_minor: int
    amount: Money
    goods: tuple[Goods, ...]
    compensation_count: int
    unsettled: tuple[int, ...]


# States. `lapse_by`: an order that ended, or never ends, owes nothing for ever. It ends no claim whose
# refund still runs. The first claim is in the fields of the state, those after it are in `more`.


class Absent(Value):
    pass


class Filed(Value):
    """The buyer names late shipping as his reason, but it is not established (yet)."""

    refund_id: str
    base: Money
    is_paid: bool
    lapse_by: datetime
    goods: tuple[Goods, ...] = ()
    more: tuple[Claim, ...] = ()


class Established(Value):
    """No claim runs: nobody asked (yet), or all who did have their compensation."""

    trigger: str
    lapse_by: datetime
    owed: Owed | None = None


class Claimed(Value):
    """Established, and at least one refund of the buyer for it runs."""

    trigger: str
    refund_id: str
    base: Money
    lapse_by: datetime
    goods: tuple[Goods, ...] = ()
    more: tuple[Claim, ...] = ()
    owed: Owed | None = None


class Due(Value):
    """No refund for it runs, and compensation is asked for at the provider.

    `lapse_by` None: no further claim counts, because lateness is withdrawn or none was awaited.
    """

    refund_id: str
    amount: Money
    trigger: str = ""
    lapse_by: datetime | None = None
    owed: Owed | None = None


class Paid(Value):
    amount: Money


class Void(Value):
    reason_code: str


State = Absent | Filed | Established | Claimed | Due | Paid | Void


# Messages.


class LateShippingEstablished(Value):
    trigger: str


class LateShippingWithdrawn(Value):
    trigger: str
    reason_code: str


class RefundClaimed(Value):
    """A refund for this reason was admitted, or amended; `base` is what its goods cost, without freight."""

    refund_id: str
    base: Money
    goods: tuple[Goods, ...] = ()


class ClaimPaid(Value):
    refund_id: str


class ClaimClosed(Value):
    """The refund ended without money, or names another reason now."""

    refund_id: str


class OrderEnded(Value):
    pass


class CompensationSettled(Value):
    compensation_number: int = 1


Message = (
    LateShippingEstablished | LateShippingWithdrawn | RefundClaimed | ClaimPaid | ClaimClosed | OrderEnded
    | CompensationSettled | DeadlinePassed
)  # fmt: skip


# Facts.


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
    """The refund was paid before lateness was established."""

    refund_id: str = ""
    lapse_by: datetime | None = None


class ClaimDropped(Value):
    refund_id: str
    lapse_by: datetime


class LapseSet(Value):
    lapse_by: datetime


class CompensationDue(Value):
    """`base`: what counts of the refund's goods; `amount`: by how much it raises what the order is owed."""

    refund_id: str
    base: Money
    rate_bps: int
    cap: Money
    amount: Money
    reason_code: str
    compensation_number: int = 1


class CompensationRefused(Value):
    """Nothing is due, and the buyer asked for it: for this refund, or (no `refund_id`) for all that run."""

    base: Money
    rate_bps: int
    cap: Money
    reason_code: str
    refund_id: str = ""
    lapse_by: datetime | None = None


class Lapsed(Value):
    """Nobody asked, or nobody asked for more."""


class CompensationPaid(Value):
    """`lapse_by` None: no further claim counts."""

    compensation_number: int = 1
    lapse_by: datetime | None = None


class CompensationDisputed(Value):
    """Later news speak against a compensation that is paid or on its way."""

    reason_code: str
    due_at: datetime


Fact = (
    LatenessEstablished | ClaimFiled | ClaimPaidFirst | ClaimDropped | LapseSet | CompensationDue
    | CompensationRefused | Lapsed | CompensationPaid | CompensationDisputed
)  # fmt: skip
