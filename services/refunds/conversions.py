"""Converts between contract classes and values of the rules, where several kinds of case need it."""

from collections.abc import Sequence
from typing import Any

from aftersales_contracts import components, enums
from aftersales_contracts.aftersales import refunds, refunds_enums
from aftersales_contracts.shop import aftersales
from chassis.engine.outcomes import about_order, money, money_in
from kernel.decider import CaseView
from kernel.money import Money
from services.refunds.liability import Liability
from services.refunds.shares import Carriage, RefundApplied, Share, evened


def shares_in(lines: Sequence[components.Share]) -> tuple[Share, ...]:
    """Counts pieces per line. A line that is named twice is counted together."""
    found: dict[str, Share] = {}
    for line in lines:
        minor = 0 if line.amount is None else line.amount.minor
        before = found.get(line.line_id, Share(line.line_id, 0, 0))
        count = before.quantity_count + line.quantity_count
        found[line.line_id] = Share(line.line_id, count, before.minor + minor)
    return tuple(found.values())


def carriage_in(carriage: enums.Carriage) -> Carriage:
    """Converts the carriage of a return. One that this version does not know counts as express."""
    return Carriage(carriage.value) if carriage.is_known else Carriage.EXPRESS


def application_in(data: aftersales.RefundTerms) -> RefundApplied:
    """Converts the terms of an application, whether it is new or amended."""
    lines = data.lines or None
    shares = None if lines is None else shares_in(lines)
    is_priced = lines is not None and all(line.amount is not None for line in lines)
    if shares is not None and is_priced:
        shares = evened(shares, data.amount.minor - (0 if data.freight is None else data.freight.minor))
    return RefundApplied(
        refund_id=data.refund_id,
        kind=data.kind.value,
        reason_code=data.reason_code,
        shares=shares,
        is_priced=is_priced,
        amount=money_in(data.amount),
        freight_minor=None if data.freight is None else data.freight.minor,
        version=data.terms_version,
        is_agreed_beforehand=data.is_agreed_beforehand,
    )


def number_of(made_id: str, mark: str) -> int:
    """Finds the n of an id that was made with `mark`; 0 for an id that is not ours."""
    number = made_id.rpartition(mark)[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0


def freight_decided(
    view: CaseView[Any], customer_id: str, row: Liability, owed: Money | None = None
) -> refunds.FreightLiabilityDecidedV1:
    """Announces who bears the freight of a return; `owed`: what the buyer laid out, once it is due to him."""
    replacement = row.replacement_leg
    return refunds.FreightLiabilityDecidedV1(
        **about_order(view, customer_id),
        return_id=view.case_id,
        return_leg=refunds_enums.FreightBearer(row.return_leg.value),
        replacement_leg=None if replacement is None else refunds_enums.FreightBearer(replacement.value),
        is_original_freight_refunded=row.is_original_freight_refunded,
        reimburse_amount=None if owed is None else money(owed),
        cause=refunds_enums.LiabilityCause(row.cause.value),
    )
