"""Decides about an order: status by the order system's word, and the auto-confirm clock.

The order admits refunds and exchanges, passes order-wide news on to them and alone grants money; those
rules are in rules_money, rules_payments, rules_news and rules_remedies.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, applied
from kernel.money import Money
from kernel.people import TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.order import (
    account_goods,
    rules_beside,
    rules_claims,
    rules_confirm,
    rules_goods,
    rules_inspection,
    rules_money,
    rules_news,
    rules_notice,
    rules_outside,
    rules_owed,
    rules_paid,
    rules_payments,
    rules_questions,
    rules_remedies,
)
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.facts import (
    CONFIRM_STOPPED,
    AutoConfirmDeferred,
    AutoConfirmRequested,
    AutoConfirmStopped,
    CloseRecorded,
    ConfirmHeld,
    DeliveryDoubtsNoted,
    Fact,
    OrderRecorded,
    ShipmentRecorded,
    SuccessRecorded,
    TermsRecorded,
    reconciliation,
)
from services.refunds.cases.order.messages import (
    AmendmentProposed,
    CaseEnded,
    ChargedBack,
    DeliveryDoubted,
    ExchangeApplied,
    GoodsInspected,
    GoodsMoved,
    GrantCut,
    HoldResolved,
    IntentAbandoned,
    LateEstablished,
    LateWithdrawn,
    Message,
    MoneyAnswered,
    MoneyNews,
    OrderEdited,
    OrderPaid,
    OrderPlaced,
    OutsideReversed,
    PaidOutside,
    ParcelDecided,
    PaymentAsked,
    PaymentMoved,
    ProblemReported,
    QuestionAnswered,
    RefundOffered,
    RefundPromisedAway,
    RefundSettled,
    RemedyDue,
    RequestDeclined,
    ReshipMoved,
    ReturnAccepted,
    ReturnSent,
    ShipmentMarked,
    SumDisputed,
    SumDoubted,
    TermsEdited,
    TradeClosed,
    TradeSucceeded,
)
from services.refunds.cases.order.state import (
    MICROSECOND,
    Absent,
    Closed,
    Confirm,
    Live,
    Shipped,
    State,
    Succeeded,
    evolve,
    live,
)
from services.refunds.money_beside import MoneyBeside
from services.refunds.policy import Policy
from services.refunds.shares import RefundApplied, Share


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Decides about the message; what a person agreed to, claims and the auto-confirm clock follow."""
    decided = _decided(state, message, policy, now)
    if not decided:
        return decided
    decided, after = applied(evolve, state, decided)
    agreed, after = applied(evolve, after, rules_questions.agreed(state, after, decided, policy, now))
    decided = [*decided, *agreed]
    claims, after = applied(evolve, after, rules_claims.claims(after, decided))
    return [*decided, *claims, *rules_confirm.clock(state, after, now)]


