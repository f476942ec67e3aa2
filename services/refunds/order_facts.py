"""What the case `order` decides: its facts. Pure."""

from dataclasses import dataclass
from datetime import datetime

from chassis.vocabulary import Money
from services.refunds.book import Book
from services.refunds.order_words import Application, Rejection
from services.refunds.values import InspectedLine, Liability, Purpose, Share, Tender, Terms, Wanted


@dataclass(frozen=True, slots=True)
class OrderRecorded:
    book: Book


@dataclass(frozen=True, slots=True)
class TermsRecorded:
    book: Book


@dataclass(frozen=True, slots=True)
class PaymentRecorded:
    tenders: tuple[Tender, ...]
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class ShipmentRecorded:
    """A ship mark; the auto-confirm clock starts only with the one that leaves no line behind."""

    shares: tuple[Share, ...]
    shipped_at: datetime
    confirm_by: datetime
    is_complete: bool
    grace_minutes: int


@dataclass(frozen=True, slots=True)
class SuccessRecorded:
    cause: str
    line_ids: tuple[str, ...]
    is_whole: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class CloseRecorded:
    cause: str
    line_ids: tuple[str, ...]
    is_whole: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundAdmitted:
    """A refund may be opened. `remedy_id`: by a remedy that is due, `is_answered`: agreed by us already.

    `confirm_left_microseconds`: what is left of a clock that this stops; `late_base_minor`: what the
    goods cost, where the buyer's reason is late shipping.
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


@dataclass(frozen=True, slots=True)
class ExchangeAdmitted:
    """An exchange may be opened; `given` names what the lines are, `wanted` what they shall become."""

    exchange_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability


@dataclass(frozen=True, slots=True)
class ApplicationRejected:
    application: Application
    application_id: str
    reason: Rejection
    advise_code: str | None
    is_amendment: bool


@dataclass(frozen=True, slots=True)
class AmendmentAdmitted:
    refund_id: str
    terms: Terms
    liability: Liability


@dataclass(frozen=True, slots=True)
class PaymentGranted:
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


@dataclass(frozen=True, slots=True)
class PaymentRefused:
    """More was asked for than the account holds: a person must look."""

    case_id: str
    intent_id: str
    purpose: Purpose
    amount: Money
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CaseReleased:
    """A case left its lines; `confirm_by` where the auto-confirm clock runs again."""

    case_id: str
    is_paid: bool
    is_used: bool
    is_late_claim: bool
    confirm_by: datetime | None


@dataclass(frozen=True, slots=True)
class GrantGivenBack:
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool


@dataclass(frozen=True, slots=True)
class AutoConfirmRequested:
    release: Money
    next_at: datetime


@dataclass(frozen=True, slots=True)
class AutoConfirmStopped:
    """The order system does not confirm; nobody asks again by himself."""

    reason_code: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class TaskOpened:
    task_name: str
    question_code: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryNoted:
    received_at: datetime


@dataclass(frozen=True, slots=True)
class LatenessNoted:
    trigger: str


@dataclass(frozen=True, slots=True)
class LatenessWithdrawn:
    trigger: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class HoldPassedOn:
    case_ids: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class GoodsBackPassedOn:
    case_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemedyPassedOn:
    case_id: str
    remedy_id: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class InspectionPassedOn:
    case_id: str
    is_exchange: bool
    lines: tuple[InspectedLine, ...]
    wanted_sku_id: str | None


@dataclass(frozen=True, slots=True)
class ReshipPassedOn:
    exchange_id: str
    status: str


@dataclass(frozen=True, slots=True)
class PromisePassedOn:
    case_ids: tuple[str, ...]
    promise_id: str


Fact = (
    OrderRecorded | TermsRecorded | PaymentRecorded | ShipmentRecorded | SuccessRecorded | CloseRecorded
    | RefundAdmitted | ExchangeAdmitted | ApplicationRejected | AmendmentAdmitted | PaymentGranted
    | PaymentRefused | CaseReleased | GrantGivenBack | AutoConfirmRequested | AutoConfirmStopped | TaskOpened
    | DeliveryNoted | LatenessNoted | LatenessWithdrawn | HoldPassedOn | GoodsBackPassedOn | RemedyPassedOn
    | InspectionPassedOn | ReshipPassedOn | PromisePassedOn
)  # fmt: skip
