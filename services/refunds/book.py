"""The money account of one order: per line, per tender, freight; who works on which line. Pure.

All amounts are minor units of the book's one currency. Invariants that every function here keeps:
refunded <= paid for each line, for the freight and for each tender; compensation and reimbursed
return freight have accounts of their own.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from kernel.money import allocate
from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.policy import TenderStrategy
from services.refunds.values import RefundKind, Share, Tender


class LineAccount(Value):
    """One order line: pieces, what it cost after discount, what was paid for it and what of that went back.

    `gone_count` pieces are refunded as goods (not those that a price difference was paid for);
    `gone_sent_count` of them after they were shipped.
    `received_at`: when the last parcel with it was delivered.
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
    """One payment of the order and what of it went back."""

    payment_id: str
    paid_minor: int
    refunded_minor: int = 0

    @property
    def left_minor(self) -> int:
        return self.paid_minor - self.refunded_minor


class OpenCase(Value):
    """A case that works on lines of the order; `kind` is None for an exchange, `is_granted`: its money is."""

    case_id: str
    kind: RefundKind | None
    shares: tuple[Share, ...]
    freight_minor: int
    is_late_claim: bool
    is_granted: bool = False

    @property
    def waits_for_goods(self) -> bool:
        """Whether it is paid once the goods that the buyer never got are back or known to be lost."""
        return self.kind in (RefundKind.NOT_RECEIVED, RefundKind.UNSHIPPED) and not self.is_granted

    @property
    def still_has_goods(self) -> bool:
        """Whether its pieces are not yet among those that are refunded as goods."""
        return not self.is_granted or self.kind is RefundKind.NO_RETURN

    def count_of(self, line_id: str) -> int:
        return sum(share.quantity_count for share in self.shares if share.line_id == line_id)


