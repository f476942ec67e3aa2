"""Decides about the goods that come back in an exchange: all there and fit, unfit, or some missing."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided, NotYet
from kernel.people import Task
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.refunds.cases.exchange.messages import (
    GoodsCameBack,
    GoodsChecked,
    ReturnAccepted,
    ReturnSent,
)
from services.refunds.cases.exchange.state import (
    Ending,
    ExchangeEnded,
    Fact,
    Filed,
    FreightDecided,
    GoodsNoted,
    InReturn,
    NoteDiffers,
    Open,
    Requested,
    ReshipDue,
    ReshipPurpose,
    ReturnRegistered,
    ShippingReplacement,
    SomeCame,
    WaitBuyerSend,
)
from services.refunds.goods import counts_of, inside, more_of, received, together, without
from services.refunds.liability import Bearer, ReturnCause, is_fault_known, is_fault_refuted, without_fault
from services.refunds.notices import is_explained, is_unfit
from services.refunds.policy import Policy
from services.refunds.shares import InspectedLine, Share, money_together

Decision = Sequence[Decided[Fact]]


def registered(state: Open, sent: ReturnSent, receive_by: datetime) -> Sequence[Fact]:
    """Registers what the buyer sends. The freight of a further parcel counts; the shop has time for it."""
    ids = (sent.return_id,) if sent.return_id else ()
    if isinstance(state, WaitBuyerSend):
        return [ReturnRegistered(receive_by, sent.freight_paid, ids)]
    known = state.return_ids if isinstance(state, InReturn) else ()
    if not isinstance(state, InReturn) or not known or not ids or sent.return_id in known:
        return []
    paid = money_together(state.freight_paid, sent.freight_paid)
    return [ReturnRegistered(max(state.receive_by, receive_by), paid, (*known, *ids))]


def return_accepted(state: Open, accepted: ReturnAccepted, policy: Policy, now: datetime) -> Decision:
    """Takes the seller's word. Where he names pieces, all that were filed must be there."""
    if isinstance(state, Requested | WaitBuyerSend):
        raise NotYet
    if not isinstance(state, InReturn):
        return []
    if accepted.shares and not _is_whole(state.filed, state.found, accepted.shares):
        return _some_missing(state, (), accepted.shares, policy, now)
    return [*_fault_judged(state), *_goods_fine(state, policy, now)]


@rules_of("RF-044")
def are_all_back(filed: Filed) -> bool:
    """Tells whether a carrier brought all pieces of the exchange back to the shop."""
    return bool(filed.shares) and not without(filed.shares, filed.back)


