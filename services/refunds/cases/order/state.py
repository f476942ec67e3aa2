"""Defines the states of an order, how facts change them, and the auto-confirm clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from kernel.decider import Deadline, NotYet
from kernel.value import Value, replace
from services.refunds.cases.order import account, account_money
from services.refunds.cases.order import account_goods as goods
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.facts import (
    AmendmentAdmitted,
    ApplicationRejected,
    AutoConfirmDeferred,
    AutoConfirmRequested,
    AutoConfirmStopped,
    CaseReleased,
    CloseRecorded,
    ConfirmHeld,
    ConfirmResumed,
    DeliveryDoubtsNoted,
    DeliveryNoted,
    ExchangeAdmitted,
    Fact,
    GoodsCame,
    GoodsGone,
    GrantGivenBack,
    HeldGoodsNoted,
    LatenessNoted,
    MoneyEntered,
    OrderRecorded,
    PaymentGranted,
    PaymentRecorded,
    QuestionAgreed,
    QuestionAsked,
    QuestionSettled,
    QuestionVoid,
    RefundAdmitted,
    RemedyKept,
    RemedyPassedOn,
    ReturnCame,
    ReturnNoted,
    SendBackDue,
    SendOver,
    ShipmentRecorded,
    Silent,
    SuccessRecorded,
    TermsRecorded,
)
from services.refunds.goods import Back, together
from services.refunds.money_beside import QuestionKept
from services.refunds.notices import FaultReported
from services.refunds.shares import Purpose

MICROSECOND = timedelta(microseconds=1)


# States: the status of the order (OR-001), its account, and the clock that runs in it.


class Absent(Value):
    pass


class AwaitingPayment(Value):
    book: OrderAccount


class Paid(Value):
    book: OrderAccount


class Confirm(Value):
    """The auto-confirm clock: `due_at` while it runs, what is left of it while it stands.

    Both absent: some lines are not shipped yet (`standby_by` is then when it would be due if nothing
    were missing), or nobody is asked any more. After `asked_count` requests `due_at` is the moment of
    the next one. `declined_count`: requests that were answered by a refusal; the next one is a new one.
    """

    due_at: datetime | None
    left_microseconds: int | None
    standby_by: datetime | None
    asked_count: int
    grace_minutes: int
    declined_count: int = 0
    is_stopped: bool = False
    """A person is asked why nobody confirms."""


class Shipped(Value):
    book: OrderAccount
    shipped_at: datetime
    confirm: Confirm


class Succeeded(Value):
    book: OrderAccount
    ended_at: datetime
    cause: str


class Closed(Value):
    """The end without success. `cause` tells the never paid from the refunded (OR-005)."""

    book: OrderAccount
    ended_at: datetime
    cause: str


Live = AwaitingPayment | Paid | Shipped | Succeeded | Closed
State = Absent | Live
Ended = Succeeded | Closed


def live(state: State) -> Live:
    """Narrows to an order that was placed. Raises NotYet before."""
    if isinstance(state, Absent):
        raise NotYet
    return state


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact to the order."""
    if isinstance(fact, OrderRecorded):
        return AwaitingPayment(fact.book)
    order = live(state)
    book = order.book
    if isinstance(fact, Silent):
        return order
    match fact:
        case PaymentRecorded():
            return _payment_recorded(order, fact)
        case ShipmentRecorded():
            return _shipment_recorded(order, fact)
        case RefundAdmitted():
            return _refund_admitted(order, fact)
        case ReturnNoted() | ReturnCame() | GoodsCame() | GoodsGone() | SendBackDue() | SendOver():
            return replace(order, book=_goods_moved(book, fact))
        case PaymentGranted():
            return _payment_granted(order, fact)
        case CaseReleased():
            return _case_released(order, fact)
        case HeldGoodsNoted():
            return replace(order, book=replace(book, held=fact.held))
        case RemedyKept():
            return replace(order, book=replace(book, early_remedies=(*book.early_remedies, fact.remedy)))
        case QuestionKept():
            return replace(order, book=replace(book, beside=book.beside.with_kept(fact)))
        case TermsRecorded() | MoneyEntered():
            return replace(order, book=fact.book)
        case SuccessRecorded():
            return _success_recorded(order, fact)
        case CloseRecorded():
            return _close_recorded(order, fact)
        case AmendmentAdmitted():
            return _amendment_admitted(order, fact)
        case ExchangeAdmitted():
            return _exchange_admitted(order, fact)
        case GrantGivenBack():
            return replace(order, book=account_money.overs_booked(_moved(book, fact, -1)))
        case RemedyPassedOn():
            book = replace(book, remedies=(*book.remedies, fact.remedy_id))
            return replace(order, book=goods.remedied(book, fact.case_id, fact.taken))
        case AutoConfirmRequested():
            return _confirm_requested(order, fact)
        case AutoConfirmDeferred():
            return _confirm_deferred(order)
        case AutoConfirmStopped():
            return _confirm_stopped(order)
        case DeliveryNoted():
            return replace(order, book=goods.delivered(book, fact.line_ids, fact.received_at))
        case FaultReported():
            return replace(order, book=goods.fault_reported(book, fact.line_ids, fact.at))
        case DeliveryDoubtsNoted():
            return replace(order, book=replace(book, in_doubt=fact.parcel_ids))
        case ConfirmHeld():
            return _confirm_held(order, fact.left_microseconds)
        case ConfirmResumed():
            return _confirm_runs_on(order, fact.due_at)
        case LatenessNoted():
            return replace(order, book=replace(book, is_late=True))
        case QuestionAsked():
            return replace(order, book=goods.asked(book, fact.question, fact.remedy_id))
        case QuestionAgreed():
            return replace(order, book=goods.agreed(book, fact.question))
        case QuestionSettled() | QuestionVoid():
            return replace(order, book=goods.settled(book, fact.number))
        case ApplicationRejected():
            return order if fact.early is None else replace(order, book=account.kept(book, fact.early))
        case _:
            assert_never(fact)


