"""Keeps the money account of one order: per line, per tender, freight; and which case works on which line.

All amounts are minor units of the account's one currency. Every function keeps refunded <= paid for each
line, the freight and each tender. Compensation and reimbursed return freight have accounts of their own.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from kernel.money import allocate
from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.cases.order.messages import RemedyDue
from services.refunds.goods import Back, Question, Returning
from services.refunds.held_goods import HeldGoods
from services.refunds.money_beside import MoneyBeside
from services.refunds.policy import TenderStrategy
from services.refunds.shares import RefundApplied, RefundKind, Share, Tender


class LineAccount(Value):
    """One order line: pieces, discounted price, amount paid, amount refunded.

    `gone_count` pieces are refunded as goods; a price difference does not count. `gone_sent_count` of
    them were shipped before, `back_count` are back and in no case. `received_at`: of the last parcel;
    `reported_at`: the first report of a fault of the pieces that the buyer has.
    `is_unfit`: pieces of it were checked last and not accepted; `ended_count`: their sale has ended.
    """

    line_id: str
    sku_id: str
    quantity_count: int
    price_minor: int
    is_freight_free: bool
    service_days: int = 0
    is_special_offer: bool = False
    paid_minor: int = 0
    refunded_minor: int = 0
    gone_count: int = 0
    shipped_count: int = 0
    is_done: bool = False
    gone_sent_count: int = 0
    received_at: datetime | None = None
    back_count: int = 0
    style_id: str | None = None
    reported_at: datetime | None = None
    is_unfit: bool = False
    ended_count: int = 0

    @property
    def left_minor(self) -> int:
        return self.paid_minor - self.refunded_minor

    @property
    def left_count(self) -> int:
        return self.quantity_count - self.gone_count

    @property
    def unsent_count(self) -> int:
        """Pieces that are neither shipped nor refunded before shipment."""
        return max(self.quantity_count - self.shipped_count - (self.gone_count - self.gone_sent_count), 0)

    @property
    def sent_count(self) -> int:
        """Shipped pieces that are not refunded as goods."""
        return min(self.shipped_count - self.gone_sent_count, self.left_count)


class TenderAccount(Value):
    """One payment of the order and the part of it that was refunded."""

    payment_id: str
    paid_minor: int
    refunded_minor: int = 0
    is_cash: bool = False

    @property
    def left_minor(self) -> int:
        return self.paid_minor - self.refunded_minor


class OpenCase(Value):
    """A case that works on lines of the order. `kind` is None for an exchange; `is_granted`: the money is.

    `applied_at`: when a buyer first applied. `is_proven`: its goods are known to be lost or back. `back`:
    pieces that came back other than by its own return; `gone`: pieces that were paid for as goods;
    `remedied`: pieces that it was told to pay for, by the parcel that they were in.
    """

    case_id: str
    kind: RefundKind | None
    shares: tuple[Share, ...]
    freight_minor: int
    is_late_claim: bool
    is_granted: bool = False
    applied_at: datetime | None = None
    is_proven: bool = False
    back: tuple[Share, ...] = ()
    gone: tuple[Share, ...] = ()
    remedied: tuple[Back, ...] = ()

    @property
    def waits_for_goods(self) -> bool:
        """Tells whether the case is paid once goods that the buyer never got are back or lost."""
        return self.kind in (RefundKind.NOT_RECEIVED, RefundKind.UNSHIPPED) and not self.is_granted

    @property
    def still_has_goods(self) -> bool:
        """Tells whether the case's pieces are not yet counted as refunded goods."""
        return not self.is_granted or (self.kind is RefundKind.NO_RETURN and not self.gone)

    def count_of(self, line_id: str) -> int:
        return sum(share.quantity_count for share in self.shares if share.line_id == line_id)


class EarlyApplication(Value):
    """An application that came before the news of the payment, and was turned away for that."""

    applied: RefundApplied
    at: datetime


