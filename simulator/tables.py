"""Joins and sorts the public order tables on disk: memory stays flat for any number of orders."""

import csv
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
CURRENCY = "BRL"
METHODS = ("boleto", "credit_card", "debit_card", "not_defined", "voucher")

FILES = {
    "orders": (
        ("orders.csv", "olist_orders_dataset.csv"),
        (
            "order_id",
            "customer_id",
            "order_status",
            "order_purchase_timestamp",
            "order_approved_at",
            "order_delivered_carrier_date",
            "order_delivered_customer_date",
        ),
    ),
    "items": (
        ("order_items.csv", "olist_order_items_dataset.csv"),
        ("order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value"),
    ),
    "payments": (
        ("order_payments.csv", "olist_order_payments_dataset.csv"),
        ("order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"),
    ),
    "customers": (
        ("customers.csv", "olist_customers_dataset.csv"),
        ("customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city", "customer_state"),
    ),
}
"""Table -> (file names that it goes by, columns that are read)."""

SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
CREATE TABLE orders (id TEXT PRIMARY KEY, customer TEXT, status TEXT, placed TEXT, approved TEXT,
                     handed TEXT, delivered TEXT) WITHOUT ROWID;
CREATE TABLE items (order_id TEXT, number INTEGER, product TEXT, seller TEXT, price INTEGER, freight INTEGER,
                    PRIMARY KEY (order_id, number)) WITHOUT ROWID;
CREATE TABLE payments (order_id TEXT, number INTEGER, method TEXT, parts INTEGER, value INTEGER,
                       PRIMARY KEY (order_id, number)) WITHOUT ROWID;
CREATE TABLE customers (id TEXT PRIMARY KEY, person TEXT, place TEXT, state TEXT) WITHOUT ROWID;
CREATE TABLE steps (at INTEGER, step INTEGER, order_id TEXT, PRIMARY KEY (at, step, order_id)) WITHOUT ROWID;
"""


class TablesError(Exception):
    """The folder does not hold tables that can be read; the text says which file, line and why."""


class Step(IntEnum):
    """A step of an order in the tables; also the order within one moment."""

    PLACED = 1
    PAID = 2
    HANDED_OVER = 3
    DELIVERED = 4


@dataclass(frozen=True, slots=True)
class Item:
    """Pieces of one product of one seller at one price within an order; amounts in minor units."""

    number: int
    """Lowest item number of the pieces."""
    product_id: str
    seller_id: str
    count: int
    unit_price: int
    freight: int
    """For all the pieces together."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One part of an order's payment; `value` in minor units."""

    number: int
    method: str
    instalments: int
    value: int


@dataclass(frozen=True, slots=True)
class Order:
    """One order of the tables. Moments are UTC; an absent one never happened or is not known."""

    id: str
    customer_id: str
    person_id: str
    place: str
    state: str
    status: str
    placed_at: datetime
    approved_at: datetime | None
    handed_at: datetime | None
    delivered_at: datetime | None
    items: tuple[Item, ...]
    payments: tuple[Payment, ...]

    @property
    def paid_at(self) -> datetime | None:
        """The moment when the order was fully paid, as far as the tables say.

        A missing approval means never paid, unless the goods left or arrived: a prepaid order that
        left was paid before, and the moment of leaving is the latest that is certain.
        """
        return self.approved_at or self.handed_at or self.delivered_at

    def moments(self) -> list[tuple[datetime, Step]]:
        """Everything that happened and when, in the order of `Step` (not of time)."""
        known = (
            (self.placed_at, Step.PLACED),
            (self.paid_at if self.payments else None, Step.PAID),
            (self.handed_at, Step.HANDED_OVER),
            (self.delivered_at, Step.DELIVERED),
        )
        return [(at, step) for at, step in known if at is not None]


def local_to_utc(text: str, not_before: datetime | None = None) -> datetime | None:
    """A moment of the tables ("2017-10-02 10:56:33", Sao Paulo clock) in UTC; empty text is None.

    An hour that the clocks skipped is read as the moment that many minutes after the change. An hour
    that they repeated is its first occurrence, or the second where the first lies before
    `not_before`. Raises ValueError for other text.
    """
    if not text:
        return None
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError(f"a local time without offset is expected, not {text!r}")
    first = local.replace(tzinfo=ZONE).astimezone(UTC)
    second = local.replace(tzinfo=ZONE, fold=1).astimezone(UTC)
    is_repeated = second > first
    return second if is_repeated and not_before is not None and first < not_before else first


def minor_units(text: str) -> int:
    """Decimal BRL text in centavos, exactly. Raises ValueError below zero or finer than a centavo."""
    try:
        minor = Decimal(text) * 100
    except InvalidOperation:
        raise ValueError(f"not an amount: {text!r}") from None
    if not minor.is_finite() or minor < 0 or minor != minor.to_integral_value():
        raise ValueError(f"not an amount in whole centavos: {text!r}")
    return int(minor)


def _rows(folder: Path, table: str) -> Iterator[tuple[str, ...]]:
    names, columns = FILES[table]
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        raise TablesError(f"{folder} holds no {names[0]} (or {names[1]})")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = sorted(set(columns) - set(reader.fieldnames or ()))
        if missing:
            raise TablesError(f"{path.name} lacks the column {missing[0]}")
        for row in reader:
            try:
                yield tuple(row[column].strip() for column in columns)
            except AttributeError:
                raise TablesError(f"{path.name}, line {reader.line_num}: too few columns") from None


