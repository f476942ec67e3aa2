"""One side gives the other more time: who may, how much, once; and an answer that does not count is told."""

from datetime import datetime

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.components import Party
from aftersales_contracts.enums import Role
from aftersales_contracts.shop import aftersales
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.kinds import POLICY
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.support.driver import Driver

MOST = POLICY.agreement.extend_days_max


def more(name: str, until_at: datetime, by: Role, case_id: str = "r1") -> Event:
    return aftersales.DeadlineExtendedV1(
        shop_id="shop-1",
        order_id=s.ORDER_ID,
        case_kind="refund-agreement",
        case_id=case_id,
        deadline_name=name,
        until_at=until_at,
        by=Party(role=by),
        reason_code="asked_for",
    )


def applied() -> Driver:
    """A refund that the seller has five days to answer."""
    driver = Driver(REFUNDS)
    for event, at in ((s.placed(), T0), (s.paid(), T0), (s.shipped(), T0 + HOUR), (s.applied(), T0 + DAY)):
        driver.tell(event, at)
    return driver


def decided(driver: Driver) -> list[tuple[bool, str | None]]:
    told = driver.announced(refunds.DeadlineExtensionDecidedV1)
    return [(one.is_allowed, one.reason_code) for one in told]


@pytest.mark.parametrize(
    ("name", "until_at", "by", "reason_code"),
    [
        ("answer", T0 + 6 * DAY + MOST, Role.BUYER, None),
        ("answer", T0 + 6 * DAY + MOST + HOUR, Role.BUYER, "too_long"),
        ("answer", T0 + 6 * DAY, Role.BUYER, "not_later"),
        ("answer", T0 + 8 * DAY, Role.SELLER, "not_the_giver"),
        ("answer", T0 + 8 * DAY, Role.AGENT, "not_the_giver"),
        ("answer", T0 + 8 * DAY, Role.CARRIER, "not_the_giver"),
        ("send", T0 + 8 * DAY, Role.SELLER, "not_running"),
        ("evidence", T0 + 8 * DAY, Role.BUYER, "not_extendable"),
    ],
)
def test_more_time(name: str, until_at: datetime, by: Role, reason_code: str | None) -> None:
    driver = applied()
    driver.tell(more(name, until_at, by), T0 + 2 * DAY)
    assert decided(driver) == [(reason_code is None, reason_code)]
    (deadline,) = driver.announced(common.CaseChangedV1)[-1].deadlines
    assert deadline.is_extendable
    assert deadline.due_at == (T0 + 6 * DAY if reason_code else until_at)


def test_time_is_given_once_and_silence_counts_only_at_its_end() -> None:
    driver = applied()
    driver.tell(more("answer", T0 + 9 * DAY, Role.BUYER), T0 + 2 * DAY)
    driver.tell(more("answer", T0 + 12 * DAY, Role.BUYER), T0 + 3 * DAY)
    assert decided(driver) == [(True, None), (False, "extended_already")]
    assert not [one for one in driver.until(T0 + 8 * DAY) if isinstance(one, refunds.RefundAnswerDecidedV1)]
    late = driver.until(T0 + 10 * DAY)
    assert [one.cause for one in late if isinstance(one, refunds.RefundAnswerDecidedV1)] == ["silence"]


def test_each_stage_has_time_of_its_own_and_an_agent_speaks_for_the_seller() -> None:
    driver = applied()
    driver.tell(s.agreed(), T0 + 2 * DAY)
    send_by = T0 + 9 * DAY
    driver.tell(more("send", send_by + 3 * DAY, Role.AGENT), T0 + 3 * DAY)
    driver.until(send_by + DAY)
    assert driver.announced(refunds.RefundClosedV1) == []
    driver.tell(s.sent(), send_by + 2 * DAY)
    receive_by = driver.announced(common.CaseChangedV1)[-1].deadlines[0].due_at
    driver.tell(more("receive", receive_by + DAY, Role.BUYER), send_by + 3 * DAY)
    assert decided(driver) == [(True, None), (True, None)]
    assert driver.announced(common.CaseChangedV1)[-1].deadlines[0].due_at == receive_by + DAY


def test_a_refused_application_may_be_changed_later() -> None:
    driver = applied()
    driver.tell(s.refused(), T0 + 2 * DAY)
    driver.tell(more("edit", T0 + 12 * DAY, Role.SELLER), T0 + 3 * DAY)
    assert decided(driver) == [(True, None)]
    driver.until(T0 + 11 * DAY)
    assert driver.announced(refunds.RefundClosedV1) == []


def test_time_that_comes_after_the_end_is_told() -> None:
    driver = applied()
    driver.tell(s.withdrawn(), T0 + 2 * DAY)
    driver.tell(more("answer", T0 + 8 * DAY, Role.BUYER), T0 + 3 * DAY)
    assert decided(driver) == [(False, "not_running")]
