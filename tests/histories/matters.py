"""Open matters of one order: refunds, exchanges, payments, holds, tasks, searches, claims, resends."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftersales_contracts.base import Event
from aftersales_contracts.components import Share
from aftersales_contracts.enums import RefundKind

KEEPS_GOODS = frozenset({RefundKind.NO_RETURN})
WANTS_BACK = frozenset({RefundKind.WITH_RETURN, RefundKind.NO_REASON})


def counts(lines: Sequence[Share] | None) -> Counter[str]:
    """Pieces per line."""
    found: Counter[str] = Counter()
    for share in lines or ():
        found[share.line_id] += share.quantity_count
    return found


def minors(lines: Sequence[Share] | None) -> Counter[str]:
    """Money per line."""
    found: Counter[str] = Counter()
    for share in lines or ():
        found[share.line_id] += share.amount.minor if share.amount else 0
    return found


@dataclass
class Refund:
    """A refund as it is told: applied, rejected, open, refused, sending, sent, asked, paid, closed."""

    refund_id: str
    applied_at: datetime | None = None
    state: str = "applied"
    kind: RefundKind = RefundKind.UNSHIPPED
    reason_code: str = ""
    version: int = 0
    lines: Counter[str] = field(default_factory=Counter[str])
    lines_before: Counter[str] = field(default_factory=Counter[str])
    """Before an amendment that may be turned away."""
    minor: int = 0
    opened_at: datetime | None = None
    ending: str = ""
    is_ours: bool = False
    was_returned: bool = False
    """Whether goods were registered as sent back for it."""
    amended_reason: str = ""
    """The reason that the buyer gave last; an amendment at receipt is not answered by an outcome."""
    freight_reason: str = ""
    """The reason for which it was decided who bears the freight."""
    was_accepted: bool = False
    """Whether the seller said that he has the goods."""
    was_refused_at_receipt: bool = False
    """Whether the last refusal was of goods that were sent: the next terms are answered at receipt too."""
    agreed_at: datetime | None = None
    """When the seller agreed to the application."""
    silent_at: datetime | None = None
    """When the time is over in which goods that were sent are confirmed or refused (RF-023, RF-024)."""
    seller_bears: bool = False
    sent: Counter[str] = field(default_factory=Counter[str])

    @property
    def is_open(self) -> bool:
        return self.state in ("open", "refused", "sending", "sent")


@dataclass
class Exchange:
    """An exchange as it is told."""

    exchange_id: str
    applied_at: datetime | None = None
    state: str = "applied"
    lines: Counter[str] = field(default_factory=Counter[str])
    reship_id: str = ""
    ending: str = ""
    ended_at: datetime | None = None
    seller_bears: bool = False
    replace_by: datetime | None = None
    """When the replacement has to leave; a breach repays the freight, whoever was to bear it."""
    was_returned: bool = False
    was_reserved: bool = False
    sent: Counter[str] = field(default_factory=Counter[str])

    @property
    def is_open(self) -> bool:
        return self.state in ("open", "sending", "sent", "due")


@dataclass
class Intent:
    """One payment: what was asked for at first, and all that moved."""

    intent_id: str
    purpose: str
    minor: int
    lines: Counter[str]
    line_minors: Counter[str]
    tenders: Counter[str]
    refund_id: str | None
    asked_at: datetime
    attempts: list[str] = field(default_factory=list[str])
    asked_minor: int = 0
    """The amount of the last request."""
    out_minor: int = 0
    back_minor: int = 0
    paid_minor: int = 0
    state: str = "asked"
    """asked, taken, failed, paid, reversed, given_up"""
    given_up_minor: int = 0
    abandoned_minor: int = 0
    """Of that, what the services told."""
    waived_minor: int = 0
    """Of that, what a person or the receipt gave up; it is free for other refunds, whatever comes later."""
    waived_lines: Counter[str] = field(default_factory=Counter[str])
    is_split_known: bool = True
    """Whether each part that was given up named its lines; a later part of the same lines does not."""
    is_unsure: bool = False
    """Whether nobody knows if money moved: a person cannot give it up."""
    remedy_id: str | None = None
    kind: RefundKind | None = None
    keeps_goods: bool = False
    """Whether it was agreed that the buyer keeps the goods all the same."""
    settled_attempts: set[str] = field(default_factory=set[str])

    @property
    def net_minor(self) -> int:
        return self.out_minor - self.back_minor

    @property
    def is_for_buyer(self) -> bool:
        """Whether the buyer has the money, or will have it unless a person decides otherwise."""
        return self.state != "given_up"


@dataclass
class Task:
    """A question to a person."""

    task_id: str
    kind_code: str
    question_code: str
    case_kind: str
    case_id: str
    about_subject: str
    at: datetime
    due_at: datetime
    answer: str = ""
    answered_at: datetime | None = None
    withdrawn_at: datetime | None = None
    lost: frozenset[str] = frozenset()
    """The lines of lost goods, where it asks about their remedy."""

    @property
    def key(self) -> str:
        return f"{self.case_kind}:{self.question_code}:{self.case_id}"

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None


@dataclass
class Claim:
    """A claim on a courier."""

    claim_id: str
    parcel_id: str
    kind: str
    filed_at: datetime
    withdrawn_at: datetime | None = None
    ended: str = ""
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was withdrawn or came to an end; filed again, it is another."""
        return self.withdrawn_at is not None or self.ended_at is not None


@dataclass
class Rating:
    """The rating of a line by one side."""

    line_id: str
    rater: str
    at: datetime
    decisions: list[bool] = field(default_factory=list[bool])
    """Whether it counted, decision by decision."""


