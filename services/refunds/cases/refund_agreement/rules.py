"""Decides about a refund between one buyer and the shop, from application to payment or close."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.refund_agreement import rules_answers, rules_parcels, rules_returns, rules_time
from services.refunds.cases.refund_agreement import transitions as steps
from services.refunds.cases.refund_agreement.facts import (
    AgreementClosed,
    AmendmentForwarded,
    Answer,
    AnswerAwaited,
    AnswerCause,
    AnswerDecided,
    ApplicationTurnedAway,
    BuyerReminded,
    Ending,
    EvidenceAsked,
    Fact,
    Filed,
    NegotiationAsked,
    ReceiptAwaited,
    ReceiptTermsAmended,
    RefusalUnbacked,
)
from services.refunds.cases.refund_agreement.messages import (
    Amended,
    AmendmentAccepted,
    Applied,
    BuyerWithdrew,
    DeliverySeen,
    EvidenceGiven,
    GoodsCameBack,
    GoodsChecked,
    HoldAnswered,
    Message,
    NotAdmitted,
    ParcelTraced,
    PaymentGivenUp,
    PromiseMade,
    Remedied,
    ReturnAccepted,
    ReturnSent,
    ReturnUndone,
    SellerAgreed,
    SellerRefused,
    ShipmentSeen,
    TaskAnswered,
    TimeGiven,
    TradeEnded,
)
from services.refunds.cases.refund_agreement.state import (
    Absent,
    AwaitingAnswer,
    AwaitingReceipt,
    AwaitingReturn,
    Closed,
    Granted,
    Open,
    Refused,
    State,
    TurnedAway,
    returned_of,
)
from services.refunds.cases.refund_agreement.transitions import Decision
from services.refunds.goods import inside
from services.refunds.notices import RULES as BAR_RULES
from services.refunds.notices import Bar
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind, Terms


def decide(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Decision:
    """Calls the rule of the message. A message that no longer means anything decides nothing."""
    if isinstance(message, Applied):
        return _applied(message, policy, now) if isinstance(state, Absent | TurnedAway) else []
    if isinstance(message, NotAdmitted):
        return _not_admitted(state, message)
    if isinstance(state, Absent) or (isinstance(state, TurnedAway) and state.is_early):
        raise NotYet
    if isinstance(message, PaymentGivenUp):
        return _payment_given_up(state, message)
    if isinstance(message, TimeGiven):
        return rules_time.time_given(state, message, policy)
    if isinstance(state, Granted | Closed | TurnedAway):
        return []
    match message:
        case SellerAgreed():
            return rules_answers.seller_agreed(state, message, policy, now)
        case SellerRefused():
            return rules_answers.seller_refused(state, message, policy, now)
        case Amended():
            return _amended(state, message)
        case AmendmentAccepted():
            return _amendment_accepted(state, message, policy, now)
        case BuyerWithdrew():
            return _withdrew(state)
        case ReturnSent():
            return rules_returns.return_sent(state, message, policy, now)
        case ReturnUndone():
            return rules_returns.return_undone(state, message, policy, now)
        case ReturnAccepted():
            return rules_returns.return_accepted(state, message, policy, now)
        case GoodsChecked():
            return rules_returns.goods_checked(state, message, policy)
        case TradeEnded():
            return _trade_ended(state, message)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case ShipmentSeen():
            return rules_parcels.shipment_seen(state)
        case HoldAnswered():
            return rules_parcels.hold_answered(state, message)
        case GoodsCameBack():
            return rules_parcels.goods_came_back(state, message, policy, now)
        case Remedied():
            return rules_parcels.remedy(state, message, policy, now)
        case DeliverySeen():
            return rules_parcels.delivery_seen(state, message)
        case ParcelTraced():
            return rules_parcels.parcel_traced(state, message, policy, now)
        case TaskAnswered():
            return rules_parcels.task_answered(state, message, policy, now)
        case PromiseMade():
            return rules_parcels.promise_made(state, message)
        case EvidenceGiven():
            return rules_parcels.evidence_given(state, message, policy)
        case _:
            assert_never(message)


def _applied(applied: Applied, policy: Policy, now: datetime) -> Decision:
    filed = Filed(
        customer_id=applied.customer_id,
        terms=applied.terms,
        liability=applied.liability,
        remedy_id=applied.remedy_id,
        evidence_kinds=(),
        grace_minutes=policy.deadline_grace_minutes,
        are_goods_back=applied.are_goods_back,
        received_at=applied.received_at,
        is_delivered=applied.is_delivered,
    )
    opened = _opened(filed, policy, now)
    if applied.is_answered:
        return steps.with_row([*opened, *_remedied(filed, policy, now)], filed)
    if applied.terms.kind is RefundKind.UNSHIPPED:
        return opened
    return [*opened, *_answered_by_policy(filed, applied, policy, now)]


@rule("RF-001", "RF-002", "RF-010", "RF-011", "RF-012", "RF-014", "RF-016")
def _opened(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Gives the seller time to answer, by the kind of application."""
    return [AnswerAwaited(filed, now + policy.agreement.answer_days[filed.terms.kind])]


