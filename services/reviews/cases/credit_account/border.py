"""Declares the ledger of an account's credit. It reads no event itself and announces each change."""

from collections.abc import Mapping

from aftersales_contracts.aftersales import reviews as out
from chassis.service import Announce, Kind
from kernel.decider import CaseView
from services.reviews.cases.credit_account.messages import NAME, Message
from services.reviews.cases.credit_account.rules import decide
from services.reviews.cases.credit_account.state import Account, CreditChanged, Fact, State, evolve
from services.reviews.credit import Cap
from services.reviews.policy import Policy


def _changed(fact: CreditChanged, view: CaseView[State]) -> out.CreditChangedV1:
    """Announces the account's points after a rating."""
    is_up = fact.delta_points > 0 or (fact.delta_points == 0 and fact.points > 0)
    return out.CreditChangedV1(
        **view.common(),
        order_id=fact.order_id,
        account_id=view.case_id,
        role=out.CreditRole(fact.role.value),
        direction=out.CreditDirection.UP if is_up else out.CreditDirection.DOWN,
        delta_points=abs(fact.delta_points),
        total_points=fact.total_points,
        cause_code=fact.cause_code,
        capped_by_code=None if fact.cap is Cap.NONE else fact.cap.value,
    )


ANNOUNCES: Mapping[type, Announce] = {CreditChanged: _changed}

CREDIT_ACCOUNT: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=Account(),
    state=State,
    message=Message,
    fact=Fact,
    decide=decide,
    evolve=evolve,
    announces=ANNOUNCES,
)
