"""Takes the words of the warehouse about its parcels: short, handed over, under another number, void."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from aftersales_contracts.shop import shipments
from tests.histories.matters import Asked, counts

if TYPE_CHECKING:
    from tests.histories.ledger import Ledger


def answered(ledger: Ledger, request_id: str) -> None:
    for key, asked in list(ledger.m.asked.items()):
        if is_of(asked, request_id):
            del ledger.m.asked[key]


def is_of(asked: Asked, request_id: str) -> bool:
    return getattr(asked.event, "request_id", None) == request_id


def short(ledger: Ledger, event: shipments.DispatchShortageFoundV1, at: datetime) -> None:
    del at
    ledger.m.short_lines.update(counts(event.lines))


def handed_over(ledger: Ledger, event: shipments.ParcelHandedOverV1, at: datetime) -> None:
    ledger.goods.leave(event.parcel_id, at)
    if (parcel := ledger.goods.parcels.get(event.parcel_id)) is not None:
        parcel.handed_at = parcel.handed_at or at


def renumbered(ledger: Ledger, event: shipments.ParcelNumberCorrectedV1, at: datetime) -> None:
    if event.tracking is not None:
        ledger.goods.renumber(event.parcel_id, event.tracking.carrier_code, event.tracking.tracking_code, at)
        ledger.pickups.pop(event.parcel_id, None)
        ledger.m.search_reasons.pop(event.parcel_id, None)
        if (request_id := ledger.m.searches.pop(event.parcel_id, None)) is not None:
            answered(ledger, request_id)


def voided(ledger: Ledger, event: shipments.ParcelWaybillVoidedV1, at: datetime) -> None:
    del at
    ledger.goods.void(event.parcel_id)
