"""The reader of the public tables: times, amounts, oddities, errors."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.tables import OrderTables, Step, TablesError, local_to_utc, minor_units

SAMPLE = Path(__file__).parents[1] / "orders_sample"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        pytest.param("2017-08-01 10:00:00", datetime(2017, 8, 1, 13, 0, tzinfo=UTC), id="winter, UTC-3"),
        pytest.param("2018-01-10 10:00:00", datetime(2018, 1, 10, 12, 0, tzinfo=UTC), id="summer, UTC-2"),
        pytest.param("2017-10-15 00:30:00", datetime(2017, 10, 15, 3, 30, tzinfo=UTC), id="skipped hour"),
        pytest.param("2018-02-17 23:30:00", datetime(2018, 2, 18, 1, 30, tzinfo=UTC), id="repeated hour"),
        pytest.param("2018-11-04 00:00:00", datetime(2018, 11, 4, 3, 0, tzinfo=UTC), id="skipped second"),
    ],
)
def test_local_times_become_utc(text: str, utc: datetime) -> None:
    assert local_to_utc(text) == utc


def test_a_repeated_hour_is_its_second_one_where_the_first_lies_before_the_purchase() -> None:
    placed = local_to_utc("2018-02-17 23:40:00")
    assert local_to_utc("2018-02-17 23:10:00", placed) == datetime(2018, 2, 18, 2, 10, tzinfo=UTC)
    assert local_to_utc("2018-02-17 23:50:00", placed) == datetime(2018, 2, 18, 1, 50, tzinfo=UTC)


def test_an_empty_moment_never_happened() -> None:
    assert local_to_utc("") is None


@pytest.mark.parametrize("text", ["2017-08-01T10:00:00+00:00", "yesterday", "2017-13-01 10:00:00"])
def test_other_moments_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|Invalid isoformat|month must be"):
        local_to_utc(text)


@pytest.mark.parametrize(
    ("text", "minor"), [("109.90", 10990), ("0.29", 29), ("1234567.01", 123456701), ("5", 500), ("0.00", 0)]
)
def test_amounts_are_exact(text: str, minor: int) -> None:
    assert minor_units(text) == minor


@pytest.mark.parametrize("text", ["-1.00", "1.005", "NaN", "Infinity", "1,50", ""])
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        minor_units(text)


def test_steps_come_by_moment() -> None:
    with OrderTables(SAMPLE) as tables:
        moments = []
        for step, order in tables.steps():
            at = {
                Step.PLACED: order.placed_at,
                Step.PAID: order.paid_at,
                Step.HANDED_OVER: order.handed_at,
                Step.DELIVERED: order.delivered_at,
            }[step]
            assert at is not None
            moments.append(at)
        assert moments == sorted(moments)
        assert tables.span() == (moments[0], moments[-1])
        assert len(tables) == 43


def test_an_order_without_approval_was_paid_when_its_goods_left() -> None:
    with OrderTables(SAMPLE) as tables:
        orders = {order.id: order for _, order in tables.steps()}
        unapproved = [order for order in orders.values() if order.approved_at is None]
        delivered = [order for order in unapproved if order.status == "delivered"]
        assert [order.paid_at for order in delivered] == [order.handed_at for order in delivered]
        assert [order.paid_at for order in unapproved if order.status != "delivered"] == [None, None]


def _copy(folder: Path) -> Path:
    shutil.copytree(SAMPLE, folder / "orders")
    return folder / "orders"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("orders.csv", "order_purchase_timestamp", "bought_at", "lacks the column order_purchase_timestamp"),
        ("orders.csv", "2017-05-03 10:00:00", "03/05/2017", "order "),
        ("order_items.csv", ",990,".replace("990", "9.90"), ",9.9O,", "order_items.csv"),
        ("order_payments.csv", "boleto", "cheque", "unknown payment_type 'cheque'"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    folder = _copy(tmp_path)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(TablesError, match=says), OrderTables(folder):
        pass


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TablesError, match=r"holds no orders\.csv"), OrderTables(tmp_path):
        pass


def test_the_files_of_the_whole_set_go_by_their_own_names(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    for name in ("orders", "order_items", "order_payments", "customers"):
        (folder / f"{name}.csv").rename(folder / f"olist_{name}_dataset.csv")
    with OrderTables(folder) as tables:
        assert len(tables) == 43
