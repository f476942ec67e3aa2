"""What each fact makes of a refund agreement, and which deadlines run in it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, assert_never

from kernel.decider import Deadline
from kernel.value import replace
from services.refunds import agreement_words as w
from services.refunds.agreement_words import (
    Absent,
    AwaitingAnswer,
    AwaitingReceipt,
    AwaitingReturn,
    Closed,
    Fact,
    Granted,
    Refused,
    State,
    TurnedAway,
)
from services.refunds.values import InspectedLine


def evolve(state: State, fact: Fact) -> State:
    change = _EVOLVE.get(type(fact))
    return state if change is None else change(state, fact)


def _answer_awaited(_state: State, fact: w.AnswerAwaited) -> State:
    return AwaitingAnswer(fact.filed, fact.answer_by, is_promised_away=False, has_task=False)


def _refusal_withdrawn(state: Refused, fact: w.RefusalWithdrawn) -> State:
    return AwaitingAnswer(state.filed, fact.answer_by, is_promised_away=False, has_task=False)


def _return_awaited(state: AwaitingAnswer, fact: w.ReturnAwaited) -> State:
    return AwaitingReturn(state.filed, fact.send_by, fact.remind_at, is_contested=False)


def _edit_awaited(state: AwaitingAnswer | AwaitingReceipt, fact: w.EditAwaited) -> State:
    returned = state.returned if isinstance(state, AwaitingReceipt) else None
    return Refused(state.filed, fact.edit_by, fact.remind_at, fact.evidence_by, returned)


def _evidence_noted(state: w.Open, fact: w.EvidenceNoted) -> State:
    filed = replace(state.filed, evidence_kinds=(*state.filed.evidence_kinds, fact.kind))
    if isinstance(state, Refused) and fact.is_enough:
        return replace(state, filed=filed, evidence_by=None)
    return replace(state, filed=filed)


def _inspection_noted(state: AwaitingReceipt | Refused, fact: w.InspectionNoted) -> State:
    if state.returned is None:
        return state
    found: dict[str, InspectedLine] = {line.line_id: line for line in state.returned.inspected}
    for line in fact.lines:
        before = found.get(line.line_id)
        found[line.line_id] = (
            line
            if before is None
            else replace(
                line,
                received_count=line.received_count + before.received_count,
                accepted_count=line.accepted_count + before.accepted_count,
            )
        )
    return replace(state, returned=replace(state.returned, inspected=tuple(found.values())))


_EVOLVE: Mapping[type, Callable[[Any, Any], State]] = {
    w.AnswerAwaited: _answer_awaited,
    w.RefusalWithdrawn: _refusal_withdrawn,
    w.NegotiationAsked: lambda state, _fact: replace(state, has_task=True),
    w.NegotiationOver: lambda state, _fact: replace(state, has_task=False),
    w.ReturnAwaited: _return_awaited,
    w.EditAwaited: _edit_awaited,
    w.EvidenceNoted: _evidence_noted,
    w.RefusalUnbacked: lambda state, _fact: replace(state, evidence_by=None),
    w.BuyerReminded: lambda state, fact: (
        replace(state, remind_at=None) if fact.template_code != "refuse_parcel" else state
    ),
    w.ReceiptAwaited: lambda _state, fact: AwaitingReceipt(fact.filed, fact.receive_by, fact.returned),
    w.InspectionNoted: _inspection_noted,
    w.AnswerContested: lambda state, _fact: replace(state, is_contested=True),
    w.PromiseNoted: lambda state, _fact: replace(state, is_promised_away=True),
    w.RefundDue: lambda _state, _fact: Granted(),
    w.AgreementClosed: lambda _state, fact: Closed(fact.ending),
    w.ApplicationTurnedAway: lambda _state, _fact: TurnedAway(),
}
"""Facts that are not here change nothing: they answer, ask or tell."""


def deadlines(state: State) -> Sequence[Deadline]:
    """Every open state has one that ends it: no case can wait for ever. Prompts come before."""
    match state:
        case AwaitingAnswer():
            return (Deadline("answer", state.answer_by, _grace(state)),)
        case AwaitingReceipt():
            return (Deadline("receive", state.receive_by, _grace(state)),)
        case AwaitingReturn():
            send = Deadline("send", state.send_by, _grace(state))
            return (send,) if state.remind_at is None else (send, Deadline("remind", state.remind_at))
        case Refused():
            pending = [Deadline("edit", state.edit_by, _grace(state))]
            if state.remind_at is not None:
                pending.append(Deadline("remind", state.remind_at))
            if state.evidence_by is not None:
                pending.append(Deadline("evidence", state.evidence_by))
            return tuple(pending)
        case Absent() | TurnedAway() | Granted() | Closed():
            return ()
        case _:
            assert_never(state)


def _grace(state: w.Open) -> timedelta:
    """Answers written in time and published late still count."""
    return timedelta(minutes=state.filed.grace_minutes)
