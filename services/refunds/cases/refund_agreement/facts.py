"""Defines the facts of a refund agreement, and the values that its states keep from them."""

from datetime import datetime
from enum import StrEnum

from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value
from services.refunds.liability import Liability
from services.refunds.shares import Carriage, InspectedLine, RefundApplied, Share, Terms


class Ending(StrEnum):
    """The end of a refund without payment."""

    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    SHIPPED = "shipped"
    SUPERSEDED = "superseded"
    PAYMENT_ABANDONED = "payment_abandoned"


class Answer(StrEnum):
    AGREE = "agree"
    REFUSE = "refuse"


class AnswerCause(StrEnum):
    """The reason of an answer in the seller's place."""

    POLICY = "policy"
    SILENCE = "silence"
    REMEDY = "remedy"


class ReturnedGoods(Value):
    """A registered return: how it travels, what the buyer laid out, what was found inside.

    `sent` are the pieces that were registered (empty: not told), `liability` is what held when they left,
    where the application was changed since. `is_refuted`: pieces that it is not about any more were checked,
    and had not the fault.
    """

    carriage: Carriage
    freight_paid: Money | None
    inspected: tuple[InspectedLine, ...]
    sent: tuple[Share, ...] = ()
    return_ids: tuple[str, ...] = ()
    liability: Liability | None = None
    is_refuted: bool = False


class Filed(Value):
    """The part that does not change with the stage: terms, freight liability, evidence seen so far.

    `back`: pieces that came back to the shop by a carrier, or were there before. `returned`: goods that the
    buyer sent before the application changed. `received_at`: when the last of the goods reached the buyer,
    where that was known.
    """

    customer_id: str
    terms: Terms
    liability: Liability
    remedy_id: str | None
    evidence_kinds: tuple[str, ...]
    grace_minutes: int
    are_goods_back: bool = False
    received_at: datetime | None = None
    back: tuple[Share, ...] = ()
    returned: ReturnedGoods | None = None
    is_delivered: bool = False
    """A parcel with goods of the refund was delivered."""
    is_back_unfit: bool = False
    """Some of the pieces that are back were not accepted: silence does not pay."""
    extended: tuple[str, ...] = ()
    """Names of the deadlines for which more time was given."""


class AnswerAwaited(Value):
    filed: Filed
    answer_by: datetime


class RefusalWithdrawn(Value):
    """The refusal is withdrawn, because its condition came true. The application stands as before."""

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
    carriages: tuple[Carriage, ...] = tuple(Carriage)


class FreightDecided(Value):
    """Who bears the freight; `liability`: another row than before, by the goods that were checked."""

    liability: Liability | None = None


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


class ReturnForgotten(Value):
    """The buyer has goods again that he sent; `returned`: what is under way or here still."""

    returned: ReturnedGoods | None


class ReceiptTermsAmended(Value):
    """A refund whose goods were refused at receipt was changed: these terms are looked at there now."""

    filed: Filed
    receive_by: datetime


class PiecesReceived(Value):
    """The buyer confirmed receipt of some pieces of a refused refund: it is for the others only."""

    filed: Filed


class InspectionNoted(Value):
    lines: tuple[InspectedLine, ...]


class AnswerContested(Value):
    """The seller contradicts the decision that was made in his place."""

    due_at: datetime


class DeliveryNoted(Value):
    """Goods of the refund were delivered, or were not after all."""

    is_there: bool


class DeliveryQuestioned(Value):
    """The seller is silent about goods that were delivered: a person decides (task.requested)."""

    task: Task


class PromiseNoted(Value):
    promise_id: str


class PiecesMissing(Value):
    """Fewer pieces came back, or were accepted, than the refund is for: a person decides on the rest."""

    shares: tuple[Share, ...]
    due_at: datetime


class RestUndecided(Value):
    """Only some of the pieces are to be paid for now: a person sees to the others."""

    shares: tuple[Share, ...]
    due_at: datetime


class RefundDue(Value):
    """The refund is to be paid. `is_proven`: its goods are known to be lost or back."""

    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    are_goods_gone: bool
    remedy_id: str | None
    is_proven: bool = False


class FreightDue(Value):
    amount: Money


class GoodsNoted(Value):
    """Pieces of the refund are at the shop; `are_unfit`: some were not accepted."""

    pieces: tuple[Share, ...]
    are_unfit: bool = False


class AgreementClosed(Value):
    """The refund is over without payment; `here`: goods that the buyer sent and the shop has."""

    ending: Ending
    here: tuple[Share, ...] = ()


class DeadlineExtended(Value):
    """One side has more time (deadline.extension-decided)."""

    deadline_name: str
    until_at: datetime


class ExtensionRefused(Value):
    """More time was given that does not count (deadline.extension-decided)."""

    deadline_name: str
    until_at: datetime
    reason_code: str


class ApplicationTurnedAway(Value):
    is_early: bool = False


Fact = (
    AnswerAwaited | RefusalWithdrawn | NegotiationAsked | NegotiationOver | AnswerDecided | ReturnAwaited
    | FreightDecided | EditAwaited | EvidenceAsked | EvidenceNoted | RefusalUnbacked | BuyerReminded
    | DeliveryNoted | DeliveryQuestioned | AmendmentForwarded | ReceiptAwaited | InspectionNoted
    | AnswerContested | PromiseNoted | Task | TaskWithdrawn | ReceiptTermsAmended | GoodsNoted
    | PiecesReceived | PiecesMissing | RestUndecided | RefundDue | FreightDue | AgreementClosed
    | ApplicationTurnedAway | ReturnForgotten | DeadlineExtended | ExtensionRefused
)  # fmt: skip
