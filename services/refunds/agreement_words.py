"""What the case `refund-agreement` is, hears and says. Its rules are in cases/refund_agreement."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import Value
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


class Filed(Value):
    """What does not change with the stage: the terms, who bears the freight, evidence seen so far."""

    customer_id: str
    terms: Terms
    liability: Liability
    remedy_id: str | None
    evidence_kinds: tuple[str, ...]
    grace_minutes: int
    are_goods_back: bool = False


class ReturnedGoods(Value):
    """A registered return: how it travels, what the buyer laid out, what was found inside.

    `sent` are the pieces that were registered (empty: not told), `liability` is what held when they left,
    where the application was changed since.
    """

    carriage: Carriage
    freight_paid: Money | None
    inspected: tuple[InspectedLine, ...]
    sent: tuple[Share, ...] = ()
    return_ids: tuple[str, ...] = ()
    liability: Liability | None = None


# States (RF-010). Each holds only what is true while the case is in it.


class Absent(Value):
    pass


class TurnedAway(Value):
    """The application was not admitted; it may be filed again under the same id."""


class AwaitingAnswer(Value):
    filed: Filed
    answer_by: datetime
    is_promised_away: bool
    has_task: bool


class Refused(Value):
    """`returned` is there when the goods were refused, not the application (RF-026)."""

    filed: Filed
    edit_by: datetime
    remind_at: datetime | None
    evidence_by: datetime | None
    returned: ReturnedGoods | None


class AwaitingReturn(Value):
    filed: Filed
    send_by: datetime
    remind_at: datetime | None
    is_contested: bool


class AwaitingReceipt(Value):
    filed: Filed
    receive_by: datetime
    returned: ReturnedGoods


class Granted(Value):
    """The money is asked for."""


class Closed(Value):
    ending: Ending


Open = AwaitingAnswer | Refused | AwaitingReturn | AwaitingReceipt
State = Absent | TurnedAway | Open | Granted | Closed


# Messages. What the buyer, the seller, the parcel, the order or time tells the case.


class Applied(Value):
    """Admitted by the order; `is_answered`: agreed by us already, by a remedy or an exchange.

    `are_goods_back`: the shop has them already, from an exchange that came to nothing.
    """

    customer_id: str
    terms: Terms
    liability: Liability
    is_agreed_beforehand: bool
    is_partial: bool
    is_answered: bool
    remedy_id: str | None
    are_goods_back: bool = False


class NotAdmitted(Value):
    pass


class SellerAgreed(Value):
    version: int
    stage: Stage
    address_ref: str | None


class SellerRefused(Value):
    version: int
    stage: Stage
    reason_code: str
    evidence_count: int


class Amended(Value):
    applied: RefundApplied


class AmendmentAccepted(Value):
    terms: Terms
    liability: Liability


class BuyerWithdrew(Value):
    pass


class ReturnSent(Value):
    """No `shares`: what is inside was not told."""

    carriage: Carriage
    freight_paid: Money | None
    shares: tuple[Share, ...] = ()
    return_id: str = ""


class ReturnAccepted(Value):
    """No shares: all that was sent."""

    shares: tuple[Share, ...]


class GoodsChecked(Value):
    lines: tuple[InspectedLine, ...]


class ShipmentSeen(Value):
    """The seller marked pieces of this refund as shipped."""


class TradeEnded(Value):
    is_success: bool
    cause: str


class HoldAnswered(Value):
    outcome: str


class GoodsCameBack(Value):
    """The parcel that the buyer never got is back; no `shares`: with all pieces of the refund."""

    shares: tuple[Share, ...] = ()


class Remedied(Value):
    """Pieces will not come and are to be paid for; no `shares`: all pieces of the refund."""

    remedy_id: str
    reason_code: str
    shares: tuple[Share, ...] = ()


class PromiseMade(Value):
    promise_id: str


class EvidenceGiven(Value):
    kind: str


Message = (
    Applied | NotAdmitted | SellerAgreed | SellerRefused | Amended | AmendmentAccepted | BuyerWithdrew
    | ReturnSent | ReturnAccepted | GoodsChecked | ShipmentSeen | TradeEnded | HoldAnswered | GoodsCameBack
    | Remedied | PromiseMade | EvidenceGiven | DeadlinePassed
)  # fmt: skip


# Facts.


class AnswerAwaited(Value):
    filed: Filed
    answer_by: datetime


class RefusalWithdrawn(Value):
    """What the refusal waited for has happened; the application stands as before it."""

    answer_by: datetime


class NegotiationAsked(Value):
    """A person has to talk to the buyer (RF-040, RF-041)."""

    question_code: str
    due_at: datetime


class NegotiationOver(Value):
    pass


class AnswerDecided(Value):
    version: int
    answer: Answer
    cause: AnswerCause
    reason_code: str | None


class ReturnAwaited(Value):
    address_ref: str
    send_by: datetime
    remind_at: datetime


class FreightDecided(Value):
    pass


class EditAwaited(Value):
    edit_by: datetime
    remind_at: datetime
    evidence_by: datetime | None


class EvidenceAsked(Value):
    kinds: tuple[str, ...]
    due_at: datetime


class EvidenceNoted(Value):
    kind: str
    is_enough: bool


class RefusalUnbacked(Value):
    due_at: datetime


class BuyerReminded(Value):
    template_code: str
    expires_at: datetime


class AmendmentForwarded(Value):
    applied: RefundApplied


class ReceiptAwaited(Value):
    filed: Filed
    receive_by: datetime
    returned: ReturnedGoods


class InspectionNoted(Value):
    lines: tuple[InspectedLine, ...]


class AnswerContested(Value):
    """The seller says something else than what was decided in his place."""

    due_at: datetime


class PromiseNoted(Value):
    promise_id: str


class PromiseAtRisk(Value):
    """The seller agrees to a refund that staff promised not to carry out."""

    due_at: datetime


class PiecesMissing(Value):
    """Fewer pieces came back, or were accepted, than the refund is for: a person decides on the rest."""

    shares: tuple[Share, ...]
    due_at: datetime


class RestUndecided(Value):
    """Only some of the pieces are to be paid for now: a person sees to the others."""

    shares: tuple[Share, ...]
    due_at: datetime


class RefundDue(Value):
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    are_goods_gone: bool
    remedy_id: str | None


class FreightDue(Value):
    amount: Money


class AgreementClosed(Value):
    ending: Ending


class ApplicationTurnedAway(Value):
    pass


Fact = (
    AnswerAwaited | RefusalWithdrawn | NegotiationAsked | NegotiationOver | AnswerDecided | ReturnAwaited
    | FreightDecided | EditAwaited | EvidenceAsked | EvidenceNoted | RefusalUnbacked | BuyerReminded
    | AmendmentForwarded | ReceiptAwaited | InspectionNoted | AnswerContested | PromiseNoted | PromiseAtRisk
    | PiecesMissing | RestUndecided | RefundDue | FreightDue | AgreementClosed | ApplicationTurnedAway
)  # fmt: skip
