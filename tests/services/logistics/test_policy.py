"""The numbers, the carriers, and the calculators over them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kernel.ids import derived_id
from kernel.policy import PolicyError
from kernel.value import replace
from services.logistics import carriers, policy
from services.logistics.attention import Attention
from services.logistics.carriers import Capability
from services.logistics.cases.dispatch.rules_commitments import clock_for
from services.logistics.order_file import OrderFile, OrderLine, Source
from services.logistics.parcels import Stage, Tracking, parcel_case_id
from services.logistics.track import Track, stage_of, with_scan
from tests.services.logistics.pools import BOOK, CNY, IDENTITY, SCANS, STO, P
from tests.services.logistics.shop import DAY, HOUR, T0
from tests.services.rows import with_row, without_row

CLASSIC, WORLD = P, BOOK.get("world-market@2014-01-01")
AT_THREE = BOOK.get("notice-three-days@2014-01-01")
MATRIX = Path(carriers.__file__).with_name("carriers.toml").read_text(encoding="utf-8")


def order_file(**terms: object) -> OrderFile:
    """An order of one line."""
    values: dict[str, object] = {
        "is_presale": False,
        "dispatch_by_at": None,
        "dispatch_within_hours": None,
        **terms,
    }
    line = OrderLine("l1", "p1", "s1", 1, CNY, **values)  # type: ignore[arg-type]
    return OrderFile("o1", "c1", "CN-31", False, (line,), T0)


@pytest.mark.parametrize(
    ("rule", "file", "start_at", "numbers", "target_at", "source"),
    [
        ("LG-053", order_file(), T0, CLASSIC, T0 + 14 * HOUR, Source.SHOP),
        ("LG-053", order_file(), T0 + 5 * HOUR, CLASSIC, T0 + 14 * HOUR, Source.SHOP),
        ("LG-053", order_file(), T0 + 6 * HOUR, CLASSIC, T0 + 30 * HOUR, Source.SHOP),
        ("LG-054", order_file(), T0 + 7 * HOUR, CLASSIC, T0 + 31 * HOUR, Source.SHOP),
        ("LG-054", order_file(), T0 + 4 * HOUR, AT_THREE, T0 + 14 * HOUR, Source.SHOP),
        ("LG-054", order_file(), T0 + 5 * HOUR, AT_THREE, T0 + 29 * HOUR, Source.SHOP),
        ("LG-055", order_file(), T0 + 6 * HOUR, CLASSIC, T0 + 30 * HOUR, Source.SHOP),
        ("LG-056", order_file(dispatch_within_hours=5), T0, CLASSIC, T0 + 5 * HOUR, Source.PRODUCT),
        ("LG-056", order_file(dispatch_by_at=T0 + 9 * DAY), T0, CLASSIC, T0 + 9 * DAY, Source.PRODUCT),
        ("LG-054", order_file(), T0, WORLD, T0 + 48 * HOUR, Source.SHOP),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_target(
    rule: str,
    file: OrderFile,
    start_at: datetime,
    numbers: policy.Policy,
    target_at: datetime,
    source: Source,
) -> None:
    """The dispatch commitment (reading A10), and the limit from payment (LG-063, OR-011)."""
    assert rule.startswith("LG-")
    clock = clock_for(file, start_at, numbers.dispatch, numbers.zone)
    assert (clock.target_at, clock.target_source) == (target_at, source)
    assert clock.limit_at == start_at + 72 * HOUR


def test_presale_limit() -> None:
    """LG-063: goods sold ahead of their stock are late at their own promise."""
    file = order_file(is_presale=True, dispatch_by_at=T0 + 20 * DAY)
    assert clock_for(file, T0, CLASSIC.dispatch, CLASSIC.zone).limit_at == T0 + 20 * DAY


@pytest.mark.parametrize(("is_presale", "limit_at"), [(False, T0 + 3 * DAY), (True, T0 + 20 * DAY)])
def test_presale_goods_beside_others(is_presale: bool, limit_at: datetime) -> None:
    """LG-063: of two promises the later is the limit; with goods that are in stock the 72 hours hold."""
    early = order_file(is_presale=True, dispatch_by_at=T0 + 9 * DAY).lines
    late = order_file(is_presale=True, dispatch_by_at=T0 + 20 * DAY).lines
    plain = order_file(is_presale=is_presale).lines
    file = replace(order_file(), lines=(*early, *late, *plain))
    assert clock_for(file, T0, CLASSIC.dispatch, CLASSIC.zone).limit_at == limit_at


def test_a_presale_promise_inside_the_limit_does_not_shorten_it() -> None:
    """LG-063."""
    file = order_file(is_presale=True, dispatch_by_at=T0 + DAY)
    assert clock_for(file, T0, CLASSIC.dispatch, CLASSIC.zone).limit_at == T0 + 3 * DAY


def test_the_earlier_of_two_product_promises_is_the_target() -> None:
    """LG-056: the first promise that would be missed counts, not the later of the two."""
    lines = (*order_file(dispatch_within_hours=30).lines, *order_file(dispatch_by_at=T0 + 9 * DAY).lines)
    clock = clock_for(replace(order_file(), lines=lines), T0, CLASSIC.dispatch, CLASSIC.zone)
    assert (clock.target_at, clock.target_source) == (T0 + 30 * HOUR, Source.PRODUCT)


def test_hours_of_report_and_choice() -> None:
    """LG-020, LG-018, LG-016: numbers of our own, which the packs state."""
    assert CLASSIC.lost.report_hours == 4 * HOUR
    assert CLASSIC.lost.choice_hours == 48 * HOUR
    assert (CLASSIC.lost.inquiry_hours, WORLD.lost.inquiry_hours) == (72 * HOUR, 168 * HOUR)


def test_stages_of_silence() -> None:
    """LG-033, LG-016: each stage has its own patience, in every pack."""
    track = Track(STO, CLASSIC.attention.since(T0), identity=IDENTITY)
    assert stage_of(track) is None
    picked_up, in_transit, delivering = SCANS[1], SCANS[2], SCANS[4]
    assert stage_of(with_scan(track, picked_up)) is Stage.AFTER_PICKUP
    assert stage_of(with_scan(track, in_transit)) is Stage.IN_TRANSIT
    assert stage_of(with_scan(track, delivering)) is Stage.IN_DELIVERY
    assert stage_of(replace(track, left_at=T0)) is Stage.NOT_PICKED_UP
    for numbers in (CLASSIC, WORLD):
        assert set(numbers.parcel.silence_hours) == set(Stage)
        assert min(numbers.parcel.silence_hours.values()) >= timedelta(hours=24)


def test_matrix_is_complete() -> None:
    """LG-021: seven capabilities for every carrier, each stated once."""
    matrix = carriers.load()
    assert len(Capability) == 7
    assert all(set(row.ways) == set(Capability) for row in matrix.rows.values())
    assert matrix.of("nobody-knows").code == "*"
    with pytest.raises(carriers.CarriersError, match="recall"):
        carriers.load(without_row(MATRIX, "recall"))
    with pytest.raises(carriers.CarriersError, match="unknown"):
        carriers.load(with_row(MATRIX, "claim", '"desk"\ndance = "desk"'))
    with pytest.raises(carriers.CarriersError, match="maybe"):
        carriers.load(with_row(MATRIX, "claim", '"maybe"'))
    with pytest.raises(carriers.CarriersError, match="no row"):
        carriers.load("")


MAINLAND = {"CN-XZ", "CN-HK", "CN-TW", "CN-MO"}
PROOF = ("shipping_proof",)


@pytest.mark.parametrize(
    ("carrier_code", "desk", "serves_not", "claim_days", "evidence"),
    [
        ("*", "recall status problem_return claim", set(), 30, ()),
        ("yto", "recall address_change status declared_value problem_return claim", MAINLAND, 30, PROOF),
        ("sto", "recall status declared_value problem_return claim", MAINLAND, 30, ()),
        ("zto", "recall status declared_value problem_return claim", MAINLAND, 30, ()),
        (
            "sf",
            "recall address_change status declared_value problem_return cash_collection claim",
            set(),
            30,
            (),
        ),
        ("ems", "status declared_value problem_return claim", set(), 90, PROOF),
        ("post", "problem_return", set(), 30, ()),
        ("correios", "status declared_value problem_return claim", {"CN-*"}, 90, ()),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_the_row_of_a_carrier(
    carrier_code: str, desk: str, serves_not: set[str], claim_days: int, evidence: tuple[str, ...]
) -> None:
    """LG-015, LG-021: what each desk does, where it does not deliver, and its terms for claims."""
    row = CLASSIC.carriers.rows[carrier_code]
    assert {capability.value for capability in Capability if row.can(capability)} == set(desk.split())
    assert row.serves == ("*",)
    assert set(row.serves_not) == serves_not
    assert row.claim_within == claim_days * DAY
    assert row.claim_evidence == evidence
    assert row.liability_cap_minor is None


def test_no_carrier_is_unknown_to_the_table_above() -> None:
    """LG-021."""
    assert set(CLASSIC.carriers.rows) == {"*", "yto", "sto", "zto", "sf", "ems", "post", "correios"}


@pytest.mark.parametrize(
    ("carrier_code", "region_code", "is_served"),
    [
        ("sto", "CN-31", True),
        ("sto", "CN-XZ", False),
        ("ems", "CN-XZ", True),
        ("sto", None, True),
        ("correios", "BR-SP", True),
        ("correios", "CN-31", False),
        ("nobody-knows", "BR-SP", True),
    ],
)
def test_coverage(carrier_code: str, region_code: str | None, *, is_served: bool) -> None:
    """LG-015: whether the carrier serves the address."""
    assert CLASSIC.carriers.of(carrier_code).serves_region(region_code) is is_served


NOT_IN_CHINA = ["CN-XZ", "CN-HK", "CN-TW", "CN-MO"]
REGIONS = {
    "*": (["*"], []),
    "yto": (["*"], NOT_IN_CHINA),
    "sto": (["*"], NOT_IN_CHINA),
    "zto": (["*"], NOT_IN_CHINA),
    "sf": (["*"], []),
    "ems": (["*"], []),
    "post": (["*"], []),
    "correios": (["*"], ["CN-*"]),
}


def test_regions_of_each_carrier() -> None:
    """LG-015: the whole lists."""
    rows = carriers.load().rows
    assert {code: (list(row.serves), list(row.serves_not)) for code, row in rows.items()} == REGIONS


def test_numbers_must_make_sense() -> None:
    """LG-019: a choice that ends after the replacement is due is refused, like a stage without patience."""
    text = policy.FILE.read_text(encoding="utf-8")
    with pytest.raises(PolicyError, match="LG-019"):
        policy.load(with_row(text, "choice_hours", "99"))
    with pytest.raises(PolicyError, match="in_transit"):
        policy.load(without_row(text, "in_transit"))


def test_packs() -> None:
    """A shop outside China has its own pack; every other shop the classic one."""
    assert BOOK.choose("olist", T0)[0] == "world-market@2014-01-01"
    assert BOOK.choose("anything", T0)[0] == "taobao-classic@2014-01-01"
    assert WORLD.dispatch.limit_hours == 72 * HOUR
    assert WORLD.dispatch.cut_off is None


def test_a_market_outside_china_waits_longer() -> None:
    """LG-016, LG-033, LG-042, LG-054: silence means less there, and posts take longer."""
    assert WORLD.zone.key == "America/Sao_Paulo"
    assert WORLD.parcel.silence_hours == {
        Stage.NOT_PICKED_UP: 168 * HOUR,
        Stage.AFTER_PICKUP: 600 * HOUR,
        Stage.IN_TRANSIT: 480 * HOUR,
        Stage.IN_DELIVERY: 240 * HOUR,
    }
    assert WORLD.lost.inquiry_hours == 168 * HOUR
    assert WORLD.lost.is_household_signature_own
    assert (WORLD.intercept.answer_hours, WORLD.intercept.back_days) == (72 * HOUR, 30 * DAY)
    assert WORLD.reship.arrive_days == 30 * DAY


def test_looks_of_a_person() -> None:
    """A case that nothing moves is looked at every ten days, thrice; one that must end, then monthly."""
    looks = CLASSIC.attention
    assert (looks.after_days, looks.count, looks.then_days) == (10 * DAY, 3, 30 * DAY)
    assert looks.since(T0) == Attention(T0 + 10 * DAY, 3, 240)
    assert looks.since(T0, DAY).due_at == T0 + DAY
    lasting = looks.lasting(T0)
    moments = [lasting.due_at]
    for _ in range(4):
        lasting = lasting.next()
        moments.append(lasting.due_at)
    assert [at - T0 for at in moments] == [10 * DAY, 20 * DAY, 30 * DAY, 60 * DAY, 90 * DAY]


def test_a_ship_mark_is_believed_for_a_day_and_news_for_ten_minutes() -> None:
    """LG-064; a deadline of dispatch waits so long for news that was written in time."""
    clock = clock_for(order_file(), T0, CLASSIC.dispatch, CLASSIC.zone)
    assert clock.grace_minutes == 10
    assert CLASSIC.dispatch.pickup_hours == 24 * HOUR


@pytest.mark.parametrize(
    ("key", "refused", "accepted"),
    [
        ("cut_off_hour", "25", "24"),
        ("hold_answer_hours", "48", "47"),
        ("choice_hours", "73", "72"),
        ("attention", "{ after_days = 10, count = 0, then_days = 30 }",
         "{ after_days = 10, count = 1, then_days = 30 }"),
        ("attention", "{ after_days = 0, count = 3, then_days = 30 }",
         "{ after_days = 1, count = 3, then_days = 30 }"),
        ("attention", "{ after_days = 10, count = 3, then_days = 9 }",
         "{ after_days = 10, count = 3, then_days = 10 }"),
    ],
)  # fmt: skip
def test_the_last_number_that_makes_sense(key: str, refused: str, accepted: str) -> None:
    """LG-019, LG-053, RF-005: one step further contradicts another number."""
    text = policy.FILE.read_text(encoding="utf-8")
    with pytest.raises(PolicyError):
        policy.load(with_row(text, key, refused))
    assert policy.load(with_row(text, key, accepted)).versions().keys() == BOOK.versions().keys()


def test_ids() -> None:
    """Ids are readable where they fit, and never longer than an id may be."""
    assert derived_id("k1", "claim") == "k1.claim"
    assert len(derived_id("k" * 64, "claim")) <= 64
    assert parcel_case_id(Tracking("sto", "1")) == "sto/1"
    assert len(parcel_case_id(Tracking("s" * 64, "1" * 64))) <= 64
    assert " " not in parcel_case_id(Tracking("s to", "1"))