class Book(Value):
    """The account of one order (OR-003): moments, lines, freight, tenders, open and past cases.

    `received_at`: when a parcel was delivered of which nobody said what was in it.
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
        """Whether nothing of what was paid for goods is left (RF-033)."""
        return self.goods_left_minor == 0

    @property
    def goods_left_minor(self) -> int:
        """What was paid for goods and is not refunded; of an order without lines all that was paid."""
        if not self.lines:
            return self.paid_minor - self.refunded_minor
        return sum(line.left_minor for line in self.lines)

    def line(self, line_id: str) -> LineAccount | None:
        for line in self.lines:
            if line.line_id == line_id:
                return line
        return None

    def knows(self, case_id: str) -> bool:
        """Whether a case of that id was ever admitted."""
        return case_id in self.past or self.case(case_id) is not None

    def case(self, case_id: str) -> OpenCase | None:
        for case in self.open:
            if case.case_id == case_id:
                return case
        return None

    def busy_by(self, line_ids: Collection[str]) -> OpenCase | None:
        """The first open case on any of the lines: a line is in one case at a time."""
        for case in self.open:
            if any(share.line_id in line_ids for share in case.shares):
                return case
        return None

    def has_open_refund(self) -> bool:
        return any(case.kind is not None for case in self.open)


@rules_of("RF-048")
def paid(book: Book, tenders: Sequence[Tender], at: datetime) -> Book:
    """The book with what came in, over lines and freight by their prices.

    What was paid may differ a little from the prices (fees, vouchers): largest remainder, so that the
    parts sum to what was paid. A payment is a tender whatever its method, points and cash included.
    """
    total = sum(tender.minor for tender in tenders)
    weights = [*(line.price_minor for line in book.lines), book.freight_minor]
    *goods, freight = allocate(total, weights)
    return replace(
        book,
        paid_at=at,
        freight_minor=freight,
        tenders=tuple(TenderAccount(tender.payment_id, tender.minor) for tender in tenders),
        lines=tuple(replace(line, paid_minor=minor) for line, minor in zip(book.lines, goods, strict=True)),
    )


def pieces_cap_minor(line: LineAccount, quantity_count: int) -> int:
    """The most that these pieces of a line can give back: their part of the price, rounded up."""
    part = -(-line.paid_minor * quantity_count // line.quantity_count)
    return min(part, line.left_minor)


def unclaimed_cap_minor(book: Book, line_id: str, quantity_count: int) -> int:
    """The most that these pieces can give back beside what open cases ask for others of the line."""
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
    """What these pieces of a line cost the buyer, rounded down, whatever of it went back since."""
    return line.paid_minor * quantity_count // line.quantity_count


def open_pieces(book: Book) -> tuple[Share, ...]:
    """Every piece that is not refunded, without amounts: what `the whole order` means."""
    return tuple(Share(line.line_id, line.left_count, 0) for line in book.lines if line.left_count > 0)


@rules_of("RF-044")
def claimed(
    book: Book, pieces: Sequence[Share]
) -> tuple[list[tuple[OpenCase, tuple[Share, ...]]], tuple[Share, ...]]:
    """Which waiting case each of these pieces is in, and the pieces that are in none."""
    left = {share.line_id: share.quantity_count for share in pieces}
    found: list[tuple[OpenCase, tuple[Share, ...]]] = []
    for case in book.open:
        if not case.waits_for_goods:
            continue
        shares = tuple(
            Share(share.line_id, count, 0)
            for share in case.shares
            if (count := min(share.quantity_count, left.get(share.line_id, 0))) > 0
        )
        for share in shares:
            left[share.line_id] -= share.quantity_count
        if shares:
            found.append((case, shares))
    return found, tuple(Share(line_id, count, 0) for line_id, count in left.items() if count > 0)


def priced(book: Book, pieces: Sequence[Share], goods_minor: int) -> tuple[Share, ...] | None:
    """The pieces with `goods_minor` spread over them by what they can give back; None if it is too much."""
    caps = [pieces_cap_minor(line, share.quantity_count) for share, line in _with_lines(book, pieces)]
    if goods_minor > sum(caps):
        return None
    if not pieces:
        return ()
    return tuple(
        Share(share.line_id, share.quantity_count, minor)
        for share, minor in zip(pieces, allocate(goods_minor, caps), strict=True)
    )


def fits(book: Book, shares: Sequence[Share], freight_minor: int, freight_left_minor: int) -> bool:
    """Whether lines, freight and tenders can all give this back."""
    total = freight_minor
    for share in shares:
        line = book.line(share.line_id)
        if line is None or share.quantity_count > line.left_count:
            return False
        if share.minor > pieces_cap_minor(line, share.quantity_count):
            return False
        total += share.minor
    return freight_minor <= freight_left_minor and total <= book.paid_minor - book.refunded_minor


@rules_of("RF-048")
def split(book: Book, total_minor: int, strategy: TenderStrategy) -> tuple[Tender, ...]:
    """Which payment gives back how much; the parts sum to the total and none exceeds what it has left.

    Proportional by what is left of each (largest remainder), or the last payment first. Raises
    ValueError when the payments have less than `total_minor` left.
    """
    left = [tender.left_minor for tender in book.tenders]
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


def granted(
    book: Book,
    shares: Sequence[Share],
    freight_minor: int,
    tenders: Sequence[Tender],
    *,
    are_goods_gone: bool,
    was_sent: bool,
) -> Book:
    """The book after money was granted to the buyer; `was_sent`: for goods that had been shipped."""
    moved = _moved(book, shares, freight_minor, tenders, 1, are_goods_gone=are_goods_gone)
    return _sent_gone(moved, shares, 1) if are_goods_gone and was_sent else moved


def given_back(
    book: Book,
    shares: Sequence[Share],
    freight_minor: int,
    tenders: Sequence[Tender],
    *,
    are_goods_gone: bool,
    was_sent: bool,
) -> Book:
    """The book after a grant was given up without money having moved."""
    moved = _moved(book, shares, freight_minor, tenders, -1, are_goods_gone=are_goods_gone)
    return _sent_gone(moved, shares, -1) if are_goods_gone and was_sent else moved


def _sent_gone(book: Book, shares: Sequence[Share], sign: int) -> Book:
    """Counts refunded pieces among the shipped ones, as far as there are such."""
    counts = {share.line_id: sign * share.quantity_count for share in shares}
    lines = tuple(
        replace(line, gone_sent_count=min(max(line.gone_sent_count + count, 0), line.shipped_count))
        if (count := counts.get(line.line_id, 0))
        else line
        for line in book.lines
    )
    return replace(book, lines=lines)


def _moved(
    book: Book,
    shares: Sequence[Share],
    freight_minor: int,
    tenders: Sequence[Tender],
    sign: int,
    *,
    are_goods_gone: bool,
) -> Book:
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
    return replace(
        book,
        lines=lines,
        tenders=tender_accounts,
        freight_refunded_minor=book.freight_refunded_minor + sign * freight_minor,
    )


def opened(book: Book, case: OpenCase) -> Book:
    return replace(book, open=(*book.open, case), is_late=book.is_late or case.is_late_claim)


def released(book: Book, case_id: str) -> Book:
    """The book after a case ended; its id is remembered, so that it is never admitted twice."""
    return replace(
        book,
        open=tuple(case for case in book.open if case.case_id != case_id),
        past=(*book.past, case_id),
    )


def _with_lines(book: Book, shares: Sequence[Share]) -> list[tuple[Share, LineAccount]]:
    by_id = {line.line_id: line for line in book.lines}
    return [(share, by_id[share.line_id]) for share in shares]