class OrderAccount(Value):
    """The account of one order (OR-003): moments, lines, freight, tenders, open and past cases.

    `received_at`: delivery of a parcel of unknown content. `returns`: goods that the buyer sent; `questions`
    about goods to persons; `replaced`: pieces for which an exchange that is over sent others. `sends`: pieces
    that go to the buyer again, by the id of the resend, until he has them.
    """

    customer_id: str
    currency: str
    placed_at: datetime
    lines: tuple[LineAccount, ...]
    freight_minor: int
    paid_at: datetime | None = None
    tenders: tuple[TenderAccount, ...] = ()
    freight_refunded_minor: int = 0
    reimbursed_minor: int = 0
    compensated_minor: int = 0
    open: tuple[OpenCase, ...] = ()
    past: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    exchange_count: int = 0
    received_at: datetime | None = None
    is_late: bool = False
    remedies: tuple[str, ...] = ()
    held: HeldGoods = HeldGoods()
    in_doubt: tuple[str, ...] = ()
    """Parcels to the buyer that are searched, coming back or sent again."""
    early: tuple[EarlyApplication, ...] = ()
    early_remedies: tuple[RemedyDue, ...] = ()
    back_parcels: tuple[str, ...] = ()
    returns: tuple[Returning, ...] = ()
    questions: tuple[Question, ...] = ()
    question_count: int = 0
    replaced: tuple[Back, ...] = ()
    sends: tuple[Back, ...] = ()
    beside: MoneyBeside = MoneyBeside()

    @property
    def paid_minor(self) -> int:
        return sum(tender.paid_minor for tender in self.tenders)

    @property
    def refunded_minor(self) -> int:
        return sum(tender.refunded_minor for tender in self.tenders)

    @property
    def freight_left_minor(self) -> int:
        """Freight that is neither refunded nor asked for in an open case."""
        asked = sum(case.freight_minor for case in self.open)
        return max(self.freight_minor - self.freight_refunded_minor - asked, 0)

    @property
    def is_goods_refunded(self) -> bool:
        """Tells whether all that was paid for goods went back (RF-033); of a gift all pieces."""
        has_gift = self.paid_at is not None and not self.paid_minor and any(x.left_count for x in self.lines)
        return self.goods_left_minor == 0 and not has_gift

    @property
    def goods_left_minor(self) -> int:
        """The money for goods that is not refunded; of an order without lines all money."""
        if not self.lines:
            return self.paid_minor - self.refunded_minor
        return sum(line.left_minor for line in self.lines)

    def line(self, line_id: str) -> LineAccount | None:
        for line in self.lines:
            if line.line_id == line_id:
                return line
        return None

    def knows(self, case_id: str) -> bool:
        """Tells whether a case of that id was ever admitted."""
        return case_id in self.past or self.case(case_id) is not None

    def case(self, case_id: str) -> OpenCase | None:
        for case in self.open:
            if case.case_id == case_id:
                return case
        return None

    def is_busy(self, line_ids: Collection[str], but: str = "") -> bool:
        """Tells whether an open case other than `but` is on any of the lines. A line is in one at a time."""
        return any(
            share.line_id in line_ids for case in self.open if case.case_id != but for share in case.shares
        )


@rules_of("RF-048")
def paid(book: OrderAccount, tenders: Sequence[Tender], at: datetime) -> OrderAccount:
    """Spreads the money that came in over lines and freight, by their prices.

    The sum may differ from the prices (fees, vouchers): largest remainder, so that the parts add up to it.
    A payment is a tender whatever its method, points and cash included.
    """
    total = sum(tender.minor for tender in tenders)
    weights = [*(line.price_minor for line in book.lines), book.freight_minor]
    *goods, freight = allocate(total, weights)
    return replace(
        book,
        early=(),
        paid_at=at,
        freight_minor=freight,
        tenders=tuple(
            TenderAccount(tender.payment_id, tender.minor, is_cash=tender.is_cash) for tender in tenders
        ),
        lines=tuple(replace(line, paid_minor=minor) for line, minor in zip(book.lines, goods, strict=True)),
    )