def _goods_moved(
    book: OrderAccount, fact: GoodsCame | GoodsGone | ReturnNoted | ReturnCame | SendBackDue | SendOver
) -> OrderAccount:
    match fact:
        case GoodsCame():
            return goods.came(book, fact.parcel_id, fact.parts)
        case GoodsGone():
            return goods.gone(book, fact.pieces, fact.parcel_id)
        case ReturnNoted():
            return goods.sent(book, fact.case_id, fact.return_id, fact.sent, fact.tracking_code)
        case ReturnCame():
            book = goods.arrived(book, fact.case_id, fact.here, fact.seen, fact.box)
            book = goods.checked(book, fact.are_fit)
            return goods.shared_out(book, fact.case_id, fact.freed, fact.taken)
        case SendBackDue():
            return goods.sent_again(book, Back(fact.send_id, fact.pieces))
        case SendOver():
            return goods.send_over(book, fact.send_id)
        case _:
            assert_never(fact)


def _payment_recorded(state: Live, fact: PaymentRecorded) -> State:
    book = account.paid(replace(state.book, early_remedies=()), fact.tenders, fact.paid_at)
    return Paid(book) if isinstance(state, AwaitingPayment) else replace(state, book=book)


def _shipment_recorded(state: Live, fact: ShipmentRecorded) -> State:
    marked = {share.line_id: share.quantity_count for share in fact.shares}
    lines = tuple(
        replace(line, shipped_count=line.shipped_count + marked[line.line_id])
        if line.line_id in marked
        else line
        for line in state.book.lines
    )
    book = replace(state.book, lines=lines)
    due_at = fact.confirm_by if fact.is_complete and not goods.is_receipt_open(book) else None
    left = None
    if fact.is_complete and goods.is_receipt_open(book):
        left = (fact.confirm_by - fact.shipped_at) // MICROSECOND
    standby_by = None if fact.is_complete else fact.confirm_by
    declined_count = state.confirm.declined_count if isinstance(state, Shipped) else 0
    is_stopped = isinstance(state, Shipped) and state.confirm.is_stopped
    confirm = Confirm(due_at, left, standby_by, 0, fact.grace_minutes, declined_count, is_stopped)
    return Shipped(book, fact.shipped_at, confirm)


def _success_recorded(state: Live, fact: SuccessRecorded) -> State:
    book = goods.ended(state.book, fact.line_ids, fact.part)
    if fact.cause == "buyer":
        book = account.confirmed(book, fact.line_ids)
    return Succeeded(book, fact.at, fact.cause) if fact.is_whole else replace(state, book=book)


def _close_recorded(state: Live, fact: CloseRecorded) -> State:
    book = goods.ended(state.book, fact.line_ids, fact.part)
    return Closed(book, fact.at, fact.cause) if fact.is_whole else replace(state, book=book)


def _refund_admitted(state: Live, fact: RefundAdmitted) -> State:
    terms = fact.terms
    case = OpenCase(
        fact.refund_id,
        terms.kind,
        terms.shares,
        terms.freight_minor,
        is_late_claim=fact.late_base_minor is not None,
        applied_at=fact.applied_at,
        back=fact.back,
    )
    book = account.opened(goods.changed(state.book, fact.back, -1), case)
    if book.early_remedies:
        kept = tuple(one for one in book.early_remedies if one.remedy_id != fact.remedy_id)
        book = replace(book, early_remedies=kept)
    return _confirm_held(replace(state, book=book), fact.confirm_left_microseconds)


def _exchange_admitted(state: Live, fact: ExchangeAdmitted) -> State:
    case = OpenCase(fact.exchange_id, None, fact.shares, 0, False, back=fact.back)
    opened = replace(state, book=account.opened(goods.changed(state.book, fact.back, -1), case))
    return _confirm_held(opened, fact.confirm_left_microseconds)


