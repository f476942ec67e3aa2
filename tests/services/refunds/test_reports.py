"""A fault is reported before anything is applied for: the hours of a notice end with its report (RF-098)."""

from datetime import datetime, timedelta

import pytest

from aftersales_contracts.aftersales import logistics_enums
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import aftersales
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.services.refunds.test_notices import A, answers, delivered, pack, rejections

IN_TIME = T0 + 48 * HOUR
REPORTS: list[tuple[Event, datetime, bool]] = [
    (s.reported(), IN_TIME, True),
    (s.reported(aftersales.ProblemKind.DAMAGED, "a"), IN_TIME, True),
    (s.reported(), IN_TIME + MINUTE, False),
    (s.reported(aftersales.ProblemKind.QUALITY, "b"), IN_TIME, False),
    (s.reported(aftersales.ProblemKind.SIGNED_NOT_RECEIVED), IN_TIME, False),
]


@pytest.mark.parametrize(("report", "at", "counts"), REPORTS)
def test_a_fault_that_was_reported_before_the_application_was_reported(
    report: Event, at: datetime, counts: bool
) -> None:
    """RF-098: within 48 hours of the receipt, for a return and for an exchange of the same lines."""
    told = ((report, at), (report, at + HOUR))
    driver = delivered(*told, (s.applied(reason="quality"), T0 + 6 * DAY), rules=A)
    assert answers(driver) == [("agree", None) if counts else ("refuse", "reported_late")]
    driver = delivered(*told, (s.exchange_applied("quality"), T0 + 6 * DAY), rules=A)
    assert rejections(driver) == ([] if counts else [("out_of_window", None)])


@pytest.mark.parametrize(("wait", "is_late"), [(72 * HOUR, False), (72 * HOUR + MINUTE, True)])
def test_the_report_of_a_fault_has_three_days_in_another_shop(wait: timedelta, is_late: bool) -> None:
    """RF-099."""
    rules = pack("notice-three-days")
    told = ((s.reported(), T0 + wait), (s.applied(reason="quality"), T0 + 6 * DAY))
    assert answers(delivered(*told, rules=rules)) == [
        ("refuse", "reported_late") if is_late else ("agree", None)
    ]


def test_a_report_does_not_lengthen_the_window_of_an_exchange() -> None:
    """RF-094, RF-098."""
    told = ((s.reported(), T0 + HOUR), (s.exchange_applied("quality"), T0 + 7 * DAY + MINUTE))
    assert rejections(delivered(*told, rules=A)) == [("out_of_window", None)]


def test_a_report_that_comes_after_the_application_counts_when_it_is_changed() -> None:
    """RF-098, RF-017: the news of the report was late."""
    driver = delivered((s.applied(reason="quality"), T0 + 3 * DAY), (s.reported(), T0 + DAY), rules=A)
    assert answers(driver) == [("refuse", "reported_late")]
    driver.tell(s.amended(RefundKind.WITH_RETURN, 9_000, reason="quality"), T0 + 4 * DAY)
    assert answers(driver)[1:] == [("agree", None)]


def test_a_report_about_goods_that_were_exchanged_says_nothing_about_the_others() -> None:
    """RF-098: the replacement has a receipt and a report of its own."""
    reship = logistics_enums.ReshipStatus
    driver = delivered(
        (s.reported(), T0 + HOUR), (s.exchange_applied("quality"), T0 + 2 * HOUR),
        (s.reship(reship.RESERVED), T0 + 3 * HOUR), (s.exchange_answered(), T0 + 4 * HOUR),
        (s.sent(exchange_id="x1"), T0 + DAY), (s.accepted(s.share("a"), exchange_id="x1"), T0 + 2 * DAY),
        (s.reship(reship.SENT), T0 + 3 * DAY), (s.reship(reship.DELIVERED), T0 + 4 * DAY),
        (s.applied(reason="quality"), T0 + 9 * DAY), rules=A,
    )  # fmt: skip
    assert answers(driver) == [("refuse", "reported_late")]
