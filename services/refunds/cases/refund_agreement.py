"""The refund agreement between one buyer and the shop, from application to payment or close."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from kernel.decider import DeadlinePassed, Decider, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.refunds import agreement_parcels, agreement_returns
from services.refunds import agreement_steps as steps
from services.refunds import agreement_words as w
from services.refunds.agreement_evolution import deadlines, evolve
from services.refunds.agreement_steps import Decision
from services.refunds.agreement_words import (
    Absent,
    Answer,
    AwaitingAnswer,
    AwaitingReceipt,
    AwaitingReturn,
    Closed,
    Ending,
    Fact,
    Filed,
    Granted,
    Message,
    Open,
    Refused,
    ReturnedGoods,
    Stage,
    State,
    TurnedAway,
)
from services.refunds.policy import Policy
from services.refunds.values import (
    AnswerCause,
    RefundKind,
    Terms,
)


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decision:
    """One function per message; a message that no longer means anything decides nothing."""
    if isinstance(message, w.Applied):
        return _applied(state, message, policy, now) if isinstance(state, Absent | TurnedAway) else []
    if isinstance(message, w.NotAdmitted):
        return _not_admitted(state)
    if isinstance(state, Absent):
        if isinstance(message, DeadlinePassed):
            return []
        raise NotYet
    if isinstance(state, Granted | Closed | TurnedAway):
        return []
    return _HANDLERS[type(message)](state, message, policy, now)


def _applied(state: State, applied: w.Applied, policy: Policy, now: datetime) -> Decision:
    filed = Filed(
        customer_id=applied.customer_id,
        terms=applied.terms,
        liability=applied.liability,
        remedy_id=applied.remedy_id,
        evidence_kinds=(),
        grace_minutes=policy.grace_minutes,
        are_goods_back=applied.are_goods_back,
    )
    opened = _opened(filed, policy, now)
    if applied.is_answered:
        return steps.with_row([*opened, *_remedied(filed, policy, now)], filed)
    if applied.terms.kind is RefundKind.UNSHIPPED:
        return opened
    return [*opened, *_answered_by_policy(filed, applied, policy, now)]


@rule("RF-001", "RF-002", "RF-010", "RF-011", "RF-012", "RF-014", "RF-016")
def _opened(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The kind of application fixes how long the seller has to answer."""
    return [w.AnswerAwaited(filed, now + policy.agreement.answer_within[filed.terms.kind])]


def _answered_by_policy(filed: Filed, applied: w.Applied, policy: Policy, now: datetime) -> Decision:
    """What the shop's rules answer at once; usually nothing."""
    rules, terms = policy.agreement, filed.terms
    if terms.reason_code in rules.exchange_reasons:
        return _exchange_refused(filed, policy, now)
    if rules.needs_agreement_beforehand and not applied.is_agreed_beforehand:
        return _unagreed_refused(filed, policy, now)
    if terms.kind is RefundKind.NOT_RECEIVED and terms.reason_code in rules.in_transit_reasons:
        return _in_transit_refused(filed, policy, now)
    if terms.kind in rules.agree_at_once:
        return steps.with_row(_agreed_at_once(filed, policy, now), filed)
    if terms.kind is RefundKind.NO_RETURN and not applied.is_agreed_beforehand:
        return _negotiation(terms, policy, now, is_partial=applied.is_partial)
    return []


@rule("RF-030")
def _exchange_refused(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """An exchange filed as a refund is refused every time; it has a case of its own."""
    decided = w.AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "exchange_wanted")
    return [decided, steps.edit_awaited(policy, now, None)]


@rule("RF-032")
def _unagreed_refused(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """This shop takes no refund that was not talked over."""
    decided = w.AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "not_agreed_beforehand")
    return [decided, steps.edit_awaited(policy, now, None)]


