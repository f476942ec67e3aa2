"""Enters money into the account of an order that moved beside what was asked, and takes it out again."""

from collections.abc import Sequence

from kernel.money import allocate
from kernel.rules import rules_of
from kernel.value import replace
from services.refunds.cases.order import account
from services.refunds.cases.order.account import LineAccount, OrderAccount, TenderAccount
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.money_beside import Booked, Outside, Surplus, Waiting
from services.refunds.shares import Share, Tender, total_of


def freight_left_minor(book: OrderAccount) -> int:
    """Computes the freight that was not given back, whoever asks for it."""
    return max(book.freight_minor - book.freight_refunded_minor, 0)


@rules_of("OR-003", "RF-048")
def more_paid(book: OrderAccount, tenders: Sequence[Tender]) -> tuple[OrderAccount, tuple[Tender, ...]]:
    """Fills up what the order lacks with more payments. Returns the account and what it does not need."""
    lack = max(book.beside.due_minor - book.paid_minor, 0)
    weights = [max(line.price_minor - line.paid_minor, 0) for line in book.lines]
    filled: list[Tender] = []
    rest: list[Tender] = []
    for tender in tenders:
        used = min(tender.minor, lack)
        lack -= used
        if used:
            filled.append(replace(tender, minor=used))
        if tender.minor > used:
            rest.append(replace(tender, minor=tender.minor - used))
    fill = sum(tender.minor for tender in filled)
    if not fill:
        return book, tuple(rest)
    *goods, freight = allocate(fill, [*weights, max(fill - sum(weights), 0)])
    lines = zip(book.lines, goods, strict=True)
    book = replace(
        book,
        lines=tuple(replace(line, paid_minor=line.paid_minor + more) for line, more in lines),
        freight_minor=book.freight_minor + freight,
        tenders=_with_tenders(book.tenders, filled),
    )
    return book, tuple(rest)


def _with_tenders(known: Sequence[TenderAccount], more: Sequence[Tender]) -> tuple[TenderAccount, ...]:
    found = {tender.payment_id: tender for tender in known}
    for tender in more:
        before = found.get(tender.payment_id, TenderAccount(tender.payment_id, 0, is_cash=tender.is_cash))
        found[tender.payment_id] = replace(before, paid_minor=before.paid_minor + tender.minor)
    return tuple(found.values())


@rules_of("OR-003", "RF-048")
def booked(
    book: OrderAccount,
    minor: int,
    tenders: Sequence[Tender] = (),
    shares: Sequence[Share] = (),
    freight_minor: int = 0,
) -> Booked:
    """Finds where money that went out belongs: by what was told, the rest by what is left.

    Of a payment that the order does not need the surplus goes first. Pieces that are repaid before they are
    shipped are not shipped any more; those that the buyer has he keeps, as far as was told.
    """
    surplus = _of_surplus(book, minor, tenders)
    rest = minor - sum(part.minor for part in surplus)
    room = sum(max(tender.left_minor, 0) for tender in book.tenders)
    inside = min(rest, room)
    if inside < rest and not tenders:
        surplus = _more_surplus(book, surplus, rest - inside)
        rest = minor - sum(part.minor for part in surplus)
    through = _through(book, inside, tenders)
    pieces, freight = _goods(book, inside, shares, freight_minor)
    return Booked(pieces, freight, through, surplus, rest - inside)


def _of_surplus(book: OrderAccount, minor: int, tenders: Sequence[Tender]) -> tuple[Tender, ...]:
    known = [one for one in book.beside.surplus if one.currency == book.currency]
    if not tenders:
        same = [one for one in known if one.minor == minor]
        return (Tender(same[0].payment_id, minor),) if same else ()
    told = {tender.payment_id: tender.minor for tender in tenders}
    parts = (Tender(one.payment_id, min(one.minor, told.get(one.payment_id, 0), minor)) for one in known)
    return tuple(part for part in parts if part.minor)


def _more_surplus(book: OrderAccount, taken: tuple[Tender, ...], minor: int) -> tuple[Tender, ...]:
    minors = {part.payment_id: part.minor for part in taken}
    for one in book.beside.surplus:
        if one.currency == book.currency:
            more = min(one.minor - minors.get(one.payment_id, 0), minor)
            minors[one.payment_id] = minors.get(one.payment_id, 0) + more
            minor -= more
    return tuple(Tender(payment_id, part) for payment_id, part in minors.items() if part)


