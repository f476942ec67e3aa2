"""What the case `refund-agreement` is, hears and says. Its rules are in cases/refund_agreement."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.vocabulary import DeadlinePassed, Money
from services.refunds.order_words import RefundApplied
from services.refunds.values import AnswerCause, Carriage, InspectedLine, Liability, Share, Terms


class Ending(StrEnum):
    """How a refund ended without payment."""

    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    SHIPPED = "shipped"
    SUPERSEDED = "superseded"


class Stage(StrEnum):
    """Which step the seller answers."""

    ANSWER = "answer"
    RECEIPT = "receipt"


class Answer(StrEnum):
    AGREE = "agree"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Filed:
    """What does not change with the stage: the terms, who bears the freight, evidence seen so far."""

    customer_id: str
    terms: Terms
    liability: Liability
    remedy_id: str | None
    evidence_kinds: tuple[str, ...]
    grace_minutes: int


@dataclass(frozen=True, slots=True)
class ReturnedGoods:
    """A registered return: how it travels, what the buyer laid out, what was found inside."""

    carriage: Carriage
    freight_paid: Money | None
    inspected: tuple[InspectedLine, ...]


# States (RF-010). Each holds only what is true while the case is in it.


@dataclass(frozen=True, slots=True)
class Absent:
    pass


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The application was not admitted; it may be filed again under the same id."""


@dataclass(frozen=True, slots=True)
class AwaitingAnswer:
    filed: Filed
    answer_by: datetime
    is_promised_away: bool
    has_task: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """`returned` is there when the goods were refused, not the application (RF-026)."""

    filed: Filed
    edit_by: datetime
    remind_at: datetime | None
    evidence_by: datetime | None
    returned: ReturnedGoods | None


@dataclass(frozen=True, slots=True)
class AwaitingReturn:
    filed: Filed
    send_by: datetime
    remind_at: datetime | None
    is_contested: bool


@dataclass(frozen=True, slots=True)
class AwaitingReceipt:
    filed: Filed
    receive_by: datetime
    returned: ReturnedGoods


@dataclass(frozen=True, slots=True)
class Granted:
    """The money is asked for."""


@dataclass(frozen=True, slots=True)
class Closed:
    ending: Ending


Open = AwaitingAnswer | Refused | AwaitingReturn | AwaitingReceipt
State = Absent | TurnedAway | Open | Granted | Closed


# Messages. What the buyer, the seller, the parcel, the order or time tells the case.


@dataclass(frozen=True, slots=True)
class Applied:
    """Admitted by the order; `is_answered`: agreed by us already, by a remedy or an exchange."""

    customer_id: str
    terms: Terms
    liability: Liability
    is_agreed_beforehand: bool
    is_partial: bool
    is_answered: bool
    remedy_id: str | None


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    pass


@dataclass(frozen=True, slots=True)
class SellerAgreed:
    version: int
    stage: Stage
    address_ref: str | None


@dataclass(frozen=True, slots=True)
class SellerRefused:
    version: int
    stage: Stage
    reason_code: str
    evidence_count: int


@dataclass(frozen=True, slots=True)
class Amended:
    applied: RefundApplied


@dataclass(frozen=True, slots=True)
class AmendmentAccepted:
    terms: Terms
    liability: Liability


@dataclass(frozen=True, slots=True)
class BuyerWithdrew:
    pass


@dataclass(frozen=True, slots=True)
class ReturnSent:
    carriage: Carriage
    freight_paid: Money | None


@dataclass(frozen=True, slots=True)
class ReturnAccepted:
    """No shares: all that was sent."""

    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class GoodsChecked:
    lines: tuple[InspectedLine, ...]


@dataclass(frozen=True, slots=True)
class ShipmentSeen:
    """The seller marked pieces of this refund as shipped."""


@dataclass(frozen=True, slots=True)
class TradeEnded:
    is_success: bool
    cause: str


@dataclass(frozen=True, slots=True)
class HoldAnswered:
    outcome: str


@dataclass(frozen=True, slots=True)
class GoodsCameBack:
    """The parcel that the buyer never got is back."""


@dataclass(frozen=True, slots=True)
class Remedied:
    remedy_id: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class PromiseMade:
    promise_id: str


@dataclass(frozen=True, slots=True)
class EvidenceGiven:
    kind: str


Message = (
    Applied | NotAdmitted | SellerAgreed | SellerRefused | Amended | AmendmentAccepted | BuyerWithdrew
    | ReturnSent | ReturnAccepted | GoodsChecked | ShipmentSeen | TradeEnded | HoldAnswered | GoodsCameBack
    | Remedied | PromiseMade | EvidenceGiven | DeadlinePassed
)  # fmt: skip


# Facts.


@dataclass(frozen=True, slots=True)
class AnswerAwaited:
    filed: Filed
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class RefusalWithdrawn:
    """What the refusal waited for has happened; the application stands as before it."""

    answer_by: datetime


@dataclass(frozen=True, slots=True)
class NegotiationAsked:
    """A person has to talk to the buyer (RF-040, RF-041)."""

    question_code: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class NegotiationOver:
    pass


@dataclass(frozen=True, slots=True)
class AnswerDecided:
    version: int
    answer: Answer
    cause: AnswerCause
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class ReturnAwaited:
    address_ref: str
    send_by: datetime
    remind_at: datetime


@dataclass(frozen=True, slots=True)
class FreightDecided:
    pass


@dataclass(frozen=True, slots=True)
class EditAwaited:
    edit_by: datetime
    remind_at: datetime
    evidence_by: datetime | None


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    kinds: tuple[str, ...]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceNoted:
    kind: str
    is_enough: bool


@dataclass(frozen=True, slots=True)
class RefusalUnbacked:
    due_at: datetime


@dataclass(frozen=True, slots=True)
class BuyerReminded:
    template_code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AmendmentForwarded:
    applied: RefundApplied


@dataclass(frozen=True, slots=True)
class ReceiptAwaited:
    filed: Filed
    receive_by: datetime
    returned: ReturnedGoods


@dataclass(frozen=True, slots=True)
class InspectionNoted:
    lines: tuple[InspectedLine, ...]


@dataclass(frozen=True, slots=True)
class AnswerContested:
    """The seller says something else than what was decided in his place."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class PromiseNoted:
    promise_id: str


@dataclass(frozen=True, slots=True)
class PromiseAtRisk:
    """The seller agrees to a refund that staff promised not to carry out."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class PiecesMissing:
    """Fewer pieces were accepted than the refund is for: a person decides on the rest."""

    shares: tuple[Share, ...]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RefundDue:
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    are_goods_gone: bool
    remedy_id: str | None


@dataclass(frozen=True, slots=True)
class FreightDue:
    amount: Money


@dataclass(frozen=True, slots=True)
class AgreementClosed:
    ending: Ending


@dataclass(frozen=True, slots=True)
class ApplicationTurnedAway:
    pass


Fact = (
    AnswerAwaited | RefusalWithdrawn | NegotiationAsked | NegotiationOver | AnswerDecided | ReturnAwaited
    | FreightDecided | EditAwaited | EvidenceAsked | EvidenceNoted | RefusalUnbacked | BuyerReminded
    | AmendmentForwarded | ReceiptAwaited | InspectionNoted | AnswerContested | PromiseNoted | PromiseAtRisk
    | PiecesMissing | RefundDue | FreightDue | AgreementClosed | ApplicationTurnedAway
)  # fmt: skip
