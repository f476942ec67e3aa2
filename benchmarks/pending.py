"""Writes a great many refunds that wait for the seller's answer, straight into the database.

The rules themselves make the cases of one order, once per due moment; the database copies them under
other ids. So every row is what the service would have written.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import asyncpg

from aftersales_contracts.enums import RefundKind
from benchmarks.rules import play
from benchmarks.stream import PLACEHOLDER, Record, announced, applied, event_of
from chassis.engine.codec import Codec
from chassis.engine.registry import Registry
from chassis.engine.subject import Case
from services.refunds.cases.refund_agreement.messages import NAME as AGREEMENT
from services.refunds.service import REFUNDS

ANSWER_WITHIN = timedelta(days=5)
"""RF-012: goods not received."""
GRACE = timedelta(minutes=10)

COPIES = """
INSERT INTO cases (subject, kind, case_id, version, state_name, state, shop_id, policy, wake_at, is_ended,
                   opened_at, moved_at)
SELECT replace($1, $13, own.id), $2, replace($3, $13, own.id), $4, $5, replace($6, $13, own.id)::json, $7, $8,
       $9, $10, $11, $12
FROM (SELECT $14 || lpad(n::text, 7, '0') AS id FROM generate_series($15::int, $16::int) AS n) AS own
"""


async def pend(
    connection: asyncpg.Connection,
    prefix: str,
    count: int,
    first_at: datetime,
    *,
    moments_count: int = 1,
    with_orders: bool = True,
) -> None:
    """`count` refunds whose silence fires from `first_at` on, at `moments_count` moments a second apart.

    `with_orders` writes the orders too, which the rules need to grant the money.
    """
    codecs = Registry(REFUNDS).codecs
    share = -(-count // moments_count)
    for place in range(moments_count):
        fires_at = first_at + timedelta(seconds=place)
        last = min((place + 1) * share, count) - 1
        for case in _cases(fires_at):
            if with_orders or case.kind == AGREEMENT:
                row = _row(case, codecs[case.kind])
                await connection.execute(COPIES, *row, PLACEHOLDER, f"{prefix}-", place * share, last)


def _cases(fires_at: datetime) -> list[Case]:
    """The order and its refund, whose seller has until ten minutes before `fires_at` to answer."""
    filed_at = fires_at - GRACE - ANSWER_WITHIN
    return [case for case in play(_story(filed_at), fires_at).cases() if case.version]


def _story(filed_at: datetime) -> Iterator[Record]:
    for number, step in enumerate(("placed", "paid", "shipped")):
        at = filed_at - timedelta(hours=3 - number)
        yield announced(event_of(step, PLACEHOLDER), f"{PLACEHOLDER}.{step}", at)
    application = applied(PLACEHOLDER, RefundKind.NOT_RECEIVED)
    yield announced(application, f"{PLACEHOLDER}.applied", filed_at)


def _row(case: Case, codec: Codec) -> tuple[object, ...]:
    return (
        case.subject, case.kind, case.case_id, case.version, type(case.state).__name__,
        codec.encode(case.state), case.shop_id, case.policy, case.wake_at, case.is_ended,
        case.opened_at, case.moved_at,
    )  # fmt: skip