@rule("RF-031", "RF-034")
def _in_transit_refused(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A parcel only just collected: refused with evidence until it is back; the buyer should refuse it."""
    due_at = now + policy.agreement.evidence_within
    return [
        w.AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "just_collected"),
        steps.edit_awaited(policy, now, due_at),
        w.EvidenceAsked(policy.agreement.evidence_kinds, due_at),
        w.BuyerReminded("refuse_parcel", now + policy.agreement.edit_within),
    ]


@rule("RF-014", "RF-016")
def _agreed_at_once(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    return steps.agreed_for_seller(filed, AnswerCause.POLICY, policy, now)


@rule("RF-040", "RF-041")
def _negotiation(terms: Terms, policy: Policy, now: datetime, *, is_partial: bool) -> Sequence[Fact]:
    """The buyer keeps the goods: a person establishes the facts and the amount while the clock runs."""
    question = "partial_refund_wanted" if is_partial else "refund_without_return_wanted"
    return [w.NegotiationAsked(question, now + policy.agreement.answer_within[terms.kind])]


@rule("RF-005", "RF-006", "RF-035", "RF-036", "RF-037", "RF-038", "RF-121")
def _remedied(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Opened by us because the buyer is owed the money."""
    return steps.agreed_for_seller(filed, AnswerCause.REMEDY, policy, now)


@rule("RF-011")
def _not_admitted(state: State) -> Sequence[Fact]:
    return [w.ApplicationTurnedAway()] if isinstance(state, Absent) else []


def _seller_agreed(state: Open, agreed: w.SellerAgreed, policy: Policy, now: datetime) -> Decision:
    """Agreement pays, or asks for the goods first; it is good for the version that it names."""
    if agreed.version > state.filed.terms.version:
        raise NotYet
    if agreed.version < state.filed.terms.version:
        return []
    match state:
        case AwaitingAnswer(is_promised_away=True) if agreed.stage is Stage.ANSWER:
            return _promise_at_risk(policy, now)
        case AwaitingAnswer() if agreed.stage is Stage.ANSWER:
            return steps.with_row(_agreed(state, agreed, policy, now), state.filed)
        case AwaitingReceipt() if agreed.stage is Stage.RECEIPT:
            return agreement_returns.goods_confirmed(state, (), policy, now)
        case _:
            return []


@rule("RF-013", "RF-014", "RF-016", "RF-039")
def _agreed(state: AwaitingAnswer, agreed: w.SellerAgreed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The goods first where they are to come back, else the money."""
    return [*steps.task_over(state), *steps.consent(state.filed, policy, now, agreed.address_ref)]


@rule("RF-009")
def _promise_at_risk(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Staff promised to ship instead: nobody pays on a click, only the two days do."""
    return [w.PromiseAtRisk(now + policy.attention_after)]


def _seller_refused(state: Open, refused: w.SellerRefused, policy: Policy, now: datetime) -> Decision:
    """A refusal gives the buyer time to change the application; none before shipment (RF-003)."""
    if refused.version > state.filed.terms.version:
        raise NotYet
    if refused.version < state.filed.terms.version or state.filed.terms.kind is RefundKind.UNSHIPPED:
        return []
    match state:
        case AwaitingAnswer() if refused.stage is Stage.ANSWER:
            return _refused(state, refused, policy, now)
        case AwaitingReceipt() if refused.stage is Stage.RECEIPT:
            return _goods_refused(state, refused, policy, now)
        case AwaitingReturn(is_contested=False) if refused.stage is Stage.ANSWER:
            return _contested(policy, now)
        case _:
            return []


@rule("RF-003", "RF-017", "RF-018", "RF-031")
def _refused(
    state: AwaitingAnswer, refused: w.SellerRefused, policy: Policy, now: datetime
) -> Sequence[Fact]:
    return [*steps.task_over(state), *_refusal(state.filed, refused, policy, now)]


@rule("RF-026", "RF-018", "RF-031")
def _goods_refused(
    state: AwaitingReceipt, refused: w.SellerRefused, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """The goods cannot be taken back as they are: the buyer edits, the case comes back to this stage."""
    return _refusal(state.filed, refused, policy, now)


def _refusal(filed: Filed, refused: w.SellerRefused, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A refusal must be backed: what was not shown is asked for (RF-031)."""
    missing = tuple(kind for kind in policy.agreement.evidence_kinds if kind not in filed.evidence_kinds)
    if refused.evidence_count >= len(policy.agreement.evidence_kinds) or not missing:
        return [steps.edit_awaited(policy, now, None)]
    due_at = now + policy.agreement.evidence_within
    return [steps.edit_awaited(policy, now, due_at), w.EvidenceAsked(missing, due_at)]


@rule("RF-015", "RF-016")
def _contested(policy: Policy, now: datetime) -> Sequence[Fact]:
    """A refusal after silence counted as consent: our word stands, a person reconciles."""
    return [w.AnswerContested(now + policy.attention_after)]


def _amended(state: Open, amended: w.Amended, policy: Policy, now: datetime) -> Decision:
    """Only a refused application can be changed; the order checks it like a new one."""
    if amended.applied.version <= state.filed.terms.version:
        return []
    return _forwarded(amended) if isinstance(state, Refused) else []


@rule("RF-017")
def _forwarded(amended: w.Amended) -> Sequence[Fact]:
    return [w.AmendmentForwarded(amended.applied)]


@rule("RF-027", "RF-028")
def _amendment_accepted(
    state: Open, accepted: w.AmendmentAccepted, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """A changed application goes back to the stage at which it was refused, with a new deadline.

    At receipt what was sent stays what it was: silence consents to no more (RF-023).
    """
    if not isinstance(state, Refused):
        return []
    filed = replace(state.filed, terms=accepted.terms, liability=accepted.liability)
    rules = policy.agreement
    if state.returned is not None and accepted.terms.kind.wants_goods_back:
        returned = agreement_returns.as_sent(state.filed, state.returned)
        return [w.ReceiptAwaited(filed, now + rules.receive_within[returned.carriage], returned)]
    return [w.AnswerAwaited(filed, now + rules.answer_within[accepted.terms.kind])]


@rule("RF-004")
def _withdrew(state: Open, _message: w.BuyerWithdrew, _policy: Policy, _now: datetime) -> Sequence[Fact]:
    """A refund asked for before shipment cannot be taken back."""
    if state.filed.terms.kind is RefundKind.UNSHIPPED:
        return []
    return [*steps.task_over(state), w.AgreementClosed(Ending.WITHDRAWN)]


@rule("RF-022", "RF-023", "RF-024", "RF-039")
def _return_sent(state: Open, sent: w.ReturnSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The carriage fixes how long the seller has; every registered return names its waybill (RF-022)."""
    if isinstance(state, AwaitingAnswer) and state.filed.terms.kind.wants_goods_back:
        raise NotYet
    receive_by = now + policy.agreement.receive_within[sent.carriage]
    if isinstance(state, AwaitingReceipt):
        return agreement_returns.another_parcel(state, sent, receive_by)
    if not isinstance(state, AwaitingReturn):
        return []
    return_ids = (sent.return_id,) if sent.return_id else ()
    returned = ReturnedGoods(sent.carriage, sent.freight_paid, (), sent.shares, return_ids)
    return [w.ReceiptAwaited(state.filed, receive_by, returned)]


def _return_accepted(state: Open, accepted: w.ReturnAccepted, policy: Policy, now: datetime) -> Decision:
    if isinstance(state, AwaitingReceipt):
        return agreement_returns.goods_confirmed(state, accepted.shares, policy, now)
    if isinstance(state, AwaitingReturn) or state.filed.terms.kind.wants_goods_back:
        if isinstance(state, Refused):
            return []
        raise NotYet
    return []


@rule("RF-039", "RF-116")
def _goods_checked(state: Open, checked: w.GoodsChecked, policy: Policy, now: datetime) -> Sequence[Fact]:
    """What was found counts when the seller confirms; checked before the return is registered: early."""
    if isinstance(state, AwaitingReceipt) or (isinstance(state, Refused) and state.returned is not None):
        return [w.InspectionNoted(checked.lines)]
    if isinstance(state, Refused) or not state.filed.terms.kind.wants_goods_back:
        return []
    raise NotYet


@rule("RF-017")
def _trade_ended(state: Open, ended: w.TradeEnded, _policy: Policy, _now: datetime) -> Sequence[Fact]:
    """A buyer who confirms receipt after a refusal gives it up; a closed trade leaves nothing to refund."""
    if not ended.is_success:
        return [*steps.task_over(state), w.AgreementClosed(Ending.SUPERSEDED)]
    if isinstance(state, Refused) and ended.cause == "buyer":
        return [w.AgreementClosed(Ending.WITHDRAWN)]
    return []


def _deadline_passed(state: Open, passed: DeadlinePassed, policy: Policy, now: datetime) -> Decision:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match state:
        case AwaitingAnswer():
            return steps.with_row(_answer_missed(state, policy, now), state.filed)
        case AwaitingReceipt():
            return agreement_returns.receipt_missed(state, policy, now)
        case AwaitingReturn() if passed.name == "remind":
            return _return_prompted(state)
        case Refused() if passed.name == "remind":
            return _edit_prompted(state)
        case Refused() if passed.name == "evidence":
            return _unbacked(policy, now)
        case AwaitingReturn() | Refused():
            return _buyer_silent()
        case _:
            assert_never(state)


@rule("RF-002", "RF-012", "RF-013", "RF-015", "RF-016")
def _answer_missed(state: AwaitingAnswer, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The seller's silence is consent; before shipment it pays without an answer."""
    if state.filed.terms.kind is RefundKind.UNSHIPPED:
        return steps.pay(state.filed, None)
    return [*steps.task_over(state), *steps.agreed_for_seller(state.filed, AnswerCause.SILENCE, policy, now)]


@rule("RF-018", "RF-020")
def _buyer_silent() -> Sequence[Fact]:
    """A buyer who neither sends the goods nor changes the application lets it lapse."""
    return [w.AgreementClosed(Ending.LAPSED)]


@rule("RF-019")
def _edit_prompted(state: Refused) -> Sequence[Fact]:
    return [w.BuyerReminded("edit_refund", state.edit_by)]


@rule("RF-021")
def _return_prompted(state: AwaitingReturn) -> Sequence[Fact]:
    return [w.BuyerReminded("register_return", state.send_by)]


@rule("RF-031")
def _unbacked(policy: Policy, now: datetime) -> Sequence[Fact]:
    return [w.RefusalUnbacked(now + policy.attention_after)]


_HANDLERS: Mapping[type, Callable[[Any, Any, Policy, datetime], Decision]] = {
    w.SellerAgreed: _seller_agreed,
    w.SellerRefused: _seller_refused,
    w.Amended: _amended,
    w.AmendmentAccepted: _amendment_accepted,
    w.BuyerWithdrew: _withdrew,
    w.ReturnSent: _return_sent,
    w.ReturnAccepted: _return_accepted,
    w.GoodsChecked: _goods_checked,
    w.ShipmentSeen: agreement_parcels.shipment_seen,
    w.TradeEnded: _trade_ended,
    w.HoldAnswered: agreement_parcels.hold_answered,
    w.GoodsCameBack: agreement_parcels.goods_came_back,
    w.Remedied: agreement_parcels.remedy,
    w.PromiseMade: agreement_parcels.promise_made,
    w.EvidenceGiven: agreement_parcels.evidence_given,
    DeadlinePassed: _deadline_passed,
}

REFUND_AGREEMENT: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
