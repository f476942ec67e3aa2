"""Each known crossing ends as it shall: nothing is broken any more, and what is owed is done."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aftersales_contracts.aftersales import buyer_claims, common, logistics, refunds
from tests.histories import crossings
from tests.histories.breach import Breach
from tests.histories.excuses import asked_about
from tests.histories.story import tell
from tests.histories.world import World


def _told(world: World, event_class: type[Any], **fields: object) -> list[Any]:
    """Outcomes of a type whose fields say this."""
    events = [said.event for said in world.story if isinstance(said.event, event_class)]
    return [e for e in events if all(getattr(e, name) == value for name, value in fields.items())]


def _paid(world: World, purpose: str, refund_id: str | None = None) -> int:
    """The money that was asked for, by the first request of each payment."""
    first = {
        event.intent_id: event.amount.minor
        for event in reversed(_told(world, refunds.RefundPaymentRequestedV1, purpose=purpose))
        if refund_id is None or event.refund_id == refund_id
    }
    return sum(first.values())


def _rejected(world: World, application_id: str, reason: str | None = None) -> bool:
    found = _told(world, refunds.ApplicationRejectedV1, application_id=application_id)
    return any(reason in (None, event.reason_code) for event in found)


def _claims(world: World, parcel_id: str, action: str) -> set[str]:
    found = _told(world, logistics.CourierClaimRequestedV1, parcel_id=parcel_id, action=action)
    return {event.claim_id for event in found}


def _asked(world: World, question: str, case_id: str) -> int:
    return len(_told(world, common.TaskRequestedV1, question_code=question, case_id=case_id))


def _is_recalled(world: World) -> bool:
    """The parcel was called back; a claim on the buyer is the business of the account."""
    return bool(_told(world, logistics.CourierActionRequestedV1, parcel_id="k1", action="intercept"))


def _is_claimed(world: World) -> bool:
    """The parcel holds unpaid goods too and goes on; the paid piece in it is claimed from the buyer."""
    claims = _told(world, buyer_claims.BuyerClaimOpenedV1)
    return [claim.amount.minor for claim in claims] == [10_000]


def _is_withdrawn(world: World) -> bool:
    """The claim on the courier was withdrawn, if there was one at all."""
    return _claims(world, "e1", "withdraw") == _claims(world, "e1", "file")


SHALL: Mapping[str, Callable[[World], bool]] = {
    "M1": lambda world: _rejected(world, "r1", "line_busy"),
    "M2": lambda world: _paid(world, "refund", "r2") == 0,
    "M3": _is_recalled,
    "M3u": _is_claimed,
    "M4": _is_withdrawn,
    "M4c": _is_withdrawn,
    "M5": lambda world: len(_claims(world, "e1", "file")) <= 1,
    "M5r": lambda world: _asked(world, "lost_parcel_report", "e1") <= 1,
    "M6": lambda world: _paid(world, "freight") == 0 and _paid(world, "refund", "r1") == 10_000,
    "M7": lambda world: _paid(world, "refund") == 0 and bool(_told(world, refunds.RefundClosedV1)),
    "M8": lambda world: _paid(world, "late_compensation") <= 1,
    "N1": lambda world: bool(_told(world, logistics.CourierActionRequestedV1, action="inquire")),
    "N2": lambda world: _paid(world, "refund") == 10_000,
    "N3": lambda world: _paid(world, "refund", "r1") == 10_000,
    "N4": lambda world: (
        bool(_told(world, refunds.RefundClosedV1, refund_id="r1"))
        and bool(_told(world, logistics.DispatchHoldRequestedV1, action="release"))
    ),
    "N5": lambda world: _paid(world, "freight") == 1_200,
    "N5n": lambda world: (
        bool(_told(world, common.OfferMadeV1))
        or _paid(world, "refund") == 10_000
        or bool(asked_about(world.ledger, "a"))
    ),
    "N6": lambda world: _paid(world, "freight") == 1_200,
    "N7": lambda world: bool(_told(world, common.OfferMadeV1, case_id="e1")),
    "N8": lambda world: world.ledger.m.intents["r1.refund.1"].minor == 10_000,
    "N9": lambda world: bool(_told(world, refunds.CompensationDecidedV1)),
    "S1": lambda world: _rejected(world, "r1"),
    "S6": lambda world: not _told(world, logistics.LateShippingEstablishedV1),
}


def _of(name: str, world: World) -> list[Breach]:
    crossing = crossings.ALL[name]
    return [breach for breach in world.breaches.values() if breach.name == crossing.invariant]


@pytest.mark.parametrize("name", list(crossings.ALL))
def test_a_crossing_ends_as_it_shall(name: str) -> None:
    crossing = crossings.ALL[name]
    world = crossing.play()
    assert not crossing.is_flagged(world), tell(world, _of(name, world))
    assert SHALL[name](world), tell(world, [])


def test_every_crossing_says_how_it_ends() -> None:
    assert set(SHALL) == set(crossings.ALL)
