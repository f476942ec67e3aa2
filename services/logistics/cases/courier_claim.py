"""The courier claim: what the carrier owes the shop for a loss, beside the buyer's remedy."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.money import Money
from kernel.rules import rule
from kernel.value import replace
from services.logistics.carriers import Capability
from services.logistics.cases import courier_claim_words as w
from services.logistics.cases.values import Attention, AttentionDrawn, TaskDone, TaskOpened, derived_id, draw
from services.logistics.policy import Policy

Decisions = list[Decided[w.Fact]]


def decide(state: w.State, message: w.Message, policy: Policy, now: datetime) -> Decisions:
    """What a message means for the claim."""
    if isinstance(message, w.LossFound):
        return _drafted(message, policy, now) if isinstance(state, w.Absent) else []
    if isinstance(state, w.Absent):
        if isinstance(message, w.Answered):
            raise NotYet
        return []
    match message:
        case w.RemedySpent(amount=amount):
            is_known = state.claim.spent_minor > 0 or amount.currency != state.claim.amount.currency
            return [] if is_known else [Decided(w.SpendingNoted(amount), ("LG-022",))]
        case w.GoodsFound():
            return _goods_found(state, policy, now)
        case TaskDone():
            return _filed_by_hand(state, message, policy, now)
        case w.EvidenceIn():
            return _evidence_in(state, message, policy, now)
        case w.Answered():
            return _answered(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)


@rule("LG-017", "LG-018", "LG-021", "LG-022")
def _drafted(loss: w.LossFound, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """A claim is opened with the loss and filed as soon as the carrier's own terms allow."""
    carrier = policy.carriers.of(loss.tracking.carrier_code)
    amount = loss.amount
    if carrier.liability_cap_minor is not None:
        amount = amount.least(Money(carrier.liability_cap_minor, amount.currency))
    file_by = now + carrier.claim_within
    claim = w.Claim(loss.claim_id, loss.order_id, loss.parcel_id, loss.tracking, loss.kind, amount, file_by)
    attention = policy.attention(now, policy.claim.answer)
    drafted = w.ClaimDrafted(claim, attention)
    if not carrier.can(Capability.CLAIM):
        task_id = derived_id(loss.claim_id, "file")
        return [drafted, TaskOpened(task_id, "assessment", "file_claim_by_hand", file_by)]
    if carrier.claim_evidence:
        due_at = min(now + policy.claim.evidence, file_by)
        request_id = derived_id(loss.claim_id, "evidence")
        return [drafted, w.EvidenceAsked(request_id, carrier.claim_evidence, due_at, attention)]
    return [drafted, w.ClaimSent("file", attention)]


