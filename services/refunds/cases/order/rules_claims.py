"""Decides which goods the buyer has beside the money for them or twice, piece by piece, and claims them."""

from collections.abc import Sequence

from kernel.decider import Decided
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.order import account, account_goods
from services.refunds.cases.order.account import LineAccount, OrderAccount
from services.refunds.cases.order.facts import (
    BuyerClaimCut,
    BuyerClaimDue,
    CaseReleased,
    Fact,
    GrantGivenBack,
    HeldGoodsNoted,
    PaymentGranted,
    ReturnCame,
    ReturnNoted,
)
from services.refunds.cases.order.messages import GoodsMoved, ReshipMoved
from services.refunds.cases.order.state import State, live
from services.refunds.goods import counts_of, inside, pieces_of
from services.refunds.held_goods import Claimed, HeldGoods, count_of, kept_beside_money, with_buyer
from services.refunds.shares import Share

Decisions = Sequence[Decided[Fact]]
FIRST = frozenset({"outbound", "reship"})
"""Parcels that bring the order's own goods."""
INSTEAD = frozenset({"replacement", "to_buyer"})
"""Parcels that bring goods for those that the buyer gave back."""
_MONEY = PaymentGranted | GrantGivenBack
_CAUSES = _MONEY | ReturnNoted | ReturnCame | CaseReleased


def goods_moved(state: State, moved: GoodsMoved) -> Decisions:
    """Counts the end of a parcel, and claims or clears what follows."""
    book = live(state).book
    reason_code = "goods_back" if moved.outcome == "returned" else "not_there"
    return _followed(book, _after_parcel(book, moved), moved.parcel_id, reason_code)


def _after_parcel(book: OrderAccount, moved: GoodsMoved) -> HeldGoods:
    """Counts the pieces of a parcel that the buyer has, or has no longer."""
    held, shares = book.held, moved.shares
    is_there = moved.outcome == "delivered"
    if moved.direction == "return":
        return _after_return(book, moved)
    if moved.direction in INSTEAD:
        held = _with_what_he_gave(book, moved)
    is_resend = moved.direction != "outbound"
    return held.with_parcel(moved.parcel_id, shares, is_there=is_there, is_resend=is_resend)


def _after_return(book: OrderAccount, moved: GoodsMoved) -> HeldGoods:
    """Counts a box that the buyer has again, and one that is back for a claim.

    A box of a refund or an exchange left him when he sent it.
    """
    held = book.held
    if moved.outcome == "delivered":
        given = [share for each in held.given for share in each.pieces]
        again = inside(moved.shares, given)
        return held.with_parcel(moved.parcel_id, again, is_there=True, is_resend=True)
    is_claimed = any(count_of(claim.shares, x.line_id) for claim in held.claims for x in moved.shares)
    is_known = book.knows(moved.parcel_id) or account_goods.returning(book, moved.parcel_id) is not None
    if moved.outcome != "returned" or is_known or not is_claimed:
        return held
    return held.gave(moved.parcel_id, moved.shares)


@rules_of("RF-035")
def _with_what_he_gave(book: OrderAccount, moved: GoodsMoved) -> HeldGoods:
    """Counts pieces that nobody told of: the buyer gave what others are sent to him for.

    Where a carrier brought goods back, those may be the ones that are sent; what he told of is all.
    """
    held, implied = book.held, dict[str, int]()
    if book.back_parcels or any(each.return_ids for each in held.given):
        return held
    for line_id, count in counts_of(moved.shares).items():
        line = book.line(line_id)
        if line is None or any(each.parcel_id == moved.parcel_id for each in held.reached):
            continue
        given = sum(count_of(each.pieces, line_id) for each in held.given)
        over = with_buyer(held, line_id, line.quantity_count) + count - line.quantity_count
        implied[line_id] = min(count - given, over)
    return held.gave(moved.parcel_id, pieces_of(implied))


def replacement_moved(state: State, moved: ReshipMoved) -> Decisions:
    """Counts a replacement by the word on its resend, where its parcel said nothing of its content."""
    book = live(state).book
    case_id = next((x for x in _case_ids(book) if exchange.reship_id_of(x) == moved.reship_id), None)
    parcel_id = moved.parcel_id or moved.reship_id
    is_known = any(each.parcel_id == parcel_id for each in book.held.reached)
    is_there = moved.status == "delivered"
    if case_id is None or (is_known if is_there else bool(moved.parcel_id)):
        return []
    case, held = book.case(case_id), book.held
    if case is not None and is_there:
        held = held.presumed(case_id, account_goods.given_in(case, case.shares))
    pieces = held.given_for(case_id)
    held = held.with_parcel(parcel_id, pieces, is_there=is_there, is_resend=True)
    return _followed(book, held, moved.reship_id, "goods_back")


