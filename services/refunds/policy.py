"""The numbers of the refund rules, read from policy.toml and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from kernel.policy import PolicyBook, read_book
from services.refunds.shares import Carriage, DeliveryKind, RefundKind

PATH = Path(__file__).with_name("policy.toml")


class TenderStrategy(StrEnum):
    """Which of several payments is refunded first."""

    PROPORTIONAL = "proportional"
    LAST_IN_FIRST_OUT = "last_in_first_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolicy:
    confirm_within: Mapping[DeliveryKind, timedelta]
    confirm_retry: tuple[timedelta, ...]
    tender_strategy: TenderStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementPolicy:
    answer_within: Mapping[RefundKind, timedelta]
    edit_within: timedelta
    send_within: timedelta
    receive_within: Mapping[Carriage, timedelta]
    remind_after: timedelta
    agree_at_once: frozenset[RefundKind]
    needs_agreement_beforehand: bool
    exchange_reasons: frozenset[str]
    in_transit_reasons: frozenset[str]
    evidence_kinds: tuple[str, ...]
    evidence_within: timedelta
    return_address_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightPolicy:
    quality_reasons: frozenset[str]
    seller_bears_no_reason_return: bool
    size_reasons: frozenset[str]
    buyer_bears_size_exchange: bool
    recommended_size_reasons: frozenset[str]
    buyer_bears_recommended_size: bool
    reimbursement_cap_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentPolicy:
    retry_after: timedelta
    stuck_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangePolicy:
    stock_within: timedelta
    offer_within: timedelta
    send_within: timedelta
    replace_within: timedelta
    exchanges_per_order_max: int
    window: timedelta
    fault_report_window: timedelta | None
    usual_delivery: timedelta
    is_quality_needed: bool
    excluded_reasons: frozenset[str]
    are_special_offers_excluded: bool
    unacceptable_conditions: frozenset[str]
    service_days: Mapping[str, int]
    carriages: tuple[Carriage, ...]
    receive_within: Mapping[Carriage, timedelta]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePolicy:
    reasons: frozenset[str]
    rate_bps: int
    cap_minor: int
    lapse_after: timedelta
    silent_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the numbers. Raises ValueError for numbers that make no sense."""

    currency: str
    grace_minutes: int
    attention_after: timedelta
    attention_count_max: int
    cases_per_order_max: int
    order: OrderPolicy
    agreement: AgreementPolicy
    freight: FreightPolicy
    intent: IntentPolicy
    exchange: ExchangePolicy
    late: LatePolicy

    def __post_init__(self) -> None:
        wrong = [
            name
            for name, holds in {
                "confirm_days": set(self.order.confirm_within) == set(DeliveryKind),
                "confirm_retry_hours": len(self.order.confirm_retry) > 0,
                "answer_days": set(self.agreement.answer_within) == set(RefundKind),
                "receive_days": set(self.agreement.receive_within) == set(Carriage)
                and set(self.exchange.receive_within) == set(Carriage),
                "remind_days": self.agreement.remind_after
                < min(self.agreement.edit_within, self.agreement.send_within),
                "retry_minutes": timedelta(0) < self.intent.retry_after < self.intent.stuck_after,
                "rate_bps": 0 <= self.late.rate_bps <= 10_000,
                "cap_minor": self.late.cap_minor >= 0 and self.freight.reimbursement_cap_minor >= 0,
                "currency": len(self.currency) == 3 and self.currency.isupper(),
                "attention_days": self.attention_after > timedelta(0),
            }.items()
            if not holds
        ]
        if wrong:
            raise ValueError(f"numbers that make no sense: {', '.join(wrong)}")


