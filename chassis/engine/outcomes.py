"""Converts values of the rules to and from contract classes: money, pieces, tasks, notices, answers."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from aftersales_contracts import base, components
from aftersales_contracts.aftersales import common
from aftersales_contracts.enums import Channel, Role
from chassis.service import Read
from kernel.decider import Addressed, CaseView
from kernel.ids import derived_id
from kernel.money import Money
from kernel.people import Notice, Task, TaskWithdrawn


class Pieces(Protocol):
    """Some pieces of one order line."""

    @property
    def line_id(self) -> str: ...
    @property
    def quantity_count(self) -> int: ...


class PricedPieces(Pieces, Protocol):
    """Pieces and their money, in minor units."""

    @property
    def minor(self) -> int: ...


class Waybill(Protocol):
    """A carrier and its number of a parcel."""

    @property
    def carrier_code(self) -> str: ...
    @property
    def tracking_code(self) -> str: ...


def money(amount: Money) -> base.Money:
    """Converts an amount to the contract's class."""
    return base.Money(minor=amount.minor, currency=amount.currency)


def money_in(amount: base.Money) -> Money:
    """Converts an amount of the contracts to the rules' class."""
    return Money(amount.minor, amount.currency)


def pieces(shares: Iterable[Pieces]) -> list[components.Share]:
    """Converts pieces, without amounts."""
    return [components.Share(line_id=share.line_id, quantity_count=share.quantity_count) for share in shares]


def priced_pieces(shares: Iterable[PricedPieces], currency: str) -> list[components.Share]:
    """Converts pieces with the money that they stand for."""
    return [
        components.Share(
            line_id=share.line_id,
            quantity_count=share.quantity_count,
            amount=base.Money(minor=share.minor, currency=currency),
        )
        for share in shares
    ]


def tracking(waybill: Waybill) -> components.Tracking:
    """Converts a waybill."""
    return components.Tracking(carrier_code=waybill.carrier_code, tracking_code=waybill.tracking_code)


def about_order(view: CaseView[Any], customer_id: str | None = None) -> dict[str, Any]:
    """Builds the fields of an outcome about the order that is the case's subject."""
    return {**view.common(), "order_id": view.subject, "customer_id": customer_id}


def named_id(view: CaseView[Any], whole_id: str, name: str, word: str) -> str:
    """Finds the id of a task or notice; see `kernel.people.Task`. `word` counts those without a name."""
    if whole_id:
        return whole_id
    return derived_id(view.case_id, name) if name else derived_id(view.case_id, word, str(view.version))


def task(fact: Task, view: CaseView[Any], **about: Any) -> common.TaskRequestedV1:
    """Announces a task. `about`: order_id, customer_id and the like, as the contract names them."""
    return common.TaskRequestedV1(
        **view.common(),
        **about,
        about_subject=view.subject,
        task_id=named_id(view, fact.task_id, fact.name, "task"),
        kind_code=fact.kind_code,
        question_code=fact.question_code,
        due_at=fact.due_at,
        escalate_to=Role.SUPERVISOR,
    )


def order_task(fact: Task, view: CaseView[Any]) -> common.TaskRequestedV1:
    """Announces a task about the order that is the case's subject."""
    return task(fact, view, order_id=view.subject)


def order_task_withdrawn(fact: TaskWithdrawn, view: CaseView[Any]) -> common.TaskWithdrawnV1:
    """Announces that a task about the order is void."""
    return common.TaskWithdrawnV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        task_id=named_id(view, fact.task_id, fact.name, "task"),
        reason_code=fact.reason_code,
    )


def order_notice(fact: Notice, view: CaseView[Any], customer_id: str | None) -> common.NoticeRequestedV1:
    """Announces a notice about the order that is the case's subject."""
    return common.NoticeRequestedV1(
        **about_order(view, customer_id),
        notice_id=named_id(view, fact.notice_id, fact.name, "notice"),
        to=common.NoticeTo(fact.to),
        template_code=fact.template_code,
        values=dict(fact.values),
        purpose=common.NoticePurpose(fact.purpose),
        channels=[Channel(channel) for channel in fact.channels],
        expires_at=fact.expires_at,
    )


def mine(kind: str, read: Callable[[Any], Sequence[Addressed]]) -> Read:
    """Reads an answer only if it is for a case of this kind (task completed, offer answered, evidence)."""

    def read_if_mine(data: Any) -> Sequence[Addressed]:
        return read(data) if data.case_kind == kind else []

    return read_if_mine
