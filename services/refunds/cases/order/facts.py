"""Defines the facts of an order: decisions about its record, its applications, its money and its clock."""

from datetime import datetime

from kernel.decider import Told
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value
from services.refunds.cases.order.account import EarlyApplication, OrderAccount
from services.refunds.cases.order.messages import RemedyDue
from services.refunds.goods import Back, Question
from services.refunds.held_goods import HeldGoods
from services.refunds.liability import Liability
from services.refunds.money_beside import Booked, QuestionKept
from services.refunds.notices import Bar, FaultReported
from services.refunds.payments import PaymentOrder
from services.refunds.rejections import Application, Rejection
from services.refunds.shares import Purpose, Share, Tender, Terms, Wanted

CONFIRM_STOPPED = "confirm-stopped"  # names the task that asks why nobody confirms


class OrderRecorded(Value):
    book: OrderAccount


class TermsRecorded(Value):
    book: OrderAccount


class PaymentRecorded(Value):
    tenders: tuple[Tender, ...]
    paid_at: datetime


class ShipmentRecorded(Value):
    """A ship mark; the auto-confirm clock starts only with the one that leaves no line behind.

    `confirm_by`: the latest end of the windows of this mark and those before it.
    """

    shares: tuple[Share, ...]
    shipped_at: datetime
    confirm_by: datetime
    is_complete: bool
    grace_minutes: int


class SuccessRecorded(Value):
    cause: str
    line_ids: tuple[str, ...]
    is_whole: bool
    at: datetime
    part: tuple[Share, ...] = ()  # pieces of lines whose other pieces go on


class CloseRecorded(Value):
    cause: str
    line_ids: tuple[str, ...]
    is_whole: bool
    at: datetime
    part: tuple[Share, ...] = ()  # pieces of lines whose other pieces go on


class RefundAdmitted(Value):
    """A refund may be opened. `remedy_id`: by a remedy that is due, `is_answered`: agreed by us already.

    `confirm_left_microseconds`: what is left of a clock that this stops; `late_base_minor`: what is
    asked for goods, where the buyer's reason is late shipping; `bar`: why the shop's notice refuses it;
    `back`: pieces that are back at the shop already.
    """

    refund_id: str
    terms: Terms
    liability: Liability
    is_agreed_beforehand: bool
    is_partial: bool
    is_answered: bool
    remedy_id: str | None
    are_goods_back: bool
    confirm_left_microseconds: int | None
    late_base_minor: int | None
    bar: Bar | None = None
    applied_at: datetime | None = None
    back: tuple[Share, ...] = ()
    is_back_unfit: bool = False


class ExchangeAdmitted(Value):
    """An exchange may be opened; `given` names what the lines are, `wanted` what they shall become.

    `back`: pieces that are back at the shop already.
    """

    exchange_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability
    confirm_left_microseconds: int | None = None
    back: tuple[Share, ...] = ()


class ApplicationRejected(Value):
    """An application is turned away. `early`: what to look at again, should the payment turn out older."""

    application: Application
    application_id: str
    reason: Rejection
    advise_code: str | None
    is_amendment: bool
    early: EarlyApplication | None = None


class AmendmentAdmitted(Value):
    """A refund may change. `late_base_minor` as in `RefundAdmitted`; `was_late_claim`: of the one before.

    `back`: pieces at the shop that it is about now; `freed`: such that it is not about any more.
    """

    refund_id: str
    terms: Terms
    liability: Liability
    late_base_minor: int | None = None
    was_late_claim: bool = False
    bar: Bar | None = None
    is_agreed_beforehand: bool = False
    back: tuple[Share, ...] = ()
    freed: tuple[Share, ...] = ()
    is_back_unfit: bool = False


class PaymentGranted(Value):
    case_id: str
    intent_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool
    is_full: bool
    remedy_id: str | None
    was_sent: bool = False
    is_proven: bool = False
    left_out: tuple[Share, ...] = ()
    short: Booked = Booked()


class PaymentRefused(Value):
    """More was asked for than the account holds: a person must look."""

    case_id: str
    intent_id: str
    purpose: Purpose
    amount: Money
    due_at: datetime


class CaseReleased(Value):
    """A case left its lines; `confirm_by` where the auto-confirm clock runs again.

    `freed`: its pieces that are back and in no case now; `here`: those of them that the buyer had sent.
    `is_replaced`: he has others in their place; `send`: pieces that go to him again.
    """

    case_id: str
    is_paid: bool
    is_used: bool
    is_late_claim: bool
    confirm_by: datetime | None
    given_back: PaymentOrder | None = None
    freed: tuple[Share, ...] = ()
    here: tuple[Share, ...] = ()
    is_replaced: bool = False
    send: Back | None = None


class MoreSettled(Value):
    """A further part of a refund that was paid short has settled."""

    case_id: str
    given_back: PaymentOrder


class GrantGivenBack(Value):
    """Granted money goes back to the account. `intent_id`: of which payment."""

    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool
    case_id: str = ""
    was_sent: bool = False
    intent_id: str = ""


class AutoConfirmRequested(Value):
    """The order system is asked to confirm. `request_number` goes up with each refusal; a repeat keeps it."""

    release: Money
    next_at: datetime
    request_number: int = 1


