"""Decides about news that name an order and mean one of its open cases."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import HERE, tell
from kernel.rules import rule, rules_of
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.facts import (
    DeliveryNoted,
    Fact,
    LatenessNoted,
    LatenessWithdrawn,
    reconciliation,
)
from services.refunds.cases.order.messages import (
    GoodsInspected,
    HoldResolved,
    LateEstablished,
    LateWithdrawn,
    ParcelDecided,
    RefundPromisedAway,
    ReshipMoved,
)
from services.refunds.cases.order.state import (
    Closed,
    State,
    live,
)
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind, Share


@rule("RF-005", "RF-006")
def hold_resolved(state: State, hold: HoldResolved) -> Sequence[Fact]:
    """Tells the refunds before shipment what the warehouse made of a hold."""
    case_ids = [
        case.case_id
        for case in live(state).book.open
        if case.kind is RefundKind.UNSHIPPED and hold.refund_id in (None, case.case_id)
    ]
    return _told(case_ids, agreement.HoldAnswered(hold.outcome))


@rule("RF-036", "RF-044", "RF-094", "RF-095")
def parcel_decided(state: State, parcel: ParcelDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Starts the windows of a delivered parcel, and frees the money of one that came back.

    Only refunds that wait for these goods are paid; pieces beside an open refund go to a person.
    """
    book = live(state).book
    if parcel.outcome == "delivered":
        line_ids = tuple(line.line_id for line in book.lines if line.line_id in parcel.line_ids)
        is_news = bool(line_ids) or book.received_at is None
        return [DeliveryNoted(now, line_ids)] if is_news else []
    if parcel.outcome != "returned":
        return []
    if not book.lines:
        return _told([case.case_id for case in book.open if case.waits_for_goods], agreement.GoodsCameBack())
    pieces = _inside(book, parcel)
    found, rest = claimed(book, pieces)
    facts: list[Fact] = []
    for case, shares in found:
        facts += _told([case.case_id], agreement.GoodsCameBack(shares))
    if rest and parcel.line_ids and any(_is_refund_of(case, pieces) for case in book.open):
        name = f"back-{parcel.parcel_id}" if parcel.parcel_id else "back"
        facts.append(reconciliation(name, "goods_back_without_refund", now + policy.attention_days))
    return facts


@rules_of("RF-044")
def claimed(
    book: OrderAccount, pieces: Sequence[Share]
) -> tuple[list[tuple[OpenCase, tuple[Share, ...]]], tuple[Share, ...]]:
    """Finds the waiting case of each of these pieces, and the pieces without one."""
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


def _inside(book: OrderAccount, parcel: ParcelDecided) -> tuple[Share, ...]:
    """Lists the pieces in the parcel that are not refunded yet; of all lines where none was told."""
    counts = {share.line_id: share.quantity_count for share in parcel.shares}
    return tuple(
        Share(line.line_id, min(counts.get(line.line_id, line.left_count), line.left_count), 0)
        for line in book.lines
        if not parcel.line_ids or line.line_id in parcel.line_ids
    )


def _is_refund_of(case: OpenCase, pieces: tuple[Share, ...]) -> bool:
    """Tells whether logistics leaves these pieces to an open refund."""
    return case.kind is not None and any(case.count_of(share.line_id) for share in pieces)


@rule("RF-039", "RF-116")
def goods_inspected(state: State, inspected: GoodsInspected) -> Sequence[Fact]:
    """Tells a case that its goods were checked. The return's id finds the case, else the lines do."""
    returns = [case for case in live(state).book.open if case.kind is None or case.kind.wants_goods_back]
    named = [case for case in returns if case.case_id == inspected.return_id]
    line_ids = {line.line_id for line in inspected.lines}
    found = named or [case for case in returns if any(share.line_id in line_ids for share in case.shares)]
    if not found:
        return []
    if found[0].kind is None:
        checked = exchange.GoodsChecked(inspected.lines, inspected.wanted_sku_id)
        return [tell(exchange.to(HERE, found[0].case_id, checked))]
    return _told([found[0].case_id], agreement.GoodsChecked(inspected.lines))


@rule("RF-120", "RF-121")
def reship_moved(state: State, moved: ReshipMoved) -> Sequence[Fact]:
    """Tells an exchange about its resend, which has an id derived from the exchange."""
    return [
        tell(exchange.to(HERE, case.case_id, exchange.ReshipMoved(moved.status)))
        for case in live(state).book.open
        if case.kind is None and exchange.reship_id_of(case.case_id) == moved.reship_id
    ]


@rule("RF-009")
def refund_promised_away(state: State, promised: RefundPromisedAway) -> Sequence[Fact]:
    """Holds the refunds before shipment that staff promised not to pay."""
    case_ids = [case.case_id for case in live(state).book.open if case.kind is RefundKind.UNSHIPPED]
    return _told(case_ids, agreement.PromiseMade(promised.promise_id))


@rule("LG-060")
def late_established(state: State, late: LateEstablished) -> Sequence[Fact]:
    """Notes that the order is late. Its compensation hears of that, and later of the order's end."""
    current = live(state)
    if isinstance(current, Closed) and current.book.paid_at is None:
        return []
    return [LatenessNoted(late.trigger)]


@rule("LG-060")
def late_withdrawn(state: State, late: LateWithdrawn) -> Sequence[Fact]:
    """Notes that the order was in time after all."""
    return [LatenessWithdrawn(late.trigger, late.reason_code)] if live(state).book.is_late else []


def _told(refund_ids: Sequence[str], message: agreement.Message) -> Sequence[Fact]:
    """Tells open refunds the same, as one fact; nothing where there are none."""
    return [tell(*(agreement.to(HERE, refund_id, message) for refund_id in refund_ids))] if refund_ids else []