def _item(row: tuple[str, ...]) -> tuple[object, ...]:
    order_id, number, product, seller, price, freight = row
    return order_id, int(number), product, seller, minor_units(price), minor_units(freight)


def _payment(row: tuple[str, ...]) -> tuple[object, ...]:
    order_id, number, method, parts, value = row
    if method not in METHODS:
        raise ValueError(f"unknown payment_type {method!r}")
    return order_id, int(number), method, int(parts), minor_units(value)


def _customer(row: tuple[str, ...]) -> tuple[object, ...]:
    customer_id, person, zip_code, city, state = row
    return customer_id, person, f"{zip_code} {city} {state}", state


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


class OrderTables:
    """The tables of one folder, opened for reading in order of event time.

    Use as a context manager: the joined copy lies in a temporary file that leaving removes.
    Raises TablesError on entering where the folder cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = tempfile.NamedTemporaryFile(prefix="aftersales-orders-")  # noqa: SIM115 - see close()
        self._db = sqlite3.connect(self._file.name)

    def __enter__(self) -> Self:
        try:
            self._load()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Removes the joined copy."""
        self._db.close()
        self._file.close()

    def _load(self) -> None:
        self._db.executescript(SCHEMA)
        writers = (
            ("orders", "INSERT INTO orders VALUES (?,?,?,?,?,?,?)", tuple),
            ("items", "INSERT INTO items VALUES (?,?,?,?,?,?)", _item),
            ("payments", "INSERT INTO payments VALUES (?,?,?,?,?)", _payment),
            ("customers", "INSERT OR IGNORE INTO customers VALUES (?,?,?,?)", _customer),
        )
        for table, statement, convert in writers:
            for number, row in enumerate(_rows(self._folder, table), start=1):
                try:
                    self._db.execute(statement, convert(row))
                except (ValueError, sqlite3.IntegrityError) as error:
                    raise TablesError(f"{FILES[table][0][0]}, row {number}: {error}") from None
        reader = self._db.cursor()
        for (order_id,) in reader.execute("SELECT id FROM orders"):
            self._db.executemany(
                "INSERT INTO steps VALUES (?,?,?)",
                [(_micros(at), int(step), order_id) for at, step in self.order(order_id).moments()],
            )
        self._db.commit()

    def order(self, order_id: str) -> Order:
        """One order with all that belongs to it. Raises KeyError where the tables do not know it."""
        row = self._db.execute(
            "SELECT o.customer, o.status, o.placed, o.approved, o.handed, o.delivered, c.person, c.place,"
            " c.state FROM orders o LEFT JOIN customers c ON c.id = o.customer WHERE o.id = ?",
            (order_id,),
        ).fetchone()
        if row is None:
            raise KeyError(order_id)
        customer, status, placed, approved, handed, delivered, person, place, state = row
        try:
            placed_at = local_to_utc(placed)
            if placed_at is None:
                raise ValueError("the purchase moment is empty")
            approved_at, handed_at, delivered_at = (
                local_to_utc(text, placed_at) for text in (approved, handed, delivered)
            )
        except ValueError as error:
            raise TablesError(f"order {order_id}: {error}") from None
        return Order(
            id=order_id,
            customer_id=customer,
            person_id=person or customer,
            place=place or "",
            state=state or "",
            status=status,
            placed_at=placed_at,
            approved_at=approved_at,
            handed_at=handed_at,
            delivered_at=delivered_at,
            items=self._items(order_id),
            payments=self._payments(order_id),
        )

    def _items(self, order_id: str) -> tuple[Item, ...]:
        rows = self._db.execute(
            "SELECT min(number), product, seller, count(*), price, sum(freight) FROM items"
            " WHERE order_id = ? GROUP BY product, seller, price ORDER BY min(number)",
            (order_id,),
        )
        return tuple(Item(*row) for row in rows)

    def _payments(self, order_id: str) -> tuple[Payment, ...]:
        rows = self._db.execute(
            "SELECT number, method, parts, value FROM payments WHERE order_id = ? ORDER BY number",
            (order_id,),
        )
        return tuple(Payment(*row) for row in rows)

    def __len__(self) -> int:
        """Number of orders."""
        return int(self._db.execute("SELECT count(*) FROM orders").fetchone()[0])

    def steps(self) -> Iterator[tuple[Step, Order]]:
        """Everything that happened, by moment, then step, then order id."""
        reader = self._db.cursor()
        for step, order_id in reader.execute("SELECT step, order_id FROM steps ORDER BY at, step, order_id"):
            yield Step(step), self.order(order_id)

    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the last moment; None where there is none."""
        first, last = self._db.execute("SELECT min(at), max(at) FROM steps").fetchone()
        if first is None:
            return None
        return tuple_of_moments(first, last)


def tuple_of_moments(first: int, last: int) -> tuple[datetime, datetime]:
    """Two moments from microseconds since 1970."""
    return (
        datetime.fromtimestamp(first / 1_000_000, UTC),
        datetime.fromtimestamp(last / 1_000_000, UTC),
    )
