"""Defines the numbers of the refund rules, read from policy.toml and checked."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from kernel.policy import Days, Hours, Minutes, Numbers, PolicyBook, read_book, reader
from services.refunds.shares import Carriage, DeliveryKind, RefundKind

PATH = Path(__file__).with_name("policy.toml")


class TenderStrategy(StrEnum):
    """The order in which several payments are refunded."""

    PROPORTIONAL = "proportional"
    LAST_IN_FIRST_OUT = "last_in_first_out"


class OrderPolicy(Numbers):
    confirm_days: Mapping[DeliveryKind, Days]
    """OR-025, OR-026, OR-027, OR-028: from the ship mark."""
    confirm_retry_hours: tuple[Hours, ...]
    """The pauses before the request is repeated; after the last one a person is asked."""
    tender_strategy: TenderStrategy
    """RF-048."""
    split_tolerance_minor: int
    """RF-048: a line whose cents the shop split otherwise may give back so many minor units more."""


class AgreementPolicy(Numbers):
    answer_days: Mapping[RefundKind, Days]
    """RF-002, RF-012, RF-014, RF-016."""
    edit_days: Days
    """RF-018."""
    extend_days_max: Days
    """Ours: the most that one side may add to a deadline of the other."""
    send_days: Days
    """RF-020."""
    send_hours: Hours
    """RF-104: more than 0 takes the place of `send_days`, and counts from the receipt."""
    carriages: tuple[Carriage, ...]
    """RF-104."""
    receive_days: Mapping[Carriage, Days]
    """RF-023, RF-024."""
    remind_days: Days
    """RF-019, RF-021."""
    agree_at_once: frozenset[RefundKind]
    """RF-014, RF-016."""
    needs_agreement_beforehand: bool
    """RF-032."""
    exchange_reasons: frozenset[str]
    """RF-030."""
    in_transit_reasons: frozenset[str]
    just_collected_hours: Hours
    """RF-034: after the pick-up."""
    """RF-034."""
    evidence_kinds: tuple[str, ...]
    """RF-031."""
    evidence_days: Days
    return_address_ref: str


class FreightPolicy(Numbers):
    quality_reasons: frozenset[str]
    """LG-002."""
    seller_bears_no_reason_return: bool
    """RF-071."""
    size_reasons: frozenset[str]
    buyer_bears_size_exchange: bool
    """RF-074."""
    recommended_size_reasons: frozenset[str]
    buyer_bears_recommended_size: bool
    """RF-075."""
    reimbursement_cap_minor: int
    """RF-068: for one return, in the pack's currency."""


class IntentPolicy(Numbers):
    retry_minutes: Minutes
    stuck_hours: Hours


class ExchangePolicy(Numbers):
    stock_hours: Hours
    offer_days: Days
    send_days: Days
    send_hours: Hours
    """RF-104: more than 0 takes the place of `send_days`, and counts from the receipt."""
    receive_days: Mapping[Carriage, Days]
    """RF-120."""
    carriages: tuple[Carriage, ...]
    """RF-104."""
    replace_days: Days
    """RF-118."""
    exchanges_per_order_max: int
    """RF-106."""
    window_days: Days
    """RF-094; a longer service of the line wins (RF-095)."""
    no_reason_days: Days
    """RF-095, RF-097: the shop's own promise for lines without the platform's service; 0: none."""
    fault_report_hours: Hours
    """RF-098, RF-099: 0 leaves only the window above."""
    usual_delivery_days: Days
    is_quality_needed: bool
    """RF-096."""
    is_size_exchange_allowed: bool
    """RF-105: another size, where otherwise a fault is needed."""
    excluded_reasons: frozenset[str]
    """RF-107, RF-108, RF-111, RF-115."""
    are_special_offers_excluded: bool
    """RF-110."""
    unacceptable_conditions: frozenset[str]
    """RF-100, RF-101, RF-102."""
    service_days: Mapping[str, int]
    """RF-094, RF-095, RF-117."""

    @property
    def send_within(self) -> timedelta:
        """The time that the buyer has to send his goods."""
        return self.send_hours or self.send_days

    @property
    def fault_report_window(self) -> timedelta | None:
        """The time to report a fault, where the shop limits it."""
        return self.fault_report_hours or None


class LatePolicy(Numbers):
    reasons: frozenset[str]
    """LG-060."""
    rate_bps: int
    """LG-060: hundredths of a per cent."""
    cap_minor: int
    """LG-061: for one order, in the pack's currency."""
    lapse_days: Days
    silent_days: Days


class BuyerClaimPolicy(Numbers):
    answer_days: Days
    back_days: Days
    pay_days: Days
    again_days: Days
    """The pause after which a question is asked once more."""


class Policy(Numbers):
    """One version of the numbers. Raises ValueError for numbers that make no sense."""

    currency: str
    deadline_grace_minutes: int
    """The length of time in which an answer written in time may still be published."""
    attention_days: Days
    attention_count_max: int
    attention_again_days: Days
    """The pause after the last of these, where the case must wait on: it is asked for again and again."""
    cases_per_order_max: int
    order: OrderPolicy
    agreement: AgreementPolicy
    freight: FreightPolicy
    intent: IntentPolicy
    exchange: ExchangePolicy
    late: LatePolicy
    buyer_claim: BuyerClaimPolicy

    def __post_init__(self) -> None:
        wrong = [
            name
            for name, holds in {
                "confirm_days": set(self.order.confirm_days) == set(DeliveryKind),
                "confirm_retry_hours": len(self.order.confirm_retry_hours) > 0,
                "answer_days": set(self.agreement.answer_days) == set(RefundKind),
                "receive_days": set(self.agreement.receive_days) == set(Carriage)
                and set(self.exchange.receive_days) == set(Carriage),
                "remind_days": self.agreement.remind_days
                < min(self.agreement.edit_days, self.agreement.send_days),
                "retry_minutes": timedelta(0) < self.intent.retry_minutes < self.intent.stuck_hours,
                "split_tolerance_minor": 0 <= self.order.split_tolerance_minor <= 10,
                "rate_bps": 0 <= self.late.rate_bps <= 10_000,
                "cap_minor": self.late.cap_minor >= 0 and self.freight.reimbursement_cap_minor >= 0,
                "currency": len(self.currency) == 3 and self.currency.isupper(),
                "attention_days": self.attention_days > timedelta(0),
                "attention_again_days": self.attention_again_days > timedelta(0),
            }.items()
            if not holds
        ]
        if wrong:
            raise ValueError(f"numbers that make no sense: {', '.join(wrong)}")


def load(source: str | Path = PATH) -> PolicyBook[Policy]:
    """Reads the book of refund policies. Raises kernel.policy.PolicyError."""
    return read_book(source, reader(Policy))