def _case_ids(book: OrderAccount) -> list[str]:
    return [*(case.case_id for case in book.open), *book.past]


def claims(after: State, decided: Decisions) -> Decisions:
    """Decides what follows for claims from goods that the buyer gave, and from money that he gets or not."""
    causes = [entry.fact for entry in decided if isinstance(entry.fact, _CAUSES)]
    if not causes:
        return []
    book = live(after).book
    reason_code = "not_paid" if any(isinstance(fact, _MONEY) for fact in causes) else "goods_back"
    return _followed(book, book.held, causes[0].case_id, reason_code)


@rule("RF-035", "RF-044")
def _followed(book: OrderAccount, held: HeldGoods, cause_id: str, reason_code: str) -> Sequence[Fact]:
    """Claims pieces that were repaid and are with the buyer all the same, and clears those that are not.

    Pieces that he sent for a case that is open clear no claim yet: he is to have money or goods for them.
    """
    due: list[Share] = []
    over: dict[str, int] = {}
    for line in book.lines if held.may_be_beside_money else ():
        kept = kept_beside_money(held, line.line_id, line.quantity_count)
        claimed = sum(count_of(claim.shares, line.line_id) for claim in held.claims)
        if kept > claimed:
            lost = _lost_minor(held, line, kept - claimed, is_outside=book.beside.was_paid_outside)
            due.append(Share(line.line_id, kept - claimed, lost))
        elif claimed and (count := claimed - max(kept + _pending(book, held, line.line_id), 0)) > 0:
            over[line.line_id] = count
    facts: list[Fact] = []
    if over:
        held, facts = _cut(held, over, reason_code)
    if due:
        number = len(held.claims) + 1
        pieces = tuple(Share(share.line_id, share.quantity_count, 0) for share in due)
        held = replace(held, claims=(*held.claims, Claimed(number, pieces)))
        facts.append(BuyerClaimDue(number, tuple(due), cause_id))
    return [HeldGoodsNoted(held), *facts] if held != book.held else []


def _pending(book: OrderAccount, held: HeldGoods, line_id: str) -> int:
    """Counts the pieces that the buyer is to have again: sent for open cases, or on their way back to him.

    An open case pays for them or sends others.
    """
    cases = (case for case in book.open if not case.is_granted)
    given = sum(count_of(inside(held.given_for(case.case_id), case.shares), line_id) for case in cases)
    return given + sum(count_of(send.pieces, line_id) for send in book.sends)


def _lost_minor(held: HeldGoods, line: LineAccount, count: int, *, is_outside: bool) -> int:
    """Computes what the shop lost with these pieces: the money given back, else what they cost."""
    repaid_count, repaid_minor = held.repaid_for(line.line_id)
    repaid_count = min(repaid_count, line.quantity_count)
    if is_outside:
        cost = account.cost_minor(line, min(repaid_count, line.quantity_count))
        repaid_minor = max(repaid_minor, min(line.refunded_minor, cost))
    paid = min(count, repaid_count)
    money = repaid_minor * paid // repaid_count if paid else 0
    return money + account.cost_minor(line, count - paid)


def _cut(held: HeldGoods, over: dict[str, int], reason_code: str) -> tuple[HeldGoods, list[Fact]]:
    """Takes pieces out of the latest claims."""
    claims: list[Claimed] = []
    facts: list[Fact] = []
    left = dict(over)
    for claim in reversed(held.claims):
        counts = {s.line_id: min(s.quantity_count, left.get(s.line_id, 0)) for s in claim.shares}
        gone = tuple(Share(line_id, count, 0) for line_id, count in counts.items() if count)
        for share in gone:
            left[share.line_id] -= share.quantity_count
        rest = tuple(Share(s.line_id, s.quantity_count - counts[s.line_id], 0) for s in claim.shares)
        claims.insert(0, Claimed(claim.claim_number, tuple(s for s in rest if s.quantity_count)))
        if gone:
            facts.append(BuyerClaimCut(claim.claim_number, gone, reason_code))
    return replace(held, claims=tuple(claims)), facts
