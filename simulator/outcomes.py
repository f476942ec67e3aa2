"""Keeps the outcomes announced during a run on disk, counted once per id: memory stays flat."""

import hashlib
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from aftersales_contracts.envelope import Envelope, time_text

SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
CREATE TABLE outcomes (source TEXT, id TEXT, type TEXT, hash BLOB, PRIMARY KEY (source, id)) WITHOUT ROWID;
CREATE TABLE money (type TEXT, field TEXT, currency TEXT, minor INTEGER, count INTEGER,
                    PRIMARY KEY (type, field, currency)) WITHOUT ROWID;
"""
MONEY_FIELDS: Mapping[str, Sequence[str]] = {
    "aftersales.refund.opened.v1": ("amount",),
    "aftersales.refund.payment-requested.v1": ("amount",),
    "aftersales.refund.paid.v1": ("amount",),
    "aftersales.compensation.decided.v1": ("amount",),
    "aftersales.freight-liability.decided.v1": ("reimburse_amount",),
    "aftersales.order.auto-confirm-requested.v1": ("release_amount",),
    "aftersales.courier.claim-requested.v1": ("amount",),
    "aftersales.courier.claim-concluded.v1": ("recovered_amount", "spent_on_buyer_amount"),
}
"""Amounts that the report adds up, by outcome."""


@dataclass(frozen=True, slots=True)
class Announced:
    """One outcome as read from its topic."""

    envelope: Envelope
    data: bytes

    @property
    def order(self) -> tuple[Any, str, str]:
        """By moment, then source and id: the same in every run."""
        return (self.envelope.time, self.envelope.source, self.envelope.id)

    def values(self) -> dict[str, Any]:
        """The data, parsed."""
        values: dict[str, Any] = orjson.loads(self.data)
        return values


def canonical(outcome: Announced) -> bytes:
    """The bytes of an outcome that two runs must share: what it is, of when, about whom, and its data."""
    envelope = outcome.envelope
    words = (
        envelope.source,
        envelope.id,
        envelope.type,
        time_text(envelope.time),
        envelope.subject,
        envelope.correlationid or "",
        envelope.causationid or "",
    )
    return (
        "\n".join(words).encode()
        + b"\n"
        + orjson.dumps(orjson.loads(outcome.data), option=orjson.OPT_SORT_KEYS)
    )


class Outcomes:
    """The outcomes of a run, without repeats.

    `conflict_count` counts ids that came with two bodies; it stays 0 where every promise is kept.
    """

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="aftersales-outcomes-")  # noqa: SIM115 - see close()
        self._db = sqlite3.connect(self._file.name)
        self._db.executescript(SCHEMA)
        self.count = 0
        self.repeat_count = 0
        self.conflict_count = 0

    def close(self) -> None:
        """Removes what was kept."""
        self._db.close()
        self._file.close()

    def add(self, outcome: Announced) -> bool:
        """Counts an outcome; False where this one was there already."""
        envelope = outcome.envelope
        digest = hashlib.sha256(canonical(outcome)).digest()
        done = self._db.execute(
            "INSERT OR IGNORE INTO outcomes VALUES (?,?,?,?)",
            (envelope.source, envelope.id, envelope.type, digest),
        )
        if done.rowcount == 0:
            self.repeat_count += 1
            (known,) = self._db.execute(
                "SELECT hash FROM outcomes WHERE source = ? AND id = ?", (envelope.source, envelope.id)
            ).fetchone()
            self.conflict_count += known != digest
            return False
        self.count += 1
        self._add_money(outcome)
        return True

    def _add_money(self, outcome: Announced) -> None:
        fields = MONEY_FIELDS.get(outcome.envelope.type)
        if not fields:
            return
        values = outcome.values()
        for field in fields:
            amount = values.get(field)
            if amount is not None:
                self._db.execute(
                    "INSERT INTO money VALUES (?,?,?,?,1) ON CONFLICT DO UPDATE"
                    " SET minor = minor + excluded.minor, count = count + 1",
                    (outcome.envelope.type, field, amount["currency"], amount["minor"]),
                )

    def by_type(self) -> dict[str, int]:
        """Number of outcomes of each type."""
        rows = self._db.execute("SELECT type, count(*) FROM outcomes GROUP BY type ORDER BY type")
        return dict(rows.fetchall())

    def money(self) -> dict[str, dict[str, dict[str, int]]]:
        """Sums in minor units: type and field -> currency -> {minor, count}."""
        sums: dict[str, dict[str, dict[str, int]]] = {}
        for kind, field, currency, minor, count in self._db.execute("SELECT * FROM money ORDER BY 1, 2, 3"):
            sums.setdefault(f"{kind} {field}", {})[currency] = {"minor": minor, "count": count}
        return sums

    def digest(self) -> str:
        """SHA-256 over the outcomes' own SHA-256, in order of source and id."""
        whole = hashlib.sha256()
        for (digest,) in self._db.execute("SELECT hash FROM outcomes ORDER BY source, id"):
            whole.update(digest)
        return whole.hexdigest()