class AutoConfirmDeferred(Value):
    """The request was declined while a refund is open. A new one follows when the clock has run on."""

    reason_code: str


class AutoConfirmStopped(Value):
    """The order system does not confirm; nobody asks again by himself."""

    reason_code: str
    due_at: datetime


class DeliveryNoted(Value):
    """A parcel was delivered. `line_ids` empty: nobody said what was in it."""

    received_at: datetime
    line_ids: tuple[str, ...] = ()


class DeliveryDoubtsNoted(Value):
    """These parcels are in doubt now."""

    parcel_ids: tuple[str, ...]


class ConfirmHeld(Value):
    """The auto-confirm clock stands; so much of it is left."""

    left_microseconds: int


class ConfirmResumed(Value):
    """The auto-confirm clock runs on."""

    due_at: datetime


class LatenessNoted(Value):
    trigger: str


class LatenessWithdrawn(Value):
    trigger: str
    reason_code: str


class GoodsCame(Value):
    """Pieces of a parcel are back at the shop, shared out over the cases that are about them."""

    parcel_id: str
    parts: tuple[Back, ...]


class GoodsGone(Value):
    """Pieces without a case went to the buyer again; `parcel_id`: that parcel was not back after all."""

    pieces: tuple[Share, ...]
    parcel_id: str = ""


class ReturnNoted(Value):
    """The buyer sent goods for a case."""

    case_id: str
    return_id: str
    sent: tuple[Share, ...]
    tracking_code: str = ""


class ReturnCame(Value):
    """Goods that the buyer sent for a case are at the shop: `here` in all; `freed` have no case now.

    `taken`: pieces of them that other cases are about; `box`: the findings of the parcel that was checked.
    """

    case_id: str
    here: tuple[Share, ...]
    freed: tuple[Share, ...] = ()
    taken: tuple[Back, ...] = ()
    seen: str = ""
    are_fit: dict[str, bool] = {}  # noqa: RUF012  a value's default is copied
    """Of the lines that were checked, whether all pieces were accepted."""
    box: Back | None = None


class QuestionAsked(Value):
    """A person must say what becomes of goods; `remedy_id`: because of that remedy."""

    question: Question
    due_at: datetime
    remedy_id: str = ""


class QuestionAgreed(Value):
    """A person said that pieces are paid, whose cases are still open."""

    question: Question


class QuestionSettled(Value):
    """A person said what becomes of goods."""

    number: int


class QuestionVoid(Value):
    """Nobody needs the answer any more."""

    number: int


class SendBackDue(Value):
    """Goods that are back go to the buyer again, by the answer to a question."""

    number: int
    pieces: tuple[Share, ...]
    sku_ids: tuple[str, ...]
    ship_by: datetime
    send_id: str = ""


class MoneyEntered(Value):
    """Money moved beside what was asked, or stands still: the account as it is now. `about`: which money."""

    book: OrderAccount
    reason_code: str
    about: str = ""


class SendOver(Value):
    send_id: str


class RemedyPassedOn(Value):
    """A case was told of a remedy for `shares`, or for all its pieces; `taken`: those of this parcel."""

    case_id: str
    remedy_id: str
    reason_code: str
    shares: tuple[Share, ...] = ()
    taken: Back | None = None


class RemedyKept(Value):
    """A remedy of an order that is not paid: it is looked at again once the payment is known."""

    remedy: RemedyDue


class HeldGoodsNoted(Value):
    """The count of the goods that the buyer has beside the money, as it is now."""

    held: HeldGoods


class BuyerClaimDue(Value):
    """Pieces that were repaid are with the buyer: the n-th claim on him. `shares` carry what they cost."""

    claim_number: int
    shares: tuple[Share, ...]
    cause_id: str


class BuyerClaimCut(Value):
    """The buyer does not have these pieces beside the money any more."""

    claim_number: int
    shares: tuple[Share, ...]
    reason_code: str


Silent = (
    MoreSettled | PaymentRefused | LatenessWithdrawn | BuyerClaimDue | BuyerClaimCut | Task | TaskWithdrawn
    | Told
)  # fmt: skip
"""Facts that only ask or tell others: the order stays as it is."""

Fact = (
    OrderRecorded | TermsRecorded | PaymentRecorded | ShipmentRecorded | SuccessRecorded | CloseRecorded
    | RefundAdmitted | ExchangeAdmitted | ApplicationRejected | AmendmentAdmitted | PaymentGranted
    | CaseReleased | GrantGivenBack | AutoConfirmRequested | AutoConfirmDeferred | AutoConfirmStopped
    | ConfirmHeld | ConfirmResumed | DeliveryNoted | FaultReported | DeliveryDoubtsNoted | LatenessNoted
    | RemedyPassedOn | GoodsCame | GoodsGone | ReturnNoted | ReturnCame | QuestionAsked | QuestionAgreed
    | QuestionSettled | QuestionVoid | SendBackDue | SendOver | MoneyEntered | HeldGoodsNoted | RemedyKept
    | QuestionKept | Silent
)  # fmt: skip


def reconciliation(name: str, question_code: str, due_at: datetime) -> Task:
    """Leaves to a person what no rule can carry out. `name` follows the order id in the task's id."""
    return Task(question_code, due_at, "reconciliation", name=name)
