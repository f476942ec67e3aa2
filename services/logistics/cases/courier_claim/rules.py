"""Decides on the shop's claim for a loss, beside the buyer's remedy, which never waits for the carrier."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.ids import derived_id
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from services.logistics.attention import draw
from services.logistics.carriers import Capability
from services.logistics.cases.courier_claim import messages as m
from services.logistics.cases.courier_claim import state as s
from services.logistics.cases.courier_claim.messages import Message
from services.logistics.cases.courier_claim.state import Claim, Ending, Fact, State
from services.logistics.news import TaskDone
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]
DONE = frozenset({"approved", "confirmed", "done"})


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers the message; then withdraws the question to file by hand, if the claim goes on without it."""
    decided = _decided(state, message, policy, now)
    if not decided or not isinstance(state, s.Drafted) or state.evidence_by is not None:
        return decided
    if isinstance(message, TaskDone):
        return decided
    is_over = any(isinstance(entry.fact, s.ClaimConcluded | s.ApprovalNoted) for entry in decided)
    return [*decided, *_by_hand_void(state.claim)] if is_over else decided


def _decided(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers the loss, the carrier, evidence, the buyer's remedy, a person and time."""
    if isinstance(message, m.LossFound):
        return _lost(state, message, policy, now)
    if isinstance(state, s.Absent):
        if isinstance(message, m.Answered):
            raise NotYet
        return []
    match message:
        case m.RemedySpent(amount=amount):
            return _spending_noted(state.claim, amount)
        case m.GoodsFound():
            return _goods_found(state, policy, now)
        case TaskDone():
            if isinstance(state, s.Paid):
                return _paid_back(state, message)
            return _filed_by_hand(state, message, policy, now)
        case m.EvidenceIn():
            return _evidence_in(state, message, policy, now)
        case m.Answered():
            return _answered(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            assert_never(message)


@rule("LG-021", "LG-022")
def _by_hand_void(claim: Claim) -> Sequence[Fact]:
    """Withdraws the question to file the claim by hand."""
    return [TaskWithdrawn("answered", task_id=derived_id(claim.claim_id, "file"))]


def _lost(state: State, loss: m.LossFound, policy: Policy, now: datetime) -> Decisions:
    """Claims a loss. A parcel that turned up and is lost again is claimed once more under the same id."""
    match state:
        case s.Absent() | s.Withdrawn():
            return _drafted(loss, policy, now)
        case s.Rejected() | s.Expired():
            return _drafted(loss, policy, now) if loss.is_again else []
        case s.Paid():
            return _payment_kept(state)
        case s.Drafted() | s.Filed() | s.UnderReview() | s.NeedsEvidence() | s.Approved():
            return []
        case _:
            assert_never(state)


@rule("LG-017", "LG-018", "LG-021", "LG-022")
def _drafted(loss: m.LossFound, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Opens a claim with the loss, and files it as soon as the carrier's own terms allow."""
    carrier = policy.carriers.of(loss.tracking.carrier_code)
    amount = loss.amount
    if carrier.liability_cap_minor is not None:
        amount = amount.least(Money(carrier.liability_cap_minor, amount.currency))
    file_by = now + carrier.claim_within
    claim = Claim(loss.claim_id, loss.order_id, loss.parcel_id, loss.tracking, loss.kind, amount, file_by)
    attention = policy.attention.lasting(now, policy.claim.answer_days)
    drafted = s.ClaimDrafted(claim, attention)
    if not carrier.can(Capability.CLAIM):
        task_id = derived_id(loss.claim_id, "file")
        return [drafted, Task("file_claim_by_hand", file_by, "assessment", task_id=task_id)]
    if carrier.claim_evidence:
        due_at = min(now + policy.claim.evidence_days, file_by)
        request_id = derived_id(loss.claim_id, "evidence")
        return [drafted, s.EvidenceAsked(request_id, carrier.claim_evidence, due_at, attention)]
    return [drafted, s.ClaimSent("file", attention)]


@rule("LG-022")
def _payment_kept(state: s.Paid) -> Sequence[Fact]:
    """Keeps what the carrier paid for a parcel that is lost again."""
    return [TaskWithdrawn("lost_again", task_id=_repay_id(state))] if state.is_found else []


def _repay_id(state: s.Paid) -> str:
    return derived_id(state.claim.claim_id, "repay")


@rule("LG-022")
def _paid_back(state: s.Paid, task: TaskDone) -> Sequence[Fact]:
    """Notes that the carrier has its money again: a parcel that is lost once more is claimed once more."""
    is_done = task.task_id == _repay_id(state) and task.outcome_code in DONE
    return [s.PaymentReturned()] if state.is_found and is_done else []


@rule("LG-022")
def _spending_noted(claim: Claim, amount: Money) -> Sequence[Fact]:
    """Notes the cost of the loss so far, in the claim's own currency."""
    is_known = amount.minor <= claim.spent_minor or amount.currency != claim.amount.currency
    return [] if is_known else [s.SpendingNoted(amount)]


@rule("LG-022")
def _goods_found(state: s.Known, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Withdraws the claim: nothing is lost. A person settles with the carrier a sum that was paid already."""
    if isinstance(state, s.Paid):
        if state.is_found:
            return []
        due_at = now + policy.attention.after_days
        return [Task("repay_courier", due_at, "reconciliation", task_id=_repay_id(state))]
    if not isinstance(state, s.Open):
        return []
    concluded = s.ClaimConcluded(Ending.WITHDRAWN, Money(0, state.claim.amount.currency))
    if isinstance(state, s.Drafted):
        return [concluded]
    return [s.ClaimSent("withdraw", state.attention), concluded]


@rule("LG-021")
def _filed_by_hand(state: s.Known, task: TaskDone, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Takes a person's word that the claim is with the carrier, or is not worth the trouble."""
    if not isinstance(state, s.Drafted) or task.task_id != derived_id(state.claim.claim_id, "file"):
        return []
    if task.outcome_code in DONE:
        return [s.ReviewNoted(policy.attention.lasting(now, policy.claim.answer_days))]
    return [s.ClaimConcluded(Ending.EXPIRED, Money(0, state.claim.amount.currency))]


@rule("LG-018", "LG-021")
def _evidence_in(state: s.Known, evidence: m.EvidenceIn, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Completes a draft, or a claim that lacks evidence."""
    if not isinstance(state, s.Open) or evidence.evidence_id in state.claim.evidence_ids:
        return []
    noted = s.EvidenceNoted(evidence.evidence_id)
    attention = policy.attention.lasting(now, policy.claim.answer_days)
    if isinstance(state, s.Drafted) and state.evidence_by is not None:
        return [noted, s.ClaimSent("file", attention)]
    if isinstance(state, s.NeedsEvidence):
        return [noted, s.ClaimSent("supplement", attention)]
    return [noted]


@rule("LG-018", "LG-022")
def _answered(state: s.Known, answer: m.Answered, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Moves the claim by the carrier's word, on which the buyer's remedy does not depend."""
    if isinstance(state, s.Drafted) and state.evidence_by is not None:
        raise NotYet
    if not isinstance(state, s.Open):
        return []
    claim, amount = state.claim, answer.amount
    is_ours = amount is None or amount.currency == claim.amount.currency
    match answer.outcome:
        case "received" if isinstance(state, s.Filed):
            return [s.ReviewNoted(policy.attention.lasting(now, policy.claim.answer_days))]
        case "needs_evidence" if not isinstance(state, s.Approved):
            kinds = answer.evidence_kinds or ("shipping_proof",)
            request_id = derived_id(claim.claim_id, "evidence", now.strftime("%Y%m%d%H%M%S"))
            due_at = now + policy.claim.evidence_days
            return [s.EvidenceAsked(request_id, kinds, due_at, policy.attention.lasting(now))]
        case "approved" | "approved_partial" if is_ours:
            attention = policy.attention.lasting(now, policy.claim.pay_days)
            return [s.ApprovalNoted(amount or claim.amount, attention)]
        case "paid" if is_ours:
            expected = state.amount if isinstance(state, s.Approved) else claim.amount
            recovered = amount or expected
            ending = Ending.PARTIAL if claim.amount.exceeds(recovered) else Ending.PAID
            return [s.ClaimConcluded(ending, recovered)]
        case "rejected":
            return [s.ClaimConcluded(Ending.REJECTED, Money(0, claim.amount.currency))]
        case _:
            return []


def _deadline_passed(state: s.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match state:
        case s.Drafted() if passed.name == "file":
            return _expired(state)
        case s.Drafted() | s.NeedsEvidence() if passed.name == "evidence":
            return _without_evidence(state, policy, passed.due_at)
        case s.Drafted() | s.Filed() | s.UnderReview() | s.NeedsEvidence() | s.Approved():
            return _unanswered(state)
        case s.Paid() | s.Rejected() | s.Expired() | s.Withdrawn():
            return []
        case _:
            assert_never(state)


@rule("LG-021")
def _expired(state: s.Drafted) -> Sequence[Fact]:
    """Ends the claim once the carrier's time to file is over."""
    return [s.ClaimConcluded(Ending.EXPIRED, Money(0, state.claim.amount.currency))]


@rule("LG-018")
def _without_evidence(state: s.Drafted | s.NeedsEvidence, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Goes on with the evidence that there is, where nothing more came."""
    action = "file" if isinstance(state, s.Drafted) else "supplement"
    return [s.ClaimSent(action, policy.attention.lasting(now, policy.claim.answer_days))]


@rule("LG-022")
def _unanswered(state: s.Open) -> Sequence[Fact]:
    """Sends a filed claim again where the carrier says nothing, and lets a person look."""
    question_code = type(state).__name__.lower()
    drawn = draw(f"courier-claim.{state.claim.claim_id}", question_code, state.attention)
    return [s.ClaimSent("file", drawn.attention), drawn] if isinstance(state, s.Filed) else [drawn]