def _answered_by_policy(filed: Filed, applied: Applied, policy: Policy, now: datetime) -> Decision:
    """Answers at once where the shop's rules say so; usually nothing."""
    rules, terms = policy.agreement, filed.terms
    if terms.reason_code in rules.exchange_reasons:
        return _exchange_refused(filed, policy, now)
    if applied.bar is not None and not applied.is_agreed_beforehand:
        return _barred(filed, applied.bar, policy, now)
    is_promised = terms.kind is RefundKind.NO_REASON  # by a service that runs, which no notice beats (E-A7)
    if rules.needs_agreement_beforehand and not applied.is_agreed_beforehand and not is_promised:
        return _unagreed_refused(filed, policy, now)
    if terms.kind is RefundKind.NOT_RECEIVED and terms.reason_code in rules.in_transit_reasons:
        return rules_parcels.in_transit_refused(filed, policy, now)
    if terms.kind in rules.agree_at_once:
        return steps.with_row(_agreed_at_once(filed, policy, now), filed)
    if terms.kind is RefundKind.NO_RETURN and not applied.is_agreed_beforehand:
        return _negotiation(terms, policy, now, is_partial=applied.is_partial)
    return []


@rule("RF-030")
def _exchange_refused(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses an exchange that is filed as a refund. An exchange is a case of its own."""
    decided = AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "exchange_wanted")
    return [decided, steps.edit_awaited(policy, now, None)]


def _barred(filed: Filed, bar: Bar, policy: Policy, now: datetime) -> Decision:
    """Refuses what the shop's notice bars, by the rules behind the bar. The refusal needs its evidence."""
    facts: list[Fact] = [AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, bar.value)]
    missing = tuple(kind for kind in policy.agreement.evidence_kinds if kind not in filed.evidence_kinds)
    due_at = now + policy.agreement.evidence_days if missing else None
    facts.append(steps.edit_awaited(policy, now, due_at))
    if due_at is not None:
        facts.append(EvidenceAsked(missing, due_at))
    return [Decided(fact, (*BAR_RULES[bar], "RF-031")) for fact in facts]


