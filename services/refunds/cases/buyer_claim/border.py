"""Declares the claim on the buyer: people's answers in, the claim and its end out."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import buyer_claims, common, refunds_enums
from aftersales_contracts.base import Event
from aftersales_contracts.shop import desk
from chassis.engine import outcomes
from chassis.service import Kind, Read
from kernel.decider import Addressed, CaseView
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.picture import Picture, Pictures
from kernel.value import replace
from services.refunds.cases.buyer_claim import messages as m
from services.refunds.cases.buyer_claim import state as s
from services.refunds.cases.buyer_claim.rules import decide
from services.refunds.conversions import number_of
from services.refunds.policy import Policy
from services.refunds.shares import total_of


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads a person's answer."""
    answer = m.TaskDone(number_of(data.task_id, f".{m.QUESTION_MARK}."), data.outcome_code)
    return [m.to(data.about_subject, data.case_id, answer)]


READS: Mapping[type[Event], Read] = {desk.TaskCompletedV1: outcomes.mine(m.NAME, _task_completed)}


def _claim(view: CaseView[s.State]) -> s.Claim:
    if isinstance(view.state, s.Absent):
        raise TypeError("nothing is claimed")
    return view.state.claim


def _opened(fact: s.ClaimOpened, view: CaseView[s.State]) -> buyer_claims.BuyerClaimOpenedV1:
    claim = fact.claim
    return buyer_claims.BuyerClaimOpenedV1(
        **outcomes.about_order(view, claim.customer_id),
        claim_id=view.case_id,
        lines=outcomes.priced_pieces(claim.shares, claim.amount.currency),
        amount=outcomes.money(claim.amount),
        cause_id=claim.cause_id,
    )


def _reduced(fact: s.ClaimReduced, view: CaseView[s.State]) -> buyer_claims.BuyerClaimReducedV1:
    claim = _claim(view)
    currency = claim.amount.currency
    return buyer_claims.BuyerClaimReducedV1(
        **outcomes.about_order(view, claim.customer_id),
        claim_id=view.case_id,
        lines=outcomes.priced_pieces(fact.shares, currency),
        amount=outcomes.money(Money(total_of(fact.shares), currency)),
        open_amount=outcomes.money(claim.open_amount),
        reason_code=fact.reason_code,
    )


def _settled(fact: s.ClaimSettled, view: CaseView[s.State]) -> buyer_claims.BuyerClaimSettledV1:
    claim = _claim(view)
    recovered = Money(claim.amount.minor - fact.net_loss.minor, claim.amount.currency)
    return buyer_claims.BuyerClaimSettledV1(
        **outcomes.about_order(view, claim.customer_id),
        claim_id=view.case_id,
        how=refunds_enums.BuyerClaimEnding(fact.ending.value),
        amount=outcomes.money(claim.amount),
        recovered_amount=outcomes.money(recovered),
        net_loss_amount=outcomes.money(fact.net_loss),
    )


def _question(fact: s.QuestionAsked, view: CaseView[s.State]) -> common.TaskRequestedV1:
    return outcomes.order_task(fact.task, view)


PICTURES: Pictures = {
    s.Asked: Picture("asked", "agent"),
    s.GoodsAwaited: Picture("goods_awaited", "buyer"),
    s.MoneyAwaited: Picture("money_awaited", "buyer"),
    s.Settled: Picture("settled"),
}


def _detail(state: s.State, picture: Picture) -> Picture:
    """Adds the ending."""
    return replace(picture, ending=state.ending.value) if isinstance(state, s.Settled) else picture


BUYER_CLAIM: Kind[s.State, m.Message, s.Fact, Policy] = Kind(
    name=m.NAME,
    initial=s.Absent(),
    state=s.State,
    message=m.Message,
    fact=s.Fact,
    ended=s.Ended,
    decide=decide,
    evolve=s.evolve,
    deadlines=s.deadlines,
    reads=READS,
    announces={
        s.ClaimOpened: _opened,
        s.ClaimReduced: _reduced,
        s.ClaimSettled: _settled,
        s.QuestionAsked: _question,
        Task: outcomes.order_task,
        TaskWithdrawn: outcomes.order_task_withdrawn,
    },
    pictures=PICTURES,
    detail=_detail,
)
