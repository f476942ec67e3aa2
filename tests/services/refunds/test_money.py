"""Checks for any arrivals in any order: never more out than in, one intent per decision, no surprise."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales_contracts import components
from aftersales_contracts.aftersales import customers, logistics_enums, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Carriage, Condition, EvidenceKind, MoneyMoved, PromiseKind, RefundKind
from aftersales_contracts.shop import aftersales, desk, orders, payments
from kernel.decider import DeadlinePassed
from kernel.ids import derived_id
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.refund_intent.state import Stray
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.support.driver import Driver

LINES = [("a", 2, 3_333), ("b", 1, 5_000)]
FREIGHT = 1_000
REFUND_IDS = ("r1", "r2", "r3")
INTENTS = [
    *(f"{refund_id}.{purpose}.1" for refund_id in REFUND_IDS for purpose in ("refund", "freight")),
    "rem1.refund.refund.1",
    "rem2.refund.refund.1",
    "x1.refund.refund.1",
    "x1.exchange.freight.1",
    "o1.late_compensation.1",
    "o1.late_compensation.2",
]

PARCELS: list[list[str | components.Share]] = [[], ["a"], ["b"], [s.share("a", 2), "b"]]

Dice = Random
Move = Callable[[Dice, Driver], Event]


def _ids(driver: Driver, kind: str) -> list[str]:
    """The cases of a kind that are still open, so that most moves mean something."""
    ended = next(k.ended_states for k in REFUNDS.kinds if k.name == kind)
    return [
        place[2]
        for place, case in driver.cases.items()
        if place[1] == kind and case.version and not isinstance(case.state, ended)
    ]


def _refund(dice: Dice, driver: Driver) -> str:
    open_ids = _ids(driver, "refund-agreement")
    return dice.choice(open_ids if open_ids and dice.random() < 0.8 else REFUND_IDS)


def _version(dice: Dice, driver: Driver, refund_id: str) -> int:
    filed = getattr(driver.state("refund-agreement", refund_id), "filed", None)
    return dice.randint(1, 3) if filed is None or dice.random() < 0.2 else filed.terms.version


def _intent(dice: Dice, driver: Driver) -> tuple[str, int, int]:
    """An intent, an attempt of it, an amount: mostly those that are expected."""
    open_ids = _ids(driver, "refund-intent")
    if not open_ids or dice.random() < 0.2:
        return dice.choice(INTENTS), dice.randint(1, 3), _amount(dice)
    intent_id = dice.choice(open_ids)
    state = driver.state("refund-intent", intent_id)
    if isinstance(state, Stray):
        return intent_id, dice.randint(1, 3), _amount(dice)
    return intent_id, state.attempt_count, state.order.amount.minor


def _amount(dice: Dice) -> int:
    return dice.choice([1, 999, 3_333, 5_000, 6_666, 11_666, 12_666, 20_000])


def _applied(dice: Dice, _driver: Driver) -> Event:
    reason = dice.choice(["quality", "size", "late_shipment", "late_shipment", "exchange", "just_collected"])
    lines, amount = dice.choice(
        [
            (None, 11_666),
            (None, 12_666),
            ([s.share("a", 2)], 6_666),
            ([s.share("b")], 5_000),
            ([s.share("a")], 999),
        ]
    )
    return s.applied(
        dice.choice(list(RefundKind)), amount, refund_id=dice.choice(REFUND_IDS), lines=lines, reason=reason
    )


def _amended(dice: Dice, driver: Driver) -> Event:
    refund_id = _refund(dice, driver)
    version = _version(dice, driver, refund_id) + 1
    return s.amended(
        dice.choice(list(RefundKind)),
        dice.choice([500, 3_000, 11_666]),
        version,
        refund_id,
        reason=dice.choice(["quality", "late_shipment"]),
    )


def _agreed(dice: Dice, driver: Driver) -> Event:
    refund_id = _refund(dice, driver)
    return s.agreed(_version(dice, driver, refund_id), refund_id)


def _refused(dice: Dice, driver: Driver) -> Event:
    refund_id = _refund(dice, driver)
    stage = dice.choice(list(aftersales.AnswerStage))
    return s.refused(_version(dice, driver, refund_id), refund_id, stage)


def _sent(dice: Dice, driver: Driver) -> Event:
    lines = dice.choice([[], [s.share("a")], [s.share("a", 2), s.share("b")]])
    carriage, freight = dice.choice(list(Carriage)), dice.choice([None, 800, 99_999])
    return s.sent(carriage, freight, lines, dice.choice(["ret1", "ret2"]), refund_id=_refund(dice, driver))


def _settled(dice: Dice, driver: Driver) -> Event:
    intent_id, attempt, amount = _intent(dice, driver)
    return s.settled(amount, intent_id, attempt, is_now=dice.random() < 0.8)


def _failed(dice: Dice, driver: Driver) -> Event:
    intent_id, attempt, _ = _intent(dice, driver)
    return s.failed(intent_id, attempt, is_retryable=dice.random() < 0.5, moved=dice.choice(list(MoneyMoved)))


def _taken(dice: Dice, driver: Driver) -> Event:
    intent_id, attempt, _ = _intent(dice, driver)
    return payments.RefundPaymentAcceptedV1(
        **s.KEYS, intent_id=intent_id, attempt_id=f"{intent_id}.try.{attempt}", provider_ref="ref"
    )


def _reversed(dice: Dice, driver: Driver) -> Event:
    paid = [
        place[2]
        for place, case in driver.cases.items()
        if place[1] == "refund-intent" and type(case.state).__name__ == "Settled"
    ]
    intent_id = dice.choice(paid or INTENTS)
    amount = 100
    if paid and dice.random() < 0.8:
        order = driver.state("refund-intent", intent_id).order
        amount = dice.choice([order.amount.minor, *(tender.minor for tender in order.tenders)])
    return payments.RefundReversedV1(
        **s.KEYS, intent_id=intent_id, amount=s.money(amount), reason_code="account_closed"
    )


def _task_completed(dice: Dice, driver: Driver) -> Event:
    """An answer, mostly to the question that is open."""
    intent_id = _intent(dice, driver)[0]
    beside = getattr(driver.state("refund-intent", intent_id), "beside", None)
    number = dice.randint(0, 3) if beside is None or dice.random() < 0.2 else beside.asked_count
    return desk.TaskCompletedV1(
        shop_id="shop-1", task_id=f"{intent_id}.question.{number}", case_kind="refund-intent",
        case_id=intent_id,
        about_subject=s.ORDER_ID, outcome_code=dice.choice(["retry", "not_moved", "abandon", "shrug"]),
        by=s.SELLER,
    )  # fmt: skip


def _offer_answered(dice: Dice, _driver: Driver) -> Event:
    option = dice.choice(["refund", "refund", "other_goods", None])
    return aftersales.OfferAnsweredV1(
        **s.KEYS, offer_id="x1.offer.1", case_id="x1", case_kind="exchange", option_id=option
    )


def _promised(_dice: Dice, _driver: Driver) -> Event:
    return customers.PromiseRegisteredV1(
        **s.outcome_of("promise", "pr1", "customers"), promise_id="pr1", kind=PromiseKind.NO_REFUND
    )


def _evidence(dice: Dice, driver: Driver) -> Event:
    return aftersales.EvidenceSubmittedV1(
        **s.KEYS, evidence_id="e1", kind=dice.choice(list(EvidenceKind)), store_ref="ref",
        case_id=_refund(dice, driver), case_kind="refund-agreement", by=s.SELLER,
    )  # fmt: skip


def _exchange_checked(dice: Dice, _driver: Driver) -> Event:
    return s.inspected(
        "a", 1, 1, dice.choice([Condition.RESALEABLE, Condition.RESALEABLE, Condition.WORN]),
        is_fault_confirmed=dice.choice([True, False]), wanted_sku_id=dice.choice([None, "s-a-xl", "s-a-m"]),
    )  # fmt: skip


MOVES: list[Move] = [
    lambda _d, _: s.placed(LINES, FREIGHT, is_free=False),
    lambda d, _: d.choice([s.paid(12_666), s.paid(6_000, 6_666), s.paid(1, 12_000, 700)]),
    lambda d, _: s.shipped(
        d.choice(list(orders.DeliveryKind)), d.choice([None, [s.share("a", 2)], [s.share("a")]])
    ),
    lambda d, _: s.succeeded(d.choice(list(orders.SuccessCause))),
    lambda d, _: s.closed(d.choice([orders.CloseCause.REFUNDED, orders.CloseCause.REFUNDED_UNSHIPPED])),
    _applied,
    _applied,
    _applied,
    _amended,
    _amended,
    _agreed,
    _agreed,
    _refused,
    _refused,
    lambda d, v: s.withdrawn(_refund(d, v)),
    _sent,
    _sent,
    lambda d, v: s.accepted(
        *d.choice([[], [s.share("a")], [s.share("a", 2), s.share("b")]]), refund_id=_refund(d, v)
    ),
    lambda d, _: s.inspected(d.choice("ab"), 2, d.randint(0, 2), d.choice(list(Condition))),
    lambda d, v: s.hold(d.choice(list(logistics_enums.HoldResolution)), _refund(d, v)),
    lambda d, _: s.parcel(d.choice(list(logistics_enums.ParcelOutcome)), *d.choice(PARCELS)),
    lambda d, _: s.remedy(
        *d.choice([[], [s.share("a", 1)], [s.share("b"), s.share("a", 2)]]),
        remedy_id=d.choice(["rem1", "rem1", "rem2"]),
    ),
    lambda _d, _: s.exchange_applied("quality"),
    lambda _d, _: s.exchange_answered(),
    lambda d, _: s.exchange_answered(d.choice(list(aftersales.ExchangeAnswer))),
    lambda d, _: s.reship(d.choice(list(logistics_enums.ReshipStatus))),
    lambda _d, _: s.reship(logistics_enums.ReshipStatus.RESERVED),
    lambda _d, _: s.reship(logistics_enums.ReshipStatus.SENT),
    lambda _d, _: s.sent(freight=700, exchange_id="x1"),
    lambda _d, _: s.accepted(exchange_id="x1"),
    _exchange_checked,
    _offer_answered,
    lambda d, _: s.late(d.choice(list(logistics_enums.LateTrigger))),
    lambda d, _: s.late_withdrawn(d.choice(list(logistics_enums.LateTrigger))),
    _settled,
    _settled,
    _settled,
    _failed,
    _failed,
    _taken,
    _task_completed,
    _task_completed,
    _reversed,
    _promised,
    _evidence,
]
WAITS = [0, 0, 0, 1, 5, 30, 60, 60 * 24, 60 * 24 * 2, 60 * 24 * 11]
waits = st.sampled_from(WAITS)
"""Minutes."""


def books(driver: Driver) -> list[OrderAccount]:
    return [case.state.book for place, case in driver.cases.items() if place[1] == "order" and case.version]


def check_money(driver: Driver) -> None:
    for book in books(driver):
        assert all(0 <= line.refunded_minor <= line.paid_minor for line in book.lines)
        assert all(0 <= line.gone_count <= line.quantity_count for line in book.lines)
        assert all(
            0 <= line.gone_sent_count <= min(line.gone_count, line.shipped_count) for line in book.lines
        )
        assert all(0 <= tender.refunded_minor <= tender.paid_minor for tender in book.tenders)
        assert 0 <= book.freight_refunded_minor <= book.freight_minor
        goods = sum(line.refunded_minor for line in book.lines)
        assert goods + book.freight_refunded_minor == book.refunded_minor <= book.paid_minor
        assert book.compensated_minor <= 50_000
    requests: dict[str, refunds.RefundPaymentRequestedV1] = {}
    for request in driver.announced(refunds.RefundPaymentRequestedV1):
        first = requests.setdefault(request.intent_id, request)
        assert first.purpose == request.purpose
        most = {tender.payment_id: tender.amount.minor for tender in first.tenders}
        assert request.amount.minor <= first.amount.minor, "an intent never grows"
        assert all(t.amount.minor <= most[t.payment_id] for t in request.tenders)
    assert all(r.amount.minor <= 10_000 for r in requests.values() if r.purpose == "freight"), "RF-068"
    out: Counter[str] = Counter()
    for request in requests.values():
        for tender in request.tenders:
            out[tender.payment_id] += tender.amount.minor
        assert sum(t.amount.minor for t in request.tenders) in (0, request.amount.minor)
    less = {"PaymentAbandoned", "PaymentCut"}
    is_less = any(type(noted.fact).__name__ in less for noted in driver.facts)
    for book in books(driver):
        outside = [*(x.booked for x in book.beside.outside), *(x.booked for x in book.beside.disputes)]
        for part in [part for booked in outside for part in booked.tenders]:
            out[part.payment_id] += part.minor
        for account in book.tenders:
            assert is_less or out[account.payment_id] == account.refunded_minor
    for book in books(driver):
        goods_minor = sum(line.paid_minor for line in book.lines)
        assert book.compensated_minor <= (goods_minor * 3 + 5) // 10, "LG-060"


def check_stale(driver: Driver) -> None:
    """A deadline that does not run any more decides nothing."""
    kinds = {kind.name: kind for kind in REFUNDS.kinds}
    for (subject, kind, _), case in driver.cases.items():
        if case.version == 0:
            continue
        stale = DeadlinePassed("answer", s.T0 - s.DAY)
        assert list(kinds[kind].handle(case.state, stale, case.policy, s.T0)) == [], subject


BEGINNINGS: list[list[Event]] = [
    [],
    [s.placed(LINES, FREIGHT, is_free=False), s.paid(6_000, 6_666)],
    [s.placed(LINES, FREIGHT, is_free=False), s.paid(12_666), s.shipped()],
    [s.placed(LINES, FREIGHT, is_free=False), s.shipped(), s.paid(12_666), s.exchange_applied("quality")],
    [
        s.placed(LINES, FREIGHT, is_free=False),
        s.paid(12_666),
        s.shipped(),
        s.exchange_applied("quality"),
        s.exchange_answered(),
        s.reship(logistics_enums.ReshipStatus.RESERVED),
        s.sent(freight=700, exchange_id="x1"),
    ],
    [
        s.placed(LINES, FREIGHT, is_free=False),
        s.paid(12_666),
        s.late(),
        s.applied(RefundKind.UNSHIPPED, 12_666, reason="late_shipment"),
        s.agreed(),
    ],
    [
        s.placed(LINES, FREIGHT, is_free=False),
        s.paid(12_666),
        s.shipped(),
        s.applied(amount=11_666),
        s.agreed(),
    ],
]
steps = st.tuples(st.integers(0, len(MOVES) - 1), st.integers(0, 2**16), waits)
"""A move, its dice, minutes since the move before."""


@settings(max_examples=120, deadline=None)
@given(st.integers(0, len(BEGINNINGS) - 1), st.lists(steps, max_size=40))
def test_never_more_out_than_in(beginning: int, history: list[tuple[int, int, int]]) -> None:
    driver = play(beginning, history)
    driver.until(s.T0 + 2_000 * s.DAY)
    check_money(driver)
    check_stale(driver)
    check_ends(driver)


def play(beginning: int, history: list[tuple[int, int, int]]) -> Driver:
    driver = Driver(REFUNDS)
    now = s.T0
    for event in BEGINNINGS[beginning]:
        driver.tell(event, now)
    for move, seed, minutes in history:
        now += timedelta(minutes=minutes)
        driver.tell(MOVES[move](Random(seed), driver), now)
        check_money(driver)
    return driver


def check_ends(driver: Driver) -> None:
    """After a long silence nothing waits for a deadline but cases about which people are asked on and on."""
    asked = {("exchange", "attention"), ("buyer-claim", "answer")}
    pending = [deadline for (_, kind, _), deadline in driver.pending() if (kind, deadline.name) not in asked]
    assert pending == []
    open_kinds: defaultdict[str, set[str]] = defaultdict(set)
    for (_, kind, _), case in driver.cases.items():
        ended = next(k.ended_states for k in REFUNDS.kinds if k.name == kind)
        if not isinstance(case.state, ended) and case.version:
            open_kinds[kind].add(type(case.state).__name__)
    assert open_kinds["refund-agreement"] == set()
    assert open_kinds["refund-intent"] <= {"Stuck", "Reversed"}
    assert open_kinds["exchange"] <= {"Requested", "ReplacementSent"}
    claims = any(case.is_late_claim for book in books(driver) for case in book.open)
    assert open_kinds["late-compensation"] <= {"Due", "Absent", *(("Filed", "Claimed") if claims else ())}


@settings(max_examples=200)
@given(st.text("ab.", min_size=1, max_size=64), st.sampled_from(["refund.1", "try.12", "exchange.freight.1"]))
def test_derived_ids_fit_and_differ(base: str, suffix: str) -> None:
    made = derived_id(base, suffix)
    assert len(made) <= 64
    assert made.endswith(f".{suffix}")
    assert made == derived_id(base, suffix)