@rule("RF-032")
def _unagreed_refused(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses a refund that was not talked over, where the shop wants that."""
    decided = AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "not_agreed_beforehand")
    return [decided, steps.edit_awaited(policy, now, None)]


@rule("RF-014", "RF-016")
def _agreed_at_once(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    return steps.agreed_for_seller(filed, AnswerCause.POLICY, policy, now)


@rule("RF-040", "RF-041")
def _negotiation(terms: Terms, policy: Policy, now: datetime, *, is_partial: bool) -> Sequence[Fact]:
    """Lets a person establish facts and amount while the clock runs. The buyer keeps the goods."""
    question = "partial_refund_wanted" if is_partial else "refund_without_return_wanted"
    return [NegotiationAsked(question, now + policy.agreement.answer_days[terms.kind])]


@rule("RF-005", "RF-006", "RF-035", "RF-036", "RF-037", "RF-038", "RF-121")
def _remedied(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Answers a refund that we opened, because the buyer is owed the money."""
    return steps.agreed_for_seller(filed, AnswerCause.REMEDY, policy, now)


@rule("RF-011")
def _not_admitted(state: State, message: NotAdmitted) -> Sequence[Fact]:
    return [ApplicationTurnedAway(message.is_early)] if isinstance(state, Absent) else []


def _amended(state: Open, amended: Amended) -> Decision:
    """Forwards a changed application to the order. Only a refused one can be changed."""
    if amended.applied.version <= state.filed.terms.version:
        return []
    return _forwarded(amended) if isinstance(state, Refused) else []


@rule("RF-017")
def _forwarded(amended: Amended) -> Sequence[Fact]:
    return [AmendmentForwarded(amended.applied)]


def _amendment_accepted(state: Open, accepted: AmendmentAccepted, policy: Policy, now: datetime) -> Decision:
    if not isinstance(state, Refused):
        return []
    again = _back_at_stage(state, accepted, policy, now)
    awaited = again[0].fact
    if not isinstance(awaited, AnswerAwaited):
        return again
    return [*again, *_answered_anew(awaited.filed, accepted, policy, now)]


def _answered_anew(filed: Filed, accepted: AmendmentAccepted, policy: Policy, now: datetime) -> Decision:
    """Answers a changed application by the shop's rules. What they bar is barred however it is changed."""
    if filed.terms.reason_code in policy.agreement.exchange_reasons:
        return _exchange_refused(filed, policy, now)
    if accepted.bar is not None and not accepted.is_agreed_beforehand:
        return _barred(filed, accepted.bar, policy, now)
    if filed.terms.kind in policy.agreement.agree_at_once:
        return steps.with_row(_agreed_at_once(filed, policy, now), filed)
    return []


@rule("RF-027", "RF-028")
def _back_at_stage(
    state: Refused, accepted: AmendmentAccepted, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Takes a changed application back to the stage of its refusal, with a new deadline.

    Goods that the buyer sent stay as they were, whatever he asks for: silence consents to no more (RF-023).
    """
    back = inside(state.filed.back, accepted.terms.shares)
    filed = replace(state.filed, terms=accepted.terms, liability=accepted.liability, returned=None, back=back)
    rules = policy.agreement
    if (returned := returned_of(state)) is not None:
        returned = rules_returns.as_sent(state.filed, returned, accepted.sent)
        if accepted.terms.kind.wants_goods_back:
            receive_by = now + rules.receive_days[returned.carriage]
            return [ReceiptAwaited(filed, receive_by, returned), ReceiptTermsAmended(filed, receive_by)]
        filed = replace(filed, returned=returned)
    return [AnswerAwaited(filed, now + rules.answer_days[accepted.terms.kind])]


@rule("RF-004")
def _withdrew(state: Open) -> Sequence[Fact]:
    """Ends a refund that the buyer takes back. One before shipment cannot be taken back."""
    if state.filed.terms.kind is RefundKind.UNSHIPPED:
        return []
    return [*steps.task_over(state), steps.ended(state, Ending.WITHDRAWN)]


def _trade_ended(state: Open, ended: TradeEnded) -> Decision:
    """Ends a refund of goods that the buyer confirmed, a refused one too, and any of a closed trade."""
    if not ended.is_success:
        return _superseded(state)
    if ended.cause != "buyer":
        return []
    if state.filed.terms.kind is RefundKind.NOT_RECEIVED:
        return rules_parcels.receipt_confirmed(state, ended.line_ids)
    return _confirmed(state) if isinstance(state, Refused) else []


@rule("RF-017")
def _superseded(state: Open) -> Sequence[Fact]:
    return [*steps.task_over(state), steps.ended(state, Ending.SUPERSEDED)]


@rule("RF-017")
def _confirmed(state: Refused) -> Sequence[Fact]:
    return [steps.ended(state, Ending.WITHDRAWN)]


@rule("RF-017", "RF-029")
def _payment_given_up(state: State, given_up: PaymentGivenUp) -> Sequence[Fact]:
    """Closes a granted refund that is not paid: a person gave it up, or the buyer confirmed receipt."""
    if not isinstance(state, Granted):
        return []
    is_withdrawn = given_up.reason_code == "receipt_confirmed"
    return [AgreementClosed(Ending.WITHDRAWN if is_withdrawn else Ending.PAYMENT_ABANDONED)]


def _deadline_passed(state: Open, passed: DeadlinePassed, policy: Policy, now: datetime) -> Decision:
    match state:
        case AwaitingAnswer() if rules_parcels.is_delivery_open(state):
            return rules_parcels.silent_after_delivery(state, policy, now)
        case AwaitingAnswer() if state.filed.is_back_unfit and state.filed.terms.kind.wants_goods_back:
            return _unfit_refused(state, policy, now)
        case AwaitingAnswer():
            return steps.with_row(_answer_missed(state, policy, now), state.filed)
        case AwaitingReceipt():
            return steps.with_row(rules_returns.receipt_missed(state, policy, now), state.filed)
        case AwaitingReturn():
            return _return_prompted(state) if passed.name == "remind" else _buyer_silent(state)
        case Refused():
            if passed.name == "remind":
                return _edit_prompted(state)
            return _unbacked(policy, now) if passed.name == "evidence" else _buyer_silent(state)
        case _:
            assert_never(state)


@rule("RF-002", "RF-012", "RF-013", "RF-015", "RF-016")
def _answer_missed(state: AwaitingAnswer, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Takes the seller's silence as consent. Before shipment it pays without an answer."""
    if state.filed.terms.kind is RefundKind.UNSHIPPED:
        return steps.pay(state.filed, None)
    return [*steps.task_over(state), *steps.agreed_for_seller(state.filed, AnswerCause.SILENCE, policy, now)]


@rule("RF-023", "RF-039")
def _unfit_refused(state: AwaitingAnswer, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses goods that are here and were not accepted: the seller's silence pays for none of them."""
    refused = AnswerDecided(
        state.filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "no_pieces_accepted"
    )
    return [*steps.task_over(state), refused, steps.edit_awaited(policy, now, None)]


@rule("RF-018", "RF-020")
def _buyer_silent(state: Open) -> Sequence[Fact]:
    """Ends a refund whose buyer neither sends the goods nor changes the application."""
    return [steps.ended(state, Ending.LAPSED)]


@rule("RF-019")
def _edit_prompted(state: Refused) -> Sequence[Fact]:
    return [BuyerReminded("edit_refund", state.edit_by)]


@rule("RF-021")
def _return_prompted(state: AwaitingReturn) -> Sequence[Fact]:
    return [BuyerReminded("register_return", state.send_by)]


@rule("RF-031")
def _unbacked(policy: Policy, now: datetime) -> Sequence[Fact]:
    return [RefusalUnbacked(now + policy.attention_days)]