def _through(book: OrderAccount, minor: int, tenders: Sequence[Tender]) -> tuple[Tender, ...]:
    told = {tender.payment_id: tender.minor for tender in tenders}
    left = [max(tender.left_minor, 0) for tender in book.tenders]
    parts: list[int] = []
    for tender, most in zip(book.tenders, left, strict=True):
        parts.append(min(told.get(tender.payment_id, 0), most, minor - sum(parts)))
    rest = minor - sum(parts)
    if rest:
        more = allocate(rest, [most - part for most, part in zip(left, parts, strict=True)])
        parts = [part + one for part, one in zip(parts, more, strict=True)]
    found = zip(book.tenders, parts, strict=True)
    return tuple(Tender(tender.payment_id, part) for tender, part in found if part)


def _goods(
    book: OrderAccount, minor: int, shares: Sequence[Share], freight_minor: int
) -> tuple[tuple[Share, ...], int]:
    """Spreads money over lines and freight: first as told, then by what is left of each."""
    told = {share.line_id: share for share in shares}
    freight_left = freight_left_minor(book)
    freight = min(freight_minor, freight_left, minor)
    rest = minor - freight
    parts: list[int] = []
    for line in book.lines:
        part = 0
        if (share := told.get(line.line_id)) is not None:
            asked = share.minor or account.pieces_cap_minor(
                line, min(share.quantity_count, line.quantity_count)
            )
            part = min(asked, max(line.left_minor, 0), rest)
        parts.append(part)
        rest -= part
    left = [max(line.left_minor, 0) - part for line, part in zip(book.lines, parts, strict=True)]
    left.append(freight_left - freight)
    *more, extra = allocate(min(rest, sum(left)), left)
    parts = [part + one for part, one in zip(parts, more, strict=True)]
    is_all = not shares and minor > 0 and minor == sum(max(tender.left_minor, 0) for tender in book.tenders)
    pieces = tuple(
        Share(line.line_id, _unsent(line, told.get(line.line_id), part, is_all=is_all), part)
        for line, part in zip(book.lines, parts, strict=True)
    )
    return tuple(share for share in pieces if share.minor or share.quantity_count), freight + extra


def _unsent(line: LineAccount, told: Share | None, minor: int, *, is_all: bool) -> int:
    """Counts the pieces that are repaid whole before they are shipped."""
    if is_all and told is None:
        return line.unsent_count
    if told is None or not 0 < told.quantity_count <= line.unsent_count:
        return 0
    return told.quantity_count if minor >= account.cost_minor(line, told.quantity_count) else 0


def entered(book: OrderAccount, an_id: str, what: Booked, sign: int) -> OrderAccount:
    """Books a movement (`sign` 1), or takes it out of the account again (-1)."""
    lines = {line.line_id: line for line in book.lines}
    gone = tuple(
        replace(share, minor=min(share.minor, account.cost_minor(lines[share.line_id], share.quantity_count)))
        for share in what.shares
        if share.quantity_count
    )
    after = account.moved(
        book, what.shares, what.freight_minor, what.tenders, sign, are_goods_gone=True, was_sent=False
    )
    beside = after.beside
    for part in what.surplus:
        known = beside.surplus_of(part.payment_id) or Surplus(part.payment_id, 0, book.currency)
        beside = beside.with_surplus(replace(known, minor=max(known.minor - sign * part.minor, 0)))
    held = after.held.with_money(an_id, gone, sign) if gone else after.held
    return replace(after, beside=beside, held=held)


def money_alone(what: Booked) -> Booked:
    """Leaves the pieces out: a dispute is about money, and the goods stay where they are."""
    shares = tuple(replace(share, quantity_count=0) for share in what.shares if share.minor)
    return replace(what, shares=shares)


def overs_booked(book: OrderAccount) -> OrderAccount:
    """Books what others moved and the account had no room for, as soon as it has."""
    beside = book.beside
    for outside in beside.outside:
        if outside.booked.over_minor and book.paid_minor > book.refunded_minor:
            book, what = _again(book, outside.outside_id, outside.booked, outside.told)
            book = replace(book, beside=book.beside.with_outside(replace(outside, booked=what)))
    for dispute in beside.disputes:
        if dispute.booked.over_minor and book.paid_minor > book.refunded_minor:
            book, what = _again(book, dispute.dispute_id, dispute.booked, ())
            book = replace(book, beside=book.beside.with_dispute(replace(dispute, booked=what)))
    return book