@dataclass
class Collect:
    """A box that came at the shop's cost; it is expected where a return is under way."""

    box_id: str
    at: datetime
    is_expected: bool
    waybill: str = ""
    """Its name where nobody registered it."""
    is_refused: bool = False
    """Whether the warehouse is asked not to take it in."""


@dataclass
class BuyerClaim:
    """A claim against the buyer, who has goods and money both."""

    claim_id: str
    lines: Counter[str]
    at: datetime
    ended: str = ""


@dataclass
class Hold:
    """A stop that the warehouse is asked for."""

    request_id: str
    lines: Counter[str]
    at: datetime
    state: str = "asked"
    """asked, stopped, too_late, unknown, releasing, over"""
    refund_id: str = ""


@dataclass
class Asked:
    """Something that the outside is asked for and has not answered."""

    key: str
    event: Event
    at: datetime


@dataclass
class Matters:
    """All of them."""

    refunds: dict[str, Refund] = field(default_factory=dict[str, Refund])
    exchanges: dict[str, Exchange] = field(default_factory=dict[str, Exchange])
    intents: dict[str, Intent] = field(default_factory=dict[str, Intent])
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    holds: dict[str, Hold] = field(default_factory=dict[str, Hold])
    claims: dict[str, Claim] = field(default_factory=dict[str, Claim])
    buyer_claims: dict[str, BuyerClaim] = field(default_factory=dict[str, BuyerClaim])
    searches: dict[str, str] = field(default_factory=dict[str, str])
    """Request of the search that runs, by parcel."""
    search_from: dict[str, datetime] = field(default_factory=dict[str, datetime])
    search_reasons: dict[str, str] = field(default_factory=dict[str, str])
    recalls: set[str] = field(default_factory=set[str])
    """Parcels that were called back."""
    reships: dict[str, str] = field(default_factory=dict[str, str])
    reship_parcels: dict[str, str] = field(default_factory=dict[str, str])
    reship_purposes: dict[str, str] = field(default_factory=dict[str, str])
    reship_requests: dict[str, str] = field(default_factory=dict[str, str])
    reship_lines: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    short_lines: Counter[str] = field(default_factory=Counter[str])
    """Pieces that the shop could not find."""
    remedies: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    lost_last: frozenset[str] = frozenset()
    """The lines of the latest remedy, if it is for lost goods."""
    offers: dict[str, Event] = field(default_factory=dict[str, Event])
    """The latest offer, by `offer:kind:case`."""
    ratings: dict[str, Rating] = field(default_factory=dict[str, Rating])
    collects: list[Collect] = field(default_factory=list[Collect])
    asked: dict[str, Asked] = field(default_factory=dict[str, Asked])
    laid_out: dict[str, int] = field(default_factory=dict[str, int])
    """Freight that the buyer paid for returns, by refund or exchange."""
    faults: dict[str, list[tuple[datetime, bool]]] = field(
        default_factory=dict[str, list[tuple[datetime, bool]]]
    )
    """The word of the warehouse about the fault of goods, by refund or exchange."""
    hang_on_fault: set[str] = field(default_factory=set[str])
    """Refunds and exchanges whose freight the shop bears for a fault of the goods alone."""
    rejections: dict[str, str] = field(default_factory=dict[str, str])

    def open_pieces(self) -> Mapping[str, int]:
        """Pieces in refunds and exchanges that are open."""
        found: Counter[str] = Counter()
        for case in self.cases():
            if case.is_open:
                found.update(case.lines)
        return found

    def cases(self) -> list[Refund | Exchange]:
        """Refunds and exchanges."""
        return [*self.refunds.values(), *self.exchanges.values()]

    def is_without_fault(self, case_id: str, at: datetime) -> bool:
        """Whether the shop bears the freight for a fault that nobody had found by then in any piece."""
        words = {word for when, word in self.faults.get(case_id, ()) if when <= at}
        return words == {False} and case_id in self.hang_on_fault

    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.is_open]

    def ask(self, key: str, event: Any, at: datetime) -> None:
        self.asked[key] = Asked(key, event, at)

    def case_of(self, intent: Intent) -> str:
        """The refund or exchange that a payment belongs to."""
        if intent.refund_id is not None:
            return intent.refund_id
        ids = [name for name in (*self.refunds, *self.exchanges) if intent.intent_id.startswith(f"{name}.")]
        return max(ids, key=len, default="")

    def paid_instead(self, prices: Mapping[str, int]) -> Counter[str]:
        """Pieces for which their whole price moved instead of goods; a refund without return leaves both."""
        found: Counter[str] = Counter()
        for intent in self.intents.values():
            if intent.purpose != "refund" or intent.net_minor <= 0 or intent.keeps_goods:
                continue
            for line_id, count in intent.lines.items():
                if intent.line_minors[line_id] >= prices[line_id] * count - count:
                    found[line_id] += count
        return found

    def settled_with_money(self, prices: Mapping[str, int]) -> Counter[str]:
        """Pieces for which the buyer has money, will have it, or lacks it by the word of a person.

        Where he keeps the goods all the same, only pieces whose whole price went back count.
        """
        found: Counter[str] = Counter()
        parts: Counter[str] = Counter()
        for intent in self.intents.values():
            if intent.purpose != "refund":
                continue
            if intent.keeps_goods:
                parts.update(intent.line_minors)
            else:
                found.update(intent.lines)
        for line_id, minor in parts.items():
            found[line_id] += (minor + minor // 1_000 + 3) // max(prices[line_id], 1)
        return found
