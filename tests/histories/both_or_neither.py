"""Whether the buyer has goods and money both, or neither, and what excuses it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.histories import money
from tests.histories.breach import Breach
from tests.histories.excuses import answered, asked_about, is_decided, is_denied, is_told_of_both
from tests.histories.goods import Piece, Where
from tests.histories.ledger import Ledger
from tests.histories.matters import Intent, counts


def refund_intents(ledger: Ledger) -> list[Intent]:
    """Payments that give back what the buyer paid."""
    return [i for i in ledger.m.intents.values() if i.purpose == "refund"]


def both(ledger: Ledger, at: datetime, patience: timedelta) -> Iterator[Breach]:
    paid = ledger.m.paid_instead(ledger.piece_prices)
    for line_id, count in ledger.goods.ordered.items():
        with_buyer = [p for p in ledger.goods.pieces if p.line_id == line_id and p.where is Where.BUYER]
        over = len(with_buyer) + paid[line_id] - count
        if over <= 0 or not with_buyer:
            continue
        intents = [i for i in refund_intents(ledger) if i.lines[line_id] and i.net_minor > 0]
        moments = [p.moved_at for p in with_buyer if p.moved_at] + [i.asked_at for i in intents]
        if at - max(moments) < patience and patience:
            continue
        if is_told_of_both(ledger, line_id, over) or (not intents and is_decided(ledger, line_id)):
            continue
        tag = _both_tag(ledger, intents, with_buyer) + _asked_in_vain(ledger, line_id)
        yield Breach("goods_and_money", tag, line_id, at, f"{over} pieces")


def _asked_in_vain(ledger: Ledger, line_id: str) -> str:
    question = answered(ledger, line_id)
    return f", {question} answered" if question else ""


def _both_tag(ledger: Ledger, intents: Sequence[Intent], pieces: Sequence[Piece]) -> str:
    kinds = sorted({i.kind.value if i.kind else "goods never owed back" for i in intents}) or ["replaced"]
    ways = sorted(
        {
            ledger.goods.parcels[p.parcel_id].direction.value
            for p in pieces
            if p.parcel_id in ledger.goods.parcels
        }
    )
    last_paid = max((i.asked_at for i in intents), default=None)
    last_moved = max((p.moved_at for p in pieces if p.moved_at), default=None)
    if last_paid is None:
        order = "sent twice"
    else:
        order = "paid, then delivered" if last_moved and last_moved > last_paid else "delivered, then paid"
    return f"{'+'.join(kinds)} {order} ({'+'.join(ways)})"


def neither(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    coming = _coming(ledger)
    if ledger.paid_at is None or money.is_all_back(ledger, coming):
        return
    goods = ledger.goods
    has_confirmed = ledger.success_cause == "buyer"
    for line_id in goods.ordered:
        missing = ledger.missing(line_id)
        here = [p for p in goods.pieces if p.line_id == line_id and p.has_left]
        stray = [p for p in here if p.where is Where.SHOP]
        stray += [p for p in here if p.where is Where.LOST and not has_confirmed]
        open_count = sum(case.lines[line_id] for case in ledger.m.refunds.values() if case.is_open)
        missing -= coming[line_id] + open_count
        is_paid_outside = is_paid_by_others(ledger, line_id, missing)
        if (
            missing <= 0
            or not stray
            or is_paid_outside
            or is_denied(ledger, line_id)
            or asked_about(ledger, line_id)
        ):
            continue
        tag = _neither_tag(ledger, line_id, stray) + _asked_in_vain(ledger, line_id)
        yield Breach("neither", tag, line_id, at, f"{missing} pieces")


def is_paid_by_others(ledger: Ledger, line_id: str, count: int) -> bool:
    """Whether what others gave back, with what was paid for the line, is worth so many pieces."""
    gone = ledger.beside.gone_minor
    ours = sum(intent.line_minors[line_id] for intent in refund_intents(ledger))
    return gone > 0 and count * ledger.piece_prices[line_id] <= gone + ours


def _coming(ledger: Ledger) -> Counter[str]:
    """Pieces for which somebody outside has not answered who must: the warehouse, or who keeps the memos."""
    m = ledger.m
    breached = {x.reship_id for x in m.exchanges.values() if x.ending == "breached"}
    lines: Counter[str] = Counter()
    for key, asked in m.asked.items():
        request: Any = asked.event
        is_send = key.startswith("reship:send:") and request.reship_id not in breached
        if is_send or key.startswith("order:add_memo:"):
            lines.update(counts(request.lines))
    for parcel in ledger.goods.parcels.values():
        if parcel.request_id is not None and not parcel.is_gone and not parcel.is_void:
            lines.update(parcel.lines)
    for parcel in ledger.goods.parcels.values():
        reship_id = m.reship_requests.get(parcel.request_id or "", "")
        is_next = m.reship_parcels.get(reship_id) == parcel.parcel_id  # nobody made another waybill
        if parcel.is_void and is_next and m.reships.get(reship_id) not in _RESHIP_OVER:
            lines.update(parcel.lines)
    return lines


_RESHIP_OVER = ("sent", "delivered", "failed", "unavailable", "cancelled")


def _neither_tag(ledger: Ledger, line_id: str, stray: Sequence[Piece]) -> str:
    piece = next((piece for piece in stray if piece.where is Where.LOST), stray[0])
    where = "lost" if piece.where is Where.LOST else "at the shop"
    parcel = ledger.goods.parcels.get(piece.parcel_id)
    way = parcel.direction.value if parcel is not None else "?"
    return f"{where} ({way}), {_last_word(ledger, line_id)}"


def _last_word(ledger: Ledger, line_id: str) -> str:
    """Of all that happened to a line, the thing that most likely left the buyer without."""
    for exchange in ledger.m.exchanges.values():
        if exchange.lines[line_id] and exchange.state != "rejected":
            return f"exchange {exchange.ending or exchange.state}"
    refunds = [refund for refund in ledger.m.refunds.values() if refund.lines[line_id]]
    for refund in refunds:
        if refund.was_returned and refund.state == "closed":
            return f"goods sent back, {refund.kind.value} {refund.ending}"
    if any(refund.state in ("paid", "asked") for refund in refunds):
        return "other pieces refunded"
    if any(i.purpose == "refund" for i in ledger.m.intents.values()):
        return "another line refunded"
    if ledger.succeeded_at is not None:
        return f"order succeeded ({ledger.success_cause})"
    if ledger.closed_at is not None:
        return "order closed"
    return refunds[-1].ending or refunds[-1].state if refunds else "no case"
