"""Defines the states of a refund agreement (RF-010), how facts change them, and their deadlines."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from kernel.decider import Deadline, expect
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value, replace
from services.refunds.cases.refund_agreement.facts import (
    AgreementClosed,
    AmendmentForwarded,
    AnswerAwaited,
    AnswerContested,
    AnswerDecided,
    ApplicationTurnedAway,
    BuyerReminded,
    DeadlineExtended,
    DeliveryNoted,
    DeliveryQuestioned,
    EditAwaited,
    Ending,
    EvidenceAsked,
    EvidenceNoted,
    ExtensionRefused,
    Fact,
    Filed,
    FreightDecided,
    FreightDue,
    GoodsNoted,
    InspectionNoted,
    NegotiationAsked,
    NegotiationOver,
    PiecesMissing,
    PiecesReceived,
    PromiseNoted,
    ReceiptAwaited,
    ReceiptTermsAmended,
    RefundDue,
    RefusalUnbacked,
    RefusalWithdrawn,
    RestUndecided,
    ReturnAwaited,
    ReturnedGoods,
    ReturnForgotten,
)
from services.refunds.goods import counts_of, together
from services.refunds.shares import InspectedLine

# Each state holds only what is true while the case is in it.


class Absent(Value):
    pass


class TurnedAway(Value):
    """The application was not admitted; it may be filed again under the same id.

    `is_early`: it was before the payment as far as is known, and what is said to it waits.
    """

    is_early: bool = False


class AwaitingAnswer(Value):
    filed: Filed
    answer_by: datetime
    is_promised_away: bool
    has_task: bool
    is_questioned: bool = False
    """A person is asked whether the buyer has the goods."""


class Refused(Value):
    """`returned` is there when the goods were refused, not the application (RF-026)."""

    filed: Filed
    edit_by: datetime
    remind_at: datetime | None
    evidence_by: datetime | None
    returned: ReturnedGoods | None


class AwaitingReturn(Value):
    filed: Filed
    send_by: datetime
    remind_at: datetime | None
    is_contested: bool


class AwaitingReceipt(Value):
    filed: Filed
    receive_by: datetime
    returned: ReturnedGoods


class Granted(Value):
    """The money is asked for."""


class Closed(Value):
    ending: Ending


Open = AwaitingAnswer | Refused | AwaitingReturn | AwaitingReceipt
State = Absent | TurnedAway | Open | Granted | Closed
Ended = TurnedAway | Granted | Closed


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact to the agreement."""
    match fact:
        case AnswerAwaited():
            return AwaitingAnswer(fact.filed, fact.answer_by, is_promised_away=False, has_task=False)
        case ReceiptAwaited():
            return AwaitingReceipt(fact.filed, fact.receive_by, fact.returned)
        case RefundDue():
            return Granted()
        case AgreementClosed():
            return Closed(fact.ending)
        case ApplicationTurnedAway(is_early=is_early):
            return TurnedAway(is_early)
        case RefusalWithdrawn():
            filed = expect(state, Refused).filed
            return AwaitingAnswer(filed, fact.answer_by, is_promised_away=False, has_task=False)
        case NegotiationAsked():
            return replace(expect(state, AwaitingAnswer), has_task=True)
        case NegotiationOver():
            return replace(expect(state, AwaitingAnswer), has_task=False)
        case DeliveryNoted():
            return _delivery_noted(state, fact)
        case DeliveryQuestioned():
            asked = expect(state, AwaitingAnswer)
            return replace(asked, answer_by=fact.task.due_at, is_questioned=True)
        case PromiseNoted():
            return replace(expect(state, AwaitingAnswer), is_promised_away=True)
        case ReturnAwaited():
            return AwaitingReturn(filed_of(state), fact.send_by, fact.remind_at, is_contested=False)
        case AnswerContested():
            return replace(expect(state, AwaitingReturn), is_contested=True)
        case EditAwaited():
            returned = returned_of(state)
            return Refused(filed_of(state), fact.edit_by, fact.remind_at, fact.evidence_by, returned)
        case RefusalUnbacked():
            return replace(expect(state, Refused), evidence_by=None)
        case EvidenceNoted():
            return _evidence_noted(state, fact)
        case BuyerReminded():
            is_prompt = fact.template_code != "refuse_parcel" and isinstance(state, AwaitingReturn | Refused)
            return replace(state, remind_at=None) if is_prompt else state
        case ReturnForgotten():
            return _forgotten(state, fact)
        case InspectionNoted():
            return _inspection_noted(state, fact)
        case GoodsNoted():
            filed = filed_of(state)
            back, is_unfit = together(filed.back, fact.pieces), filed.is_back_unfit or fact.are_unfit
            return _filed(state, replace(filed, back=back, is_back_unfit=is_unfit))
        case FreightDecided():
            if fact.liability is None:
                return state
            return _filed(state, replace(filed_of(state), liability=fact.liability))
        case DeadlineExtended():
            return _extended(state, fact)
        case ExtensionRefused():
            return state
        case AnswerDecided() | FreightDue() | EvidenceAsked() | AmendmentForwarded():
            return state
        case PiecesReceived():
            return replace(expect(state, Refused), filed=fact.filed)
        case ReceiptTermsAmended() | Task() | TaskWithdrawn() | PiecesMissing() | RestUndecided():
            return state
        case _:
            assert_never(fact)