def _again(
    book: OrderAccount, an_id: str, what: Booked, told: Sequence[Share]
) -> tuple[OrderAccount, Booked]:
    tenders = (*what.tenders, *what.surplus)
    minor = what.over_minor + sum(part.minor for part in tenders)
    book = entered(book, an_id, what, -1)
    what = booked(book, minor, tenders, told, what.freight_minor)
    what = without_pieces(book, an_id, what)
    return entered(book, an_id, what, 1), what


def without_pieces(book: OrderAccount, an_id: str, what: Booked) -> Booked:
    """Leaves the pieces out of a dispute, and of money that an intent moved: they are in its grant."""
    outside = book.beside.outside_of(an_id)
    is_intents = an_id in book.intents or (outside is not None and bool(outside.intent_id))
    return money_alone(what) if is_intents or book.beside.dispute_of(an_id) is not None else what


@rules_of("OR-003", "RF-029")
def without_strays(book: OrderAccount, strays: Sequence[Outside]) -> OrderAccount:
    """Takes money that was told of before its grant out of the account, and books what has room by that."""
    for stray in strays:
        book = entered(book, stray.outside_id, stray.booked, -1)
        book = replace(book, beside=book.beside.without_outside(stray.outside_id))
    return overs_booked(book) if strays else book


def for_refund(book: OrderAccount, refund_id: str) -> OrderAccount:
    """Leaves money out of the account that was told of as a payment of this very refund."""
    if not book.beside.outside:
        return book
    return without_strays(book, book.beside.strays_of(intent.refund_intent_of(refund_id)))


def over_of(book: OrderAccount, an_id: str) -> int:
    """Finds how much of a movement the account has no room for."""
    outside, dispute = book.beside.outside_of(an_id), book.beside.dispute_of(an_id)
    if outside is not None:
        return outside.booked.over_minor
    return 0 if dispute is None else dispute.booked.over_minor


def split_cents(book: OrderAccount, most_minor: int) -> int:
    """Finds how many cents more a line may have in the shop's split: none where its prices were paid."""
    return most_minor if any(line.paid_minor != line.price_minor for line in book.lines) else 0


def cut_to(book: OrderAccount, shares: Sequence[Share], freight_minor: int) -> tuple[tuple[Share, ...], int]:
    """Lowers what is asked for pieces and freight to what is left of each."""
    left = {line.line_id: line for line in book.lines}
    found = tuple(
        Share(
            share.line_id,
            min(share.quantity_count, left[share.line_id].left_count),
            min(share.minor, account.pieces_cap_minor(left[share.line_id], share.quantity_count)),
        )
        for share in shares
        if share.line_id in left
    )
    rest = book.paid_minor - book.refunded_minor
    freight = min(freight_minor, freight_left_minor(book), rest)
    if total_of(found) + freight > rest:
        parts = allocate(rest - freight, [share.minor for share in found])
        found = tuple(replace(share, minor=part) for share, part in zip(found, parts, strict=True))
    return found, freight


@rules_of("OR-003")
def repriced(
    book: OrderAccount, lines: Sequence[LineAccount], freight_minor: int
) -> tuple[OrderAccount, int]:
    """Spreads the money that is in over the lines of an edited order. Returns what they do not need.

    A line keeps what was given back of it; one that is removed keeps that alone, unless a case is about it.
    """
    known = {line.line_id: line for line in book.lines}
    now = {line.line_id: line for line in lines}
    removed = [line for line in book.lines if line.line_id not in now]
    kept = [
        line
        if book.is_busy((line.line_id,))
        else replace(line, price_minor=0, quantity_count=max(line.gone_count, line.shipped_count))
        for line in removed
        if line.refunded_minor or line.gone_count or line.shipped_count or book.is_busy((line.line_id,))
    ]
    after = [*(_edited(line, known.get(line.line_id)) for line in lines), *kept]
    back = [line.refunded_minor for line in after]
    freight_back = book.freight_refunded_minor
    due = [max(line.price_minor, line.refunded_minor) for line in after]
    freight_due = max(freight_minor, freight_back)
    rest = book.paid_minor - sum(back) - freight_back
    open_minors = [one - other for one, other in zip([*due, freight_due], [*back, freight_back], strict=True)]
    used = max(min(rest, sum(open_minors)), 0)
    *goods, freight = allocate(used, open_minors)
    paid = zip(after, goods, strict=True)
    edited = replace(
        book,
        lines=tuple(replace(line, paid_minor=line.refunded_minor + part) for line, part in paid),
        freight_minor=freight_back + freight,
    )
    return edited, max(rest - used, 0)