def _decided(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Calls the rule of the message. A message that no longer means anything decides nothing."""
    if isinstance(message, MoneyNews):
        decided = _money(state, message, policy, now)
        return rules_owed.owed_again(state, message, decided, policy, now)
    match message:
        case OrderPlaced():
            return _placed(state, message, policy, now)
        case ShipmentMarked():
            return _ship_marked(state, message, policy, now)
        case RefundApplied():
            return rules_money.refund_applied(state, message, policy, now)
        case ReturnSent():
            return rules_goods.return_sent(state, message)
        case ReturnAccepted():
            return rules_goods.return_accepted(state, message, policy, now)
        case PaymentAsked():
            return rules_beside.payment_asked(state, message, policy, now)
        case RefundSettled():
            return rules_payments.refund_settled(state, message, policy, now)
        case TradeSucceeded():
            return _succeeded(state, message, policy, now)
        case DeadlinePassed():
            return _confirm_due(state, policy, now) if isinstance(state, Shipped) else []
        case TermsEdited():
            return _terms_edited(state, message, policy, now)
        case TradeClosed():
            closed = _closed(state, message, policy, now)
            return [*closed, *rules_paid.parts_left(state, closed, policy, now)]
        case RequestDeclined():
            return _declined(state, message, policy, now)
        case AmendmentProposed():
            return rules_money.amendment_proposed(state, message, policy, now)
        case ExchangeApplied():
            return rules_money.exchange_applied(state, message, policy, now)
        case RefundOffered():
            return rules_questions.refund_offered(state, message, policy, now)
        case CaseEnded():
            return rules_money.case_ended(state, message, policy, now)
        case IntentAbandoned():
            return rules_payments.intent_abandoned(state, message, policy, now)
        case RemedyDue():
            return rules_remedies.remedy_due(state, message, policy, now)
        case HoldResolved():
            return rules_news.hold_resolved(state, message)
        case ParcelDecided():
            return rules_news.parcel_decided(state, message, policy, now)
        case GoodsMoved():
            return rules_claims.goods_moved(state, message)
        case GoodsInspected():
            return rules_inspection.goods_inspected(state, message, policy, now)
        case QuestionAnswered():
            return rules_questions.answered(state, message, policy, now)
        case ReshipMoved():
            told = rules_news.reship_moved(state, message, policy, now)
            return [*told, *rules_claims.replacement_moved(state, message)]
        case RefundPromisedAway():
            return rules_news.refund_promised_away(state, message)
        case ProblemReported():
            return rules_notice.problem_reported(state, message, policy, now)
        case DeliveryDoubted():
            return _delivery_doubted(state, message)
        case LateEstablished():
            return rules_news.late_established(state, message)
        case LateWithdrawn():
            return rules_news.late_withdrawn(state, message)
        case _:
            assert_never(message)


def _money(state: State, message: MoneyNews, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Calls the rule of a message about money that moved, or about a person's word on it."""
    match message:
        case OrderPaid():
            return rules_paid.order_paid(state, message, policy, now)
        case PaymentMoved():
            return rules_paid.payment_moved(state, message, policy, now)
        case OrderEdited():
            return rules_paid.order_edited(state, message, policy, now)
        case PaidOutside():
            return rules_outside.paid_outside(state, message, policy, now)
        case OutsideReversed():
            return rules_outside.outside_reversed(state, message, policy, now)
        case ChargedBack():
            return rules_outside.charged_back(state, message, policy, now)
        case SumDisputed():
            return rules_outside.sum_disputed(state, message, policy, now)
        case SumDoubted():
            return rules_outside.sum_doubted(state, message, policy, now)
        case GrantCut():
            return rules_outside.grant_cut(state, message, policy, now)
        case MoneyAnswered():
            return rules_beside.money_answered(state, message, policy, now)
        case _:
            assert_never(message)


@rule("OR-001", "OR-002", "OR-003", "OR-004", "OR-012")
def _placed(state: State, placed: OrderPlaced, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Records an order. `placed_at` is the moment of ordering, whatever is displayed (OR-004)."""
    if not isinstance(state, Absent):
        return []
    lines = rules_paid.accounts(placed.lines, policy)
    due = rules_paid.due_minor(lines, placed.freight.minor, placed.total_minor)
    book = OrderAccount(
        customer_id=placed.customer_id,
        currency=placed.freight.currency,
        placed_at=now,
        lines=lines,
        freight_minor=placed.freight.minor,
        beside=MoneyBeside(due_minor=due),
    )
    return [OrderRecorded(book), *rules_paid.gift(book, now)]


@rule("OR-001")
def _terms_edited(state: State, edited: TermsEdited, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Changes price and freight, as long as the order is unpaid; goods that left stay counted."""
    book = live(state).book
    if isinstance(state, Closed) or book.paid_at is not None or edited.freight.currency != book.currency:
        return []
    lines = book.lines if edited.lines is None else rules_paid.accounts(edited.lines, policy, book)
    due = rules_paid.due_minor(lines, edited.freight.minor, edited.total_minor)
    beside = replace(book.beside, due_minor=due)
    book = replace(book, lines=lines, freight_minor=edited.freight.minor, beside=beside)
    return [TermsRecorded(book), *rules_paid.gift(book, now)]


@rule("OR-001", "OR-025", "OR-026", "OR-027", "OR-028", "OR-030")
def _ship_marked(state: State, marked: ShipmentMarked, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Starts the auto-confirm clock once no line is left behind. The kinds of the marks fix its length."""
    current = live(state)
    if isinstance(current, Succeeded | Closed):
        return []
    book = current.book
    unsent = {line.line_id: line.unsent_count for line in book.lines}
    asked = unsent if marked.shares is None else {s.line_id: s.quantity_count for s in marked.shares}
    shares = tuple(
        Share(line_id, count, 0)
        for line_id, unsent_count in unsent.items()
        if (count := min(asked.get(line_id, 0), unsent_count)) > 0
    )
    if not shares:
        if isinstance(current, Shipped) or not any(line.gone_count for line in book.lines):
            return (
                []
                if book.lines or isinstance(current, Shipped)
                else [_shipment(current, marked, (), True, policy, now)]
            )
        return [reconciliation("shipped-after-refund", "shipped_after_refund", now + policy.attention_days)]
    marked_count = {share.line_id: share.quantity_count for share in shares}
    is_complete = all(count <= marked_count.get(line_id, 0) for line_id, count in unsent.items())
    return [_shipment(current, marked, shares, is_complete, policy, now)]


def _shipment(
    current: Live,
    marked: ShipmentMarked,
    shares: tuple[Share, ...],
    is_complete: bool,
    policy: Policy,
    now: datetime,
) -> ShipmentRecorded:
    """Keeps the longest window: receipt is one for the whole order, so no later parcel shortens it."""
    confirm_by = now + policy.order.confirm_days[marked.delivery_kind]
    standing = _window_end(current.confirm, now) if isinstance(current, Shipped) else now
    return ShipmentRecorded(
        shares, now, max(confirm_by, standing), is_complete, policy.deadline_grace_minutes
    )


def _window_end(confirm: Confirm, now: datetime) -> datetime:
    """Finds the end of the earlier marks' window, as if nothing held it up."""
    if confirm.left_microseconds is not None:
        return now + confirm.left_microseconds * MICROSECOND
    ends = (confirm.due_at if confirm.asked_count == 0 else None, confirm.standby_by)
    return max((end for end in ends if end is not None), default=now)


@rule("OR-001", "OR-029", "RF-033")
def _succeeded(state: State, told: TradeSucceeded, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Records that the trade, or a part of it, succeeded by the order system's word."""
    current = live(state)
    line_ids, part, is_whole = _ended_lines(current.book, told, is_success=True)
    if isinstance(current, Succeeded) or not (line_ids or part or told.line_ids is None):
        return []
    if isinstance(current, Closed):
        return [reconciliation("status-conflict", "succeeded_after_close", now + policy.attention_days)]
    return [
        SuccessRecorded(told.cause, line_ids, is_whole, now, part),
        *_confirm_answered(current, is_whole=is_whole),
    ]


@rule("OR-001", "OR-005", "RF-033")
def _closed(state: State, told: TradeClosed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Records that the order system closed the trade, or a part of it, and why."""
    current = live(state)
    line_ids, part, is_whole = _ended_lines(current.book, told, is_success=False)
    if isinstance(current, Closed) or not (line_ids or part or told.line_ids is None):
        return []
    due_at = now + policy.attention_days
    if isinstance(current, Succeeded):
        return [reconciliation("status-conflict", "closed_after_success", due_at)]
    closed: list[Fact] = [CloseRecorded(told.cause, line_ids, is_whole, now, part)]
    closed += _confirm_answered(current, is_whole=is_whole)
    if any(
        case.kind is not None and _touches(case, {*line_ids, *(share.line_id for share in part)})
        for case in current.book.open
    ):
        closed.append(reconciliation("closed-with-refund", "closed_with_open_refund", due_at))
    return closed


def _confirm_answered(current: Live, *, is_whole: bool) -> list[Fact]:
    """Takes back the question why nobody confirms, once the whole trade has ended."""
    is_asked = isinstance(current, Shipped) and current.confirm.is_stopped
    return [TaskWithdrawn("trade_ended", name=CONFIRM_STOPPED)] if is_asked and is_whole else []


def _ended_lines(
    book: OrderAccount, told: TradeSucceeded | TradeClosed, *, is_success: bool
) -> tuple[tuple[str, ...], tuple[Share, ...], bool]:
    """Lists the lines that end by this news, the pieces of those that go on, and whether all has ended now.

    A line has ended with its last piece. Repaid pieces will not be told to succeed; they may be told closed.
    """
    if told.line_ids is None:
        return tuple(line.line_id for line in book.lines if not line.is_done), (), True
    counts = {share.line_id: share.quantity_count for share in told.shares}
    fresh = [line for line in book.lines if line.line_id in told.line_ids and not line.is_done]
    ended: list[str] = []
    part: list[Share] = []
    for line in fresh:
        count = counts.get(line.line_id, line.quantity_count)
        due_count = line.left_count if is_success else line.quantity_count
        if line.ended_count + count >= due_count:
            ended.append(line.line_id)
        else:
            part.append(Share(line.line_id, count, 0))
    return tuple(ended), tuple(part), all(line.is_done or line.line_id in ended for line in book.lines)


def _touches(case: OpenCase, line_ids: Collection[str]) -> bool:
    return not case.shares or any(share.line_id in line_ids for share in case.shares)


@rule("OR-025", "OR-026", "OR-027", "OR-028", "OR-029", "OR-030")
def _confirm_due(state: Shipped, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks the order system to release the money after a window without receipt or refund."""
    if account_goods.is_receipt_open(state.book):
        return [ConfirmHeld(0)]
    asked_count = state.confirm.asked_count
    if asked_count >= len(policy.order.confirm_retry_hours):
        return [AutoConfirmStopped("no_answer", now + policy.attention_days)]
    book = state.book
    release = Money(book.paid_minor - book.refunded_minor, book.currency)
    next_at = now + policy.order.confirm_retry_hours[asked_count]
    return [AutoConfirmRequested(release, next_at, state.confirm.declined_count + 1)]


@rule("OR-029", "OR-031")
def _delivery_doubted(state: State, told: DeliveryDoubted) -> Sequence[Fact]:
    """Notes the parcels that are searched, come back or are sent again; the auto-confirm clock follows."""
    current = live(state)
    if told.parcel_ids == current.book.in_doubt:
        return []
    return [DeliveryDoubtsNoted(told.parcel_ids)]


@rule("OR-029", "OR-031")
def _declined(state: State, declined: RequestDeclined, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Waits for the open refund that explains the refusal to confirm; without one a person finds out."""
    if not isinstance(state, Shipped) or state.confirm.asked_count == 0:
        return []
    if declined.request_number != state.confirm.declined_count + 1:
        return []
    if account_goods.is_receipt_open(state.book):
        return [AutoConfirmDeferred(declined.reason_code)]
    return [AutoConfirmStopped(declined.reason_code, now + policy.attention_days)]
