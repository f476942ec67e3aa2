"""Keeps money of an order that moves beside what was asked: parts, surplus, outside, disputes, doubts."""

from collections.abc import Sequence
from datetime import datetime

from kernel.money import Money
from kernel.value import Value, replace
from services.refunds.goods import Question
from services.refunds.shares import Purpose, Share, Tender

MONEY_MARK = "money"
DISPUTE_MARK = "dispute"


class Booked(Value):
    """A movement as it stands in the account: in lines, freight and payments, so that it can be undone.

    `surplus`: taken out of payments that the order does not need; `over_minor`: more than the account had.
    """

    shares: tuple[Share, ...] = ()
    freight_minor: int = 0
    tenders: tuple[Tender, ...] = ()
    surplus: tuple[Tender, ...] = ()
    over_minor: int = 0


class Outside(Value):
    """Money that went to the buyer and that nobody here had asked for. Nothing of it is left at 0."""

    outside_id: str
    minor: int
    booked: Booked
    told: tuple[Share, ...] = ()
    """The pieces that it was told to be for."""
    told_minor: int = 0
    """The sum that was told, whatever came back of it since."""
    intent_id: str = ""
    """The intent of ours as whose payment it was told of, before that was granted."""


class Dispute(Value):
    """A dispute of the payer at his bank, its last stage and when that was."""

    dispute_id: str
    payment_id: str
    stage: str
    minor: int
    at: datetime
    booked: Booked = Booked()


class Surplus(Value):
    """Money of one payment that the order does not need and that the buyer has not got back.

    `number`: the question about it, 0 once it is answered.
    """

    payment_id: str
    minor: int
    currency: str
    number: int = 0
    is_cash: bool = False


class MoneyQuestion(Value):
    """A question about money to a person. `about`: a payment, an intent or a movement outside.

    `holds`: nothing more is paid for the order until it is answered.
    """

    number: int
    question_code: str
    about: str
    amount: Money
    holds: bool = False


class Waiting(Value):
    """A payment that was asked for while nothing may go out."""

    case_id: str
    intent_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...] = ()
    freight_minor: int = 0
    are_goods_gone: bool = False
    remedy_id: str | None = None
    is_proven: bool = False


class QuestionKept(Value):
    """Others have the money of these pieces: a person is asked once it is back, or is now (`is_over`)."""

    question: Question
    is_over: bool = False


class MoneyBeside(Value):
    """All such money of one order. `due_minor`: what the order costs, where that is known.

    `parts` came in before the order was paid. `doubts`: intents that settled with another sum than asked,
    about which a person is asked.
    """

    due_minor: int = 0
    parts: tuple[Tender, ...] = ()
    seen: tuple[Tender, ...] = ()
    """Payments that are counted elsewhere than they were told, with all that is known of them."""
    surplus: tuple[Surplus, ...] = ()
    outside: tuple[Outside, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    questions: tuple[MoneyQuestion, ...] = ()
    question_count: int = 0
    doubts: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """Lines that came after the payment."""
    waiting: tuple[Waiting, ...] = ()
    short: tuple[Share, ...] = ()
    """Money by which refunds were cut because others had it; owed once it is back."""
    short_freight_minor: int = 0
    unasked: tuple[Question, ...] = ()
    """Questions about goods whose money others had: asked once it is back."""

    @property
    def is_held(self) -> bool:
        """Tells whether a person must answer before more is paid."""
        return bool(self.doubts) or any(question.holds for question in self.questions)

    @property
    def is_disputed(self) -> bool:
        """Tells whether money stands still because its payer disputes it."""
        return any(dispute.stage == "opened" for dispute in self.disputes)

    @property
    def was_paid_outside(self) -> bool:
        """Tells whether money left the account that was not asked for."""
        return bool(self.disputes) or any(one.minor for one in self.outside)

    def surplus_of(self, payment_id: str) -> Surplus | None:
        return next((one for one in self.surplus if one.payment_id == payment_id), None)

    def outside_of(self, outside_id: str) -> Outside | None:
        return next((one for one in self.outside if one.outside_id == outside_id), None)

    def strays_of(self, intent_id: str) -> Sequence[Outside]:
        """Lists what was told of as payments of an intent before it was granted."""
        return [one for one in self.outside if one.intent_id == intent_id]

    def without_outside(self, outside_id: str) -> "MoneyBeside":
        return replace(self, outside=tuple(one for one in self.outside if one.outside_id != outside_id))

    def dispute_of(self, dispute_id: str) -> Dispute | None:
        return next((one for one in self.disputes if one.dispute_id == dispute_id), None)

    def question_of(self, number: int) -> MoneyQuestion | None:
        return next((one for one in self.questions if one.number == number), None)

    def with_surplus(self, surplus: Surplus) -> "MoneyBeside":
        """Keeps a surplus in place of the one of the same payment; none where nothing is left of it."""
        others = tuple(one for one in self.surplus if one.payment_id != surplus.payment_id)
        return replace(self, surplus=(*others, surplus) if surplus.minor else others)

    def with_outside(self, outside: Outside) -> "MoneyBeside":
        others = tuple(one for one in self.outside if one.outside_id != outside.outside_id)
        return replace(self, outside=(*others, outside))

    def with_short(self, shares: Sequence[Share], freight_minor: int) -> "MoneyBeside":
        """Adds money by which a refund is cut, or takes it away again."""
        minors = {share.line_id: share.minor for share in self.short}
        for share in shares:
            minors[share.line_id] = minors.get(share.line_id, 0) + share.minor
        short = tuple(Share(line_id, 0, minor) for line_id, minor in minors.items() if minor)
        return replace(self, short=short, short_freight_minor=self.short_freight_minor + freight_minor)

    def with_kept(self, kept: QuestionKept) -> "MoneyBeside":
        """Keeps a question until it can be asked, the same one once; or drops it."""
        others = tuple(one for one in self.unasked if one != kept.question)
        return replace(self, unasked=others if kept.is_over else (*others, kept.question))

    def with_dispute(self, dispute: Dispute) -> "MoneyBeside":
        others = tuple(one for one in self.disputes if one.dispute_id != dispute.dispute_id)
        return replace(self, disputes=(*others, dispute))

    def with_question(self, question: MoneyQuestion) -> "MoneyBeside":
        return replace(self, questions=(*self.questions, question), question_count=question.number)

    def without_question(self, number: int) -> "MoneyBeside":
        return replace(self, questions=tuple(one for one in self.questions if one.number != number))


def name_of(number: int) -> str:
    """Names the task of a question: the part of its id that follows the order's."""
    return f"{MONEY_MARK}.{number}"