def filed_of(state: State) -> Filed:
    """Finds what was filed. Raises TypeError where the case is not open."""
    if isinstance(state, Absent | TurnedAway | Granted | Closed):
        raise TypeError(f"nothing is filed in {type(state).__name__}")
    return state.filed


def returned_of(state: State) -> ReturnedGoods | None:
    """Finds the goods that the buyer sent for the refund, also where they left before it was amended."""
    if isinstance(state, Absent | TurnedAway | Granted | Closed):
        return None
    own = state.returned if isinstance(state, AwaitingReceipt | Refused) else None
    return own or state.filed.returned


def _extended(state: State, fact: DeadlineExtended) -> State:
    """Moves the deadline of the stage; each is extended once."""
    filed = filed_of(state)
    filed = replace(filed, extended=(*filed.extended, fact.deadline_name))
    match state:
        case AwaitingAnswer():
            return replace(state, filed=filed, answer_by=fact.until_at)
        case Refused():
            return replace(state, filed=filed, edit_by=fact.until_at)
        case AwaitingReturn():
            return replace(state, filed=filed, send_by=fact.until_at)
        case AwaitingReceipt():
            return replace(state, filed=filed, receive_by=fact.until_at)
        case Absent() | TurnedAway() | Granted() | Closed():
            return state
        case _:
            assert_never(state)


def _filed(state: State, filed: Filed) -> State:
    if isinstance(state, Absent | TurnedAway | Granted | Closed):
        raise TypeError(f"nothing is filed in {type(state).__name__}")
    return replace(state, filed=filed)


def _delivery_noted(state: State, fact: DeliveryNoted) -> State:
    if isinstance(state, Absent | TurnedAway | Granted | Closed):
        raise TypeError(f"no delivery is noted in {type(state).__name__}")
    return replace(state, filed=replace(state.filed, is_delivered=fact.is_there))


def _forgotten(state: State, fact: ReturnForgotten) -> State:
    if isinstance(state, Refused) and state.returned is not None:
        return replace(state, returned=fact.returned)
    return _filed(state, replace(filed_of(state), returned=fact.returned))


def _evidence_noted(state: State, fact: EvidenceNoted) -> State:
    if isinstance(state, Absent | TurnedAway | Granted | Closed):
        raise TypeError(f"no evidence is noted in {type(state).__name__}")
    filed = replace(state.filed, evidence_kinds=(*state.filed.evidence_kinds, fact.kind))
    if isinstance(state, Refused) and fact.is_enough:
        return replace(state, filed=filed, evidence_by=None)
    return replace(state, filed=filed)


def _inspection_noted(state: State, fact: InspectionNoted) -> State:
    """Adds what was found in one more parcel, or once more."""
    if isinstance(state, Absent | TurnedAway | Granted | Closed):
        raise TypeError(f"nothing is checked in {type(state).__name__}")
    if isinstance(state, AwaitingReceipt | Refused) and state.returned is not None:
        return replace(state, returned=_with_findings(state.returned, fact.lines))
    if state.filed.returned is None:
        return state
    return replace(
        state, filed=replace(state.filed, returned=_with_findings(state.filed.returned, fact.lines))
    )


def _with_findings(returned: ReturnedGoods, lines: tuple[InspectedLine, ...]) -> ReturnedGoods:
    found: dict[str, InspectedLine] = {line.line_id: line for line in returned.inspected}
    sent = counts_of(returned.sent)
    for line in lines:
        before = found.get(line.line_id)
        if before is None:
            found[line.line_id] = line
            continue
        most = sent.get(line.line_id)
        is_again = most is not None and before.received_count + line.received_count > most
        more = replace(before, received_count=0, accepted_count=0, unfit_count=0) if is_again else before
        found[line.line_id] = replace(
            line,
            received_count=line.received_count + more.received_count,
            accepted_count=line.accepted_count + more.accepted_count,
            unfit_count=line.unfit_count + more.unfit_count,
            is_fault_confirmed=_either(before.is_fault_confirmed, line.is_fault_confirmed),
        )
    return replace(returned, inspected=tuple(found.values()))


def _either(before: bool | None, now: bool | None) -> bool | None:
    """Joins two findings about a fault: one that is confirmed stays so."""
    return before if before or now is None else now


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the deadlines. Every open state has one that ends it; prompts come before."""
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


def _grace(state: Open) -> timedelta:
    """Leaves time for answers that were written in time and published late."""
    return timedelta(minutes=state.filed.grace_minutes)
