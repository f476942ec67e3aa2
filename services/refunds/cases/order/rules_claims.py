"""Decides which goods the buyer has beside the money for them or twice, piece by piece, and claims them."""

from collections.abc import Sequence

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.order import account
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.facts import (
    BuyerClaimCut,
    BuyerClaimDue,
    Fact,
    GrantGivenBack,
    HeldGoodsNoted,
    PaymentGranted,
)
from services.refunds.cases.order.messages import GoodsMoved, ReshipMoved
from services.refunds.cases.order.state import State, live
from services.refunds.goods import counts_of, more_of, without
from services.refunds.held_goods import Claimed, Converted, HeldGoods, Reached, count_of, kept_beside_money
from services.refunds.shares import Purpose, RefundKind, Share

Decisions = Sequence[Decided[Fact]]
FIRST = frozenset({"outbound", "reship"})
"""Parcels that bring the order's own goods."""
INSTEAD = frozenset({"replacement", "to_buyer"})
"""Parcels that bring goods for those that the buyer gave back."""


def goods_moved(state: State, moved: GoodsMoved) -> Decisions:
    """Counts the end of a parcel, and claims or clears what follows."""
    book = live(state).book
    sign = _sign(book, moved)
    is_news = moved.direction in INSTEAD and moved.outcome == "delivered"
    if sign == book.held.sign_of(moved.parcel_id) and not is_news:
        return []
    is_resend = moved.direction == "reship"
    held = book.held.with_parcel(Reached(moved.parcel_id, moved.shares, sign, is_resend))
    return _followed(
        book, held, moved.parcel_id, "goods_back" if moved.outcome == "returned" else "not_there"
    )


def _sign(book: OrderAccount, moved: GoodsMoved) -> int:
    """Tells whether the pieces of the parcel are with the buyer (1), not any more (-1), or nothing of both.

    A return counts where goods are claimed; one of a refund or an exchange is that case's own business.
    """
    if moved.direction in FIRST:
        return 1 if moved.outcome == "delivered" else 0
    if moved.direction in INSTEAD:
        return 0 if moved.outcome == "delivered" else -1
    is_claimed = any(
        count_of(claim.shares, share.line_id) for claim in book.held.claims for share in moved.shares
    )
    is_back = moved.outcome == "returned" and not book.knows(moved.parcel_id)
    return -1 if is_claimed and is_back else 0


def replacement_moved(state: State, moved: ReshipMoved) -> Decisions:
    """Counts a replacement that the buyer has; its exchange may have become money meanwhile."""
    book = live(state).book
    is_there = moved.status == "delivered"
    if is_there == (moved.reship_id in book.held.replaced):
        return []
    if all(exchange.reship_id_of(case_id) != moved.reship_id for case_id in _case_ids(book)):
        return []
    held = book.held.with_replacement(moved.reship_id, is_there=is_there)
    return _followed(book, held, moved.reship_id, "goods_back")


def money_moved(state: State, decided: Decisions) -> Decisions:
    """Claims goods that the buyer had before the money, and clears claims for money that never moved."""
    if not any(isinstance(entry.fact, PaymentGranted | GrantGivenBack) for entry in decided):
        return []
    book = live(state).book
    held, cause_id = book.held, ""
    for entry in decided:
        if isinstance(entry.fact, PaymentGranted | GrantGivenBack):
            held, cause_id = _with_money(book, held, entry.fact), entry.fact.case_id
    return _followed(book, held, cause_id, "not_paid") if held != book.held else []


def _with_money(book: OrderAccount, held: HeldGoods, fact: PaymentGranted | GrantGivenBack) -> HeldGoods:
    """Counts money for goods that never came, and money in the place of a replacement."""
    case, sign = book.case(fact.case_id), 1 if isinstance(fact, PaymentGranted) else -1
    if fact.purpose is not Purpose.REFUND or case is None:
        return held
    if case.kind in (RefundKind.UNSHIPPED, RefundKind.NOT_RECEIVED):
        return held.with_money(fact.shares, sign) if fact.are_goods_gone else held
    for case_id in _case_ids(book):
        if derived_id(case_id, "refund") == case.case_id:
            converted = Converted(case.case_id, exchange.reship_id_of(case_id), fact.shares)
            return held.with_conversion(converted, sign)
    return held


def _case_ids(book: OrderAccount) -> list[str]:
    return [*(case.case_id for case in book.open), *book.past]


def _away(book: OrderAccount) -> dict[str, int]:
    """Counts the pieces that are back at the shop, or on their way there, and not paid for."""
    away = {line.line_id: line.back_count for line in book.lines}
    for goods in book.returns:
        case = book.case(goods.case_id)
        if case is not None and case.is_granted:
            continue
        pieces = more_of(goods.sent, goods.here) if case is not None else without(goods.sent, goods.here)
        for line_id, count in counts_of(pieces).items():
            away[line_id] = away.get(line_id, 0) + count
    return away


@rule("RF-035", "RF-044")
def _followed(book: OrderAccount, held: HeldGoods, cause_id: str, reason_code: str) -> Sequence[Fact]:
    """Claims pieces that were repaid and are with the buyer all the same, and clears those that are not."""
    kept = kept_beside_money(held, {line.line_id: line.quantity_count for line in book.lines}, _away(book))
    due: list[Share] = []
    over: dict[str, int] = {}
    for line in book.lines:
        claimed = sum(count_of(claim.shares, line.line_id) for claim in held.claims)
        count = kept[line.line_id] - claimed
        if count > 0:
            due.append(Share(line.line_id, count, account.cost_minor(line, count)))
        elif count < 0:
            over[line.line_id] = -count
    facts: list[Fact] = []
    if over:
        held, facts = _cut(held, over, reason_code)
    if due:
        number = len(held.claims) + 1
        pieces = tuple(Share(share.line_id, share.quantity_count, 0) for share in due)
        held = replace(held, claims=(*held.claims, Claimed(number, pieces)))
        facts.append(BuyerClaimDue(number, tuple(due), cause_id))
    return [HeldGoodsNoted(held), *facts] if held != book.held else []


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
