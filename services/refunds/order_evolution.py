"""What each fact makes of the order's state. Pure."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from kernel.value import replace
from services.refunds import book as account
from services.refunds.book import Book, OpenCase
from services.refunds.order_applications import live
from services.refunds.order_facts import (
    AmendmentAdmitted,
    AutoConfirmDeferred,
    AutoConfirmRequested,
    AutoConfirmStopped,
    CaseReleased,
    CloseRecorded,
    DeliveryNoted,
    ExchangeAdmitted,
    Fact,
    GrantGivenBack,
    LatenessNoted,
    OrderRecorded,
    PaymentGranted,
    PaymentRecorded,
    RefundAdmitted,
    RemedyPassedOn,
    ShipmentRecorded,
    SuccessRecorded,
    TermsRecorded,
)
from services.refunds.order_words import (
    AwaitingPayment,
    Closed,
    Confirm,
    Live,
    Paid,
    Shipped,
    State,
    Succeeded,
)
from services.refunds.values import Purpose, RefundKind

MICROSECOND = timedelta(microseconds=1)


def evolve(state: State, fact: Fact) -> State:
    if isinstance(fact, OrderRecorded):
        return AwaitingPayment(fact.book)
    return _EVOLVE[type(fact)](live(state), fact) if type(fact) in _EVOLVE else state


def _payment_recorded(state: Live, fact: PaymentRecorded) -> State:
    book = account.paid(state.book, fact.tenders, fact.paid_at)
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
    due_at = fact.confirm_by if fact.is_complete and not book.has_open_refund() else None
    left = None
    if fact.is_complete and book.has_open_refund():
        left = (fact.confirm_by - fact.shipped_at) // MICROSECOND
    standby_by = None if fact.is_complete else fact.confirm_by
    declined_count = state.confirm.declined_count if isinstance(state, Shipped) else 0
    confirm = Confirm(due_at, left, standby_by, 0, fact.grace_minutes, declined_count)
    return Shipped(book, fact.shipped_at, confirm)


def _success_recorded(state: Live, fact: SuccessRecorded) -> State:
    book = _done(state.book, fact.line_ids)
    return Succeeded(book, fact.at, fact.cause) if fact.is_whole else replace(state, book=book)


def _close_recorded(state: Live, fact: CloseRecorded) -> State:
    book = _done(state.book, fact.line_ids)
    return Closed(book, fact.at, fact.cause) if fact.is_whole else replace(state, book=book)


def _done(book: Book, line_ids: tuple[str, ...]) -> Book:
    return replace(
        book,
        lines=tuple(replace(line, is_done=True) if line.line_id in line_ids else line for line in book.lines),
    )


def _refund_admitted(state: Live, fact: RefundAdmitted) -> State:
    terms = fact.terms
    case = OpenCase(
        fact.refund_id, terms.kind, terms.shares, terms.freight_minor, fact.late_base_minor is not None
    )
    book = account.opened(state.book, case)
    if not isinstance(state, Shipped) or fact.confirm_left_microseconds is None:
        return replace(state, book=book)
    stopped = replace(state.confirm, due_at=None, left_microseconds=fact.confirm_left_microseconds)
    return replace(state, book=book, confirm=stopped)


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
        )
        if case.case_id == fact.refund_id
        else case
        for case in state.book.open
    )
    book = replace(state.book, open=cases, is_late=state.book.is_late or is_late_claim)
    return replace(state, book=book)


def _exchange_admitted(state: Live, fact: ExchangeAdmitted) -> State:
    case = OpenCase(fact.exchange_id, None, fact.shares, 0, False)
    return replace(state, book=account.opened(state.book, case))


def _payment_granted(state: Live, fact: PaymentGranted) -> State:
    book = _moved(replace(state.book, intents=(*state.book.intents, fact.intent_id)), fact, 1)
    if fact.purpose is Purpose.REFUND:
        cases = tuple(
            replace(case, is_granted=True) if case.case_id == fact.case_id else case for case in book.open
        )
        book = replace(book, open=cases)
    return replace(state, book=book)


def _remedy_passed_on(state: Live, fact: RemedyPassedOn) -> State:
    return replace(state, book=replace(state.book, remedies=(*state.book.remedies, fact.remedy_id)))


def _grant_given_back(state: Live, fact: GrantGivenBack) -> State:
    return replace(state, book=_moved(state.book, fact, -1))


def _moved(book: Book, fact: PaymentGranted | GrantGivenBack, sign: int) -> Book:
    match fact.purpose:
        case Purpose.FREIGHT:
            return replace(book, reimbursed_minor=book.reimbursed_minor + sign * fact.amount.minor)
        case Purpose.LATE_COMPENSATION:
            return replace(book, compensated_minor=book.compensated_minor + sign * fact.amount.minor)
        case Purpose.REFUND:
            case = book.case(fact.case_id)
            move = account.granted if sign > 0 else account.given_back
            return move(
                book,
                fact.shares,
                fact.freight_minor,
                fact.tenders,
                are_goods_gone=fact.are_goods_gone,
                was_sent=case is not None and case.kind is not RefundKind.UNSHIPPED,
            )


def _case_released(state: Live, fact: CaseReleased) -> State:
    book = account.released(state.book, fact.case_id)
    if fact.is_used:
        book = replace(book, exchange_count=book.exchange_count + 1)
    if not isinstance(state, Shipped) or fact.confirm_by is None:
        return replace(state, book=book)
    running = replace(state.confirm, due_at=fact.confirm_by, left_microseconds=None, standby_by=None)
    return replace(state, book=book, confirm=running)


def _confirm_requested(state: Live, fact: AutoConfirmRequested) -> State:
    if not isinstance(state, Shipped):
        return state
    asked = replace(state.confirm, due_at=fact.next_at, asked_count=state.confirm.asked_count + 1)
    return replace(state, confirm=asked)


def _confirm_deferred(state: Live, _fact: AutoConfirmDeferred) -> State:
    if not isinstance(state, Shipped):
        return state
    confirm = replace(state.confirm, asked_count=0, declined_count=state.confirm.declined_count + 1)
    return replace(state, confirm=confirm)


def _confirm_stopped(state: Live, _fact: AutoConfirmStopped) -> State:
    if not isinstance(state, Shipped):
        return state
    return replace(state, confirm=replace(state.confirm, due_at=None, left_microseconds=None))


def _delivery_noted(state: Live, fact: DeliveryNoted) -> State:
    book = state.book
    if not fact.line_ids:
        return replace(state, book=replace(book, received_at=fact.received_at))
    lines = tuple(
        replace(line, received_at=fact.received_at) if line.line_id in fact.line_ids else line
        for line in book.lines
    )
    return replace(state, book=replace(book, lines=lines))


_EVOLVE: Mapping[type, Callable[[Live, Any], State]] = {
    TermsRecorded: lambda state, fact: replace(state, book=fact.book),
    PaymentRecorded: _payment_recorded,
    ShipmentRecorded: _shipment_recorded,
    SuccessRecorded: _success_recorded,
    CloseRecorded: _close_recorded,
    RefundAdmitted: _refund_admitted,
    AmendmentAdmitted: _amendment_admitted,
    ExchangeAdmitted: _exchange_admitted,
    PaymentGranted: _payment_granted,
    GrantGivenBack: _grant_given_back,
    RemedyPassedOn: _remedy_passed_on,
    CaseReleased: _case_released,
    AutoConfirmRequested: _confirm_requested,
    AutoConfirmDeferred: _confirm_deferred,
    AutoConfirmStopped: _confirm_stopped,
    DeliveryNoted: _delivery_noted,
    LatenessNoted: lambda state, _fact: replace(state, book=replace(state.book, is_late=True)),
}
"""Facts that are not here change nothing: they refuse, ask a person, or pass news on."""
