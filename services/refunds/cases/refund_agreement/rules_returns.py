"""Decides about goods that the buyer of a refund sends back: parcels, count, silence."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.decider import NotYet
from kernel.money import Money
from kernel.people import Task
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.refund_agreement import transitions as steps
from services.refunds.cases.refund_agreement.facts import (
    Answer,
    AnswerCause,
    AnswerDecided,
    Fact,
    Filed,
    GoodsNoted,
    InspectionNoted,
    PiecesMissing,
    ReceiptAwaited,
    RefundDue,
    ReturnedGoods,
    ReturnForgotten,
)
from services.refunds.cases.refund_agreement.messages import (
    GoodsChecked,
    ReturnAccepted,
    ReturnSent,
    ReturnUndone,
)
from services.refunds.cases.refund_agreement.state import (
    AwaitingAnswer,
    AwaitingReceipt,
    AwaitingReturn,
    Open,
    Refused,
    returned_of,
)
from services.refunds.cases.refund_agreement.transitions import Decision
from services.refunds.goods import counts_of, without
from services.refunds.notices import is_unfit
from services.refunds.policy import Policy
from services.refunds.shares import InspectedLine, Share, money_together, total_of


def return_sent(state: Open, sent: ReturnSent, policy: Policy, now: datetime) -> Decision:
    """Registers the parcel; a person is told of one that comes by a carriage that the shop does not take."""
    registered = _registered(state, sent, policy, now)
    if not registered or sent.carriage in policy.agreement.carriages:
        return registered
    return [*registered, *_other_carriage(sent, policy, now)]


@rule("RF-104")
def _other_carriage(sent: ReturnSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person about goods that travel all the same."""
    due_at = now + policy.agreement.receive_days[sent.carriage]
    return [Task("return_by_other_carriage", due_at, "reconciliation", name="carriage")]


