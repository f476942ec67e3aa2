"""Counts goods of an order that are back at the shop, for a case or for none, until they are sent again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from kernel.rules import rules_of
from kernel.value import replace
from services.refunds.cases.order.account import LineAccount, OpenCase, OrderAccount
from services.refunds.goods import (
    Back,
    Question,
    Returning,
    counts_of,
    inside,
    more_of,
    pieces_of,
    together,
    without,
)
from services.refunds.held_goods import with_buyer
from services.refunds.shares import RefundKind, Share


def returning(book: OrderAccount, an_id: str) -> Returning | None:
    """Finds the goods that the buyer sent for a case, by the id of the case or of a return."""
    for goods in book.returns:
        if an_id == goods.case_id or an_id in goods.return_ids:
            return goods
    return None


def here_of(book: OrderAccount, case_id: str) -> tuple[Share, ...]:
    """Lists the pieces that the buyer sent for a case and the shop has for it."""
    goods = returning(book, case_id)
    return () if goods is None else goods.own


def sent_for(book: OrderAccount, case_id: str) -> tuple[Share, ...] | None:
    """Lists the pieces that the buyer sent and that are for the case still; None where all are."""
    goods = returning(book, case_id)
    return without(more_of(goods.sent, goods.here), goods.freed) if goods and goods.freed else None


@rules_of("RF-044")
def back_free(book: OrderAccount, pieces: Sequence[Share]) -> tuple[Share, ...]:
    """Lists as many of the pieces as are back at the shop without a case."""
    counts = {line.line_id: line.back_count for line in book.lines if line.back_count}
    if not counts:
        return ()
    return pieces_of({x: min(count, counts.get(x, 0)) for x, count in counts_of(pieces).items()})


def not_with_buyer(book: OrderAccount, line: LineAccount, but: str = "") -> int:
    """Counts the pieces of a line that the buyer has not, nor their money; `but`: a parcel left out."""
    held, count = book.held, line.quantity_count
    return count - held.repaid_for(line.line_id)[0] - with_buyer(held, line.line_id, count, but)


def not_back(book: OrderAccount, line: LineAccount, but: str = "") -> int:
    """Counts the pieces of a line that are neither refunded, nor with the buyer, nor known to be back."""
    here = line.back_count
    for case in book.open:
        if not case.is_granted:
            back = inside((*case.back, *here_of(book, case.case_id)), case.shares)
            here += counts_of(back).get(line.line_id, 0)
    return max(min(line.left_count, not_with_buyer(book, line, but)) - here, 0)


@rules_of("RF-044")
def unasked(book: OrderAccount) -> tuple[Share, ...]:
    """Lists pieces at the shop that the buyer has nothing for, and that no case and no question is about."""
    asked = counts_of(share for one in book.questions for share in one.pieces)
    return pieces_of(
        {
            line.line_id: min(line.back_count, line.left_count, not_with_buyer(book, line))
            - asked.get(line.line_id, 0)
            for line in book.lines
            if line.back_count
        }
    )


@rules_of("RF-044")
def owed(book: OrderAccount, pieces: Sequence[Share]) -> tuple[Share, ...]:
    """Lists as many of the pieces as the buyer has neither money nor another case for."""
    if not pieces:
        return ()
    return inside(pieces, [Share(x.line_id, not_back(book, x), 0) for x in book.lines])


@rules_of("RF-044")
def loose(book: OrderAccount, case: OpenCase) -> tuple[Share, ...]:
    """Lists the pieces that are back for a case, and more than it is about; `case`: as it will be."""
    more = without((*case.back, *here_of(book, case.case_id)), case.shares)
    book = replace(book, open=tuple(case if one.case_id == case.case_id else one for one in book.open))
    return owed(book, more)


def without_left_out(case: OpenCase, left_out: Sequence[Share]) -> OpenCase:
    """Takes pieces out of a case that its refund does not pay for: the case is not about them any more."""
    counts = counts_of(left_out)
    shares = (replace(x, quantity_count=x.quantity_count - counts.get(x.line_id, 0)) for x in case.shares)
    return replace(case, shares=tuple(share for share in shares if share.quantity_count > 0))


def beside(book: OrderAccount, case_id: str, left_out: Sequence[Share]) -> tuple[Share, ...]:
    """Lists the pieces that are back for a case and that its refund does not pay for."""
    case = book.case(case_id)
    return () if case is None or not left_out else loose(book, without_left_out(case, left_out))


def let_go(book: OrderAccount, case_id: str, pieces: Sequence[Share]) -> OrderAccount:
    """Leaves pieces that are back without their case: first those that came otherwise than by its return."""
    if not pieces:
        return book
    book = changed(book, pieces, 1)
    if (case := book.case(case_id)) is not None:
        less = inside(pieces, without(case.back, case.shares))
        pieces = without(pieces, less)
        left = replace(case, back=without(case.back, less))
        book = replace(book, open=tuple(left if one is case else one for one in book.open))
    known = returning(book, case_id)
    return book if known is None else _with(book, known, replace(known, freed=together(known.freed, pieces)))


def changed(book: OrderAccount, pieces: Sequence[Share], sign: int) -> OrderAccount:
    """Counts pieces without a case that came back (`sign` 1), or that a case or the buyer gets (-1)."""
    if not pieces:
        return book
    counts = counts_of(pieces)
    lines = tuple(
        replace(line, back_count=max(line.back_count + sign * counts.get(line.line_id, 0), 0))
        for line in book.lines
    )
    return replace(book, lines=lines)


def is_unfit(book: OrderAccount, pieces: Sequence[Share]) -> bool:
    """Tells whether pieces of these lines were checked and not accepted."""
    lines = [book.line(share.line_id) for share in pieces]
    return any(line is not None and line.is_unfit for line in lines)


def checked(book: OrderAccount, found: Mapping[str, bool]) -> OrderAccount:
    """Notes of some lines whether all that was checked was accepted."""
    lines = tuple(
        replace(line, is_unfit=not found[line.line_id]) if line.line_id in found else line
        for line in book.lines
    )
    return replace(book, lines=lines)


def all_of(parts: Sequence[Back]) -> tuple[Share, ...]:
    """Adds up the pieces of several cases."""
    return pieces_of(counts_of(share for part in parts for share in part.pieces))


def shared_out(
    book: OrderAccount, case_id: str, freed: Sequence[Share], taken: Sequence[Back]
) -> OrderAccount:
    """Leaves pieces of a return without its case: for no case, or for those that are about them."""
    return taken_over(let_go(book, case_id, together(freed, all_of(taken))), taken)


def taken_over(book: OrderAccount, parts: Sequence[Back]) -> OrderAccount:
    """Counts pieces that had no case for the cases that are about them."""
    if not parts:
        return book
    return came(changed(book, all_of(parts), -1), "", parts)


def came(book: OrderAccount, parcel_id: str, back: Sequence[Back]) -> OrderAccount:
    """Counts pieces of a parcel that are back: for cases, or for none."""
    parts = {part.case_id: part.pieces for part in back}
    cases = tuple(
        replace(case, back=together(case.back, parts[case.case_id])) if case.case_id in parts else case
        for case in book.open
    )
    parcels = (*book.back_parcels, parcel_id) if parcel_id else book.back_parcels
    return changed(replace(book, open=cases, back_parcels=parcels), parts.get("", ()), 1)


def gone(book: OrderAccount, pieces: Sequence[Share], parcel_id: str) -> OrderAccount:
    """Counts pieces without a case as sent to the buyer again."""
    parcels = tuple(name for name in book.back_parcels if name != parcel_id)
    return changed(replace(book, back_parcels=parcels), pieces, -1)


def remedied(book: OrderAccount, case_id: str, taken: Back | None) -> OrderAccount:
    """Keeps the pieces of a parcel that a case was told to pay for."""
    case = book.case(case_id)
    if case is None or taken is None:
        return book
    others = tuple(one for one in case.remedied if one.case_id != taken.case_id)
    told = replace(case, remedied=(*others, taken))
    return replace(book, open=tuple(told if one is case else one for one in book.open))


def sent(
    book: OrderAccount, case_id: str, return_id: str, pieces: tuple[Share, ...], tracking_code: str = ""
) -> OrderAccount:
    """Adds a parcel of the buyer to those of its case. Its pieces left him, whatever becomes of the case."""
    case, known = book.case(case_id), returning(book, case_id)
    out = pieces or (case.shares if case is not None else ())
    book = replace(book, held=book.held.gives(case_id, out, return_id))
    codes = {tracking_code: return_id} if tracking_code else {}
    if known is None:
        return replace(book, returns=(*book.returns, Returning(case_id, (return_id,), pieces, codes=codes)))
    more = replace(
        known,
        return_ids=(*known.return_ids, return_id),
        sent=together(known.sent, pieces),
        codes=known.codes | codes,
    )
    return _with(book, known, more)


def arrived(
    book: OrderAccount, case_id: str, here: Sequence[Share], seen: str = "", box: Back | None = None
) -> OrderAccount:
    """Notes which of the pieces that were sent for a case are at the shop.

    `seen`: told of that return; `box`: found in that parcel.
    """
    known = returning(book, case_id)
    if not book.held.is_told(case_id):
        case = book.case(case_id)
        out = given_in(case, here) if case is not None else here
        others = [x for one in book.returns if one.case_id != case_id for x in without(one.sent, one.here)]
        book = replace(book, held=book.held.gave(case_id, without(out, others)))
    if known is None and not here:
        return book
    found = known or Returning(case_id, (), ())
    ids = (*found.seen, seen) if seen and seen not in found.seen else found.seen
    more = replace(found, here=more_of(found.here, here), seen=ids)
    more = more if box is None else more.with_box(box)
    return replace(book, returns=(*book.returns, more)) if known is None else _with(book, known, more)


@rules_of("RF-044")
def given_in(case: OpenCase, pieces: Sequence[Share]) -> tuple[Share, ...]:
    """Lists as many of the pieces as the buyer gave for the case, and not the carrier brought back."""
    return inside(pieces, without(case.shares, case.back))


def granted(book: OrderAccount, case_id: str, shares: Sequence[Share], sign: int) -> OrderAccount:
    """Counts pieces that are repaid as goods (`sign` 1), or not after all (-1).

    For a refund against the goods the buyer gave them, whether it was told or not. What he applied for
    without a return he may keep.
    """
    case = book.case(case_id)
    if case is not None and case.kind is RefundKind.NO_RETURN and case.applied_at is not None:
        return book
    held = book.held.with_money(case_id, shares, sign)
    if sign > 0 and case is not None and case.kind is not None and case.kind.wants_goods_back:
        held = held.presumed(case_id, given_in(case, shares))
    return replace(book, held=held)


def _with(book: OrderAccount, known: Returning, more: Returning) -> OrderAccount:
    return replace(book, returns=tuple(more if one is known else one for one in book.returns))


def released(
    book: OrderAccount,
    case_id: str,
    freed: Sequence[Share],
    here: Sequence[Share],
    *,
    is_paid: bool,
    is_replaced: bool,
) -> OrderAccount:
    """Leaves the pieces of a case that is over without one; goods of an unpaid one may be under way still.

    Pieces that were paid for are as good as here: whoever finds them owes nothing for them.
    """
    book = changed(arrived(book, case_id, here), freed, 1)
    case = book.case(case_id)
    if is_replaced and case is not None:
        held = book.held.presumed(case_id, given_in(case, case.shares))
        book = replace(book, held=held, replaced=(*book.replaced, Back(case_id, case.shares)))
    known = returning(book, case_id)
    if known is None or case is None or not is_paid:
        return book
    paid = inside(without(case.gone, case.back), known.sent)
    return _with(book, known, replace(known, here=more_of(known.here, paid)))


def asked(book: OrderAccount, question: Question, remedy_id: str) -> OrderAccount:
    """Keeps a question to a person; `remedy_id`: the remedy that it takes the place of."""
    remedies = (*book.remedies, remedy_id) if remedy_id else book.remedies
    questions = (*book.questions, question)
    return replace(book, questions=questions, question_count=question.number, remedies=remedies)


def agreed(book: OrderAccount, question: Question) -> OrderAccount:
    """Keeps what a person said to a question until it can be done."""
    others = tuple(question if one.number == question.number else one for one in book.questions)
    return replace(book, questions=others)


def settled(book: OrderAccount, number: int) -> OrderAccount:
    """Forgets a question."""
    return replace(book, questions=tuple(one for one in book.questions if one.number != number))


def sent_again(book: OrderAccount, send: Back) -> OrderAccount:
    """Notes pieces that go to the buyer again. A message of an older release names no resend."""
    return book if not send.case_id else replace(book, sends=(*book.sends, send))


def send_over(book: OrderAccount, reship_id: str) -> OrderAccount:
    """Forgets a resend that is over."""
    return replace(book, sends=tuple(send for send in book.sends if send.case_id != reship_id))


@rules_of("OR-029", "RF-044")
def is_receipt_open(book: OrderAccount, but: str = "") -> bool:
    """Tells whether a refund or an exchange (all but that one), a parcel, a question or goods are open."""
    if book.in_doubt or any(case.case_id != but for case in book.open):
        return True
    if book.beside.added and any(x.unsent_count and x.line_id in book.beside.added for x in book.lines):
        return True
    return any(question.are_here or _are_lacking(book, question) for question in book.questions) or (
        _are_goods_here(book)
    )


def _are_lacking(book: OrderAccount, question: Question) -> bool:
    """Tells whether the buyer has neither the pieces that a person is asked about nor their money."""
    lines = (book.line(share.line_id) for share in question.pieces)
    return any(line is not None and min(line.left_count, not_with_buyer(book, line)) > 0 for line in lines)


def _are_goods_here(book: OrderAccount) -> bool:
    """Tells whether the shop has goods, in no case, for which the buyer has no money."""
    sends = counts_of(share for send in book.sends for share in send.pieces)
    for line in book.lines:
        is_here = line.back_count > 0 or sends.get(line.line_id, 0) > 0
        if is_here and line.left_minor > 0 and line.left_count > 0:
            return True
    return False


def received_at(book: OrderAccount, shares: Sequence[Share]) -> datetime | None:
    """Finds when the last of these pieces reached the buyer; None while one of them is not known to have."""
    lines = [line for share in shares if (line := book.line(share.line_id)) is not None]
    moments = [line.received_at or book.received_at for line in lines]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None


def delivered(book: OrderAccount, line_ids: Collection[str], at: datetime) -> OrderAccount:
    """Notes when a parcel reached the buyer; without lines nobody said what was in it."""
    if not line_ids:
        return replace(book, received_at=at)
    lines = (replace(line, received_at=at) if line.line_id in line_ids else line for line in book.lines)
    return replace(book, lines=tuple(lines))


def fault_reported(book: OrderAccount, line_ids: Collection[str], at: datetime) -> OrderAccount:
    """Notes when a fault of these lines was reported; the first report counts."""
    lines = tuple(
        replace(line, reported_at=min(at, line.reported_at or at)) if line.line_id in line_ids else line
        for line in book.lines
    )
    return replace(book, lines=lines)


def unreported(book: OrderAccount, case_id: str) -> OrderAccount:
    """Forgets reports about pieces of a case for which the buyer has others."""
    case = book.case(case_id)
    if case is None:
        return book
    lines = (replace(line, reported_at=None) if case.count_of(line.line_id) else line for line in book.lines)
    return replace(book, lines=tuple(lines))


def ended(book: OrderAccount, line_ids: Collection[str], part: Sequence[Share]) -> OrderAccount:
    """Marks the lines whose sale has ended, and counts the pieces of those that go on."""
    counts = {share.line_id: share.quantity_count for share in part}
    lines = tuple(
        replace(
            line,
            is_done=line.is_done or line.line_id in line_ids,
            ended_count=line.ended_count + counts.get(line.line_id, 0),
        )
        for line in book.lines
    )
    return replace(book, lines=lines)
