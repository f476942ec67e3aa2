"""The border, outwards: what the outcomes of refunds have in common."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aftersales_contracts import base as contract
from aftersales_contracts import parts, words
from aftersales_contracts.aftersales import common, refunds, refunds_words
from kernel.decider import CaseView
from kernel.money import Money
from services.refunds.values import Liability, Share, Tender, Wanted, derived_id


def money(money: Money) -> contract.Money:
    return contract.Money(minor=money.minor, currency=money.currency)


def shares(shares: Sequence[Share], currency: str | None = None) -> list[parts.Share]:
    """The contract's shares; amounts only where a currency is given."""
    return [
        parts.Share(
            line_id=share.line_id,
            quantity_count=share.quantity_count,
            amount=None if currency is None else contract.Money(minor=share.minor, currency=currency),
        )
        for share in shares
    ]


def tenders(tenders: Sequence[Tender], currency: str) -> list[parts.Tender]:
    return [
        parts.Tender(
            payment_id=tender.payment_id, amount=contract.Money(minor=tender.minor, currency=currency)
        )
        for tender in tenders
    ]


def wanted(wanted: Sequence[Wanted]) -> list[parts.Wanted]:
    return [parts.Wanted(line_id=one.line_id, sku_id=one.sku_id) for one in wanted]


def about(view: CaseView[Any], customer_id: str | None = None) -> dict[str, Any]:
    """What every outcome about the order of a case carries."""
    return {**view.common(), "order_id": view.subject, "customer_id": customer_id}


def task(
    view: CaseView[Any], task_id: str, question_code: str, due_at: datetime, kind_code: str = "reconciliation"
) -> common.TaskRequestedV1:
    return common.TaskRequestedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        task_id=task_id,
        kind_code=kind_code,
        question_code=question_code,
        due_at=due_at,
        escalate_to=words.Role.SUPERVISOR,
    )


def liability(view: CaseView[Any], customer_id: str, row: Liability) -> refunds.FreightLiabilityDecidedV1:
    return refunds.FreightLiabilityDecidedV1(
        **about(view, customer_id),
        return_id=view.case_id,
        return_leg=refunds_words.FreightBearer(row.return_leg.value),
        replacement_leg=(
            None if row.replacement_leg is None else refunds_words.FreightBearer(row.replacement_leg.value)
        ),
        is_original_freight_refunded=row.is_original_freight_refunded,
        cause=refunds_words.LiabilityCause(row.cause.value),
    )


def asked(fact: Any, view: CaseView[Any]) -> common.TaskRequestedV1:
    task_id = derived_id(view.case_id, f".task.{view.version}")
    return task(view, task_id, fact.question_code, fact.due_at, "attention")