def make(table: Mapping[str, Any]) -> Policy:
    """One version's table as the frozen policy."""
    return Policy(
        currency=table["currency"],
        grace_minutes=table["deadline_grace_minutes"],
        attention_after=timedelta(days=table["attention_days"]),
        attention_count_max=table["attention_count_max"],
        cases_per_order_max=table["cases_per_order_max"],
        order=OrderPolicy(
            confirm_within={
                DeliveryKind(kind): timedelta(days=days)
                for kind, days in table["order"]["confirm_days"].items()
            },
            confirm_retry=tuple(timedelta(hours=hours) for hours in table["order"]["confirm_retry_hours"]),
            tender_strategy=TenderStrategy(table["order"]["tender_strategy"]),
        ),
        agreement=_agreement(table["agreement"]),
        freight=_freight(table["freight"]),
        intent=IntentPolicy(
            retry_after=timedelta(minutes=table["intent"]["retry_minutes"]),
            stuck_after=timedelta(hours=table["intent"]["stuck_hours"]),
        ),
        exchange=_exchange(table["exchange"]),
        late=LatePolicy(
            reasons=frozenset(table["late"]["reasons"]),
            rate_bps=table["late"]["rate_bps"],
            cap_minor=table["late"]["cap_minor"],
            lapse_after=timedelta(days=table["late"]["lapse_days"]),
            silent_after=timedelta(days=table["late"]["silent_days"]),
        ),
    )


def _agreement(table: Mapping[str, Any]) -> AgreementPolicy:
    return AgreementPolicy(
        answer_within={RefundKind(kind): timedelta(days=days) for kind, days in table["answer_days"].items()},
        edit_within=timedelta(days=table["edit_days"]),
        send_within=timedelta(days=table["send_days"]),
        receive_within={
            Carriage(carriage): timedelta(days=days) for carriage, days in table["receive_days"].items()
        },
        remind_after=timedelta(days=table["remind_days"]),
        agree_at_once=frozenset(RefundKind(kind) for kind in table["agree_at_once"]),
        needs_agreement_beforehand=table["needs_agreement_beforehand"],
        exchange_reasons=frozenset(table["exchange_reasons"]),
        in_transit_reasons=frozenset(table["in_transit_reasons"]),
        evidence_kinds=tuple(table["evidence_kinds"]),
        evidence_within=timedelta(days=table["evidence_days"]),
        return_address_ref=table["return_address_ref"],
    )


def _freight(table: Mapping[str, Any]) -> FreightPolicy:
    return FreightPolicy(
        quality_reasons=frozenset(table["quality_reasons"]),
        seller_bears_no_reason_return=table["seller_bears_no_reason_return"],
        size_reasons=frozenset(table["size_reasons"]),
        buyer_bears_size_exchange=table["buyer_bears_size_exchange"],
        recommended_size_reasons=frozenset(table["recommended_size_reasons"]),
        buyer_bears_recommended_size=table["buyer_bears_recommended_size"],
        reimbursement_cap_minor=table["reimbursement_cap_minor"],
    )


def _exchange(table: Mapping[str, Any]) -> ExchangePolicy:
    send_hours = table["send_hours"]
    report_hours = table["fault_report_hours"]
    return ExchangePolicy(
        stock_within=timedelta(hours=table["stock_hours"]),
        offer_within=timedelta(days=table["offer_days"]),
        send_within=timedelta(hours=send_hours) if send_hours else timedelta(days=table["send_days"]),
        replace_within=timedelta(days=table["replace_days"]),
        exchanges_per_order_max=table["exchanges_per_order_max"],
        window=timedelta(days=table["window_days"]),
        fault_report_window=timedelta(hours=report_hours) if report_hours else None,
        usual_delivery=timedelta(days=table["usual_delivery_days"]),
        is_quality_needed=table["is_quality_needed"],
        excluded_reasons=frozenset(table["excluded_reasons"]),
        are_special_offers_excluded=table["are_special_offers_excluded"],
        unacceptable_conditions=frozenset(table["unacceptable_conditions"]),
        service_days=dict(table["service_days"]),
        carriages=tuple(Carriage(carriage) for carriage in table["carriages"]),
        receive_within={
            Carriage(carriage): timedelta(days=days) for carriage, days in table["receive_days"].items()
        },
    )


def load(source: str | Path = PATH) -> PolicyBook[Policy]:
    """The book of refund policies. Raises kernel.policy.PolicyError."""
    return read_book(source, make)
