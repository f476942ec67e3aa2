"""Decides on goods and money that are both with the buyer: take back, bill again, or write off."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from services.refunds.cases.buyer_claim import messages as m
from services.refunds.cases.buyer_claim import state as s
from services.refunds.cases.buyer_claim.state import Claim, Ending, Fact, State
from services.refunds.policy import Policy

YES = frozenset({"approved", "confirmed", "done"})
"""Answers that say that what was waited for came."""


def decide(state: State, message: m.Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Calls the rule of the message. A message that no longer means anything decides nothing."""
    if isinstance(message, m.GoodsKept):
        return _opened(message, policy, now) if isinstance(state, s.Absent) else []
    if isinstance(state, s.Absent):
        return []
    match message:
        case m.PiecesCleared():
            return _cleared(state, message, policy, now)
        case m.TaskDone():
            return _answered(state, message, policy, now) if not isinstance(state, s.Settled) else []
        case DeadlinePassed():
            return _asked_again(state, policy, now) if not isinstance(state, s.Settled) else []
        case _:
            assert_never(message)


@rule("RF-035", "RF-044")
def _opened(kept: m.GoodsKept, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Opens the claim, and asks a person what becomes of it."""
    claim = Claim(kept.claim_number, kept.customer_id, kept.shares, kept.amount, kept.cause_id)
    asked = _question("goods_and_money", claim, policy.buyer_claim.answer_days, now)
    return [s.ClaimOpened(claim, asked.ask_at), asked]


def _question(question_code: str, claim: Claim, within: timedelta, now: datetime) -> s.QuestionAsked:
    name = s.question_name(claim.question_count + 1)
    task = Task(question_code, now + within, "reconciliation", name=name)
    return s.QuestionAsked(task, now + within)


def _void(claim: Claim, reason_code: str) -> TaskWithdrawn:
    return TaskWithdrawn(reason_code, name=s.question_name(claim.question_count))


@rule("RF-044")
def _answered(state: s.Open, done: m.TaskDone, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Follows a person's answer to the question that is open; an answer without a meaning is asked anew."""
    claim, days = state.claim, policy.buyer_claim
    if done.question_number != claim.question_count:
        return []
    answer = done.outcome_code
    if answer in YES:
        answer = _meant(state)
    match answer:
        case "take_back":
            return [s.TakeBackChosen(), _question("goods_to_come_back", claim, days.back_days, now)]
        case "bill_again":
            return [s.BillChosen(), _question("bill_to_be_paid", claim, days.pay_days, now)]
        case "write_off":
            return [s.ClaimSettled(Ending.WRITTEN_OFF, claim.open_amount)]
        case "back":
            return [s.PiecesDropped(claim.shares), s.ClaimSettled(Ending.TAKEN_BACK, _nothing(claim))]
        case "paid":
            return [s.ClaimSettled(Ending.BILLED_AGAIN, _nothing(claim))]
        case _:
            return [s.Reconsidered(), _question("goods_and_money", claim, days.answer_days, now)]


def _meant(state: s.Open) -> str:
    """Says what came, where a person answers that it came."""
    match state:
        case s.Asked():
            return ""
        case s.GoodsAwaited():
            return "back"
        case s.MoneyAwaited():
            return "paid"


def _nothing(claim: Claim) -> Money:
    return Money(0, claim.amount.currency)


@rule("RF-044")
def _asked_again(state: s.Open, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks again, at longer intervals, until the claim is settled: one question is open at a time."""
    questions = {
        s.Asked: "goods_and_money",
        s.GoodsAwaited: "goods_to_come_back",
        s.MoneyAwaited: "bill_to_be_paid",
    }
    asked = _question(questions[type(state)], state.claim, policy.buyer_claim.again_days, now)
    return [_void(state.claim, "asked_again"), asked]


def _cleared(
    state: s.Known, cleared: m.PiecesCleared, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    if s.left(state.claim, cleared.shares) == state.claim.shares:
        return []
    if isinstance(state, s.Settled):
        return _cleared_late(state, cleared, policy, now)
    return _dropped(state, cleared)


@rule("RF-044")
def _dropped(state: s.Open, cleared: m.PiecesCleared) -> Sequence[Fact]:
    """Takes pieces out of the claim, and ends it with the last one."""
    if s.left(state.claim, cleared.shares):
        return [s.ClaimReduced(s.dropped(state.claim, cleared.shares), cleared.reason_code)]
    dropped = s.PiecesDropped(cleared.shares)
    ending = Ending.TAKEN_BACK if cleared.reason_code == "goods_back" else Ending.VOID
    return [dropped, s.ClaimSettled(ending, _nothing(state.claim)), _void(state.claim, cleared.reason_code)]


@rule("RF-044")
def _cleared_late(
    state: s.Settled, cleared: m.PiecesCleared, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Takes goods that were written off out of the loss; a person settles goods that were billed again."""
    left = s.left(state.claim, cleared.shares)
    dropped = s.PiecesDropped(cleared.shares)
    if state.ending is Ending.WRITTEN_OFF:
        loss = Money(sum(share.minor for share in left), state.claim.amount.currency)
        return [dropped, s.ClaimSettled(Ending.WRITTEN_OFF if left else Ending.TAKEN_BACK, loss)]
    due_at = now + policy.attention_days
    return [dropped, Task("billed_goods_back", due_at, "reconciliation", name="billed-goods-back")]