def _confirm_held(state: Live, left_microseconds: int | None) -> Live:
    if not isinstance(state, Shipped) or left_microseconds is None:
        return state
    confirm = replace(state.confirm, due_at=None, left_microseconds=left_microseconds)
    return replace(state, confirm=confirm)


def _confirm_runs_on(state: Live, confirm_by: datetime | None) -> Live:
    if not isinstance(state, Shipped) or confirm_by is None:
        return state
    confirm = replace(state.confirm, due_at=confirm_by, left_microseconds=None, standby_by=None)
    return replace(state, confirm=confirm)


def _amendment_admitted(state: Live, fact: AmendmentAdmitted) -> State:
    terms = fact.terms
    is_late_claim = fact.late_base_minor is not None
    cases = tuple(
        replace(
            case,
            kind=terms.kind,
            shares=terms.shares,
            freight_minor=terms.freight_minor,
            is_late_claim=is_late_claim,
            back=together(case.back, fact.back),
        )
        if case.case_id == fact.refund_id
        else case
        for case in state.book.open
    )
    book = replace(state.book, open=cases, is_late=state.book.is_late or is_late_claim)
    book = goods.let_go(goods.changed(book, fact.back, -1), fact.refund_id, fact.freed)
    return replace(state, book=book)


def _payment_granted(state: Live, fact: PaymentGranted) -> State:
    freed = goods.beside(state.book, fact.case_id, fact.left_out)
    book = replace(state.book, intents=(*state.book.intents, fact.intent_id))
    beside = book.beside.with_short(fact.short.shares, fact.short.freight_minor)
    book = account_money.evened(_moved(replace(book, beside=beside), fact, 1))
    if fact.purpose is Purpose.REFUND:
        cases = tuple(_with_grant(case, fact) if case.case_id == fact.case_id else case for case in book.open)
        book = goods.let_go(replace(book, open=cases), fact.case_id, freed)
    return replace(state, book=book)


def _with_grant(case: OpenCase, fact: PaymentGranted) -> OpenCase:
    gone = fact.shares if fact.are_goods_gone else ()
    case = goods.without_left_out(case, fact.left_out)
    return replace(case, is_granted=True, is_proven=fact.is_proven, gone=gone)


def _moved(book: OrderAccount, fact: PaymentGranted | GrantGivenBack, sign: int) -> OrderAccount:
    match fact.purpose:
        case Purpose.FREIGHT:
            return replace(book, reimbursed_minor=book.reimbursed_minor + sign * fact.amount.minor)
        case Purpose.LATE_COMPENSATION:
            return replace(book, compensated_minor=book.compensated_minor + sign * fact.amount.minor)
        case Purpose.SURPLUS:
            return account_money.surplus_moved(book, fact.tenders, fact.amount.currency, sign)
        case Purpose.REFUND:
            if fact.are_goods_gone:
                book = goods.granted(book, fact.case_id, fact.shares, sign)
            return account.moved(
                book,
                fact.shares,
                fact.freight_minor,
                fact.tenders,
                sign,
                are_goods_gone=fact.are_goods_gone,
                was_sent=fact.was_sent,
            )
        case _:
            assert_never(fact.purpose)


def _case_released(state: Live, fact: CaseReleased) -> State:
    book = goods.unreported(state.book, fact.case_id) if fact.is_replaced else state.book
    book = goods.released(
        book, fact.case_id, fact.freed, fact.here, is_paid=fact.is_paid, is_replaced=fact.is_replaced
    )
    book = account.released(book, fact.case_id)
    if fact.send is not None:
        book = goods.sent_again(book, fact.send)
    if fact.is_used:
        book = replace(book, exchange_count=book.exchange_count + 1)
    return _confirm_runs_on(replace(state, book=book), fact.confirm_by)


def _confirm_requested(state: Live, fact: AutoConfirmRequested) -> State:
    if not isinstance(state, Shipped):
        return state
    asked = replace(state.confirm, due_at=fact.next_at, asked_count=state.confirm.asked_count + 1)
    return replace(state, confirm=asked)


def _confirm_deferred(state: Live) -> State:
    if not isinstance(state, Shipped):
        return state
    confirm = replace(state.confirm, asked_count=0, declined_count=state.confirm.declined_count + 1)
    return replace(state, confirm=confirm)


def _confirm_stopped(state: Live) -> State:
    if not isinstance(state, Shipped):
        return state
    return replace(
        state, confirm=replace(state.confirm, due_at=None, left_microseconds=None, is_stopped=True)
    )


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the auto-confirm clock, where money is in. The order system owns every other deadline."""
    if not isinstance(state, Shipped) or state.confirm.due_at is None or state.book.paid_at is None:
        return ()
    confirm = state.confirm
    grace = timedelta(minutes=confirm.grace_minutes if confirm.asked_count == 0 else 0)
    return (Deadline("confirm", state.confirm.due_at, grace),)
