"""Decides about news that name an order and mean one of its open cases."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import HERE, Decided, tell
from kernel.rules import rule
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.order import account_goods
from services.refunds.cases.order import rules_goods as goods
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.facts import (
    DeliveryNoted,
    Fact,
    GoodsCame,
    LatenessNoted,
    LatenessWithdrawn,
    QuestionSettled,
    QuestionVoid,
    SendOver,
)
from services.refunds.cases.order.messages import (
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
from services.refunds.goods import Back, without
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind


@rule("RF-005", "RF-006")
def hold_resolved(state: State, hold: HoldResolved) -> Sequence[Fact]:
    """Tells the refunds before shipment what the warehouse made of a hold."""
    case_ids = [
        case.case_id
        for case in live(state).book.open
        if case.kind is RefundKind.UNSHIPPED and hold.refund_id in (None, case.case_id)
    ]
    return _told(case_ids, agreement.HoldAnswered(hold.outcome))


@rule("RF-094", "RF-095")
def _delivered(state: State, parcel: ParcelDecided, now: datetime) -> Sequence[Fact]:
    """Starts the windows of a delivered parcel."""
    book = live(state).book
    line_ids = tuple(line.line_id for line in book.lines if line.line_id in parcel.line_ids)
    is_news = bool(line_ids) or book.received_at is None
    return [DeliveryNoted(now, line_ids)] if is_news else []


@rule("RF-044")
def _unknown_back(state: State) -> Sequence[Fact]:
    """Tells the cases that wait for the goods of an order without lines."""
    book = live(state).book
    return _told([case.case_id for case in book.open if case.waits_for_goods], agreement.GoodsCameBack())


def parcel_decided(
    state: State, parcel: ParcelDecided, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Follows the end of a parcel, by the way that it went."""
    return [*_delivery_told(state, parcel), *_followed(state, parcel, policy, now)]


@rule("RF-044")
def _delivery_told(state: State, parcel: ParcelDecided) -> Sequence[Fact]:
    """Tells refunds of goods not received that their parcel was delivered, or was not after all."""
    if parcel.direction not in {"outbound", "reship"}:
        return []
    case_ids = [
        case.case_id
        for case in live(state).book.open
        if case.kind is RefundKind.NOT_RECEIVED
        and not case.is_granted
        and (not parcel.line_ids or any(case.count_of(line_id) for line_id in parcel.line_ids))
    ]
    return _told(case_ids, agreement.DeliverySeen(parcel.outcome == "delivered"))


def _followed(state: State, parcel: ParcelDecided, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    match parcel.direction, parcel.outcome:
        case (("outbound" | "reship"), "delivered"):
            again = goods.parcel_again(state, parcel, policy, now)
            return [*_delivered(state, parcel, now), *again, *_not_lost(state, parcel)]
        case "to_buyer", "delivered":
            return goods.parcel_again(state, parcel, policy, now)
        case (("outbound" | "reship" | "to_buyer"), "returned"):
            has_lines = bool(live(state).book.lines)
            return goods.parcel_back(state, parcel, policy, now) if has_lines else _unknown_back(state)
        case "return", "returned":
            return goods.return_arrived(state, parcel, policy, now)
        case "return", "delivered":
            return _return_undone(state, parcel)
        case _:
            return []


@rule("RF-044", "RF-069")
def _return_undone(state: State, parcel: ParcelDecided) -> Sequence[Fact]:
    """Tells the case of a return that the buyer has it again: silence about it means nothing."""
    book = live(state).book
    known = account_goods.returning(book, parcel.parcel_id)
    case = None if known is None else book.case(known.case_id)
    if known is None or case is None or case.is_granted:
        return []
    pieces = parcel.shares or known.sent
    if case.kind is None:
        is_all = not known.here and not without(known.sent, pieces)
        return [tell(exchange.to(HERE, case.case_id, exchange.ReturnUndone()))] if is_all else []
    return [tell(agreement.to(HERE, case.case_id, agreement.ReturnUndone(parcel.parcel_id, pieces)))]


@rule("RF-035", "RF-044")
def _not_lost(state: State, parcel: ParcelDecided) -> Sequence[Fact]:
    """Takes back the questions about pieces of a lost parcel that the buyer has after all."""
    return [
        QuestionSettled(question.number) if question.refund_id else QuestionVoid(question.number)
        for question in live(state).book.questions
        if parcel.parcel_id and question.parcel_id == parcel.parcel_id and not question.are_here
    ]


def reship_moved(state: State, moved: ReshipMoved, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Tells an exchange about its resend, which has an id derived from the exchange."""
    book = live(state).book
    for case in book.open:
        if case.kind is None and exchange.reship_id_of(case.case_id) == moved.reship_id:
            return _resend_moved(case.case_id, moved)
    for sent in book.replaced:
        if exchange.reship_id_of(sent.case_id) == moved.reship_id:
            return _replacement_moved(book, sent, moved, policy, now)
    for send in book.sends:
        if send.case_id == moved.reship_id:
            return _send_moved(book, send, moved, policy, now)
    return []


@rule("OR-029", "RF-044")
def _send_moved(
    book: OrderAccount, send: Back, moved: ReshipMoved, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Follows goods that go to the buyer again. Those that are not sent are back, and a person is asked anew.

    Those that do not arrive are news of their parcel: it comes back, or it is searched.
    """
    if moved.status in {"delivered", "failed"}:
        return [SendOver(send.case_id)]
    if moved.status in {"unavailable", "cancelled"}:
        parts, rest = goods.claimed(book, account_goods.owed(book, send.pieces))
        back = (*parts, Back("", rest)) if rest else tuple(parts)
        told = [tell(*(goods.told_back(book, part) for part in parts))] if parts else []
        asked = goods.asked(book, "goods_back_without_refund", rest, policy, now)
        return [SendOver(send.case_id), *([GoodsCame("", back)] if back else []), *told, *asked]
    return []


@rule("RF-120", "RF-121")
def _resend_moved(exchange_id: str, moved: ReshipMoved) -> Sequence[Fact]:
    return [tell(exchange.to(HERE, exchange_id, exchange.ReshipMoved(moved.status)))]


@rule("RF-118", "RF-120")
def _replacement_moved(
    book: OrderAccount, sent: Back, moved: ReshipMoved, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Asks a person where a replacement is lost that counted as received. The answer pays."""
    asked = [question for question in book.questions if question.about == sent.case_id]
    if moved.status == "failed" and not asked:
        return goods.asked(
            book,
            "replacement_lost",
            sent.pieces,
            policy,
            now,
            reason_code="lost",
            kind=RefundKind.NOT_RECEIVED,
            are_here=False,
            about=sent.case_id,
        )
    if moved.status == "delivered":
        return [QuestionVoid(question.number) for question in asked]
    return []


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
