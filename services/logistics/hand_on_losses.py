"""What searches for parcels and resends tell other cases of the order."""

from collections.abc import Mapping
from typing import Any

from chassis.service import Reaction
from kernel.decider import Addressed, CaseView
from services.logistics.cases import courier_claim_words as cw
from services.logistics.cases import dispatch_messages as m
from services.logistics.cases import intercept as iw
from services.logistics.cases import lost_parcel_words as lost
from services.logistics.cases import parcel_words as pw
from services.logistics.cases import reship_words as rw
from services.logistics.cases.order_file import Resend
from services.logistics.cases.values import derived_id, parcel_case_id
from services.logistics.translate import CLAIM, INTERCEPT, LOST, PARCEL, RECALLS, RESHIP, to_dispatch

Handed = list[Addressed]


# From searches.


def _subject(view: CaseView[Any]) -> lost.Subject:
    if not isinstance(view.state, lost.Known):
        raise TypeError("nobody misses the parcel")
    return view.state.subject


def _claim_id(subject: lost.Subject) -> str:
    return derived_id(subject.name, "claim")


def _lost(fact: lost.LossConfirmed, view: CaseView[Any]) -> Handed:
    subject = _subject(view)
    declared = pw.DeclaredLost(subject.parcel_id, fact.loss.basis)
    handed = [Addressed(subject.tracking.subject, PARCEL, parcel_case_id(subject.tracking), declared)]
    if subject.value is not None and subject.value.minor > 0:
        claim_id = _claim_id(subject)
        loss = cw.LossFound(
            claim_id, view.subject, subject.parcel_id, subject.tracking, "lost", subject.value
        )
        handed.append(Addressed(view.subject, CLAIM, claim_id, loss))
    return handed


def _settled(
    subject: lost.Subject, view: CaseView[Any], remedy: str | None, *, is_open: bool = False
) -> Handed:
    return to_dispatch(view.subject, m.SearchClosed(subject.parcel_id, remedy, is_open))


def _spent(subject: lost.Subject, view: CaseView[Any]) -> Handed:
    if subject.value is None:
        return []
    return [Addressed(view.subject, CLAIM, _claim_id(subject), cw.RemedySpent(subject.value))]


def _reship(fact: lost.ReshipChosen, view: CaseView[Any]) -> Handed:
    subject = _subject(view)
    order = rw.Order(
        reship_id=fact.reship_id,
        order_id=view.subject,
        purpose="lost",
        lines=subject.lines,
        sku_ids=subject.sku_ids,
        ship_by=fact.ship_by,
        replaces_parcel_id=subject.parcel_id,
    )
    noted = m.ResendNoted(Resend(fact.reship_id, subject.lines))
    return [
        *_settled(subject, view, "reship"),
        Addressed(view.subject, RESHIP, fact.reship_id, rw.SendWanted(order)),
        *to_dispatch(view.subject, noted),
        *_spent(subject, view),
    ]


def _refunded(fact: object, view: CaseView[Any]) -> Handed:
    subject = _subject(view)
    return [*_settled(subject, view, "refund"), *_spent(subject, view)]


def _reopened(fact: lost.RefundChosen | lost.ResendOff, view: CaseView[Any]) -> Handed:
    return _settled(_subject(view), view, None, is_open=True)


def _search_closed(fact: lost.SearchClosed, view: CaseView[Any]) -> Handed:
    return _settled(_subject(view), view, None)


def _revoked(fact: lost.ResendRevoked, view: CaseView[Any]) -> Handed:
    return to_dispatch(view.subject, m.ResendRevoked(fact.reship_id, _subject(view).parcel_id))


def _found(fact: lost.TurnedUp, view: CaseView[Any]) -> Handed:
    return [Addressed(view.subject, CLAIM, _claim_id(_subject(view)), cw.GoodsFound())]


def _recall(fact: lost.RecallDue, view: CaseView[Any]) -> Handed:
    subject = _subject(view)
    request_id = derived_id(subject.parcel_id, RECALLS[1])
    recall = iw.Recall(
        request_id=request_id,
        order_id=view.subject,
        customer_id=subject.customer_id,
        parcel_id=subject.parcel_id,
        tracking=subject.tracking,
        reason_code=fact.reason_code,
        is_buyer_asked=fact.reason_code != "out_of_range",
    )
    return [Addressed(view.subject, INTERCEPT, request_id, iw.RecallWanted(recall))]


FROM_LOST: Mapping[type, Reaction] = {
    lost.LossConfirmed: _lost,
    lost.ReshipChosen: _reship,
    lost.PaymentDue: _refunded,
    lost.PaidElsewhere: _refunded,
    lost.RefundChosen: _reopened,
    lost.ResendRevoked: _revoked,
    lost.ResendOff: _reopened,
    lost.SearchClosed: _search_closed,
    lost.TurnedUp: _found,
    lost.RecallDue: _recall,
}


# From resends.


def _reship_failed(fact: Any, view: CaseView[Any]) -> Handed:
    """A failed resend of a lost parcel leaves the refund; one that is lost again is looked for itself."""
    state = view.state
    if not isinstance(state, rw.Known) or state.order.purpose != "lost" or fact.reason_code == "lost":
        return []
    parcel_id = state.order.replaces_parcel_id
    failed = lost.ReshipFailed(state.order.reship_id)
    return [Addressed(view.subject, LOST, parcel_id, failed)] if parcel_id is not None else []


def _called_off(_fact: rw.CalledOff, view: CaseView[Any]) -> Handed:
    """The lost parcel's case settles it by the refund that took the resend's place."""
    state = view.state
    if not isinstance(state, rw.Known) or state.order.replaces_parcel_id is None:
        return []
    let_go = lost.ResendLetGo(state.order.reship_id)
    return [Addressed(view.subject, LOST, state.order.replaces_parcel_id, let_go)]


FROM_RESHIP: Mapping[type, Reaction] = {
    rw.CalledOff: _called_off,
    rw.StockMissing: _reship_failed,
    rw.NotArrived: _reship_failed,
}