@rule("RF-044", "RF-118", "RF-120")
def goods_came_back(state: Open, back: GoodsCameBack, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts pieces that are at the shop as returned. Where all are there, the replacement is due."""
    filed = replace(state.filed, back=together(state.filed.back, back.shares))
    noted: list[Fact] = [GoodsNoted(back.shares)]
    is_whole = isinstance(state, WaitBuyerSend) and are_all_back(filed)
    if isinstance(state, InReturn):
        is_whole = _is_whole(filed, state.found, state.accepted)
    return [*noted, replacement(filed, policy, now)] if is_whole else noted


def goods_checked(state: Open, checked: GoodsChecked, policy: Policy, now: datetime) -> Decision:
    """Judges the warehouse's findings over all parcels. A check before the return is registered is early."""
    if isinstance(state, Requested | WaitBuyerSend):
        raise NotYet
    if isinstance(state, ShippingReplacement):
        return _checked_late(state, checked)
    if not isinstance(state, InReturn):
        return []
    filed = state.filed
    ids = {share.line_id for share in filed.shares}
    lines = tuple(line for line in checked.lines if line.line_id in ids)
    if not lines:
        return []
    found = (*state.found, *lines)
    bad = policy.exchange.unacceptable_conditions
    if _is_short(filed, found) or any(is_unfit(line, bad) for line in lines):
        return _goods_unfit(filed, found, state.accepted, policy, now)
    decided: list[Decided[Fact]] = []
    wanted = {wanted.sku_id for wanted in filed.wanted}
    if checked.wanted_sku_id is not None and checked.wanted_sku_id not in wanted:
        decided += _note_differs(checked.wanted_sku_id, policy, now)
    if not _is_whole(filed, found, state.accepted):
        return [*decided, *_some_missing(state, lines, (), policy, now)]
    state = replace(state, found=found)
    return [*_fault_judged(state), *decided, *_goods_fine(state, policy, now)]


def _fault_judged(state: InReturn) -> Decision:
    """Decides the freight anew where the checks so far refute the fault."""
    is_quality = state.filed.liability.cause is ReturnCause.QUALITY
    return _with_row(_fault_not_found(state.filed)) if is_quality and is_fault_refuted(state.found) else []


def _checked_late(state: ShippingReplacement, checked: GoodsChecked) -> Decision:
    """Judges the freight, which is not repaid yet, where the first word on the fault comes so late."""
    is_quality = state.filed.liability.cause is ReturnCause.QUALITY
    if not state.is_unchecked or not is_quality or not is_fault_refuted(checked.lines):
        return []
    return _with_row(_fault_not_found(state.filed))


def _is_short(filed: Filed, found: tuple[InspectedLine, ...]) -> bool:
    """Tells whether pieces came that are not accepted, and the accepted ones do not suffice."""
    return any(
        (accepted := _count(found, share, is_accepted=True)) < share.quantity_count
        and accepted < _count(found, share, is_accepted=False)
        for share in filed.shares
    )


def _is_whole(filed: Filed, found: tuple[InspectedLine, ...], accepted: tuple[Share, ...]) -> bool:
    named, back = counts_of(accepted), counts_of(filed.back)
    return all(
        max(_count(found, share, is_accepted=True), named.get(share.line_id, 0)) + back.get(share.line_id, 0)
        >= share.quantity_count
        for share in filed.shares
    )


def _count(found: tuple[InspectedLine, ...], share: Share, *, is_accepted: bool) -> int:
    return sum(
        line.accepted_count if is_accepted and not is_explained(line) else line.received_count
        for line in found
        if line.line_id == share.line_id
    )


def _came(filed: Filed, found: tuple[InspectedLine, ...], accepted: tuple[Share, ...]) -> tuple[Share, ...]:
    """Lists the pieces that are at the shop."""
    return inside(together(more_of(received(found), accepted), filed.back), filed.shares)


def _with_row(decided: Decision) -> Decision:
    """Names the row of the freight matrix that decided."""
    return [
        Decided(d.fact, (d.fact.liability.rule_id,)) if isinstance(d.fact, FreightDecided) else d
        for d in decided
    ]


@rule("RF-116", "RF-118", "RF-120")
def _goods_fine(state: InReturn, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Makes the replacement due. It is a promise."""
    due = replacement(state.filed, policy, now)
    return [replace(due, is_unchecked=not is_fault_known(state.found))]


def replacement(filed: Filed, policy: Policy, now: datetime) -> ReshipDue:
    bearer = filed.liability.replacement_leg or Bearer.SELLER
    ship_by = now + policy.exchange.replace_days
    return ReshipDue(ReshipPurpose.EXCHANGE, filed.wanted, ship_by, bearer)


@rule("RF-116", "RF-120")
def _some_missing(
    state: InReturn,
    lines: tuple[InspectedLine, ...],
    accepted: tuple[Share, ...],
    policy: Policy,
    now: datetime,
) -> Sequence[Fact]:
    """Waits until everything came. A person asks for the rest."""
    asked = Task("exchange_goods_missing", now + policy.attention_days)
    return [SomeCame(lines, accepted), asked]


@rule("RF-100", "RF-101", "RF-102")
def _goods_unfit(
    filed: Filed,
    found: tuple[InspectedLine, ...],
    accepted: tuple[Share, ...],
    policy: Policy,
    now: datetime,
) -> Sequence[Fact]:
    """Sends worn, washed, damaged, altered or incomplete goods back to the buyer."""
    return send_back(filed, _came(filed, found, accepted), Bearer.BUYER, policy, now)


@rule("RF-116")
def _fault_not_found(filed: Filed) -> Sequence[Fact]:
    """Decides the freight as without a fault, because none was found."""
    return [FreightDecided(without_fault(filed.liability))]


@rule("RF-103", "RF-122")
def _note_differs(wanted_sku_id: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person about a note that wants another variant, before anything is sent."""
    return [NoteDiffers(wanted_sku_id, now + policy.exchange.replace_days)]


@rule("RF-120")
def receipt_missed(state: InReturn, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts goods that were neither confirmed nor refused in time as confirmed, as in a refund.

    Where some were found and the rest never came, what is here goes back.
    """
    if not state.found and not state.accepted:
        return [replace(replacement(state.filed, policy, now), is_unchecked=True)]
    came = _came(state.filed, state.found, state.accepted)
    if not came:
        return [ExchangeEnded(Ending.EXPIRED, is_used=False)]
    return send_back(state.filed, came, Bearer.BUYER, policy, now)


def send_back(
    filed: Filed, came: tuple[Share, ...], bearer: Bearer, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Sends the buyer's own goods back, as many as are here."""
    ship_by = now + policy.exchange.replace_days
    back = ReshipDue(ReshipPurpose.RETURN_TO_BUYER, filed.given, ship_by, bearer, came)
    return [back, ExchangeEnded(Ending.RETURNED_TO_BUYER, is_used=False, sent_back=came)]