def pieces_cap_minor(line: LineAccount, quantity_count: int) -> int:
    """Computes the most that these pieces of a line can give back: their part of the price, rounded up."""
    part = -(-line.paid_minor * quantity_count // line.quantity_count)
    return max(min(part, line.left_minor), 0)


def unclaimed_cap_minor(book: OrderAccount, line_id: str, quantity_count: int) -> int:
    """Computes the most that these pieces can give back beside the wishes of open cases for the same line."""
    line = book.line(line_id)
    if line is None:
        return 0
    asked = sum(
        share.minor
        for case in book.open
        if not case.is_granted
        for share in case.shares
        if share.line_id == line_id
    )
    return min(pieces_cap_minor(line, quantity_count), max(line.left_minor - asked, 0))


def cost_minor(line: LineAccount, quantity_count: int) -> int:
    """Computes the buyer's cost of these pieces, rounded down. Later refunds do not matter."""
    return line.paid_minor * quantity_count // line.quantity_count


def open_pieces(book: OrderAccount) -> tuple[Share, ...]:
    """Lists every piece that is not refunded, without amounts: the meaning of `the whole order`."""
    return tuple(Share(line.line_id, line.left_count, 0) for line in book.lines if line.left_count > 0)


def priced(book: OrderAccount, pieces: Sequence[Share], goods_minor: int) -> tuple[Share, ...] | None:
    """Spreads `goods_minor` over the pieces by their caps. Returns None if it is too much."""
    by_id = {line.line_id: line for line in book.lines}
    caps = [pieces_cap_minor(by_id[share.line_id], share.quantity_count) for share in pieces]
    if goods_minor > sum(caps):
        return None
    if not pieces:
        return ()
    return tuple(
        Share(share.line_id, share.quantity_count, minor)
        for share, minor in zip(pieces, allocate(goods_minor, caps), strict=True)
    )


def fits(
    book: OrderAccount, shares: Sequence[Share], freight_minor: int, freight_left_minor: int, cents: int = 0
) -> bool:
    """Tells whether lines, freight and tenders can give this back; a line so many cents more."""
    total = freight_minor
    for share in shares:
        line = book.line(share.line_id)
        if line is None or share.quantity_count > line.left_count:
            return False
        if share.minor > pieces_cap_minor(line, share.quantity_count) + cents:
            return False
        total += share.minor
    return freight_minor <= freight_left_minor and total <= book.paid_minor - book.refunded_minor


@rules_of("RF-048")
def split(book: OrderAccount, total_minor: int, strategy: TenderStrategy) -> tuple[Tender, ...]:
    """Splits a refund over the payments. The parts add up to the total; none exceeds the rest of its payment.

    Proportional by the rest of each (largest remainder), or the last payment first. Raises ValueError
    when the payments have less than `total_minor` left.
    """
    left = [max(tender.left_minor, 0) for tender in book.tenders]
    if not total_minor:
        return ()
    if total_minor > sum(left):
        raise ValueError(f"{total_minor} of {sum(left)} left")
    if strategy is TenderStrategy.PROPORTIONAL:
        parts = allocate(total_minor, left)
    else:
        parts = [0] * len(left)
        rest = total_minor
        for place in reversed(range(len(left))):
            parts[place] = min(left[place], rest)
            rest -= parts[place]
    return tuple(
        Tender(tender.payment_id, minor) for tender, minor in zip(book.tenders, parts, strict=True) if minor
    )


def moved(
    book: OrderAccount,
    shares: Sequence[Share],
    freight_minor: int,
    tenders: Sequence[Tender],
    sign: int,
    *,
    are_goods_gone: bool,
    was_sent: bool,
) -> OrderAccount:
    """Books money that is granted to the buyer (`sign` 1), or a grant given up before money moved (-1).

    `was_sent`: for goods that had been shipped.
    """
    by_line = {share.line_id: share for share in shares}
    by_tender = {tender.payment_id: tender.minor for tender in tenders}
    lines = tuple(
        line
        if (share := by_line.get(line.line_id)) is None
        else replace(
            line,
            refunded_minor=line.refunded_minor + sign * share.minor,
            gone_count=line.gone_count + (sign * share.quantity_count if are_goods_gone else 0),
        )
        for line in book.lines
    )
    tender_accounts = tuple(
        tender
        if (minor := by_tender.get(tender.payment_id)) is None
        else replace(tender, refunded_minor=tender.refunded_minor + sign * minor)
        for tender in book.tenders
    )
    after = replace(
        book,
        lines=lines,
        tenders=tender_accounts,
        freight_refunded_minor=book.freight_refunded_minor + sign * freight_minor,
    )
    return _sent_gone(after, shares, sign) if are_goods_gone and was_sent else after


def _sent_gone(book: OrderAccount, shares: Sequence[Share], sign: int) -> OrderAccount:
    """Counts refunded pieces among the shipped ones, as far as there are such."""
    counts = {share.line_id: sign * share.quantity_count for share in shares}
    lines: list[LineAccount] = []
    for line in book.lines:
        gone = max(line.gone_sent_count + counts.get(line.line_id, 0), 0)
        lines.append(replace(line, gone_sent_count=min(gone, line.shipped_count, line.gone_count)))
    return replace(book, lines=tuple(lines))


def kept(book: OrderAccount, early: EarlyApplication) -> OrderAccount:
    """Keeps an application that came before the payment; of one id the last."""
    others = (one for one in book.early if one.applied.refund_id != early.applied.refund_id)
    return replace(book, early=(*others, early))


def opened(book: OrderAccount, case: OpenCase) -> OrderAccount:
    """Makes the lines of a case busy."""
    return replace(book, open=(*book.open, case), is_late=book.is_late or case.is_late_claim)


def confirmed(book: OrderAccount, line_ids: Collection[str]) -> OrderAccount:
    """Takes lines that the buyer confirmed out of the refunds that wait for them as not received."""
    cases = tuple(
        replace(case, shares=rest, freight_minor=0)
        if case.kind is RefundKind.NOT_RECEIVED
        and not case.is_granted
        and (rest := tuple(share for share in case.shares if share.line_id not in line_ids))
        and rest != case.shares
        else case
        for case in book.open
    )
    return replace(book, open=cases)


def released(book: OrderAccount, case_id: str) -> OrderAccount:
    """Frees the lines of a case that ended. The account keeps its id, so that it is never admitted twice."""
    return replace(
        book,
        open=tuple(case for case in book.open if case.case_id != case_id),
        past=(*book.past, case_id),
    )
