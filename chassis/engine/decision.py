"""Makes one decision of one case: its facts as rows, the state after them, the messages for other cases.

Nothing is kept here: a rule that fails half way leaves no trace.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chassis.engine.due import first_moment
from chassis.engine.failures import DeadlineIgnored, MessageUnreadable
from chassis.engine.pictures import Shown, picture_changed, shown
from chassis.engine.records import FactRecord
from chassis.engine.registry import Registry
from chassis.engine.subject import UNREAD, Case, Delivery, Unreadable
from chassis.service import Kind
from kernel.decider import Addressed, CaseView, Deadline, DeadlinePassed, Decided, Told


class Decision(NamedTuple):
    """Everything that a decision changes."""

    records: list[FactRecord]
    state: Any
    version: int
    shop_id: str
    policy: str
    wake_at: datetime | None
    shown: Shown | None
    onward: list[Addressed]


def decision(registry: Registry, case: Case, delivery: Delivery) -> Decision | None:
    """Decides on a message; None where it decides nothing."""
    kind = registry.kinds[case.kind]
    message = delivery.addressed.message
    if isinstance(message, Unreadable):
        raise MessageUnreadable(message.name)
    shop_id = case.shop_id or delivery.shop_id
    if case.policy:
        version_name, policy = case.policy, registry.service.policies.get(case.policy)
    else:
        version_name, policy = registry.service.policies.choose(shop_id, case.opened_at or delivery.at)
    decided = kind.handle(case.state, message, policy, delivery.at)
    if not decided:
        if type(message) is DeadlinePassed and kind.is_pending(case.state, message):
            raise DeadlineIgnored(message.name)
        return None
    state, version, onward = case.state, case.version, list[Addressed]()
    records: list[FactRecord] = []
    for entry in decided:
        fact = entry.fact
        state = kind.evolve(state, fact) if entry.after is None else entry.after
        version += 1
        view = CaseView(
            case.subject, case.kind, case.case_id, version, shop_id, version_name,
            entry.rules, delivery.at, state,
        )  # fmt: skip
        records.append(registry.record(kind, fact, view, delivery.cause))
        if type(fact) is Told:
            onward.extend(told.within(case.subject) for told in fact.messages)
        elif (react := kind.tells.get(type(fact))) is not None:
            onward.extend(told.within(case.subject) for told in react(fact, view))
    deadlines = kind.deadlines(state)
    if type(message) is DeadlinePassed and kind.is_pending(state, message):
        raise DeadlineIgnored(message.name)
    after = None
    if kind.pictures:
        before, after = _seen(kind, case, state, deadlines)
        if after is not None and after != before:
            version += 1
            view = CaseView(
                case.subject, case.kind, case.case_id, version, shop_id, version_name,
                _rules(decided), delivery.at, state,
            )  # fmt: skip
            records.append(picture_changed(kind, before, after, view, delivery.cause))
    return Decision(records, state, version, shop_id, version_name, first_moment(deadlines), after, onward)


def _seen(
    kind: Kind[Any, Any, Any, Any], case: Case, state: Any, deadlines: Sequence[Deadline]
) -> tuple[Shown | None, Shown | None]:
    """Tells what people saw of the case before, and what they see now."""
    before = shown(kind, case.state) if case.shown is UNREAD else case.shown
    return before, before if state is case.state else shown(kind, state, deadlines)


def _rules(decided: Sequence[Decided[Any]]) -> tuple[str, ...]:
    """Lists the rules of a decision, each once."""
    if len(decided) == 1:
        return decided[0].rules
    return tuple(dict.fromkeys(rule for entry in decided for rule in entry.rules))