def _edited(line: LineAccount, before: LineAccount | None) -> LineAccount:
    if before is None:
        return line
    count = max(line.quantity_count, before.gone_count, before.shipped_count)
    return replace(
        before,
        sku_id=line.sku_id,
        style_id=line.style_id,
        quantity_count=count,
        price_minor=line.price_minor,
        is_freight_free=line.is_freight_free,
    )


def lowered(book: OrderAccount, minor: int) -> tuple[OrderAccount, tuple[Tender, ...]]:
    """Takes money that no line needs out of the payments, the last one first."""
    taken: list[Tender] = []
    tenders: list[TenderAccount] = []
    for tender in reversed(book.tenders):
        part = min(max(tender.left_minor, 0), minor)
        minor -= part
        tenders.insert(0, replace(tender, paid_minor=tender.paid_minor - part))
        if part:
            taken.append(Tender(tender.payment_id, part, tender.is_cash))
    return replace(book, tenders=tuple(tenders)), tuple(taken)


@rules_of("RF-048")
def evened(book: OrderAccount) -> OrderAccount:
    """Splits the cents of the payment as the shop does, where a line gave back one more than it had."""
    lack = sum(min(line.left_minor, 0) for line in book.lines)
    if not lack:
        return book
    lines: list[LineAccount] = []
    for line in book.lines:
        if line.left_minor < 0:
            lines.append(replace(line, paid_minor=line.refunded_minor))
            continue
        part = min(line.left_minor, -lack)
        lack += part
        lines.append(replace(line, paid_minor=line.paid_minor - part))
    return replace(book, lines=tuple(lines))


def surplus_moved(book: OrderAccount, tenders: Sequence[Tender], currency: str, sign: int) -> OrderAccount:
    """Takes surplus that is given back out of the account (`sign` 1), or puts it there again (-1)."""
    beside = book.beside
    for tender in tenders:
        known = beside.surplus_of(tender.payment_id) or Surplus(tender.payment_id, 0, currency)
        beside = beside.with_surplus(replace(known, minor=max(known.minor - sign * tender.minor, 0)))
    return replace(book, beside=beside)


def known_minor(book: OrderAccount, payment_id: str) -> int:
    """Finds how much of a payment is known, wherever it stands."""
    for seen in book.beside.seen:
        if seen.payment_id == payment_id:
            return seen.minor
    for part in book.beside.parts:
        if part.payment_id == payment_id:
            return part.minor
    for tender in book.tenders:
        if tender.payment_id == payment_id:
            return tender.paid_minor
    return 0


def with_seen(book: OrderAccount, tenders: Sequence[Tender]) -> OrderAccount:
    """Keeps how much of payments is known, so that they are counted once."""
    ids = {tender.payment_id for tender in tenders}
    seen = (*(one for one in book.beside.seen if one.payment_id not in ids), *tenders)
    return replace(book, beside=replace(book.beside, seen=seen))


def is_waiting(book: OrderAccount, intent_id: str) -> bool:
    """Tells whether a payment waits until it may go out."""
    return any(wish.intent_id == intent_id for wish in book.beside.waiting)


def with_waiting(book: OrderAccount, wish: Waiting) -> OrderAccount:
    """Keeps a payment that cannot go out yet."""
    return replace(book, beside=replace(book.beside, waiting=(*book.beside.waiting, wish)))


def is_whole(book: OrderAccount, shares: Sequence[Share]) -> bool:
    """Tells whether the pieces give back all that they can: a price difference leaves them to the buyer."""
    lines = [(share, book.line(share.line_id)) for share in shares]
    return all(
        line is not None and share.minor >= account.pieces_cap_minor(line, share.quantity_count)
        for share, line in lines
    )