@rule("RF-022", "RF-023", "RF-024", "RF-039")
def _registered(state: Open, sent: ReturnSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Registers a return with its waybill (RF-022). The carriage fixes how long the seller has."""
    if isinstance(state, AwaitingAnswer) and state.filed.terms.kind.wants_goods_back:
        raise NotYet
    receive_by = now + policy.agreement.receive_days[sent.carriage]
    if isinstance(state, AwaitingReceipt):
        return _another_parcel(state, sent, receive_by)
    if not isinstance(state, AwaitingReturn):
        return []
    return_ids = (sent.return_id,) if sent.return_id else ()
    returned = ReturnedGoods(sent.carriage, sent.freight_paid, (), sent.shares, return_ids)
    return [ReceiptAwaited(state.filed, receive_by, returned)]


@rule("RF-022", "RF-044", "RF-069")
def return_undone(state: Open, undone: ReturnUndone, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Forgets a return that the buyer has again. Where nothing else is under way he may send once more."""
    returned = returned_of(state)
    if returned is None or undone.return_id not in returned.return_ids:
        if isinstance(state, AwaitingAnswer) and state.filed.terms.kind.wants_goods_back:
            raise NotYet
        return []
    ids = tuple(return_id for return_id in returned.return_ids if return_id != undone.return_id)
    sent = without(returned.sent, undone.shares)
    left = replace(returned, return_ids=ids, sent=sent) if ids else None
    if not isinstance(state, AwaitingReceipt):
        return [ReturnForgotten(left)]
    if left is not None:
        return [ReceiptAwaited(state.filed, state.receive_by, left)]
    if returned.inspected:
        return []
    return [steps.return_awaited(now + policy.agreement.send_days, policy, now)]


def return_accepted(state: Open, accepted: ReturnAccepted, policy: Policy, now: datetime) -> Decision:
    if isinstance(state, AwaitingReceipt):
        return steps.with_row(goods_confirmed(state, accepted.shares, policy, now), state.filed)
    if isinstance(state, AwaitingReturn) or state.filed.terms.kind.wants_goods_back:
        if isinstance(state, Refused):
            return []
        raise NotYet
    return []


def goods_checked(state: Open, checked: GoodsChecked, policy: Policy) -> Decision:
    """Keeps the findings for the seller's word. A check before the return is registered is early."""
    if returned_of(state) is not None:
        bad = policy.exchange.unacceptable_conditions
        is_any_unfit = any(is_unfit(line, bad) for line in checked.lines)
        return _unfit_noted(checked, policy) if is_any_unfit else _noted(checked)
    if isinstance(state, Refused) or not state.filed.terms.kind.wants_goods_back:
        return []
    back = counts_of(state.filed.back)
    if any(line.line_id in back and line.accepted_count < line.received_count for line in checked.lines):
        return _back_unfit()
    raise NotYet


@rule("RF-039")
def _back_unfit() -> Sequence[Fact]:
    """Notes that pieces which were here before are not accepted after all."""
    return [GoodsNoted((), are_unfit=True)]


@rule("RF-039", "RF-116")
def _noted(checked: GoodsChecked) -> Sequence[Fact]:
    return [InspectionNoted(checked.lines)]


@rule("RF-039", "RF-100", "RF-101", "RF-102", "RF-116")
def _unfit_noted(checked: GoodsChecked, policy: Policy) -> Sequence[Fact]:
    """Keeps apart what came back worn, washed, damaged, altered or incomplete, though it was counted."""
    bad = policy.exchange.unacceptable_conditions
    lines = (
        replace(line, unfit_count=line.accepted_count) if is_unfit(line, bad) else line
        for line in checked.lines
    )
    return [InspectionNoted(tuple(lines))]


def _another_parcel(state: AwaitingReceipt, sent: ReturnSent, receive_by: datetime) -> Sequence[Fact]:
    """Adds pieces and freight of a further return of the same refund. The seller has time for it."""
    returned = state.returned
    if not returned.return_ids or not sent.return_id or sent.return_id in returned.return_ids:
        return []
    counts = {share.line_id: share for share in returned.sent}
    for share in sent.shares:
        before = counts.get(share.line_id, Share(share.line_id, 0, 0))
        counts[share.line_id] = replace(before, quantity_count=before.quantity_count + share.quantity_count)
    are_told = bool(returned.sent and sent.shares)
    more = replace(
        returned,
        freight_paid=money_together(returned.freight_paid, sent.freight_paid),
        sent=tuple(counts.values()) if are_told else (),
        return_ids=(*returned.return_ids, sent.return_id),
    )
    return [ReceiptAwaited(state.filed, max(state.receive_by, receive_by), more)]


@rule("RF-025", "RF-029", "RF-039", "RF-068")
def goods_confirmed(
    state: AwaitingReceipt, accepted: tuple[Share, ...], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Pays for confirmed goods. Fewer pieces than sent pay their part; a person decides on the rest."""
    found = {line.line_id: line.accepted_count for line in state.returned.inspected}
    return _counted(state.filed, state.returned, accepted, found, policy, now)


@rule("RF-023", "RF-024", "RF-026", "RF-029", "RF-039", "RF-068")
def receipt_missed(state: AwaitingReceipt, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts goods that were sent and found fit as confirmed, if the seller said nothing in time.

    What came back worn, washed, damaged, altered or incomplete is for a person, though it was counted. Where
    not one piece was fit, nothing is paid: as after a refusal the buyer may change the application.
    """
    filed = steps.unanswered(state.filed, state.returned)
    found = {line.line_id: line.accepted_count - line.unfit_count for line in state.returned.inspected}
    if filed.is_back_unfit:
        if not state.returned.return_ids:  # nothing was sent but what was here before
            found = dict.fromkeys(counts_of(filed.back), 0) | found
        filed = replace(filed, back=())
    decided = _counted(filed, state.returned, (), found, policy, now)
    if any(isinstance(fact, RefundDue) for fact in decided):
        return decided
    refused = AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "no_pieces_accepted")
    return [*decided, refused, steps.edit_awaited(policy, now, None)]


def _counted(
    filed: Filed,
    returned: ReturnedGoods,
    accepted: tuple[Share, ...],
    found: Mapping[str, int],
    policy: Policy,
    now: datetime,
) -> list[Fact]:
    """Pays for the pieces that the seller counted, else those registered; for no more than was found fit."""
    terms = filed.terms
    counts = counts_of(accepted) or counts_of(returned.sent)
    back = counts_of(filed.back)
    fit = {
        share.line_id: back.get(share.line_id, 0)
        + min(
            counts.get(share.line_id, 0) if counts else share.quantity_count,
            found.get(share.line_id, share.quantity_count),
        )
        for share in terms.shares
    }
    kept, missing = steps.divided(terms.shares, fit)
    if not missing:
        return [*steps.pay(filed, returned)]
    task = PiecesMissing(missing, now + policy.attention_days)
    if not kept:
        return [task]
    minor = total_of(kept) + terms.freight_minor
    part = replace(terms, shares=kept, amount=Money(minor, terms.amount.currency))
    return [task, *steps.pay(replace(filed, terms=part), returned)]


def as_sent(filed: Filed, returned: ReturnedGoods, own: tuple[Share, ...] | None) -> ReturnedGoods:
    """Keeps the return as it was registered before the application changed.

    Pieces that the application is not about any more are none of it: a line then counts as sent without one.
    """
    sent = returned.sent or filed.terms.shares
    inspected = returned.inspected
    if own is not None:
        counts = counts_of(own)
        sent = tuple(
            replace(share, quantity_count=min(share.quantity_count, counts.get(share.line_id, 0)))
            for share in sent
        )
        inspected = tuple(_narrowed(line, counts.get(line.line_id, 0)) for line in inspected)
    return replace(
        returned,
        sent=sent,
        inspected=inspected,
        liability=returned.liability or filed.liability,
        is_refuted=steps.is_refuted(returned),
    )


def _narrowed(line: InspectedLine, count: int) -> InspectedLine:
    accepted = min(line.accepted_count, count)
    return replace(
        line,
        received_count=min(line.received_count, count),
        accepted_count=accepted,
        unfit_count=min(line.unfit_count, accepted),
    )
