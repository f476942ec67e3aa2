"""Declares the ledger of a buyer and a shop. It reads and announces nothing, and tells the two accounts."""

from collections.abc import Mapping, Sequence

from chassis.service import Kind, Reaction
from kernel.decider import Addressed, CaseView
from services.reviews.cases.credit_account import messages as account
from services.reviews.cases.credit_pair.messages import NAME, Message
from services.reviews.cases.credit_pair.rules import decide
from services.reviews.cases.credit_pair.state import Fact, Pair, PointsCounted, State, evolve
from services.reviews.credit import Cap
from services.reviews.policy import Policy


def _account(fact: PointsCounted, _view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the account which points of a rating the pair's caps left."""
    if fact.delta_points == 0 and fact.cap is Cap.NONE:
        return []
    moved = account.PointsMoved(
        fact.order_id, fact.role, fact.points, fact.delta_points, fact.cap, fact.cause_code
    )
    return [account.to(fact.account_id, moved)]


TELLS: Mapping[type, Reaction] = {PointsCounted: _account}

CREDIT_PAIR: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=Pair(),
    state=State,
    message=Message,
    fact=Fact,
    decide=decide,
    evolve=evolve,
    tells=TELLS,
)
