"""Decides who bears the freight of a return or an exchange: the matrix B1 and the shops' overrides."""

import csv
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import product
from pathlib import Path

from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.policy import FreightPolicy
from services.refunds.shares import InspectedLine, RefundKind

PATH = Path(__file__).with_name("freight_liability.csv")


class ReturnCause(StrEnum):
    """The fault behind a return, as the freight matrix sees it."""

    QUALITY = "quality"
    NOT_QUALITY = "not_quality"


class Bearer(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"


class Liability(Value):
    """A row of the matrix (B1) after the shop's overrides: who bears which leg of a return or exchange.

    Leg 1 goes back to the shop, leg 2 is the replacement; `rule_id` names the row.
    """

    cause: ReturnCause
    return_leg: Bearer
    replacement_leg: Bearer | None
    is_original_freight_refunded: bool
    rule_id: str


class FreightTerms(StrEnum):
    """The side that paid for the first delivery."""

    FREE = "free"
    BUYER_PAYS = "buyer_pays"


class Request(StrEnum):
    RETURN = "return"
    EXCHANGE = "exchange"


Matrix = Mapping[tuple[FreightTerms, ReturnCause, Request], Liability]


def load(source: str | None = None) -> Matrix:
    """Reads the matrix from its CSV text. Raises ValueError unless each combination is there once."""
    text = PATH.read_text(encoding="utf-8") if source is None else source
    matrix: dict[tuple[FreightTerms, ReturnCause, Request], Liability] = {}
    for row in csv.DictReader(text.splitlines()):
        place = (FreightTerms(row["freight_terms"]), ReturnCause(row["cause"]), Request(row["request"]))
        if place in matrix:
            raise ValueError(f"{'/'.join(place)} is there twice")
        is_exchange = place[2] is Request.EXCHANGE
        if is_exchange != bool(row["replacement_leg"]):
            raise ValueError(f"{'/'.join(place)}: exactly an exchange has a replacement leg")
        matrix[place] = Liability(
            cause=place[1],
            return_leg=Bearer(row["return_leg"]),
            replacement_leg=Bearer(row["replacement_leg"]) if is_exchange else None,
            is_original_freight_refunded={"true": True, "false": False}[row["is_original_freight_refunded"]],
            rule_id=row["rule_id"],
        )
    missing = set(product(FreightTerms, ReturnCause, Request)) - set(matrix)
    if missing:
        raise ValueError(f"missing: {', '.join(sorted('/'.join(place) for place in missing))}")
    return matrix


MATRIX = load()


@rules_of("LG-002", "RF-072")
def cause_of(reason_code: str, kind: RefundKind | None, policy: FreightPolicy) -> ReturnCause:
    """Sorts a reason into quality or not; the shop's own errors (a wrong or short delivery) count as quality.

    For quality the seller pays, the one passage that says otherwise being a slip of the pen (E-A2).
    """
    if kind is RefundKind.NO_REASON or reason_code not in policy.quality_reasons:
        return ReturnCause.NOT_QUALITY
    return ReturnCause.QUALITY


@rules_of(
    "RF-060", "RF-061", "RF-062", "RF-063", "RF-064", "RF-065", "RF-066", "RF-067", "RF-070", "RF-071",
    "RF-074", "RF-075",
)  # fmt: skip
def liability_of(
    reason_code: str, kind: RefundKind | None, *, is_freight_free: bool, policy: FreightPolicy
) -> Liability:
    """Finds the row that holds, after the shop's overrides. `kind` is None for an exchange.

    On free-shipping goods the outbound leg stays the seller's whatever the cause (RF-070): what was
    paid comes back whole, nothing is kept for that leg.
    """
    terms = FreightTerms.FREE if is_freight_free else FreightTerms.BUYER_PAYS
    request = Request.EXCHANGE if kind is None else Request.RETURN
    row = MATRIX[terms, cause_of(reason_code, kind, policy), request]
    if (
        row.cause is ReturnCause.NOT_QUALITY
        and is_freight_free
        and kind is RefundKind.NO_REASON
        and policy.seller_bears_no_reason_return
    ):
        return replace(row, return_leg=Bearer.SELLER, rule_id="RF-071")
    if kind is None and policy.buyer_bears_size_exchange and reason_code in policy.size_reasons:
        return replace(row, return_leg=Bearer.BUYER, replacement_leg=Bearer.BUYER, rule_id="RF-074")
    if policy.buyer_bears_recommended_size and reason_code in policy.recommended_size_reasons:
        replacement = None if kind is not None else Bearer.BUYER
        return replace(row, return_leg=Bearer.BUYER, replacement_leg=replacement, rule_id="RF-075")
    return row


@rules_of("RF-116")
def is_fault_known(found: Iterable[InspectedLine]) -> bool:
    """Tells whether any check said a word on the fault that the buyer named."""
    return any(line.is_fault_confirmed is not None for line in found if line.received_count)


@rules_of("RF-116")
def is_fault_refuted(found: Iterable[InspectedLine]) -> bool:
    """Tells whether the check did not find the fault that the buyer named, in any of the goods."""
    words = {line.is_fault_confirmed for line in found if line.received_count}
    return False in words and True not in words


@rules_of("RF-116")
def without_fault(row: Liability) -> Liability:
    """Finds the row that holds once inspection did not find the fault that the buyer named."""
    for (terms, cause, request), known in MATRIX.items():
        if known.rule_id == row.rule_id and cause is ReturnCause.QUALITY:
            return MATRIX[terms, ReturnCause.NOT_QUALITY, request]
    return row