@rule("LG-021")
def _filed_by_hand(state: w.Known, task: TaskDone, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """A person says that the claim is with the carrier, or that it is not worth it."""
    if not isinstance(state, w.Drafted) or task.task_id != derived_id(state.claim.claim_id, "file"):
        return []
    if task.outcome_code in {"done", "confirmed", "approved"}:
        return [w.ReviewNoted(policy.attention(now, policy.claim.answer))]
    return [w.ClaimConcluded(w.Ending.EXPIRED, Money(0, state.claim.amount.currency))]


@rule("LG-022")
def _goods_found(state: w.Known, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Nothing is lost: the claim is withdrawn; what the carrier paid already a person settles with it."""
    if isinstance(state, w.Paid):
        task_id = derived_id(state.claim.claim_id, "repay")
        due_at = now + policy.attention_after
        return [TaskOpened(task_id, "reconciliation", "repay_courier", due_at)]
    if not isinstance(state, w.Open):
        return []
    concluded = w.ClaimConcluded(w.Ending.WITHDRAWN, Money(0, state.claim.amount.currency))
    if isinstance(state, w.Drafted):
        return [concluded]
    return [w.ClaimSent("withdraw", state.attention), concluded]


@rule("LG-018", "LG-021")
def _evidence_in(state: w.Known, evidence: w.EvidenceIn, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Evidence completes a draft or a claim that lacks it."""
    if not isinstance(state, w.Open) or evidence.evidence_id in state.claim.evidence_ids:
        return []
    noted = w.EvidenceNoted(evidence.evidence_id)
    attention = policy.attention(now, policy.claim.answer)
    if isinstance(state, w.Drafted) and state.evidence_by is not None:
        return [noted, w.ClaimSent("file", attention)]
    if isinstance(state, w.NeedsEvidence):
        return [noted, w.ClaimSent("supplement", attention)]
    return [noted]


@rule("LG-018", "LG-022")
def _answered(state: w.Known, answer: w.Answered, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """The carrier's word moves the claim; the buyer's remedy does not depend on it."""
    if isinstance(state, w.Drafted) and state.evidence_by is not None:
        raise NotYet
    if not isinstance(state, w.Open):
        return []
    claim = state.claim
    amount = answer.amount
    is_ours = amount is None or amount.currency == claim.amount.currency
    match answer.outcome:
        case "received" if isinstance(state, w.Filed):
            return [w.ReviewNoted(policy.attention(now, policy.claim.answer))]
        case "needs_evidence" if not isinstance(state, w.Approved):
            kinds = answer.evidence_kinds or ("shipping_proof",)
            request_id = derived_id(claim.claim_id, "evidence", now.strftime("%Y%m%d%H%M%S"))
            due_at = now + policy.claim.evidence
            return [w.EvidenceAsked(request_id, kinds, due_at, policy.attention(now))]
        case "approved" | "approved_partial" if is_ours:
            return [w.ApprovalNoted(amount or claim.amount, policy.attention(now, policy.claim.pay))]
        case "paid" if is_ours:
            expected = state.amount if isinstance(state, w.Approved) else claim.amount
            recovered = amount or expected
            ending = w.Ending.PARTIAL if claim.amount.exceeds(recovered) else w.Ending.PAID
            return [w.ClaimConcluded(ending, recovered)]
        case "rejected":
            return [w.ClaimConcluded(w.Ending.REJECTED, Money(0, claim.amount.currency))]
        case _:
            return []


def _deadline_passed(state: w.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match state:
        case w.Drafted() if passed.name == "file":
            return _expired(state)
        case w.Drafted() | w.NeedsEvidence() if passed.name == "evidence":
            return _without_evidence(state, policy, passed.due_at)
        case w.Drafted() | w.Filed() | w.UnderReview() | w.NeedsEvidence() | w.Approved():
            return _unanswered(state)
        case _:
            return []


@rule("LG-021")
def _expired(state: w.Drafted) -> Sequence[w.Fact]:
    """The carrier's time to file is over."""
    return [w.ClaimConcluded(w.Ending.EXPIRED, Money(0, state.claim.amount.currency))]


@rule("LG-018")
def _without_evidence(state: w.Drafted | w.NeedsEvidence, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Nothing came: the claim goes on with what there is."""
    action = "file" if isinstance(state, w.Drafted) else "supplement"
    return [w.ClaimSent(action, policy.attention(now, policy.claim.answer))]


@rule("LG-022")
def _unanswered(state: w.Open) -> Sequence[w.Fact]:
    """The carrier says nothing: a filed claim is sent again, and a person looks."""
    question_code = type(state).__name__.lower()
    drawn = draw(f"courier-claim.{state.claim.claim_id}", question_code, state.attention)
    return [w.ClaimSent("file", drawn.attention), drawn] if isinstance(state, w.Filed) else [drawn]


ENDS: dict[w.Ending, type[w.Paid | w.Rejected | w.Expired | w.Withdrawn]] = {
    w.Ending.PAID: w.Paid,
    w.Ending.PARTIAL: w.Paid,
    w.Ending.REJECTED: w.Rejected,
    w.Ending.EXPIRED: w.Expired,
    w.Ending.WITHDRAWN: w.Withdrawn,
}


def evolve(state: w.State, fact: w.Fact) -> w.State:  # noqa: PLR0911  one branch per fact
    """The state after a fact."""
    if isinstance(fact, w.ClaimDrafted):
        return w.Drafted(fact.claim, None, fact.attention)
    if isinstance(state, w.Absent):
        return state
    claim = state.claim
    match fact:
        case w.EvidenceAsked(due_at=due_at, attention=attention):
            if isinstance(state, w.Drafted):
                return replace(state, evidence_by=due_at)
            return w.NeedsEvidence(claim, due_at, attention)
        case w.EvidenceNoted(evidence_id=evidence_id):
            return replace(state, claim=replace(claim, evidence_ids=(*claim.evidence_ids, evidence_id)))
        case w.ClaimSent(action=action, attention=attention):
            return w.UnderReview(claim, attention) if action == "supplement" else w.Filed(claim, attention)
        case w.ReviewNoted(attention=attention):
            return w.UnderReview(claim, attention)
        case w.ApprovalNoted(amount=amount, attention=attention):
            return w.Approved(claim, amount, attention)
        case w.SpendingNoted(amount=amount):
            return replace(state, claim=replace(claim, spent_minor=amount.minor))
        case w.ClaimConcluded(ending=ending):
            return ENDS[ending](claim)
        case AttentionDrawn(attention=attention):
            return _looked_at(state, attention)
        case _:
            return state


def _looked_at(state: w.Known, attention: Attention) -> w.Known:
    match state:
        case w.Filed(claim=claim):
            return w.Filed(claim, attention)
        case w.UnderReview(claim=claim):
            return w.UnderReview(claim, attention)
        case w.Approved(claim=claim, amount=amount):
            return w.Approved(claim, amount, attention)
        case _:
            return state


def deadlines(state: w.State) -> Sequence[Deadline]:
    """What must be looked at, and when."""
    match state:
        case w.Drafted(evidence_by=evidence_by, claim=claim):
            return [Deadline("evidence", evidence_by) if evidence_by else Deadline("file", claim.file_by)]
        case w.NeedsEvidence(evidence_by=due_at):
            return [Deadline("evidence", due_at)]
        case w.Filed() | w.UnderReview() | w.Approved():
            return state.attention.deadlines()
        case _:
            return []


COURIER_CLAIM: Decider[w.State, w.Message, w.Fact, Policy] = Decider(w.Absent(), decide, evolve, deadlines)
